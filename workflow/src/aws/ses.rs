//! Mail through the SES v2 API as raw MIME, for attachments and our own Message-ID.
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>

use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use aws_types::sdk_config::SdkConfig;
use lettre::message::Mailbox;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::mail::Mail;
use crate::ports::{Mailer, PortError};

/// SES.
pub struct SesMailer {
    client: LazyClient<Client>,
    from: Mailbox,
    /// The configuration set; without it, SES uses the identity's.
    set: Option<String>,
}

impl SesMailer {
    /// SES with this sender; its address or domain must be a verified identity.
    pub fn new(sdk: &SdkConfig, from: Mailbox) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), from, set: None }
    }

    /// The same, with the configuration set of this name.
    #[must_use]
    pub fn with_configuration_set(mut self, name: Option<&str>) -> Self {
        self.set = name.map(str::to_owned);
        self
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        const WHAT: &str = "send the mail";
        let message =
            mail.message(&self.from).map_err(|error| PortError::new(WHAT, error).without_addresses())?;
        let raw = RawMessage::builder()
            .data(Blob::new(message.formatted()))
            .build()
            .map_err(|error| PortError::new(WHAT, error))?;
        self.client
            .send_email()
            .from_email_address(self.from.to_string())
            .destination(Destination::builder().to_addresses(mail.to.as_str()).build())
            .content(EmailContent::builder().raw(raw).build())
            .set_configuration_set_name(self.set.clone())
            .send()
            .await
            .map_err(|error| unavailable(WHAT)(error).without_addresses())?;
        Ok(())
    }
}
