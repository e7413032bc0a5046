//! Telling receivers of events: the audit trail is the outbox, its stream makes a message on the queue of notify for each
//! event and receiver, and each message is one call.
//!
//! Invariant: an event is told at least once. A program gets the same id each time; a message to a chat is sent, then
//! recorded in the row, so it is repeated only if the process dies in between. A receiver that does not answer delays its own
//! messages only: after a failure it is left alone for [`PAUSE`], so mails in the queue do not wait for it
//! (docs/decisions/0150). Errors are transient; after the last attempt the dead-letter worker says which event was lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::future::try_join_all;
use time::{Duration, OffsetDateTime};
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::notices::{ChatMessage, StatusNotice, TrailEvent};
use workflow::policy::Receiver;
use workflow::ports::{EventBus, Headers, ReceiverParameters, WebhookCaller, WorkerQueue};
use workflow::receiver::{NoticeMessage, ReceiverKind, ReceiverName};
use workflow::request::{Request, Status};
use workflow::runtime::lambda::FollowsTrail;
use workflow::runtime::step::StepError;
use workflow::texts::Wording;

use crate::Notify;

/// The time for which this process does not call a receiver that failed.
const PAUSE: Duration = Duration::seconds(30);

/// The age from which an event is of an import: a stream keeps its records for a day.
const OLDEST: Duration = Duration::days(1);

/// The ways to receivers.
pub struct Receivers {
    /// The queue of notify.
    pub queue: Arc<dyn WorkerQueue>,
    /// Addresses and secrets; `None` if the stack tells nobody.
    pub parameters: Option<Arc<dyn ReceiverParameters>>,
    /// Calls them.
    pub caller: Arc<dyn WebhookCaller>,
    /// The bus of EventBridge; `None` if the stack tells nobody.
    pub bus: Option<Arc<dyn EventBus>>,
    /// When this process failed to call a receiver.
    pub failures: Failures,
}

/// When a process failed to call a receiver.
#[derive(Debug, Default)]
pub struct Failures(Mutex<BTreeMap<ReceiverName, OffsetDateTime>>);

impl Failures {
    fn is_recent(&self, name: &ReceiverName, now: OffsetDateTime) -> bool {
        let failures = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        failures.get(name).is_some_and(|at| now - *at < PAUSE)
    }

    fn note(&self, name: &ReceiverName, failed: bool, now: OffsetDateTime) {
        let mut failures = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if failed {
            failures.insert(name.clone(), now);
        } else {
            failures.remove(name);
        }
    }
}

#[async_trait]
impl FollowsTrail for Notify {
    async fn follow(&self, events: &[TrailEvent]) -> Result<(), StepError> {
        if events.is_empty() {
            return Ok(());
        }
        let (policy, now) = (self.policies.current().await?, self.clock.now());
        let told = |event: &TrailEvent| {
            let is_new = now - event.at < OLDEST;
            let told = policy.receivers().iter();
            let told = told.filter(|receiver| is_new && receiver.events.contains(&event.event));
            let message = |receiver: &Receiver| NoticeMessage {
                receiver: receiver.name.clone(),
                event: event.event,
                number: event.number,
                at: event.at,
            };
            told.map(|receiver| RecheckMessage::notice(event.request_id, message(receiver)))
                .collect::<Vec<_>>()
        };
        let messages: Vec<RecheckMessage> = events.iter().flat_map(told).collect();
        try_join_all(messages.iter().map(|message| self.receivers.queue.recheck(message))).await?;
        Ok(())
    }
}

impl Notify {
    /// Tells one receiver of one event, unless the policy does not say so any more.
    pub(crate) async fn tell_receiver(
        &self,
        request: &Request,
        notice: &NoticeMessage,
    ) -> Result<(), StepError> {
        let (id, event, name) = (request.id(), notice.event, &notice.receiver);
        let policy = self.policies.current().await?;
        let told = policy.receiver(name).filter(|receiver| receiver.is_told(event, request.profile()));
        let Some(receiver) = told else {
            tracing::info!("the policy does not tell {name} that request {id} is {event}");
            return Ok(());
        };
        let about = StatusNotice { request, event, number: notice.number, at: notice.at };
        if let ReceiverKind::EventBridge = receiver.kind {
            self.put_on_bus(&about).await?;
        } else if !receiver.kind.is_chat() {
            self.call(receiver, &about, policy.wording()).await?;
        } else {
            let is_outdated = event.asks_to_decide() && request.status() != Status::PendingApproval;
            let kind = MailKind::Posted { number: notice.number, receiver: name.clone() };
            if is_outdated || request.was_mailed(&kind) {
                tracing::info!("nothing to post to {name} about request {id}: it is {}", request.status());
                return Ok(());
            }
            self.call(receiver, &about, policy.wording()).await?;
            let now = self.clock.now();
            self.note(request, |row| row.mailed(&kind, now)).await?;
        }
        tracing::info!(receiver = %name, "told {name} that request {id} is {event}");
        Ok(())
    }

    async fn put_on_bus(&self, about: &StatusNotice<'_>) -> Result<(), StepError> {
        let none = || StepError::transient("the stack has no bus; deploy it with StatusEvents=yes");
        let bus = self.receivers.bus.as_ref().ok_or_else(none)?;
        Ok(bus.put(&about.event.event_type(), &about.body()).await?)
    }

    async fn call(
        &self,
        receiver: &Receiver,
        about: &StatusNotice<'_>,
        wording: Wording,
    ) -> Result<(), StepError> {
        let (name, now) = (&receiver.name, self.clock.now());
        let none = || StepError::transient("the stack tells nobody; deploy it with StatusEvents=yes");
        let parameters = self.receivers.parameters.as_ref().ok_or_else(none)?;
        let unset = || {
            let what = format!("{name} has no address; set it with: countersign webhooks set {name}");
            StepError::transient(what)
        };
        let parameter = parameters.parameter(name).await?.ok_or_else(unset)?;
        if self.receivers.failures.is_recent(name, now) {
            return Err(StepError::transient(format!(
                "{name} failed a moment ago, and is called again soon"
            )));
        }
        let chat = ChatMessage::of(about, wording, &self.base_url).body(receiver.kind);
        let mut headers = Headers::new();
        let body = match chat {
            Some(chat) => chat.to_string(),
            None => {
                let (id, body) = (about.id(), about.body().to_string());
                let unsigned = || {
                    let what =
                        format!("{name} has no secret; make one with: countersign webhooks secret {name}");
                    StepError::transient(what)
                };
                let signatures = parameter.signatures(&id, now, &body).ok_or_else(unsigned)?;
                headers.push(("webhook-id", id));
                headers.push(("webhook-timestamp", now.unix_timestamp().to_string()));
                headers.push(("webhook-signature", signatures));
                body
            }
        };
        let called = self.receivers.caller.post(&parameter.address, &headers, &body).await;
        self.receivers.failures.note(name, called.is_err(), now);
        called.map_err(|error| StepError::transient(format!("{name}: {error}")))
    }
}
