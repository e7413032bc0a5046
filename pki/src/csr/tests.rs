//! Reading and refusing requests. `workflow/tests/findings` has more cases, with the texts of the findings.

use super::*;
use crate::error::DnsError;
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

const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
const MICROSOFT_EXTENSIONS: &str = "1.3.6.1.4.1.311.2.1.14";
const CHALLENGE_PASSWORD: &str = "1.2.840.113549.1.9.7";
const SUBJECT_ALT_NAME: &str = "2.5.29.17";

fn read(maker: &CsrMaker) -> Result<Csr, Vec<CsrError>> {
    Csr::from_der(maker.der())
}

fn maker() -> CsrMaker {
    CsrMaker::new(TestKey::EcP256).names(&["www.example.com"])
}

/// A subjectAltName as the value of an extension request.
fn names(value: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid(SUBJECT_ALT_NAME), tlv(4, value)])])
}

#[test]
fn every_attribute_and_extension_comes_once_and_is_der_to_its_last_octet() {
    let san = sequence(&[tlv(0x82, b"a.example.com")]);
    let request = names(&san);
    let without_names = || CsrMaker::new(TestKey::EcP256);
    let twice = |name: &str| ExtensionError::AttributeTwice(name.to_owned());
    let values =
        |attribute: &str, count| ExtensionError::AttributeValues { attribute: attribute.to_owned(), count };
    let not_der = |what: &str, at, fault| ExtensionError::NotDer {
        what: what.to_owned(),
        error: DerError { at, fault },
    };
    let trailing = |what: &str, value: &[u8]| not_der(what, value.len(), DerFault::TrailingBytes(2));
    let more = |value: &[u8]| [value, &[5, 0]].concat();
    let unreadable = |name: &str| ExtensionError::UnreadableExtension(name.to_owned());
    let password = tlv(12, b"secret");
    let usage = tlv(3, &[5, 0xa0]);
    let constraints = sequence(&[tlv(1, &[0xff])]);
    let purposes = sequence(&[oid("1.3.6.1.5.5.7.3.1")]);
    let other = sequence(&[oid("1.2.3")]);
    let refused = [
        (maker().attribute(EXTENSION_REQUEST, &request), twice("extensionRequest")),
        (maker().attribute(MICROSOFT_EXTENSIONS, &request), twice("extensionRequest")),
        (
            without_names()
                .attribute(MICROSOFT_EXTENSIONS, &request)
                .attribute(MICROSOFT_EXTENSIONS, &request),
            twice("extensionRequest"),
        ),
        (
            maker().attribute(CHALLENGE_PASSWORD, &password).attribute(CHALLENGE_PASSWORD, &password),
            twice("challengePassword"),
        ),
        (maker().attribute("1.2.3.4", &[5, 0]).attribute("1.2.3.4", &[5, 0]), twice("1.2.3.4")),
        (
            without_names().attribute(EXTENSION_REQUEST, &[request.clone(), request.clone()].concat()),
            values("extensionRequest", 2),
        ),
        (maker().attribute(CHALLENGE_PASSWORD, &password.repeat(2)), values("challengePassword", 2)),
        (maker().attribute(CHALLENGE_PASSWORD, &[]), values("challengePassword", 0)),
        (maker().attribute("1.2.3.4", &[]), values("1.2.3.4", 0)),
        (without_names().attribute(EXTENSION_REQUEST, &tlv(0x31, &request[2..])), ExtensionError::Unreadable),
        (without_names().attribute(EXTENSION_REQUEST, &[0x30, 0]), ExtensionError::Unreadable),
        (
            without_names().attribute(
                EXTENSION_REQUEST,
                &sequence(&[sequence(&[oid(SUBJECT_ALT_NAME), tlv(4, &san), tlv(5, &[])])]),
            ),
            ExtensionError::Unreadable,
        ),
        (
            maker().extension(SUBJECT_ALT_NAME, false, &san),
            ExtensionError::Twice("subjectAltName".to_owned()),
        ),
        (without_names().extension(SUBJECT_ALT_NAME, false, &more(&san)), trailing("subjectAltName", &san)),
        (maker().extension("2.5.29.15", true, &more(&usage)), trailing("keyUsage", &usage)),
        (
            maker().extension("2.5.29.19", true, &more(&constraints)),
            trailing("basicConstraints", &constraints),
        ),
        (maker().extension("2.5.29.37", true, &more(&purposes)), trailing("extendedKeyUsage", &purposes)),
        (maker().extension("2.5.29.32", false, &more(&other)), trailing("certificatePolicies", &other)),
        (maker().extension("1.2.3.6", true, &more(&other)), trailing("1.2.3.6", &other)),
        (maker().extension("1.2.3.6", true, b"free text"), not_der("1.2.3.6", 0, DerFault::CutOff)),
        (maker().extension("1.2.3.6", true, &[]), not_der("1.2.3.6", 0, DerFault::CutOff)),
        (
            maker().extension("2.5.29.19", true, &sequence(&[tlv(1, &[0xff]), tlv(2, &[0]), tlv(5, &[])])),
            unreadable("basicConstraints"),
        ),
        (maker().extension("2.5.29.15", true, &tlv(3, &[5, 0xa1])), not_der("keyUsage", 0, DerFault::Bits)),
    ];
    let count = refused.len();
    for (number, (maker, error)) in refused.into_iter().enumerate() {
        assert_eq!(read(&maker), Err(vec![error.into()]), "case {number} of {count}");
    }
    // A name in parts is a name with other characters to one library and unreadable to the other.
    let parts = sequence(&[tlv(0xa2, &tlv(0x16, b"a.example.com"))]);
    assert!(read(&without_names().extension(SUBJECT_ALT_NAME, false, &parts)).is_err());
    // One of each is taken; what does not belong into a certificate is a notice.
    let taken = maker()
        .attribute(CHALLENGE_PASSWORD, &password)
        .attribute("1.2.3.4", &[[5, 0], [5, 0]].concat())
        .attribute("1.2.840.113549.1.9.2", &tlv(12, b"unstructured"))
        .extension("1.2.3.6", true, &other)
        .extension("2.5.29.19", true, &sequence(&[]));
    assert_eq!(read(&taken).unwrap().extensions().len(), 4);
}

#[test]
fn ber_anywhere_in_a_request_is_refused_with_its_place() {
    let der = maker().der();
    // The same request with a length in more octets than it needs: the version, inside of what is signed.
    let changed = CsrMaker::new(TestKey::EcP256).names(&["www.example.com"]).subject_part(
        "2.5.4.10",
        0x2c,
        &tlv(12, b"O"),
    );
    let errors = read(&changed).unwrap_err();
    assert!(
        matches!(
            errors[..],
            [CsrError::Structure(StructureError::NotDer(DerError { fault: DerFault::Form, .. }))]
        ),
        "{errors:?}"
    );
    assert!(der[1] > 0x80);
    let mut outer = vec![0x30, der[1] + 1, 0];
    outer.extend(&der[2..]);
    let errors = Csr::from_der(outer).unwrap_err();
    assert!(matches!(errors[..], [CsrError::Structure(StructureError::NotDer(_))]), "{errors:?}");
}

#[test]
fn a_key_of_another_kind_is_the_one_thing_to_say() {
    let bits = |length| tlv(3, &[&[0][..], &vec![7; length]].concat());
    let kind = |id: &str, length| sequence(&[sequence(&[oid(id)]), bits(length)]);
    let point = tlv(3, &[&[0, 4][..], &[7; 64]].concat());
    let on_curve = |curve: Vec<u8>| sequence(&[sequence(&[oid("1.2.840.10045.2.1"), curve]), point.clone()]);
    // SpecifiedECDomain (SEC 1 section C.2), as openssl writes it with ec_param_enc:explicit.
    let field = sequence(&[oid("1.2.840.10045.1.1"), tlv(2, &[0x7f; 32])]);
    let curve = sequence(&[tlv(4, &[1; 32]), tlv(4, &[2; 32])]);
    let explicit =
        sequence(&[tlv(2, &[1]), field, curve, tlv(4, &[4; 65]), tlv(2, &[0x7f; 32]), tlv(2, &[1])]);
    let other = |name: &str| KeyError::OtherKind(name.to_owned());
    let cases = [
        (kind("1.3.101.113", 57), other("Ed448")),
        (kind("1.3.101.110", 32), other("X25519")),
        (kind("1.3.101.111", 56), other("X448")),
        (kind("2.16.840.1.101.3.4.3.17", 1312), other("ML-DSA-44")),
        (kind("2.16.840.1.101.3.4.3.20", 32), other("SLH-DSA")),
        (kind("2.16.840.1.101.3.4.4.2", 1184), other("ML-KEM-768")),
        (
            sequence(&[
                sequence(&[oid("1.2.840.10040.4.1"), sequence(&[tlv(2, &[7]), tlv(2, &[7]), tlv(2, &[7])])]),
                bits(128),
            ]),
            other("DSA"),
        ),
        (kind("1.2.3.4.5", 9), other("1.2.3.4.5")),
        (on_curve(oid("1.2.156.10197.1.301")), KeyError::EcCurve("SM2".to_owned())),
        (on_curve(oid("1.3.132.0.10")), KeyError::EcCurve("secp256k1".to_owned())),
        (on_curve(explicit), KeyError::EcExplicit),
        (on_curve(tlv(5, &[])), KeyError::EcExplicit),
        (kind("1.2.840.113549.1.1.10", 270), KeyError::PssOnly),
    ];
    let algorithms = [
        sequence(&[oid("1.3.101.113")]),
        sequence(&[oid("2.16.840.1.101.3.4.3.17")]),
        sequence(&[oid("1.2.840.10040.4.3")]),
        sequence(&[oid("1.2.840.113549.1.1.4"), tlv(5, &[])]),
        sequence(&[oid("1.2.840.10045.4.3.2")]),
    ];
    let mut refused = 0;
    for (spki, error) in cases {
        assert!(error.is_unsupported());
        for algorithm in &algorithms {
            let maker = maker().spki(spki.clone()).signature(algorithm.clone(), vec![7; 64]);
            assert_eq!(read(&maker), Err(vec![error.clone().into()]));
            refused += 1;
        }
    }
    assert_eq!(refused, 65);
}

#[test]
fn names_that_only_a_profile_can_drop_are_kept_apart() {
    let csr = read(&maker().names(&["ilo", "www2.example.com", "ilo"]).general_name(tlv(0x82, b"10.0.0.1")))
        .unwrap();
    assert_eq!(
        csr.names().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["www.example.com", "www2.example.com"]
    );
    let dns = |name: &str, error| NameError::Dns { name: name.to_owned(), error };
    assert_eq!(csr.unusable_names(), [dns("ilo", DnsError::SingleLabel), dns("10.0.0.1", DnsError::Address)]);
    // Alone, or beside another error, they are errors.
    let alone = read(&CsrMaker::new(TestKey::EcP256).names(&["ilo"])).unwrap_err();
    assert_eq!(alone, [dns("ilo", DnsError::SingleLabel).into()]);
    let beside = read(&maker().names(&["ilo", "a_b.example.com"])).unwrap_err();
    assert_eq!(beside.len(), 2, "{beside:?}");
}
