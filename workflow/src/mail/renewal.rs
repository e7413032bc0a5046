//! The paragraph about a renewal in mails to approvers: what it replaces, and what changes.

use super::MailContent;
use crate::name_list::NameList;
use crate::request::renewal::RenewalDifferences;
use crate::texts::{Message, Wording};

impl MailContent {
    /// Adds what a renewal replaces and what changes; of many names the number and the first ones. Nothing for `None`.
    #[must_use]
    pub fn renewal(self, wording: Wording, differences: Option<&RenewalDifferences>) -> Self {
        match differences {
            Some(differences) => self.list(&Message::new("mail-renewal"), lines(wording, differences)),
            None => self,
        }
    }
}

fn lines(wording: Wording, differences: &RenewalDifferences) -> Vec<String> {
    let language = wording.language;
    let replaces = if differences.revoked { "renewal-of-revoked" } else { "renewal-of" };
    let mut lines = vec![
        language.say(
            &Message::new(replaces)
                .with("serial", differences.serial.to_string())
                .with("until", wording.instant_of_week(differences.not_after)),
        ),
    ];
    if differences.is_empty() {
        lines.push(language.text("renewal-nothing"));
    }
    let names = |names: &[String]| {
        let list = NameList::of(names);
        let fold = list.fold(language);
        let shown: Vec<String> = list.first.into_iter().map(|name| name.shown).chain(fold).collect();
        (!shown.is_empty()).then(|| shown.join(&language.text("list-separator")))
    };
    let days =
        differences.validity_days_before.map(|days| language.say(&Message::new("days").with("days", days)));
    let changes = [
        ("renewal-names-added", names(&differences.names_added)),
        ("renewal-names-removed", names(&differences.names_removed)),
        ("renewal-subject", differences.subject_before.clone()),
        ("renewal-profile", differences.profile_before.clone()),
        ("renewal-key", differences.key_before.clone()),
        ("renewal-validity", days),
    ];
    lines.extend(changes.into_iter().filter_map(|(label, value)| {
        let line = Message::new("renewal-line").with("label", language.text(label)).with("value", value?);
        Some(language.say(&line))
    }));
    lines
}
