//! The ID token of a program, in the fields of a decision.

use workflow::decision::{IdTokenEvidence, ReviewDigest};

use super::fields::Fields;
use super::problem::Problem;

/// The bytes of a nonce, at most.
const MAX_NONCE_BYTES: usize = 64;

/// The ID token; `None` if there is none.
pub(crate) fn id_token(
    fields: &Fields,
    review_digest: ReviewDigest,
) -> Result<Option<IdTokenEvidence>, Problem> {
    let Some(id_token) = fields.text("idToken")? else { return Ok(None) };
    let nonce = fields.text("nonce")?.unwrap_or_default();
    // A longer one is of no sign-in that a review began.
    let nonce = nonce.chars().take(MAX_NONCE_BYTES).collect();
    Ok(Some(IdTokenEvidence { id_token: id_token.into_owned(), nonce, review_digest }))
}
