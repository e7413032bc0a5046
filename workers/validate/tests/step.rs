//! Validate against the backend in memory.
#![allow(clippy::unwrap_used)] // A test may.

use pki::testing as test_pki;
use validate::Validate;
use workflow::ids::RequestId;
use workflow::request::Status;
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step, StepError};
use workflow::testing::{InMemoryBackend, faults, fixtures};

async fn validate(
    backend: &std::sync::Arc<InMemoryBackend>,
    id: RequestId,
) -> Result<validate::Validated, StepError> {
    let step = Validate { requests: backend.clone(), policies: backend.clone(), issuers: backend.clone() };
    match step.run(fixtures::task(id, "Validate", "t", NoInput {})).await? {
        Progress::Done(validated) => Ok(validated),
        Progress::Waiting => panic!("Validate never waits"),
    }
}

fn refused(fault: StepError) -> (ErrorName, String) {
    match fault {
        StepError::Refused { code, message } => (code, message),
        StepError::Transient { cause } => panic!("transient: {cause}"),
    }
}

#[tokio::test]
async fn a_granted_request_passes_and_nothing_is_written() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Submitted);
    let before = backend.request(id);
    let validated = validate(&backend, id).await.unwrap();
    assert_eq!(validated.csr_digest.len(), 64);
    assert_eq!(validated.policy_version, backend.policy().version());
    assert_eq!(backend.request(id), before);
}

#[tokio::test]
async fn a_refusal_names_codes_and_no_names() {
    let backend = InMemoryBackend::new();
    let request = backend.unsaved_request(&test_pki::csr(&["www.not-ours.invalid"]), Status::Submitted);
    let id = request.id();
    backend.put(request);
    let (code, message) = refused(validate(&backend, id).await.unwrap_err());
    assert_eq!((code, message.as_str()), (ErrorName::Refused, "name_not_allowed"));
}

#[tokio::test]
async fn names_outside_the_name_constraints_are_refused_before_approvers_are_asked() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Submitted);
    let maker = test_pki::CaMaker::new(test_pki::TestKey::EcP256).name_constraints(&["example.org"], &[]);
    backend.rotate_to(&maker.self_signed());
    let (code, message) = refused(validate(&backend, id).await.unwrap_err());
    assert_eq!((code, message.as_str()), (ErrorName::Refused, "name_not_allowed"));
    backend.without_issuer();
    validate(&backend, id).await.unwrap();
}

#[tokio::test]
async fn a_key_on_the_list_of_the_policy_is_refused_and_a_list_that_is_missing_is_waited_for() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Submitted);
    let list = fixtures::key_list(&[backend.request(id).unwrap().csr_content().unwrap()]);
    backend.deny_keys(&list);
    let StepError::Transient { cause } = validate(&backend, id).await.unwrap_err() else { panic!() };
    assert!(cause.contains(&list.digest().to_string()), "{cause}");
    backend.store_key_list(list);
    let (code, message) = refused(validate(&backend, id).await.unwrap_err());
    assert_eq!((code, message.as_str()), (ErrorName::Refused, "weak_key"));
    let other = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Submitted);
    let id = other.id();
    backend.put(other);
    validate(&backend, id).await.unwrap();
}

#[tokio::test]
async fn a_request_past_its_decision_is_not_judged_again() {
    let backend = InMemoryBackend::new();
    for status in
        [Status::PendingApproval, Status::Approved, Status::Issued, Status::Delivered, Status::Rejected]
    {
        let id = backend.request_at(status);
        let digest = backend.request(id).unwrap().csr().map(|csr| csr.csr_digest.clone());
        assert_eq!(Some(validate(&backend, id).await.unwrap().csr_digest), digest, "{status}");
    }
    let id = backend.request_at(Status::Refused);
    assert_eq!(refused(validate(&backend, id).await.unwrap_err()).0, ErrorName::Refused);
    let id = backend.request_at(Status::Failed);
    assert_eq!(refused(validate(&backend, id).await.unwrap_err()).0, ErrorName::Ended);
    assert_eq!(refused(validate(&backend, RequestId::random()).await.unwrap_err()).0, ErrorName::NotFound);
}

#[tokio::test]
async fn a_port_that_fails_is_a_passing_fault() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Submitted);
    for port in ["requests", "policies", "issuers"] {
        backend.fail_next(port, 1);
        assert!(matches!(validate(&backend, id).await.unwrap_err(), StepError::Transient { .. }), "{port}");
        validate(&backend, id).await.unwrap();
    }
}

#[tokio::test]
async fn it_survives_every_fault() {
    faults::fault_sweep(
        "Validate",
        |backend| {
            _ = backend.request_at(Status::Submitted);
            let list = fixtures::key_list(&[&test_pki::csr(&["www.example.com"])]);
            backend.deny_keys(&list);
            backend.store_key_list(list);
        },
        |backend| async move { validate(&backend, backend.requests()[0].id()).await.map(drop) },
    )
    .await;
}
