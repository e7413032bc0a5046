//! The review of an approver, and the vote. GET shows, POST decides.
//!
//! Invariant: the rules of links and votes are in `workflow::approval::voting`; all invalid links give the same 404.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use workflow::approval::passkey::NotProven;
use workflow::approval::voting::{ResolvedLink, VotingError};
use workflow::approval::{LinkKey, VoteError};
use workflow::finding::Code;
use workflow::texts::Message;

use crate::http::passkey_fields::refused;
use crate::http::problem::Problem;
use crate::state::Portal;

mod decide;
mod passkey;
mod review;
mod revoke;

pub(crate) use decide::decide;
pub(crate) use review::review;

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
        })
    }
}
