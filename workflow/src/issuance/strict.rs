//! Whether bytes are the one DER encoding of a TBSCertificate (X.690 section 10, RFC 5280 section 4.1), read by another
//! implementation than the linter's.
//!
//! Invariant: what passes here would be written again, octet for octet, by the types of `x509_cert`. Values inside of
//! extensions are the linter's affair.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, SetOfRef};
use der::{Decode, Sequence, ValueOrd};
use x509_cert::certificate::Version;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use x509_cert::time::Validity;

/// The types of `x509_cert`, but pointing into the bytes, so that the order of a SET is judged as it stands, and telling a
/// default that is written from one that is left out.
#[derive(Sequence)]
struct Tbs<'a> {
    #[asn1(context_specific = "0", optional = "true")]
    version: Option<Version>,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierRef<'a>,
    issuer: Vec<SetOfRef<'a, Attribute<'a>>>,
    validity: Validity,
    subject: Vec<SetOfRef<'a, Attribute<'a>>>,
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
    critical: Option<bool>,
    value: &'a OctetStringRef,
}

/// Whether it is so.
pub(super) fn is_der(bytes: &[u8]) -> bool {
    // The decoder takes nothing but DER, except for a DEFAULT that is written out (X.690 section 11.5).
    Tbs::from_der(bytes).is_ok_and(|tbs| {
        tbs.version != Some(Version::V1)
            && tbs.extensions.iter().flatten().all(|extension| extension.critical != Some(false))
    })
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use der::Encode;
    use proptest::prelude::*;
    use x509_cert::name::RdnSequence;

    use super::*;
    use crate::testing::pki::{self, TestKey};

    /// By the types that copy: read, and written again.
    fn passes_x509_cert(bytes: &[u8]) -> bool {
        x509_cert::TbsCertificate::from_der(bytes)
            .and_then(|tbs| tbs.to_der())
            .is_ok_and(|again| again == bytes)
    }

    /// With everything that can be written in two ways: defaults, a SET of several, unused bits.
    fn tbs() -> Vec<u8> {
        static TBS: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let pem = pki::root_with(TestKey::EcP256).certificate_pem;
            let certificate = crate::issuance::Certificate::from_pem(&pem).unwrap();
            let certificate = x509_cert::Certificate::from_der(certificate.der()).unwrap();
            let plain = certificate.tbs_certificate().to_der().unwrap();
            let subject = RdnSequence::from_str("CN=a+O=b+OU=c,C=DE").unwrap().to_der().unwrap();
            let tbs = Tbs {
                subject: Vec::from_der(&subject).unwrap(),
                issuer_unique_id: Some(BitStringRef::new(4, &[0x50]).unwrap()),
                ..Tbs::from_der(&plain).unwrap()
            };
            tbs.to_der().unwrap()
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
            let flips = (0..8).map(|bit| tbs[at] ^ (1 << bit));
            let telling = [0, 1, 2, 3, 4, 5, 0x17, 0x30, 0x31, 0x7f, 0x80, 0x81, 0xa0, 0xa3, 0xff];
            for octet in telling.into_iter().chain(flips) {
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
