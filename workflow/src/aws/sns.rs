//! The operators' SNS topic.

use async_trait::async_trait;
use aws_sdk_sns::Client;
use aws_types::sdk_config::SdkConfig;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::ports::{Operators, PortError};

/// The most ASCII characters of a subject in SNS.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const MAX_SUBJECT: usize = 99;

/// The topic.
pub struct SnsOperators {
    client: LazyClient<Client>,
    topic: String,
}

impl SnsOperators {
    /// The topic with this ARN.
    pub fn new(sdk: &SdkConfig, topic: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), topic: topic.to_owned() }
    }
}

#[async_trait]
impl Operators for SnsOperators {
    async fn tell(&self, subject: &str, text: &str) -> Result<(), PortError> {
        let subject: String =
            subject.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_SUBJECT).collect();
        self.client
            .publish()
            .topic_arn(&self.topic)
            .subject(subject)
            .message(text)
            .send()
            .await
            .map_err(unavailable("notify the operators"))?;
        Ok(())
    }
}
