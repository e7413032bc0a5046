//! Persist against the backend in memory.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use persist::{Persist, PersistInput, PersistOutput};
use pki::crl::RevocationReason;
use pki::testing as test_pki;
use time::Duration;
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::ports::Clock as _;
use workflow::request::metric::{Measure, RequestOutcome};
use workflow::request::{Request, Status, verify_request};
use workflow::runtime::step::{ErrorName, Progress, Step, StepError};
use workflow::testing::{InMemoryBackend, faults, fixtures};

fn step(backend: &Arc<InMemoryBackend>) -> Persist {
    Persist {
        requests: backend.clone(),
        names: backend.clone(),
        policies: backend.clone(),
        issuers: backend.clone(),
        certificates: backend.clone(),
        compromised_keys: backend.clone(),
        revocations: backend.clone(),
        metrics: backend.clone(),
        clock: backend.clone(),
    }
}

async fn run(
    backend: &Arc<InMemoryBackend>,
    id: RequestId,
    state: &str,
    input: PersistInput,
) -> Result<Request, StepError> {
    step(backend).run(fixtures::task(id, state, "t", input)).await?;
    Ok(backend.request(id).unwrap())
}

#[tokio::test]
async fn the_facts_are_written_once() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Submitted);
    let first = run(&backend, id, "Persist", PersistInput::default()).await.unwrap();
    assert_eq!(first.names(), ["www.example.com"]);
    assert_eq!(first.status(), Status::Submitted);
    assert!(first.csr().is_some());
    backend.set_policy(&include_str!("../../../infra/policy.toml").replace("365", "30"));
    assert_eq!(
        run(&backend, id, "Persist", PersistInput::default()).await.unwrap(),
        first,
        "a second run changes nothing"
    );
    use workflow::ports::{NameEntry, NameIndex};
    assert_eq!(backend.of("www.example.com", 9).await.unwrap(), [NameEntry::Request(id)]);
}

#[tokio::test]
async fn another_csr_than_the_validated_one_is_not_stored() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Submitted);
    let input = PersistInput { csr_digest: Some("0".repeat(64)), ..PersistInput::default() };
    let StepError::Refused { code, .. } = run(&backend, id, "Persist", input).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(code, ErrorName::BadMessage);
    assert_eq!(backend.request(id).unwrap().csr(), None);
}

#[tokio::test]
async fn what_the_authority_may_not_certify_is_a_refusal_with_its_words() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Submitted);
    let maker = test_pki::CaMaker::new(test_pki::TestKey::EcP256).name_constraints(&[], &["example.com"]);
    backend.rotate_to(&maker.self_signed());
    let fault = run(&backend, id, "Persist", PersistInput::default()).await.unwrap_err();
    assert!(matches!(fault, StepError::Refused { code: ErrorName::Refused, .. }));
    assert_eq!(backend.request(id).unwrap().csr(), None);
    let row = run(&backend, id, "RecordRefusal", PersistInput::default()).await.unwrap();
    assert_eq!((row.status(), row.code()), (Status::Refused, Some(Code::NameNotAllowed)));
    assert!(row.reason().unwrap().contains("exclude the DNS name \"www.example.com\""));
}

#[tokio::test]
async fn a_refusal_is_recorded_with_every_finding() {
    let backend = InMemoryBackend::new();
    let request = backend.unsaved_request(&test_pki::csr(&["www.not-ours.invalid"]), Status::Submitted);
    let id = request.id();
    backend.put(request);
    let row = run(&backend, id, "RecordRefusal", PersistInput::default()).await.unwrap();
    assert_eq!((row.status(), row.code()), (Status::Refused, Some(Code::NameNotAllowed)));
    assert!(row.findings().iter().any(|finding| finding.detail.contains("not-ours")), "{:?}", row.findings());
}

/// A request under a standing approval that Persist has not seen.
fn under_standing(backend: &InMemoryBackend) -> RequestId {
    let csr = test_pki::csr(&["www.example.com"]);
    let row = backend.unsaved_under_at(RequestId::random(), &csr, Status::Submitted);
    let id = row.id();
    backend.put(row);
    id
}

#[tokio::test]
async fn under_a_standing_approval_nobody_is_asked_and_the_output_says_so() {
    let backend = InMemoryBackend::new();
    let id = under_standing(&backend);
    let task = || fixtures::task(id, "Persist", "t", PersistInput::default());
    let standing = backend.request(id).unwrap().standing();
    for _ in 0..2 {
        let output = step(&backend).run(task()).await.unwrap();
        assert_eq!(output, Progress::Done(PersistOutput { covered_by: standing }));
    }
    let row = backend.request(id).unwrap();
    assert_eq!((row.status(), row.decision(), row.mails().len()), (Status::Approved, None, 0));
    assert_eq!(verify_request(&row, &backend.audit(id)), []);
    let json = serde_json::to_value(PersistOutput { covered_by: standing }).unwrap();
    assert_eq!(json, serde_json::json!({ "coveredBy": standing.unwrap().to_string() }));
    // Without one, the output has no such field: a Choice of the flow asks whether it is there.
    assert_eq!(serde_json::to_value(PersistOutput::default()).unwrap(), serde_json::json!({}));
    let other = backend.request_at(Status::Submitted);
    let output = step(&backend).run(fixtures::task(other, "Persist", "t", PersistInput::default())).await;
    assert_eq!(output.unwrap(), Progress::Done(PersistOutput::default()));
}

#[tokio::test]
async fn persisting_under_a_standing_approval_survives_every_fault() {
    faults::fault_sweep(
        "Persist under a standing approval",
        |backend| _ = under_standing(backend),
        |backend| async move {
            let id = backend.requests()[0].id();
            run(&backend, id, "Persist", PersistInput::default()).await.map(drop)
        },
    )
    .await;
}

#[tokio::test]
async fn a_refusal_under_a_standing_approval_says_why_nothing_more_is_signed() {
    for (cause, code, words) in [
        (Some("the time of the standing approval is over"), Code::GrantOver, "The time of this"),
        (Some("the standing approval has no certificates left"), Code::GrantUsedUp, "no certificates left"),
        // Such as: its approvers have left.
        (Some("<b>anything</b>"), Code::GrantOver, "The policy in force"),
        (None, Code::GrantOver, "The policy in force"),
    ] {
        let backend = InMemoryBackend::new();
        let id = under_standing(&backend);
        run(&backend, id, "Persist", PersistInput::default()).await.unwrap();
        let input = PersistInput { cause: cause.map(str::to_owned), ..PersistInput::default() };
        let row = run(&backend, id, "RecordRefusal", input).await.unwrap();
        assert_eq!((row.status(), row.code()), (Status::Refused, Some(code)), "{cause:?}");
        assert!(row.reason().unwrap().contains(words), "{:?}", row.reason());
        assert_eq!(row.findings().len(), 1);
    }
    // Without a standing approval, the cause is not looked at.
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let cause = Some("the standing approval was ended".to_owned());
    let input = PersistInput { cause, ..PersistInput::default() };
    assert_eq!(run(&backend, id, "RecordRefusal", input).await.unwrap().code(), None);
}

/// A pending request whose row has the cause of the ending that `state` records.
fn about_to_end(backend: &InMemoryBackend, state: &str) -> RequestId {
    let id = backend.request_at(Status::PendingApproval);
    match state {
        "RecordRejection" => {
            let mut approval = backend.approval(id).unwrap();
            approval.withdraw(backend.now()).unwrap();
            let mut row = backend.request(id).unwrap();
            row.record_decision(approval.decision().unwrap(), backend.now()).unwrap();
            backend.put(row);
        }
        "RecordExpiry" => backend.advance(Duration::days(8)),
        _ => {}
    }
    id
}

#[tokio::test]
async fn a_message_without_a_cause_in_the_row_ends_nothing() {
    let backend = InMemoryBackend::new();
    for state in ["RecordRejection", "RecordExpiry"] {
        let id = backend.request_at(Status::PendingApproval);
        let before = backend.request(id).unwrap();
        let ended = run(&backend, id, state, PersistInput::default()).await;
        assert!(matches!(ended, Err(StepError::Refused { code: ErrorName::Ended, .. })), "{state}");
        assert_eq!(backend.request(id).unwrap(), before, "{state}");
    }
}

#[tokio::test]
async fn each_ending_is_recorded_and_stands() {
    let backend = InMemoryBackend::new();
    for (state, status) in [
        ("RecordRejection", Status::Withdrawn),
        ("RecordExpiry", Status::Expired),
        ("RecordFailure", Status::Failed),
    ] {
        let id = about_to_end(&backend, state);
        let row = run(&backend, id, state, PersistInput::default()).await.unwrap();
        assert_eq!(row.status(), status);
        assert!(row.reason().is_some());
        for other in ["RecordRejection", "RecordExpiry", "RecordFailure", "RecordRefusal"] {
            assert_eq!(
                run(&backend, id, other, PersistInput::default()).await.unwrap(),
                row,
                "{other} after {state}"
            );
        }
    }
    let counted =
        [RequestOutcome::Rejected, RequestOutcome::Expired, RequestOutcome::Failed].map(Measure::Ended);
    assert_eq!(backend.measures(), counted, "each ending is counted once");
}

#[tokio::test]
async fn a_delivered_request_is_never_called_failed() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Delivered);
    let row = run(&backend, id, "RecordFailure", PersistInput::default()).await.unwrap();
    assert_eq!(row.status(), Status::Delivered);
}

#[tokio::test]
async fn it_survives_every_fault() {
    for (state, status) in [
        ("Persist", Status::Submitted),
        ("RecordRefusal", Status::Submitted),
        ("RecordRejection", Status::PendingApproval),
        ("RecordExpiry", Status::PendingApproval),
        ("RecordFailure", Status::Issued),
    ] {
        faults::fault_sweep(
            state,
            |backend| match status {
                Status::PendingApproval => _ = about_to_end(backend, state),
                status => _ = backend.request_at(status),
            },
            |backend| async move {
                run(&backend, backend.requests()[0].id(), state, PersistInput::default()).await.map(drop)
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_failure_of_the_past_does_not_end_what_an_operator_set_going_again() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    run(&backend, id, "RecordFailure", PersistInput::default()).await.unwrap();
    let mut row = backend.request(id).unwrap();
    assert_eq!(row.status(), Status::Failed);
    row.retry(|attempt| format!("arn:{id}-r{attempt}"), row.registration_date()).unwrap();
    backend.put(row);
    let row = backend.request(id).unwrap();
    assert_eq!(
        run(&backend, id, "RecordFailure", PersistInput::default()).await.unwrap(),
        row,
        "it came twice"
    );
    let mut now = fixtures::task(id, "RecordFailure", "t", PersistInput::default());
    now.execution = row.execution().arn.clone();
    step(&backend).run(now).await.unwrap();
    assert_eq!(backend.request(id).unwrap().status(), Status::Failed);
}

#[tokio::test]
async fn an_accepted_revocation_is_recorded_once_whatever_fails() {
    let record = |backend: Arc<InMemoryBackend>| async move {
        let id = backend.requests()[0].id();
        run(&backend, id, "RecordRevocation", PersistInput::default()).await.map(drop)
    };
    let accept = |backend: &Arc<InMemoryBackend>| {
        backend.accepted_revocation(RevocationReason::KeyCompromise);
    };
    faults::fault_sweep("RecordRevocation", accept, record).await;
    let backend = InMemoryBackend::new();
    accept(&backend);
    record(backend.clone()).await.unwrap();
    let row = backend.requests().remove(0);
    assert_eq!(row.status(), Status::Revoked);
    let first = backend.revocations();
    let revoked = first.values().next().unwrap();
    assert_eq!(revoked.issuer, backend.issuer_certificate().key_identifier());
    assert_eq!((Some(&revoked.serial), Some(revoked.not_after)), (row.serial(), row.not_after()));
    assert_eq!((revoked.reason, revoked.request_id), (RevocationReason::KeyCompromise, row.id()));
    assert_eq!(revoked.revoked_at, backend.now());
    backend.advance(Duration::HOUR);
    record(backend.clone()).await.unwrap();
    assert_eq!(backend.revocations(), first);
}

#[tokio::test]
async fn a_revocation_that_nobody_accepted_is_not_recorded() {
    let backend = InMemoryBackend::new();
    for id in [backend.request_with_certificate(Status::Delivered), backend.request_at(Status::Approved)] {
        let answer = run(&backend, id, "RecordRevocation", PersistInput::default()).await;
        assert!(matches!(answer, Err(StepError::Refused { .. })), "{answer:?}");
    }
    assert!(backend.revocations().is_empty());
}

#[tokio::test]
async fn a_compromised_key_gets_no_certificate_again_and_others_do() {
    use workflow::ports::Policies as _;
    for (reason, denied) in [(RevocationReason::KeyCompromise, true), (RevocationReason::Superseded, false)] {
        let backend = InMemoryBackend::new();
        let id = backend.accepted_revocation(reason);
        let csr = backend.request(id).unwrap().csr_content().unwrap().to_owned();
        run(&backend, id, "RecordRevocation", PersistInput::default()).await.unwrap();
        let again = backend.unsaved_request(&csr, Status::Submitted);
        backend.put(again.clone());
        let other = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Submitted);
        let policy = backend.for_request(&other).await.unwrap();
        assert!(other.evaluate(&policy, None, None).is_ok());
        let stored = run(&backend, again.id(), "Persist", PersistInput::default()).await;
        assert_eq!(stored.is_err(), denied, "{reason}: {stored:?}");
        if denied {
            let row = run(&backend, again.id(), "RecordRefusal", PersistInput::default()).await.unwrap();
            assert_eq!((row.status(), row.code()), (Status::Refused, Some(Code::WeakKey)));
        }
    }
}

#[tokio::test]
async fn who_did_not_sign_in_before_the_policy_changed_is_told_to_send_the_request_again() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let policy = include_str!("../../../infra/policy.toml");
    backend.set_policy(&workflow::testing::sign_in::asking_requesters_to_sign_in(policy));
    let row = run(&backend, id, "RecordRefusal", PersistInput::default()).await.unwrap();
    assert_eq!((row.status(), row.code()), (Status::Refused, Some(Code::SignInNeeded)));
    assert!(row.findings()[0].advice.contains("sign in"), "{:?}", row.findings());
}
