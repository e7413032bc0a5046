//! Whether bytes are the one DER encoding of a TBSCertificate (X.690 section 10, RFC 5280 section 4.1): a second reader must
//! write the same bytes again.
//!
//! Invariant: what passes here also passes the types of `x509_cert`, field by field; these are the same, but point into
//! the bytes instead of copying them. Values inside of extensions are the linter's affair.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, SetOfVec};
use der::{Decode, Encode, Sequence, ValueOrd};
use x509_cert::certificate::Version;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use x509_cert::time::Validity;

#[derive(Sequence)]
struct Tbs<'a> {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierRef<'a>,
    issuer: Vec<SetOfVec<Attribute<'a>>>,
    validity: Validity,
    subject: Vec<SetOfVec<Attribute<'a>>>,
    subject_public_key_info: SubjectPublicKeyInfoRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    issuer_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    subject_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension<'a>>>,
}

#[derive(Clone, Sequence, ValueOrd)]
struct Attribute<'a> {
    kind: ObjectIdentifier,
    value: AnyRef<'a>,
}

#[derive(Sequence)]
struct Extension<'a> {
    id: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    critical: bool,
    value: &'a OctetStringRef,
}

/// Whether it is so.
pub(super) fn is_der(bytes: &[u8]) -> bool {
    Tbs::from_der(bytes).and_then(|tbs| tbs.to_der()).is_ok_and(|again| again == bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::pki::{self, TestKey};

    /// By the types that copy.
    fn passes_x509_cert(bytes: &[u8]) -> bool {
        x509_cert::TbsCertificate::from_der(bytes)
            .and_then(|tbs| tbs.to_der())
            .is_ok_and(|again| again == bytes)
    }

    fn tbs() -> Vec<u8> {
        static TBS: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let pem = pki::root_with(TestKey::EcP256).certificate_pem;
            let certificate = crate::issuance::Certificate::from_pem(&pem).unwrap();
            x509_cert::Certificate::from_der(certificate.der()).unwrap().tbs_certificate().to_der().unwrap()
        });
        TBS.clone()
    }

    #[test]
    fn a_certificate_passes_and_is_not_passed_cut_off_or_with_more() {
        let tbs = tbs();
        assert!(is_der(&tbs) && passes_x509_cert(&tbs));
        assert!(!is_der(&tbs[..tbs.len() - 1]));
        assert!(!is_der(&[tbs, vec![0]].concat()));
    }

    #[test]
    fn both_judge_every_change_of_one_octet_alike() {
        let tbs = tbs();
        let mut passed = 0;
        for at in 0..tbs.len() {
            for octet in [0, 1, 2, 3, 4, 5, 0x17, 0x30, 0x31, 0x7f, 0x80, 0x81, 0xa0, 0xa3, 0xff] {
                let mut changed = tbs.clone();
                changed[at] = octet;
                assert_eq!(is_der(&changed), passes_x509_cert(&changed), "octet {at} is {octet:#04x}");
                passed += usize::from(is_der(&changed));
            }
        }
        assert!(passed > tbs.len(), "only {passed} passed");
    }

    proptest! {
        #[test]
        fn both_judge_any_bytes_alike(cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0usize..3), 1..4)) {
            let mut changed = tbs();
            for (at, octet, how) in cuts {
                let at = at.index(changed.len());
                match how {
                    0 => changed[at] = octet,
                    1 => changed.insert(at, octet),
                    _ => drop(changed.remove(at)),
                }
            }
            prop_assert_eq!(is_der(&changed), passes_x509_cert(&changed));
        }
    }
}
