//! Status of a stack in CloudFormation, and advice for states that need it.

use serde_json::Value;

use super::DeploymentTarget;
use crate::aws_cli::AwsCli;
use crate::error::CliError;

/// Status of a stack in CloudFormation.
#[derive(Debug, PartialEq)]
pub(super) enum StackStatus {
    /// Nothing, or a plan that was never carried out.
    Absent,
    /// It is there and can be changed; its description.
    Ready(Value),
    /// Its first deployment failed, so it has issued nothing; only removing it helps.
    NeverMade(Obstacle),
    /// It is being removed, or could not be removed whole.
    HalfRemoved(Obstacle),
    /// It cannot be changed, and this command cannot help.
    Stuck(Obstacle),
}

/// Why a stack cannot be changed, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Obstacle {
    pub(super) what: String,
    pub(super) advice: String,
}

impl StackStatus {
    /// Reads the status of a stack.
    pub(super) async fn of(aws: &AwsCli, target: &DeploymentTarget) -> Result<Self, CliError> {
        let described =
            aws.find(&["cloudformation", "describe-stacks", "--stack-name", &target.stack]).await?;
        Ok(described.map_or(Self::Absent, |described| Self::read(&target.stack, &described["Stacks"][0])))
    }

    /// The description of a stack that can be changed.
    pub(super) fn deployed(&self) -> Option<&Value> {
        match self {
            Self::Ready(described) => Some(described),
            _ => None,
        }
    }

    /// Why the stack cannot be changed.
    pub(super) fn obstacle(&self) -> Option<&Obstacle> {
        match self {
            Self::Absent | Self::Ready(_) => None,
            Self::NeverMade(obstacle) | Self::HalfRemoved(obstacle) | Self::Stuck(obstacle) => Some(obstacle),
        }
    }

    /// Reads one stack of what `describe-stacks` printed.
    pub(super) fn read(name: &str, described: &Value) -> Self {
        let status = described["StackStatus"].as_str().unwrap_or_default();
        let obstacle = |what: &str, advice: String| Obstacle {
            what: format!("the stack {name} {what} ({status})"),
            advice,
        };
        let wait = format!("Wait for it: aws cloudformation describe-stacks --stack-name {name}");
        match status {
            "REVIEW_IN_PROGRESS" | "DELETE_COMPLETE" | "" => Self::Absent,
            _ if !is_ours(described) => Self::Stuck(Obstacle {
                what: format!("there is a stack {name} that is not Countersign's"),
                advice: "Choose another name with --stack.".into(),
            }),
            "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" => Self::NeverMade(obstacle(
                "was never made: its first deployment failed and was taken back",
                format!("Remove what is left with countersign destroy --stack {name}, then deploy again."),
            )),
            "DELETE_FAILED" => Self::HalfRemoved(obstacle(
                "could not be removed whole",
                format!("See why in its events, then run countersign destroy --stack {name} again."),
            )),
            "DELETE_IN_PROGRESS" => Self::HalfRemoved(obstacle(
                "is being removed",
                format!("{wait}; if it stands still: countersign destroy --stack {name}"),
            )),
            "UPDATE_ROLLBACK_FAILED" => Self::Stuck(obstacle(
                "is between two versions: a deployment failed, and so did taking it back",
                format!(
                    "See why in its events, then: aws cloudformation continue-update-rollback --stack-name {name}"
                ),
            )),
            _ if status.ends_with("_IN_PROGRESS") => Self::Stuck(obstacle("is being changed", wait)),
            _ => Self::Ready(described.clone()),
        }
    }
}

fn is_ours(described: &Value) -> bool {
    described["Description"].as_str().unwrap_or_default().starts_with("Countersign")
        || described["Outputs"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["OutputKey"] == "StateMachineArn"))
}

/// The value of a parameter that a described stack has.
pub(super) fn parameter<'a>(described: &'a Value, name: &str) -> Option<&'a str> {
    let all = described["Parameters"].as_array()?;
    all.iter().find(|one| one["ParameterKey"] == name)?["ParameterValue"].as_str()
}

/// An output that a described stack has.
pub(super) fn output<'a>(described: &'a Value, name: &str) -> Option<&'a str> {
    let all = described["Outputs"].as_array()?;
    all.iter().find(|one| one["OutputKey"] == name)?["OutputValue"].as_str()
}

/// The reason of the latest failed change, from its first failed event; `None` if no event has one.
pub(super) async fn first_failure(aws: &AwsCli, stack: &str) -> Option<String> {
    let events = aws.json(&["cloudformation", "describe-stack-events", "--stack-name", stack]).await.ok()?;
    first_failed(&events)
}

fn first_failed(events: &Value) -> Option<String> {
    // The newest event comes first. A resource that failed only as a consequence of another has the reason "cancelled".
    let mut first = None;
    for event in events["StackEvents"].as_array()? {
        let status = event["ResourceStatus"].as_str().unwrap_or_default();
        let reason = event["ResourceStatusReason"].as_str().unwrap_or_default();
        let of_stack = event["ResourceType"] == "AWS::CloudFormation::Stack";
        if of_stack && matches!(status, "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS") {
            break;
        }
        if status.ends_with("_FAILED") && !reason.contains("cancelled") && !reason.is_empty() {
            first = Some(format!("{}: {reason}", event["LogicalResourceId"].as_str().unwrap_or("the stack")));
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_status_says_what_to_do() {
        let read = |status: &str| {
            StackStatus::read("ca", &json!({ "StackStatus": status, "Description": "Countersign, a" }))
        };
        assert_eq!(read("REVIEW_IN_PROGRESS"), StackStatus::Absent);
        for ready in ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"] {
            assert!(matches!(read(ready), StackStatus::Ready(_)), "{ready}");
        }
        for (status, expected) in [
            ("ROLLBACK_COMPLETE", "countersign destroy --stack ca"),
            ("ROLLBACK_FAILED", "countersign destroy --stack ca"),
            ("CREATE_FAILED", "countersign destroy --stack ca"),
            ("DELETE_FAILED", "countersign destroy --stack ca"),
            ("DELETE_IN_PROGRESS", "countersign destroy --stack ca"),
            ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
            ("UPDATE_IN_PROGRESS", "Wait for it"),
            ("ROLLBACK_IN_PROGRESS", "Wait for it"),
        ] {
            let read = read(status);
            let Obstacle { what, advice } = read.obstacle().unwrap_or_else(|| panic!("{status}"));
            assert!(what.contains(status), "{what}");
            assert!(advice.contains(expected), "{advice}");
        }
    }

    #[test]
    fn a_foreign_stack_is_never_ours_in_any_status() {
        for status in ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_IN_PROGRESS"] {
            let stranger = json!({ "StackStatus": status, "Description": "A shop" });
            let StackStatus::Stuck(obstacle) = StackStatus::read("ca", &stranger) else { panic!("{status}") };
            assert!(obstacle.what.contains("not Countersign's"), "{status}");
        }
    }

    #[test]
    fn the_cause_of_a_failure_is_the_first_event_that_failed_by_itself() {
        let event = |status: &str, name: &str, kind: &str, reason: &str| json!({ "ResourceStatus": status, "LogicalResourceId": name, "ResourceType": kind, "ResourceStatusReason": reason });
        let stack = "AWS::CloudFormation::Stack";
        let events = json!({ "StackEvents": [
            event("ROLLBACK_COMPLETE", "ca", stack, ""),
            event("CREATE_FAILED", "B", "AWS::SQS::Queue", "Resource creation cancelled"),
            event("CREATE_FAILED", "A", "AWS::Logs::LogGroup", "it exists already"),
            event("CREATE_IN_PROGRESS", "ca", stack, "User Initiated"),
            event("CREATE_FAILED", "Old", "AWS::SQS::Queue", "of the time before"),
        ] });
        assert_eq!(first_failed(&events).as_deref(), Some("A: it exists already"));
    }
}
