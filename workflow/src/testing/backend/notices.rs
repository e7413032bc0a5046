//! Receivers of notices, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::InMemoryBackend;
use crate::notices::{ReceiverAddress, ReceiverParameter};
use crate::ports::{EventBus, Headers, PortError, ReceiverParameters, WebhookCaller};
use crate::receiver::ReceiverName;

/// Addresses of receivers, and what was told.
#[derive(Clone, Default)]
pub(super) struct Told {
    parameters: BTreeMap<ReceiverName, Arc<ReceiverParameter>>,
    calls: Vec<WebhookCall>,
    events: Vec<(String, Value)>,
}

/// A call of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookCall {
    /// The address.
    pub url: String,
    /// The headers.
    pub headers: BTreeMap<&'static str, String>,
    /// The body.
    pub body: String,
}

impl InMemoryBackend {
    /// Sets the parameter of a receiver.
    pub fn put_receiver(&self, name: &str, parameter: ReceiverParameter) {
        let name = name.parse().expect("a name");
        self.state().notices.parameters.insert(name, Arc::new(parameter));
    }

    /// Every call of a receiver, oldest first.
    pub fn webhook_calls(&self) -> Vec<WebhookCall> {
        self.state().notices.calls.clone()
    }

    /// Every event on the bus: type and detail, oldest first.
    pub fn bus_events(&self) -> Vec<(String, Value)> {
        self.state().notices.events.clone()
    }

    /// What receivers were told; a repetition counts once.
    pub(crate) fn notices(&self) -> BTreeSet<String> {
        let state = self.state();
        let calls = state.notices.calls.iter().map(|call| format!("{} {}", call.url, call.body));
        let events = state.notices.events.iter().map(|(event_type, detail)| format!("{event_type} {detail}"));
        calls.chain(events).collect()
    }
}

#[async_trait]
impl ReceiverParameters for InMemoryBackend {
    async fn parameter(&self, name: &ReceiverName) -> Result<Option<Arc<ReceiverParameter>>, PortError> {
        self.call("receivers", "parameter", |state| state.notices.parameters.get(name).cloned())
    }
}

#[async_trait]
impl WebhookCaller for InMemoryBackend {
    async fn post(&self, address: &ReceiverAddress, headers: &Headers, body: &str) -> Result<(), PortError> {
        let call = WebhookCall {
            url: address.expose().to_string(),
            headers: headers.iter().cloned().collect(),
            body: body.to_owned(),
        };
        self.call("webhooks", "post", |state| state.notices.calls.push(call))
    }
}

#[async_trait]
impl EventBus for InMemoryBackend {
    async fn put(&self, event_type: &str, detail: &Value) -> Result<(), PortError> {
        let event = (event_type.to_owned(), detail.clone());
        self.call("event bus", "put", |state| state.notices.events.push(event))
    }
}
