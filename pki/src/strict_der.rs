//! The rules of DER that hold for every type (X.690 sections 8, 10 and 11).
//!
//! Invariant: [`check`] accepts only one value in its one encoding, to its last octet. Rules that need the type are left
//! to the reader of the type: values equal to a DEFAULT, the order of a SET OF, the last bits of named bit lists. None
//! of these gives one encoding two readings.

use crate::error::{DerError, DerFault};

/// The deepest nesting of a value. Requests have some ten levels.
const MAX_DEPTH: usize = 40;

const BOOLEAN: u8 = 1;
const INTEGER: u8 = 2;
const BIT_STRING: u8 = 3;
const NULL: u8 = 5;
const OBJECT_IDENTIFIER: u8 = 6;
const EXTERNAL: u8 = 8;
const ENUMERATED: u8 = 10;
const EMBEDDED_PDV: u8 = 11;
const RELATIVE_OID: u8 = 13;
const SEQUENCE: u8 = 16;
const SET: u8 = 17;
const CHARACTER_STRING: u8 = 29;

/// Checks that `der` is exactly one value.
///
/// # Errors
/// The first broken rule.
pub(crate) fn check(der: &[u8]) -> Result<(), DerError> {
    match value(der, 0, 0)? {
        end if end == der.len() => Ok(()),
        end => Err(DerError { at: end, fault: DerFault::TrailingBytes(der.len() - end) }),
    }
}

/// Checks the value that begins at `at`; returns its end.
fn value(der: &[u8], at: usize, depth: usize) -> Result<usize, DerError> {
    let broken = |at, fault| Err(DerError { at, fault });
    if depth > MAX_DEPTH {
        return broken(at, DerFault::Depth);
    }
    let Some(first) = der.get(at).copied() else {
        return broken(at, DerFault::CutOff);
    };
    let after_tag = tag_end(der, at)?;
    let (length, from) = length(der, after_tag)?;
    let Some(content) = from.checked_add(length).and_then(|end| der.get(from..end)) else {
        return broken(at, DerFault::CutOff);
    };
    let is_constructed = first & 0x20 != 0;
    let universal = (first & 0xc0 == 0).then_some(first & 0x1f);
    if let Some(number) = universal {
        let is_list = matches!(number, EXTERNAL | EMBEDDED_PDV | SEQUENCE | SET | CHARACTER_STRING);
        // Tag 0 ends the indefinite lengths of BER.
        if is_list != is_constructed || number == 0 {
            return broken(at, DerFault::Form);
        }
        if !is_constructed && let Some(fault) = primitive(number, content) {
            return broken(at, fault);
        }
    }
    let end = from + length;
    if is_constructed {
        let inside = der.get(..end).unwrap_or_default();
        let mut next = from;
        while next < end {
            next = value(inside, next, depth + 1)?;
        }
    }
    Ok(end)
}

/// Returns the end of the tag at `at` (X.690 section 8.1.2).
fn tag_end(der: &[u8], at: usize) -> Result<usize, DerError> {
    let broken = |fault| Err(DerError { at, fault });
    if der.get(at).is_some_and(|first| first & 0x1f != 0x1f) {
        return Ok(at + 1);
    }
    let more: Vec<u8> = der.iter().skip(at + 1).copied().take(5).collect();
    let Some(last) = more.iter().position(|octet| octet & 0x80 == 0) else {
        return broken(DerFault::Tag);
    };
    // The number has no leading zeros, and needs more than five bits.
    if more.first() == Some(&0x80) || (last == 0 && more[0] < 31) {
        return broken(DerFault::Tag);
    }
    Ok(at + 2 + last)
}

/// Reads the length at `at`; returns it and its end (X.690 section 10.1).
fn length(der: &[u8], at: usize) -> Result<(usize, usize), DerError> {
    let broken = |fault| Err(DerError { at, fault });
    let Some(first) = der.get(at).copied() else {
        return broken(DerFault::CutOff);
    };
    if first < 0x80 {
        return Ok((usize::from(first), at + 1));
    }
    let octets = usize::from(first & 0x7f);
    let Some(digits) = der.get(at + 1..at + 1 + octets) else {
        return broken(DerFault::CutOff);
    };
    let is_shortest = match digits {
        [] | [0, ..] => false,
        [one] => *one >= 0x80,
        _ => true,
    };
    if !is_shortest {
        return broken(DerFault::Length);
    }
    if octets > 4 {
        return broken(DerFault::CutOff);
    }
    Ok((digits.iter().fold(0, |all, digit| all << 8 | usize::from(*digit)), at + 1 + octets))
}

/// The rule that the content of a primitive universal type breaks.
fn primitive(number: u8, content: &[u8]) -> Option<DerFault> {
    match (number, content) {
        (BOOLEAN, [0 | 0xff]) => None,
        (BOOLEAN, _) => Some(DerFault::Boolean),
        (INTEGER | ENUMERATED, [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..]) => Some(DerFault::Integer),
        (BIT_STRING, [0]) => None,
        (BIT_STRING, [unused @ 0..=7, .., last]) if last.trailing_zeros() >= u32::from(*unused) => None,
        (BIT_STRING, _) => Some(DerFault::Bits),
        (NULL, [_, ..]) => Some(DerFault::Null),
        (OBJECT_IDENTIFIER | RELATIVE_OID, _) => {
            let ends = content.last().is_some_and(|last| last & 0x80 == 0);
            // X.690 section 8.19.2: no arc begins with the octet 80.
            let starts = std::iter::once(&0).chain(content);
            let padded = starts.zip(content).any(|(before, octet)| before & 0x80 == 0 && *octet == 0x80);
            (!ends || padded).then_some(DerFault::Identifier)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{CsrMaker, TestKey, oid, sequence, tlv};

    fn fault(der: &[u8]) -> Option<DerFault> {
        check(der).err().map(|error| error.fault)
    }

    #[test]
    fn each_rule_has_its_fault() {
        for (der, found) in [
            (&[][..], Some(DerFault::CutOff)),
            (&[0x30], Some(DerFault::CutOff)),
            (&[0x30, 3, 5, 0], Some(DerFault::CutOff)),
            (&[5, 0, 0, 0], Some(DerFault::TrailingBytes(2))),
            (&[0x30, 0x80, 5, 0, 0, 0], Some(DerFault::Length)),
            (&[0x30, 0x81, 2, 5, 0], Some(DerFault::Length)),
            (&[0x30, 0x82, 0, 2, 5, 0], Some(DerFault::Length)),
            (&[0x24, 2, 4, 0], Some(DerFault::Form)),
            (&[0x10, 0], Some(DerFault::Form)),
            (&[0, 0], Some(DerFault::Form)),
            (&[0x1f, 0x80, 0x40, 0], Some(DerFault::Tag)),
            (&[0x9f, 0x1e, 0], Some(DerFault::Tag)),
            (&[0x9f, 0x1f, 0], None),
            (&[1, 1, 1], Some(DerFault::Boolean)),
            (&[1, 1, 0xff], None),
            (&[2, 0], Some(DerFault::Integer)),
            (&[2, 2, 0, 0x7f], Some(DerFault::Integer)),
            (&[2, 2, 0xff, 0xff], Some(DerFault::Integer)),
            (&[2, 2, 0, 0x80], None),
            (&[3, 0], Some(DerFault::Bits)),
            (&[3, 1, 1], Some(DerFault::Bits)),
            (&[3, 2, 8, 0], Some(DerFault::Bits)),
            (&[3, 2, 1, 1], Some(DerFault::Bits)),
            (&[3, 2, 1, 2], None),
            (&[5, 1, 0], Some(DerFault::Null)),
            (&[6, 0], Some(DerFault::Identifier)),
            (&[6, 2, 0x80, 1], Some(DerFault::Identifier)),
            (&[6, 2, 0x2a, 0x80], Some(DerFault::Identifier)),
            (&[6, 3, 0x2a, 0x86, 0x48], None),
        ] {
            assert_eq!(fault(der), found, "{}", hex::encode(der));
            // The same inside of a list, where the fault is of a value inside.
            if !matches!(found, Some(DerFault::TrailingBytes(_)) | Some(DerFault::CutOff)) {
                assert_eq!(fault(&tlv(0x30, der)), found, "in a list: {}", hex::encode(der));
            }
        }
        let deep = (0..100).fold(vec![5, 0], |inner, _| tlv(0x30, &inner));
        assert_eq!(fault(&deep), Some(DerFault::Depth));
    }

    #[test]
    fn the_place_of_a_fault_is_told() {
        let der = sequence(&[oid("1.2.3"), tlv(5, b"covert")]);
        assert_eq!(check(&der), Err(DerError { at: 6, fault: DerFault::Null }));
    }

    /// Universal types that the library `der` does not know, such as GraphicString and UniversalString.
    fn is_unknown_to_the_library(first: u8) -> bool {
        first & 0xc0 == 0 && matches!(first & 0x1f, 7 | 8 | 11 | 14 | 15 | 25 | 28 | 29)
    }

    #[test]
    fn the_library_reads_each_tag_that_it_knows() {
        use ::der::Decode as _;
        use ::der::asn1::AnyRef;
        for first in (0..=u8::MAX).filter(|first| first & 0x1f != 0x1f) {
            let value = [first, 1, 0];
            let is_known = check(&value).is_ok() && !is_unknown_to_the_library(first);
            assert!(!is_known || AnyRef::from_der(&value).is_ok(), "{first:#x}");
        }
    }

    proptest! {
        /// Compares with the library `der` on structures that both read: what it refuses by its lengths is refused here.
        #[test]
        fn what_passes_is_read_by_the_library_and_written_the_same(
            cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 0..3),
        ) {
            use ::der::{Decode as _, Encode as _};
            use ::der::asn1::AnyRef;
            static DER: std::sync::LazyLock<Vec<u8>> =
                std::sync::LazyLock::new(|| CsrMaker::new(TestKey::EcP256).names(&["a.example.com"]).der());
            let mut der = DER.clone();
            for (at, octet, how) in cuts {
                let at = at.index(der.len());
                match how {
                    0 => der[at] = octet,
                    1 => der.insert(at, octet),
                    _ => drop(der.remove(at)),
                }
            }
            if check(&der).is_ok() {
                match AnyRef::from_der(&der) {
                    Ok(read) => prop_assert_eq!(read.to_der().unwrap(), der),
                    Err(error) => prop_assert!(is_unknown_to_the_library(der[0]), "{error}"),
                }
            }
        }
    }
}
