//! A mail independent of the mail system, and its composer [`MailContent`].
//!
//! Invariant: the same request and kind always give the same Message-ID, so mail clients de-duplicate a resent mail; only
//! each overview is a mail of its own. A subject is one line. Fails only for values that MIME cannot represent.

use std::fmt;

use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

use crate::email::Email;
use crate::ids::RequestId;
use crate::mail_kind::MailKind;

pub mod bundle;
pub mod calendar;
mod content;
mod plain;
mod renewal;
pub mod trust;

pub use content::{CertificateLine, MAX_CERTIFICATES, MailContent, MailText};

/// A mail to one person.
#[derive(Clone, PartialEq)]
pub struct Mail {
    /// The request of the mail.
    pub request_id: RequestId,
    /// The kind; part of the Message-ID.
    pub kind: MailKind,
    /// The only recipient.
    pub to: Email,
    /// The subject line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The attached files.
    pub attachments: Vec<MailAttachment>,
}

/// An attached file.
#[derive(Clone, PartialEq)]
pub struct MailAttachment {
    /// The file name.
    pub name: String,
    /// The media type.
    pub content_type: &'static str,
    /// The content.
    pub bytes: Vec<u8>,
}

// Omits everything else: mails contain links with secret keys.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("request_id", &self.request_id)
            .field("kind", &format_args!("{}", self.kind))
            .finish_non_exhaustive()
    }
}

/// The mail cannot be written as MIME.
#[derive(Debug, thiserror::Error)]
#[error("the mail cannot be written: {0}")]
pub struct MailError(String);

impl Mail {
    /// The MIME message (RFC 5322) from `from`, with the text part first and HTML as its alternative.
    ///
    /// # Errors
    /// [`MailError`] if an address or a header cannot be written.
    pub fn message(&self, from: &Mailbox) -> Result<Message, MailError> {
        let failed = |error: &dyn fmt::Display| MailError(error.to_string());
        let to: Address = self.to.as_str().parse().map_err(|error| failed(&error))?;
        let body = MultiPart::alternative_plain_html(self.text.clone(), self.html.clone());
        // RFC 3834 section 5: suppresses automatic answers.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        // The same for Exchange, which answers automatic mails: [MS-OXCMAIL] section 2.1.3.2.20.
        let of_exchange = HeaderName::new_from_ascii_str("X-Auto-Response-Suppress");
        let mut builder = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .subject(plain::one_line(&self.subject))
            .message_id(Some(self.message_id(from)))
            .raw_header(HeaderValue::new(automatic, "auto-generated".into()))
            .raw_header(HeaderValue::new(of_exchange, "All".into()));
        if let Some(thread) = self.thread(from) {
            builder = builder.in_reply_to(thread.clone()).references(thread);
        }
        if self.attachments.is_empty() {
            return builder.multipart(body).map_err(|error| failed(&error));
        }
        let mut parts = MultiPart::mixed().multipart(body);
        for file in &self.attachments {
            let content_type = ContentType::parse(file.content_type).map_err(|error| failed(&error))?;
            let part: SinglePart = Attachment::new(file.name.clone()).body(file.bytes.clone(), content_type);
            parts = parts.singlepart(part);
        }
        builder.multipart(parts).map_err(|error| failed(&error))
    }

    /// The message that all mails about one request answer, so that mail clients show them together. It is never sent.
    fn thread(&self, from: &Mailbox) -> Option<String> {
        self.kind.is_about_one_request().then(|| format!("<{}@{}>", self.request_id, from.email.domain()))
    }

    fn message_id(&self, from: &Mailbox) -> String {
        let mut seed = self.kind.to_string();
        // Each of them has a link of its own, which ends soon: a mail client must not hide the next one.
        if matches!(self.kind, MailKind::Overview | MailKind::Inbox { .. } | MailKind::Prompt) {
            seed.push_str(&self.text);
        }
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, seed.as_bytes());
        format!("<{}.{}@{}>", self.request_id, &hex::encode(digest)[..16], from.email.domain())
    }
}

#[cfg(test)]
mod tests;
