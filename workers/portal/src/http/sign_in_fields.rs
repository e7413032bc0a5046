//! The ID token of a program, in the fields of a decision or of a confirmation.

use workflow::decision::{IdTokenEvidence, ReviewDigest};
use workflow::request::RequesterEvidence;

use super::fields::Fields;
use super::problem::Problem;

/// The bytes of a nonce, at most.
const MAX_NONCE_BYTES: usize = 64;

/// The ID token for a vote; `None` if there is none.
pub(crate) fn id_token(
    fields: &Fields,
    review_digest: ReviewDigest,
) -> Result<Option<IdTokenEvidence>, Problem> {
    let evidence = |RequesterEvidence { id_token, nonce }| IdTokenEvidence { id_token, nonce, review_digest };
    Ok(requester_evidence(fields)?.map(evidence))
}

/// The ID token for a confirmation; `None` if there is none.
pub(crate) fn requester_evidence(fields: &Fields) -> Result<Option<RequesterEvidence>, Problem> {
    let Some(id_token) = fields.text("idToken")? else { return Ok(None) };
    let nonce = fields.text("nonce")?.unwrap_or_default();
    // A longer one is of no sign-in that began here.
    let nonce = nonce.chars().take(MAX_NONCE_BYTES).collect();
    Ok(Some(RequesterEvidence { id_token: id_token.into_owned(), nonce }))
}
