//! Distinguished names prepared for comparison (RFC 5280 section 7.1).
//!
//! Invariant: two names are equal if they have the same attributes in the same order, whatever their string types, case
//! and spaces (RFC 4518, as X.520 section 7 has it). Other values are compared octet by octet.

use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::distinguished_name::{render, text};
use crate::text::quoted;

/// A name to compare.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ComparableName(Vec<Vec<ComparableAttribute>>);

/// Type and value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct ComparableAttribute(Vec<u8>, ComparableValue);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum ComparableValue {
    Text(String),
    /// Tag and contents of a value that is not a string.
    Octets(u32, Vec<u8>),
}

impl ComparableName {
    /// Prepares a name.
    pub(crate) fn of(name: &X509Name<'_>) -> Self {
        let rdn = |rdn: &x509_parser::x509::RelativeDistinguishedName<'_>| {
            let mut attributes: Vec<ComparableAttribute> = rdn.iter().map(attribute).collect();
            // An RDN is a set.
            attributes.sort_unstable();
            attributes
        };
        Self(name.iter_rdn().map(rdn).collect())
    }

    /// Prepares the DER of a Name; `None` if it is not one.
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        match X509Name::from_der(der) {
            Ok(([], name)) => Some(Self::of(&name)),
            _ => None,
        }
    }

    /// True if the name has no attributes.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if the name lies in the subtree below `base` (RFC 5280 section 7.1).
    pub(crate) fn is_within(&self, base: &Self) -> bool {
        self.0.starts_with(&base.0)
    }
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> ComparableAttribute {
    let value = match text(attribute) {
        Some(text) => ComparableValue::Text(prepared(&text)),
        None => ComparableValue::Octets(attribute.attr_value().tag().0, attribute.attr_value().data.to_vec()),
    };
    ComparableAttribute(attribute.attr_type().as_bytes().to_vec(), value)
}

/// Folds case, normalizes, and removes insignificant spaces (RFC 4518 sections 2.2 to 2.6).
fn prepared(text: &str) -> String {
    let folded = if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        text.to_ascii_lowercase()
    } else {
        // Characters younger than Unicode 3.2 and private ones are prohibited: without a rule, case alone is folded.
        normalized_and_folded(text).unwrap_or_else(|_| text.to_lowercase())
    };
    folded.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn normalized_and_folded(text: &str) -> Result<String, stringprep::Error> {
    // The library either folds or normalizes.
    let normalized = stringprep::x520prep(text, false)?;
    let folded = stringprep::x520prep(&normalized, true)?;
    Ok(stringprep::x520prep(&folded, false)?.into_owned())
}

/// How the encodings of two equal names differ, for people: "UTF8String" and "PrintableString", or the names if the string
/// types are the same. `None` if the names are not equal.
pub(crate) fn encodings(one: &X509Name<'_>, other: &X509Name<'_>) -> Option<(String, String)> {
    if ComparableName::of(one) != ComparableName::of(other) {
        return None;
    }
    let pairs = one.iter_attributes().zip(other.iter_attributes());
    let tags = pairs.map(|(one, other)| (one.attr_value().tag(), other.attr_value().tag()));
    let found = tags
        .filter(|(one, other)| one != other)
        .map(|(one, other)| (string_type(one), string_type(other)))
        .next();
    // Case or spaces.
    Some(found.unwrap_or_else(|| (quoted(&render(one)), quoted(&render(other)))))
}

/// The name of a string type (X.680 section 41).
fn string_type(tag: Tag) -> String {
    let name = match tag {
        Tag::Utf8String => "UTF8String",
        Tag::NumericString => "NumericString",
        Tag::PrintableString => "PrintableString",
        Tag::T61String => "TeletexString",
        Tag::Ia5String => "IA5String",
        Tag::UniversalString => "UniversalString",
        Tag::BmpString => "BMPString",
        other => return format!("tag {}", other.0),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{distinguished_name, sequence, tlv};

    fn name(parts: &[(&str, u8, &[u8])]) -> ComparableName {
        ComparableName::from_der(&distinguished_name(parts)).unwrap()
    }

    const O: &str = "2.5.4.10";

    #[test]
    fn string_types_case_and_spaces_make_no_difference() {
        let wanted = name(&[(O, 12, "Bücher und Söhne".as_bytes())]);
        let same: [(u8, Vec<u8>); 6] = [
            (12, "BÜCHER  UND SÖHNE".into()),
            (12, " Bücher und Söhne ".into()),
            // Decomposed: u and a combining diaeresis.
            (12, "Bu\u{308}cher und So\u{308}hne".into()),
            (12, "Bücher\u{a0}und\u{ad} Söhne".into()),
            (20, b"B\xfccher und S\xf6hne".to_vec()),
            (30, "Bücher und Söhne".encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ];
        for (tag, value) in same {
            assert_eq!(name(&[(O, tag, &value)]), wanted, "{tag} {value:02x?}");
        }
        assert_eq!(name(&[(O, 19, b"Example")]), name(&[(O, 12, b"example")]));
        assert_eq!(name(&[(O, 12, "Straße".as_bytes())]), name(&[(O, 12, b"STRASSE")]));
    }

    #[test]
    fn other_values_types_and_orders_differ() {
        let one = name(&[(O, 12, b"a"), ("2.5.4.3", 12, b"b")]);
        assert_ne!(one, name(&[("2.5.4.3", 12, b"b"), (O, 12, b"a")]));
        assert_ne!(one, name(&[(O, 12, b"a")]));
        assert_ne!(name(&[(O, 12, b"ab")]), name(&[(O, 12, b"a b")]));
        assert_ne!(name(&[("2.5.4.11", 12, b"a")]), name(&[(O, 12, b"a")]));
        assert_ne!(name(&[(O, 4, b"A")]), name(&[(O, 4, b"a")]));
        assert!(one.is_within(&name(&[(O, 19, b"A")])));
        assert!(!one.is_within(&name(&[(O, 19, b"b")])));
        assert!(name(&[]).is_empty());
    }

    #[test]
    fn an_rdn_is_a_set() {
        let part = |id: &str, value: &[u8]| sequence(&[crate::testing::oid(id), tlv(12, value)]);
        let name =
            |parts: [Vec<u8>; 2]| ComparableName::from_der(&sequence(&[tlv(0x31, &parts.concat())])).unwrap();
        let (one, other) = (part(O, b"a"), part("2.5.4.3", b"b"));
        assert_eq!(name([one.clone(), other.clone()]), name([other, one]));
    }
}
