//! The beginning of a sign-in for a vote.

use axum::response::Response;
use workflow::approval::passkey::{NotProven, VoteMeaning};
use workflow::approval::review::ReviewContent;
use workflow::approval::sign_in::SignInNonce;
use workflow::approval::voting::{ResolvedLink, VotingError};
use workflow::approval::{VoteError, VoteInput};

use crate::http::problem::Problem;
use crate::http::review_path::ReviewPath;
use crate::http::sign_in_cookie::{PendingVote, SignInPurpose};
use crate::locale::Locale;
use crate::routes::sign_in::begin::{SignInToBegin, fetch_keys_for, lead_on, random_nonce};
use crate::state::Portal;

/// Sends the approver to the identity provider, to sign in for this vote.
pub(super) async fn begin(
    portal: &Portal,
    locale: &Locale,
    resolved: &ResolvedLink,
    link: &ReviewPath,
    vote_input: &VoteInput,
    content: &ReviewContent,
) -> Result<Response, Problem> {
    if let Some(outcome) = resolved.approval.outcome {
        return Err(VotingError::Vote(VoteError::AlreadyDecided(outcome)).into());
    }
    if vote_input.review_digest != content.digest {
        return Err(VotingError::Vote(VoteError::StaleDigest).into());
    }
    let nonce = random_nonce();
    let meaning = VoteMeaning {
        base_url: &portal.base_url,
        request_id: resolved.request.id(),
        binds: &content.binds,
        decision: vote_input.decision,
        reason: vote_input.reason.as_deref(),
    };
    let bound = SignInNonce::of(&meaning, &vote_input.review_digest, &nonce);
    let vote = PendingVote {
        link: link.clone(),
        decision: vote_input.decision.as_str().to_owned(),
        digest: vote_input.review_digest.to_string(),
        reason: vote_input.reason.clone().unwrap_or_default(),
    };
    let approver = &vote_input.approver;
    let person = Some(approver).filter(|one| resolved.approval.approver_set.oidc_group(one).is_none());
    let sign_in = SignInToBegin {
        request: resolved.request.id(),
        purpose: SignInPurpose::Vote(vote),
        person,
        nonce,
        bound,
    };
    lead_on(portal, locale, sign_in).await
}

/// Has Sign fetch the provider's keys, if the error is about them.
pub(in crate::routes) async fn fetch_keys(
    portal: &Portal,
    resolved: &ResolvedLink,
    error: &VotingError,
) -> Result<bool, Problem> {
    let VotingError::NotProven(NotProven::SignIn(error)) = error else { return Ok(false) };
    fetch_keys_for(portal, resolved.request.id(), *error).await
}
