//! What every page of the console has: who is signed in, the way to the other pages, and the key of its forms.

use workflow::email::Email;
use workflow::policy::ConsoleRole;
use workflow::texts::Language;

/// The frame around a page.
pub(crate) struct ConsoleFrame {
    pub(super) person: String,
    /// The role in words.
    pub(super) role: String,
    /// The key that each form carries.
    pub(super) form_key: String,
    /// True for an operator.
    pub(super) may_act: bool,
}

impl ConsoleFrame {
    pub(crate) fn new(language: Language, person: &Email, role: ConsoleRole, form_key: String) -> Self {
        let role_text = match role {
            ConsoleRole::Auditor => "console-auditor",
            ConsoleRole::Operator => "console-operator",
        };
        Self {
            person: person.to_string(),
            role: language.text(role_text),
            form_key,
            may_act: role == ConsoleRole::Operator,
        }
    }
}
