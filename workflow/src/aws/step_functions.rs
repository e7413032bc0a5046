//! Step Functions: task results, executions and their histories.
//!
//! Invariant: a used, timed-out or unknown task token means that the task is already finished: a result, not an error.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>

use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::sdk_config::SdkConfig;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::ids::RequestId;
use crate::message::TaskToken;
use crate::ports::{ExecutionHistory, ExecutionState, Executions, PortError, Reported, StateVisit, Tasks};

mod history;

/// Events in one page of a history: the most that GetExecutionHistory returns.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html>
const EVENTS_PER_PAGE: i32 = 1000;

/// The client of one state machine.
pub struct StepFunctions {
    client: LazyClient<Client>,
    state_machine: String,
}

impl StepFunctions {
    /// The state machine with this ARN, or with an alias of this ARN; empty if only task results are sent.
    pub fn new(sdk: &SdkConfig, state_machine: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), state_machine: state_machine.to_owned() }
    }
}

/// The ARN of an execution by its name. The state machine may be given by an alias: executions belong to the state
/// machine, not to the alias.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/execution-alias-version-associate.html>
pub fn execution_arn(state_machine: &str, name: &str) -> String {
    // arn:aws:states:region:account:stateMachine:name, optionally with :alias.
    let machine: Vec<&str> = state_machine.split(':').take(7).collect();
    format!("{}:{name}", machine.join(":").replacen(":stateMachine:", ":execution:", 1))
}

fn is_finished(code: Option<&str>) -> bool {
    matches!(code, Some("TaskTimedOut" | "TaskDoesNotExist" | "InvalidToken"))
}

#[async_trait]
impl Tasks for StepFunctions {
    async fn succeed(&self, token: &TaskToken, output: &serde_json::Value) -> Result<Reported, PortError> {
        let sent = self
            .client
            .send_task_success()
            .task_token(token.expose())
            .output(output.to_string())
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Reported::Accepted),
            Err(error) if is_finished(error.as_service_error().and_then(|e| e.code())) => {
                Ok(Reported::AlreadyFinished)
            }
            Err(error) => Err(unavailable("report the result")(error)),
        }
    }

    async fn fail(&self, token: &TaskToken, error: &str, cause: &str) -> Result<Reported, PortError> {
        let sent =
            self.client.send_task_failure().task_token(token.expose()).error(error).cause(cause).send().await;
        match sent {
            Ok(_) => Ok(Reported::Accepted),
            Err(error) if is_finished(error.as_service_error().and_then(|e| e.code())) => {
                Ok(Reported::AlreadyFinished)
            }
            Err(error) => Err(unavailable("report the failure")(error)),
        }
    }
}

#[async_trait]
impl Executions for StepFunctions {
    fn arn(&self, name: &str) -> String {
        execution_arn(&self.state_machine, name)
    }

    async fn start(&self, name: &str, id: RequestId) -> Result<(), PortError> {
        let started = self
            .client
            .start_execution()
            .state_machine_arn(&self.state_machine)
            .name(name)
            .input(serde_json::json!({ "requestId": id }).to_string())
            .send()
            .await;
        match started {
            Ok(_) => Ok(()),
            // An execution with this name exists: an earlier start succeeded. Idempotent.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_execution_already_exists()) => Ok(()),
            Err(error) => Err(unavailable("start the execution")(error)),
        }
    }

    async fn state(&self, arn: &str) -> Result<ExecutionState, PortError> {
        match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(execution) if *execution.status() == ExecutionStatus::Running => Ok(ExecutionState::Running),
            Ok(_) => Ok(ExecutionState::Ended),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_execution_does_not_exist()) => {
                Ok(ExecutionState::Missing)
            }
            Err(error) => Err(unavailable("describe the execution")(error)),
        }
    }
}

#[async_trait]
impl ExecutionHistory for StepFunctions {
    async fn states(&self, arn: &str) -> Result<Option<Vec<StateVisit>>, PortError> {
        let mut pages = self
            .client
            .get_execution_history()
            .execution_arn(arn)
            // Inputs and outputs hold task tokens.
            .include_execution_data(false)
            .max_results(EVENTS_PER_PAGE)
            .into_paginator()
            .send();
        let mut events = Vec::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => events.extend(page.events),
                Err(error) if error.as_service_error().is_some_and(|e| e.is_execution_does_not_exist()) => {
                    return Ok(None);
                }
                Err(error) => return Err(unavailable("read the history of the execution")(error)),
            }
        }
        Ok(Some(history::visits(&events)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_belongs_to_the_machine_and_not_to_its_alias() {
        let arn = "arn:aws:states:eu-central-1:123456789012:execution:flow:r1";
        for machine in ["flow", "flow:live"] {
            let machine = format!("arn:aws:states:eu-central-1:123456789012:stateMachine:{machine}");
            assert_eq!(execution_arn(&machine, "r1"), arn);
        }
    }
}
