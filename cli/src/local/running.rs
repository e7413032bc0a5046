//! The running stack: started in order, announced when it can be used, stopped in order.
//!
//! Invariant: if any step of the start fails, the started programs are stopped before the error is reported.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::options::LocalOptions;
use super::signals::unless_stopped;
use super::{catcher, child, deploy, disk, emulator, ports, proxy, saved};
use crate::aws_cli::{AwsCli, REGION};
use crate::endpoints::Endpoints;
use crate::error::{CliError, OrFail as _};
use crate::progress::{ProgressStep, say};
use crate::stack::{Stack, output_of};
use crate::{build, ca, checkout, policy, venv};

impl LocalOptions {
    /// Returns the base URL of the portal, without a slash at the end.
    fn base_url(&self, port: u16) -> String {
        self.portal_by_way_of.clone().unwrap_or_else(|| format!("http://localhost:{port}"))
    }
}

/// The running stack.
pub(super) struct Local {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Its addresses.
    pub(super) endpoints: Endpoints,
    emulator: emulator::Emulator,
    catcher: child::Child,
    proxy: JoinHandle<()>,
    // Held until all programs have stopped.
    _lock: File,
}

impl Local {
    /// Starts the stack.
    pub(super) async fn start(options: &LocalOptions) -> Result<Self, CliError> {
        let repository = checkout::repository();
        let folder = checkout::folder(options.dir.as_deref());
        private_folder(&folder)?;
        private_folder(&folder.join("state"))?;
        let lock = exclusive(&folder, options.once.is_wanted()).await?;
        let _ = fs::remove_file(folder.join("endpoints.json"));
        saved::require_ca_state(&folder)?;
        let ca_key = saved::place_of_ca_key(&folder, options.ca_key, options.new_ca_key)?;
        disk::require_space(&folder)?;
        let mut ports = ports::Ports::of(&folder);
        let listener = ports.portal(options.port)?;
        let portal = listener.local_addr().or_fail(|| "the portal has no port".into(), "")?.port();

        let venv = options.venv.clone().unwrap_or_else(|| repository.join(".local/venv"));
        let venv = std::path::absolute(&venv).unwrap_or(venv);
        let venv = unless_stopped(venv::Venv::ready(&venv)).await?;
        let (emulator_port, smtp) = (ports.emulator()?, ports.smtp()?);
        ports.save()?;
        // The emulator starts while cargo builds.
        let mut emulator = emulator::Emulator::start(&venv, &folder, emulator_port)?;
        let mailbox = folder.join("mailbox");
        let catcher = unless_stopped(catcher::start(&venv, &folder, &mailbox, smtp)).await?;
        let configured = async {
            let workers = build::build(&repository, options.release, &venv).await?;
            let step = ProgressStep::begin("Starting the AWS emulator and the mail catcher");
            emulator.ready().await?;
            step.done(format!("{} and smtp://127.0.0.1:{smtp}", emulator.endpoint));
            let parameters = BTreeMap::from([
                ("Architecture", if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }.to_owned()),
                ("BaseUrl", options.base_url(portal)),
                // The proxy in front of the portal serves what CloudFront serves on AWS.
                ("PublicationDomain", format!("127.0.0.1:{portal}")),
                ("EndpointUrl", options.aws_by_way_of.clone().unwrap_or_else(|| emulator.endpoint.clone())),
                ("CaKey", ca_key.parameter().to_owned()),
                ("MailTransport", "smtp".to_owned()),
                (
                    "SmtpEndpoint",
                    options.smtp_by_way_of.clone().unwrap_or_else(|| format!("smtp://localhost:{smtp}")),
                ),
                ("SmtpCredentials", options.smtp_credentials.clone().unwrap_or_default()),
                ("VisibilityTimeout", options.visibility_timeout.to_string()),
                ("HousekeepingSchedule", every(options.housekeeping_minutes)),
                ("LogLevel", options.log_level.clone()),
                ("StatusEvents", "yes".to_owned()),
                // The folder of the stack may be removed at any time.
                ("DeletionProtection", "false".to_owned()),
                // The web driver and the benchmarks are one client with many requests.
                ("ThrottleRate", "1000".to_owned()),
                ("ThrottleBurst", "1000".to_owned()),
                ("SubmissionRate", "1000".to_owned()),
                ("SubmissionBurst", "1000".to_owned()),
            ]);
            let aws = AwsCli::of_emulator(&venv.python, &folder, &emulator.endpoint);
            let outputs = deploy::deploy(&aws, &repository, &folder, &workers, &parameters).await?;
            let base = format!("{}/", options.base_url(portal));
            let endpoints = endpoints(&outputs, &repository, &emulator.endpoint, &base, portal, &mailbox)?;
            let stack = Stack::local(&endpoints);
            policy::put_when_needed(&stack, options.policy.as_deref(), &repository.join("infra/policy.toml"))
                .await?;
            let organisation = format!("Countersign local CA of {}", folder.display());
            if let Some(trouble) = ca::ensure(&stack, &organisation).await? {
                say(format!("The CA cannot sign: {trouble}"));
            }
            saved::record_ca(&folder, ca_key)?;
            housekeeping(&aws, &folder, &endpoints).await;
            let stage =
                format!("{}/_aws/execute-api/{}/live", emulator.endpoint, output_of(&outputs, "ApiId")?);
            Ok((proxy::serve(listener, stage, &stack, mailbox.clone())?, endpoints))
        };
        match unless_stopped(configured).await {
            Ok((proxy, endpoints)) => {
                let local = Self { folder, endpoints, emulator, catcher, proxy, _lock: lock };
                match local.announce() {
                    Ok(()) => Ok(local),
                    Err(failure) => {
                        let _ = local.stop().await;
                        Err(failure)
                    }
                }
            }
            Err(failure) => {
                let (saved, _) = tokio::join!(emulator.stop(), catcher.stop());
                // Before there is a CA, nothing is lost.
                if let (Err(unsaved), Some(_)) = (saved, saved::ca_key(&folder)) {
                    say(unsaved.to_string());
                }
                Err(failure)
            }
        }
    }

    /// Writes `endpoints.json` atomically.
    fn announce(&self) -> Result<(), CliError> {
        let json =
            serde_json::to_vec_pretty(&self.endpoints).or_fail(|| "cannot write the endpoints".into(), "")?;
        super::atomic::replace(&self.folder, "endpoints.json", &json)
    }

    /// Completes when a program of the stack ends by itself.
    pub(super) async fn broken(&mut self) -> CliError {
        tokio::select! {
            failure = self.emulator.child.ended() => failure,
            failure = self.catcher.ended() => failure,
        }
    }

    /// Stops the stack and keeps its state.
    pub(super) async fn stop(self) -> Result<(), CliError> {
        let _ = fs::remove_file(self.folder.join("endpoints.json"));
        let step = ProgressStep::begin("Stopping");
        self.proxy.abort();
        let (emulator, catcher) = tokio::join!(self.emulator.stop(), self.catcher.stop());
        emulator.and(catcher)?;
        step.done("the state is kept");
        Ok(())
    }
}

/// Creates the folder if it is missing, without access for other users of this machine: the emulator stores the CA key
/// in it unencrypted.
fn private_folder(folder: &Path) -> Result<(), CliError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.or_fail(|| format!("cannot make {}", folder.display()), "Choose another --dir.")
}

/// Content of the lock while `--once` holds it: that stack ends by itself.
const ONCE: &str = "once";
/// Interval of the attempts to take the lock, which reports nothing by itself.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Attempts before another command counts as the user of the folder: commands hold the lock for an instant to test it.
const ATTEMPTS: u32 = 10;

/// Takes the lock of the folder. Waits for a `--once` that holds it.
async fn exclusive(folder: &Path, once: bool) -> Result<File, CliError> {
    let path = folder.join("lock");
    let cannot = || format!("cannot write {}", path.display());
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = file.or_fail(cannot, "Choose another --dir.")?;
    let (mut waiting, mut attempts) = (None, 0);
    loop {
        match file.try_lock() {
            Ok(()) => {
                let user = if once { ONCE } else { "" };
                file.set_len(0).and_then(|()| file.write_all(user.as_bytes())).or_fail(cannot, "")?;
                if let Some(step) = waiting {
                    ProgressStep::done(step, "");
                }
                return Ok(file);
            }
            Err(TryLockError::WouldBlock) if fs::read_to_string(&path).is_ok_and(|user| user == ONCE) => {
                waiting.get_or_insert_with(|| {
                    ProgressStep::begin(format!("Waiting for local --once in {} to end", folder.display()))
                });
            }
            Err(TryLockError::WouldBlock) if attempts < ATTEMPTS => attempts += 1,
            Err(TryLockError::WouldBlock) => {
                return Err(CliError::new(
                    format!("a local stack already runs in {}", folder.display()),
                    "Use it, stop it with Ctrl-C in its terminal, or choose another --dir and --port.",
                ));
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).or_fail(|| format!("cannot lock {}", path.display()), "");
            }
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn every(minutes: u32) -> String {
    format!("rate({minutes} minute{})", if minutes == 1 { "" } else { "s" })
}

fn endpoints(
    outputs: &BTreeMap<String, String>,
    repository: &Path,
    aws_endpoint: &str,
    base: &str,
    portal: u16,
    mailbox: &Path,
) -> Result<Endpoints, CliError> {
    let output = |name: &str| output_of(outputs, name);
    let workers = build::names(repository)?;
    let queue = |worker: &String| {
        outputs.get(&format!("{}QueueUrl", pascal(worker))).map(|url| (worker.clone(), url.clone()))
    };
    let template = fs::read_to_string(repository.join("infra/template.yaml"))
        .or_fail(|| "cannot read infra/template.yaml".into(), "Run this inside the repository.")?;
    // A worker that a condition leaves out has its queue in the template, and not in the stack.
    let is_deployed = |worker: &&String| {
        let output = format!("{}QueueUrl", pascal(worker));
        outputs.contains_key(&output) || !template.contains(&format!("\n  {output}:\n"))
    };
    Ok(Endpoints {
        stack: deploy::STACK.to_owned(),
        portal: base.to_owned(),
        mailbox: mailbox.to_owned(),
        mailbox_url: format!("http://localhost:{portal}/_mailbox/"),
        aws_endpoint: aws_endpoint.to_owned(),
        region: REGION.to_owned(),
        state_machine_arn: output("StateMachineArn")?,
        requests_table: output("CertificatesTable")?,
        approvals_table: output("ApprovalsTable")?,
        names_table: output("NamesTable")?,
        audit_table: output("AuditTable")?,
        revocations_table: output("RevocationsTable")?,
        people_table: output("PeopleTable")?,
        grants_table: output("GrantsTable")?,
        acme_table: output("AcmeTable")?,
        revocation_state_machine_arn: output("RevocationStateMachineArn")?,
        bucket: output("Bucket")?,
        policy_parameter: output("PolicyParameter")?,
        ca_secret: output("CaSecret")?,
        link_secret: outputs.get("LinkSecretId").cloned(),
        ca_key: output("CaKey")?,
        dead_letters: outputs.get("DeadLettersUrl").cloned(),
        queues: workers.iter().filter_map(queue).collect(),
        functions: workers
            .iter()
            .filter(is_deployed)
            .map(|worker| (worker.clone(), format!("{}-{worker}", deploy::STACK)))
            .collect(),
        pid: std::process::id(),
    })
}

/// Returns the name of a worker in the template: AwaitApproval for await-approval.
fn pascal(worker: &str) -> String {
    worker
        .split('-')
        .flat_map(|word| word.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(word.chars().skip(1)))
        .collect()
}

/// Runs housekeeping. Executions do not survive a restart of the emulator; housekeeping starts new ones.
async fn housekeeping(aws: &AwsCli, folder: &Path, endpoints: &Endpoints) {
    let Some(function) = endpoints.functions.get("housekeeping") else {
        return;
    };
    let answer = folder.join("tmp/housekeeping.json").display().to_string();
    let step = ProgressStep::begin("Continuing requests in flight");
    match aws
        .run(
            folder,
            &[
                "lambda",
                "invoke",
                "--function-name",
                function,
                "--query",
                "FunctionError",
                "--output",
                "text",
                &answer,
            ],
        )
        .await
    {
        Ok(error) if error.starts_with(b"None") || error.is_empty() => step.done(""),
        Ok(_) => say("housekeeping failed; requests in flight wait for its next run. See emulator.log."),
        Err(failure) => say(format!("housekeeping failed: {failure}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_written_as_in_the_template() {
        assert_eq!(pascal("await-approval"), "AwaitApproval");
        assert_eq!(pascal("sign"), "Sign");
        assert_eq!(every(1), "rate(1 minute)");
        assert_eq!(every(5), "rate(5 minutes)");
    }

    #[tokio::test]
    async fn one_command_at_a_time_uses_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = exclusive(folder.path(), false).await.unwrap();
        let second = exclusive(folder.path(), false).await.unwrap_err().to_string();
        assert!(second.contains("already runs"), "{second}");
        drop(first);
        assert!(exclusive(folder.path(), false).await.is_ok());
    }

    #[tokio::test]
    async fn a_start_waits_for_a_stack_that_ends_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let once = exclusive(folder.path(), true).await.unwrap();
        let mut next = std::pin::pin!(exclusive(folder.path(), false));
        let long = POLL_INTERVAL * (ATTEMPTS + 5);
        assert!(tokio::time::timeout(long, &mut next).await.is_err(), "it waits");
        drop(once);
        let lock = next.await.unwrap();
        assert!(exclusive(folder.path(), false).await.is_err());
        drop(lock);
    }
}
