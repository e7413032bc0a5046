//! The kind of a DER structure by its first tags: enough to recognise a private key that is cut off, mislabelled or
//! encrypted.

use crate::error::OtherText;

/// A kind of DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DerKind {
    /// PKCS#10 (RFC 2986 section 4.2).
    Request,
    /// X.509 (RFC 5280 section 4.1).
    Certificate,
    /// PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 appendix A.1.2), SEC 1 (RFC 5915), DSA, encrypted PKCS#8, or PKCS#12.
    PrivateKey,
    /// SubjectPublicKeyInfo or RSAPublicKey.
    PublicKey,
    /// Something else that is known.
    Other(OtherText),
    /// None of these.
    Unknown,
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;
/// GeneralName: directoryName.
const DIRECTORY_NAME: u8 = 0xa4;

/// Reads the first tags only. Lengths may point past the end: a cut-off key is a key.
pub(super) fn of(der: &[u8]) -> DerKind {
    let Some((SEQUENCE, outer, _)) = element(der) else {
        return DerKind::Unknown;
    };
    match element(outer) {
        Some((INTEGER, [0 | 1], rest)) => match rest.first() {
            Some(&(SEQUENCE | INTEGER | OCTET_STRING)) => DerKind::PrivateKey,
            _ => DerKind::Unknown,
        },
        // PKCS#12 (RFC 7292 section 4): version 3 and a ContentInfo.
        Some((INTEGER, [3], rest)) if rest.first() == Some(&SEQUENCE) => DerKind::PrivateKey,
        // RSAPublicKey: a modulus and an exponent.
        // A signature of ECDSA has two long numbers.
        Some((INTEGER, modulus, rest)) if modulus.len() > 32 => match element(rest) {
            Some((INTEGER, exponent, _)) if exponent.len() <= 8 => DerKind::PublicKey,
            _ => DerKind::Unknown,
        },
        // ContentInfo (RFC 5652 section 3).
        Some((OBJECT_IDENTIFIER, _, content)) => DerKind::Other(match is_cmc(content) {
            true => OtherText::Cmc,
            false => OtherText::Pkcs7,
        }),
        Some((SEQUENCE, inner, rest)) => of_signed(inner, rest),
        _ => DerKind::Unknown,
    }
}

/// The octets of the value at the beginning, by its own length (X.690 section 8.1.3). `None` if it is longer than a
/// request can be.
pub(super) fn whole_length(der: &[u8]) -> Option<usize> {
    match der {
        [_, length @ 0..=0x7f, ..] => Some(2 + usize::from(*length)),
        [_, 0x81, length, ..] => Some(3 + usize::from(*length)),
        [_, 0x82, high, low, ..] => Some(4 + usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
}

/// True if the octets are one value by its own length; its inside may be damaged.
pub(super) fn is_whole(der: &[u8]) -> bool {
    whole_length(der) == Some(der.len())
}

/// True for the content id-cct-PKIData (RFC 5272 section 6.1) of SignedData.
fn is_cmc(content: &[u8]) -> bool {
    /// Behind the lengths, the version and the digests.
    const FIRST_OCTETS: usize = 100;
    const PKI_DATA: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 12, 2];
    content[..content.len().min(FIRST_OCTETS)].windows(PKI_DATA.len()).any(|octets| octets == PKI_DATA)
}

/// The kind of a SEQUENCE that begins with a SEQUENCE: a signed structure, or a key with its algorithm.
fn of_signed(inner: &[u8], rest: &[u8]) -> DerKind {
    match element(inner) {
        Some((OBJECT_IDENTIFIER, _, _)) => match rest.first() {
            Some(&OCTET_STRING) => DerKind::PrivateKey,
            Some(&BIT_STRING) => DerKind::PublicKey,
            _ => DerKind::Unknown,
        },
        Some((CONTEXT_0, _, _)) => DerKind::Certificate,
        // A request has version and subject; a certificate of version 1 serial and algorithm; a CRL version,
        // algorithm, issuer and a time.
        Some((INTEGER, _, after)) => {
            // PKIHeader (RFC 9810 section 5.1.1) goes on with a GeneralName.
            if after.first() == Some(&DIRECTORY_NAME) {
                return DerKind::Other(OtherText::Crmf);
            }
            let third =
                element(after).and_then(|(tag, value, rest)| (tag == SEQUENCE).then_some((value, rest)));
            match third {
                Some((algorithm, next)) if algorithm.first() == Some(&OBJECT_IDENTIFIER) => {
                    match element(next).and_then(|(_, _, rest)| rest.first().copied()) {
                        Some(UTC_TIME | GENERALIZED_TIME) => DerKind::Other(OtherText::Crl),
                        _ => DerKind::Certificate,
                    }
                }
                _ => DerKind::Request,
            }
        }
        Some((SEQUENCE, value, _)) => match value.first() {
            // CertReqMessages (RFC 4211 section 3): the number of the first request.
            Some(&INTEGER) => DerKind::Other(OtherText::Crmf),
            // SignedPublicKeyAndChallenge: the algorithm of the key.
            Some(&SEQUENCE) => DerKind::Other(OtherText::Spkac),
            // A CRL of version 1: the algorithm of the signature.
            _ => DerKind::Other(OtherText::Crl),
        },
        _ => DerKind::Unknown,
    }
}

/// Splits off one element: its tag, its value (cut at the end of the input), and the rest.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // X.690 section 8.1.3.6: the indefinite length of BER; old tools write it in PKCS#7 and PKCS#12.
        0x80 => (usize::MAX, rest),
        _ => {
            let octets = usize::from(first & 0x7f);
            if octets > 4 || octets > rest.len() {
                return None;
            }
            let (length, rest) = rest.split_at(octets);
            (length.iter().fold(0, |all, b| (all << 8) | usize::from(*b)), rest)
        }
    };
    let (value, after) = rest.split_at(length.min(rest.len()));
    Some((tag, value, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tags_tell_what_it_is() {
        // PKCS#8: version, algorithm, octets.
        assert_eq!(of(&[0x30, 0x0b, 2, 1, 0, 0x30, 2, 6, 0, 4, 2, 0, 0]), DerKind::PrivateKey);
        // PKCS#1: version and integers; SEC 1: version and octets; both cut off.
        assert_eq!(of(&[0x30, 0x82, 4, 0xa4, 2, 1, 0, 2, 0x82, 1, 1]), DerKind::PrivateKey);
        assert_eq!(of(&[0x30, 0x77, 2, 1, 1, 4, 0x20, 7]), DerKind::PrivateKey);
        // Encrypted PKCS#8, and a bundle.
        assert_eq!(of(&[0x30, 0x08, 0x30, 2, 6, 0, 4, 2, 0, 0]), DerKind::PrivateKey);
        assert_eq!(of(&[0x30, 0x82, 9, 0, 2, 1, 3, 0x30, 0x82]), DerKind::PrivateKey);
        // A public key.
        assert_eq!(of(&[0x30, 0x08, 0x30, 2, 6, 0, 3, 2, 0, 0]), DerKind::PublicKey);
        // A request: version, subject. A certificate: explicit version.
        assert_eq!(of(&[0x30, 0x07, 0x30, 5, 2, 1, 0, 0x30, 0]), DerKind::Request);
        assert_eq!(of(&[0x30, 0x07, 0x30, 5, 0xa0, 3, 2, 1, 2]), DerKind::Certificate);
        // A CRL: version, algorithm, issuer, time; and one of version 1.
        let crl = [0x30, 0x13, 0x30, 0x11, 2, 1, 1, 0x30, 3, 6, 1, 42, 0x30, 0, 23, 5, 1, 2, 3, 4, 5];
        assert_eq!(of(&crl), DerKind::Other(OtherText::Crl));
        assert_eq!(of(&[0x30, 7, 0x30, 5, 0x30, 3, 6, 1, 42]), DerKind::Other(OtherText::Crl));
        // SPKAC: a key and a challenge. CRMF: a list of numbered requests. CMP: version and sender.
        assert_eq!(of(&[0x30, 8, 0x30, 6, 0x30, 4, 0x30, 2, 6, 0]), DerKind::Other(OtherText::Spkac));
        assert_eq!(of(&[0x30, 7, 0x30, 5, 0x30, 3, 2, 1, 0]), DerKind::Other(OtherText::Crmf));
        assert_eq!(of(&[0x30, 7, 0x30, 5, 2, 1, 2, 0xa4, 0]), DerKind::Other(OtherText::Crmf));
        // PKCS#7, and a request of CMC in it.
        let signed = |content: &[u8]| [&[0x30, 13, 6, 1, 42, 0xa0, 8][..], content].concat();
        assert_eq!(of(&signed(&[0x30, 0])), DerKind::Other(OtherText::Pkcs7));
        assert_eq!(of(&signed(&[0x2b, 6, 1, 5, 5, 7, 12, 2])), DerKind::Other(OtherText::Cmc));
        assert_eq!(of(b""), DerKind::Unknown);
        assert_eq!(of(b"hello"), DerKind::Unknown);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_have_a_shape(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = of(&bytes);
        }
    }
}
