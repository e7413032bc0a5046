//! Signing against the backend in memory.

use std::sync::Arc;

use pki::certificate::Certificate;
use pki::crl::RevocationReason;
use pki::issuer::Issuer;
use pki::signer::{SignatureAlgorithm, Signer, SignerError};
use pki::testing as test_pki;
use sign::{Sign, Signed};
use time::Duration;
use workflow::ids::{IssuerId, RequestId};
use workflow::ports::{CertificateListing, Clock, Issuers, NameRow, PortError};
use workflow::request::Status;
use workflow::runtime::step::{ErrorName, NoInput, Step, StepError};
use workflow::testing::{InMemoryBackend, faults, fixtures};

use super::{sign, worker};

fn name(result: Result<Signed, StepError>) -> ErrorName {
    match result {
        Err(StepError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_approved_request_gets_one_certificate_however_often_it_is_signed() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let signed = sign(&backend, id).await.unwrap();
    let first = backend.certificates();
    assert_eq!(sign(&backend, id).await.unwrap(), signed);
    assert_eq!(backend.certificates(), first);
    assert_eq!(first.len(), 1);
    let row = backend.request(id).unwrap();
    assert_eq!(row.status(), Status::Issued);
    let certificate = Certificate::from_pem(&first[&signed.serial.to_string()]).unwrap();
    assert_eq!(certificate.serial(), &signed.serial);
    assert_eq!(Some(certificate.not_after()), row.not_after());
    assert_eq!(certificate.public_key_digest(), row.csr().unwrap().public_key_digest);
    assert_eq!(certificate.authority_key_identifier(), Some(backend.issuer_certificate().key_identifier()));
}

#[tokio::test]
async fn it_survives_every_fault_with_one_certificate() {
    faults::fault_sweep(
        "Sign",
        |backend| _ = backend.request_at(Status::Approved),
        |backend| async move { sign(&backend, backend.requests()[0].id()).await.map(drop) },
    )
    .await;
}

#[tokio::test]
async fn a_certificate_is_in_the_index_of_names_before_its_row_says_so() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    backend.fail_next("names", 1);
    assert!(matches!(sign(&backend, id).await, Err(StepError::Transient { .. })));
    assert_eq!(backend.request(id).unwrap().status(), Status::Approved);
    assert_eq!(backend.certificates().len(), 1);
    for _ in 0..2 {
        sign(&backend, id).await.unwrap();
        let not_after = backend.request(id).unwrap().not_after().unwrap();
        let row = backend.request(id).unwrap();
        let issuer = backend.issuer_certificate().key_identifier();
        let listing = CertificateListing {
            names: row.names(),
            not_after,
            id,
            requester: row.email(),
            profile: "server",
            issuer: Some(&issuer),
        };
        let rows =
            [NameRow::of_certificate(row.names(), not_after, id), NameRow::of_lists(&listing)].concat();
        let names = rows.into_iter().map(|row| (row.name, row.entry.to_string()));
        assert_eq!(backend.names(), names.collect());
    }
    assert_eq!(backend.certificates().len(), 1);
}

#[tokio::test]
async fn a_request_without_approval_is_not_signed() {
    let backend = InMemoryBackend::new();
    for status in
        [Status::Submitted, Status::PendingApproval, Status::Rejected, Status::Expired, Status::Failed]
    {
        let id = backend.request_at(status);
        assert_eq!(name(sign(&backend, id).await), ErrorName::NotApproved, "{status}");
    }
    assert_eq!(name(sign(&backend, RequestId::random()).await), ErrorName::NotFound);
    assert!(backend.certificates().is_empty());
}

#[tokio::test]
async fn approvals_are_counted_by_the_policy_in_force_too() {
    let policy = include_str!("../../../../infra/policy.toml");
    for (approvers, quorum, signs) in [
        ("[\"approver@example.com\", \"other@example.com\"]", "quorum = 1", true),
        ("[\"other@example.com\"]", "quorum = 1", false),
        ("[\"approver@example.com\", \"other@example.com\"]", "quorum = 2", false),
    ] {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Approved);
        let policy = policy.replace("[\"approver@example.com\"]", approvers);
        backend.set_policy(&policy.replace("quorum = 1 ", &format!("{quorum} ")));
        match sign(&backend, id).await {
            Ok(_) => assert!(signs, "{approvers} {quorum}"),
            other => {
                assert_eq!((signs, name(other)), (false, ErrorName::Refused), "{approvers} {quorum}");
                assert_eq!(backend.request(id).unwrap().serial(), None, "nothing is reserved");
            }
        }
    }
}

/// A request that an earlier version accepted: its key is not in its one DER form.
#[tokio::test]
async fn a_fault_of_the_request_is_refused_and_never_retried() {
    let backend = InMemoryBackend::new();
    for (what, maker) in test_pki::csrs_with_non_canonical_keys() {
        let id = backend.request_at(Status::Approved);
        backend.alter(id, |row| row.csr_content = Some(maker.pem()));
        assert_eq!(name(sign(&backend, id).await), ErrorName::Refused, "{what}");
        assert_eq!(backend.request(id).unwrap().serial(), None, "{what}: nothing is reserved");
    }
    assert!(backend.certificates().is_empty());
}

/// The issuers of a backend, with signers whose signatures are wrong in one bit.
struct WrongSignatures(Arc<InMemoryBackend>);

struct WrongSignature(Arc<dyn Signer>);

#[async_trait::async_trait]
impl Issuers for WrongSignatures {
    async fn in_force(&self, id: &IssuerId) -> Result<Option<Issuer>, PortError> {
        self.0.in_force(id).await
    }

    async fn with_key_identifier(&self, key: &str) -> Result<Vec<Issuer>, PortError> {
        self.0.with_key_identifier(key).await
    }

    async fn all(&self) -> Result<Vec<Issuer>, PortError> {
        self.0.all().await
    }

    async fn signer(&self, issuer: &Issuer) -> Result<Arc<dyn Signer>, PortError> {
        Ok(Arc::new(WrongSignature(self.0.signer(issuer).await?)))
    }
}

#[async_trait::async_trait]
impl Signer for WrongSignature {
    fn spki_der(&self) -> &[u8] {
        self.0.spki_der()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let mut signature = self.0.sign(message).await?;
        if let Some(last) = signature.last_mut() {
            *last ^= 1;
        }
        Ok(signature)
    }
}

#[tokio::test]
async fn a_certificate_that_other_libraries_read_otherwise_is_never_stored() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let step = Sign { issuers: Arc::new(WrongSignatures(backend.clone())), ..worker(&backend) };
    let Err(StepError::Refused { code, message }) =
        step.run(fixtures::task(id, "Sign", "t", NoInput {})).await
    else {
        panic!("the failure is final")
    };
    assert_eq!(code, ErrorName::NotApproved);
    assert!(message.contains("webpki reads the signature"), "{message}");
    assert!(backend.certificates().is_empty());
    assert_eq!(backend.request(id).unwrap().status(), Status::Approved);
}

/// Reserves a serial and a validity, and fails before a certificate is stored.
async fn reserved(backend: &Arc<InMemoryBackend>) -> RequestId {
    let id = backend.request_at(Status::Approved);
    backend.fail_next("ca key", 1);
    assert!(matches!(sign(backend, id).await, Err(StepError::Transient { .. })));
    assert!(backend.request(id).unwrap().serial().is_some() && backend.certificates().is_empty());
    id
}

#[tokio::test]
async fn a_ca_or_a_policy_that_changes_after_the_reservation_cuts_the_validity() {
    let maker = || test_pki::CaMaker::new(test_pki::TestKey::EcP256);
    let shorter = include_str!("../../../../infra/policy.toml").replace("365", "30");
    type Change<'a> = (&'a str, &'a dyn Fn(&InMemoryBackend));
    let changes: [Change<'_>; 4] = [
        ("a CA that ends earlier", &|backend| {
            let now = backend.now();
            backend.rotate_to(&maker().valid(now - Duration::days(9), now + Duration::days(9)).self_signed());
        }),
        ("a CA that began after the reservation", &|backend| {
            let began = backend.now();
            backend.advance(Duration::minutes(5));
            backend.rotate_to(&maker().valid(began, began + Duration::days(900)).self_signed());
        }),
        ("a policy that grants less", &|backend| backend.set_policy(&shorter)),
        ("so much time that nothing of the reserved is left", &|backend| {
            backend.advance(Duration::days(400))
        }),
    ];
    for (what, change) in changes {
        let backend = InMemoryBackend::new();
        let id = reserved(&backend).await;
        let before = backend.request(id).unwrap();
        change(&backend);
        let signed = sign(&backend, id).await.unwrap();
        let row = backend.request(id).unwrap();
        assert_eq!(row.serial(), before.serial(), "{what}: one request, one serial");
        assert_ne!(row.validity(), before.validity(), "{what}");
        let certificate = Certificate::from_pem(&backend.certificates()[&signed.serial.to_string()]).unwrap();
        assert_eq!(
            row.validity(),
            Some(certificate.validity()),
            "{what}: the row says what the certificate says"
        );
        assert!(certificate.not_after() > backend.now(), "{what}");
        assert_eq!(sign(&backend, id).await.unwrap(), signed, "{what}: repeated");
    }
}

#[tokio::test]
async fn a_certificate_that_is_stored_is_issued_even_if_the_policy_became_stricter() {
    let (backend, other) = (InMemoryBackend::new(), InMemoryBackend::new());
    let id = reserved(&backend).await;
    // An earlier run stored the certificate, and died before it wrote the row.
    other.put(backend.request(id).unwrap());
    let stored = sign(&other, id).await.unwrap();
    backend.put_certificate(&stored.serial, &other.certificates()[&stored.serial.to_string()]);
    let policy = include_str!("../../../../infra/policy.toml");
    backend.set_policy(&policy.replace("example.com\"", "example.edu\""));
    assert_eq!(sign(&backend, id).await.unwrap(), stored);
    assert_eq!(backend.request(id).unwrap().status(), Status::Issued);
    assert_eq!(backend.names(), other.names());
}

#[tokio::test]
async fn a_stored_certificate_for_another_key_is_not_taken_for_that_of_the_request() {
    let backend = InMemoryBackend::new();
    let mine = reserved(&backend).await;
    let other = sign(&backend, backend.request_at(Status::Approved)).await.unwrap().serial;
    let pem = backend.certificates()[&other.to_string()].clone();
    let serial = backend.request(mine).unwrap().serial().unwrap().clone();
    backend.put_certificate(&serial, &pem);
    backend
        .set_policy(&include_str!("../../../../infra/policy.toml").replace("example.com\"", "example.edu\""));
    assert!(matches!(sign(&backend, mine).await, Err(StepError::Refused { .. })));
}

#[tokio::test]
async fn a_certificate_that_another_signer_stored_meanwhile_is_the_one() {
    let (backend, other) = (InMemoryBackend::new(), InMemoryBackend::new());
    let id = reserved(&backend).await;
    let row = backend.request(id).unwrap();
    other.put(row.clone());
    let stored = sign(&other, id).await.unwrap();
    let pem = other.certificates()[&stored.serial.to_string()].clone();
    backend.put_certificate(&stored.serial, &pem);
    let now = backend.now();
    let maker = test_pki::CaMaker::new(test_pki::TestKey::EcP256);
    backend.rotate_to(&maker.valid(now - Duration::days(9), now + Duration::days(9)).self_signed());
    assert_eq!(sign(&backend, id).await.unwrap(), stored);
    assert_eq!(backend.request(id).unwrap().validity(), row.validity());
}

#[tokio::test]
async fn a_ca_that_may_not_certify_the_names_any_more_refuses() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let maker = test_pki::CaMaker::new(test_pki::TestKey::EcP256).name_constraints(&["example.org"], &[]);
    backend.rotate_to(&maker.self_signed());
    assert_eq!(name(sign(&backend, id).await), ErrorName::Refused);
    assert!(backend.certificates().is_empty() && backend.request(id).unwrap().serial().is_none());
}

#[tokio::test]
async fn a_key_that_became_one_of_an_authority_is_not_certified() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let row = backend.request(id).unwrap();
    let csr = pki::csr::Csr::read(row.csr_content().unwrap()).unwrap();
    let mut ca = test_pki::CaMaker::new(test_pki::TestKey::EcP256)
        .valid(backend.now() - Duration::days(9), backend.now() + Duration::days(900))
        .self_signed();
    ca.certificate_pem += &test_pki::pem("PUBLIC KEY", csr.key().spki_der());
    backend.rotate_to(&ca);
    assert_eq!(name(sign(&backend, id).await), ErrorName::Refused);
    assert!(backend.certificates().is_empty());
}

#[tokio::test]
async fn a_key_that_came_on_the_list_of_the_policy_is_not_certified() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let list = fixtures::key_list(&[backend.request(id).unwrap().csr_content().unwrap()]);
    backend.deny_keys(&list);
    assert!(matches!(sign(&backend, id).await.unwrap_err(), StepError::Transient { .. }), "no list yet");
    backend.store_key_list(list);
    assert_eq!(name(sign(&backend, id).await), ErrorName::Refused);
    assert!(backend.certificates().is_empty() && backend.request(id).unwrap().serial().is_none());
}

#[tokio::test]
async fn no_certificate_outlives_the_root_of_its_issuer() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let (now, end) = (backend.now(), backend.now() + Duration::days(40));
    let maker = |name| test_pki::CaMaker::new(test_pki::TestKey::EcP256).named(name);
    let root = maker("Root").valid(now - Duration::days(9), end);
    let issuing = maker("Issuing").valid(now - Duration::days(9), now + Duration::days(900));
    backend.rotate_to(&root.issuing(issuing));
    sign(&backend, id).await.unwrap();
    let not_after = backend.request(id).unwrap().not_after().unwrap();
    assert!(not_after <= end, "{not_after}");
    assert!(not_after > end - Duration::MINUTE, "{not_after}");
}

#[tokio::test]
async fn without_a_ca_the_message_waits_and_says_so() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    backend.without_issuer();
    let Err(StepError::Transient { cause }) = sign(&backend, id).await else { panic!() };
    assert!(cause.contains("countersign ca init"), "{cause}");
}

#[tokio::test]
async fn every_former_issuer_still_has_its_signer_after_two_rotations() {
    let backend = InMemoryBackend::new();
    let make = || test_pki::CaMaker::new(test_pki::TestKey::EcP256).self_signed();
    let (second, third, stranger) = (make(), make(), make());
    backend.rotate_to(&second);
    backend.rotate_to(&third);
    let read = |ca: &test_pki::TestCa| Issuer::from_pem(&ca.certificate_pem).unwrap();
    for issuer in [backend.issuer_certificate().clone(), read(&second), read(&third)] {
        let found = backend.with_key_identifier(&issuer.key_identifier()).await.unwrap().remove(0);
        assert_eq!(found.chain_pem(), issuer.chain_pem());
        assert_eq!(backend.signer(&issuer).await.unwrap().spki_der(), issuer.spki_der());
    }
    let in_force = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
    assert_eq!(in_force.chain_pem(), read(&third).chain_pem());
    let error = backend.signer(&read(&stranger)).await.err().unwrap();
    assert!(error.cause.contains("no key belongs to the CA certificate"), "{error}");
}

#[tokio::test]
async fn a_certificate_has_the_addresses_of_its_issuer() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let signed = sign(&backend, id).await.unwrap();
    let certificate = Certificate::from_pem(&backend.certificates()[&signed.serial.to_string()]).unwrap();
    let identifier = backend.issuer_certificate().key_identifier();
    for address in [
        format!("http://pki.example.com/crl/{identifier}.crl"),
        format!("http://pki.example.com/issuer/{identifier}.cer"),
    ] {
        let octets = address.as_bytes();
        assert!(certificate.der().windows(octets.len()).any(|window| window == octets), "{address}");
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_not_signed_again() {
    let backend = InMemoryBackend::new();
    let id = backend.revoked_request(RevocationReason::KeyCompromise);
    let before = backend.certificates();
    sign(&backend, id).await.unwrap();
    assert_eq!((backend.certificates(), backend.request(id).unwrap().status()), (before, Status::Revoked));
}
