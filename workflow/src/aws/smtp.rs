//! Mail by SMTP: the SES SMTP endpoint of a private network, or the local mail catcher.
//!
//! Invariant: without TLS only to this machine. `smtps://` is TLS from the start, `smtp://...?tls=required` STARTTLS.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use url::Url;

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
        let host = parsed.host_str().ok_or("it names no server")?;
        let local = is_loopback(host);
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

/// Whether a host of an `smtp:` URL is this machine. The URL standard leaves the hosts of such schemes unparsed.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        const WHAT: &str = "send the mail";
        let failed = |error: &dyn std::error::Error| PortError::new(WHAT, error).without_addresses();
        let message = mail.message(&self.from).map_err(|error| failed(&error))?;
        self.transport.send(message).await.map_err(|error| failed(&error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_leaves_this_machine_only_under_tls() {
        let from: Mailbox = "ca@example.com".parse().unwrap();
        for good in [
            "smtp://localhost:1025",
            "smtp://127.0.0.1:1025",
            "smtp://[::1]:1025",
            "smtps://mail.example.com",
            "smtp://mail.example.com:587?tls=required",
        ] {
            assert!(SmtpMailer::new(good, from.clone()).is_ok(), "{good}");
        }
        for bad in [
            "smtp://mail.example.com",
            "smtp://10.0.0.1:25",
            "smtp://localhost.example.com",
            "http://localhost",
            "x",
            "smtp://",
        ] {
            assert!(SmtpMailer::new(bad, from.clone()).is_err(), "{bad}");
        }
    }
}
