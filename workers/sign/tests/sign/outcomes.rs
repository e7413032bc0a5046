//! The two outcomes of a request to Sign: one certificate, or none.

use std::sync::Arc;

use workflow::ids::RequestId;
use workflow::request::Status;
use workflow::runtime::step::{ErrorName, StepError};
use workflow::testing::InMemoryBackend;

use super::sign;

/// Asserts that the request is signed, and that a repetition makes no second certificate.
pub(super) async fn assert_signed_once(backend: &Arc<InMemoryBackend>, id: RequestId, what: &str) {
    let signed = sign(backend, id).await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
    assert_eq!(sign(backend, id).await.unwrap(), signed, "{what}");
    assert_eq!(backend.certificates().len(), 1, "{what}");
}

/// Asserts that the request is refused with this error, and that no certificate is stored.
pub(super) async fn assert_refused(
    backend: &Arc<InMemoryBackend>,
    id: RequestId,
    expected: ErrorName,
    what: &str,
) {
    let said = sign(backend, id).await;
    let is_expected = matches!(&said, Err(StepError::Refused { code, .. }) if *code == expected);
    assert!(is_expected, "{what}: {said:?}");
    let row = backend.request(id).unwrap();
    assert!(backend.certificates().is_empty(), "{what}");
    assert_eq!((row.serial(), row.status()), (None, Status::Approved), "{what}");
}
