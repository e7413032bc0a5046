//! Checks of single values from people: free texts, and private keys in the wrong field.

use pki::private_key;

use crate::finding::{Code, Finding, private_key_in};
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

/// The finding of a private key in a field, or of a field that cannot be searched for one.
pub fn private_key(field: &str, text: &str) -> Option<Finding> {
    private_key::refuse(text).err().map(|error| private_key_in(field, &error))
}
