//! Receivers of notices: their parameters, calls to their addresses, and the event bus.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::PortError;
use crate::notices::{ReceiverAddress, ReceiverParameter};
use crate::receiver::ReceiverName;

/// The addresses and secrets of receivers.
#[async_trait]
pub trait ReceiverParameters: Send + Sync {
    /// The parameter of a receiver, at most a minute old; `None` if nobody set it. Fails if it cannot be read.
    async fn parameter(&self, name: &ReceiverName) -> Result<Option<Arc<ReceiverParameter>>, PortError>;
}

/// Headers of a call, beside those of its body.
pub type Headers = Vec<(&'static str, String)>;

/// Calls to the addresses of receivers.
#[async_trait]
pub trait WebhookCaller: Send + Sync {
    /// Posts JSON. Fails if the receiver does not answer in time, or with another status than 2xx.
    async fn post(&self, address: &ReceiverAddress, headers: &Headers, body: &str) -> Result<(), PortError>;
}

/// The bus of EventBridge.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Puts one event.
    async fn put(&self, event_type: &str, detail: &Value) -> Result<(), PortError>;
}
