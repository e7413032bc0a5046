//! Queues in SQS: the worker's own, and the queues of other workers.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_types::sdk_config::SdkConfig;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::message::RecheckMessage;
use crate::ports::{PortError, Queue, WorkerQueue};

/// One queue.
pub struct SqsQueue {
    client: LazyClient<Client>,
    url: String,
}

impl SqsQueue {
    /// The queue with this URL.
    pub fn new(sdk: &SdkConfig, url: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), url: url.to_owned() }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn postpone(&self, receipt_handle: &str, seconds: i32) -> Result<(), PortError> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(seconds)
            .send()
            .await
            .map_err(unavailable("postpone the message"))?;
        Ok(())
    }
}

#[async_trait]
impl WorkerQueue for SqsQueue {
    async fn recheck(&self, message: &RecheckMessage) -> Result<(), PortError> {
        const WHAT: &str = "send to the queue of a worker";
        let body = serde_json::to_string(message).map_err(|error| PortError::new(WHAT, error))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .send()
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }
}
