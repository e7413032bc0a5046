//! Certificates that were renewed, and are revoked some time after.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use housekeeping::{Housekeeping, Report};
use pki::crl::RevocationReason;
use pki::testing as test_pki;
use time::Duration;
use workflow::ids::RequestId;
use workflow::request::{Columns, Request, Status};
use workflow::testing::{InMemoryBackend, faults};

const POLICY: &str = include_str!("../../../infra/policy.toml");

async fn run(backend: &Arc<InMemoryBackend>) -> Report {
    let worker = Housekeeping {
        requests: backend.clone(),
        executions: backend.clone(),
        revocation_executions: backend.clone(),
        approval_queue: backend.clone(),
        issuers: backend.clone(),
        lists: backend.clone(),
        sign_queue: backend.clone(),
        standing: backend.clone(),
        names: backend.clone(),
        policies: backend.clone(),
        notify_queue: backend.clone(),
        metrics: backend.clone(),
        clock: backend.clone(),
    };
    worker.run().await
}

/// A delivered certificate and its delivered renewal, in a stack that supersedes after a week.
fn renewed(names: &[&str], renewed: &[&str]) -> (Arc<InMemoryBackend>, RequestId, RequestId) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&POLICY.replace("[lifecycle]", "[lifecycle]\nrenewal.supersede_after = \"7d\""));
    let old = backend.unsaved_request(&test_pki::csr(names), Status::Delivered);
    backend.put(old.clone());
    let renewal = backend.renewal_at(&test_pki::csr(renewed), Status::Delivered, old.id());
    (backend, old.id(), renewal.id())
}

fn row(backend: &InMemoryBackend, id: RequestId) -> Request {
    backend.request(id).unwrap()
}

#[tokio::test]
async fn the_old_certificate_is_revoked_once_the_time_is_over_and_not_before() {
    let (backend, old, renewal) = renewed(&["www.example.com"], &["www.example.com"]);
    backend.advance(Duration::days(7) - Duration::SECOND);
    assert_eq!(run(&backend).await.superseded, 0);
    assert!(row(&backend, old).revocation().is_none() && row(&backend, renewal).is_superseding());
    backend.advance(Duration::SECOND);
    assert_eq!(run(&backend).await.superseded, 1);
    let revocation = row(&backend, old).revocation().cloned().unwrap();
    assert_eq!(
        (revocation.reason, revocation.by.as_str()),
        (RevocationReason::Superseded, "worker:housekeeping")
    );
    assert!(backend.executions().keys().any(|arn| arn.contains(&format!("{old}-revoke"))));
    assert_eq!(run(&backend).await.superseded, 0, "once");
    assert!(!row(&backend, renewal).is_superseding());
}

#[tokio::test]
async fn a_certificate_that_the_new_one_cannot_stand_in_for_stays() {
    fn unchanged(_: &mut Columns) {}
    type Alter = fn(&mut Columns);
    let cases: [(&str, &[&str], Alter, Alter, bool); 6] = [
        ("more names", &["www.example.com", "new.example.com"], unchanged, unchanged, true),
        ("a name less", &["new.example.com"], unchanged, unchanged, false),
        ("another profile", &["www.example.com"], |old| old.profile = "client".into(), unchanged, false),
        (
            "an old one that has ended",
            &["www.example.com"],
            |old| old.not_after = old.not_before,
            unchanged,
            false,
        ),
        (
            "a renewal that is revoked",
            &["www.example.com"],
            unchanged,
            |new| new.status = Status::Revoked,
            false,
        ),
        (
            "a renewal that is not delivered",
            &["www.example.com"],
            unchanged,
            |new| new.status = Status::Issued,
            false,
        ),
    ];
    for (what, names, alter_old, alter, is_revoked) in cases {
        let (backend, old, renewal) = renewed(&["www.example.com"], names);
        backend.alter(old, alter_old);
        backend.alter(renewal, alter);
        backend.advance(Duration::days(8));
        run(&backend).await;
        run(&backend).await;
        assert_eq!(row(&backend, old).revocation().is_some(), is_revoked, "{what}");
        assert!(!row(&backend, renewal).is_superseding(), "{what}");
    }
}

#[tokio::test]
async fn a_policy_that_supersedes_nothing_settles_at_once_and_for_good() {
    let (backend, old, renewal) = renewed(&["www.example.com"], &["www.example.com"]);
    let supersedes = POLICY.replace("[lifecycle]", "[lifecycle]\nrenewal.supersede_after = \"7d\"");
    backend.set_policy(POLICY);
    assert_eq!(run(&backend).await.superseded, 0);
    assert!(!row(&backend, renewal).is_superseding());
    backend.set_policy(&supersedes);
    backend.advance(Duration::days(8));
    assert_eq!(run(&backend).await.superseded, 0, "it was delivered when nobody said so");
    assert!(row(&backend, old).revocation().is_none());
}

#[tokio::test]
async fn it_survives_every_fault_with_one_revocation() {
    faults::fault_sweep(
        "Supersede",
        |backend| {
            backend
                .set_policy(&POLICY.replace("[lifecycle]", "[lifecycle]\nrenewal.supersede_after = \"7d\""));
            let csr = || test_pki::csr(&["www.example.com"]);
            let old = backend.unsaved_request(&csr(), Status::Delivered);
            backend.put(old.clone());
            backend.renewal_at(&csr(), Status::Delivered, old.id());
            backend.advance(Duration::days(7));
        },
        |backend| async move {
            // One run accepts the revocation, and the next one settles it.
            run(&backend).await;
            let report = run(&backend).await;
            let is_done = backend.requests().iter().all(|row| !row.is_superseding());
            let message = format!("{report:?}");
            if is_done { Ok(()) } else { Err(workflow::runtime::step::StepError::transient(message)) }
        },
    )
    .await;
}
