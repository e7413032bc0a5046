//! Continues a failed request.
//!
//! Invariant: the row first, then the execution. If the caller dies in between, housekeeping starts the execution. Idempotent: a
//! repetition starts the execution of the same name.

use time::OffsetDateTime;

use super::{UpdateError, update_request};
use crate::ids::RequestId;
use crate::ports::{Executions, PortError, Requests};
use crate::request::audit::Origin;
use crate::request::{InvalidTransition, Operation, Request, Status, TooManyOperations, execution_name};

/// Why a request is not retried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRetried {
    /// It has an outcome.
    #[error(transparent)]
    Ended(#[from] InvalidTransition),
    /// Too many reasons of operators.
    #[error(transparent)]
    TooMany(#[from] TooManyOperations),
}

/// A request that goes on.
#[derive(Debug)]
pub struct Retried {
    /// Its row.
    pub row: Request,
    /// True if it had failed; false if it was in progress.
    pub had_failed: bool,
    /// Why the execution did not start; housekeeping starts it within minutes.
    pub not_started: Option<PortError>,
}

/// Continues a failed request on behalf of `by`, for a reason that the row keeps if one is given.
///
/// # Errors
/// [`UpdateError`]; nothing is recorded then.
pub async fn retry_request(
    requests: &dyn Requests,
    executions: &dyn Executions,
    id: RequestId,
    (by, reason): (&Origin, Option<&str>),
    now: OffsetDateTime,
) -> Result<Retried, UpdateError<NotRetried>> {
    let arn = |attempt| executions.arn(&execution_name(id, attempt));
    let mut had_failed = false;
    let updated = update_request(requests, id, by, |row| {
        had_failed = row.status() == Status::Failed;
        row.retry(arn, now)?;
        if let Some(reason) = reason.filter(|_| had_failed) {
            row.record_operation(Operation::Retry, reason, &by.actor, now)?;
        }
        Ok::<(), NotRetried>(())
    });
    let row = updated.await?.row;
    let name = execution_name(id, row.execution().attempt);
    let not_started = executions.start(&name, id).await.err();
    Ok(Retried { row, had_failed, not_started })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Clock as _;
    use crate::request::audit::EventKind;
    use crate::request::{Ending, verify_request};
    use crate::testing::{InMemoryBackend, faults};

    /// Ends a stored request as failed.
    fn fail(backend: &InMemoryBackend, id: RequestId) {
        let mut row = backend.request(id).unwrap();
        row.end(Ending::because(Status::Failed, "Something broke."), backend.now()).unwrap();
        backend.put(row);
    }

    async fn retry(backend: &InMemoryBackend, id: RequestId) -> Result<Retried, UpdateError<NotRetried>> {
        let by = Origin::operator("olivia@example.com");
        retry_request(backend, backend, id, (&by, Some("The table answers again.")), backend.now()).await
    }

    #[tokio::test]
    async fn a_failed_request_goes_on_once_and_the_reason_is_kept() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Failed);
        let first = retry(&backend, id).await.unwrap();
        assert!(first.had_failed && first.not_started.is_none());
        let second = retry(&backend, id).await.unwrap();
        assert!(!second.had_failed);
        assert_eq!(second.row.execution().attempt, first.row.execution().attempt);
        let [kept] = second.row.operations() else { panic!("{:?}", second.row.operations()) };
        assert_eq!((kept.operation, kept.reason.as_str()), (Operation::Retry, "The table answers again."));
        assert_eq!(kept.by.as_str(), "operator:olivia@example.com");
        let trail = backend.audit(id);
        assert_eq!(trail.iter().filter(|event| event.event == EventKind::Operated).count(), 1);
        assert!(trail.iter().all(|event| !format!("{event:?}").contains("answers again")));
        assert_eq!(verify_request(&second.row, &trail), []);
        // A reason that was changed afterwards is found.
        backend.alter(id, |columns| columns.operations[0].reason = "Because.".into());
        let columns = backend.request(id).unwrap();
        assert!(!verify_request(&columns, &trail).is_empty());
    }

    #[tokio::test]
    async fn an_outcome_stays_and_a_start_that_fails_is_said() {
        let backend = InMemoryBackend::new();
        let ended = backend.request_at(Status::Rejected);
        assert!(matches!(retry(&backend, ended).await, Err(UpdateError::Rejected(NotRetried::Ended(_)))));
        let id = backend.request_at(Status::Failed);
        backend.fail_next("executions", 1);
        let retried = retry(&backend, id).await.unwrap();
        assert!(retried.not_started.is_some() && retried.row.status() != Status::Failed);
    }

    #[tokio::test]
    async fn a_request_that_fails_again_goes_on_again() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Failed);
        retry(&backend, id).await.unwrap();
        fail(&backend, id);
        let again = retry(&backend, id).await.unwrap();
        assert!(again.had_failed);
        assert_eq!(again.row.execution().attempt, 3);
        assert_eq!(again.row.operations().len(), 1, "the same person, a moment ago, for the same reason");
        let trail = backend.audit(id);
        assert_eq!(trail.iter().filter(|event| event.event == EventKind::Retried).count(), 2);
        assert_eq!(verify_request(&again.row, &trail), []);
    }

    #[tokio::test]
    async fn every_fault_is_survived_and_there_is_one_certificate() {
        let signed = |backend: &std::sync::Arc<InMemoryBackend>| {
            let id = backend.request_with_certificate(Status::Issued);
            fail(backend, id);
        };
        faults::fault_sweep("RetryRequest", signed, |backend| async move {
            let id = backend.requests()[0].id();
            // A double click.
            retry(&backend, id).await.map_err(|error| error.to_string())?;
            let retried = retry(&backend, id).await.map_err(|error| error.to_string())?;
            assert_eq!((retried.row.status(), retried.row.execution().attempt), (Status::Issued, 2));
            assert_eq!((retried.row.operations().len(), backend.executions().len()), (1, 1));
            assert_eq!(backend.certificates().len(), 1);
            Ok::<(), String>(())
        })
        .await;
    }
}
