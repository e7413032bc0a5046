//! Ctrl-C during a deployment: what goes on without the command, and how to continue.

use super::DeploymentTarget;
use crate::error::CliError;

/// Returns the result of `work`, or `stopped` if Ctrl-C comes first.
pub(super) async fn or_interrupted<T>(
    work: impl Future<Output = Result<T, CliError>>,
    stopped: impl FnOnce() -> CliError,
) -> Result<T, CliError> {
    tokio::select! {
        // The command line that is waited for gets the same signal, and its failure would be told instead.
        biased;
        _ = tokio::signal::ctrl_c() => Err(stopped()),
        result = work => result,
    }
}

/// Nothing has been carried out yet.
pub(super) fn before_the_change() -> CliError {
    CliError::new(
        "stopped; nothing of the stack was changed",
        "What was built and uploaded stays. Run the same command again.",
    )
}

/// CloudFormation carries the change set out by itself.
pub(super) fn during_the_change(target: &DeploymentTarget, until: &str) -> CliError {
    let name = &target.stack;
    CliError::new(
        format!("stopped waiting; CloudFormation goes on with the stack {name} by itself"),
        format!(
            "Wait for it: aws cloudformation wait {until} --stack-name {name}. Then run the same countersign deploy again: it does what is missing. To undo an update instead: aws cloudformation cancel-update-stack --stack-name {name}."
        ),
    )
}

/// The stack is there, and what is not part of it may be missing.
pub(super) fn after_the_change(target: &DeploymentTarget) -> CliError {
    CliError::new(
        format!(
            "stopped; the stack {} is deployed, but perhaps not its protection, its policy and its CA",
            target.stack
        ),
        "Run the same countersign deploy again: it does what is missing. countersign doctor shows what that is.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_result_is_passed_on_and_a_signal_is_told() {
        assert_eq!(or_interrupted(async { Ok(1) }, before_the_change).await.unwrap(), 1);
        let target = DeploymentTarget { stack: "ca".into(), region: None, endpoint_url: None };
        let told = during_the_change(&target, "stack-update-complete").to_string();
        assert!(told.contains("CloudFormation goes on with the stack ca by itself"), "{told}");
        assert!(told.contains("wait stack-update-complete --stack-name ca"), "{told}");
        assert!(after_the_change(&target).to_string().contains("the stack ca is deployed"));
    }
}
