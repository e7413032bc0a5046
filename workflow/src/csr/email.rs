//! E-mail addresses as names: RFC 5280 section 4.2.1.6, which takes `Mailbox` from RFC 5321 section 4.1.2.
//!
//! Only the dot-atom form in ASCII is certified: quoted local parts and address literals invite misreading.

use super::dns;
use crate::finding::{Code, Finding, quoted};
use crate::texts::Message;

/// RFC 5321 section 4.5.3.1.
const LONGEST_LOCAL_PART: usize = 64;
const LONGEST_ADDRESS: usize = 254;

/// Reads an address; the domain comes back in lower case, the local part as it is.
pub(super) fn parse(text: &str) -> Result<String, Finding> {
    let refused = |detail: Message| {
        Err(Finding::refused(
            Code::BadName,
            detail.with("name", quoted(text)),
            Message::new("finding-mail-advice").with("example", "alice@example.com"),
        ))
    };
    if text.len() > LONGEST_ADDRESS {
        return refused(
            Message::new("finding-mail-long").with("count", text.len()).with("most", LONGEST_ADDRESS),
        );
    }
    let Some((local, domain)) = text.rsplit_once('@') else {
        return refused(Message::new("finding-mail-no-at"));
    };
    if local.is_empty() || local.len() > LONGEST_LOCAL_PART {
        return refused(
            Message::new("finding-mail-local").with("count", local.len()).with("most", LONGEST_LOCAL_PART),
        );
    }
    if local.split('.').any(str::is_empty) {
        return refused(Message::new("finding-mail-dot"));
    }
    if let Some(c) = local.chars().find(|c| !is_atext(*c) && *c != '.') {
        return refused(Message::new("finding-mail-character").with("character", quoted(&c.to_string())));
    }
    match dns::parse(domain) {
        Ok(domain) if !domain.starts_with("*.") => Ok(format!("{local}@{domain}")),
        Ok(_) => refused(Message::new("finding-mail-wildcard")),
        Err(finding) => refused(Message::new("finding-mail-domain").with("why", finding.detail_value())),
    }
}

/// RFC 5322 section 3.2.3.
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_lower_cased_and_the_local_part_kept() {
        assert_eq!(parse("Alice.B+x@Example.COM").unwrap(), "Alice.B+x@example.com");
    }

    #[test]
    fn anything_but_one_plain_address_is_refused() {
        for text in [
            "alice",
            "@example.com",
            "alice@",
            "alice@example",
            "a b@example.com",
            "a@b@example.com",
            ".a@example.com",
            "a..b@example.com",
            "a@*.example.com",
            "\"a\"@example.com",
            "a@[192.0.2.1]",
            "a\r\n@example.com",
        ] {
            assert_eq!(parse(text).unwrap_err().code, Code::BadName, "{text}");
        }
        assert!(parse(&format!("{}@example.com", "a".repeat(65))).is_err());
    }
}
