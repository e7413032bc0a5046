//! Mail by SMTP: the SES SMTP endpoint of a private network, or the local mail catcher.
//!
//! Invariant: without TLS only to this machine. `smtps://` is TLS from the start, `smtp://...?tls=required` STARTTLS.

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use url::{Host, Url};

use crate::mail::Mail;
use crate::ports::{Mailer, PortError};

/// An SMTP server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// The server of this URL, for mails from this sender.
    ///
    /// # Errors
    /// One line: the URL is no SMTP URL, or would send mail unprotected to another machine.
    pub fn new(url: &str, from: Mailbox) -> Result<Self, String> {
        let parsed = Url::parse(url).map_err(|error| format!("it is not a URL: {error}"))?;
        let local = match parsed.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err("it names no server".into()),
        };
        let starttls = parsed.query_pairs().any(|(name, value)| name == "tls" && value == "required");
        match parsed.scheme() {
            "smtps" => {}
            "smtp" if starttls || local => {}
            "smtp" => return Err("it would send mail unprotected; use smtps:// or add ?tls=required".into()),
            other => return Err(format!("{other} is neither smtp nor smtps")),
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| format!("it is not an SMTP URL: {error}"))?
            .timeout(Some(Duration::from_secs(15)))
            .build();
        Ok(Self { transport, from })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        const WHAT: &str = "send the mail";
        let message = mail.message(&self.from).map_err(|error| PortError::new(WHAT, error))?;
        self.transport.send(message).await.map_err(|error| PortError::new(WHAT, error))?;
        Ok(())
    }
}
