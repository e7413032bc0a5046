//! Reading and refusing requests. `workflow/tests/findings` has more cases, with the texts of the findings.

use proptest::prelude::*;

use super::*;
use crate::testing::{CsrMaker, TestKey, csrs_with_non_canonical_keys, oid, sequence, tlv};

#[test]
fn a_key_that_is_not_in_its_one_der_form_is_refused() {
    for (what, maker) in csrs_with_non_canonical_keys() {
        let errors = Csr::read(&maker.pem()).expect_err(what);
        assert!(
            matches!(
                errors[0],
                CsrError::Key(KeyError::NotDer | KeyError::Malformed | KeyError::RsaParameters)
                    | CsrError::Structure(_)
            ),
            "{what}: {errors:?}"
        );
    }
    for kind in [TestKey::Rsa2048, TestKey::EcP256, TestKey::EcP384, TestKey::EcP521, TestKey::Ed25519] {
        let maker = CsrMaker::new(kind).names(&["www.example.com"]);
        let csr = Csr::read(&maker.pem()).unwrap();
        assert_eq!(csr.key().spki_der(), maker.key().spki());
        let octets = csr.key().spki_der().len();
        // A key that differs in one octet is another key or malformed.
        for at in 0..octets {
            let mut spki = csr.key().spki_der().to_vec();
            spki[at] ^= 1;
            if let Ok(key) = PublicKey::from_spki(&spki) {
                assert_ne!(key.digest(), csr.key().digest(), "octet {at}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_strict_is_written_again_the_same(
        kept in 0_usize..60,
        tail in proptest::collection::vec(any::<u8>(), 0..12),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 0..3),
    ) {
        use ::der::Encode;
        // Small, so that changes often hit a tag or a length.
        let algorithm = sequence(&[oid("1.2.840.10045.4.3.2"), tlv(5, &[])]);
        let mut der = sequence(&[sequence(&[tail]), algorithm, tlv(3, &vec![0; kept + 1])]);
        for (at, octet, how) in cuts {
            let at = at.index(der.len());
            match how {
                0 => der[at] = octet,
                1 => der.insert(at, octet),
                _ => drop(der.remove(at)),
            }
        }
        if is_strict(&der) {
            prop_assert_eq!(Outer::from_der(&der).unwrap().to_der().unwrap(), der);
        }
    }
}
