//! The review of an approver, and the vote. GET shows, POST decides.
//!
//! Invariant: the rules of links and votes are in `workflow::approval::voting`; all invalid links give the same 404.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use pki::id_token::IdTokenError;
use workflow::approval::passkey::NotProven;
use workflow::approval::sign_in::SignInError;
use workflow::approval::voting::{ResolvedLink, VotingError};
use workflow::approval::{LinkKey, VoteError};
use workflow::finding::Code;
use workflow::texts::Message;

use crate::http::passkey_fields::refused;
use crate::http::problem::Problem;
use crate::http::sign_in_cookie;
use crate::state::Portal;

mod decide;
mod passkey;
mod review;
mod revoke;
mod sign_in;

pub(crate) use decide::decide;
pub(super) use decide::{after_vote, cast, vote_of};
pub(crate) use review::review;
pub(super) use sign_in::{fetch_keys, provider_failed};

/// Resolves the link of the path.
async fn open(portal: &Portal, key: Result<Path<String>, PathRejection>) -> Result<ResolvedLink, Problem> {
    let key = key.ok().and_then(|Path(key)| LinkKey::parse(&key)).ok_or_else(Problem::no_such_link)?;
    Ok(portal.voting().resolve(&key).await?)
}

impl From<VotingError> for Problem {
    fn from(error: VotingError) -> Self {
        let decided = |message: Message| Problem::new(Code::AlreadyDecided, message);
        match error {
            VotingError::NoSuchLink | VotingError::Vote(VoteError::NotAnApprover) => Problem::no_such_link(),
            VotingError::Ended(status) => {
                decided(Message::new("problem-ended").with("status", status.as_str()))
            }
            VotingError::CsrNotRead(_) => Problem::new(Code::TryAgain, "problem-still-being-read"),
            VotingError::Vote(VoteError::AlreadyDecided(outcome)) => {
                decided(Message::new("problem-already-decided").with("outcome", outcome.as_str()))
            }
            VotingError::Vote(VoteError::Withdrawn) => decided(Message::new("problem-withdrawn")),
            VotingError::Vote(VoteError::VotedOtherwise) => {
                decided(Message::new("problem-decided-otherwise"))
            }
            VotingError::Vote(VoteError::StaleDigest) => decided(Message::new("problem-stale")),
            VotingError::Vote(VoteError::Expired) => Problem::new(Code::Expired, "problem-expired"),
            VotingError::NotProven(error) => error.into(),
            VotingError::Port(error) => error.into(),
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
