//! A Python program that lives as long as this command and no longer.
//!
//! Invariant: the program ends when the other end of its standard input closes, which happens whether this command
//! stops, crashes or is killed. It has a process group of its own, so a Ctrl-C reaches this command alone, which then
//! stops its programs in order.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{ChildStdin, Command};

use crate::error::{CliError, OrFail as _};

const RUNNER: &str = include_str!("child.py");
/// The emulator needs a second or two to start, and to save its state, on a busy machine more; this is a hang.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often a program is asked whether it is there yet: it says so in no other way than by answering.
const PAUSE: Duration = Duration::from_millis(50);

/// The running program.
pub(crate) struct Child {
    name: &'static str,
    process: tokio::process::Child,
    lifeline: Option<ChildStdin>,
    log: PathBuf,
}

impl Child {
    /// Runs `python -m MODULE ARGUMENTS` with just these variables; its output goes to `log`.
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

    /// Waits until the program answers, as `answers` asks it; fails at once where it ends instead.
    pub(crate) async fn answers(&mut self, answers: impl AsyncFn() -> bool) -> Result<(), CliError> {
        let answered = async {
            let mut turns = tokio::time::interval(PAUSE);
            while !answers().await {
                turns.tick().await;
            }
        };
        let (name, log) = (self.name, self.log.clone());
        tokio::select! {
            answered = tokio::time::timeout(PATIENCE, answered) => answered.map_err(|_| CliError::new(
                format!("the {name} does not answer after {} minutes", PATIENCE.as_secs() / 60),
                format!("Look at {}.", log.display()),
            )),
            failure = self.ended() => Err(failure),
        }
    }

    /// Completes when the program has ended by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> CliError {
        let status = self.process.wait().await;
        self.failure(status.ok())
    }

    fn failure(&self, status: Option<ExitStatus>) -> CliError {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last = log
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("it wrote nothing")
            .trim()
            .to_owned();
        let status = status.map_or_else(|| "gone".to_owned(), |status| status.to_string());
        CliError::new(
            format!("the {} ended ({status}): {last}", self.name),
            format!("Its log is {}.", self.log.display()),
        )
    }

    /// Asks the program to end, and waits until it has saved what it wants to save.
    pub(crate) async fn stop(mut self) -> Result<(), CliError> {
        drop(self.lifeline.take());
        if tokio::time::timeout(PATIENCE, self.process.wait()).await.is_ok() {
            return Ok(());
        }
        // The handle is ours, so there is no risk of ending a stranger.
        let _ = self.process.kill().await;
        Err(CliError::new(
            format!("the {} did not stop within {} seconds and was killed", self.name, PATIENCE.as_secs()),
            format!("Its latest state may be lost; its log is {}.", self.log.display()),
        ))
    }
}
