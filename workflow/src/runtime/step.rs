//! A step of the flow: the work of a worker on one task, and its results.
//!
//! Invariant: a step is idempotent by request id. It ends with a result, with [`StepError::Refused`] (final, with an
//! error name of the state machine), or with [`StepError::Transient`] (the message stays on the queue).

use std::convert::Infallible;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::approval::coverage::{NotCovered, NotIssued};
use crate::ids::RequestId;
use crate::message::{RecheckMessage, TaskToken};
use crate::policy::evaluate::PolicyRejection;
use crate::ports::PortError;
use crate::request::InvalidTransition;
use crate::store::UpdateError;
use crate::wire_name::WireName;
use crate::wire_names;

/// One step of the flow.
#[async_trait]
pub trait Step: Send + Sync {
    /// The states of statemachine.asl.json with tasks for this worker.
    type State: WireName;
    /// The `input` of the message, without the request id.
    type Input: DeserializeOwned + Send;
    /// The output of the state.
    type Output: Serialize + Send;

    /// Does the work of one task.
    async fn run(&self, task: Task<Self::State, Self::Input>) -> Result<Progress<Self::Output>, StepError>;

    /// Handles a message without a task token: re-checks the request's state. Await-approval, notify and sign get
    /// such messages.
    async fn recheck(&self, _message: RecheckMessage) -> Result<(), StepError> {
        Err(StepError::refused(ErrorName::BadMessage, "this worker handles only tasks"))
    }
}

/// One task of the state machine.
#[derive(Clone, Debug)]
pub struct Task<S, I> {
    /// The request.
    pub request_id: RequestId,
    /// The state that sent the task.
    pub state: S,
    /// The ARN of the execution.
    pub execution: String,
    /// The task token. Only await-approval stores it; the shell reports all other tasks.
    pub token: TaskToken,
    /// The rest of the input.
    pub input: I,
}

/// An input with only the request id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct NoInput {}

/// An empty output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoOutput {}

/// The result of a step without an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<O> {
    /// The task ends with this output.
    Done(O),
    /// The task stays open; its outcome is reported later.
    Waiting,
}

/// The error names of statemachine.asl.json.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorName {
    /// The policy does not allow the request.
    Refused,
    /// There is no row with this id.
    NotFound,
    /// There is no approval, or it does not cover the certificate to be signed.
    NotApproved,
    /// The request has ended.
    Ended,
    /// The worker cannot handle the message.
    BadMessage,
    /// The last retry failed.
    Exhausted,
}

wire_names!(ErrorName: "name of an error" {
    Refused => "Request.Refused",
    NotFound => "Request.NotFound",
    NotApproved => "Request.NotApproved",
    Ended => "Request.Ended",
    BadMessage => "Step.BadMessage",
    Exhausted => "Step.Exhausted",
});

/// The error of a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Final: a retry fails the same way.
    #[error("{}: {message}", code.as_str())]
    Refused {
        /// The error name.
        code: ErrorName,
        /// The reason in words, without secrets.
        message: String,
    },
    /// Transient: the message stays on the queue.
    #[error("{cause}")]
    Transient {
        /// The cause in words, without secrets.
        cause: String,
    },
}

impl StepError {
    /// A final error.
    pub fn refused(code: ErrorName, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }

    /// A transient error.
    pub fn transient(cause: impl Into<String>) -> Self {
        Self::Transient { cause: cause.into() }
    }

    /// The error of a missing row.
    pub fn not_found(id: RequestId) -> Self {
        Self::refused(ErrorName::NotFound, format!("there is no request {id}"))
    }
}

impl From<PortError> for StepError {
    fn from(error: PortError) -> Self {
        Self::transient(error.to_string())
    }
}

impl From<InvalidTransition> for StepError {
    fn from(error: InvalidTransition) -> Self {
        Self::refused(ErrorName::Ended, error.to_string())
    }
}

impl From<PolicyRejection> for StepError {
    /// Only the codes: names and values stay out of the execution; RecordRefusal evaluates the request again.
    fn from(refusal: PolicyRejection) -> Self {
        Self::refused(ErrorName::Refused, refusal.codes())
    }
}

impl From<NotCovered> for StepError {
    fn from(error: NotCovered) -> Self {
        let name = match error {
            NotCovered::NotApproved
            | NotCovered::Another
            | NotCovered::NotProven(_)
            | NotCovered::RequesterNotProven(_)
            | NotCovered::Outside(_)
            | NotCovered::NotCounted => ErrorName::NotApproved,
            NotCovered::NotGranted(_) | NotCovered::TooFew | NotCovered::NotAlive(_) => ErrorName::Refused,
        };
        Self::refused(name, error.to_string())
    }
}

impl From<NotIssued> for StepError {
    /// Final if the request is the cause; transient if the cause is the policy or the CA, which operators can correct before
    /// the retry.
    fn from(error: NotIssued) -> Self {
        match error {
            NotIssued::ReadOtherwise(_) => Self::refused(ErrorName::NotApproved, error.to_string()),
            _ if error.is_of_request() => Self::refused(ErrorName::Refused, error.to_string()),
            _ => Self::transient(error.to_string()),
        }
    }
}

impl From<Infallible> for StepError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl<E: Into<StepError>> From<UpdateError<E>> for StepError {
    fn from(error: UpdateError<E>) -> Self {
        match error {
            UpdateError::Missing(id) => Self::not_found(id),
            UpdateError::Rejected(error) => error.into(),
            UpdateError::Port(error) => error.into(),
        }
    }
}
