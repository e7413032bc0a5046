//! Subjects of authorities, from RFC 4514 text to DER (RFC 5280 section 4.1.2.6).
//!
//! Invariant: an encoded name keeps the upper bounds of RFC 5280 appendix A.1 and has no control characters.

use std::str::FromStr as _;

use der::Encode as _;
use x509_cert::name::RdnSequence;

use crate::error::CliError;

/// Encodes RFC 4514 text as DER.
pub(super) fn encode(text: &str) -> Result<Vec<u8>, CliError> {
    let wrong = |why: String| {
        CliError::new(
            format!("the subject \"{}\" {why}", text.escape_debug()),
            "Write it as RFC 4514 does, for example: \"CN=Example Root CA,O=Example,C=DE\".",
        )
    };
    let name = RdnSequence::from_str(&without_spaces(text))
        .map_err(|_| wrong("is not a distinguished name".into()))?;
    if name.is_empty() {
        return Err(wrong("is empty".into()));
    }
    for attribute in name.iter().flat_map(|rdn| rdn.iter()) {
        let value = String::from_utf8_lossy(attribute.value.value());
        let length = value.chars().count();
        let oid = attribute.oid.to_string();
        let most = match oid.as_str() {
            "2.5.4.6" if length != 2 => {
                return Err(wrong(format!("has a country \"{value}\" that is not two letters long")));
            }
            "2.5.4.7" | "2.5.4.8" => 128,
            _ => 64,
        };
        if length == 0 || value.chars().any(char::is_control) {
            return Err(wrong("has a part that is empty or has control characters".into()));
        }
        if length > most {
            return Err(wrong(format!("has a part of {length} characters; at most {most} are allowed")));
        }
    }
    name.to_der().map_err(|_| wrong("cannot be encoded".into()))
}

/// Returns the name of a root above the CA `subject`: the same name with another CN.
pub(super) fn of_root_above(subject: &str) -> String {
    with_common_name("Countersign Root CA", subject)
}

/// Returns the name of an issuing CA in place of the root `subject`: the same name with another CN.
pub(super) fn of_issuing_ca_below(subject: &str) -> String {
    with_common_name("Countersign Issuing CA", subject)
}

fn with_common_name(common_name: &str, subject: &str) -> String {
    let rest = split(subject).into_iter().filter(|part| !part.trim_start().starts_with("CN="));
    std::iter::once(format!("CN={common_name}")).chain(rest).collect::<Vec<_>>().join(",")
}

/// Escapes a value for RFC 4514 text (section 2.4).
pub(super) fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for (at, c) in value.char_indices() {
        let edge = (c == ' ' && (at == 0 || at + 1 == value.len())) || (c == '#' && at == 0);
        if edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Removes spaces after commas, which RFC 4514 does not allow and people write.
fn without_spaces(text: &str) -> String {
    split(text).iter().map(|part| part.trim_start()).collect::<Vec<_>>().join(",")
}

/// Splits at the commas that are not escaped.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == ',' && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_in_the_types_of_rfc_5280() {
        let der = encode("CN=Root, O=Smith\\, Sons,C=DE,DC=example,DC=com").unwrap();
        let text = RdnSequence::encode_round_trip(&der);
        assert_eq!(text, "CN=Root,O=Smith\\, Sons,C=DE,DC=example,DC=com");
        // DC=com comes first, as an IA5String; C is a PrintableString.
        assert!(der.windows(5).any(|bytes| bytes == [0x16, 3, b'c', b'o', b'm']));
        assert!(der.windows(4).any(|bytes| bytes == [0x13, 2, b'D', b'E']));
    }

    #[test]
    fn wrong_names_are_told() {
        for (text, why) in [
            ("", "is"),
            ("Root", "is not a distinguished name"),
            ("C=Germany", "not two letters"),
            ("CN=", "is empty"),
            (&format!("CN={}", "x".repeat(65)), "65 characters"),
        ] {
            assert!(encode(text).unwrap_err().to_string().contains(why), "{text}");
        }
    }

    #[test]
    fn a_root_shares_all_but_the_common_name() {
        assert_eq!(of_root_above("CN=Issuing,O=Smith\\, Sons"), "CN=Countersign Root CA,O=Smith\\, Sons");
        assert_eq!(of_issuing_ca_below("CN=Countersign Root CA,O=X"), "CN=Countersign Issuing CA,O=X");
        assert_eq!(encode(&format!("O={}", escape("a,b+c #1 "))).unwrap()[13..], *b"a,b+c #1 ".as_slice());
    }

    trait RoundTrip {
        fn encode_round_trip(der: &[u8]) -> String;
    }

    impl RoundTrip for RdnSequence {
        fn encode_round_trip(der: &[u8]) -> String {
            use der::Decode as _;
            RdnSequence::from_der(der).unwrap().to_string()
        }
    }
}
