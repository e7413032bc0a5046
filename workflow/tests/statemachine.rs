//! statemachine.asl.json held against the rules of the States language, the folders of workers/, and infra/template.yaml.
//!
//! The emulator takes a definition that AWS would refuse, and answers a missing path with null where AWS fails the
//! execution. So what AWS would find out is found out here.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use workflow::runtime::lambda::MAX_POSTPONEMENT;
use workflow::runtime::step::ErrorName;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn definition() -> Value {
    serde_json::from_str(&fs::read_to_string(repository().join("statemachine.asl.json")).unwrap()).unwrap()
}

fn template() -> String {
    fs::read_to_string(repository().join("infra/template.yaml")).unwrap()
}

fn states(definition: &Value) -> &Map<String, Value> {
    definition["States"].as_object().unwrap()
}

fn tasks(definition: &Value) -> impl Iterator<Item = (&String, &Value)> {
    states(definition).iter().filter(|(_, state)| state["Type"] == "Task")
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// `$.error` of `$.error.Cause`: the field of the execution's data that a path reads or writes.
fn field(path: &str) -> &str {
    path.strip_prefix("$.").unwrap_or_default().split('.').next().unwrap_or_default()
}

/// Where a state leads, each with the field that is written on the way.
fn ways(state: &Value) -> Vec<(&str, Option<&str>)> {
    let written = |value: &Value| value["ResultPath"].as_str().map(|path| path.to_owned());
    let mut ways = Vec::new();
    for (value, name) in [(state, "Next"), (state, "Default")] {
        if let Some(next) = value[name].as_str() {
            ways.push((next, state["ResultPath"].as_str().map(field)));
        }
    }
    ways.extend(list(state, "Choices").iter().map(|choice| (choice["Next"].as_str().unwrap(), None)));
    for catch in list(state, "Catch") {
        assert!(
            written(catch).is_some(),
            "a Catch without ResultPath would throw the request id away: {catch}"
        );
        ways.push((catch["Next"].as_str().unwrap(), catch["ResultPath"].as_str().map(field)));
    }
    ways
}

/// Every path (`$.x.y`) in a value, but none of the context object (`$$.`).
fn paths(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|text| name.ends_with(".$") && !text.starts_with("$$.")) {
                    Some(path) => found.push(path.to_owned()),
                    None => paths(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| paths(value, found)),
        _ => {}
    }
}

#[test]
fn every_state_exists_is_reachable_and_leads_to_an_end() {
    let definition = definition();
    let states = states(&definition);
    let mut seen = BTreeSet::new();
    let mut next = vec![definition["StartAt"].as_str().unwrap()];
    while let Some(name) = next.pop() {
        let state = states.get(name).unwrap_or_else(|| panic!("there is no state {name}"));
        if seen.insert(name) {
            next.extend(ways(state).iter().map(|(name, _)| *name));
        }
    }
    let all: BTreeSet<&str> = states.keys().map(String::as_str).collect();
    assert_eq!(seen, all, "states that nothing leads to");
    for (name, state) in states {
        let kind = state["Type"].as_str().unwrap();
        assert!(["Task", "Choice", "Pass", "Succeed", "Fail"].contains(&kind), "{name}");
        assert_eq!(
            ways(state).is_empty(),
            ["Succeed", "Fail"].contains(&kind),
            "{name} must lead on or be an end"
        );
        assert_eq!(kind == "Choice", state["Default"].is_string(), "{name}: a Choice needs a Default");
        assert!(
            !state["Comment"].as_str().unwrap_or_default().is_empty(),
            "{name} tells the operator nothing"
        );
        assert!(name.len() <= 80);
    }
}

#[test]
fn every_task_is_sent_to_a_queue_is_bounded_and_is_caught() {
    let definition = definition();
    for (name, task) in tasks(&definition) {
        assert_eq!(task["Resource"], "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "{name}");
        assert!(
            task["TimeoutSeconds"].as_u64().is_some_and(|seconds| seconds >= 3600),
            "{name} has no TimeoutSeconds"
        );
        // The emulator does not keep it, and a worker that sends no heartbeat would be cut off by it on AWS.
        assert!(task["HeartbeatSeconds"].is_null(), "{name}");
        let last = list(task, "Catch").last().unwrap_or_else(|| panic!("{name} catches nothing"));
        assert_eq!(last["ErrorEquals"], json!(["States.ALL"]), "{name}: States.ALL must come last and alone");
        let retried = list(task, "Retry");
        assert_eq!(retried.len(), 1, "{name}");
        // Only the sending may be retried here: what a worker reports is final, its retries are the queue's.
        assert_eq!(
            retried[0]["ErrorEquals"],
            json!(["SQS.AmazonSQSException", "SQS.SdkClientException"]),
            "{name}"
        );
        assert_eq!(retried[0]["JitterStrategy"], "FULL", "{name}");
        assert!(retried[0]["MaxAttempts"].as_u64().is_some_and(|attempts| attempts >= 3), "{name}");
    }
}

#[test]
fn the_error_names_are_those_that_workers_send() {
    let names = [
        ErrorName::Refused,
        ErrorName::NotFound,
        ErrorName::NotApproved,
        ErrorName::Ended,
        ErrorName::BadMessage,
        ErrorName::Exhausted,
    ];
    let known: BTreeSet<&str> =
        names.iter().map(|name| name.as_str()).chain(["States.ALL", "States.Timeout"]).collect();
    let definition = definition();
    for (name, task) in tasks(&definition) {
        for error in list(task, "Catch").iter().flat_map(|catch| list(catch, "ErrorEquals")) {
            assert!(known.contains(error.as_str().unwrap()), "{name} catches {error}, which nobody sends");
        }
    }
    for (name, state) in states(&definition).iter().filter(|(_, state)| state["Type"] == "Pass") {
        let error = state["Result"]["Error"].as_str().unwrap();
        // A name of ours: the States language keeps those that begin with States for itself, in a Fail state too.
        assert!(known.contains(error) || error == "Step.TimedOut", "{name} makes up {error}");
        assert!(!error.starts_with("States."), "{name} makes up {error}");
    }
    for step in ["Validate", "Sign"] {
        let refused = list(&definition["States"][step], "Catch")
            .iter()
            .find(|catch| catch["Next"] == "RecordRefusal")
            .unwrap();
        assert_eq!(refused["ErrorEquals"], json!([ErrorName::Refused.as_str()]), "{step}");
    }
}

#[test]
fn a_message_has_the_shape_that_workers_read() {
    let definition = definition();
    let id = json!({ "requestId.$": "$.requestId" });
    let with_error =
        json!({ "requestId.$": "$.requestId", "error.$": "$.error.Error", "cause.$": "$.error.Cause" });
    for (name, task) in tasks(&definition) {
        let parameters = task["Parameters"].as_object().unwrap();
        assert_eq!(parameters.keys().collect::<Vec<_>>(), ["MessageBody", "QueueUrl"], "{name}");
        let input = match name.as_str() {
            "Persist" => json!({ "requestId.$": "$.requestId", "csrDigest.$": "$.validated.csrDigest" }),
            "RecordRefusal" | "RecordFailure" | "NotifyFailed" => with_error.clone(),
            _ => id.clone(),
        };
        let wanted = json!({
            "taskToken.$": "$$.Task.Token",
            "executionId.$": "$$.Execution.Id",
            "state.$": "$$.State.Name",
            "retryCount.$": "$$.State.RetryCount",
            "input": input,
        });
        assert_eq!(parameters["MessageBody"], wanted, "{name}");
    }
}

/// A missing path fails an execution on AWS, so whatever a state reads must be there on every way to it.
#[test]
fn whatever_a_state_reads_was_written_on_every_way_to_it() {
    let definition = definition();
    let states = states(&definition);
    let start = definition["StartAt"].as_str().unwrap();
    let mut there: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::from([(start, BTreeSet::from(["requestId"]))]);
    let mut next = vec![start];
    while let Some(name) = next.pop() {
        for (target, written) in ways(&states[name]) {
            assert_ne!(written, Some(""), "{name} overwrites the whole input");
            let mut fields = there[name].clone();
            fields.extend(written);
            let merged = there.get(target).map_or_else(|| fields.clone(), |known| known & &fields);
            if there.get(target) != Some(&merged) {
                there.insert(target, merged);
                next.push(target);
            }
        }
    }
    for (name, state) in states {
        let mut read = Vec::new();
        paths(&state["Parameters"], &mut read);
        read.extend(
            list(state, "Choices").iter().map(|choice| choice["Variable"].as_str().unwrap().to_owned()),
        );
        read.extend(
            ["ErrorPath", "CausePath"].iter().filter_map(|path| Some(state[path].as_str()?.to_owned())),
        );
        for path in &read {
            assert!(
                there[name.as_str()].contains(field(path)),
                "{name} reads {path}, which is not always there"
            );
        }
    }
}

/// AWS leaves the cause out of the error of a time-out, so nothing that reads a cause may follow one directly.
#[test]
fn a_time_out_never_leads_to_a_state_that_reads_its_cause() {
    let definition = definition();
    for (name, task) in tasks(&definition) {
        let catches = list(task, "Catch");
        let timed_out = catches
            .iter()
            .find(|catch| {
                list(catch, "ErrorEquals")
                    .iter()
                    .any(|error| error == "States.Timeout" || error == "States.ALL")
            })
            .unwrap();
        let target = &definition["States"][timed_out["Next"].as_str().unwrap()];
        let written = timed_out["ResultPath"].as_str().unwrap();
        let mut read = Vec::new();
        paths(&target["Parameters"], &mut read);
        read.extend(target["CausePath"].as_str().map(str::to_owned));
        assert!(
            !read.contains(&format!("{written}.Cause")),
            "{name} leads to {} on a time-out",
            timed_out["Next"]
        );
    }
}

#[test]
fn an_outcome_that_is_recorded_is_not_recorded_again_as_a_failure() {
    let definition = definition();
    for name in ["NotifyRefused", "NotifyRejected", "NotifyExpired", "NotifyFailed"] {
        for (target, _) in ways(&definition["States"][name]) {
            assert_ne!(definition["States"][target]["Type"], "Task", "{name} leads to {target}");
        }
    }
    // A lost receipt does not stop the request.
    let receipt = ways(&definition["States"]["NotifyReceived"]);
    assert!(receipt.iter().all(|(target, _)| *target == "AwaitApproval"), "{receipt:?}");
}

/// The worker whose queue a substitution names: `${AwaitApprovalQueueUrl}` is await-approval.
fn worker(substitution: &str) -> String {
    let name = substitution.strip_prefix("${").and_then(|name| name.strip_suffix("QueueUrl}")).unwrap();
    let mut worker = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !worker.is_empty() {
            worker.push('-');
        }
        worker.push(letter.to_ascii_lowercase());
    }
    worker
}

/// The states that send to each worker.
fn senders(definition: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut senders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, task) in tasks(definition) {
        senders
            .entry(worker(task["Parameters"]["QueueUrl"].as_str().unwrap()))
            .or_default()
            .insert(name.clone());
    }
    senders
}

/// The lines of one resource of the template, without the rest.
fn resource<'a>(template: &'a str, name: &str) -> &'a str {
    let start =
        template.find(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("the template has no {name}")) + 1;
    let rest = &template[start..];
    let ends = |at: &usize| rest[*at..].starts_with("\n  ") && !rest[*at + 3..].starts_with([' ', '#']);
    let end = rest.match_indices('\n').map(|(at, _)| at).find(ends).unwrap_or(rest.len());
    &rest[..end]
}

fn pascal(worker: &str) -> String {
    worker.split('-').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

fn folders() -> BTreeSet<String> {
    let entries = fs::read_dir(repository().join("workers")).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[test]
fn every_worker_has_its_function_role_log_and_code() {
    let template = template();
    for worker in folders() {
        let name = pascal(&worker);
        let function = resource(&template, &format!("{name}Function"));
        for line in [
            "Type: AWS::Serverless::Function".to_owned(),
            format!("FunctionName: !Sub \"${{AWS::StackName}}-{worker}\""),
            format!("CodeUri: ../target/lambda/{worker}/"),
            format!("Role: !GetAtt {name}Role.Arn"),
            format!("LogGroup: !Ref {name}Log"),
        ] {
            assert!(function.contains(&line), "{name}Function lacks {line}");
        }
        assert!(
            resource(&template, &format!("{name}Role")).contains(&format!("Resource: !GetAtt {name}Log.Arn"))
        );
        assert!(resource(&template, &format!("{name}Log")).contains("RetentionInDays"));
    }
    let functions = template.matches("Type: AWS::Serverless::Function").count();
    assert_eq!(functions, folders().len(), "the template has a function for a worker that is not there");
}

#[test]
fn every_queue_is_a_worker_that_a_state_sends_to() {
    let (definition, template) = (definition(), template());
    let senders = senders(&definition);
    let with_a_queue: BTreeSet<String> = folders()
        .into_iter()
        .filter(|worker| {
            resource(&template, &format!("{}Function", pascal(worker))).contains("COUNTERSIGN_QUEUE_URL:")
        })
        .collect();
    assert_eq!(senders.keys().cloned().collect::<BTreeSet<_>>(), with_a_queue);
    let machine = resource(&template, "StateMachine");
    let machine_role = resource(&template, "StateMachineRole");
    let dead_letter = resource(&template, "DeadLetterFunction");
    let visibility = resource(&template, "VisibilityTimeout");
    // One dead-letter queue for all: docs/decisions/0041.
    let dead_letters = resource(&template, "DeadLetters");
    assert!(dead_letter.contains("Queue: !GetAtt DeadLetters.Arn"), "nobody reports the end of a step");
    assert_eq!(dead_letter.matches("Type: SQS").count(), 1, "each queue that Lambda polls has its price");
    for worker in &with_a_queue {
        let name = pascal(worker);
        let queue = resource(&template, &format!("{name}Queue"));
        let function = resource(&template, &format!("{name}Function"));
        assert!(
            machine.contains(&format!("{name}QueueUrl: !Ref {name}Queue")),
            "{worker} is not substituted"
        );
        assert!(machine_role.contains(&format!("- !GetAtt {name}Queue.Arn")), "nobody may send to {worker}");
        assert!(function.contains(&format!("COUNTERSIGN_QUEUE_URL: !Ref {name}Queue")), "{worker}");
        assert!(function.contains(&format!("Queue: !GetAtt {name}Queue.Arn")), "{worker} gets no messages");
        assert!(function.contains("FunctionResponseTypes: [ReportBatchItemFailures]"), "{worker}");
        assert!(queue.contains("deadLetterTargetArn: !GetAtt DeadLetters.Arn"), "{worker}");
        let receives = number(queue, "maxReceiveCount: ");
        assert_eq!(number(function, "COUNTERSIGN_MAX_RECEIVES: \""), receives, "{worker}");
        assert!(receives >= 5, "{worker}: AWS advises 5 receives at least");
        for queue in [queue, dead_letters] {
            assert!(queue.contains("VisibilityTimeout: !Ref VisibilityTimeout"), "{worker}");
        }
        for function in [function, dead_letter] {
            let timeout = number(function, "Timeout: ");
            assert!(number(visibility, "Default: ") >= 6 * timeout, "{worker}");
            assert!(number(visibility, "MinValue: ") >= timeout, "{worker}: Lambda refuses less");
        }
        let kept = number(queue, "MessageRetentionPeriod: ");
        assert!(
            number(dead_letters, "MessageRetentionPeriod: ") > kept,
            "{worker}: it counts from the first send"
        );
        // All receives of one message, at their longest, end within the time that the state waits.
        let longest = receives * (number(visibility, "Default: ") + u64::from(MAX_POSTPONEMENT));
        for state in &senders[worker] {
            let waits = definition["States"][state]["TimeoutSeconds"].as_u64().unwrap();
            assert!(longest < waits && longest < kept, "{state} would time out before its message is dead");
        }
        assert!((2..=10).contains(&number(function, "MaximumConcurrency: ")), "{worker}: no back-pressure");
    }
    let substituted = machine.lines().filter(|line| line.contains("QueueUrl: !Ref")).count();
    assert_eq!(substituted, with_a_queue.len(), "a substitution that no state uses");
}

fn number(text: &str, after: &str) -> u64 {
    let start = text.find(after).unwrap_or_else(|| panic!("no {after}in {text}")) + after.len();
    text[start..].split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[test]
fn every_worker_knows_exactly_the_states_that_send_to_it() {
    for (worker, sending) in senders(&definition()) {
        let file = repository().join("workers").join(&worker).join("src/lib.rs");
        let source = fs::read_to_string(&file).unwrap();
        let start = source.find("const STATES: &'static [&'static str] =");
        let start = start.unwrap_or_else(|| panic!("{} names no STATES", file.display()));
        let names = &source[start..start + source[start..].find("];").unwrap()];
        let known: BTreeSet<String> = names.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(known, sending, "{worker}");
    }
}
