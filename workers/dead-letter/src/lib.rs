//! Dead-letter: fails the tasks of messages on the dead-letter queue, so that no execution hangs until its time-out.
//! One dead-letter queue serves all steps (docs/decisions/0041): the message has the name of its state.
//!
//! A message of a step arrives here only if its worker could not report its last failure, most likely because the worker died;
//! a message of relay or a notice to a receiver, which have no task, when their worker gave it up.
//! Invariant: a message that cannot be reported stays on the dead-letter queue, which has an alarm.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use tracing::Instrument;
use workflow::ports::Tasks;
use workflow::runtime::lambda::QueueMessage;
use workflow::runtime::step::ErrorName;

/// The worker.
pub struct DeadLetter {
    /// Reports failed tasks to the state machine.
    pub tasks: Arc<dyn Tasks>,
}

impl DeadLetter {
    /// Handles a batch; the response lists the records that stay on the queue.
    pub async fn batch(&self, event: SqsEvent) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for record in &event.records {
            if !self.record(record).await {
                response.add_failure(record.message_id.clone().unwrap_or_default());
            }
        }
        response
    }

    /// True if the record may leave the queue.
    async fn record(&self, record: &SqsMessage) -> bool {
        let Ok(message) = serde_json::from_str::<QueueMessage>(record.body.as_deref().unwrap_or_default())
        else {
            tracing::error!(
                message.id = record.message_id,
                "cannot parse a dead message; it stays on the dead-letter queue"
            );
            return false;
        };
        if message.task_token.is_none() && message.subject().is_none() {
            // Of relay, to which S3 sends events: no task has to end, and operators have to know.
            tracing::error!(
                message.id = record.message_id,
                queue = gave_up(record),
                "a dead message of {} names no request; it stays on the dead-letter queue",
                gave_up(record)
            );
            return false;
        }
        let id = message.subject().map(|id| id.to_string()).unwrap_or_default();
        let span = tracing::info_span!("dead letter", request.id = id, state = message.state);
        let queue = gave_up(record);
        async {
            let Some(token) = &message.task_token else {
                if let Some(notice) = &message.notice {
                    let (event, receiver) = (notice.event, &notice.receiver);
                    // Nobody sends it again, and operators have to know; docs/operations/alarms.md says how it goes on.
                    tracing::error!(
                        queue,
                        %receiver,
                        "{receiver} was not told that request {id} is {event}; the message stays on the dead-letter queue"
                    );
                    return false;
                }
                // A re-check has no task, and housekeeping sends the next one.
                tracing::warn!(queue, "dropped a dead re-check of request {id}");
                return true;
            };
            let state = &message.state;
            let cause =
                format!("{queue}: the worker of {state} never finished this message; its log has the reason");
            match self.tasks.fail(token, ErrorName::Exhausted.as_str(), &cause).await {
                Ok(reported) => {
                    tracing::error!(queue, ?reported, "failed the task of request {id}: its message is dead");
                    true
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot report the failure of request {id}; the message stays on the queue");
                    false
                }
            }
        }
        .instrument(span)
        .await
    }
}

/// The name of the source queue. SQS records it when it moves a message to a dead-letter queue; without that record,
/// the name of the message's current queue.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
fn gave_up(record: &SqsMessage) -> &str {
    let noted = record.attributes.get("DeadLetterQueueSourceArn").map(String::as_str);
    let arn = noted.or(record.event_source_arn.as_deref());
    arn.and_then(|arn| arn.rsplit(':').next()).unwrap_or("its queue")
}

#[cfg(test)]
mod tests {
    use workflow::message::TaskToken;
    use workflow::testing::InMemoryBackend;

    use super::*;

    fn event(bodies: &[&str]) -> SqsEvent {
        let mut event = SqsEvent::default();
        for (index, body) in bodies.iter().enumerate() {
            let mut record = SqsMessage::default();
            record.message_id = Some(format!("m{index}"));
            record.body = Some((*body).to_owned());
            record.event_source_arn = Some("arn:aws:sqs:eu-central-1:000000000000:ca-dead".into());
            event.records.push(record);
        }
        event
    }

    const TASK: &str =
        r#"{"taskToken":"t1","state":"Sign","input":{"requestId":"6f2d3c5e-0f0b-4c8e-9b43-5d1c7f0ea611"}}"#;

    #[tokio::test]
    async fn a_dead_task_ends_with_the_name_of_its_queue() {
        let backend = InMemoryBackend::new();
        let worker = DeadLetter { tasks: backend.clone() };
        let mut noted = event(&[TASK]);
        let from = "arn:aws:sqs:eu-central-1:000000000000:ca-SignQueue-1".to_owned();
        noted.records[0].attributes.insert("DeadLetterQueueSourceArn".into(), from);
        for (event, queue) in
            [(noted, "ca-SignQueue-1: "), (event(&[&TASK.replace("t1", "t2")]), "ca-dead: ")]
        {
            assert!(worker.batch(event).await.batch_item_failures.is_empty());
            let (_, Err((error, cause))) = &backend.results().pop().unwrap() else { panic!("it succeeded") };
            assert_eq!(error, "Step.Exhausted");
            assert!(cause.starts_with(queue) && cause.contains("of Sign never finished"), "{cause}");
        }
        let tokens: Vec<_> = backend.results().into_iter().map(|(token, _)| token).collect();
        assert_eq!(tokens, [TaskToken::new("t1"), TaskToken::new("t2")]);
    }

    #[tokio::test]
    async fn a_message_that_cannot_be_reported_stays_and_delays_no_other() {
        let backend = InMemoryBackend::new();
        backend.fail_next("tasks", 1);
        let worker = DeadLetter { tasks: backend.clone() };
        let event_of_relay = r#"{"Records":[{"s3":{"object":{"key":"crl/0a.pem"}}}]}"#;
        let recheck = r#"{"requestId":"6f2d3c5e-0f0b-4c8e-9b43-5d1c7f0ea611"}"#;
        let notice = r#"{"requestId":"6f2d3c5e-0f0b-4c8e-9b43-5d1c7f0ea611","notice":{"receiver":"ops","event":"failed","number":7,"at":"2026-01-01T12:00:00Z"}}"#;
        let messages = ["not ours", TASK, recheck, &TASK.replace("t1", "t2"), event_of_relay, notice];
        let response = worker.batch(event(&messages)).await;
        let kept: Vec<_> = response.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
        assert_eq!(kept, ["m0", "m1", "m4", "m5"]);
        assert_eq!(backend.results().len(), 1);
    }
}
