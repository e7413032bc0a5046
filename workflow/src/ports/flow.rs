//! The state machine and the queues.

use async_trait::async_trait;
use serde::Serialize;
use time::OffsetDateTime;

use super::PortError;
use crate::ids::RequestId;
use crate::message::{RecheckMessage, TaskToken};

/// The result of a task report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// The task has ended with this report.
    Accepted,
    /// The task had already finished or timed out; nothing more to do.
    AlreadyFinished,
}

/// The tasks of the state machine that wait for a result.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Ends the task with a result.
    async fn succeed(&self, token: &TaskToken, output: &serde_json::Value) -> Result<Reported, PortError>;
    /// Ends the task with a stable error name and a cause in words.
    async fn fail(&self, token: &TaskToken, error: &str, cause: &str) -> Result<Reported, PortError>;
}

/// The state of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionState {
    /// It is running.
    Running,
    /// It ended, with or without success.
    Ended,
    /// There is no such execution.
    Missing,
}

/// The executions of the state machine.
#[async_trait]
pub trait Executions: Send + Sync {
    /// The ARN of the execution with this name.
    fn arn(&self, name: &str) -> String;
    /// Starts the execution of a request. Idempotent by name.
    async fn start(&self, name: &str, id: RequestId) -> Result<(), PortError>;
    /// The state of the execution.
    async fn state(&self, arn: &str) -> Result<ExecutionState, PortError>;
}

/// A state that an execution entered. It is serialized as `countersign executions` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateVisit {
    /// Name of the state.
    pub state: String,
    /// Time of entry, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub entered: OffsetDateTime,
    /// Time of exit, UTC.
    #[serde(with = "time::serde::rfc3339::option")]
    pub left: Option<OffsetDateTime>,
    /// Error and cause, if the state failed.
    pub error: Option<String>,
}

/// The histories of executions. Read-only.
#[async_trait]
pub trait ExecutionHistory: Send + Sync {
    /// The states that the execution entered, in order. `None` if there is no such execution: Step Functions keeps
    /// executions for 90 days after their end.
    async fn states(&self, arn: &str) -> Result<Option<Vec<StateVisit>>, PortError>;
}

/// The queue of another worker.
#[async_trait]
pub trait WorkerQueue: Send + Sync {
    /// Sends a message; it may arrive twice.
    async fn recheck(&self, message: &RecheckMessage) -> Result<(), PortError>;
}

/// The queue of this worker.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Changes the visibility time-out of a received message to `seconds`.
    async fn postpone(&self, receipt_handle: &str, seconds: i32) -> Result<(), PortError>;
}
