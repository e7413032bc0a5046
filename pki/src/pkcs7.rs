//! Certificates in a PKCS#7 file (RFC 5652 section 5.1), as Windows and openssl export chains.
//!
//! Invariant: only the certificates are read; their order means nothing. Signatures and contents are ignored.

use der::asn1::ObjectIdentifier;
use der::{AnyRef, Decode as _, Reader as _, SliceReader, Tag, Tagged as _};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// Tag of `[0]`, constructed.
const CONTEXT_0: u8 = 0xa0;

/// The file is PKCS#7, and cannot be read as DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the PKCS#7 file is not DER")]
pub struct Pkcs7Error;

/// True if the octets begin like a PKCS#7 file with certificates.
#[must_use]
pub fn is_pkcs7(der: &[u8]) -> bool {
    // The type comes first, at a place that depends on how the length is written.
    let oid: &[u8] = SIGNED_DATA.as_bytes();
    der.first() == Some(&0x30)
        && (2..=6).any(|at| der.get(at) == Some(&6) && der[at..].get(2..2 + oid.len()) == Some(oid))
}

/// The certificates of a PKCS#7 file, as DER.
///
/// # Errors
/// [`Pkcs7Error`] if the file is not DER, or not SignedData.
pub fn pkcs7_certificates(der: &[u8]) -> Result<Vec<Vec<u8>>, Pkcs7Error> {
    read(der).map_err(|_| Pkcs7Error)
}

fn read(der: &[u8]) -> der::Result<Vec<Vec<u8>>> {
    // ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT }
    let mut info = SliceReader::new(sequence(der)?)?;
    if ObjectIdentifier::decode(&mut info)? != SIGNED_DATA {
        return Err(Tag::ObjectIdentifier.value_error().into());
    }
    // SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo, certificates [0] IMPLICIT OPTIONAL, ... }
    let mut data = SliceReader::new(sequence(AnyRef::decode(&mut info)?.value())?)?;
    for _ in ["version", "digestAlgorithms", "encapContentInfo"] {
        AnyRef::decode(&mut data)?;
    }
    let mut all = Vec::new();
    while !data.is_finished() {
        let field = data.tlv_bytes()?;
        if field.first() != Some(&CONTEXT_0) {
            continue;
        }
        let mut certificates = SliceReader::new(AnyRef::from_der(field)?.value())?;
        while !certificates.is_finished() {
            let one = certificates.tlv_bytes()?;
            // CertificateChoices: other kinds have a tag of their own.
            if one.first() == Some(&0x30) {
                all.push(one.to_vec());
            }
        }
    }
    Ok(all)
}

/// The content of a SEQUENCE that fills the octets.
fn sequence(der: &[u8]) -> der::Result<&[u8]> {
    let any = AnyRef::from_der(der)?;
    any.tag().assert_eq(Tag::Sequence)?;
    Ok(any.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CaMaker, TestKey, oid, pkcs7};

    #[test]
    fn the_certificates_are_read_in_their_order() {
        let all = ["Root", "Issuing"].map(|name| CaMaker::new(TestKey::EcP256).named(name).root_der());
        let file = pkcs7(&all);
        assert!(is_pkcs7(&file));
        assert_eq!(pkcs7_certificates(&file).unwrap(), all);
        assert!(!is_pkcs7(&all[0]));
        assert_eq!(pkcs7_certificates(&all[0]), Err(Pkcs7Error));
    }

    #[test]
    fn damage_is_an_error_and_no_panic() {
        let file = pkcs7(&[CaMaker::new(TestKey::EcP256).root_der()]);
        for length in 0..file.len() {
            assert!(pkcs7_certificates(&file[..length]).is_err(), "{length}");
        }
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 0x81;
            let _ = pkcs7_certificates(&damaged);
        }
        // BER of indefinite length.
        let mut indefinite = vec![0x30, 0x80];
        indefinite.extend(oid("1.2.840.113549.1.7.2"));
        assert!(is_pkcs7(&indefinite));
        assert_eq!(pkcs7_certificates(&indefinite), Err(Pkcs7Error));
    }
}
