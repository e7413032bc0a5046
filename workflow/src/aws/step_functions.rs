//! Step Functions: results of tasks, and executions.
//!
//! A token that is already used, timed out or unknown means that the task is finished already: that is an answer, not an
//! error. <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>

use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::sdk_config::SdkConfig;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::ids::RequestId;
use crate::message::TaskToken;
use crate::ports::{ExecutionState, Executions, PortError, Reported, Tasks};

/// Step Functions, and one state machine of it.
pub struct StepFunctions {
    client: LazyClient<Client>,
    state_machine: String,
}

impl StepFunctions {
    /// The state machine of this ARN, or the alias of one; an empty one where only tasks are reported.
    pub fn new(sdk: &SdkConfig, state_machine: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), state_machine: state_machine.to_owned() }
    }
}

/// The ARN of the execution of this name, of a state machine or of an alias of one: executions belong to the machine, by
/// whichever alias they were started.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/execution-alias-version-associate.html>
pub fn execution_arn(state_machine: &str, name: &str) -> String {
    // arn:aws:states:region:account:stateMachine:name, and perhaps :alias.
    let machine: Vec<&str> = state_machine.split(':').take(7).collect();
    format!("{}:{name}", machine.join(":").replacen(":stateMachine:", ":execution:", 1))
}

fn task_has_finished(code: Option<&str>) -> bool {
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
            Err(error) if task_has_finished(error.as_service_error().and_then(|e| e.code())) => {
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
            Err(error) if task_has_finished(error.as_service_error().and_then(|e| e.code())) => {
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
            // The same name is the same request: a repeated start is a start.
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
            Err(error) => Err(unavailable("look at the execution")(error)),
        }
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
