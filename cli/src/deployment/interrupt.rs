//! Errors for Ctrl-C during a deployment: each names the state of the stack and the command that continues.

use super::DeploymentTarget;
use crate::error::CliError;

/// Returns the result of `work`, or `stopped` if Ctrl-C comes first.
pub(super) async fn or_interrupted<T>(
    work: impl Future<Output = Result<T, CliError>>,
    stopped: impl FnOnce() -> CliError,
) -> Result<T, CliError> {
    tokio::select! {
        // Ctrl-C also ends the AWS command line that `work` waits for. The signal is checked first, so that its failure is not
        // reported instead.
        biased;
        _ = tokio::signal::ctrl_c() => Err(stopped()),
        result = work => result,
    }
}

/// Error before the change set was executed.
pub(super) fn before_the_change() -> CliError {
    CliError::new(
        "stopped; nothing of the stack was changed",
        "The built and uploaded files are kept. Run the same command again.",
    )
}

/// Error while CloudFormation executes the change set, which it finishes without this command.
pub(super) fn during_the_change(target: &DeploymentTarget, until: &str) -> CliError {
    let name = &target.stack;
    CliError::new(
        format!("stopped waiting; CloudFormation goes on with the stack {name} by itself"),
        format!(
            "Wait for it: aws cloudformation wait {until} --stack-name {name}. Then run the same countersign deploy again: it continues with the missing steps. To undo an update instead: aws cloudformation cancel-update-stack --stack-name {name}."
        ),
    )
}

/// Error after the change: the stack is deployed, but its protection, policy or CA may be missing.
pub(super) fn after_the_change(target: &DeploymentTarget) -> CliError {
    CliError::new(
        format!(
            "stopped; the stack {} is deployed, but its protection, its policy or its CA may be missing",
            target.stack
        ),
        "Run the same countersign deploy again: it continues with the missing steps. To see them: countersign doctor.",
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
