//! The rules of answers, against the backend in memory. What others read in answers is in tests/interop.

use pki::certificate::to_pem;
use pki::crl::RevocationReason;
use pki::issuer::Issuer;
use pki::testing::{CaMaker, OcspHash, OcspSaid, TestKey, ocsp_request, ocsp_said, ocsp_single};

use super::*;
use crate::certificate::Responder;
use crate::ids::IssuerId;
use crate::request::audit::Origin;
use crate::store::{record_revocation, renew_responder};
use crate::testing::InMemoryBackend;

const GOOD: (u8, u8) = (0, 0);
const UNKNOWN: (u8, u8) = (2, 0);
const MALFORMED: OcspSaid = OcspSaid::Error(1);
const TRY_LATER: OcspSaid = OcspSaid::Error(3);
const UNAUTHORIZED: OcspSaid = OcspSaid::Error(6);

fn said(statuses: &[(u8, u8)]) -> OcspSaid {
    OcspSaid::Statuses(statuses.to_vec())
}

/// A backend whose issuer has a responder, and has issued a certificate.
struct Stand {
    backend: Arc<InMemoryBackend>,
    service: OcspService,
    issuer: Issuer,
    serial: Serial,
}

fn ca() -> CaMaker {
    CaMaker::new(TestKey::EcP256).lifetime(Duration::days(3650), Duration::days(3650))
}

fn service(backend: &Arc<InMemoryBackend>) -> OcspService {
    let ports = || Arc::clone(backend);
    OcspService::new(ports(), ports(), ports(), ports(), ports())
}

/// Stores a certificate of a CA.
fn issued(backend: &InMemoryBackend, ca: &CaMaker, serial: &str) -> Serial {
    let serial: Serial = serial.parse().unwrap();
    let leaf = CaMaker::new(TestKey::EcP256).named("leaf").not_a_ca().serial(serial.octets());
    backend.put_certificate(&serial, &to_pem(&leaf.der_below(ca)));
    serial
}

async fn in_force(backend: &InMemoryBackend) -> Issuer {
    backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap()
}

async fn renew(backend: &InMemoryBackend) {
    let issuer = in_force(backend).await;
    let signer = backend.signer(&issuer).await.unwrap();
    renew_responder(backend, &*signer, &issuer, backend.now()).await.unwrap();
}

impl Stand {
    async fn new() -> Stand {
        let (backend, ca) = (InMemoryBackend::new(), ca());
        backend.rotate_to(&ca.clone().self_signed());
        renew(&backend).await;
        let serial = issued(&backend, &ca, "4102");
        Stand { service: service(&backend), issuer: in_force(&backend).await, serial, backend }
    }

    async fn ask(&self, requests: &[Vec<u8>], nonce: Option<&[u8]>) -> (OcspSaid, OcspAnswer) {
        let answer = self.service.answer(&ocsp_request(requests, nonce)).await;
        (ocsp_said(&answer.der), answer)
    }

    async fn status(&self, issuer: &Issuer, serial: &[u8], hash: OcspHash) -> OcspSaid {
        self.ask(&[ocsp_single(issuer, serial, hash)], None).await.0
    }

    async fn of_own(&self) -> OcspSaid {
        self.status(&self.issuer, self.serial.octets(), OcspHash::Sha1).await
    }
}

#[tokio::test]
async fn only_a_certificate_that_the_issuer_issued_is_good() {
    let stand = Stand::new().await;
    let status = |serial: &'static [u8], hash| stand.status(&stand.issuer, serial, hash);
    assert_eq!(status(&[0x41, 2], OcspHash::Sha1).await, said(&[GOOD]));
    assert_eq!(status(&[0x41, 2], OcspHash::Sha256).await, said(&[GOOD]));
    assert_eq!(status(&[0x41, 3], OcspHash::Sha1).await, said(&[UNKNOWN]));
    // No certificate has a negative serial, or one of 30 octets.
    assert_eq!(status(&[1; 30], OcspHash::Sha1).await, said(&[UNKNOWN]));
    // A certificate in the same store, of another CA.
    let other = issued(&stand.backend, &CaMaker::new(TestKey::EcP256), "5555");
    assert_eq!(stand.status(&stand.issuer, other.octets(), OcspHash::Sha1).await, said(&[UNKNOWN]));
    // A serial whose object is no certificate.
    let damaged: Serial = "6666".parse().unwrap();
    stand.backend.put_certificate(&damaged, "no certificate");
    assert_eq!(stand.status(&stand.issuer, damaged.octets(), OcspHash::Sha1).await, said(&[UNKNOWN]));
}

#[tokio::test]
async fn a_revoked_certificate_is_revoked_with_its_reason_from_the_moment_of_the_record() {
    for reason in RevocationReason::ALL {
        let backend = InMemoryBackend::new();
        renew(&backend).await;
        let id = backend.accepted_revocation(reason);
        let (issuer, serial) =
            (in_force(&backend).await, backend.request(id).unwrap().serial().unwrap().clone());
        let service = service(&backend);
        let request = ocsp_request(&[ocsp_single(&issuer, serial.octets(), OcspHash::Sha1)], None);
        assert_eq!(ocsp_said(&service.answer(&request).await.der), said(&[GOOD]), "nothing is recorded");
        let origin = Origin::worker("persist");
        record_revocation(&*backend, &*backend, id, &issuer.key_identifier(), &origin, backend.now())
            .await
            .unwrap();
        // The certificate was good a moment ago, in the same process.
        let answer = service.answer(&request).await;
        assert_eq!(ocsp_said(&answer.der), said(&[(1, reason.number())]));
        let times = answer.cacheable.unwrap();
        assert_eq!(times.this_update, backend.now(), "before, the status was another one");
        backend.advance(Duration::hours(3));
        let times = service.answer(&request).await.cacheable.unwrap();
        assert_eq!(times.this_update, backend.now() - BACKDATING);
    }
}

#[tokio::test]
async fn one_answer_is_about_all_certificates_of_a_request_and_about_one_issuer() {
    let stand = Stand::new().await;
    let single = |issuer: &Issuer, serial: &[u8]| ocsp_single(issuer, serial, OcspHash::Sha1);
    let own = single(&stand.issuer, stand.serial.octets());
    let unknown = single(&stand.issuer, &[9]);
    let (words, _) = stand.ask(&[own.clone(), unknown.clone(), own.clone()], None).await;
    assert_eq!(words, said(&[GOOD, UNKNOWN, GOOD]));
    let foreign = Issuer::from_pem(&ca().self_signed().certificate_pem).unwrap();
    assert_eq!(stand.ask(&[single(&foreign, &[9])], None).await.0, UNAUTHORIZED);
    assert_eq!(stand.ask(&[own.clone(), single(&foreign, &[9])], None).await.0, UNAUTHORIZED);
    // A hash that is not known names no issuer.
    let sha512 = ocsp_single(&stand.issuer, stand.serial.octets(), OcspHash::Sha512);
    assert_eq!(stand.ask(&[sha512], None).await.0, UNAUTHORIZED);
    assert_eq!(ocsp_said(&stand.service.answer(b"GET / HTTP/1.1").await.der), MALFORMED);
    assert_eq!(stand.ask(&vec![own; 1_000], None).await.0, MALFORMED);
}

#[tokio::test]
async fn former_issuers_are_answered_for_until_they_end() {
    let stand = Stand::new().await;
    let (former, serial) = (stand.issuer.clone(), stand.serial.clone());
    let next =
        CaMaker::new(TestKey::EcP384).named("Next").lifetime(Duration::days(3650), Duration::days(3650));
    stand.backend.rotate_to(&next.clone().self_signed());
    let new = issued(&stand.backend, &next, "4203");
    let issuer = in_force(&stand.backend).await;
    // The new issuer has no responder yet; the service looks again half a minute later.
    assert_eq!(stand.status(&issuer, new.octets(), OcspHash::Sha1).await, TRY_LATER);
    renew(&stand.backend).await;
    stand.backend.advance(Duration::seconds(30));
    assert_eq!(stand.status(&issuer, new.octets(), OcspHash::Sha1).await, said(&[GOOD]));
    assert_eq!(stand.status(&former, serial.octets(), OcspHash::Sha1).await, said(&[GOOD]));
    assert_eq!(stand.status(&issuer, serial.octets(), OcspHash::Sha1).await, said(&[UNKNOWN]));
    stand.backend.set_now(issuer.not_after() + Duration::SECOND);
    assert_eq!(stand.status(&issuer, new.octets(), OcspHash::Sha1).await, UNAUTHORIZED);
}

#[tokio::test]
async fn what_fails_is_answered_with_try_later_and_never_with_a_status() {
    for port in ["issuers", "responders", "certificates", "revocations"] {
        let stand = Stand::new().await;
        stand.backend.fail_next(port, 1);
        assert_eq!(stand.of_own().await, TRY_LATER, "{port}");
        assert_eq!(stand.of_own().await, said(&[GOOD]), "{port}");
    }
    let stand = Stand::new().await;
    assert_eq!(stand.of_own().await, said(&[GOOD]));
    // Nobody renewed the responder.
    stand.backend.advance(Duration::days(14));
    assert_eq!(stand.of_own().await, TRY_LATER);
    renew(&stand.backend).await;
    stand.backend.advance(Duration::seconds(30));
    assert_eq!(stand.of_own().await, said(&[GOOD]));
}

#[tokio::test]
async fn every_moment_has_a_responder_whose_certificate_is_valid() {
    let stand = Stand::new().await;
    let mut serials = std::collections::BTreeSet::new();
    for _ in 0..24 {
        // As housekeeping has the list published anew.
        stand.backend.advance(Duration::hours(84));
        assert_eq!(stand.of_own().await, said(&[GOOD]));
        renew(&stand.backend).await;
        let stored = stand.backend.responder(&stand.issuer.key_identifier()).await.unwrap().unwrap();
        serials.insert(stored.certificate().serial().clone());
    }
    assert_eq!(serials.len(), 13, "one for each week");
}

#[tokio::test]
async fn answers_are_kept_by_caches_for_half_a_minute_unless_they_have_a_nonce() {
    let stand = Stand::new().await;
    let own = || ocsp_single(&stand.issuer, stand.serial.octets(), OcspHash::Sha1);
    let now = stand.backend.now();
    let (_, answer) = stand.ask(&[own()], None).await;
    let times = answer.cacheable.unwrap();
    assert_eq!((now - times.this_update, times.next_update - now), (BACKDATING, LIFETIME));
    assert!(i64::from(MAX_AGE) < LIFETIME.whole_seconds());
    let (words, answer) = stand.ask(&[own()], Some(&[7; 32])).await;
    assert_eq!((words, answer.cacheable), (said(&[GOOD]), None));
    let repeated = [&[4, 32][..], &[7; 32]].concat();
    assert!(answer.der.windows(repeated.len()).any(|octets| octets == repeated), "the nonce is repeated");
    for error in [OcspError::TryLater, OcspError::Unauthorized, OcspError::MalformedRequest] {
        assert_eq!(OcspAnswer::from(error).cacheable, None);
    }
}

#[tokio::test]
async fn a_certificate_that_was_good_once_costs_no_more_reads() {
    let stand = Stand::new().await;
    let reads = || stand.backend.calls().iter().filter(|call| call.starts_with("certificates")).count();
    stand.of_own().await;
    assert_eq!(reads(), 1);
    stand.of_own().await;
    assert_eq!(reads(), 1);
}

#[tokio::test]
async fn an_issuer_that_may_not_sign_lists_is_not_answered_for() {
    let backend = InMemoryBackend::new();
    // keyUsage: keyCertSign alone.
    backend.rotate_to(&ca().extension("2.5.29.15", true, &[3, 2, 2, 4]).self_signed());
    let issuer = in_force(&backend).await;
    let request = ocsp_request(&[ocsp_single(&issuer, &[1], OcspHash::Sha1)], None);
    assert_eq!(ocsp_said(&service(&backend).answer(&request).await.der), UNAUTHORIZED);
    let signer = backend.signer(&issuer).await.unwrap();
    assert!(Responder::make(&issuer, &*signer, backend.now()).await.is_ok(), "it could have one");
    assert!(!renew_responder(&*backend, &*signer, &issuer, backend.now()).await.unwrap());
}
