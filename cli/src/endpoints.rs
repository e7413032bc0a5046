//! Addresses of the local stack: the file `endpoints.json` in its folder, which exists exactly while the stack can be used.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{CliError, OrFail as _};
use crate::progress::ProgressStep;

/// Contents of `.local/endpoints.json` while the local stack runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Endpoints {
    /// The name of the stack.
    pub(crate) stack: String,
    /// The public base URL, with a slash at the end.
    pub(crate) portal: String,
    /// The Maildir that catches all mails.
    pub(crate) mailbox: PathBuf,
    /// The page that shows the mails.
    pub(crate) mailbox_url: String,
    /// The emulator's AWS API.
    pub(crate) aws_endpoint: String,
    /// The emulated region.
    pub(crate) region: String,
    /// The flow.
    pub(crate) state_machine_arn: String,
    /// The table of requests.
    pub(crate) requests_table: String,
    /// The table of approvals.
    pub(crate) approvals_table: String,
    /// The table of names.
    pub(crate) names_table: String,
    /// The table of the audit trail.
    pub(crate) audit_table: String,
    /// The table of revoked certificates.
    pub(crate) revocations_table: String,
    /// The table of passkeys.
    pub(crate) people_table: String,
    /// The table of standing approvals.
    pub(crate) grants_table: String,
    /// The table of accounts and orders of ACME clients.
    pub(crate) acme_table: String,
    /// The flow of a revocation.
    pub(crate) revocation_state_machine_arn: String,
    /// The bucket of certificates.
    pub(crate) bucket: String,
    /// The SSM parameter of the policy.
    pub(crate) policy_parameter: String,
    /// The secret of the CA key.
    pub(crate) ca_secret: String,
    /// The secret that requesters' links derive from.
    #[serde(default)]
    pub(crate) link_secret: Option<String>,
    /// The place of the CA key: `secret` or `kms`.
    pub(crate) ca_key: String,
    /// The Lambda functions by worker.
    pub(crate) functions: BTreeMap<String, String>,
    /// The queues by worker.
    pub(crate) queues: BTreeMap<String, String>,
    /// The dead-letter queue.
    #[serde(default)]
    pub(crate) dead_letters: Option<String>,
    /// The process that runs the stack.
    pub(crate) pid: u32,
}

/// Interval of the checks of a folder whose stack is starting or stopping. No single event ends that wait: a start ends with the
/// file, a stop or a failed start with the release of the lock. A blocking lock would wait for the second only, and could not be
/// cancelled.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Returns the endpoints of the stack that runs in `folder`, or `None` if none runs there. Waits for a stack that is
/// starting or stopping.
pub(crate) async fn running(folder: &Path) -> Result<Option<Endpoints>, CliError> {
    let file = folder.join("endpoints.json");
    let mut waiting = None;
    // A killed command leaves the file behind, but not its lock.
    while in_use(folder) {
        if let Ok(json) = std::fs::read(&file) {
            if let Some(step) = waiting {
                ProgressStep::done(step, "");
            }
            return serde_json::from_slice(&json).map(Some).or_fail(
                || format!("cannot read {}", file.display()),
                "It is of another version of countersign: stop the stack and start it again.",
            );
        }
        waiting.get_or_insert_with(|| {
            ProgressStep::begin(format!(
                "Waiting for the local stack in {}, which is starting or stopping",
                folder.display()
            ))
        });
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Ok(None)
}

/// Returns the endpoints of the stack in `folder`, also if it was started just before. Waits until it can be used.
pub(crate) async fn of_stack_in(folder: &Path) -> Result<Endpoints, CliError> {
    match running(folder).await? {
        Some(endpoints) => Ok(endpoints),
        None => started_soon(folder).await,
    }
}

/// Time for a `countersign local` that was run just before to take its folder.
const GRACE: Duration = Duration::from_secs(2);

/// Returns the endpoints of a stack in `folder` that starts at this moment.
async fn started_soon(folder: &Path) -> Result<Endpoints, CliError> {
    let step = ProgressStep::begin(format!("Waiting for a local stack in {}", folder.display()));
    let begins = async {
        while !in_use(folder) {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    let absent = || absent(folder);
    tokio::time::timeout(GRACE, begins).await.map_err(|_| absent())?;
    let endpoints = running(folder).await?.ok_or_else(absent)?;
    step.done("");
    Ok(endpoints)
}

/// True if `countersign local` uses the folder.
fn in_use(folder: &Path) -> bool {
    let lock = File::open(folder.join("lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Error for a folder without a running stack.
fn absent(folder: &Path) -> CliError {
    CliError::new(
        format!("no local stack runs in {}", folder.display()),
        "For a stack on AWS, name it with --stack. Start the local stack with: cargo run -- local.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_without_a_stack_is_named_and_one_that_is_starting_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("endpoints.json"), "left by a killed command").unwrap();
        let lock = File::create(folder.path().join("lock")).unwrap();
        assert!(running(folder.path()).await.unwrap().is_none());
        std::fs::remove_file(folder.path().join("endpoints.json")).unwrap();
        lock.lock().unwrap();
        let mut starting = std::pin::pin!(running(folder.path()));
        assert!(tokio::time::timeout(POLL_INTERVAL * 3, &mut starting).await.is_err(), "it waits");
        drop(lock);
        assert!(starting.await.unwrap().is_none(), "the start failed");
    }
}
