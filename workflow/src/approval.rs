//! The approval of a request: votes, and the links by which requesters and approvers come.

mod link;
mod votes;

pub use link::{BaseUrl, Link, LinkDigest, LinkKey, LinkSecret, NoRandomness, OverviewKey, StatusKey};
pub use votes::{Approval, VoteError, VoteInput, VoteResult};
