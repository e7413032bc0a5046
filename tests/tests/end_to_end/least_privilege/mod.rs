//! No role holds more than it needs: each permission of each role is taken away in turn, and something then fails.
//!
//! A permission counts as needed when a worker was refused it while a flow ran that has to succeed. What the emulator does
//! not enforce is listed here with its reason, and the list has to be exact: what it enforces one day has to leave it.

use std::fs;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant, SystemTime};

use end_to_end::{PATIENCE, Stack, eventually};
use futures_util::FutureExt as _;

mod flows;
mod roles;

use roles::{Permission, Role};

const NO_LOG: &str = "the emulator keeps no log of executions in CloudWatch";

/// Worker (`*` is any), action, and why taking it away is not noticed on the emulator.
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
        "the emulator answers 404 for a missing object to everybody, S3 only to who may list",
    ),
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

/// What a worker keeps in memory, so that only a new one asks for it.
fn is_kept_in_memory(action: &str) -> bool {
    ["ssm:GetParameter", "secretsmanager:GetSecretValue", "s3:GetObject"].contains(&action)
}

/// Ends the running copies of a function, as a deployment does: the emulator does it for any change but of the description.
fn restart(stack: &Stack, worker: &str) {
    let functions = stack.endpoints()["functions"].as_object().unwrap();
    let is_it = |name: &str| name.replace('-', "") == worker.to_lowercase();
    let function = functions.iter().find(|(name, _)| is_it(name)).unwrap().1.as_str().unwrap();
    let update = ["lambda", "update-function-configuration", "--function-name", function];
    stack.aws(&[&update[..], &["--timeout", "30"]].concat());
}

/// Where a log stood at a moment.
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

/// What a worker logged since. The emulator prints it for those behind a queue; for the portal it is in the log group.
fn logged_since(stack: &Stack, worker: &str, mark: &Mark) -> String {
    if worker != "Portal" {
        return printed(stack).get(mark.bytes..).unwrap_or_default().to_owned();
    }
    let group = format!("/aws/lambda/{}-portal", stack.endpoint("stack"));
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

/// Whether a flow that uses the permission fails without it, because of it.
async fn is_needed(stack: &Stack, role: &Role, permission: &Permission) -> bool {
    let mut taken = vec![permission];
    let result = role.permissions().into_iter().find(|one| one.action == "states:SendTaskSuccess");
    if permission.action == "sqs:ChangeMessageVisibility" {
        // It is used only when a step fails for a while.
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
        played = AssertUnwindSafe(flows::play(stack, &role.worker, permission)).catch_unwind() => played,
    };
    match played {
        Ok(()) => refused(),
        // It failed, and the reason is on its way to the log.
        Err(_) => {
            let what = format!("why {} fails without {}", role.worker, permission.action);
            eventually(&what, PATIENCE, async || refused().then_some(())).await;
            true
        }
    }
}

/// Without all that the emulator does not enforce, everything works as well. What it enforces one day has to leave the list.
async fn without_what_is_not_enforced(stack: &Stack, roles: &[Role]) {
    for role in roles {
        let all = role.permissions();
        let idle: Vec<&Permission> = all.iter().filter(|one| not_enforced(&role.worker, one)).collect();
        role.without(stack, &idle);
    }
    flows::certificate(stack).await;
    for role in roles {
        role.whole(stack);
    }
}

#[tokio::test]
async fn each_permission_of_each_role_is_needed() {
    let stack = Stack::start("least-privilege").await;
    flows::topic_as_on_aws(&stack);
    // With all of its permissions, everything works, and names and keys are known from then on.
    flows::certificate(&stack).await;
    let roles = Role::all(&stack);
    without_what_is_not_enforced(&stack, &roles).await;
    let (mut idle, mut needed, begun) = (Vec::new(), 0, Instant::now());
    for role in &roles {
        for permission in role.permissions() {
            if not_enforced(&role.worker, &permission) {
                continue;
            }
            let is_needed = is_needed(&stack, role, &permission).await;
            // Shown with a failure only.
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
        role.whole(&stack);
    }
    let _ = writeln!(
        std::io::stderr(),
        "{needed} permissions are needed, each taken away in turn ({} s)",
        begun.elapsed().as_secs()
    );
    assert!(idle.is_empty(), "nothing fails without these:\n{}", idle.join("\n"));
    // And with all of them given back, everything works.
    flows::certificate(&stack).await;
}
