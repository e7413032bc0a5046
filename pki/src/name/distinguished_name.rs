//! Distinguished names as RFC 4514 text, for people and for comparison.
//!
//! Invariant: the text has no control or invisible characters, and each string type of RFC 5280 section 4.1.2.4 is
//! decoded by its own encoding, so that equal text in two encodings renders equally.

use std::borrow::Cow;

use x509_parser::asn1_rs::ToDer as _;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::bounds::bound;
use crate::oid::dotted;

/// Renders a name. RFC 4514 section 2.1: the last RDN comes first.
pub fn render(name: &X509Name<'_>) -> String {
    let parts: Vec<String> = name
        .iter_rdn()
        .map(|rdn| rdn.iter().map(render_attribute).collect::<Vec<_>>().join("+"))
        .rev_collect();
    parts.join(",")
}

/// Collects back to front, for iterators that cannot be reversed.
trait RevCollect: Iterator + Sized {
    fn rev_collect(self) -> Vec<Self::Item> {
        let mut all: Vec<_> = self.collect();
        all.reverse();
        all
    }
}

impl<I: Iterator> RevCollect for I {}

/// The short name of an attribute type, or its dotted number.
pub(crate) fn attribute_name(attribute: &AttributeTypeAndValue<'_>) -> Cow<'static, str> {
    match bound(attribute.attr_type().as_bytes()) {
        Some(known) => Cow::Borrowed(known.name),
        None => Cow::Owned(dotted(attribute.attr_type())),
    }
}

fn render_attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let name = attribute_name(attribute);
    match text(attribute) {
        Some(value) => format!("{name}={}", escape(&value)),
        // RFC 4514 section 2.4: the octets of the encoded value, tag and length included.
        None => format!("{name}=#{}", hex::encode(attribute.attr_value().to_der_vec().unwrap_or_default())),
    }
}

/// The value as text; `None` if it is not a well-encoded string type.
pub(crate) fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    use x509_parser::asn1_rs::Tag;
    let value = attribute.attr_value();
    let bytes = value.data;
    match value.tag() {
        Tag::Utf8String => std::str::from_utf8(bytes).ok().map(str::to_owned),
        Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            bytes.is_ascii().then(|| bytes.iter().map(|b| char::from(*b)).collect())
        }
        // Writers of TeletexString mean ISO 8859-1.
        Tag::T61String => Some(bytes.iter().map(|b| char::from(*b)).collect()),
        Tag::BmpString => {
            let (units, odd) = bytes.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            odd.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
        }
        Tag::UniversalString => {
            let (units, odd) = bytes.as_chunks::<4>();
            odd.is_empty()
                .then(|| units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect())
                .flatten()
        }
        _ => None,
    }
}

/// Escapes a value by RFC 4514 section 2.4; writes each invisible character as its UTF-8 octets.
pub(super) fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (at, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '#' if at == 0 => out.push_str("\\#"),
            ' ' if at == 0 || at == last => out.push_str("\\ "),
            c if crate::text::is_unfit_to_show(c) => {
                let mut octets = [0; 4];
                for octet in c.encode_utf8(&mut octets).bytes() {
                    out.push_str(&format!("\\{octet:02x}"));
                }
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::FromDer;

    /// An attribute of type CN with a value of the given tag.
    fn common_name(tag: u8, value: &[u8]) -> Vec<u8> {
        let mut attribute = vec![0x06, 0x03, 0x55, 0x04, 0x03, tag, value.len() as u8];
        attribute.extend(value);
        let mut out = vec![0x30, attribute.len() as u8];
        out.extend(attribute);
        out
    }

    fn rendered(tag: u8, value: &[u8]) -> String {
        let der = common_name(tag, value);
        let (_, attribute) = AttributeTypeAndValue::from_der(&der).unwrap();
        render_attribute(&attribute)
    }

    #[test]
    fn string_types_are_read_by_their_own_encoding() {
        assert_eq!(rendered(0x0c, "bücher".as_bytes()), "CN=bücher");
        assert_eq!(rendered(0x13, b"www"), "CN=www");
        assert_eq!(rendered(0x14, b"b\xfccher"), "CN=bücher");
        assert_eq!(rendered(0x1e, b"\0w\0\xfc"), "CN=wü");
        assert_eq!(rendered(0x1c, b"\0\0\0w\0\0\0\xfc"), "CN=wü");
        assert_eq!(rendered(0x04, b"\x01\x02"), "CN=#04020102");
    }

    #[test]
    fn special_and_invisible_characters_are_escaped() {
        assert_eq!(rendered(0x0c, b" a,b+c\"#"), "CN=\\ a\\,b\\+c\\\"#");
        assert_eq!(rendered(0x0c, b"a\0b"), "CN=a\\00b");
        assert_eq!(rendered(0x0c, "a\u{202e}b".as_bytes()), "CN=a\\e2\\80\\aeb");
    }
}
