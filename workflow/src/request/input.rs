//! Checks of single values from people: free texts, and private keys in the wrong field.

use pki::csr::holds_private_key;
use pki::error::TextError;

use crate::finding::{Code, Finding};
use crate::texts::Message;

/// The most characters of a comment or a reason.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// The finding of a missing value; `advice` is a text that describes the value.
pub fn missing(field: &str, advice: &'static str) -> Finding {
    Finding::refused(
        Code::MissingField,
        Message::new("finding-missing").with("field", field),
        Message::new(advice),
    )
}

/// The finding of a free text that is too long or has control characters.
pub fn unfit_text(field: &str, text: &str) -> Option<Finding> {
    let length = text.chars().count();
    if length > MAX_TEXT_CHARS {
        return Some(Finding::refused(
            Code::BadRequest,
            Message::new("finding-text-long")
                .with("field", field)
                .with("count", length)
                .with("most", MAX_TEXT_CHARS),
            Message::new("finding-text-long-advice"),
        ));
    }
    text.chars().any(|c| c.is_control() && c != '\n' && c != '\t').then(|| {
        Finding::refused(
            Code::BadRequest,
            Message::new("finding-text-control").with("field", field),
            Message::new("finding-text-control-advice"),
        )
    })
}

/// The finding of a private key in a text.
pub fn private_key(text: &str) -> Option<Finding> {
    /// No private key fits into fewer bytes.
    const MIN_KEY_BYTES: usize = 24;
    (text.len() >= MIN_KEY_BYTES && holds_private_key(text)).then(|| TextError::PrivateKey.into())
}
