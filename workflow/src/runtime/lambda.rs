//! The shell of all queue workers: runs a step for each message of an SQS batch, and reports task results.
//!
//! Invariant: the messages of a batch run concurrently and independently. A message leaves the queue only after its
//! task was reported, or if there is nothing to report. Other messages stay (`batchItemFailures`) with a visibility
//! time-out that grows with every receive. At the last receive the shell reports `Step.Exhausted` with the last cause;
//! if that fails too, the dead-letter worker reports it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::FutureExt;
use futures_util::future::join_all;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::Value;
use tracing::Instrument;

use crate::aws::Aws;
use crate::email::Email;
use crate::enrolment::EnrolmentMessage;
use crate::environment::EnvironmentError;
use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::message::TaskToken;
use crate::message::{QuestionText, RecheckMessage};
use crate::notices::{TrailEvent, trail_events};
use crate::ports::{Queue, Reported, Tasks};
use crate::receiver::NoticeMessage;
use crate::runtime::step::{ErrorName, Progress, Step, StepError, Task};
use crate::wire_name::WireName as _;

#[cfg(panic = "abort")]
compile_error!("panics must unwind: with abort, one message that makes a worker panic ends its whole batch");

/// The most characters of a reported cause. AWS accepts 32,768; people read less.
const MAX_CAUSE: usize = 1_000;
/// The visibility time-out after the first receive, in seconds; it doubles with every receive.
const FIRST_POSTPONEMENT: u32 = 4;
/// The longest visibility time-out, in seconds.
pub const MAX_POSTPONEMENT: u32 = 900;

/// Runs a queue worker until Lambda ends the process: starts the log, reads the configuration, and handles batches.
///
/// # Errors
/// An invalid configuration, in one line, or a missing Lambda runtime.
pub async fn serve<S: Step>(
    wire: impl FnOnce(&Aws) -> Result<S, EnvironmentError>,
) -> Result<(), lambda_runtime::Error> {
    let shell = &shell(wire)?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, lambda_runtime::Error>(shell.batch(event.payload).await)
    }))
    .await
}

/// A worker that also follows the audit trail, by the stream of its table.
#[async_trait]
pub trait FollowsTrail: Send + Sync {
    /// Handles events of the trail. After an error all of them come again.
    async fn follow(&self, events: &[TrailEvent]) -> Result<(), StepError>;
}

/// Like [`serve`], for a worker that also follows the audit trail.
///
/// # Errors
/// As [`serve`].
pub async fn serve_and_follow<S: Step + FollowsTrail>(
    wire: impl FnOnce(&Aws) -> Result<S, EnvironmentError>,
) -> Result<(), lambda_runtime::Error> {
    let shell = &shell(wire)?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let Some(events) = of_stream(&event.payload) else {
            let batch = shell.batch(serde_json::from_value(event.payload)?).await;
            return Ok(serde_json::to_value(batch)?);
        };
        match shell.step.follow(&events).await {
            Ok(()) => Ok(Value::Object(Default::default())),
            Err(error) => {
                tracing::warn!(%error, "cannot follow the audit trail; its events come again");
                Err(lambda_runtime::Error::from(error.to_string()))
            }
        }
    }))
    .await
}

/// The events of a batch of a DynamoDB stream; `None` for other batches. A batch has records of one source only.
fn of_stream(batch: &Value) -> Option<Vec<TrailEvent>> {
    (batch["Records"][0]["eventSource"] == "aws:dynamodb").then(|| trail_events(batch))?
}

fn shell<S: Step>(
    wire: impl FnOnce(&Aws) -> Result<S, EnvironmentError>,
) -> Result<Shell<S>, EnvironmentError> {
    crate::runtime::log::start(crate::runtime::log::crate_of::<S>());
    configured(|aws| {
        Ok(Shell {
            step: wire(aws)?,
            tasks: aws.tasks(),
            queue: aws.queue()?,
            max_receives: aws.environment().parsed(
                "MAX_RECEIVES",
                "the number of receives before a message moves to the dead-letter queue",
                str::parse,
            )?,
        })
    })
}

/// Reads the configuration with `wire`; logs an error in one line.
///
/// # Errors
/// [`EnvironmentError`], also for unknown variables.
pub fn configured<T>(wire: impl FnOnce(&Aws) -> Result<T, EnvironmentError>) -> Result<T, EnvironmentError> {
    let aws = Aws::of_process();
    wire(&aws)
        .and_then(|wired| aws.environment().nothing_else().map(|()| wired))
        .inspect_err(|error| tracing::error!(%error, "the configuration is wrong"))
}

/// A step with the ports of the shell.
pub struct Shell<S> {
    /// The step.
    pub step: S,
    /// Takes the task results.
    pub tasks: Arc<dyn Tasks>,
    /// The queue of the worker.
    pub queue: Arc<dyn Queue>,
    /// The number of receives before a message moves to the dead-letter queue.
    pub max_receives: u32,
}

/// The SQS body: a task of the state machine, or a [`RecheckMessage`], which has no task token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueMessage {
    /// The task token; absent in a [`RecheckMessage`].
    pub task_token: Option<TaskToken>,
    /// The ARN of the execution.
    #[serde(default)]
    pub execution_id: String,
    /// The name of the state.
    #[serde(default)]
    pub state: String,
    /// The request id of a [`RecheckMessage`].
    pub request_id: Option<RequestId>,
    /// See [`RecheckMessage::links`].
    pub links: Option<u32>,
    /// See [`RecheckMessage::mail`]; as text, so that a message with an unknown kind can still be parsed.
    pub occasion: Option<String>,
    /// See [`RecheckMessage::requester`].
    pub requester: Option<Email>,
    /// See [`RecheckMessage::issuer`].
    pub issuer: Option<String>,
    /// See [`RecheckMessage::enrolment`].
    #[serde(default)]
    pub enrolment: Option<Box<EnrolmentMessage>>,
    /// See [`RecheckMessage::provider_keys`].
    #[serde(default)]
    pub provider_keys: bool,
    /// See [`RecheckMessage::end_standing`].
    #[serde(default)]
    pub end_standing: bool,
    /// See [`RecheckMessage::question`].
    #[serde(default)]
    pub question: Option<QuestionText>,
    /// See [`RecheckMessage::notice`].
    #[serde(default)]
    pub notice: Option<Box<NoticeMessage>>,
    /// The input of a task, with the request id.
    #[serde(default)]
    pub input: Value,
}

impl QueueMessage {
    /// The request of the message.
    pub fn subject(&self) -> Option<RequestId> {
        self.request_id.or_else(|| self.input.get("requestId")?.as_str()?.parse().ok())
    }
}

/// The end of a message: acknowledged, or returned to the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Disposal {
    Acknowledge,
    Return,
}

impl<S: Step> Shell<S> {
    /// Handles a batch; the response lists the messages that stay on the queue.
    pub async fn batch(&self, event: SqsEvent) -> SqsBatchResponse {
        let records = event.records.iter().map(|record| async move {
            let disposal = AssertUnwindSafe(self.record(record)).catch_unwind().await.unwrap_or_else(|_| {
                tracing::error!(
                    message.id = record.message_id,
                    "the worker panicked; the message stays on the queue"
                );
                Disposal::Return
            });
            (disposal == Disposal::Return).then(|| record.message_id.clone().unwrap_or_default())
        });
        let mut response = SqsBatchResponse::default();
        response.set_failures(join_all(records).await.into_iter().flatten());
        response
    }

    async fn record(&self, record: &SqsMessage) -> Disposal {
        let body = record.body.as_deref().unwrap_or_default();
        let message: QueueMessage = match serde_json::from_str(body) {
            Ok(message) => message,
            Err(_) => {
                // Without a task token there is nothing to report: the message ends in the dead-letter queue.
                tracing::error!(
                    message.id = record.message_id,
                    "cannot parse the message; it stays on the queue"
                );
                return Disposal::Return;
            }
        };
        let received = received(record);
        let Some(id) = message.subject() else {
            return match &message.task_token {
                Some(token) => {
                    self.refuse(token, None, ErrorName::BadMessage, "the input has no requestId").await
                }
                None => {
                    tracing::error!(
                        message.id = record.message_id,
                        "the message has no request id; it stays on the queue"
                    );
                    Disposal::Return
                }
            };
        };
        let span = tracing::info_span!("step", request.id = %id, state = message.state, received);
        async {
            let token = message.task_token.clone();
            let fault = match self.work(message, id).await {
                Ok(()) => return Disposal::Acknowledge,
                Err(fault) => fault,
            };
            match (fault, token) {
                (StepError::Refused { code, message }, Some(token)) => {
                    self.refuse(&token, Some(id), code, &message).await
                }
                (StepError::Refused { code, message }, None) => {
                    tracing::warn!(
                        error = code.as_str(),
                        cause = message,
                        "re-check of request {id} was refused"
                    );
                    Disposal::Acknowledge
                }
                (StepError::Transient { cause }, Some(token)) if received >= self.max_receives => {
                    let cause = format!("after {received} attempts: {cause}");
                    self.refuse(&token, Some(id), ErrorName::Exhausted, &cause).await
                }
                (StepError::Transient { cause }, _) => {
                    tracing::warn!(cause, "step for request {id} failed; the message stays on the queue");
                    self.postpone(record, id, received).await;
                    Disposal::Return
                }
            }
        }
        .instrument(span)
        .await
    }

    async fn work(&self, message: QueueMessage, request_id: RequestId) -> Result<(), StepError> {
        let Some(token) = message.task_token else {
            let mail = message.occasion.map(|kind| kind.parse::<MailKind>()).transpose();
            let mail = mail.map_err(|error| StepError::refused(ErrorName::BadMessage, error.to_string()))?;
            let QueueMessage { links, requester, issuer, enrolment, provider_keys, .. } = message;
            let QueueMessage { end_standing, question, notice, .. } = message;
            let message = RecheckMessage {
                request_id,
                links,
                mail,
                requester,
                issuer,
                enrolment,
                provider_keys,
                end_standing,
                question,
                notice,
            };
            return self.step.recheck(message).await;
        };
        let state = S::State::from_wire_name(&message.state).map_err(|_| {
            StepError::refused(ErrorName::BadMessage, format!("this worker does not serve {}", message.state))
        })?;
        let input = serde_json::from_value(message.input).map_err(|error| {
            StepError::refused(ErrorName::BadMessage, format!("the input cannot be parsed: {error}"))
        })?;
        let task = Task { request_id, state, execution: message.execution_id, token: token.clone(), input };
        match self.step.run(task).await? {
            Progress::Waiting => tracing::info!("task of request {request_id} stays open"),
            Progress::Done(output) => {
                let output =
                    serde_json::to_value(output).map_err(|error| StepError::transient(error.to_string()))?;
                log_report(self.tasks.succeed(&token, &output).await?, Some(request_id));
            }
        }
        Ok(())
    }

    async fn refuse(
        &self,
        token: &TaskToken,
        id: Option<RequestId>,
        code: ErrorName,
        cause: &str,
    ) -> Disposal {
        let cause: String = cause.chars().take(MAX_CAUSE).collect();
        let name = name_of(id);
        tracing::warn!(error = code.as_str(), cause, "task of request {name} fails");
        match self.tasks.fail(token, code.as_str(), &cause).await {
            Ok(reported) => {
                log_report(reported, id);
                Disposal::Acknowledge
            }
            Err(error) => {
                tracing::warn!(%error, "cannot report the failure of request {name}; the message stays on the queue");
                Disposal::Return
            }
        }
    }

    async fn postpone(&self, record: &SqsMessage, id: RequestId, received: u32) {
        let Some(handle) = &record.receipt_handle else {
            return;
        };
        let seconds = postponement(received, random_fraction());
        if let Err(error) = self.queue.postpone(handle, seconds).await {
            // The visibility time-out of the queue applies.
            tracing::warn!(%error, "cannot change the visibility time-out of a message of request {id}");
        }
    }
}

fn log_report(reported: Reported, id: Option<RequestId>) {
    let name = name_of(id);
    match reported {
        Reported::Accepted => tracing::info!("reported the task of request {name}"),
        Reported::AlreadyFinished => tracing::info!("task of request {name} was already finished"),
    }
}

fn name_of(id: Option<RequestId>) -> String {
    id.map_or_else(|| "(unknown)".to_owned(), |id| id.to_string())
}

fn received(record: &SqsMessage) -> u32 {
    record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// The visibility time-out in seconds: doubles with each receive, less up to half of it by `jitter` (0 to 1), so that
/// messages that failed together are not retried together.
fn postponement(received: u32, jitter: f64) -> i32 {
    let doubled =
        FIRST_POSTPONEMENT.saturating_mul(1 << received.saturating_sub(1).min(16)).min(MAX_POSTPONEMENT);
    (f64::from(doubled) * (1.0 - jitter.clamp(0.0, 1.0) / 2.0)).round() as i32
}

fn random_fraction() -> f64 {
    let mut byte = [0; 1];
    // Without randomness there is no jitter, which is acceptable.
    let _ = aws_lc_rs::rand::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::runtime::step::{NoInput, NoOutput};
    use crate::testing::InMemoryBackend;
    use crate::wire_names;

    /// A step with a result by the name of the execution.
    struct ScriptedStep;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum State {
        Obey,
    }

    wire_names!(State: "state" { Obey => "Obey" });

    #[async_trait]
    impl Step for ScriptedStep {
        type State = State;
        type Input = NoInput;
        type Output = NoOutput;

        async fn run(&self, task: Task<State, NoInput>) -> Result<Progress<NoOutput>, StepError> {
            match task.execution.as_str() {
                "wait" => Ok(Progress::Waiting),
                "refuse" => Err(StepError::refused(ErrorName::Refused, "no")),
                "stumble" => Err(StepError::transient("the table is away")),
                "panic" => panic!("told to"),
                _ => Ok(Progress::Done(NoOutput {})),
            }
        }
    }

    fn shell(backend: &Arc<InMemoryBackend>) -> Shell<ScriptedStep> {
        Shell { step: ScriptedStep, tasks: backend.clone(), queue: backend.clone(), max_receives: 3 }
    }

    fn event(bodies: &[(&str, u32)]) -> SqsEvent {
        let mut event = SqsEvent::default();
        for (index, (body, received)) in bodies.iter().enumerate() {
            let mut record = SqsMessage::default();
            record.message_id = Some(format!("m{index}"));
            record.receipt_handle = Some(format!("h{index}"));
            record.body = Some((*body).to_owned());
            record.attributes.insert("ApproximateReceiveCount".into(), received.to_string());
            event.records.push(record);
        }
        event
    }

    fn body(state: &str, execution: &str, token: &str) -> String {
        let id = RequestId::random();
        serde_json::json!({
            "taskToken": token, "executionId": execution, "state": state, "retryCount": 0, "input": {"requestId": id},
        })
        .to_string()
    }

    fn kept(response: &SqsBatchResponse) -> Vec<&str> {
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
    }

    #[tokio::test]
    async fn a_bad_record_does_not_hold_up_its_neighbours() {
        let backend = InMemoryBackend::new();
        let bodies = [
            "not json".to_owned(),
            body("Obey", "panic", "t1"),
            body("Obey", "stumble", "t2"),
            body("Obey", "", "t3"),
            body("Obey", "refuse", "t4"),
            body("Obey", "wait", "t5"),
            body("Other", "", "t6"),
            r#"{"taskToken":"t7","state":"Obey","input":{}}"#.to_owned(),
        ];
        let bodies: Vec<(&str, u32)> = bodies.iter().map(|body| (body.as_str(), 1)).collect();
        let response = shell(&backend).batch(event(&bodies)).await;
        assert_eq!(kept(&response), ["m0", "m1", "m2"]);
        let results: Vec<_> = backend
            .results()
            .into_iter()
            .map(|(token, result)| (token.expose().to_owned(), result.err().map(|(error, _)| error)))
            .collect();
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(
            results,
            [
                ("t3".to_owned(), None),
                ("t4".to_owned(), name("Request.Refused")),
                ("t6".to_owned(), name("Step.BadMessage")),
                ("t7".to_owned(), name("Step.BadMessage")),
            ]
        );
        let (handle, seconds) = &backend.postponed()[0];
        assert_eq!(handle, "h2");
        assert!((2..=4).contains(seconds), "{seconds}");
    }

    #[tokio::test]
    async fn the_last_receive_reports_the_last_cause() {
        let backend = InMemoryBackend::new();
        let body = body("Obey", "stumble", "t1");
        let shell = shell(&backend);
        assert_eq!(kept(&shell.batch(event(&[(&body, 2)])).await), ["m0"]);
        assert!(backend.results().is_empty());
        assert!(kept(&shell.batch(event(&[(&body, 3)])).await).is_empty());
        let (_, Err((error, cause))) = &backend.results()[0] else { panic!("it succeeded") };
        assert_eq!(error, "Step.Exhausted");
        assert!(cause.contains("the table is away"), "{cause}");
    }

    #[tokio::test]
    async fn a_result_that_cannot_be_reported_stays_and_one_reported_before_is_done() {
        let backend = InMemoryBackend::new();
        let body = body("Obey", "", "t1");
        let shell = shell(&backend);
        backend.fail_next("tasks", 1);
        assert_eq!(kept(&shell.batch(event(&[(&body, 1)])).await), ["m0"]);
        assert!(kept(&shell.batch(event(&[(&body, 2)])).await).is_empty());
        assert!(kept(&shell.batch(event(&[(&body, 3)])).await).is_empty());
        assert_eq!(backend.results().len(), 1);
    }

    #[test]
    fn postponements_double_and_are_bounded() {
        assert_eq!(postponement(1, 0.0), 4);
        assert_eq!(postponement(2, 0.0), 8);
        assert_eq!(postponement(2, 1.0), 4);
        assert_eq!(postponement(u32::MAX, 0.0), 900);
    }
}
