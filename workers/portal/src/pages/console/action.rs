//! What an operator can do with a request at the console.

/// An action of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsoleAction {
    /// The approvers get new links.
    Resend,
    /// A failed request goes on.
    Retry,
    /// Its certificate is revoked.
    Revoke,
    /// The standing approval ends.
    End,
}

impl ConsoleAction {
    const ALL: [Self; 4] = [Self::Resend, Self::Retry, Self::Revoke, Self::End];

    /// The value of the field `action`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Retry => "retry",
            Self::Revoke => "revoke",
            Self::End => "end",
        }
    }

    /// The action of a value of that field.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}
