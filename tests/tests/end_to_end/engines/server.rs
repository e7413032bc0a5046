//! An engine as a process: its endpoint, its mailbox, and an operator's commands against it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use end_to_end::{ChildGuard, Mailbox, PATIENCE, Stack, binary, eventually, free_port, python_with};
use serde_json::Value;
use tokio::sync::OnceCell;

const MOTO: &str = include_str!("requirements.txt");
const EMULATOR: &str = include_str!("../../../../cli/requirements.txt");

/// A running engine, as one test uses it.
pub(super) struct Server {
    /// URL of its AWS API.
    pub(super) endpoint: String,
    /// Folder of the test's temporary files and of the logs of its functions.
    pub(super) folder: PathBuf,
    /// Name of the test's stack.
    pub(super) stack: &'static str,
    mailbox: PathBuf,
    log: PathBuf,
    /// Folder of the `aws` command.
    programs: PathBuf,
    /// Ends with this value. [`Moto`] ends with the test process.
    _process: Option<ChildGuard>,
}

/// The moto that all tests share.
struct Moto {
    python: PathBuf,
    folder: PathBuf,
    endpoint: String,
    _process: ChildGuard,
}

impl Moto {
    async fn start(python: PathBuf) -> Self {
        let folder = Stack::folder("moto");
        let script = ["-c", include_str!("moto.py"), &folder.display().to_string()];
        let mut process = ChildGuard::start(&python, &script, &folder.join("engine.log"));
        let port = eventually("moto to listen", PATIENCE, async || {
            assert!(process.ended().is_none(), "moto: {}", log(&folder));
            fs::read_to_string(folder.join("port")).ok()
        })
        .await;
        Self { python, folder, endpoint: format!("http://127.0.0.1:{port}"), _process: process }
    }
}

impl Server {
    /// The moto that all tests share, for a test with this stack; `None`, with a message, if Python is missing.
    pub(super) async fn moto(stack: &'static str) -> Option<Self> {
        static SHARED: OnceCell<Moto> = OnceCell::const_new();
        let python = python_with("moto", MOTO)?;
        let moto = SHARED.get_or_init(|| Moto::start(python)).await;
        let folder = moto.folder.join(stack);
        fs::create_dir(&folder).unwrap();
        Some(Self {
            endpoint: moto.endpoint.clone(),
            folder,
            stack,
            mailbox: moto.folder.join("mailbox"),
            log: moto.folder.join("engine.log"),
            programs: moto.python.parent().unwrap().to_owned(),
            _process: None,
        })
    }

    /// Starts the local stack's emulator, with a CloudFormation that deletes no protected table; `None`, with a message, if
    /// Python is missing.
    pub(super) async fn emulator(stack: &'static str) -> Option<Self> {
        let python = python_with("emulator", EMULATOR)?;
        let (folder, port) = (Stack::folder(stack), free_port().to_string());
        let home = folder.display().to_string();
        let variables = [
            format!("GATEWAY_PORT={port}"),
            format!("HOME={home}"),
            format!("TMPDIR={home}"),
            format!("DOCKER_HOST=unix://{home}/no-docker"),
            "BIND_HOST=127.0.0.1".to_owned(),
            "LAMBDA_EXECUTOR=local".to_owned(),
            "IOT_MTLS_ENABLED=0".to_owned(),
            "SFTP_ENABLED=0".to_owned(),
            "MINISTACK_REGION=us-east-1".to_owned(),
        ];
        let mut arguments: Vec<&str> = variables.iter().map(String::as_str).collect();
        let program = python.display().to_string();
        arguments.extend([program.as_str(), "-c", include_str!("emulator.py")]);
        let mut process =
            ChildGuard::start(Path::new("/usr/bin/env"), &arguments, &folder.join("engine.log"));
        let endpoint = format!("http://127.0.0.1:{port}");
        eventually("the emulator to answer", PATIENCE, async || {
            assert!(process.ended().is_none(), "the emulator: {}", log(&folder));
            reqwest::get(&endpoint).await.is_ok().then_some(())
        })
        .await;
        Some(Self {
            endpoint,
            mailbox: folder.join("mailbox"),
            log: folder.join("engine.log"),
            folder,
            stack,
            programs: python.parent().unwrap().to_owned(),
            _process: Some(process),
        })
    }

    /// The mails that SES accepted.
    pub(super) fn mailbox(&self) -> Mailbox {
        Mailbox::new(&self.mailbox)
    }

    /// Asserts that moto answered no request with status 500: the SDKs try again and would hide it.
    pub(super) fn check_log(&self) {
        let log = fs::read_to_string(&self.log).unwrap();
        assert!(!log.contains("\" 500 -"), "moto failed; see {}", self.log.display());
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

    /// Runs `countersign ARGUMENTS` for the stack.
    pub(super) fn countersign(&self, arguments: &[&str]) -> Output {
        let stack = ["--stack", self.stack, "--endpoint-url", &self.endpoint];
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

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("engine.log")).unwrap_or_default()
}
