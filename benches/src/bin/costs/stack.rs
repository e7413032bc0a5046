//! The numbers of a stack that decide what it does under load, for the simulation of an account.
//!
//! Invariant: read from infra/template.yaml, statemachine.asl.json and the sources; a number that is not found is a
//! panic that names it.

use infra_tests::read;
use infra_tests::template::{pascal, properties, template};
use serde_json::Value;

use super::data::Data;

/// A stack, as `WorkersAtOnce` has it.
#[derive(Clone, Debug)]
pub(crate) struct StackSpec {
    /// The steps of a request that is approved, in order.
    pub(crate) steps: Vec<StepSpec>,
    /// The step that waits for an approver.
    pub(crate) approval: usize,
    /// The workers with a queue.
    pub(crate) workers: Vec<WorkerSpec>,
    /// Most requests that one run of housekeeping looks at.
    pub(crate) looks: u32,
    /// Seconds from one run of housekeeping to the next.
    pub(crate) housekeeping_seconds: u64,
    /// Attempts of the SDK at a call.
    pub(crate) attempts: u32,
    /// Seconds of the first postponement of a message.
    pub(crate) first_postponement: u64,
    /// Most seconds of a postponement.
    pub(crate) longest_postponement: u64,
}

/// A state of the state machine with a task.
#[derive(Clone, Debug)]
pub(crate) struct StepSpec {
    /// Number of its worker.
    pub(crate) worker: usize,
    /// Seconds after which the task times out.
    pub(crate) timeout: u64,
}

/// A worker and its queue.
#[derive(Clone, Debug)]
pub(crate) struct WorkerSpec {
    /// Its name.
    pub(crate) name: String,
    /// Messages of a batch.
    pub(crate) batch: u32,
    /// Concurrent batches.
    pub(crate) at_once: u32,
    /// Receives of a message before it is a dead letter.
    pub(crate) receives: u32,
    /// Seconds after which an unfinished message comes back.
    pub(crate) visibility: u64,
    /// Duration of a message.
    pub(crate) milliseconds: f64,
    /// True if it mails.
    pub(crate) mails: bool,
}

impl StackSpec {
    /// The stack of this version, with `WorkersAtOnce=few` or `many`.
    pub(crate) fn read(data: &Data, few: bool) -> Self {
        let template = template();
        let definition: Value =
            serde_json::from_str(&read("statemachine.asl.json")).expect("statemachine.asl.json");
        let (mut steps, mut workers, mut approval) = (Vec::new(), Vec::<WorkerSpec>::new(), 0);
        let mut name = definition["StartAt"].as_str().map(str::to_owned);
        while let Some(state) = name.map(|name| &definition["States"][&name]) {
            name = match state["Type"].as_str() {
                Some("Task") => {
                    let queue = state["Parameters"]["QueueUrl"].as_str().expect("a queue");
                    let queue = queue.trim_start_matches("${").trim_end_matches("QueueUrl}");
                    let worker = infra_tests::workers().into_iter().find(|worker| pascal(worker) == queue);
                    let worker = worker.unwrap_or_else(|| panic!("no worker of {queue}"));
                    if worker == "await-approval" {
                        approval = steps.len();
                    }
                    // The time that a new worker takes is not known before `usage` has measured it.
                    if data.usage.workers.contains_key(&worker) {
                        let known = workers.iter().position(|one| one.name == worker);
                        let number = known.unwrap_or(workers.len());
                        if known.is_none() {
                            workers.push(WorkerSpec::read(&template, data, few, worker));
                        }
                        steps
                            .push(StepSpec { worker: number, timeout: whole(&state["TimeoutSeconds"], few) });
                    }
                    &state["Next"]
                }
                // The way of a request that people approve: none is covered by a standing approval.
                Some("Choice") if state["Choices"][0]["Variable"] == "$.persisted.coveredBy" => {
                    &state["Default"]
                }
                Some("Choice") => &state["Choices"][0]["Next"],
                _ => &Value::Null,
            }
            .as_str()
            .map(str::to_owned);
        }
        let schedule = text(&template["Parameters"]["HousekeepingSchedule"]["Default"]);
        let minutes = schedule.trim_start_matches("rate(").trim_end_matches(" minutes)");
        let lambda = "workflow/src/runtime/lambda.rs";
        Self {
            steps,
            approval,
            workers,
            looks: constant("workers/housekeeping/src/lib.rs", "REQUESTS_PER_RUN") as u32,
            housekeeping_seconds: 60 * minutes.parse::<u64>().expect("minutes of HousekeepingSchedule"),
            attempts: number_after("workflow/src/aws/mod.rs", "with_max_attempts(") as u32,
            first_postponement: constant(lambda, "FIRST_POSTPONEMENT"),
            longest_postponement: constant(lambda, "MAX_POSTPONEMENT"),
        }
    }
}

impl WorkerSpec {
    fn read(template: &Value, data: &Data, few: bool, name: String) -> Self {
        let function = properties(template, &format!("{}Function", pascal(&name)));
        let queue = properties(template, &format!("{}Queue", pascal(&name)));
        let events = function["Events"].as_object().expect("events").values();
        let event = &events.into_iter().find(|event| event["Type"] == "SQS").expect("a queue")["Properties"];
        assert_eq!(queue["VisibilityTimeout"]["Ref"], "VisibilityTimeout", "{name}");
        Self {
            batch: whole(&event["BatchSize"], few) as u32,
            at_once: whole(&event["ScalingConfig"]["MaximumConcurrency"], few) as u32,
            receives: whole(&queue["RedrivePolicy"]["maxReceiveCount"], few) as u32,
            visibility: whole(&template["Parameters"]["VisibilityTimeout"]["Default"], few),
            milliseconds: data.usage.workers[&name].milliseconds,
            mails: function["Environment"]["Variables"].get("COUNTERSIGN_MAIL_FROM").is_some(),
            name,
        }
    }
}

/// A number of the template, which `WorkersAtOnce` may decide.
fn whole(value: &Value, few: bool) -> u64 {
    let value = match &value["Fn::If"] {
        Value::Array(choice) if choice[0] == "FewAtOnce" => &choice[if few { 1 } else { 2 }],
        _ => value,
    };
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// A constant of a source file.
fn constant(file: &str, name: &str) -> u64 {
    let kinds = ["u32", "usize"].map(|kind| format!("const {name}: {kind} = "));
    let kind = kinds.into_iter().find(|kind| read(file).contains(kind));
    number_after(file, &kind.unwrap_or_else(|| panic!("{file} has no {name}")))
}

/// The number that follows `before` in a source file.
fn number_after(file: &str, before: &str) -> u64 {
    let source = read(file);
    let (_, rest) = source.split_once(before).unwrap_or_else(|| panic!("{file} has no {before}"));
    let digits = rest.split(|c: char| !c.is_ascii_digit() && c != '_').next().unwrap_or_default();
    digits.replace('_', "").parse().unwrap_or_else(|_| panic!("{file}: no number after {before}"))
}
