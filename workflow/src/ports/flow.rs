//! The state machine and the queues.

use async_trait::async_trait;

use super::PortError;
use crate::ids::RequestId;
use crate::message::{RecheckMessage, TaskToken};

/// Whether the task was still waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It was, and has the result now.
    Accepted,
    /// The task finished earlier or timed out: nothing more to do.
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

/// Whether an execution is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionState {
    /// It runs.
    Running,
    /// It ended, well or not.
    Ended,
    /// There is none of this name.
    Missing,
}

/// The executions of the state machine.
#[async_trait]
pub trait Executions: Send + Sync {
    /// The ARN that an execution of this name has.
    fn arn(&self, name: &str) -> String;
    /// Starts an execution for a request; one of the same name counts as this one.
    async fn start(&self, name: &str, id: RequestId) -> Result<(), PortError>;
    /// Whether the execution is at work.
    async fn state(&self, arn: &str) -> Result<ExecutionState, PortError>;
}

/// The queue of another worker.
#[async_trait]
pub trait WorkerQueue: Send + Sync {
    /// Asks the worker to look at a request. It may be asked twice.
    async fn recheck(&self, message: &RecheckMessage) -> Result<(), PortError>;
}

/// The own queue of a worker.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Lets a received message come back after `seconds`.
    async fn postpone(&self, receipt_handle: &str, seconds: i32) -> Result<(), PortError>;
}
