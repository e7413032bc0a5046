//! Mail by SMTP: the SES SMTP endpoint of a private network, another relay, or the local mail catcher.
//!
//! Invariant: mails and passwords leave this machine only under TLS. `smtps://` is TLS from the start,
//! `smtp://...?tls=required` is STARTTLS. User and password come from an encrypted parameter, trusted certificates from
//! another; both are read with the first mail, and again after the server or its certificate was rejected.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use crate::mail::Mail;
use crate::ports::{Mailer, PortError};
use crate::secret::Secret;

/// The user and password of an SMTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpCredentials {
    username: Secret<String>,
    password: Secret<String>,
}

impl SmtpCredentials {
    /// Reads `{"username": "...", "password": "..."}`.
    ///
    /// # Errors
    /// One line without any part of the text: it is malformed.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|_| r#"it is not {"username": "...", "password": "..."}"#.into())
    }
}

/// The store of the credentials.
#[async_trait]
pub trait SmtpSecret: Send + Sync {
    /// Reads the current credentials.
    async fn credentials(&self) -> Result<SmtpCredentials, PortError>;
}

/// A store of trusted CA certificates.
#[async_trait]
pub trait SmtpTrust: Send + Sync {
    /// One or more certificates as PEM, trusted besides the public CAs.
    async fn pem(&self) -> Result<String, PortError>;
}

/// An SMTP server.
pub struct SmtpMailer {
    server: Server,
    secret: Option<Arc<dyn SmtpSecret>>,
    trust: Option<Arc<dyn SmtpTrust>>,
    /// The transport with the credentials and certificates last read.
    known: Mutex<Option<AsyncSmtpTransport<Tokio1Executor>>>,
    from: Mailbox,
}

/// The address of the server, and its trusted CA.
struct Server {
    url: String,
    host: String,
}

impl Server {
    fn transport(
        &self,
        credentials: Option<SmtpCredentials>,
        trusted: Option<Certificate>,
    ) -> Result<AsyncSmtpTransport<Tokio1Executor>, lettre::transport::smtp::Error> {
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(&self.url)?.timeout(Some(Duration::from_secs(15)));
        if let Some(trusted) = trusted {
            let tls = TlsParameters::builder(self.host.clone()).add_root_certificate(trusted).build()?;
            let tls = if self.url.starts_with("smtps:") { Tls::Wrapper(tls) } else { Tls::Required(tls) };
            transport = transport.tls(tls);
        }
        if let Some(SmtpCredentials { username, password }) = credentials {
            transport = transport.credentials(authentication::Credentials::new(
                username.expose().clone(),
                password.expose().clone(),
            ));
        }
        Ok(transport.build())
    }
}

impl SmtpMailer {
    /// The server with this URL, for mails from this sender.
    ///
    /// # Errors
    /// One line: the URL is not an SMTP URL, contains credentials, or would send mail to another machine without TLS.
    pub fn new(url: &str, from: Mailbox) -> Result<Self, String> {
        let parsed = Url::parse(url).map_err(|error| format!("it is not a URL: {error}"))?;
        let host = parsed.host_str().ok_or("it has no host")?;
        let local = is_loopback(host);
        let starttls = parsed.query_pairs().any(|(name, value)| name == "tls" && value == "required");
        match parsed.scheme() {
            "smtps" => {}
            "smtp" if starttls || local => {}
            "smtp" => return Err("it would send mail without TLS; use smtps:// or add ?tls=required".into()),
            other => return Err(format!("its scheme {other} is not smtp or smtps")),
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err("it contains a user or a password; store them in a SecureString parameter".into());
        }
        let server = Server { url: url.to_owned(), host: host.to_owned() };
        server.transport(None, None).map_err(|error| format!("it is not an SMTP URL: {error}"))?;
        Ok(Self { server, secret: None, trust: None, known: Mutex::new(None), from })
    }

    /// Adds authentication with the credentials of a store.
    #[must_use]
    pub fn with_secret(mut self, secret: Arc<dyn SmtpSecret>) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Trusts the CA certificates of a store besides the public CAs.
    #[must_use]
    pub fn with_trust(mut self, trust: Arc<dyn SmtpTrust>) -> Self {
        self.trust = Some(trust);
        self
    }

    /// The transport. Reads credentials and certificates at the first call.
    async fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, PortError> {
        let mut known = self.known.lock().await;
        if let Some(transport) = &*known {
            return Ok(transport.clone());
        }
        let credentials = match &self.secret {
            Some(secret) => Some(secret.credentials().await?),
            None => None,
        };
        let trusted = match &self.trust {
            Some(trust) => Some(certificates(&trust.pem().await?)?),
            None => None,
        };
        let transport =
            self.server.transport(credentials, trusted).map_err(|error| PortError::new(WHAT, error))?;
        Ok(known.insert(transport).clone())
    }
}

/// Reads certificates from PEM.
fn certificates(pem: &str) -> Result<Certificate, PortError> {
    const WHAT: &str = "read the trusted certificates of the mail relay";
    // Without a certificate, the library would silently trust the public CAs alone.
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(PortError { what: WHAT, cause: "there is no certificate in PEM".into() });
    }
    Certificate::from_pem(pem.as_bytes()).map_err(|error| PortError::new(WHAT, error))
}

const WHAT: &str = "send the mail";

/// True if the host of an `smtp:` URL is this machine. The URL standard does not parse hosts of such schemes.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        let failed = |error: &dyn std::error::Error| PortError::new(WHAT, error).without_addresses();
        let message = mail.message(&self.from).map_err(|error| failed(&error))?;
        let sent = self.transport().await?.send(message).await;
        // Credentials or certificates may have been rotated: the retry reads them again.
        if sent.as_ref().is_err_and(|error| match error.status() {
            Some(code) => NOT_TAKEN.contains(&u16::from(code)),
            None => self.trust.is_some(),
        }) {
            *self.known.lock().await = None;
        }
        sent.map(|_| ()).map_err(|error| failed(&error))
    }
}

/// RFC 4954 section 6: the reply codes for rejected credentials.
const NOT_TAKEN: [u16; 4] = [432, 530, 534, 535];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_no_certificate_is_told_and_not_trusted_as_nothing() {
        let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        for text in ["", "/etc/ssl/relay.pem", broken] {
            let error = certificates(text).unwrap_err().to_string();
            assert!(error.contains("certificates"), "{error}");
        }
    }

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
            "smtps://user:password@mail.example.com",
        ] {
            assert!(SmtpMailer::new(bad, from.clone()).is_err(), "{bad}");
        }
    }
}
