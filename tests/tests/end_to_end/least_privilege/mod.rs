//! Least privilege: each permission of each role is removed in turn, and a flow then fails.
//!
//! Invariant: a permission is needed if a worker was denied it during a flow. Permissions that the emulator does not
//! enforce are listed with the reason; an entry that it starts to enforce fails the test.

use std::fs;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant, SystemTime};

use end_to_end::{PATIENCE, Stack, eventually};
use futures_util::FutureExt as _;

mod flows;
mod roles;

use roles::{Permission, Role};

use crate::notices::Receiver;

const NO_LOG: &str = "the emulator keeps no log of executions in CloudWatch";

const OF_STREAMS: &str = "the emulator reads streams itself, where Lambda uses the function's role";

/// Worker (`*` for all), action, and the reason why the emulator does not enforce it.
const NOT_ENFORCED: &[(&str, &str, &str)] = &[
    ("*", "logs:CreateLogStream", "the emulator writes the functions' logs itself"),
    ("*", "logs:PutLogEvents", "the emulator writes the functions' logs itself"),
    (
        "*",
        "sqs:ReceiveMessage",
        "the emulator polls the queues itself, where Lambda uses the function's role",
    ),
    ("*", "sqs:DeleteMessage", "the emulator polls the queues itself, where Lambda uses the function's role"),
    (
        "*",
        "sqs:GetQueueAttributes",
        "the emulator polls the queues itself, where Lambda uses the function's role",
    ),
    (
        "*",
        "s3:ListBucket",
        "the emulator answers 404 for a missing object always, S3 only with s3:ListBucket",
    ),
    ("Notify", "dynamodb:DescribeStream", OF_STREAMS),
    ("Notify", "dynamodb:GetRecords", OF_STREAMS),
    ("Notify", "dynamodb:GetShardIterator", OF_STREAMS),
    ("Notify", "dynamodb:ListStreams", OF_STREAMS),
    ("StateMachine", "sqs:SendMessage", "the emulator sends with its own rights, not the state machine's"),
    ("HousekeepingTimer", "lambda:InvokeFunction", "the emulator's scheduler calls with its own rights"),
    ("StateMachine", "logs:CreateLogDelivery", NO_LOG),
    ("StateMachine", "logs:GetLogDelivery", NO_LOG),
    ("StateMachine", "logs:UpdateLogDelivery", NO_LOG),
    ("StateMachine", "logs:DeleteLogDelivery", NO_LOG),
    ("StateMachine", "logs:ListLogDeliveries", NO_LOG),
    ("StateMachine", "logs:PutResourcePolicy", NO_LOG),
    ("StateMachine", "logs:DescribeResourcePolicies", NO_LOG),
    ("StateMachine", "logs:DescribeLogGroups", NO_LOG),
];

fn not_enforced(worker: &str, permission: &Permission) -> bool {
    NOT_ENFORCED
        .iter()
        .any(|(who, action, _)| (*who == "*" || *who == worker) && *action == permission.action)
}

/// True if workers cache the result, so that only a new process calls it.
fn is_kept_in_memory(action: &str) -> bool {
    ["ssm:GetParameter", "secretsmanager:GetSecretValue", "s3:GetObject"].contains(&action)
}

/// Ends the running processes of a function: the emulator does so on any change except of the description.
fn restart(stack: &Stack, worker: &str) {
    let functions = stack.endpoints()["functions"].as_object().unwrap();
    let is_it = |name: &str| name.replace('-', "") == worker.to_lowercase();
    let function = functions.iter().find(|(name, _)| is_it(name)).unwrap().1.as_str().unwrap();
    let update = ["lambda", "update-function-configuration", "--function-name", function];
    stack.aws(&[&update[..], &["--timeout", "30"]].concat());
}

/// Position in a log.
struct Mark {
    bytes: usize,
    time: String,
}

fn printed(stack: &Stack) -> String {
    String::from_utf8_lossy(&fs::read(stack.path().join("emulator.log")).unwrap()).into_owned()
}

fn mark(stack: &Stack) -> Mark {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    Mark { bytes: printed(stack).len(), time: time.to_string() }
}

/// Log of a worker since `mark`. The emulator prints it for workers behind a queue; those behind the API have it in their
/// log groups.
fn logged_since(stack: &Stack, worker: &str, mark: &Mark) -> String {
    if !["Portal", "Ocsp", "Acme"].contains(&worker) {
        return printed(stack).get(mark.bytes..).unwrap_or_default().to_owned();
    }
    let group = format!("/aws/lambda/{}-{}", stack.endpoint("stack"), worker.to_lowercase());
    let filter = ["logs", "filter-log-events", "--log-group-name", &group, "--start-time", &mark.time];
    let events: serde_json::Value = serde_json::from_slice(&stack.aws(&filter)).unwrap();
    let messages = events["events"].as_array().unwrap().iter();
    messages.filter_map(|event| event["message"].as_str()).collect::<Vec<_>>().join("\n")
}

/// Waits until a log line has all of these.
async fn logged(stack: &Stack, words: &[&str]) {
    eventually(&format!("the log to say {words:?}"), PATIENCE, async || {
        printed(stack).lines().any(|line| words.iter().all(|word| line.contains(word))).then_some(())
    })
    .await;
}

/// True if a flow that uses the permission is denied without it.
async fn is_needed(stack: &Stack, role: &Role, permission: &Permission) -> bool {
    let mut taken = vec![permission];
    let result = role.permissions().into_iter().find(|one| one.action == "states:SendTaskSuccess");
    if permission.action == "sqs:ChangeMessageVisibility" {
        // Only a failing step uses it.
        taken.extend(&result);
    }
    role.without(stack, &taken);
    let begin = mark(stack);
    if is_kept_in_memory(&permission.action) {
        restart(stack, &role.worker);
    }
    let refused =
        || logged_since(stack, &role.worker, &begin).lines().any(|line| role.is_denied(permission, line));
    let until_refused = async {
        while !refused() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let played = tokio::select! {
        () = until_refused => return true,
        played = AssertUnwindSafe(flows::run(stack, &role.worker, permission)).catch_unwind() => played,
    };
    match played {
        Ok(()) => refused(),
        // The flow failed, and the denial will be in the log.
        Err(_) => {
            let what = format!("why {} fails without {}", role.worker, permission.action);
            eventually(&what, PATIENCE, async || refused().then_some(())).await;
            true
        }
    }
}

/// Asserts that everything works without the permissions that the emulator does not enforce.
async fn without_unenforced_permissions(stack: &Stack, roles: &[Role]) {
    for role in roles {
        let all = role.permissions();
        let idle: Vec<&Permission> = all.iter().filter(|one| not_enforced(&role.worker, one)).collect();
        role.without(stack, &idle);
    }
    flows::certificate(stack).await;
    for role in roles {
        role.restore(stack);
    }
}

/// The roles of functions that answer calls from outside.
const CALLED: [&str; 3] = ["Acme", "Ocsp", "Portal"];
/// The roles of the steps. They decide what is signed.
const STEPS: [&str; 5] = ["AwaitApproval", "Deliver", "Persist", "Sign", "Validate"];

#[tokio::test]
async fn each_permission_of_a_role_that_is_called_is_needed() {
    each_is_needed("least-privilege-called", |worker| CALLED.contains(&worker)).await;
}

#[tokio::test]
async fn each_permission_of_a_role_of_a_step_is_needed() {
    each_is_needed("least-privilege-steps", |worker| STEPS.contains(&worker)).await;
}

#[tokio::test]
async fn each_permission_of_every_other_role_is_needed() {
    each_is_needed("least-privilege", |worker| !CALLED.contains(&worker) && !STEPS.contains(&worker)).await;
}

/// Takes away each permission of the chosen roles in turn, on a stack of its own.
#[allow(clippy::print_stdout)] // The test runner prints it on failure only.
async fn each_is_needed(name: &str, is_chosen: impl Fn(&str) -> bool) {
    let stack = Stack::start(name).await;
    flows::topic_as_on_aws(&stack);
    let receiver = Receiver::start();
    flows::name_receivers(&stack, &receiver.url("program"));
    // Everything works with all permissions. Later requests find earlier names and keys.
    flows::certificate(&stack).await;
    let roles = Role::all(&stack);
    without_unenforced_permissions(&stack, &roles).await;
    let (mut idle, mut needed, begun) = (Vec::new(), 0, Instant::now());
    // For work on one role: its name, or several with commas.
    let only = std::env::var("COUNTERSIGN_ROLES").ok();
    let is_wanted =
        |role: &&Role| only.as_ref().is_none_or(|only| only.split(',').any(|one| one == role.worker));
    for role in roles.iter().filter(|role| is_chosen(&role.worker)).filter(is_wanted) {
        for permission in role.permissions() {
            if not_enforced(&role.worker, &permission) {
                continue;
            }
            let is_needed = is_needed(&stack, role, &permission).await;
            println!(
                "{:>4} s  {} {}: {is_needed}",
                begun.elapsed().as_secs(),
                role.worker,
                permission.action
            );
            if is_needed {
                needed += 1;
            } else {
                idle.push(format!("{}: {} on {}", role.worker, permission.action, permission.resource));
            }
        }
        role.restore(&stack);
    }
    let _ = writeln!(
        std::io::stderr(),
        "{needed} permissions are needed, each taken away in turn ({} s)",
        begun.elapsed().as_secs()
    );
    assert!(idle.is_empty(), "nothing fails without these:\n{}", idle.join("\n"));
    // Everything works with all permissions restored.
    flows::certificate(&stack).await;
}
