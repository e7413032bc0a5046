//! moto as a process: its endpoint, its mailbox, and an operator's commands against it.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use end_to_end::{ChildGuard, Mailbox, PATIENCE, Stack, binary, eventually, python_with};
use serde_json::Value;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// A running moto server. It ends with this value.
pub(super) struct Moto {
    /// URL of its AWS API.
    pub(super) endpoint: String,
    /// Folder of logs, mails and temporary files.
    pub(super) folder: PathBuf,
    /// Folder of the `aws` command.
    programs: PathBuf,
    _process: ChildGuard,
}

impl Moto {
    /// Starts a server; `None`, with a message, if Python is missing.
    pub(super) async fn start(name: &str) -> Option<Self> {
        let python = python_with("moto", REQUIREMENTS)?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let folder = Stack::folder(name);
        let log = folder.join("moto.log");
        let mailbox = folder.join("mailbox").display().to_string();
        let script = ["-c", include_str!("moto.py"), &port, &mailbox];
        let mut process = ChildGuard::start(&python, &script, &log);
        let endpoint = format!("http://127.0.0.1:{port}");
        eventually("moto to answer", PATIENCE, async || {
            assert!(process.ended().is_none(), "moto: {}", fs::read_to_string(&log).unwrap_or_default());
            reqwest::get(&endpoint).await.is_ok().then_some(())
        })
        .await;
        let programs = python.parent().unwrap().to_owned();
        Some(Self { endpoint, folder, programs, _process: process })
    }

    /// The mails that SES accepted.
    pub(super) fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.folder.join("mailbox"))
    }

    /// Runs the AWS command line: JSON output, or the error message.
    pub(super) fn try_aws(&self, arguments: &[&str]) -> Result<Value, String> {
        let output =
            self.run(Command::new(self.programs.join("aws")).args(["--output", "json"]).args(arguments));
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Like `try_aws`, but asserts success.
    #[track_caller]
    pub(super) fn aws(&self, arguments: &[&str]) -> Value {
        self.try_aws(arguments).unwrap_or_else(|why| panic!("aws {arguments:?}: {why}"))
    }

    /// Runs `countersign ARGUMENTS` for the stack [`super::template::STACK`].
    pub(super) fn countersign(&self, arguments: &[&str]) -> Output {
        let stack = ["--stack", super::template::STACK, "--endpoint-url", &self.endpoint];
        self.run(Command::new(binary()).args(arguments).args(stack))
    }

    /// Like `countersign`, but asserts success and returns the output.
    #[track_caller]
    pub(super) fn succeed(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.countersign(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn run(&self, command: &mut Command) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env("PATH", format!("{}:{path}", self.programs.display()))
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("AWS_PROFILE")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}
