//! E-mail addresses as names (RFC 5280 section 4.2.1.6 with `Mailbox` of RFC 5321 section 4.1.2).
//!
//! Invariant: only the dot-atom form in ASCII is accepted; quoted local parts and address literals are easy to misread.

use super::dns;
use crate::error::EmailError;

/// RFC 5321 section 4.5.3.1: the most octets of a local part.
const MAX_LOCAL_PART: usize = 64;
pub(super) const MAX_LENGTH: usize = 254;

/// Reads an address; returns it with the domain in lower case.
pub(super) fn parse(text: &str) -> Result<String, EmailError> {
    if text.len() > MAX_LENGTH {
        return Err(EmailError::TooLong(text.len()));
    }
    let (local, domain) = text.rsplit_once('@').ok_or(EmailError::NoAt)?;
    if local.is_empty() || local.len() > MAX_LOCAL_PART {
        return Err(EmailError::LocalPart(local.len()));
    }
    if local.split('.').any(str::is_empty) {
        return Err(EmailError::Dot);
    }
    if let Some(c) = local.chars().find(|c| !is_atext(*c) && *c != '.') {
        return Err(EmailError::Character(c));
    }
    match dns::parse(domain) {
        Ok(domain) if !domain.starts_with("*.") => Ok(format!("{local}@{domain}")),
        Ok(_) => Err(EmailError::Wildcard),
        Err(error) => Err(EmailError::Domain { domain: domain.to_owned(), error }),
    }
}

/// RFC 5322 section 3.2.3: atext.
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
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&format!("{}@example.com", "a".repeat(65))).is_err());
    }
}
