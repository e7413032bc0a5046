//! Notices, from the policy to the receivers: channels, a program and a bus, on a stack of their own. What they get is judged
//! by others: `slack_sdk`, `adaptivecards` and `standardwebhooks`.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use end_to_end::{
    PATIENCE, Stack, Submission, binary, csr_for, eventually, needed, policy, python_with, repository,
    unique_host,
};
use serde_json::{Value, json};

use crate::APPROVER;

/// What judges in Python.
const REQUIREMENTS: &str = "slack_sdk==3.48.0\nstandardwebhooks==1.1.0\n";
/// What judges in Node.
const CARDS: &str = "3.0.6";

const NOTICES: &str = r#"
[notices.approvers]
kind = "slack"

[notices.team]
kind = "teams"

[notices.down]
kind = "slack"

[notices.inventory]
kind = "webhook"

[notices.bus]
kind = "eventbridge"
"#;

/// One call of a receiver.
#[derive(Clone, Debug)]
struct Call {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Call {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server on loopback that takes every call.
pub(crate) struct Receiver {
    port: u16,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Receiver {
    /// Serves on threads of its own: a test blocks its thread while a command runs.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, calls) = (listener.local_addr().unwrap().port(), Arc::default());
        let taken = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                std::thread::spawn(move || take(stream, &taken));
            }
        });
        Self { port, calls }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    fn calls(&self, path: &str) -> Vec<Call> {
        let path = format!("/{path}");
        self.calls.lock().unwrap().iter().filter(|call| call.path == path).cloned().collect()
    }
}

fn take(mut stream: TcpStream, calls: &Mutex<Vec<Call>>) {
    let (mut read, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let count = stream.read(&mut buffer).unwrap_or_default();
        if count == 0 {
            return;
        }
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        if headers["content-length"].parse::<usize>().unwrap() == body.len() {
            calls.lock().unwrap().push(Call { path, headers, body: body.to_owned() });
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
            return;
        }
    }
}

/// Runs `countersign webhooks ARGUMENTS` with this on its standard input.
pub(crate) fn webhooks(stack: &Stack, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(binary());
    command.arg("webhooks").args(arguments).arg("--dir").arg(stack.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub(crate) fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A rule that sends the events of the stack to a queue, and the queue.
fn rule(stack: &Stack) -> String {
    let made = stack.aws_json(&["sqs", "create-queue", "--queue-name", "notices"]);
    let queue = made["QueueUrl"].as_str().unwrap().to_owned();
    let arn = ["sqs", "get-queue-attributes", "--queue-url", &queue, "--attribute-names", "QueueArn"];
    let arn = stack.aws_json(&arn)["Attributes"]["QueueArn"].as_str().unwrap().to_owned();
    let pattern = r#"{"source":["countersign"],"detail-type":["request.issued"]}"#;
    stack.aws(&["events", "put-rule", "--name", "countersign-issued", "--event-pattern", pattern]);
    let target = format!("Id=queue,Arn={arn}");
    stack.aws(&["events", "put-targets", "--rule", "countersign-issued", "--targets", &target]);
    queue
}

/// The next event on the queue.
async fn event_on(stack: &Stack, queue: &str) -> Value {
    eventually("the event on the queue", PATIENCE, async || {
        let received = stack.aws_json(&["sqs", "receive-message", "--queue-url", queue]);
        serde_json::from_str(received["Messages"][0]["Body"].as_str()?).ok()
    })
    .await
}

/// The events in order of their numbers, each once.
fn events(calls: &[Call]) -> Vec<String> {
    let number = |id: &str| id.rsplit('_').next().unwrap().parse::<u64>().unwrap();
    let numbered =
        calls.iter().map(|call| (number(&call.headers["webhook-id"]), call.json()["type"].clone()));
    let numbered: BTreeMap<u64, Value> = numbered.collect();
    numbered.into_values().map(|event| event.as_str().unwrap().to_owned()).collect()
}

/// The Python of docs/notices.md.
fn documented() -> String {
    let page = std::fs::read_to_string(repository().join("docs/notices.md")).unwrap();
    page.split("```python\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

/// Runs a judge, which fails if it does not agree.
fn judge(command: &mut Command, given: &Value) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{given:#}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// adaptivecards, installed once into `target/`.
fn cards() -> Option<String> {
    let folder = repository().join("target").join(format!("adaptivecards-{CARDS}"));
    let file = folder.join("node_modules/adaptivecards/dist/adaptivecards.js");
    if !file.is_file() {
        let [npm] = needed([("npm", "npm")])?;
        std::fs::create_dir_all(&folder).unwrap();
        let install = ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        let mut command = Command::new(npm);
        command.args(install).arg(&folder).arg(format!("adaptivecards@{CARDS}"));
        assert!(
            command.stdin(Stdio::null()).output().unwrap().status.success(),
            "npm installs adaptivecards"
        );
    }
    Some(file.display().to_string())
}

#[tokio::test]
async fn channels_programs_and_the_bus_are_told() {
    let stack = Stack::start("notices").await;
    let (portal, receiver) = (stack.portal(), Receiver::start());
    stack.set_policy("notices.toml", &format!("{}{NOTICES}", policy()));
    for name in ["approvers", "team", "inventory"] {
        let said = done(webhooks(&stack, &["set", name], &format!("{}\n", receiver.url(name))));
        assert_eq!(said, format!("{name} is at 127.0.0.1 now.\n"));
    }
    // Nobody answers there: what follows waits for nobody.
    done(webhooks(&stack, &["set", "down"], "http://127.0.0.1:1/hidden-address"));
    let refused = webhooks(&stack, &["set", "down"], "http://hooks.example.com/hidden-address");
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("https://") && !said.contains("hidden-address"), "{said}");
    let secrets: Vec<String> =
        (0..2).map(|_| done(webhooks(&stack, &["secret", "inventory"], "")).trim().to_owned()).collect();
    for name in ["approvers", "team", "inventory"] {
        done(webhooks(&stack, &["test", name], ""));
        assert_eq!(receiver.calls(name).len(), 1, "{name}");
    }
    let test = receiver.calls("inventory")[0].json();
    assert_eq!(test["type"], "test");
    let queue = rule(&stack);

    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = stack.mailbox().approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;

    let of_request = || {
        let mut calls = receiver.calls("inventory");
        calls.retain(|call| call.body.contains(&asked.id));
        calls
    };
    let expected = ["submitted", "pending_approval", "approved", "issued", "delivered"];
    eventually("the events at the program", PATIENCE, async || {
        (events(&of_request()).len() == expected.len()).then_some(())
    })
    .await;
    assert_eq!(events(&of_request()), expected.map(|event| format!("request.{event}")));
    let event = event_on(&stack, &queue).await;
    let issued =
        of_request().into_iter().find(|call| call.json()["type"] == "request.issued").unwrap().json();
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("countersign"), &json!("request.issued")));
    assert_eq!(event["detail"], issued);
    assert_eq!(issued["data"]["serial"], stack.row(&asked.id)["serial"]);

    // The test message, the question and the outcome.
    eventually("the messages in the channels", PATIENCE, async || {
        ["approvers", "team"].iter().all(|name| receiver.calls(name).len() == 3).then_some(())
    })
    .await;
    let posted = eventually("the row to say so", PATIENCE, async || {
        let mails = stack.row(&asked.id)["mails"].as_object().unwrap().clone();
        let posted: Vec<String> =
            mails.into_iter().map(|(kind, _)| kind).filter(|kind| kind.starts_with("posted/")).collect();
        (posted.len() == 4).then_some(posted)
    })
    .await;
    assert!(posted.iter().all(|kind| kind.ends_with("/approvers") || kind.ends_with("/team")), "{posted:?}");

    let all = receiver.calls.lock().unwrap().clone();
    let (key, status_key) = (link.rsplit('/').next().unwrap(), asked.status_url.rsplit('=').next().unwrap());
    for secret in [key, status_key, "BEGIN CERTIFICATE"] {
        assert!(all.iter().all(|call| !call.body.contains(secret)), "{secret} was told");
    }
    let logs = stack.logs();
    for secret in [secrets[0].as_str(), &secrets[1], "hidden-address"] {
        assert!(!logs.contains(secret), "an address or a secret is in a log");
    }

    let calls = |name: &str| {
        receiver.calls(name).into_iter().map(|call| json!({ "headers": call.headers, "body": call.body }))
    };
    if let Some(python) = python_with("notices", REQUIREMENTS) {
        let given = json!({
            "webhooks": calls("inventory").collect::<Vec<_>>(), "slack": calls("approvers").collect::<Vec<_>>(),
            "secrets": secrets, "documented": documented(),
        });
        judge(Command::new(python).args(["-c", include_str!("judge.py")]), &given);
    }
    if let (Some([node]), Some(cards)) = (needed([("node", "nodejs")]), cards()) {
        let given = json!(calls("team").collect::<Vec<_>>());
        judge(Command::new(node).args(["-e", include_str!("judge.js"), &cards]), &given);
    }

    let listed = stack.countersign_json(&["webhooks", "list", "--json"]);
    let hosts: Vec<&Value> = listed.as_array().unwrap().iter().map(|one| &one["host"]).collect();
    assert_eq!(hosts.len(), 5);
    assert!(!listed.to_string().contains("hidden-address"));
    done(webhooks(&stack, &["secret", "inventory", "--drop-former"], ""));
    done(webhooks(&stack, &["remove", "down", "--yes"], ""));
    let said = webhooks(&stack, &["test", "down"], "");
    assert!(String::from_utf8_lossy(&said.stderr).contains("countersign webhooks set down"));
}
