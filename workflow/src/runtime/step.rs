//! A step of the flow: what a worker does with one task, and how it can end.
//!
//! Invariant: a step is idempotent by request id. A step ends in a result, in [`StepError::Refused`], which is final and
//! known to the state machine by a stable name, or in [`StepError::Transient`], which leaves the message on the queue.

use std::convert::Infallible;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ids::RequestId;
use crate::message::{RecheckMessage, TaskToken};
use crate::policy::evaluate::PolicyRejection;
use crate::ports::PortError;
use crate::request::InvalidTransition;
use crate::store::UpdateError;
use crate::wire_name::WireName;
use crate::wire_names;

/// One step of the flow. The worker's folder is the binary; the queue of that name feeds it.
#[async_trait]
pub trait Step: Send + Sync {
    /// The states of statemachine.asl.json that send to this worker.
    type State: WireName;
    /// The `input` of the message, without the request id.
    type Input: DeserializeOwned + Send;
    /// The output of the state.
    type Output: Serialize + Send;

    /// Does the work of one task.
    async fn run(&self, task: Task<Self::State, Self::Input>) -> Result<Progress<Self::Output>, StepError>;

    /// Handles a message without a task token: re-checks the request's state. Only await-approval and notify get such
    /// messages.
    async fn recheck(&self, _message: RecheckMessage) -> Result<(), StepError> {
        Err(StepError::refused(ErrorName::BadMessage, "this worker takes tasks only"))
    }
}

/// One task, as the state machine sent it.
#[derive(Clone, Debug)]
pub struct Task<S, I> {
    /// Which request it is about.
    pub request_id: RequestId,
    /// The state that sent the task.
    pub state: S,
    /// The ARN of the execution.
    pub execution: String,
    /// What ends the task. Only await-approval keeps it; the shell reports all others.
    pub token: TaskToken,
    /// The rest of the input.
    pub input: I,
}

/// An input that holds nothing but the request id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct NoInput {}

/// An output that says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoOutput {}

/// How far a step came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<O> {
    /// The task has its result.
    Done(O),
    /// The task continues to wait and is reported later.
    Waiting,
}

/// The error names that the state machine knows. Part of the contract with statemachine.asl.json.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorName {
    /// The policy does not allow the request.
    Refused,
    /// There is no row of this id.
    NotFound,
    /// What was approved is not what would be signed, or nothing was approved.
    NotApproved,
    /// The request has ended and cannot go on.
    Ended,
    /// The message is not one that this worker takes.
    BadMessage,
    /// The retries are used up.
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

/// How a step fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Final: asking again would change nothing.
    #[error("{}: {message}", code.as_str())]
    Refused {
        /// The stable name.
        code: ErrorName,
        /// Why, in words, without secrets.
        message: String,
    },
    /// Passing: the message stays on the queue.
    #[error("{cause}")]
    Transient {
        /// Why, in words, without secrets.
        cause: String,
    },
}

impl StepError {
    /// A final fault.
    pub fn refused(code: ErrorName, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }

    /// A passing fault.
    pub fn transient(cause: impl Into<String>) -> Self {
        Self::Transient { cause: cause.into() }
    }

    /// There is no row of this id.
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
    /// By codes only: names and values stay in the table, where RecordRefusal finds the words again.
    fn from(refusal: PolicyRejection) -> Self {
        Self::refused(ErrorName::Refused, refusal.codes())
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
