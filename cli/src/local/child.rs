//! A Python program that ends with this command.
//!
//! Invariant: the program ends when its standard input closes, which happens if this command stops, crashes or is
//! killed. It has a process group of its own, so Ctrl-C reaches this command alone, which then stops its programs in
//! order.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{ChildStdin, Command};

use crate::error::{CliError, OrFail as _};
use crate::wording::duration;

const RUNNER: &str = include_str!("child.py");
/// Limit for start and stop. The emulator needs a second or two for either, more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// Interval of the checks for a program's first answer; the programs have no other sign of readiness.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The running program.
pub(crate) struct Child {
    name: &'static str,
    process: tokio::process::Child,
    lifeline: Option<ChildStdin>,
    log: PathBuf,
}

impl Child {
    /// Runs `python -m MODULE ARGUMENTS` with these variables only; writes its output to `log`.
    pub(crate) fn start(
        name: &'static str,
        python: &Path,
        arguments: &[String],
        variables: &[(&str, String)],
        log: &Path,
    ) -> Result<Self, CliError> {
        let output = File::create(log)
            .or_fail(|| format!("cannot write {}", log.display()), "Choose another --dir.")?;
        let errors = output.try_clone().or_fail(|| format!("cannot write {}", log.display()), "")?;
        let mut process = Command::new(python)
            .arg("-c")
            .arg(RUNNER)
            .args(arguments)
            .env_clear()
            .envs(
                std::env::vars()
                    .filter(|(name, _)| matches!(name.as_str(), "PATH" | "LANG" | "LC_ALL" | "SYSTEMROOT")),
            )
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .or_fail(
                || format!("cannot start the {name} with {}", python.display()),
                "Remove the virtual environment and try again.",
            )?;
        let lifeline = process.stdin.take();
        Ok(Self { name, process, lifeline, log: log.to_owned() })
    }

    /// Waits until `answers` returns true. Fails at once if the program ends.
    pub(crate) async fn answers(&mut self, answers: impl AsyncFn() -> bool) -> Result<(), CliError> {
        let answered = async {
            let mut turns = tokio::time::interval(POLL_INTERVAL);
            while !answers().await {
                turns.tick().await;
            }
        };
        let (name, log) = (self.name, self.log.clone());
        tokio::select! {
            answered = tokio::time::timeout(PATIENCE, answered) => answered.map_err(|_| CliError::new(
                format!("the {name} does not answer after {}", duration(PATIENCE)),
                format!("Look at {}.", log.display()),
            )),
            failure = self.ended() => Err(failure),
        }
    }

    /// Completes when the program ends by itself, which is an error.
    pub(crate) async fn ended(&mut self) -> CliError {
        let status = self.process.wait().await;
        self.failure(status.ok())
    }

    fn failure(&self, status: Option<ExitStatus>) -> CliError {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last =
            log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no output").trim().to_owned();
        let status = status.map_or_else(|| "unknown status".to_owned(), |status| status.to_string());
        CliError::new(
            format!("the {} ended ({status}): {last}", self.name),
            format!("Its log is {}.", self.log.display()),
        )
    }

    /// Closes the program's standard input and waits until it has saved its state and ended.
    pub(crate) async fn stop(mut self) -> Result<(), CliError> {
        drop(self.lifeline.take());
        if tokio::time::timeout(PATIENCE, self.process.wait()).await.is_ok() {
            return Ok(());
        }
        // The handle is ours, so no other process can be killed by a reused id.
        let _ = self.process.kill().await;
        Err(CliError::new(
            format!("the {} did not stop within {} and was killed", self.name, duration(PATIENCE)),
            format!("Its latest state may be lost; its log is {}.", self.log.display()),
        ))
    }
}
