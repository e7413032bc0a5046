//! statemachine.asl.json and infra/revocation.asl.json compared with the rules of the Amazon States Language, the folders of workers/, and
//! infra/template.yaml.
//!
//! The emulator accepts definitions that AWS rejects, and reads a missing path as null where AWS fails the execution.
//! These tests find such errors before a deployment.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::{BTreeMap, BTreeSet};

use infra_tests::source::{constant, names_in, wire_names};
use infra_tests::template::{arn, of_type, pascal, properties, queue_events, reference, template};
use infra_tests::{read, workers};
use serde_json::{Map, Value, json};

/// Both definitions.
const FILES: [&str; 2] = ["statemachine.asl.json", "infra/revocation.asl.json"];

fn definition() -> Value {
    serde_json::from_str(&read(FILES[0])).unwrap()
}

fn definitions() -> [Value; 2] {
    FILES.map(|file| serde_json::from_str(&read(file)).unwrap())
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

/// The field of the execution's data that a path reads or writes: `$.error` for `$.error.Cause`.
fn field(path: &str) -> &str {
    path.strip_prefix("$.").unwrap_or_default().split('.').next().unwrap_or_default()
}

/// The successors of a state, each with the field that the transition writes.
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

/// Every path (`$.x.y`) in a value, without paths of the context object (`$$.`).
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
    for definition in definitions() {
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
}

#[test]
fn every_task_is_sent_to_a_queue_is_bounded_and_is_caught() {
    for definition in definitions() {
        for (name, task) in tasks(&definition) {
            assert_eq!(
                task["Resource"], "arn:${Partition}:states:::sqs:sendMessage.waitForTaskToken",
                "{name}"
            );
            assert!(
                task["TimeoutSeconds"].as_u64().is_some_and(|seconds| seconds >= 3600),
                "{name} has no TimeoutSeconds"
            );
            // The emulator ignores a heartbeat; on AWS it would end the task of a worker that sends none.
            assert!(task["HeartbeatSeconds"].is_null(), "{name}");
            let last = list(task, "Catch").last().unwrap_or_else(|| panic!("{name} catches nothing"));
            assert_eq!(
                last["ErrorEquals"],
                json!(["States.ALL"]),
                "{name}: States.ALL must come last and alone"
            );
            let retried = list(task, "Retry");
            assert_eq!(retried.len(), 1, "{name}");
            // Only sending may be retried here: a worker's result is final, and the queue retries the worker.
            assert_eq!(
                retried[0]["ErrorEquals"],
                json!(["SQS.AmazonSQSException", "SQS.SdkClientException"]),
                "{name}"
            );
            assert_eq!(retried[0]["JitterStrategy"], "FULL", "{name}");
            assert!(retried[0]["MaxAttempts"].as_u64().is_some_and(|attempts| attempts >= 3), "{name}");
        }
    }
}

#[test]
fn the_error_names_are_those_that_workers_send() {
    let names = wire_names("ErrorName");
    let known: BTreeSet<&str> =
        names.iter().map(String::as_str).chain(["States.ALL", "States.Timeout"]).collect();
    for (name, task) in definitions().iter().flat_map(tasks) {
        for error in list(task, "Catch").iter().flat_map(|catch| list(catch, "ErrorEquals")) {
            assert!(known.contains(error.as_str().unwrap()), "{name} catches {error}, which no worker sends");
        }
    }
    let definitions = definitions();
    let all = definitions.iter().flat_map(states);
    for (name, state) in all.filter(|(_, state)| state["Type"] == "Pass") {
        let error = state["Result"]["Error"].as_str().unwrap();
        // Names that begin with "States." are reserved by the Amazon States Language, in a Fail state, too.
        assert!(known.contains(error) || error == "Step.TimedOut", "{name} makes up {error}");
        assert!(!error.starts_with("States."), "{name} makes up {error}");
    }
    let of_requests = definition();
    for step in ["Validate", "Sign"] {
        let refused = list(&of_requests["States"][step], "Catch")
            .iter()
            .find(|catch| catch["Next"] == "RecordRefusal")
            .unwrap();
        assert_eq!(refused["ErrorEquals"], json!(["Request.Refused"]), "{step}");
    }
}

#[test]
fn a_message_has_the_shape_that_workers_read() {
    for definition in definitions() {
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
}

/// A missing path fails an execution on AWS, so every path that a state reads must be written on every way to it.
#[test]
fn every_path_that_a_state_reads_is_written_on_every_way_to_it() {
    for definition in definitions() {
        let states = states(&definition);
        let start = definition["StartAt"].as_str().unwrap();
        let mut there: BTreeMap<&str, BTreeSet<&str>> =
            BTreeMap::from([(start, BTreeSet::from(["requestId"]))]);
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
}

/// AWS omits the cause of a time-out, so no state that reads a cause may follow a time-out directly.
#[test]
fn a_time_out_never_leads_to_a_state_that_reads_its_cause() {
    for definition in definitions() {
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

/// The worker of a queue's substitution: await-approval for `${AwaitApprovalQueueUrl}`.
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

/// The enum with the states of a worker: `AwaitApprovalState` of await-approval.
fn state_enum(worker: &str) -> String {
    let words = worker.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect::<String>() + "State"
}

/// The states that send to each worker.
fn senders() -> BTreeMap<String, BTreeSet<String>> {
    let mut senders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, task) in definitions().iter().flat_map(tasks) {
        senders
            .entry(worker(task["Parameters"]["QueueUrl"].as_str().unwrap()))
            .or_default()
            .insert(name.clone());
    }
    senders
}

/// Workers with a queue of their own.
fn with_a_queue(template: &Value) -> BTreeSet<String> {
    let has_queue = |worker: &String| {
        let function = properties(template, &format!("{}Function", pascal(worker)));
        !function["Environment"]["Variables"]["COUNTERSIGN_QUEUE_URL"].is_null()
    };
    workers().into_iter().filter(has_queue).collect()
}

#[test]
fn every_worker_has_its_function_role_log_and_code() {
    let template = template();
    for worker in workers() {
        let name = pascal(&worker);
        let function = properties(&template, &format!("{name}Function"));
        assert_eq!(
            function["FunctionName"],
            json!({ "Fn::Sub": format!("${{AWS::StackName}}-{worker}") }),
            "{worker}"
        );
        assert_eq!(function["CodeUri"], format!("../target/lambda/{worker}/"), "{worker}");
        assert_eq!(function["Role"], arn(&format!("{name}Role")), "{worker}");
        let log = format!("{name}Log");
        assert_eq!(function["LoggingConfig"]["LogGroup"], reference(&log), "{worker}");
        let role = properties(&template, &format!("{name}Role"));
        let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap();
        assert!(
            statements.iter().any(|statement| statement["Resource"] == arn(&log)),
            "{worker} may not log"
        );
        assert!(!properties(&template, &log)["RetentionInDays"].is_null(), "{worker} keeps logs for ever");
    }
    let functions = of_type(&template, "AWS::Serverless::Function");
    assert_eq!(
        functions.len(),
        workers().len(),
        "the template has a function for a worker that is not there"
    );
}

/// The numbers of a value: with the default of WorkersAtOnce, and with few.
fn numbers(value: &Value) -> [u64; 2] {
    match value["Fn::If"].as_array() {
        Some(choice) if choice[0] == "FewAtOnce" => [number(&choice[2]), number(&choice[1])],
        Some(choice) => panic!("not by WorkersAtOnce: {choice:?}"),
        None => [number(value); 2],
    }
}

fn number(value: &Value) -> u64 {
    let text = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
    text.parse().unwrap_or_else(|_| panic!("{value} is no number"))
}

#[test]
fn every_queue_is_a_worker_that_a_state_sends_to() {
    let template = template();
    let senders = senders();
    let with_a_queue = with_a_queue(&template);
    assert_eq!(senders.keys().cloned().collect::<BTreeSet<_>>(), with_a_queue);
    let substituted = &properties(&template, "StateMachine")["DefinitionSubstitutions"];
    let sends = &properties(&template, "StateMachineRole")["Policies"][0]["PolicyDocument"]["Statement"][0];
    assert_eq!(sends["Action"], "sqs:SendMessage");
    let policy = properties(&template, "QueuePolicy")["Queues"].as_array().unwrap();
    let dead_letter = properties(&template, "DeadLetterFunction");
    let visibility = &template["Parameters"]["VisibilityTimeout"];
    // One dead-letter queue for all, since each queue that Lambda polls costs money: docs/decisions/0041.
    let dead_letters = properties(&template, "DeadLetters");
    let polled = queue_events(dead_letter);
    assert_eq!(polled.len(), 1);
    assert_eq!(polled[0]["Queue"], arn("DeadLetters"), "no worker reports the end of a step");
    for worker in &with_a_queue {
        let name = format!("{}Queue", pascal(worker));
        let queue = properties(&template, &name);
        let function = properties(&template, &format!("{}Function", pascal(worker)));
        let variables = &function["Environment"]["Variables"];
        let events = queue_events(function);
        assert!(policy.contains(&reference(&name)), "{worker}: its messages carry task tokens");
        assert_eq!(substituted[format!("{name}Url")], reference(&name), "{worker} is not substituted");
        assert!(
            sends["Resource"].as_array().unwrap().contains(&arn(&name)),
            "the state machine may not send to {worker}"
        );
        assert_eq!(variables["COUNTERSIGN_QUEUE_URL"], reference(&name), "{worker}");
        assert_eq!(events.len(), 1, "{worker}");
        assert_eq!(events[0]["Queue"], arn(&name), "{worker} gets no messages");
        assert_eq!(events[0]["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{worker}");
        assert_eq!(queue["RedrivePolicy"]["deadLetterTargetArn"], arn("DeadLetters"), "{worker}");
        let receives = numbers(&queue["RedrivePolicy"]["maxReceiveCount"]);
        assert_eq!(numbers(&variables["COUNTERSIGN_MAX_RECEIVES"]), receives, "{worker}");
        assert!(receives[0] >= 5, "{worker}: AWS advises 5 receives at least");
        assert!(receives[1] > receives[0], "{worker}: throttles use up receives");
        for queue in [queue, dead_letters] {
            assert_eq!(queue["VisibilityTimeout"], reference("VisibilityTimeout"), "{worker}");
        }
        for function in [function, dead_letter] {
            let timeout = number(&function["Timeout"]);
            assert!(number(&visibility["Default"]) >= 6 * timeout, "{worker}");
            assert!(number(&visibility["MinValue"]) >= timeout, "{worker}: Lambda refuses less");
        }
        let kept = number(&queue["MessageRetentionPeriod"]);
        let dead_kept = number(&dead_letters["MessageRetentionPeriod"]);
        assert!(dead_kept > kept, "{worker}: it counts from the first send");
        // The visibility time-outs of all receives of a message end within the time-out of the state.
        let postponed: u64 = constant("MAX_POSTPONEMENT").parse().unwrap();
        let longest = receives[1] * (number(&visibility["Default"]) + postponed);
        for state in &senders[worker] {
            let of_state = |definition: &Value| definition["States"][state]["TimeoutSeconds"].as_u64();
            let waits = definitions().iter().find_map(of_state).unwrap();
            assert!(longest < waits, "{state} would time out before its message is dead");
            assert!(longest < kept, "{worker}: a message would be gone before it is dead");
        }
        let at_once = numbers(&events[0]["ScalingConfig"]["MaximumConcurrency"]);
        assert!((2..=10).contains(&at_once[0]), "{worker}: no back-pressure");
        assert_eq!(at_once[1], 2, "{worker}: the least that AWS takes");
    }
    let of_revocations = &properties(&template, "RevocationStateMachine")["DefinitionSubstitutions"];
    for (name, value) in of_revocations.as_object().unwrap() {
        assert_eq!(&substituted[name], value, "both machines send to the same queues");
        assert!(read(FILES[1]).contains(&format!("${{{name}}}")), "no state uses {name}");
    }
    assert_eq!(substituted["Partition"], reference("AWS::Partition"));
    assert_eq!(
        substituted.as_object().unwrap().len(),
        with_a_queue.len() + 1,
        "a substitution that no state uses"
    );
}

#[test]
fn every_worker_knows_exactly_the_states_that_send_to_it() {
    for (worker, sending) in senders() {
        let source = read(&format!("workers/{worker}/src/lib.rs"));
        let known: BTreeSet<String> = names_in(&source, &state_enum(&worker)).into_iter().collect();
        assert_eq!(known, sending, "{worker}");
    }
}

/// Of AWS in China and of AWS GovCloud the ARNs begin otherwise.
#[test]
fn no_arn_names_the_partition_of_the_commercial_regions() {
    for file in ["infra/template.yaml", "infra/private/network.yaml", FILES[0], FILES[1]] {
        for (number, line) in read(file).lines().enumerate() {
            assert!(!line.contains("arn:aws"), "{file}:{}: {line}", number + 1);
        }
    }
}
