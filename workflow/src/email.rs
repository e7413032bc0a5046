//! A requester's or approver's address.
//!
//! Invariant: an [`Email`] is exactly one plain address, so no header, second recipient or display name can be injected
//! into a mail.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::finding::{Code, Finding};
use crate::texts::Message;

/// One e-mail address that a mail can be sent to: a `local@domain` of RFC 5321 without quoting, comments or lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The longest address that fits an SMTP path (RFC 5321 4.5.3.1.3), in octets.
    pub const MAX_BYTES: usize = 254;

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address masked; colleagues still recognise its owner: `a•••@example.com`.
    pub fn masked(&self) -> String {
        match self.0.split_once('@') {
            Some((local, domain)) => format!("{}•••@{domain}", local.chars().take(1).collect::<String>()),
            None => "•••".into(),
        }
    }

    /// True if both addresses presumably reach the same person: equal apart from letter case.
    pub fn same_person(&self, other: &Email) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Email {
    type Err = Finding;

    /// Rejects, with [`Code::BadEmail`], a text that is not exactly one plain address.
    fn from_str(text: &str) -> Result<Self, Finding> {
        let because = |detail: Message| {
            let advice = Message::new("finding-email-advice").with("example", "name@example.com");
            Err(Finding::refused(Code::BadEmail, detail, advice))
        };
        let refuse = |id| because(Message::new(id));
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() {
            return refuse("finding-email-missing");
        }
        if text.len() > Self::MAX_BYTES {
            return because(
                Message::new("finding-email-long").with("bytes", text.len()).with("most", Self::MAX_BYTES),
            );
        }
        if text.chars().any(char::is_control) {
            return refuse("finding-email-control");
        }
        if text.contains([',', ';', ' ', '<', '>', '(', ')', '"', '\\', '[', ']', ':'])
            || text.matches('@').count() > 1
        {
            return refuse("finding-email-several");
        }
        let Some((local, domain)) = text.split_once('@') else {
            return refuse("finding-email-no-at");
        };
        if local.is_empty() || domain.is_empty() {
            return refuse("finding-email-half");
        }
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if local.len() > 64
            || !local.is_ascii()
            || local.starts_with('.')
            || local.ends_with('.')
            || local.contains("..")
            || !domain.split('.').all(label)
        {
            return refuse("finding-email-unreachable");
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Email {
    type Error = Finding;

    fn try_from(text: String) -> Result<Self, Finding> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_plain_address_is_taken() {
        for good in ["a@b", "first.last+tag@example.com", " name@example.com\t", "o'neil@sub.example-1.com"] {
            assert_eq!(good.parse::<Email>().unwrap().as_str(), good.trim());
        }
    }

    #[test]
    fn anything_but_one_plain_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            " ",
            "@",
            "a@",
            "@b",
            "a",
            "a@b@c",
            "a@b,c@d",
            "a@b;c@d",
            "a@b c@d",
            "A <a@b>",
            "a@b\r\nBcc: c@d",
            "a\n@b",
            "a@b\0",
            ".a@b",
            "a.@b",
            "a..b@c",
            "a@-b",
            "a@b-",
            "a@b..c",
            "a@.b",
            "\"a b\"@c",
            "a(x)@b",
            "a@[127.0.0.1]",
            &long,
        ] {
            let finding = bad.parse::<Email>().unwrap_err();
            assert_eq!(finding.code, Code::BadEmail, "{bad:?}");
            assert!(!finding.detail.contains('\n'), "{bad:?}");
        }
    }
}
