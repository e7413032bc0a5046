//! A local stack for tests: `countersign local` as a process, in a folder below `target/`.
//!
//! Invariant: the folder name starts with the id of the process that started the stack, so that runs do not share
//! state. The folders of earlier runs are kept for inspection until the next run removes them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::OnceCell;

use crate::aws_commands::{AwsOutput, run_aws};
use crate::{ChildGuard, Mailbox, Nginx, Portal, Shown, eventually, find, free_port};

/// Time-out of a start: the first one builds the workers and installs the emulator.
const FIRST_START: Duration = Duration::from_secs(45 * 60);
/// Profiles of the tests, in addition to the shipped ones.
const PROFILES: &str = r#"
[profiles.brief]
description = "Expires before a decision"
extended_key_usage = ["serverAuth"]
limit = "5s"

[profiles.exact]
description = "Refuses requests for more than it grants"
extended_key_usage = ["serverAuth"]
ungranted = "refused"

[profiles.server.standing]
max = "90d"
most = 500

[profiles.reminding]
description = "Reminds at once"
extended_key_usage = ["serverAuth"]
limit = "1h"
reminders = ["1s"]

[profiles.pair]
description = "Needs two approvers"
extended_key_usage = ["serverAuth"]
approvers = ["approver@example.com", "second@example.com"]
quorum = 2

[profiles.pair.standing]
max = "90d"
most = 500

[groups]
security = ["s1@example.com", "s2@example.com", "both@example.com"]
platform = ["p1@example.com", "both@example.com"]

[profiles.two-of-three]
description = "Needs two of three"
extended_key_usage = ["serverAuth"]
approval = [{ group = "security", quorum = 2 }]

[profiles.two-groups]
description = "Needs one of security and one of platform"
extended_key_usage = ["serverAuth"]
approval = [{ group = "security" }, { group = "platform" }]

[profiles.crowd]
description = "Many may decide, and one is enough"
extended_key_usage = ["serverAuth"]
approvers = [CROWD]

[profiles.listed]
description = "Has an approver of its own"
extended_key_usage = ["serverAuth"]
approvers = ["list@example.com"]

[profiles.questioned]
description = "Has another approver of its own"
extended_key_usage = ["serverAuth"]
approvers = ["asker@example.com"]

[profiles.away]
description = "Has an approver who is away"
extended_key_usage = ["serverAuth"]
approvers = ["away@example.com", "here@example.com"]
quorum = 2

[[stand_ins]]
for = "away@example.com"
by = "stands-in@example.com"
from = "YESTERDAY"
until = "IN A WEEK"

[profiles.proven]
description = "Needs passkeys"
extended_key_usage = ["serverAuth"]
identity = "passkey"
approvers = ["keyholder@example.com", "holder2@example.com"]

[console]
identity = "passkey"
operators = ["olivia@example.com"]
auditors = ["eve@example.com"]

[profiles.narrowing]
description = "Allows less while a request waits"
extended_key_usage = ["serverAuth"]

[profiles.narrowing-pages]
description = "Allows less while a page is open"
extended_key_usage = ["serverAuth"]
"#;

/// Initial policy of test stacks: the shipped one with [`PROFILES`].
pub fn policy() -> String {
    let crowd: Vec<String> = (0..50).map(|n| format!("\"crowd{n}@example.com\"")).collect();
    let day = |days| (OffsetDateTime::now_utc() + time::Duration::days(days)).date().to_string();
    let profiles = PROFILES
        .replace("CROWD", &crowd.join(", "))
        .replace("YESTERDAY", &day(-1))
        .replace("IN A WEEK", &day(7));
    fs::read_to_string(repository().join("infra/policy.toml")).unwrap() + &profiles
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[derive(Clone, Copy, PartialEq)]
enum Build {
    Quick,
    Optimised,
}

/// A running stack.
pub struct Stack {
    folder: PathBuf,
    process: Mutex<Option<ChildGuard>>,
    endpoints: Value,
    /// Profiles changed by [`Stack::narrow`].
    narrowed: Mutex<Vec<String>>,
    /// Reverse proxy in front of the stack, with `COUNTERSIGN_THROUGH_NGINX`.
    _nginx: Option<Nginx>,
}

/// A stopped stack; its folder holds the state.
pub struct Stopped(PathBuf);

impl Stack {
    /// The stack that most tests share. It ends with the process.
    pub async fn shared() -> &'static Stack {
        static SHARED: OnceCell<Result<Stack, String>> = OnceCell::const_new();
        let stack = SHARED.get_or_init(|| Self::try_start(Self::folder("shared"), Build::Quick)).await;
        stack.as_ref().unwrap_or_else(|why| panic!("{why}"))
    }

    /// Starts a new stack for one test.
    pub async fn start(name: &str) -> Self {
        Self::try_start(Self::folder(name), Build::Quick).await.unwrap_or_else(|why| panic!("{why}"))
    }

    /// Starts a new stack with further options of `countersign local`.
    pub async fn start_with(name: &str, options: &[&str]) -> Self {
        Self::try_start_with(Self::folder(name), Build::Quick, options)
            .await
            .unwrap_or_else(|why| panic!("{why}"))
    }

    /// Starts a stack in `folder` with further options of `countersign local`.
    pub async fn start_in(folder: PathBuf, options: &[&str]) -> Self {
        Self::try_start_with(folder, Build::Quick, options).await.unwrap_or_else(|why| panic!("{why}"))
    }

    /// Starts a new stack with optimised workers, as deployed. Takes minutes to build.
    pub async fn start_optimised(name: &str) -> Self {
        Self::try_start(Self::folder(name), Build::Optimised).await.unwrap_or_else(|why| panic!("{why}"))
    }

    /// Creates an empty folder for a stack.
    pub fn folder(name: &str) -> PathBuf {
        let all = repository().join("target").join("end-to-end");
        fs::create_dir_all(&all).unwrap();
        sweep(&all);
        let folder = all.join(format!("{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    async fn try_start(folder: PathBuf, build: Build) -> Result<Self, String> {
        Self::try_start_with(folder, build, &[]).await
    }

    async fn try_start_with(folder: PathBuf, build: Build, options: &[&str]) -> Result<Self, String> {
        let policy = folder.join("policy.toml");
        fs::write(&policy, self::policy()).unwrap();
        let log = folder.join("countersign.log");
        let (folder_text, policy) = (folder.display().to_string(), policy.display().to_string());
        let nginx = through_nginx(&folder).await;
        let (port, by_way_of) = match &nginx {
            None => ("0".to_owned(), None),
            Some((nginx, port)) => (port.to_string(), Some(format!("http://localhost:{}", nginx.port))),
        };
        let mut arguments = vec!["local", "--port", &port, "--dir", &folder_text, "--policy", &policy];
        if let Some(by_way_of) = &by_way_of {
            arguments.extend(["--portal-by-way-of", by_way_of]);
        }
        // Only tests run housekeeping: an hour is longer than each of them.
        arguments.extend(["--housekeeping-minutes", "60"]);
        arguments.extend_from_slice(options);
        if build == Build::Optimised {
            arguments.push("--release");
        }
        let mut process = ChildGuard::start(binary(), &arguments, &log);
        let file = folder.join("endpoints.json");
        let started = eventually("the local stack to start", FIRST_START, async || {
            if let Some(status) = process.ended() {
                return Some(Err(status));
            }
            let endpoints = fs::read(&file).ok()?;
            serde_json::from_slice::<Value>(&endpoints).ok().map(Ok)
        });
        match started.await {
            Ok(endpoints) => Ok(Self {
                folder,
                process: Mutex::new(Some(process)),
                endpoints,
                narrowed: Mutex::default(),
                _nginx: nginx.map(|(nginx, _)| nginx),
            }),
            Err(status) => {
                let said = fs::read_to_string(&log).unwrap_or_default();
                Err(format!("countersign local ended ({status}):\n{said}"))
            }
        }
    }

    /// Stops the stack and keeps its state.
    pub fn stop(self) -> Stopped {
        self.end();
        Stopped(self.folder)
    }

    /// Like `stop`, for a shared reference.
    pub fn end(&self) {
        let status = self.end_status();
        // The shell reports 143 if SIGTERM killed the command, which must end by itself.
        assert!(status.success(), "countersign local ended with {status}");
    }

    /// Stops the stack and returns the exit status of `countersign local`.
    pub fn end_status(&self) -> ExitStatus {
        let process = self.process.lock().unwrap().take().expect("the stack runs");
        process.stop()
    }

    /// A value of `endpoints.json`.
    pub fn endpoint(&self, name: &str) -> &str {
        self.endpoints[name].as_str().unwrap_or_else(|| panic!("{name} in {:#}", self.endpoints))
    }

    /// Content of `endpoints.json`.
    pub fn endpoints(&self) -> &Value {
        &self.endpoints
    }

    /// Folder of the stack.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Client of the portal.
    pub fn portal(&self) -> Portal {
        Portal::new(self.endpoint("portal")).with_mailbox(self.mailbox())
    }

    /// Mailbox of the stack.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.endpoint("mailbox"))
    }

    /// Runs `countersign ARGUMENTS --dir FOLDER`.
    pub fn countersign(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--dir").arg(&self.folder).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// Like `countersign`, but asserts success and parses JSON output.
    pub fn countersign_json(&self, arguments: &[&str]) -> Value {
        let output = self.countersign(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Stored row of a request.
    pub fn row(&self, id: &str) -> Value {
        self.countersign_json(&["requests", "show", id, "--json"])
    }

    /// The rows of a requester.
    pub fn rows_of(&self, email: &str) -> Vec<Value> {
        let rows = self.countersign_json(&["requests", "list", "--limit", "100000", "--json"]);
        rows.as_array().unwrap().iter().filter(|row| row["email"] == email).cloned().collect()
    }

    /// Activates a policy.
    pub fn set_policy(&self, name: &str, policy: &str) {
        let file = self.folder.join(name);
        fs::write(&file, policy).unwrap();
        let output = self.countersign(&["policy", "set", "--yes", &file.display().to_string()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Removes the names below example.com from a profile, and keeps profiles that were narrowed before.
    pub fn narrow(&self, profile: &str) {
        let mut narrowed = self.narrowed.lock().unwrap();
        narrowed.push(profile.to_owned());
        let narrow = |policy: String, profile: &String| {
            let section = format!("[profiles.{profile}]\n");
            policy.replacen(&section, &format!("{section}names.dns.allow = [\"example.org\"]\n"), 1)
        };
        self.set_policy("narrower.toml", &narrowed.iter().fold(policy(), narrow));
    }

    /// Runs the AWS command line as root of the emulated account, and returns its output.
    pub fn aws(&self, arguments: &[&str]) -> Vec<u8> {
        let root = BTreeMap::from([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")]);
        let output = self.aws_as(root, arguments);
        assert!(output.succeeded, "aws {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Runs the AWS command line with these credentials.
    pub fn aws_as(&self, credentials: BTreeMap<&str, &str>, arguments: &[&str]) -> AwsOutput {
        let endpoint = self.endpoint("awsEndpoint");
        let mut environment = credentials;
        // Commands that call a second service read its endpoint from here.
        environment.extend([("AWS_DEFAULT_REGION", self.endpoint("region")), ("AWS_ENDPOINT_URL", endpoint)]);
        let common = ["--output", "json", "--endpoint-url", endpoint];
        run_aws(&[&common[..], arguments].concat(), &environment)
    }

    /// Like `aws`, but parses JSON output; null if there is none.
    pub fn aws_json(&self, arguments: &[&str]) -> Value {
        let printed = self.aws(arguments);
        if printed.is_empty() { Value::Null } else { serde_json::from_slice(&printed).unwrap() }
    }

    /// Invokes housekeeping.
    pub fn housekeeping(&self) {
        let function = self.endpoints["functions"]["housekeeping"].as_str().unwrap();
        let answer = self.folder.join(format!("housekeeping-{}.json", uuid::Uuid::new_v4()));
        let answer_text = answer.display().to_string();
        let outcome = self.aws(&["lambda", "invoke", "--function-name", function, &answer_text]);
        let outcome: Value = serde_json::from_slice(&outcome).unwrap();
        assert!(
            outcome.get("FunctionError").is_none(),
            "{outcome}: {}",
            fs::read_to_string(&answer).unwrap_or_default()
        );
    }

    /// All logs so far: emulator, mail catcher, `countersign local`, workers.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        for log in ["emulator.log", "mail.log", "countersign.log"] {
            text.push_str(&String::from_utf8_lossy(&fs::read(self.folder.join(log)).unwrap_or_default()));
        }
        // The portal's log is in its log group only: API Gateway calls it, no queue does.
        let json = |arguments: &[&str]| -> Value {
            serde_json::from_slice(&self.aws(&[&["logs"], arguments].concat())).unwrap_or_default()
        };
        let groups = json(&["describe-log-groups", "--log-group-name-prefix", "/aws/lambda/"]);
        for group in groups["logGroups"].as_array().into_iter().flatten() {
            let name = group["logGroupName"].as_str().unwrap();
            let events = json(&["filter-log-events", "--log-group-name", name]);
            for event in events["events"].as_array().into_iter().flatten() {
                text.push_str(event["message"].as_str().unwrap_or_default());
                text.push('\n');
            }
        }
        text
    }
}

impl Stopped {
    /// Starts the stack again, in the same folder.
    pub async fn start(self) -> Stack {
        Stack::try_start(self.0, Build::Quick).await.unwrap_or_else(|why| panic!("{why}"))
    }
}

/// With `COUNTERSIGN_THROUGH_NGINX`: nginx of the private network in front of the stack in `folder`, and the stack's
/// port. Both ports are stored in the folder, so that links stay valid after a restart.
async fn through_nginx(folder: &Path) -> Option<(Nginx, u16)> {
    std::env::var_os("COUNTERSIGN_THROUGH_NGINX")?;
    let program = find("nginx").expect("nginx is installed");
    let remembered = folder.join("nginx-ports.json");
    let ports: (u16, u16) = match fs::read(&remembered) {
        Ok(json) => serde_json::from_slice(&json).unwrap(),
        Err(_) => (free_port(), free_port()),
    };
    fs::write(&remembered, serde_json::to_vec(&ports).unwrap()).unwrap();
    let state = folder.join("nginx");
    fs::create_dir_all(&state).unwrap();
    let nginx = Nginx::start(&program, &state, ports.0, ports.1, "", Shown::Good);
    nginx.ready().await;
    Some((nginx, ports.1))
}

/// Removes folders of ended runs: without a living process of that id and without a held lock.
fn sweep(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.split('-').next().unwrap_or_default().to_owned();
        let lives = Path::new("/proc").join(&owner).exists();
        let locked = File::open(entry.path().join("lock")).is_ok_and(|lock| lock.try_lock().is_err());
        if !lives && !locked {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Path of the operator's command. Built here, since `cargo test` does not build binaries of other packages.
pub fn binary() -> &'static Path {
    static BINARY: LazyLock<PathBuf> =
        LazyLock::new(|| build(&["countersign"]).remove("countersign").expect("cargo names the executable"));
    &BINARY
}

/// Paths of the workers' binaries, by the names of their folders.
pub fn binaries() -> BTreeMap<String, PathBuf> {
    let names: Vec<String> = fs::read_dir(repository().join("workers"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    build(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn build(names: &[&str]) -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        // With the features of the whole workspace, as `cargo test --workspace` has built its dependencies. Those of development
        // dependencies count where a test is built, so a small one is.
        .args(["build", "--workspace", "--test", "skew", "--message-format", "json-render-diagnostics"])
        .args(names.iter().flat_map(|name| ["--bin", name]))
        .current_dir(repository())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{names:?} do not build");
    let artifact = |message: Value| {
        let (name, file) = (message["target"]["name"].as_str()?, message["executable"].as_str()?);
        // The test is no binary of ours.
        names.contains(&name).then(|| (name.to_owned(), PathBuf::from(file)))
    };
    let lines = String::from_utf8_lossy(&output.stdout);
    lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter_map(artifact).collect()
}
