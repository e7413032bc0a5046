//! Cold starts as in Lambda: a new process fetches one event from the Runtime API, answers it, and asks for the next.
//!
//! Invariant: processor time (wait4) and peak memory (VmHWM; wait4 includes the memory before exec) are from the
//! operating system, for this process alone. The process is ended when it asks for a second event. Failures panic
//! with its log.

mod runtime_api;
mod servers;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use infra_tests::template::{pascal, properties, reference, template};
use infra_tests::workers;
use serde_json::{Value, json};
use wait4::Wait4 as _;

pub use servers::Servers;

use crate::paired::median;

/// Interval of the checks for the end of a function that does not answer.
const LOOK: Duration = Duration::from_millis(50);

/// Measurements of one start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// User and system time.
    pub cpu: Duration,
    /// From the start of the process to its answer.
    pub wall: Duration,
    /// Peak memory, in bytes.
    pub peak_memory: u64,
    /// Number of its calls over TLS.
    pub calls: usize,
    /// Number of connections for these calls.
    pub connections: usize,
}

/// A function to start.
pub struct Function {
    /// Its name.
    pub name: String,
    /// The binary.
    pub binary: PathBuf,
    /// The event for it.
    pub event: Value,
}

impl Function {
    /// The function that does nothing.
    #[must_use]
    pub fn hello(folder: &Path) -> Function {
        Function { name: "hello".into(), binary: folder.join("hello"), event: json!({}) }
    }

    /// A queue worker with one message that takes one call: a task with an input without a request id, reported as
    /// failed.
    #[must_use]
    pub fn worker(folder: &Path, name: &str) -> Function {
        let body = json!({ "taskToken": "token", "executionId": "arn", "state": "Any", "retryCount": 0, "input": {} });
        let record = json!({
            "messageId": "00000000-0000-4000-8000-000000000000",
            "receiptHandle": "handle",
            "body": body.to_string(),
            "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:eu-west-1:000000000000:{name}"),
            "awsRegion": "eu-west-1",
        });
        Function { name: name.into(), binary: folder.join(name), event: json!({ "Records": [record] }) }
    }

    /// Starts the function, waits until it has answered and asks for the next event, and ends it.
    pub fn start(&self, servers: &Servers) -> Start {
        self.start_with(servers, &[])
    }

    /// Like `start`, but runs the function under a program, such as valgrind with its arguments.
    pub fn start_with(&self, servers: &Servers, around: &[&str]) -> Start {
        let (calls, connections) = (servers.calls(), servers.connections());
        servers.give(&self.event);
        let mut command = match around {
            [] => Command::new(&self.binary),
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.binary);
                command
            }
        };
        let log = tempfile::NamedTempFile::new().unwrap();
        command
            .env_clear()
            .envs(self.variables(servers))
            .stdin(Stdio::null())
            .stdout(log.reopen().unwrap())
            .stderr(log.reopen().unwrap());
        let begin = Instant::now();
        let mut process =
            command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.binary.display()));
        let failed = |why: &str| {
            let said = std::fs::read_to_string(log.path()).unwrap_or_default();
            panic!("{}: {why}\n{said}", self.name)
        };
        let answered = loop {
            if let Some(answered) = servers.finished(LOOK) {
                break answered;
            }
            if begin.elapsed() > Duration::from_secs(120) {
                failed("it did not answer");
            }
            if process.try_wait().unwrap().is_some() {
                failed("it ended by itself");
            }
        };
        let peak_memory = peak_memory(process.id());
        // Not SIGKILL: valgrind has to write its counts.
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&process),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        let used = process.wait4().unwrap().rusage;
        match answered {
            Ok(at) => Start {
                cpu: used.utime + used.stime,
                wall: at.duration_since(begin),
                peak_memory,
                calls: servers.calls() - calls,
                connections: servers.connections() - connections,
            },
            Err(why) => failed(&why),
        }
    }

    fn variables(&self, servers: &Servers) -> Vec<(String, String)> {
        let all = [
            ("AWS_LAMBDA_RUNTIME_API", servers.runtime_api.clone()),
            ("AWS_LAMBDA_FUNCTION_NAME", self.name.clone()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".into()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "group".into()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "stream".into()),
            ("AWS_REGION", "eu-west-1".into()),
            ("AWS_ACCESS_KEY_ID", "test".into()),
            ("AWS_SECRET_ACCESS_KEY", "test".into()),
            ("AWS_ENDPOINT_URL", servers.step_functions.clone()),
            ("SSL_CERT_FILE", servers.roots().display().to_string()),
        ];
        let mut all: Vec<(String, String)> =
            all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        all.extend(countersign_variables(&self.name));
        all
    }
}

/// The COUNTERSIGN_ variables of a worker with the defaults of infra/template.yaml and valid values; empty for a
/// function that is not a worker.
fn countersign_variables(worker: &str) -> Vec<(String, String)> {
    if !workers().iter().any(|name| name == worker) {
        return Vec::new();
    }
    let template = template();
    let function = properties(&template, &format!("{}Function", pascal(worker)));
    let variables = function["Environment"]["Variables"].as_object().into_iter().flatten();
    let ours = variables.filter(|(name, value)| {
        name.starts_with("COUNTERSIGN_") && *name != "COUNTERSIGN_LOG" && is_there(value)
    });
    ours.map(|(name, _)| (name.clone(), readable(name))).collect()
}

/// True if a variable has a value on AWS with the default parameters.
fn is_there(value: &Value) -> bool {
    match value["Fn::If"].as_array() {
        Some(choice) => {
            is_there(&choice[if choice[0] == "OnAws" || choice[0] == "MailBySes" { 1 } else { 2 }])
        }
        None => *value != reference("AWS::NoValue"),
    }
}

fn readable(name: &str) -> String {
    match name.trim_start_matches("COUNTERSIGN_") {
        "MAX_RECEIVES" => "3".into(),
        "MAIL_FROM" => "countersign@example.com".into(),
        "MAIL_TRANSPORT" => "ses".into(),
        "BASE_URL" => "https://pki.example.com".into(),
        "POLICY_PARAMETER" => "/policy".into(),
        name if name.ends_with("QUEUE_URL") => {
            "https://sqs.eu-west-1.amazonaws.com/000000000000/queue".into()
        }
        name if name.ends_with("ARN") => "arn:aws:sns:eu-west-1:000000000000:topic".into(),
        name => name.to_ascii_lowercase(),
    }
}

/// Names of the workers with a queue of their own; without dead-letter.
#[must_use]
pub fn queue_workers() -> Vec<String> {
    let template = template();
    let has_queue = |name: &String| {
        let function = properties(&template, &format!("{}Function", pascal(name)));
        !function["Environment"]["Variables"]["COUNTERSIGN_QUEUE_URL"].is_null()
    };
    workers().into_iter().filter(has_queue).collect()
}

/// VmHWM of a process, in bytes.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
    peak.unwrap_or_default() * 1024
}

/// The median of each measurement over several starts.
#[must_use]
pub fn middle(starts: &[Start]) -> Start {
    Start {
        cpu: median(starts.iter().map(|start| start.cpu).collect()),
        wall: median(starts.iter().map(|start| start.wall).collect()),
        peak_memory: median(starts.iter().map(|start| start.peak_memory).collect()),
        calls: median(starts.iter().map(|start| start.calls).collect()),
        connections: median(starts.iter().map(|start| start.connections).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_gets_the_variables_of_the_template() {
        let names: Vec<String> = countersign_variables("sign").into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"COUNTERSIGN_CA_SECRET_ID".to_owned()), "{names:?}");
        assert!(names.iter().all(|name| !name.contains("KMS") && !name.contains("SMTP")), "{names:?}");
        assert_eq!(countersign_variables("hello"), []);
    }
}
