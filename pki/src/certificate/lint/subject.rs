//! Rules for the subject of an end entity (RFC 5280 section 4.1.2.6 and appendix A.1).
//!
//! Invariant: the rules are checked on the encoded name, not on its source. The policy checks its fixed parts with them,
//! so that they pass the linter later.

use x509_parser::asn1_rs::{Oid, Tag};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::name::bounds::{StringType, bound};
use crate::name::{Name, attribute_name, attribute_text};
use crate::oid::dotted;

const DOMAIN_COMPONENT: &str = "0.9.2342.19200300.100.1.25";
const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

/// Types without a row in [`crate::name::bounds`]: the most characters of their DirectoryString, or `None` if their
/// values are no DirectoryStrings. X.520 section 6, RFC 2985 section 5.2 and appendix A, RFC 3739 section 3.2.3, and the
/// EV guidelines of the CA/Browser Forum, section 7.1.4.2.
const OTHER_TYPES: [(&str, Option<usize>); 15] = [
    ("2.5.4.15", Some(128)),
    ("2.5.4.41", Some(32_768)),
    ("2.5.4.20", None),
    ("2.5.4.45", None),
    ("1.2.840.113549.1.9.2", Some(255)),
    ("1.2.840.113549.1.9.7", None),
    ("1.2.840.113549.1.9.8", Some(255)),
    ("1.2.840.113549.1.9.9", None),
    ("1.2.840.113549.1.9.14", None),
    ("1.3.6.1.5.5.7.9.1", None),
    ("1.3.6.1.5.5.7.9.2", Some(128)),
    ("1.3.6.1.5.5.7.9.3", None),
    ("1.3.6.1.5.5.7.9.4", None),
    ("1.3.6.1.5.5.7.9.5", None),
    ("1.3.6.1.4.1.311.60.2.1.3", None),
];

/// Checks the fixed parts of a subject, as the DER of a Name.
///
/// # Errors
/// The first broken rule.
pub fn check_subject(subject_der: &[u8]) -> Result<(), String> {
    match X509Name::from_der(subject_der) {
        Ok(([], name)) => faults(&name, &[]).into_iter().next().map_or(Ok(()), Err),
        _ => Err("it is not a Name".to_owned()),
    }
}

/// Every broken rule. `names` are the subject alternative names.
pub(super) fn faults(subject: &X509Name<'_>, names: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut earlier: Vec<&Oid<'_>> = Vec::new();
    for rdn in subject.iter_rdn() {
        let mut types = Vec::new();
        for attribute in rdn.iter() {
            let (oid, name) = (attribute.attr_type(), attribute_name(attribute));
            // X.501 section 9.3: the types of one RDN are distinct.
            let repeats = bound(oid.as_bytes()).is_none_or(|bound| bound.repeats);
            if types.contains(&oid) || (!repeats && earlier.contains(&oid)) {
                faults.push(format!("{name} stands twice"));
            }
            types.push(oid);
            faults.extend(value_fault(attribute).map(|why| format!("{name}: {why}")));
        }
        earlier.extend(types);
    }
    faults.extend(domain_fault(subject));
    faults.extend(email_faults(subject, names));
    faults
}

/// The broken rule of one value.
fn value_fault(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let (tag, oid) = (attribute.attr_value().tag(), attribute.attr_type());
    let row = bound(oid.as_bytes());
    let of_others = OTHER_TYPES.iter().find(|(known, _)| *known == dotted(oid));
    let string_type = match (row, of_others) {
        (Some(row), _) => row.string_type,
        (None, Some((_, None))) => return Some("this type is not for fixed texts".to_owned()),
        (None, _) => StringType::Directory,
    };
    let (is_typed, expected) = match string_type {
        // RFC 5280 section 4.1.2.4: of DirectoryString, CAs write these two.
        StringType::Directory => {
            (matches!(tag, Tag::Utf8String | Tag::PrintableString), "UTF8String or PrintableString")
        }
        StringType::Printable => (tag == Tag::PrintableString, "PrintableString"),
        StringType::Ia5 => (tag == Tag::Ia5String, "IA5String"),
    };
    let Some(text) = attribute_text(attribute).filter(|_| is_typed) else {
        return Some(format!("the value is no {expected}"));
    };
    if tag == Tag::PrintableString
        && let Some(c) = text.chars().find(|c| !StringType::Printable.has(*c))
    {
        return Some(format!("a PrintableString has no {c:?}"));
    }
    let count = text.chars().count();
    match (row, of_others) {
        (Some(row), _) => row.check(&text).err().map(|error| error.to_string()),
        (None, _) if text.is_empty() => Some("the value is empty".to_owned()),
        (None, Some((_, Some(most)))) if count > *most => {
            Some(format!("the value has {count} characters; at most {most} are allowed"))
        }
        _ => None,
    }
}

/// The values of a type, in the order of the encoding.
fn values(subject: &X509Name<'_>, oid: &str) -> Vec<String> {
    let of_type = subject.iter_attributes().filter(|attribute| dotted(attribute.attr_type()) == oid);
    of_type.filter_map(attribute_text).collect()
}

/// RFC 2247 section 3: the domain components, last one first, are a domain name.
fn domain_fault(subject: &X509Name<'_>) -> Option<String> {
    let mut labels = values(subject, DOMAIN_COMPONENT);
    labels.reverse();
    let domain = labels.join(".");
    let is_domain = || Name::dns(&domain).is_ok_and(|name| !name.is_wildcard());
    (!labels.is_empty() && !is_domain())
        .then(|| format!("DC: {domain:?} is no domain name; write all its parts, as in DC=example,DC=com"))
}

/// RFC 5280 section 4.1.2.6: the subject alternative names have every e-mail address of the subject.
fn email_faults(subject: &X509Name<'_>, names: &[String]) -> Vec<String> {
    let missing = values(subject, EMAIL_ADDRESS).into_iter().filter(|address| !names.contains(address));
    missing
        .map(|address| format!("emailAddress: {address} is not among the subject alternative names"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{distinguished_name, oid, sequence, tlv};

    const UTF8: u8 = 12;
    const PRINTABLE: u8 = 19;
    const TELETEX: u8 = 20;
    const IA5: u8 = 22;

    fn fault(parts: &[(&str, u8, &[u8])]) -> Option<String> {
        check_subject(&distinguished_name(parts)).err()
    }

    #[test]
    fn each_value_has_its_string_type_and_its_bounds() {
        assert_eq!(fault(&[("2.5.4.10", UTF8, "Bücher".as_bytes()), ("2.5.4.6", PRINTABLE, b"DE")]), None);
        assert_eq!(fault(&[("2.5.4.10", UTF8, &[b'a'; 64])]), None);
        let wrong: [(&str, u8, &[u8], &str); 12] = [
            ("2.5.4.6", PRINTABLE, b"Germany", "C: "),
            ("2.5.4.6", UTF8, b"DE", "C: the value is no PrintableString"),
            ("2.5.4.10", TELETEX, b"a", "O: the value is no UTF8String"),
            ("2.5.4.10", UTF8, &[b'a'; 65], "O"),
            ("2.5.4.10", UTF8, b"", "O"),
            ("2.5.4.10", UTF8, b"\xff", "O: the value is no UTF8String"),
            ("2.5.4.10", PRINTABLE, b"a_b", "O: a PrintableString has no '_'"),
            ("2.5.4.5", PRINTABLE, b"a_b", "serialNumber: a PrintableString has no '_'"),
            ("1.2.3.4", 2, b"\x2a", "1.2.3.4: the value is no UTF8String"),
            ("1.2.3.4", UTF8, b"", "1.2.3.4: the value is empty"),
            ("2.5.4.15", UTF8, &[b'a'; 129], "2.5.4.15: the value has 129 characters"),
            ("1.3.6.1.5.5.7.9.4", UTF8, b"DE", "1.3.6.1.5.5.7.9.4: this type"),
        ];
        for (oid, tag, value, why) in wrong {
            let found = fault(&[(oid, tag, value)]).unwrap();
            assert!(found.starts_with(why), "{found}");
        }
    }

    #[test]
    fn what_describes_one_thing_stands_once() {
        let (country, unit) = (("2.5.4.6", PRINTABLE, &b"DE"[..]), ("2.5.4.11", UTF8, &b"A"[..]));
        assert_eq!(fault(&[unit, unit]), None);
        assert_eq!(fault(&[country, country]), Some("C stands twice".to_owned()));
        let part = |value: &[u8]| sequence(&[oid("2.5.4.11"), tlv(UTF8, value)]);
        let rdn = sequence(&[tlv(0x31, &[part(b"A"), part(b"B")].concat())]);
        assert_eq!(check_subject(&rdn), Err("OU stands twice".to_owned()));
    }

    #[test]
    fn domain_components_are_a_domain() {
        let component = |label: &'static [u8]| (DOMAIN_COMPONENT, IA5, label);
        assert_eq!(fault(&[component(b"com"), component(b"example")]), None);
        for wrong in [
            &[component(b"example")][..],
            &[component(b"com"), component(b"a_b")],
            &[component(b"com"), component(b"*")],
        ] {
            assert!(fault(wrong).unwrap().starts_with("DC: "));
        }
    }

    #[test]
    fn e_mail_addresses_are_names_too() {
        let der = distinguished_name(&[(EMAIL_ADDRESS, IA5, b"a@example.com")]);
        let (_, subject) = X509Name::from_der(&der).unwrap();
        assert_eq!(faults(&subject, &["a@example.com".to_owned()]), Vec::<String>::new());
        assert!(
            faults(&subject, &["b@example.com".to_owned()])[0].starts_with("emailAddress: a@example.com")
        );
    }
}
