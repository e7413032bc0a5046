//! Requests of OpenSSL are read, and answers are verified by OpenSSL.

use std::path::Path;
use std::process::{Command, Output};

use proptest::prelude::*;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::certificate::{ResponderTemplate, Serial, Validity, issue_responder};
use crate::crl::RevocationReason;
use crate::issuer::Issuer;
use crate::key::PublicKey;
use crate::signer::{LocalKey, Signer as _};
use crate::testing::{CaMaker, TestKey, oid, pem, sequence, tlv};

const KINDS: [TestKey; 4] = [TestKey::EcP256, TestKey::EcP384, TestKey::Ed25519, TestKey::Rsa2048];

/// A CA, its responder, and a folder with files for OpenSSL: ca.pem, and leaf.pem with the serial 0x0102.
struct Stand {
    folder: tempfile::TempDir,
    issuer: Issuer,
    responder: LocalKey,
    certificate: Vec<u8>,
}

impl Stand {
    async fn new(kind: TestKey) -> Stand {
        let folder = tempfile::tempdir().unwrap();
        let ca = CaMaker::new(kind);
        let leaf = CaMaker::new(TestKey::EcP256).named("leaf").not_a_ca().serial(&[1, 2]).der_below(&ca);
        let ca_pem = pem("CERTIFICATE", &ca.root_der());
        std::fs::write(folder.path().join("ca.pem"), &ca_pem).unwrap();
        std::fs::write(folder.path().join("leaf.pem"), pem("CERTIFICATE", &leaf)).unwrap();
        let issuer = Issuer::from_pem(&ca_pem).unwrap();
        let signer = LocalKey::from_pem(&ca.key_pair().pem()).unwrap();
        let responder = LocalKey::from_pem(&LocalKey::generate_pem().unwrap()).unwrap();
        let template = ResponderTemplate {
            issuer: &issuer,
            key: &PublicKey::from_spki(responder.spki_der()).unwrap(),
            serial: &Serial::random(&aws_lc_rs::rand::SystemRandom::new()).unwrap(),
            validity: &Validity::choose(OffsetDateTime::now_utc(), ResponderTemplate::DAYS, &issuer).unwrap(),
        };
        let certificate = issue_responder(&signer, &template).await.unwrap().der().to_vec();
        Stand { folder, issuer, responder, certificate }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The request that OpenSSL makes with these options.
    fn request(&self, options: &[&str]) -> Vec<u8> {
        let first = ["ocsp", "-issuer", "ca.pem"];
        let output = self.openssl(&[&first[..], options, &["-reqout", "request.der"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(self.path().join("request.der")).unwrap()
    }

    async fn answer(&self, request: &OcspRequest, status: CertStatus, now: OffsetDateTime) -> Vec<u8> {
        let responder = OcspResponder {
            signer: &self.responder,
            key_bits: key_bits(&self.certificate),
            certificate: &self.certificate,
        };
        let statuses: Vec<SingleStatus<'_>> = request
            .certificates()
            .iter()
            .map(|certificate| SingleStatus {
                certificate,
                status,
                this_update: now,
                next_update: now + Duration::hours(1),
            })
            .collect();
        responder.answer(&statuses, request.nonce(), now).await.unwrap()
    }

    /// What OpenSSL says of an answer to the request in request.der, which was made with these options.
    fn judged(&self, options: &[&str], answer: &[u8]) -> String {
        std::fs::write(self.path().join("answer.der"), answer).unwrap();
        let first = ["ocsp", "-issuer", "ca.pem", "-CAfile", "ca.pem"];
        // The request keeps the nonce that it has.
        let files = ["-no_nonce", "-reqin", "request.der", "-respin", "answer.der"];
        let output = self.openssl(&[&first[..], options, &files].concat());
        String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned()
    }

    fn openssl(&self, arguments: &[&str]) -> Output {
        Command::new("openssl").args(arguments).current_dir(self.path()).output().expect("openssl")
    }
}

/// The content of subjectPublicKey in a certificate.
fn key_bits(certificate: &[u8]) -> &[u8] {
    use x509_parser::prelude::FromDer as _;
    let (_, read) = x509_parser::certificate::X509Certificate::from_der(certificate).unwrap();
    let raw = read.tbs_certificate.subject_pki.raw;
    // The BIT STRING is the last element; its first content octet counts unused bits.
    &raw[raw.len() - read.tbs_certificate.subject_pki.subject_public_key.data.len()..]
}

fn is_missing() -> bool {
    if Command::new("openssl").arg("version").output().is_ok() {
        return false;
    }
    assert!(std::env::var_os("COUNTERSIGN_NO_SKIPS").is_none(), "openssl is not installed");
    eprintln!("SKIPPED: openssl is not installed");
    true
}

#[tokio::test]
async fn openssl_verifies_the_answers_to_its_requests() {
    if is_missing() {
        return;
    }
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let at = now - Duration::days(3);
    let revoked = |reason| CertStatus::Revoked { at, reason };
    for kind in KINDS {
        let stand = Stand::new(kind).await;
        for options in [
            &["-cert", "leaf.pem"][..],
            &["-sha256", "-cert", "leaf.pem"],
            &["-no_nonce", "-cert", "leaf.pem"],
        ] {
            let der = stand.request(options);
            let request = OcspRequest::from_der(&der).unwrap();
            let [certificate] = request.certificates() else { panic!("one certificate") };
            assert!(certificate.is_of(&stand.issuer), "{kind:?} {options:?}");
            assert_eq!(certificate.serial().unwrap().octets(), [1, 2]);
            assert_eq!(request.nonce().is_some(), !options.contains(&"-no_nonce"));
            for (status, word) in [
                (CertStatus::Good, "leaf.pem: good"),
                (CertStatus::Unknown, "leaf.pem: unknown"),
                (revoked(RevocationReason::Unspecified), "leaf.pem: revoked"),
                (revoked(RevocationReason::KeyCompromise), "Reason: keyCompromise"),
                (revoked(RevocationReason::CertificateHold), "Reason: certificateHold"),
                // OpenSSL has no name for the last of the reasons.
                (revoked(RevocationReason::PrivilegeWithdrawn), "Reason: (UNKNOWN)"),
            ] {
                let said = stand.judged(options, &stand.answer(&request, status, now).await);
                assert!(
                    said.contains("Response verify OK") && said.contains(word),
                    "{kind:?} {status:?}: {said}"
                );
                assert!(!said.contains("WARNING"), "{said}");
            }
            // An answer that is over, and one that was changed.
            let late = stand
                .judged(options, &stand.answer(&request, CertStatus::Good, now - Duration::days(1)).await);
            assert!(late.contains("WARNING: Status times invalid"), "{late}");
            let mut changed = stand.answer(&request, CertStatus::Good, now).await;
            *changed.last_mut().unwrap() ^= 1;
            let said = stand.judged(options, &changed);
            assert!(!said.contains("Response verify OK"), "{said}");
        }
        let other = Issuer::from_pem(&CaMaker::new(kind).self_signed().certificate_pem).unwrap();
        let der = stand.request(&["-cert", "leaf.pem"]);
        assert!(!OcspRequest::from_der(&der).unwrap().certificates()[0].is_of(&other));
    }
}

#[tokio::test]
async fn errors_are_read_by_openssl() {
    if is_missing() {
        return;
    }
    let stand = Stand::new(TestKey::EcP256).await;
    stand.request(&["-cert", "leaf.pem"]);
    for (error, word) in [
        (OcspError::MalformedRequest, "malformedrequest (1)"),
        (OcspError::InternalError, "internalerror (2)"),
        (OcspError::TryLater, "trylater (3)"),
        (OcspError::Unauthorized, "unauthorized (6)"),
    ] {
        let said = stand.judged(&["-cert", "leaf.pem"], &error.to_der());
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn elements_are_those_of_the_library() {
    use der::Encode as _;
    for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536, 200_000] {
        let content = vec![7; length];
        let expected = der::asn1::OctetString::new(&content[..]).unwrap().to_der().unwrap();
        assert_eq!(response::tlv(4, &[&content]), expected, "{length}");
    }
}

/// A CertID with SHA-1.
fn cert_id(serial: &[u8]) -> Vec<u8> {
    let hash = sequence(&[oid("1.3.14.3.2.26"), tlv(5, &[])]);
    sequence(&[hash, tlv(4, &[1; 20]), tlv(4, &[2; 20]), tlv(2, serial)])
}

/// A request with these Requests, and the content of its fields behind them.
fn request_of(requests: &[Vec<u8>], rest: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[sequence(requests), rest.to_vec()])])
}

fn extensions(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(1, &[0xff]) } else { Vec::new() };
    tlv(0xa2, &sequence(&[sequence(&[oid(id), critical, tlv(4, value)])]))
}

#[test]
fn requests_are_bounded_and_each_wrong_one_is_named() {
    use OcspRequestError as E;
    const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";
    let one = || sequence(&[cert_id(&[5])]);
    let nonce = |length: usize| extensions(NONCE, false, &tlv(4, &vec![7; length]));
    let many = |count: usize| request_of(&vec![one(); count], &[]);
    for (what, der, expected) in [
        ("one", many(1), Ok(())),
        ("the most", many(OcspRequest::MAX_CERTIFICATES), Ok(())),
        ("none", many(0), Err(E::Certificates)),
        ("too many", many(OcspRequest::MAX_CERTIFICATES + 1), Err(E::Certificates)),
        ("1,000", many(1000), Err(E::TooLong)),
        ("1 MiB", vec![0; 1024 * 1024], Err(E::TooLong)),
        ("nothing", Vec::new(), Err(E::Malformed)),
        ("more octets", [many(1), vec![0]].concat(), Err(E::Malformed)),
        ("a nonce of 1", request_of(&[one()], &nonce(1)), Ok(())),
        ("a nonce of 128", request_of(&[one()], &nonce(128)), Ok(())),
        ("a nonce of 0", request_of(&[one()], &nonce(0)), Err(E::Nonce)),
        ("a nonce of 129", request_of(&[one()], &nonce(129)), Err(E::Nonce)),
        ("a bare nonce", request_of(&[one()], &extensions(NONCE, false, &[1, 2, 3])), Err(E::Nonce)),
        ("another extension", request_of(&[one()], &extensions("1.2.3.4", false, &[5, 0])), Ok(())),
        (
            "a critical one",
            request_of(&[one()], &extensions("1.2.3.4", true, &[5, 0])),
            Err(E::CriticalExtension),
        ),
        ("a negative serial", request_of(&[sequence(&[cert_id(&[0x80])])], &[]), Ok(())),
        ("a serial of 30 octets", request_of(&[sequence(&[cert_id(&[1; 30])])], &[]), Ok(())),
        ("a serial of no octets", request_of(&[sequence(&[cert_id(&[])])], &[]), Err(E::Malformed)),
    ] {
        assert_eq!(OcspRequest::from_der(&der).map(|_| ()), expected, "{what}");
    }
    let request = OcspRequest::from_der(&request_of(&[sequence(&[cert_id(&[0x80])])], &nonce(32))).unwrap();
    assert_eq!((request.certificates()[0].serial(), request.nonce()), (None, Some(&[7; 32][..])));
}

/// The parts of a request.
#[derive(Clone, Debug)]
struct Parts {
    serials: Vec<Vec<u8>>,
    nonce: Option<usize>,
    other: Option<bool>,
    is_signed: bool,
    /// A bit to be flipped, by octet.
    flipped: Option<(prop::sample::Index, u8)>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let serials = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..24), 0..20);
    let flipped = prop::option::weighted(0.3, (any::<prop::sample::Index>(), 0..8_u8));
    let nonce = prop::option::of(0..140_usize);
    let other = prop::option::weighted(0.3, any::<bool>());
    (serials, nonce, other, any::<bool>(), flipped).prop_map(|(serials, nonce, other, is_signed, flipped)| {
        Parts { serials, nonce, other, is_signed, flipped }
    })
}

impl Parts {
    /// The octets of an INTEGER: DER has the shortest form.
    fn is_integer(content: &[u8]) -> bool {
        match content {
            [] => false,
            [_] => true,
            [0, second, ..] => second & 0x80 != 0,
            [0xff, second, ..] => second & 0x80 == 0,
            _ => true,
        }
    }

    fn is_well_formed(&self) -> bool {
        self.flipped.is_none()
            && (1..=OcspRequest::MAX_CERTIFICATES).contains(&self.serials.len())
            && self.serials.iter().all(|serial| Self::is_integer(serial))
            && self.nonce.is_none_or(|length| (1..=128).contains(&length))
            && self.other != Some(true)
    }

    fn der(&self) -> Vec<u8> {
        let requests: Vec<_> = self.serials.iter().map(|serial| sequence(&[cert_id(serial)])).collect();
        let nonce =
            self.nonce.map(|length| (oid("1.3.6.1.5.5.7.48.1.2"), Vec::new(), tlv(4, &vec![7; length])));
        let other = self.other.map(|critical| {
            let critical = if critical { tlv(1, &[0xff]) } else { Vec::new() };
            (oid("1.2.3.4"), critical, vec![5, 0])
        });
        let all: Vec<_> = nonce
            .into_iter()
            .chain(other)
            .map(|(id, critical, value)| sequence(&[id, critical, tlv(4, &value)]))
            .collect();
        let extensions = if all.is_empty() { Vec::new() } else { tlv(0xa2, &sequence(&all)) };
        let signature = if self.is_signed { tlv(0xa0, &sequence(&[tlv(3, &[0, 1])])) } else { Vec::new() };
        let mut der = sequence(&[sequence(&[sequence(&requests), extensions]), signature]);
        if let Some((at, bit)) = &self.flipped {
            let at = at.index(der.len());
            der[at] ^= 1 << bit;
        }
        der
    }
}

/// Every well-formed request is read, and what is read is in the request octet for octet.
#[test]
fn requests_are_read_exactly_if_they_are_well_formed() {
    use proptest::test_runner::{Config, TestRunner};
    let (read, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let mut runner = TestRunner::new(Config::with_cases(4_000));
    let judge = |parts: Parts| {
        let der = parts.der();
        let request = OcspRequest::from_der(&der);
        if parts.flipped.is_none() {
            prop_assert_eq!(request.is_ok(), parts.is_well_formed(), "{:?}", request);
        }
        let Ok(request) = request else {
            refused.set(refused.get() + 1);
            return Ok(());
        };
        read.set(read.get() + 1);
        prop_assert!((1..=OcspRequest::MAX_CERTIFICATES).contains(&request.certificates().len()));
        let mut rest = &der[..];
        for certificate in request.certificates() {
            let at = rest.windows(certificate.der.len()).position(|octets| octets == certificate.der);
            prop_assert!(at.is_some(), "the CertIDs stand in the request, in this order");
            rest = &rest[at.unwrap_or_default() + certificate.der.len()..];
        }
        if parts.flipped.is_none() {
            prop_assert_eq!(request.nonce().map(<[u8]>::len), parts.nonce);
        }
        Ok(())
    };
    runner.run(&parts(), judge).unwrap();
    assert!(read.get() > 300 && refused.get() > 300, "{} read, {} refused", read.get(), refused.get());
}

proptest! {
    #[test]
    fn any_octets_end_in_an_answer(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        _ = OcspRequest::from_der(&octets);
    }
}
