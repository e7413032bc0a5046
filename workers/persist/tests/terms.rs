//! Requests of standing approvals, against the backend in memory.
#![allow(clippy::unwrap_used, clippy::panic)] // A test may.

use std::sync::Arc;

use persist::{Persist, PersistInput};
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::request::{Request, Status};
use workflow::runtime::step::{ErrorName, Step, StepError};
use workflow::testing::InMemoryBackend;
use workflow::testing::fixtures::{self, standing_backend};

async fn run(
    backend: &Arc<InMemoryBackend>,
    id: RequestId,
    state: &str,
    csr_digest: Option<String>,
) -> Result<Request, StepError> {
    let step = Persist {
        requests: backend.clone(),
        names: backend.clone(),
        policies: backend.clone(),
        issuers: backend.clone(),
        certificates: backend.clone(),
        compromised_keys: backend.clone(),
        revocations: backend.clone(),
        metrics: backend.clone(),
        clock: backend.clone(),
    };
    let input = PersistInput { csr_digest, ..PersistInput::default() };
    step.run(fixtures::task(id, state, "t", input)).await?;
    Ok(backend.request(id).unwrap())
}

#[tokio::test]
async fn terms_are_in_the_row_from_the_start() {
    let backend = standing_backend();
    let id = backend.grant_at(Status::Submitted);
    let before = backend.request(id).unwrap();
    let digest = before.validated_digest();
    assert_eq!(run(&backend, id, "Persist", digest).await.unwrap(), before);
    let other = run(&backend, id, "Persist", Some("0".repeat(64))).await;
    assert!(matches!(other, Err(StepError::Refused { code: ErrorName::BadMessage, .. })), "{other:?}");
    assert_eq!(backend.request(id).unwrap(), before);
}

#[tokio::test]
async fn a_refusal_keeps_the_findings_about_the_terms() {
    let backend = standing_backend();
    let id = backend.grant_at(Status::Submitted);
    backend.set_policy(&fixtures::standing_policy().replace("most = 500", "most = 19"));
    let row = run(&backend, id, "RecordRefusal", None).await.unwrap();
    assert_eq!((row.status(), row.code()), (Status::Refused, Some(Code::TooLarge)));
    assert!(row.reason().unwrap().contains("19 certificates"), "{:?}", row.reason());
}
