//! An implementation of Step Functions, with workers that follow a script.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};
use end_to_end::{PATIENCE, eventually};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use workflow::testing::sdk_at;

use super::paths::{self, Answer, Path};

/// Run of a path on an engine.
#[derive(Clone, Debug, Default)]
pub(super) struct PathRun {
    /// Entered states.
    pub(super) states: Vec<String>,
    /// `SUCCEEDED` or `FAILED`.
    pub(super) status: String,
    /// Error and cause of a failed execution.
    pub(super) failure: Option<(String, String)>,
    /// Input of each state's worker that was received. The order is in `states`: the order of reads from several queues is
    /// random.
    pub(super) inputs: BTreeMap<String, Value>,
}

impl PathRun {
    /// True if both gave each worker the same input. All workers that answered received theirs; the message to one that stayed
    /// silent may have come in one run alone.
    pub(super) fn has_inputs_of(&self, other: &Self) -> bool {
        self.inputs
            .iter()
            .all(|(state, input)| other.inputs.get(state).is_none_or(|received| received == input))
    }

    /// True if both went through the same states with the same inputs, and ended alike.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.states == other.states
            && self.status == other.status
            && self.failure == other.failure
            && self.has_inputs_of(other)
    }
}

/// By execution, then by state.
type Inputs = Arc<Mutex<HashMap<String, BTreeMap<String, Value>>>>;

pub(super) struct Engine {
    sfn: aws_sdk_sfn::Client,
    sqs: aws_sdk_sqs::Client,
    role: String,
}

impl Engine {
    /// Engine at `endpoint`, whose executions run under `role`.
    pub(super) fn new(endpoint: &str, role: &str) -> Self {
        let sdk = sdk_at(endpoint);
        Self {
            sfn: aws_sdk_sfn::Client::new(&sdk),
            sqs: aws_sdk_sqs::Client::new(&sdk),
            role: role.to_owned(),
        }
    }

    /// Runs every path, a few at a time.
    pub(super) async fn run_all(&self, definition: &str, paths: &[Path]) -> Vec<PathRun> {
        let mut definition = definition.replace("${Partition}", "aws");
        let mut queues = Vec::new();
        for worker in ["Validate", "Persist", "Notify", "AwaitApproval", "Sign", "Deliver"] {
            let created = self.sqs.create_queue().queue_name(format!("scripted-{worker}")).send().await;
            let queue = created.unwrap().queue_url.unwrap();
            definition = definition.replace(&format!("${{{worker}QueueUrl}}"), &queue);
            queues.push(queue);
        }
        assert!(!definition.contains("${"), "a queue is not known: {definition}");
        let definition: Value = serde_json::from_str(&definition).unwrap();
        let machines = self.machines(&definition, paths).await;

        let inputs = Inputs::default();
        let scripts: Arc<HashMap<String, Path>> =
            Arc::new(paths.iter().enumerate().map(|(n, path)| (name(n), path.clone())).collect());
        let workers: Vec<_> = queues
            .into_iter()
            .map(|queue| {
                tokio::spawn(work(self.sfn.clone(), self.sqs.clone(), queue, scripts.clone(), inputs.clone()))
            })
            .collect();
        let run = async |n: usize, path: &Path| {
            let started = self
                .sfn
                .start_execution()
                .state_machine_arn(&machines[&path.silent()])
                .name(name(n))
                .input(json!({ "requestId": name(n) }).to_string())
                .send();
            let asked = || {
                let inputs = inputs.lock().unwrap();
                inputs
                    .get(&name(n))
                    .is_some_and(|inputs| path.tasks().all(|state| inputs.contains_key(state)))
            };
            self.ended(&started.await.unwrap().execution_arn, path, asked).await
        };
        let runs = paths.iter().enumerate().map(|(n, path)| run(n, path));
        let mut played: Vec<PathRun> = stream::iter(runs).buffered(16).collect().await;
        for (n, played) in played.iter_mut().enumerate() {
            // The message to a worker whose task timed out may come after the end of the execution, or, from a slow engine, never:
            // the second may be over before it is sent.
            let has_answered =
                |state: &String| paths[n].answers.get(state).is_some_and(|answer| *answer != Answer::Silence);
            let tasks: Vec<&String> = played.states.iter().filter(|state| has_answered(state)).collect();
            played.inputs = eventually("the messages of an execution to be received", PATIENCE, async || {
                let received = inputs.lock().unwrap().get(&name(n)).cloned().unwrap_or_default();
                tasks.iter().all(|state| received.contains_key(*state)).then_some(received)
            })
            .await;
        }
        for worker in workers {
            worker.abort();
        }
        played
    }

    /// One state machine for each set of states that time out, after a second in place of hours.
    async fn machines(&self, definition: &Value, paths: &[Path]) -> BTreeMap<Vec<String>, String> {
        let mut machines = BTreeMap::new();
        for silent in paths.iter().map(Path::silent) {
            if machines.contains_key(&silent) {
                continue;
            }
            let mut definition = definition.clone();
            for state in &silent {
                definition["States"][state]["TimeoutSeconds"] = json!(1);
            }
            let created = self
                .sfn
                .create_state_machine()
                .name(format!("scripted-{}", machines.len()))
                .definition(definition.to_string())
                .role_arn(&self.role)
                .send();
            machines.insert(silent, created.await.unwrap().state_machine_arn);
        }
        machines
    }

    /// Waits for the end of an execution. Asks the engine often only once every worker of the path was `asked`: the
    /// engine has enough to do.
    async fn ended(&self, execution: &str, path: &Path, asked: impl Fn() -> bool) -> PathRun {
        let what = format!("an execution to end: {}", path.story());
        let mut probes = 0;
        let ended = eventually(&what, PATIENCE, async || {
            probes += 1;
            if !asked() && probes % 50 != 0 {
                return None;
            }
            let now = self.sfn.describe_execution().execution_arn(execution).send().await.unwrap();
            (now.status != ExecutionStatus::Running).then_some(now)
        })
        .await;
        let mut pages =
            self.sfn.get_execution_history().execution_arn(execution).into_paginator().items().send();
        let mut states = Vec::new();
        while let Some(event) = pages.next().await {
            let event = event.unwrap();
            if event.r#type != HistoryEventType::WaitStateEntered
                && let Some(entered) = event.state_entered_event_details
            {
                states.push(entered.name);
            }
        }
        PathRun {
            states,
            status: ended.status.as_str().to_owned(),
            failure: ended.error.map(|error| (error, ended.cause.unwrap_or_default())),
            inputs: BTreeMap::new(),
        }
    }
}

fn name(path: usize) -> String {
    format!("path-{path:03}")
}

/// Receives messages of a queue until aborted, and ends each task as scripted.
async fn work(
    sfn: aws_sdk_sfn::Client,
    sqs: aws_sdk_sqs::Client,
    queue: String,
    scripts: Arc<HashMap<String, Path>>,
    inputs: Inputs,
) {
    loop {
        let received =
            sqs.receive_message().queue_url(&queue).max_number_of_messages(10).wait_time_seconds(1).send();
        for message in received.await.unwrap().messages.unwrap_or_default() {
            let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            let text = |field: &str| body[field].as_str().unwrap();
            let (execution, state) = (text("executionId").rsplit(':').next().unwrap(), text("state"));
            let input = body["input"].clone();
            let before = inputs
                .lock()
                .unwrap()
                .entry(execution.to_owned())
                .or_default()
                .insert(state.to_owned(), input.clone());
            assert!(before.is_none_or(|before| before == input), "{execution}, {state}: another input");
            match &scripts[execution].answers[state] {
                Answer::Output(output) => {
                    let answer = sfn.send_task_success().task_token(text("taskToken"));
                    answer.output(output.to_string()).send().await.unwrap();
                }
                Answer::Error(error) => {
                    let answer = sfn.send_task_failure().task_token(text("taskToken")).error(error);
                    answer.cause(paths::cause(state)).send().await.unwrap();
                }
                Answer::Silence => {}
            }
            let receipt = message.receipt_handle.unwrap();
            sqs.delete_message().queue_url(&queue).receipt_handle(receipt).send().await.unwrap();
        }
    }
}
