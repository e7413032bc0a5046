//! The error of all ports.

/// A call of a port failed; it may be retried.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {cause}")]
pub struct PortError {
    /// The attempted operation, in words.
    pub what: &'static str,
    /// The cause, without secrets.
    pub cause: String,
}

impl PortError {
    /// An error of the operation `what`, with the chain of causes in one line.
    pub fn new(what: &'static str, error: impl std::error::Error) -> Self {
        let mut cause = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            let text = inner.to_string();
            if !cause.contains(&text) {
                cause.push_str(": ");
                cause.push_str(&text);
            }
            source = inner.source();
        }
        Self { what, cause }
    }

    /// Removes mail addresses from the cause: mail systems quote them in errors ("the following identities failed the
    /// check: ..."), but causes are logged and shown in the console of Step Functions.
    #[must_use]
    pub fn without_addresses(mut self) -> Self {
        let ends = |c: char| c.is_whitespace() || "<>()[],;:\"'".contains(c);
        let pieces = self.cause.split_inclusive(ends);
        let hidden = pieces.map(|piece| {
            let word = piece.trim_end_matches(ends);
            if word.contains('@') { piece.replacen(word, "(address)", 1) } else { piece.to_owned() }
        });
        self.cause = hidden.collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hidden(cause: &str) -> String {
        PortError { what: "send the mail", cause: cause.to_owned() }.without_addresses().cause
    }

    #[test]
    fn what_a_mail_system_answers_is_kept_but_for_the_address() {
        assert_eq!(
            hidden(
                "MessageRejected: Email address is not verified. The following identities failed the check in region US-EAST-1: a.b+c@example.com"
            ),
            "MessageRejected: Email address is not verified. The following identities failed the check in region US-EAST-1: (address)"
        );
        assert_eq!(
            hidden("550 5.1.1 <x@example.com>: unknown, <y@[10.0.0.1]>"),
            "550 5.1.1 <(address)>: unknown, <(address)[10.0.0.1]>"
        );
        assert_eq!(hidden("connection refused: no route"), "connection refused: no route");
    }

    proptest! {
        #[test]
        fn no_address_is_left_and_nothing_else_is_lost(before in "[^@]{0,20}", after in "[^@]{0,20}") {
            prop_assert_eq!(hidden(&before), before.clone());
            let shown = hidden(&format!("{before} someone@example.com {after}"));
            prop_assert_eq!(shown, format!("{before} (address) {after}"));
        }
    }
}
