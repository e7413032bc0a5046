//! A bus of EventBridge.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_types::sdk_config::SdkConfig;
use serde_json::Value;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::notices::SOURCE;
use crate::ports::{EventBus, PortError};

const WHAT: &str = "put an event on the bus";

/// One bus.
pub struct EventBridge {
    client: LazyClient<Client>,
    bus: String,
}

impl EventBridge {
    /// The bus with this name or ARN.
    pub fn new(sdk: &SdkConfig, bus: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), bus: bus.to_owned() }
    }
}

#[async_trait]
impl EventBus for EventBridge {
    async fn put(&self, event_type: &str, detail: &Value) -> Result<(), PortError> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(SOURCE)
            .detail_type(event_type)
            .detail(detail.to_string())
            .build();
        let answer = self.client.put_events().entries(entry).send().await.map_err(unavailable(WHAT))?;
        // The call succeeds also if the entry failed.
        let failed = answer.entries.unwrap_or_default().into_iter().find_map(|entry| entry.error_code);
        match failed {
            Some(code) => Err(PortError { what: WHAT, cause: code }),
            None => Ok(()),
        }
    }
}
