//! Sign against the world in memory.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use pki::certificate::Certificate;
use pki::testing as test_pki;
use sign::{Sign, Signed};
use time::Duration;
use workflow::ids::RequestId;
use workflow::ports::Clock;
use workflow::request::{Columns, Status};
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step, StepError};
use workflow::testing::{World, faults, journey};

async fn sign(world: &Arc<World>, id: RequestId) -> Result<Signed, StepError> {
    let step = Sign {
        requests: world.clone(),
        policies: world.clone(),
        archive: world.clone(),
        ca_key: world.clone(),
        clock: world.clone(),
    };
    match step.run(journey::task(id, "Sign", "t", NoInput {})).await? {
        Progress::Done(signed) => Ok(signed),
        Progress::Waiting => panic!("Sign never waits"),
    }
}

fn name(result: Result<Signed, StepError>) -> ErrorName {
    match result {
        Err(StepError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_approved_request_gets_one_certificate_whatever_is_repeated() {
    let world = World::new();
    let id = world.request_at(Status::Approved);
    let signed = sign(&world, id).await.unwrap();
    let first = world.certificates();
    assert_eq!(sign(&world, id).await.unwrap(), signed);
    assert_eq!(world.certificates(), first);
    assert_eq!(first.len(), 1);
    let row = world.request(id).unwrap();
    assert_eq!(row.status(), Status::Issued);
    let certificate = Certificate::from_pem(&first[&signed.serial.to_string()]).unwrap();
    assert_eq!(certificate.serial(), &signed.serial);
    assert_eq!(Some(certificate.not_after()), row.not_after());
    assert_eq!(certificate.public_key_digest(), row.csr().unwrap().public_key_digest);
    assert_eq!(certificate.authority_key_identifier(), Some(world.issuer_certificate().key_identifier()));
}

#[tokio::test]
async fn it_survives_every_fault_with_one_certificate() {
    faults::survive(
        "Sign",
        |world| _ = world.request_at(Status::Approved),
        |world| async move { sign(&world, world.requests()[0].id()).await.map(drop) },
    )
    .await;
}

#[tokio::test]
async fn signers_that_race_agree_on_one_certificate() {
    let world = World::new();
    let id = world.request_at(Status::Approved);
    let (one, other) = tokio::join!(sign(&world, id), sign(&world, id));
    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(world.certificates().len(), 1);
}

#[tokio::test]
async fn what_nobody_approved_is_not_signed() {
    let world = World::new();
    for status in
        [Status::Submitted, Status::PendingApproval, Status::Rejected, Status::Expired, Status::Failed]
    {
        let id = world.request_at(status);
        assert_eq!(name(sign(&world, id).await), ErrorName::NotApproved, "{status}");
    }
    assert_eq!(name(sign(&world, RequestId::random()).await), ErrorName::NotFound);
    assert!(world.certificates().is_empty());
}

#[tokio::test]
async fn a_row_that_was_altered_after_the_approval_is_not_signed() {
    let world = World::new();
    let alterations: [fn(&mut Columns); 4] = [
        |row| row.csr_content = test_pki::csr(&["www.example.com"]),
        |row| row.csr_content = test_pki::csr(&["admin.example.com"]),
        |row| row.profile = "client".into(),
        |row| row.decision = None,
    ];
    for alter in alterations {
        let id = world.request_at(Status::Approved);
        world.alter(id, alter);
        assert!(matches!(name(sign(&world, id).await), ErrorName::NotApproved | ErrorName::Refused));
    }
    assert!(world.certificates().is_empty());
}

#[tokio::test]
async fn a_stricter_policy_in_force_refuses() {
    let world = World::new();
    let id = world.request_at(Status::Approved);
    world.set_policy(&include_str!("../../../infra/policy.toml").replace("example.com\"", "example.edu\""));
    assert_eq!(name(sign(&world, id).await), ErrorName::Refused);
}

/// Reserves a serial and a validity, and dies before anything is stored.
async fn reserved(world: &Arc<World>) -> RequestId {
    let id = world.request_at(Status::Approved);
    world.fail_next("ca key", 1);
    assert!(matches!(sign(world, id).await, Err(StepError::Transient { .. })));
    assert!(world.request(id).unwrap().serial().is_some() && world.certificates().is_empty());
    id
}

#[tokio::test]
async fn a_ca_or_a_policy_that_changes_after_the_reservation_cuts_the_validity() {
    let maker = || test_pki::CaMaker::new(test_pki::TestKey::EcP256);
    let shorter = include_str!("../../../infra/policy.toml").replace("365", "30");
    type Change<'a> = (&'a str, &'a dyn Fn(&World));
    let changes: [Change<'_>; 4] = [
        ("a CA that ends earlier", &|world| {
            let now = world.now();
            world.rotate_to(&maker().valid(now - Duration::days(9), now + Duration::days(9)).self_signed());
        }),
        ("a CA that began after the reservation", &|world| {
            let began = world.now();
            world.advance(Duration::minutes(5));
            world.rotate_to(&maker().valid(began, began + Duration::days(900)).self_signed());
        }),
        ("a policy that grants less", &|world| world.set_policy(&shorter)),
        ("so much time that nothing of the reserved is left", &|world| world.advance(Duration::days(400))),
    ];
    for (what, change) in changes {
        let world = World::new();
        let id = reserved(&world).await;
        let before = world.request(id).unwrap();
        change(&world);
        let signed = sign(&world, id).await.unwrap();
        let row = world.request(id).unwrap();
        assert_eq!(row.serial(), before.serial(), "{what}: one request, one serial");
        assert_ne!(row.validity(), before.validity(), "{what}");
        let certificate = Certificate::from_pem(&world.certificates()[&signed.serial.to_string()]).unwrap();
        assert_eq!(
            row.validity(),
            Some(certificate.validity()),
            "{what}: the row says what the certificate says"
        );
        assert!(certificate.not_after() > world.now(), "{what}");
        assert_eq!(sign(&world, id).await.unwrap(), signed, "{what}: repeated");
    }
}

#[tokio::test]
async fn a_certificate_that_another_signer_stored_meanwhile_is_the_one() {
    let (world, other) = (World::new(), World::new());
    let id = reserved(&world).await;
    let row = world.request(id).unwrap();
    other.put(row.clone());
    let stored = sign(&other, id).await.unwrap();
    let pem = other.certificates()[&stored.serial.to_string()].clone();
    world.put_certificate(&stored.serial, &pem);
    let now = world.now();
    let maker = test_pki::CaMaker::new(test_pki::TestKey::EcP256);
    world.rotate_to(&maker.valid(now - Duration::days(9), now + Duration::days(9)).self_signed());
    assert_eq!(sign(&world, id).await.unwrap(), stored);
    assert_eq!(world.request(id).unwrap().validity(), row.validity());
}

#[tokio::test]
async fn a_ca_that_may_not_certify_the_names_any_more_refuses() {
    let world = World::new();
    let id = world.request_at(Status::Approved);
    let maker = test_pki::CaMaker::new(test_pki::TestKey::EcP256).name_constraints(&["example.org"], &[]);
    world.rotate_to(&maker.self_signed());
    assert_eq!(name(sign(&world, id).await), ErrorName::Refused);
    assert!(world.certificates().is_empty() && world.request(id).unwrap().serial().is_none());
}

#[tokio::test]
async fn without_a_ca_the_message_waits_and_says_so() {
    let world = World::new();
    let id = world.request_at(Status::Approved);
    world.without_issuer();
    let Err(StepError::Transient { cause }) = sign(&world, id).await else { panic!() };
    assert!(cause.contains("countersign ca init"), "{cause}");
}
