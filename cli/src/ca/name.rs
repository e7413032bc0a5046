//! Subjects of authorities, from typed text to DER (RFC 5280 section 4.1.2.6).
//!
//! Invariant: an encoded name keeps the bounds of RFC 5280 appendix A.1 ([`Subject`]).

use pki::error::SubjectError;
use pki::name::Subject;

use crate::error::CliError;

/// Encodes a typed text as DER.
pub(super) fn encode(text: &str) -> Result<Vec<u8>, CliError> {
    read(text).map(|subject| subject.to_der())
}

fn read(text: &str) -> Result<Subject, CliError> {
    Subject::read(text).map_err(|error| wrong(text, &error))
}

fn wrong(text: &str, error: &SubjectError) -> CliError {
    CliError::new(
        format!("the subject \"{}\": {error}", text.escape_debug()),
        "Write it as RFC 4514 does, for example: \"CN=Example Root CA, O=Example, C=DE\".",
    )
}

/// Returns the text of the name that a CA of this organisation gets if none is given.
pub(super) fn usual(common_name: &str, organisation: &str) -> Result<String, CliError> {
    Subject::of_parts(&[("CN", common_name), ("O", organisation)])
        .map(|subject| subject.to_string())
        .map_err(|error| wrong(organisation, &error))
}

/// Encodes the name of a root above the CA `subject`: the same name with another CN.
pub(super) fn of_root_above(subject: &str) -> Result<Vec<u8>, CliError> {
    with_common_name("Countersign Root CA", subject)
}

/// Encodes the name of an issuing CA in place of the root `subject`: the same name with another CN.
pub(super) fn of_issuing_ca_below(subject: &str) -> Result<Vec<u8>, CliError> {
    with_common_name("Countersign Issuing CA", subject)
}

fn with_common_name(common_name: &str, subject: &str) -> Result<Vec<u8>, CliError> {
    let named = read(subject)?.with_common_name(common_name);
    named.map(|named| named.to_der()).map_err(|error| wrong(subject, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_names_are_told() {
        for (text, why) in [
            ("", "a part is empty"),
            ("Root", "no \"=\""),
            ("C=Germany", "the country \"Germany\" is not two letters"),
            ("CN=", "CN has no value"),
            (&format!("CN={}", "x".repeat(65)), "65 characters; at most 64"),
        ] {
            assert!(encode(text).unwrap_err().to_string().contains(why), "{text}");
        }
    }

    #[test]
    fn a_root_shares_all_but_the_common_name() {
        let root = of_root_above("CN=Issuing, O=Smith\\, Sons").unwrap();
        assert_eq!(root, encode("CN=Countersign Root CA,O=Smith\\, Sons").unwrap());
        let issuing = of_issuing_ca_below("CN=Countersign Root CA,O=X").unwrap();
        assert_eq!(issuing, encode("CN=Countersign Issuing CA,O=X").unwrap());
        assert_eq!(usual("Root", "a,b #1 ").unwrap(), "CN=Root,O=a\\,b #1\\ ");
    }
}
