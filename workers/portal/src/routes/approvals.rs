//! The review of an approver, and the vote. GET shows, POST decides.
//!
//! Invariant: the rules of links and votes are in `workflow::approval::voting`; all invalid links give the same 404.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use pki::id_token::IdTokenError;
use workflow::approval::passkey::{NotProven, Passkey};
use workflow::approval::review::Review;
use workflow::approval::sign_in::SignInError;
use workflow::approval::voting::{ResolvedLink, VotingError};
use workflow::approval::{LinkKey, VoteError};
use workflow::approver_set::Identity;
use workflow::finding::Code;
use workflow::texts::Message;

use crate::http::passkey_fields::refused;
use crate::http::problem::Problem;
use crate::http::review_path::ReviewPath;
use crate::http::sign_in_cookie;
use crate::state::Portal;

mod ask;
mod decide;
pub(super) mod passkey;
mod review;
mod revoke;
mod sign_in;

pub(crate) use decide::decide;
pub(super) use decide::{after_vote, cast, vote_of};
pub(crate) use review::review;
pub(super) use sign_in::fetch_keys;

/// The link of the path.
fn link_of(path: Result<Path<ReviewPath>, PathRejection>) -> Result<ReviewPath, Problem> {
    path.map(|Path(link)| link).map_err(|_| Problem::no_such_link())
}

/// Resolves a link.
pub(super) async fn resolve(portal: &Portal, link: &ReviewPath) -> Result<ResolvedLink, Problem> {
    let key = LinkKey::parse(&link.key).ok_or_else(Problem::no_such_link)?;
    Ok(match &link.id {
        None => portal.voting().resolve(&key).await?,
        Some(id) => {
            let id = id.parse().map_err(|_| Problem::no_such_link())?;
            portal.voting().resolve_in_inbox(&key, id).await?
        }
    })
}

/// The passkeys of the approver, if a vote needs one.
async fn passkeys(portal: &Portal, review: &Review) -> Result<Vec<Passkey>, Problem> {
    if review.identity != Identity::Passkey {
        return Ok(Vec::new());
    }
    let policy = portal.policies.current().await?;
    Ok(portal.people.passkeys(&policy.plus_tags().person(&review.approver)).await?)
}

impl From<VotingError> for Problem {
    fn from(error: VotingError) -> Self {
        match error {
            VotingError::NoSuchLink => Problem::no_such_link(),
            VotingError::StandInEnded(until) => {
                let until = Message::day(until);
                Problem::new(Code::Expired, Message::new("problem-stand-in-ended").with("until", until))
            }
            VotingError::Ended(status) => {
                let message = Message::new("problem-ended").with("status", status.as_str());
                Problem::new(Code::AlreadyDecided, message)
            }
            VotingError::CsrNotRead(_) => Problem::new(Code::TryAgain, "problem-still-being-read"),
            VotingError::Vote(error) => error.into(),
            VotingError::NotProven(error) => error.into(),
            VotingError::Port(error) => error.into(),
        }
    }
}

impl From<VoteError> for Problem {
    fn from(error: VoteError) -> Self {
        let decided = |message: Message| Problem::new(Code::AlreadyDecided, message);
        match error {
            VoteError::NotAnApprover => Problem::no_such_link(),
            VoteError::OwnRequest => sign_in_cookie::refused(Message::new("problem-own-request")),
            VoteError::AlreadyDecided(outcome) => {
                decided(Message::new("problem-already-decided").with("outcome", outcome.as_str()))
            }
            VoteError::Withdrawn => decided(Message::new("problem-withdrawn")),
            VoteError::VotedOtherwise => decided(Message::new("problem-decided-otherwise")),
            VoteError::StaleDigest => decided(Message::new("problem-stale")),
            VoteError::Expired => Problem::new(Code::Expired, "problem-expired"),
        }
    }
}

impl From<NotProven> for Problem {
    fn from(error: NotProven) -> Self {
        refused(match error {
            NotProven::NoEvidence => return Problem::new(Code::PasskeyNeeded, "problem-passkey-needed"),
            NotProven::NoDomain => Message::new("problem-passkey-no-domain"),
            NotProven::UnknownPasskey => Message::new("problem-passkey-unknown"),
            NotProven::OldCounter => Message::new("problem-passkey-copied"),
            NotProven::WebAuthn(why) => Message::new("problem-passkey-refused").with("why", why.to_string()),
            NotProven::SignIn(error) => return error.into(),
        })
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        if error.is_about_keys() {
            return Problem::new(Code::TryAgain, "problem-sign-in-keys");
        }
        sign_in_cookie::refused(match error {
            SignInError::NoToken => return Problem::new(Code::SignInNeeded, "problem-sign-in-needed"),
            SignInError::NoProvider => Message::new("problem-sign-in-no-provider"),
            SignInError::NoAddress => Message::new("problem-sign-in-no-address"),
            SignInError::NotVerified => Message::new("problem-sign-in-unverified"),
            SignInError::NotInGroup => Message::new("problem-sign-in-not-in-group"),
            SignInError::OtherPerson => Message::new("problem-sign-in-other-person"),
            SignInError::Token(IdTokenError::FromTheFuture) => Message::new("problem-sign-in-clock"),
            SignInError::Token(IdTokenError::Expired) => Message::new("problem-sign-in-expired"),
            SignInError::Token(IdTokenError::OldSignIn) => Message::new("problem-sign-in-old"),
            SignInError::Token(_) | SignInError::RemovedKey => {
                Message::new("problem-sign-in-refused").with("why", error.to_string())
            }
        })
    }
}
