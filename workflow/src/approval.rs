//! The approval of a request: reviews, votes, and the links of requesters and approvers.

mod asking;
pub mod coverage;
pub mod credential;
pub mod credentials;
pub mod duplicates;
pub mod ending;
pub mod enrolment;
pub mod history;
pub mod inbox;
mod link;
mod meaning;
pub mod opened;
pub mod passkey;
pub mod prompt;
pub mod question;
pub mod questions;
mod requester_sign_in;
pub mod resending;
pub mod review;
pub mod sign_in;
pub mod standing;
pub mod standing_news;
mod votes;
pub mod voting;
mod waiting;
pub mod withdrawal;
pub mod words;

pub use link::{
    BaseUrl, INBOX_LIFETIME, InboxLink, Link, LinkDigest, LinkGiven, LinkKey, LinkSecret, NoRandomness,
    OverviewKey, StatusKey, VouchKey,
};
pub use requester_sign_in::ConfirmedRequest;
pub use votes::{Approval, VoteError, VoteInput, VoteResult};
