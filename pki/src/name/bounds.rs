//! Bounds of the attributes of distinguished names: lengths, string types, repetitions.
//!
//! Invariant: one row for each attribute type that has a short name here. A type without a row has no bound. Lengths
//! are in characters for each string type, as SIZE of X.680 counts them.

use StringType::{Directory, Ia5, Printable};
use der::asn1::ObjectIdentifier;

use crate::error::AttributeError;

/// The characters and the encoding of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringType {
    /// DirectoryString: any character, written as UTF8String (RFC 5280 section 4.1.2.4).
    Directory,
    /// PrintableString (X.680 section 41.4).
    Printable,
    /// IA5String: ASCII.
    Ia5,
}

impl StringType {
    /// True if the string type has this character.
    #[must_use]
    pub fn has(self, c: char) -> bool {
        match self {
            Directory => true,
            Printable => c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c),
            Ia5 => c.is_ascii(),
        }
    }
}

/// The bounds of one attribute type.
#[derive(Debug, PartialEq, Eq)]
pub struct AttributeBound {
    /// The attribute type.
    pub oid: ObjectIdentifier,
    /// Its short name (RFC 4514 section 3, RFC 4519).
    pub name: &'static str,
    /// The fewest characters.
    pub least: usize,
    /// The most characters.
    pub most: usize,
    /// The string type.
    pub string_type: StringType,
    /// True if a name may have the type more than once. Two values of another type contradict each other: X.520 has
    /// one country, and CA/Browser Forum Baseline Requirements section 7.1.4.1 one of each.
    pub repeats: bool,
}

impl AttributeBound {
    /// Checks a value.
    ///
    /// # Errors
    /// [`AttributeError`] with the found value and the bound.
    pub fn check(&self, value: &str) -> Result<(), AttributeError> {
        let name = self.name;
        if self.oid == COUNTRY {
            let is_code = value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic());
            return is_code.then_some(()).ok_or_else(|| AttributeError::Country(value.to_owned()));
        }
        let found = value.chars().count();
        if found < self.least {
            return Err(AttributeError::Empty(name.to_owned()));
        }
        if found > self.most {
            return Err(AttributeError::TooLong { name, value: value.to_owned(), found, most: self.most });
        }
        match value.chars().find(|c| !self.string_type.has(*c)) {
            Some(character) => Err(AttributeError::NotInStringType { name, character }),
            None => Ok(()),
        }
    }
}

/// The bounds of an attribute type, given as the contents octets of its OBJECT IDENTIFIER; `None` if it has none.
#[must_use]
pub fn bound(oid: &[u8]) -> Option<&'static AttributeBound> {
    ATTRIBUTES.iter().find(|row| row.oid.as_bytes() == oid)
}

/// All rows.
#[must_use]
pub fn all() -> &'static [AttributeBound] {
    &ATTRIBUTES
}

pub(super) const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");

/// ub-name: the bound of the parts of a person's name.
const UB_NAME: usize = 32_768;

/// RFC 5280 appendix A.1. Not there: STREET and postalCode (X.520 annex C), DC (one label: RFC 2247 section 3, RFC 1035
/// section 2.3.4) and UID (RFC 1274 section 9.3.1).
static ATTRIBUTES: [AttributeBound; 19] = [
    row("2.5.4.3", "CN", 1..=64, Directory, false),
    row("2.5.4.10", "O", 1..=64, Directory, false),
    row("2.5.4.11", "OU", 1..=64, Directory, true),
    row("2.5.4.6", "C", 2..=2, Printable, false),
    row("2.5.4.7", "L", 1..=128, Directory, false),
    row("2.5.4.8", "ST", 1..=128, Directory, false),
    row("2.5.4.9", "STREET", 1..=128, Directory, true),
    row("2.5.4.4", "SN", 1..=UB_NAME, Directory, false),
    row("2.5.4.42", "GN", 1..=UB_NAME, Directory, false),
    row("2.5.4.43", "initials", 1..=UB_NAME, Directory, false),
    row("2.5.4.44", "generationQualifier", 1..=UB_NAME, Directory, false),
    row("2.5.4.5", "serialNumber", 1..=64, Printable, false),
    row("2.5.4.12", "title", 1..=64, Directory, false),
    row("2.5.4.17", "postalCode", 1..=40, Directory, false),
    row("2.5.4.46", "dnQualifier", 1..=usize::MAX, Printable, false),
    row("2.5.4.65", "pseudonym", 1..=128, Directory, false),
    row("0.9.2342.19200300.100.1.25", "DC", 1..=63, Ia5, true),
    row("0.9.2342.19200300.100.1.1", "UID", 1..=256, Directory, true),
    row("1.2.840.113549.1.9.1", "emailAddress", 1..=255, Ia5, true),
];

const fn row(
    oid: &str,
    name: &'static str,
    characters: std::ops::RangeInclusive<usize>,
    string_type: StringType,
    repeats: bool,
) -> AttributeBound {
    let oid = ObjectIdentifier::new_unwrap(oid);
    AttributeBound { oid, name, least: *characters.start(), most: *characters.end(), string_type, repeats }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> &'static AttributeBound {
        all().iter().find(|row| row.name == name).unwrap()
    }

    #[test]
    fn lengths_are_those_of_rfc_5280() {
        for (name, most) in [("CN", 64), ("O", 64), ("L", 128), ("serialNumber", 64), ("emailAddress", 255)] {
            let letter = "ä".chars().next().filter(|_| of(name).string_type == Directory).unwrap_or('a');
            let value = |length: usize| letter.to_string().repeat(length);
            assert_eq!(of(name).check(&value(most)), Ok(()), "{name}");
            let error = of(name).check(&value(most + 1)).unwrap_err();
            assert!(matches!(error, AttributeError::TooLong { found, .. } if found == most + 1), "{error}");
            assert_eq!(of(name).check(""), Err(AttributeError::Empty(name.to_owned())));
        }
    }

    #[test]
    fn a_country_is_two_letters() {
        assert_eq!(of("C").check("DE"), Ok(()));
        for wrong in ["Germany", "D", "D1", "Ö", "", "DEU"] {
            assert_eq!(of("C").check(wrong), Err(AttributeError::Country(wrong.to_owned())));
        }
    }

    #[test]
    fn each_string_type_has_its_characters() {
        let error = of("serialNumber").check("12_3").unwrap_err();
        assert_eq!(error, AttributeError::NotInStringType { name: "serialNumber", character: '_' });
        assert!(of("emailAddress").check("ü@example.com").is_err() && of("DC").check("example").is_ok());
        assert!(of("O").check("Müller_").is_ok());
    }

    #[test]
    fn a_row_is_found_by_the_octets_of_its_type() {
        let found: Vec<_> = all().iter().map(|row| bound(row.oid.as_bytes())).collect();
        assert_eq!(found, all().iter().map(Some).collect::<Vec<_>>());
        assert_eq!(bound(&[0x2a, 3]), None);
    }
}
