//! What a passkey answered, in the fields of a form.

use pki::base64url::Base64Url;
use workflow::decision::{PasskeyEvidence, ReviewDigest};
use workflow::finding::Code;
use workflow::request::input::missing;
use workflow::texts::Message;

use super::fields::Fields;
use super::problem::Problem;

/// The bytes of a nonce, at most.
const MAX_NONCE_BYTES: usize = 64;

/// The signature of a passkey; `None` if there is none.
pub(crate) fn evidence(
    fields: &Fields,
    review_digest: ReviewDigest,
) -> Result<Option<PasskeyEvidence>, Problem> {
    if fields.text("credential")?.is_none() {
        return Ok(None);
    }
    let nonce = fields.text("nonce")?.unwrap_or_default().into_owned();
    if nonce.len() > MAX_NONCE_BYTES {
        return Err(unreadable());
    }
    Ok(Some(PasskeyEvidence {
        credential_id: octets(fields, "credential")?,
        nonce,
        review_digest,
        authenticator_data: octets(fields, "authenticatorData")?,
        client_data_json: octets(fields, "clientDataJSON")?,
        signature: octets(fields, "signature")?,
    }))
}

/// A field with octets as base64url.
pub(crate) fn octets(fields: &Fields, name: &'static str) -> Result<Base64Url, Problem> {
    let text = fields.text(name)?.ok_or_else(|| missing(name, "finding-give-passkey"))?;
    Base64Url::from_text(&text).ok_or_else(unreadable)
}

/// An answer that is not in its format.
pub(crate) fn unreadable() -> Problem {
    refused(Message::new("problem-passkey-unreadable"))
}

/// A passkey that cannot be taken.
pub(crate) fn refused(detail: Message) -> Problem {
    Problem::new(Code::PasskeyRefused, detail)
}
