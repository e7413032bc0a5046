//! The AWS command line, loaded once for all commands of a test program: each command runs in a fork of a Python process.
//!
//! Loading the program takes more processor time than nearly all commands, and tests that wait ask again and again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{ChildGuard, PATIENCE, repository};

/// What a command printed, and how it ended.
pub struct AwsOutput {
    /// True for exit status 0.
    pub succeeded: bool,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said of errors.
    pub stderr: Vec<u8>,
}

struct AwsCommands {
    _process: ChildGuard,
    folder: TempDir,
}

impl AwsCommands {
    /// Starts the process with the programs of the local stack, which has been started before.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let python = repository().join(".local/venv/bin/python");
        let script = repository().join("tests/src/aws_commands.py").display().to_string();
        let (log, socket) = (folder.path().join("log"), folder.path().join("socket").display().to_string());
        let mut process = ChildGuard::start(&python, &[&script, &socket], &log);
        let begun = Instant::now();
        while fs::read_to_string(&log).unwrap_or_default() != "ready\n" {
            let said = fs::read_to_string(&log).unwrap_or_default();
            assert!(process.ended().is_none() && begun.elapsed() < PATIENCE, "no AWS command line: {said}");
            thread::sleep(Duration::from_millis(20));
        }
        Self { _process: process, folder }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}

/// Runs a command, with these variables and without the configuration of whoever runs the tests.
pub(crate) fn run_aws(arguments: &[&str], environment: &BTreeMap<&str, &str>) -> AwsOutput {
    static COMMANDS: OnceLock<AwsCommands> = OnceLock::new();
    let commands = COMMANDS.get_or_init(AwsCommands::start);
    let mut stream = BufReader::new(UnixStream::connect(commands.socket()).unwrap());
    let asked = json!({ "arguments": arguments, "environment": environment });
    writeln!(stream.get_mut(), "{asked}").unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let ended: Value = serde_json::from_str(&line).unwrap_or_else(|error| {
        let log = fs::read_to_string(commands.folder.path().join("log")).unwrap_or_default();
        panic!("aws {arguments:?}: {error}: {line}{log}")
    });
    let mut part = |name: &str| {
        let mut bytes = vec![0; usize::try_from(ended[name].as_u64().unwrap()).unwrap()];
        stream.read_exact(&mut bytes).unwrap();
        bytes
    };
    AwsOutput { succeeded: ended["status"] == 0, stdout: part("stdout"), stderr: part("stderr") }
}
