//! Requests of standing approvals, against the backend in memory.
#![allow(clippy::unwrap_used, clippy::panic)] // A test may.

use std::sync::Arc;

use validate::{Validate, Validated};
use workflow::ids::RequestId;
use workflow::request::Status;
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step, StepError};
use workflow::testing::fixtures::{self, standing_backend};
use workflow::testing::{InMemoryBackend, faults};

async fn validate(backend: &Arc<InMemoryBackend>, id: RequestId) -> Result<Validated, StepError> {
    let step = Validate { requests: backend.clone(), policies: backend.clone(), issuers: backend.clone() };
    match step.run(fixtures::task(id, "Validate", "t", NoInput {})).await? {
        Progress::Done(validated) => Ok(validated),
        Progress::Waiting => panic!("Validate never waits"),
    }
}

#[tokio::test]
async fn terms_pass_with_the_digest_of_their_row_and_nothing_is_written() {
    let backend = standing_backend();
    for status in [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Delivered] {
        let id = backend.grant_at(status);
        let before = backend.request(id);
        let validated = validate(&backend, id).await.unwrap();
        assert_eq!(Some(validated.csr_digest), before.as_ref().unwrap().validated_digest(), "{status}");
        assert_eq!(validated.policy_version, backend.policy().version());
        assert_eq!(backend.request(id), before);
    }
}

#[tokio::test]
async fn terms_that_the_policy_no_longer_allows_are_refused_with_a_code() {
    let with =
        |days: &str| fixtures::standing_policy().replace("max = \"90d\"", &format!("max = \"{days}d\""));
    for (policy, code) in [
        (with("29"), "too_large"),
        (with("30"), ""),
        (include_str!("../../../infra/policy.toml").to_owned(), "bad_request"),
    ] {
        let backend = standing_backend();
        let id = backend.grant_at(Status::Submitted);
        backend.set_policy(&policy);
        match validate(&backend, id).await {
            Ok(_) => assert_eq!(code, ""),
            Err(StepError::Refused { code: name, message }) => {
                assert_eq!((name, &*message), (ErrorName::Refused, code))
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn it_survives_every_fault() {
    faults::fault_sweep(
        "Validate, terms",
        |backend| {
            backend.set_policy(&fixtures::standing_policy());
            backend.grant_at(Status::Submitted);
        },
        |backend| async move { validate(&backend, backend.requests()[0].id()).await.map(drop) },
    )
    .await;
}
