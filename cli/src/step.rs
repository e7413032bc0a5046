//! The step that a request waits for or failed at, and why, as far as its execution, the worker's log and the dead-letter
//! queue show it.
//!
//! Invariant: nothing here fails. A source that cannot be read is named in place of its fact.

use std::sync::LazyLock;

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use time::OffsetDateTime;
use workflow::ids::RequestId;
use workflow::ports::StateVisit;
use workflow::request::{Request, Status};
use workflow::timestamp::rfc3339;

use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;
use crate::timeline;
use crate::wording::duration;

/// The state machine: it has the queue of each state.
static DEFINITION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../statemachine.asl.json")).unwrap_or_default());
/// Maximum number of log events that are read.
const LOG_EVENTS: usize = 10_000;

/// A fact with its name.
pub(crate) type StepFact = (&'static str, String);

/// Facts about the step of an open or failed request; none for another request.
pub(crate) async fn facts(stack: &Stack, request: &Request) -> Vec<StepFact> {
    let status = request.status();
    if status.is_terminal() && status != Status::Failed {
        return Vec::new();
    }
    let execution = match timeline::find(stack, &request.execution().arn).await {
        Ok(Some(execution)) => execution,
        Ok(None) if status == Status::Failed => {
            return vec![("Cause", "not known: Step Functions keeps executions for 90 days".into())];
        }
        Ok(None) => return vec![("Step", "none: housekeeping starts the execution within minutes".into())],
        Err(error) => return vec![("Step", format!("not known: {error}"))],
    };
    if status == Status::Failed {
        let cause = execution.failure().map(|(state, error)| format!("{state}: {error}"));
        return cause.map(|cause| ("Cause", cause)).into_iter().collect();
    }
    let Some(entry) = execution.states.last().filter(|entry| entry.left.is_none()) else {
        let state = format!("none: the execution is {}; housekeeping starts another", execution.status);
        let cause = execution.failure().map(|(state, error)| ("Cause", format!("{state}: {error}")));
        return std::iter::once(("Step", state)).chain(cause).collect();
    };
    let waited = duration((OffsetDateTime::now_utc() - entry.entered).unsigned_abs());
    let mut facts = vec![("Step", format!("{} since {}, {waited}", entry.state, rfc3339(entry.entered)))];
    facts.extend(entry.error.clone().map(|error| ("Error", error)));
    facts.extend(tries(stack, request.id(), entry).await);
    facts.extend(dead_letters(stack).await);
    facts
}

/// The worker that has the tasks of a state: `await-approval` for `AwaitApproval`.
fn worker(state: &str) -> Option<String> {
    let queue = DEFINITION["States"][state]["Parameters"]["QueueUrl"].as_str()?;
    let name = queue.strip_prefix("${")?.strip_suffix("QueueUrl}")?;
    let mut worker = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !worker.is_empty() {
            worker.push('-');
        }
        worker.push(c.to_ascii_lowercase());
    }
    Some(worker)
}

/// The failed tries since the state was entered or, without any, the last error of the worker; from the worker's log.
async fn tries(stack: &Stack, id: RequestId, entry: &StateVisit) -> Option<StepFact> {
    let worker = worker(&entry.state)?;
    let group = format!("/aws/lambda/{}-{worker}", stack.name);
    let since = i64::try_from(entry.entered.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    match events(stack, &group, id, since).await {
        Err(error) => Some(("Failed tries", format!("not known: {error}"))),
        Ok(events) => read(&events, id, &worker),
    }
}

/// Log events of failed tries of the request and of errors of the worker, oldest first.
async fn events(
    stack: &Stack,
    group: &str,
    id: RequestId,
    since: i64,
) -> Result<Vec<FilteredLogEvent>, CliError> {
    let pattern = format!("{{ $.message = \"step for request {id} failed*\" || $.level = \"ERROR\" }}");
    let mut pages = aws_sdk_cloudwatchlogs::Client::new(&stack.sdk)
        .filter_log_events()
        .log_group_name(group)
        .start_time(since)
        .filter_pattern(pattern)
        .into_paginator()
        .send();
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.or_fail(|| format!("cannot read the log group {group}"), "")?;
        events.extend(page.events.unwrap_or_default());
        if events.len() >= LOG_EVENTS {
            break;
        }
    }
    events.sort_by_key(|event| event.timestamp);
    Ok(events)
}

/// The fact that these log events show, if any.
fn read(events: &[FilteredLogEvent], id: RequestId, worker: &str) -> Option<StepFact> {
    let failed = format!("step for request {id} failed");
    let lines = || {
        events.iter().rev().filter_map(|event| {
            let line: Value = serde_json::from_str(event.message.as_deref()?).ok()?;
            Some((event.timestamp.unwrap_or_default(), line))
        })
    };
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let mut tries = lines().filter(|(_, line)| text(line, "message").starts_with(&failed));
    if let Some((at, line)) = tries.next() {
        let tried = line["span"]["received"].as_u64().unwrap_or_else(|| 1 + tries.count() as u64);
        let cause = text(&line, "cause");
        return Some(("Failed tries", format!("{tried}, the last at {}: {cause}", instant(at))));
    }
    let (at, line) = lines().find(|(_, line)| line["level"] == "ERROR")?;
    let detail = Some(text(&line, "error")).filter(|error| !error.is_empty());
    let said = [Some(text(&line, "message")), detail].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Some(("Worker", format!("{worker} logged at {}: {said}", instant(at))))
}

/// The number of dead letters of all steps, which share one queue; `None` if there are none.
async fn dead_letters(stack: &Stack) -> Option<StepFact> {
    let queue = stack.dead_letters.as_ref()?;
    let answer = aws_sdk_sqs::Client::new(&stack.sdk)
        .get_queue_attributes()
        .queue_url(queue)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
        .send()
        .await
        .or_fail(|| format!("cannot read the queue {queue}"), "");
    match answer {
        Err(error) => Some(("Dead letters", format!("not known: {error}"))),
        Ok(answer) => {
            let number = answer.attributes?.remove(&QueueAttributeName::ApproximateNumberOfMessages)?;
            (number != "0").then(|| ("Dead letters", format!("{number} on the queue that all steps share")))
        }
    }
}

fn instant(milliseconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(milliseconds / 1000).map(rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6f2d3c5e-0f0b-4c8e-9b43-5d1c7f0ea611";

    fn event(at: i64, message: &str) -> FilteredLogEvent {
        FilteredLogEvent::builder().timestamp(at * 1000).message(message).build()
    }

    fn failed_try(at: i64, id: &str, received: u32, cause: &str) -> FilteredLogEvent {
        let line = serde_json::json!({
            "level": "WARN",
            "cause": cause,
            "message": format!("step for request {id} failed; the message stays on the queue"),
            "span": { "received": received, "state": "Sign" },
        });
        event(at, &line.to_string())
    }

    #[test]
    fn the_last_try_of_this_request_is_shown() {
        let other = ID.replace('6', "7");
        let events = [
            failed_try(1, ID, 1, "read the secret: throttled"),
            failed_try(2, ID, 2, "read the secret: marked for deletion"),
            failed_try(3, &other, 5, "something else"),
            event(4, "not JSON"),
            event(5, r#"{"level":"ERROR","message":"the worker panicked"}"#),
        ];
        let (name, said) = read(&events, ID.parse().unwrap(), "sign").unwrap();
        assert_eq!(name, "Failed tries");
        assert_eq!(said, "2, the last at 1970-01-01T00:00:02Z: read the secret: marked for deletion");
    }

    #[test]
    fn a_worker_that_does_not_start_is_shown_by_its_error() {
        let wrong = r#"{"level":"ERROR","message":"the configuration is wrong","error":"COUNTERSIGN_TABLE is missing"}"#;
        let (name, said) = read(&[event(1, wrong)], ID.parse().unwrap(), "sign").unwrap();
        assert_eq!(name, "Worker");
        assert!(said.ends_with("the configuration is wrong: COUNTERSIGN_TABLE is missing"), "{said}");
        assert!(read(&[event(1, r#"{"level":"INFO"}"#)], ID.parse().unwrap(), "sign").is_none());
    }

    #[test]
    fn every_state_with_a_task_has_its_worker() {
        assert_eq!(worker("AwaitApproval").as_deref(), Some("await-approval"));
        assert_eq!(worker("NotifyReceived").as_deref(), Some("notify"));
        assert_eq!(worker("Decided"), None);
        let states = DEFINITION["States"].as_object().unwrap();
        let tasks = states.iter().filter(|(_, state)| state["Type"] == "Task");
        let without: Vec<&String> =
            tasks.map(|(name, _)| name).filter(|name| worker(name).is_none()).collect();
        assert!(without.is_empty(), "{without:?}");
    }
}
