//! What an operator can do with a request at the console.

use workflow::wire_names;

/// An action of an operator: the value of the field `action`.
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

wire_names!(ConsoleAction: "action" {
    Resend => "resend",
    Retry => "retry",
    Revoke => "revoke",
    End => "end",
});
