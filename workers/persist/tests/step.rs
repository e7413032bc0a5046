//! Persist against the world in memory.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use persist::{Input, Persist};
use pki::testing as test_pki;
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::request::metric::{Measure, Outcome};
use workflow::request::{Request, Status};
use workflow::runtime::step::{ErrorName, Step, StepError};
use workflow::testing::{World, faults, journey};

fn step(world: &Arc<World>) -> Persist {
    Persist {
        requests: world.clone(),
        names: world.clone(),
        policies: world.clone(),
        archive: world.clone(),
        metrics: world.clone(),
        clock: world.clone(),
    }
}

async fn run(world: &Arc<World>, id: RequestId, state: &str, input: Input) -> Result<Request, StepError> {
    step(world).run(journey::task(id, state, "t", input)).await?;
    Ok(world.request(id).unwrap())
}

#[tokio::test]
async fn the_facts_are_written_once() {
    let world = World::new();
    let id = world.request_at(Status::Submitted);
    let first = run(&world, id, "Persist", Input::default()).await.unwrap();
    assert_eq!(first.names(), ["www.example.com"]);
    assert_eq!(first.status(), Status::Submitted);
    assert!(first.csr().is_some());
    world.set_policy(&include_str!("../../../infra/policy.toml").replace("365", "30"));
    assert_eq!(
        run(&world, id, "Persist", Input::default()).await.unwrap(),
        first,
        "a second run changes nothing"
    );
    use workflow::ports::Names;
    assert_eq!(world.of("www.example.com", 9).await.unwrap(), [id]);
}

#[tokio::test]
async fn another_csr_than_the_validated_one_is_not_stored() {
    let world = World::new();
    let id = world.request_at(Status::Submitted);
    let input = Input { csr_digest: Some("0".repeat(64)), error: None };
    let StepError::Refused { code, .. } = run(&world, id, "Persist", input).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(code, ErrorName::BadMessage);
    assert_eq!(world.request(id).unwrap().csr(), None);
}

#[tokio::test]
async fn what_the_authority_may_not_certify_is_a_refusal_with_its_words() {
    let world = World::new();
    let id = world.request_at(Status::Submitted);
    let maker = test_pki::CaMaker::new(test_pki::TestKey::EcP256).name_constraints(&[], &["example.com"]);
    world.rotate_to(&maker.self_signed());
    let fault = run(&world, id, "Persist", Input::default()).await.unwrap_err();
    assert!(matches!(fault, StepError::Refused { code: ErrorName::Refused, .. }));
    assert_eq!(world.request(id).unwrap().csr(), None);
    let row = run(&world, id, "RecordRefusal", Input::default()).await.unwrap();
    assert_eq!((row.status(), row.code()), (Status::Refused, Some(Code::NameNotAllowed)));
    assert!(row.reason().unwrap().contains("exclude the DNS name \"www.example.com\""));
}

#[tokio::test]
async fn a_refusal_is_recorded_with_every_finding() {
    let world = World::new();
    let request = world.journey(&test_pki::csr(&["www.not-ours.invalid"]), Status::Submitted);
    let id = request.id();
    world.put(request);
    let row = run(&world, id, "RecordRefusal", Input::default()).await.unwrap();
    assert_eq!((row.status(), row.code()), (Status::Refused, Some(Code::NameNotAllowed)));
    assert!(row.findings().iter().any(|finding| finding.detail.contains("not-ours")), "{:?}", row.findings());
}

#[tokio::test]
async fn each_ending_is_recorded_and_stands() {
    let world = World::new();
    for (state, status) in [
        ("RecordRejection", Status::Rejected),
        ("RecordExpiry", Status::Expired),
        ("RecordFailure", Status::Failed),
    ] {
        let id = world.request_at(Status::PendingApproval);
        let row = run(&world, id, state, Input::default()).await.unwrap();
        assert_eq!(row.status(), status);
        assert!(row.reason().is_some());
        for other in ["RecordRejection", "RecordExpiry", "RecordFailure", "RecordRefusal"] {
            assert_eq!(run(&world, id, other, Input::default()).await.unwrap(), row, "{other} after {state}");
        }
    }
    let counted = [Outcome::Rejected, Outcome::Expired, Outcome::Failed].map(Measure::Ended);
    assert_eq!(world.measures(), counted, "each ending is counted once");
}

#[tokio::test]
async fn a_delivered_request_is_never_called_failed() {
    let world = World::new();
    let id = world.request_at(Status::Delivered);
    let row = run(&world, id, "RecordFailure", Input::default()).await.unwrap();
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
        faults::survive(
            state,
            |world| _ = world.request_at(status),
            |world| async move {
                run(&world, world.requests()[0].id(), state, Input::default())
                    .await
                    .map(drop)
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_failure_of_the_past_does_not_end_what_an_operator_set_going_again() {
    let world = World::new();
    let id = world.request_at(Status::Approved);
    run(&world, id, "RecordFailure", Input::default()).await.unwrap();
    let mut row = world.request(id).unwrap();
    assert_eq!(row.status(), Status::Failed);
    row.retry(|attempt| format!("arn:{id}-r{attempt}"), row.registration_date()).unwrap();
    world.put(row);
    let row = world.request(id).unwrap();
    assert_eq!(run(&world, id, "RecordFailure", Input::default()).await.unwrap(), row, "it came twice");
    let mut now = journey::task(id, "RecordFailure", "t", Input::default());
    now.execution = row.execution().arn.clone();
    step(&world).run(now).await.unwrap();
    assert_eq!(world.request(id).unwrap().status(), Status::Failed);
}
