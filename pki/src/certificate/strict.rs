//! Check for the one DER encoding of a TBSCertificate (X.690 section 10, RFC 5280 section 4.1), by a second
//! implementation besides the linter's.

use der::{Decode as _, Encode as _};
use x509_cert::TbsCertificate;

/// True if `x509_cert` reads `bytes` and writes the same octets. The linter checks the values inside extensions.
pub(super) fn is_der(bytes: &[u8]) -> bool {
    TbsCertificate::from_der(bytes).and_then(|tbs| tbs.to_der()).is_ok_and(|written| written == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, TestKey, sequence, tlv};

    /// The TBSCertificate of a test CA.
    fn tbs() -> Vec<u8> {
        let certificate =
            crate::certificate::Certificate::from_pem(&testing::root_with(TestKey::EcP256).certificate_pem);
        let der = certificate.unwrap().der().to_vec();
        let certificate = x509_cert::Certificate::from_der(&der).unwrap();
        certificate.tbs_certificate().to_der().unwrap()
    }

    #[test]
    fn only_the_one_encoding_passes() {
        let der = tbs();
        assert!(is_der(&der));
        assert!(!is_der(&[]));
        assert!(!is_der(&der[..der.len() - 1]));
        assert!(!is_der(&[&der[..], &[0]].concat()));
        // The same SEQUENCE with a length in more octets than it needs.
        let header = der.len() - content(&der).len();
        let long = [&[0x30, 0x83, 0][..], &der[header - 2..]].concat();
        assert!(!is_der(&long));
    }

    #[test]
    fn the_library_never_writes_a_default() {
        // Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }: the library reads an explicit FALSE.
        let der = tbs();
        let identifier = [&testing::oid("2.5.29.14")[..], &[0x04]].concat();
        let at = der.windows(identifier.len()).position(|window| window == identifier).unwrap();
        let value = &der[at + identifier.len() - 1..][..2 + usize::from(der[at + identifier.len()])];
        let with_default = sequence(&[testing::oid("2.5.29.14"), tlv(1, &[0]), value.to_vec()]);
        let without = sequence(&[testing::oid("2.5.29.14"), value.to_vec()]);
        assert!(x509_cert::ext::Extension::from_der(&without).is_ok());
        let read = x509_cert::ext::Extension::from_der(&with_default);
        assert!(read.is_err() || read.unwrap().to_der().unwrap() != with_default);
    }

    /// The content of a SEQUENCE with a length in two octets.
    fn content(der: &[u8]) -> &[u8] {
        &der[4..]
    }

    #[test]
    fn no_changed_octet_is_written_otherwise() {
        let der = tbs();
        let mut passed = 0;
        for at in 0..der.len() {
            for bit in 0..8 {
                let mut changed = der.clone();
                changed[at] ^= 1 << bit;
                if is_der(&changed) {
                    let read = TbsCertificate::from_der(&changed).unwrap();
                    assert_eq!(read.to_der().unwrap(), changed, "octet {at}, bit {bit}");
                    passed += 1;
                }
            }
        }
        // Serial, dates, key and text may have other values; lengths, tags and order may not.
        assert!(passed > 500, "{passed}");
        assert!(passed < der.len() * 8 * 9 / 10, "{passed}");
    }
}
