//! Executions of Step Functions with their states.

use serde::Serialize;
use workflow::aws::StepFunctions;
use workflow::ports::{ExecutionHistory as _, StateVisit};

use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;

/// One execution.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecutionSummary {
    /// Its ARN.
    pub(crate) arn: String,
    /// Its status in the notation of AWS.
    pub(crate) status: String,
    /// The states, in order.
    pub(crate) states: Vec<StateVisit>,
}

impl ExecutionSummary {
    /// Returns the state that failed with the error of the execution, and that error.
    pub(crate) fn failure(&self) -> Option<(&str, &str)> {
        let last = self.states.iter().rev().find_map(|entry| entry.error.as_deref())?;
        // The states after it record the failure and end with the same error.
        let first = self.states.iter().find(|entry| entry.error.as_deref() == Some(last))?;
        Some((&first.state, last))
    }
}

/// Returns the execution with this ARN, or `None` if there is no such execution.
pub(crate) async fn find(stack: &Stack, arn: &str) -> Result<Option<ExecutionSummary>, CliError> {
    let sfn = aws_sdk_sfn::Client::new(&stack.sdk);
    let description = match sfn.describe_execution().execution_arn(arn).send().await {
        Ok(description) => description,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_execution_does_not_exist()) => {
            return Ok(None);
        }
        Err(error) => return Err(error).or_fail(|| format!("cannot read the execution {arn}"), ""),
    };
    let states = StepFunctions::new(&stack.sdk, "")
        .states(arn)
        .await
        .or_fail(|| format!("cannot read the history of {arn}"), "")?;
    Ok(states.map(|states| ExecutionSummary {
        arn: arn.to_owned(),
        status: description.status.as_str().to_owned(),
        states,
    }))
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn the_state_that_failed_first_is_named() {
        let entry = |state: &str, error: Option<&str>| StateVisit {
            state: state.into(),
            entered: OffsetDateTime::UNIX_EPOCH,
            left: None,
            error: error.map(str::to_owned),
        };
        let of = |states: Vec<StateVisit>| ExecutionSummary {
            arn: String::new(),
            status: "FAILED".into(),
            states,
        };
        let failed = of(vec![
            entry("NotifyReceived", Some("Step.Exhausted: no relay")),
            entry("Sign", Some("Request.NotApproved: no")),
            entry("RecordFailure", None),
            entry("Failed", Some("Request.NotApproved: no")),
        ]);
        assert_eq!(failed.failure(), Some(("Sign", "Request.NotApproved: no")));
        assert_eq!(of(vec![entry("Sign", None)]).failure(), None);
    }
}
