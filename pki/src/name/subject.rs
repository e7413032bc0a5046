//! Subjects as people type them: `O=Example, C=DE`.
//!
//! Invariant: a [`Subject`] is not empty, keeps the bounds of [`super::bounds`], and its text reads back as the same
//! subject. Reads RFC 4514 with the liberties that its section 2 gives to readers: blanks around separators, and names
//! of attribute types in any case and in their long form. Fails with a [`SubjectError`], which has the place.

use std::fmt;
use std::ops::Range;

use der::asn1::{Any, ObjectIdentifier};
use der::{Decode as _, Encode as _, Tag, Tagged as _};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

use super::bounds::{self, AttributeBound, COUNTRY, StringType, bound};
use super::distinguished_name::render;
use crate::digits::hex_octet;
use crate::error::{AttributeError, SubjectError, SubjectFault};
use crate::text::is_unfit_to_show;

/// Other names of attribute types (RFC 4519), and those of OpenSSL and Windows.
const OTHER_NAMES: [(&str, &str); 22] = [
    ("commonName", "CN"),
    ("organizationName", "O"),
    ("organization", "O"),
    ("organizationalUnitName", "OU"),
    ("organizationalUnit", "OU"),
    ("countryName", "C"),
    ("country", "C"),
    ("localityName", "L"),
    ("locality", "L"),
    ("stateOrProvinceName", "ST"),
    ("state", "ST"),
    ("S", "ST"),
    ("streetAddress", "STREET"),
    ("surname", "SN"),
    ("givenName", "GN"),
    ("G", "GN"),
    ("domainComponent", "DC"),
    ("userId", "UID"),
    ("email", "emailAddress"),
    ("E", "emailAddress"),
    ("T", "title"),
    ("GQ", "generationQualifier"),
];

/// A subject that was read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    name: RdnSequence,
    text: String,
}

impl Subject {
    /// Reads and checks a text.
    ///
    /// # Errors
    /// [`SubjectError`]: the first mistake, with its place in the text.
    pub fn read(text: &str) -> Result<Subject, SubjectError> {
        let parts = Parser::new(text).parts()?;
        check(&parts)?;
        Subject::of_name(encode(parts), text)
    }

    /// The subject of a name that was made of this text.
    fn of_name(name: Option<RdnSequence>, made_of: &str) -> Result<Subject, SubjectError> {
        name.and_then(|name| Some(Subject { text: text_of(&name)?, name }))
            .ok_or(SubjectError { fault: SubjectFault::Unencodable, at: 0..made_of.len() })
    }

    /// The Name as DER.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        // The constructor encoded it once.
        self.name.to_der().unwrap_or_default()
    }

    /// True if the subject has a common name.
    #[must_use]
    pub fn has_common_name(&self) -> bool {
        self.name.iter().flat_map(|rdn| rdn.iter()).any(|attribute| attribute.oid == COMMON_NAME)
    }

    /// The same subject with this common name in place of its own ones, written first.
    ///
    /// # Errors
    /// [`SubjectError`] about the common name.
    pub fn with_common_name(&self, common_name: &str) -> Result<Subject, SubjectError> {
        let own = Subject::of_parts(&[("CN", common_name)])?;
        let rest = self.name.iter().filter(|rdn| rdn.iter().all(|attribute| attribute.oid != COMMON_NAME));
        let name = rest.cloned().chain(own.name.iter().cloned()).collect::<Vec<_>>().into();
        Subject::of_name(Some(name), common_name)
    }

    /// The subject with these attributes, each a short name and an unescaped value.
    ///
    /// # Errors
    /// [`SubjectError`] about a value or a type.
    pub fn of_parts(parts: &[(&str, &str)]) -> Result<Subject, SubjectError> {
        let parts: Vec<String> = parts
            .iter()
            .map(|(name, value)| format!("{name}={}", super::distinguished_name::escape(value)))
            .collect();
        Subject::read(&parts.join(","))
    }
}

/// RFC 4514 text in one spelling.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Reads a text without checking bounds; `None` if it is not a subject. The empty text is the empty subject.
pub(crate) fn encode_subject(text: &str) -> Option<RdnSequence> {
    match text {
        "" => Some(RdnSequence::default()),
        text => encode(Parser::new(text).parts().ok()?),
    }
}

/// An attribute as written, with its place.
struct TypedAttribute {
    oid: ObjectIdentifier,
    /// The bounds of its type, if there are any.
    bound: Option<&'static AttributeBound>,
    value: AttributeText,
    of_type: Range<usize>,
    of_value: Range<usize>,
    /// True if `+` joins it to the attribute before it.
    is_joined: bool,
}

enum AttributeText {
    Text(String),
    /// `#` and the hexadecimal digits of the DER.
    Der(Any),
}

impl TypedAttribute {
    fn name(&self) -> String {
        self.bound.map_or_else(|| self.oid.to_string(), |bound| bound.name.to_owned())
    }

    /// The value in the string type of its attribute type.
    fn value(&self) -> Option<Any> {
        match &self.value {
            AttributeText::Der(any) => Some(any.clone()),
            AttributeText::Text(text) => {
                let tag = match self.bound.map_or(StringType::Directory, |bound| bound.string_type) {
                    StringType::Directory => Tag::Utf8String,
                    StringType::Printable => Tag::PrintableString,
                    StringType::Ia5 => Tag::Ia5String,
                };
                Any::new(tag, text.as_bytes()).ok()
            }
        }
    }
}

/// Checks the bounds, and repetitions.
fn check(parts: &[TypedAttribute]) -> Result<(), SubjectError> {
    for (at, part) in parts.iter().enumerate() {
        let of_value = |fault| SubjectError { fault, at: part.of_value.clone() };
        match (&part.value, part.bound) {
            (AttributeText::Text(text), bound) => {
                if let Some(invisible) = text.chars().find(|c| is_unfit_to_show(*c)) {
                    return Err(of_value(SubjectFault::Invisible(invisible)));
                }
                let checked = match bound {
                    Some(bound) => bound.check(text),
                    None if text.is_empty() => Err(AttributeError::Empty(part.name())),
                    None => Ok(()),
                };
                checked.map_err(|error| of_value(error.into()))?;
            }
            (AttributeText::Der(_), Some(bound)) => {
                return Err(of_value(SubjectFault::HexOfString(bound.name)));
            }
            (AttributeText::Der(any), None) if is_string(any.tag()) => {
                return Err(of_value(SubjectFault::HexOfString("this attribute")));
            }
            (AttributeText::Der(_), None) => {}
        }
        // X.501 section 9.3: the attributes of one RDN are of distinct types.
        let rdn = (0..=at).rev().find(|first| !parts[*first].is_joined).unwrap_or_default();
        let may_repeat = part.bound.is_none_or(|bound| bound.repeats);
        let earlier = if may_repeat { &parts[rdn..at] } else { &parts[..at] };
        let is_repeated = earlier.iter().any(|one| one.oid == part.oid);
        if is_repeated {
            return Err(SubjectError {
                fault: SubjectFault::Repeated(part.name()),
                at: part.of_type.clone(),
            });
        }
    }
    Ok(())
}

fn is_string(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Utf8String
            | Tag::PrintableString
            | Tag::Ia5String
            | Tag::NumericString
            | Tag::TeletexString
            | Tag::BmpString
            | Tag::VisibleString
    )
}

/// RFC 4514 section 2.1: the RDN that is written first is the last one.
fn encode(parts: Vec<TypedAttribute>) -> Option<RdnSequence> {
    let mut rdns: Vec<RelativeDistinguishedName> = Vec::new();
    for part in parts {
        let attribute = AttributeTypeAndValue { oid: part.oid, value: part.value()? };
        match rdns.last_mut().filter(|_| part.is_joined) {
            Some(rdn) => rdn.insert(attribute).ok()?,
            None => rdns.push(RelativeDistinguishedName::try_from(vec![attribute]).ok()?),
        }
    }
    rdns.reverse();
    Some(rdns.into())
}

fn text_of(name: &RdnSequence) -> Option<String> {
    let der = name.to_der().ok()?;
    let (_, name) = X509Name::from_der(&der).ok()?;
    Some(render(&name))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Parser { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
    }

    fn error(&self, fault: SubjectFault, at: Range<usize>) -> SubjectError {
        SubjectError { fault, at }
    }

    /// The next character as a mistake.
    fn character(&self, c: char) -> SubjectError {
        self.error(SubjectFault::Character(c), self.at..self.at + c.len_utf8())
    }

    /// All attributes in the order of the text.
    fn parts(mut self) -> Result<Vec<TypedAttribute>, SubjectError> {
        let mut parts = Vec::new();
        let mut is_joined = false;
        loop {
            parts.push(self.attribute(is_joined)?);
            match self.peek() {
                None => return Ok(parts),
                Some(c @ (',' | '+')) => is_joined = c == '+',
                Some(c) => return Err(self.character(c)),
            }
            self.at += 1;
        }
    }

    fn attribute(&mut self, is_joined: bool) -> Result<TypedAttribute, SubjectError> {
        self.skip_blanks();
        let from = self.at;
        let length = self
            .rest()
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
            .unwrap_or(self.rest().len());
        self.at += length;
        let of_type = from..self.at;
        self.skip_blanks();
        match self.peek() {
            Some('=') if length > 0 => self.at += 1,
            None | Some(',' | '+') => {
                let fault = if length == 0 { SubjectFault::EmptyPart } else { SubjectFault::NoValue };
                return Err(self.error(fault, from..self.at.max(from + length)));
            }
            Some(c) => return Err(self.character(c)),
        }
        let (oid, bound) = self.attribute_type(&of_type)?;
        self.skip_blanks();
        let from = self.at;
        let mut value = match self.peek() {
            Some('#') => AttributeText::Der(self.hexadecimal()?),
            _ => AttributeText::Text(self.value()?),
        };
        let written = self.text[from..self.at].trim_end_matches(' ').len();
        if let (AttributeText::Text(value), Some(AttributeBound { oid: COUNTRY, .. })) = (&mut value, bound) {
            // ISO 3166 writes its codes in capitals.
            if value.len() == 2 {
                value.make_ascii_uppercase();
            }
        }
        Ok(TypedAttribute { oid, bound, value, of_type, of_value: from..from + written, is_joined })
    }

    fn attribute_type(
        &self,
        at: &Range<usize>,
    ) -> Result<(ObjectIdentifier, Option<&'static AttributeBound>), SubjectError> {
        let written = &self.text[at.clone()];
        let other = OTHER_NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(written));
        let short = other.map_or(written, |(_, short)| short);
        if let Some(known) = bounds::all().iter().find(|row| row.name.eq_ignore_ascii_case(short)) {
            return Ok((known.oid, Some(known)));
        }
        // RFC 4514 section 2.3: any other type is a dotted number.
        match ObjectIdentifier::new(written) {
            Ok(oid) => Ok((oid, bound(oid.as_bytes()))),
            Err(_) => Err(self.error(SubjectFault::UnknownType(written.to_owned()), at.clone())),
        }
    }

    /// A value up to the next separator; blanks at its end belong to the separator (RFC 4514 section 2.4).
    fn value(&mut self) -> Result<String, SubjectError> {
        let mut octets = Vec::new();
        let mut kept = 0;
        let from = self.at;
        while let Some(c) = self.peek() {
            match c {
                ',' | '+' => break,
                '"' | ';' | '<' | '>' => return Err(self.character(c)),
                '\\' => {
                    self.escape(&mut octets)?;
                    kept = octets.len();
                    continue;
                }
                c => {
                    octets.extend(c.encode_utf8(&mut [0; 4]).bytes());
                    if c != ' ' {
                        kept = octets.len();
                    }
                }
            }
            self.at += c.len_utf8();
        }
        octets.truncate(kept);
        String::from_utf8(octets).map_err(|_| self.error(SubjectFault::NotUtf8, from..self.at))
    }

    /// `\` and a special character, or two hexadecimal digits of an octet.
    fn escape(&mut self, octets: &mut Vec<u8>) -> Result<(), SubjectError> {
        let escaped = self.rest().as_bytes();
        let (octet, length) = match escaped {
            [_, c, ..] if b" \"#+,;<=>\\".contains(c) => (Some(*c), 2),
            [_, high, low, ..] => (hex_octet(*high, *low), 3),
            _ => (None, 0),
        };
        octets.push(octet.ok_or_else(|| self.error(SubjectFault::Escape, self.at..self.at + 1))?);
        self.at += length;
        Ok(())
    }

    /// `#` and the hexadecimal digits of a DER value (RFC 4514 section 2.4).
    fn hexadecimal(&mut self) -> Result<Any, SubjectError> {
        let from = self.at;
        let digits = self.rest()[1..].bytes().take_while(u8::is_ascii_hexdigit).count();
        self.at += 1 + digits;
        let der = hex::decode(&self.text[from + 1..self.at]).ok();
        let any = der.and_then(|der| Any::from_der(&der).ok());
        let any = any.ok_or_else(|| self.error(SubjectFault::Hex, from..self.at))?;
        self.skip_blanks();
        Ok(any)
    }
}

#[cfg(test)]
mod tests;
