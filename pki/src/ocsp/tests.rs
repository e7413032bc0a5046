//! Requests of OpenSSL are read, and answers are verified by OpenSSL.

use std::path::Path;
use std::process::{Command, Output};

use proptest::prelude::*;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::crl::RevocationReason;
use crate::issuer::Issuer;
use crate::signer::LocalKey;
use crate::testing::{CaMaker, TestKey, oid, pem, sequence, tlv};

const KINDS: [TestKey; 4] = [TestKey::EcP256, TestKey::EcP384, TestKey::Ed25519, TestKey::Rsa2048];

/// id-kp-OCSPSigning, and id-pkix-ocsp-nocheck.
const SIGNING: &str = "1.3.6.1.5.5.7.3.9";
const NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";

/// A CA, its responder, and a folder with files for OpenSSL: ca.pem, and leaf.pem with the serial 0x0102.
struct Stand {
    folder: tempfile::TempDir,
    issuer: Issuer,
    responder: CaMaker,
    certificate: Vec<u8>,
}

impl Stand {
    fn new(kind: TestKey) -> Stand {
        let folder = tempfile::tempdir().unwrap();
        let ca = CaMaker::new(kind);
        let responder = CaMaker::new(TestKey::EcP256)
            .named("Responder")
            .not_a_ca()
            .without("2.5.29.15")
            .extension("2.5.29.37", false, &sequence(&[oid(SIGNING)]))
            .extension(NO_CHECK, false, &tlv(5, &[]));
        let leaf = CaMaker::new(TestKey::EcP256).named("leaf").not_a_ca().serial(&[1, 2]).der_below(&ca);
        let ca_pem = pem("CERTIFICATE", &ca.root_der());
        std::fs::write(folder.path().join("ca.pem"), &ca_pem).unwrap();
        std::fs::write(folder.path().join("leaf.pem"), pem("CERTIFICATE", &leaf)).unwrap();
        let certificate = responder.der_below(&ca);
        Stand { folder, issuer: Issuer::from_pem(&ca_pem).unwrap(), responder, certificate }
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
        let signer = LocalKey::from_pem(&self.responder.key_pair().pem()).unwrap();
        let responder = OcspResponder {
            signer: &signer,
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
        let stand = Stand::new(kind);
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

#[test]
fn errors_are_read_by_openssl() {
    if is_missing() {
        return;
    }
    let stand = Stand::new(TestKey::EcP256);
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

proptest! {
    /// Any octets end in an answer, and what is read is repeated octet for octet.
    #[test]
    fn any_octets_end_in_an_answer(octets in prop::collection::vec(any::<u8>(), 0..300), at in 0..120_usize, bit in 0..8_u8) {
        _ = OcspRequest::from_der(&octets);
        let mut der = request_of(&[sequence(&[cert_id(&[5])])], &[]);
        let place = at % der.len();
        der[place] ^= 1 << bit;
        if let Ok(request) = OcspRequest::from_der(&der) {
            let [certificate] = request.certificates() else { panic!("one certificate") };
            let found = der.windows(certificate.der.len()).any(|octets| octets == certificate.der);
            prop_assert!(found);
        }
    }
}
