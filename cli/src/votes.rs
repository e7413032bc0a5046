//! Votes as facts.

use workflow::decision::{Decision, Vote};
use workflow::timestamp::rfc3339;

/// Each vote: what was decided, when, by whom and for whom, and the reason if one was given.
pub(crate) fn votes_as_facts(votes: &[Vote]) -> impl Iterator<Item = (&'static str, String)> {
    votes.iter().map(|vote| {
        let name = match vote.decision {
            Decision::Approve => "Approved",
            Decision::Reject => "Rejected",
        };
        let reason = vote.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        (name, format!("{}  {}{}{reason}", rfc3339(vote.at), vote.approver, vote.in_place_of()))
    })
}
