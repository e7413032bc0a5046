//! The values of the world in short: which people, serials and endings there are, and what tells two rows apart.

use pki::certificate::Serial;
use workflow::approval::Approval;
use workflow::decision::{Decision, Outcome, ReviewDigest, Vote};
use workflow::email::Email;
use workflow::message::TaskToken;
use workflow::request::{Ending, Request, Status};

use super::state::{Answer, Place, Voter};

/// The approvers of both policies, and how many of them are needed: what the model checks signing against.
pub(crate) const APPROVERS: [(&[Voter], usize); 2] =
    [(&[Voter::A, Voter::B, Voter::C], 1), (&[Voter::A, Voter::B], 2)];

pub(crate) const VOTERS: [Voter; 3] = [Voter::A, Voter::B, Voter::C];

pub(crate) fn email(voter: Voter) -> Email {
    format!("{voter:?}@example.com").to_ascii_lowercase().parse().unwrap()
}

pub(crate) fn votes(votes: &[Vote]) -> Vec<(String, &'static str)> {
    votes.iter().map(|vote| (vote.approver.to_string(), vote.decision.as_str())).collect()
}

/// True for each policy that the votes are enough for: counted anew, without the code that is checked.
pub(crate) fn enough_for(votes: &[Vote]) -> [bool; 2] {
    APPROVERS.map(|(members, quorum)| {
        let of = |voter: Voter| votes.iter().filter(move |vote| vote.approver == email(voter));
        let approves = |vote: &Vote| vote.decision == Decision::Approve;
        let approving = members.iter().filter(|member| of(**member).any(approves)).count();
        let nobody_twice = VOTERS.into_iter().all(|voter| of(voter).count() <= 1);
        approving >= quorum && nobody_twice && votes.iter().all(approves)
    })
}

pub(crate) fn approval_summary(approval: &Approval) -> String {
    let mut tokens: Vec<&str> = approval.tokens().map(TaskToken::expose).collect();
    tokens.sort_unstable();
    let mut votes = votes(&approval.votes);
    votes.sort_unstable();
    match approval.outcome {
        Some(outcome) => {
            format!("{tokens:?} {outcome} {} {:?}", approval.withdrawn, enough_for(&approval.votes))
        }
        None => format!("{tokens:?} {} {votes:?}", approval.approver_set.quorum()),
    }
}

pub(crate) fn shown() -> ReviewDigest {
    ReviewDigest::from_text("shown")
}

pub(crate) fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Approved => Answer::Approved,
        Outcome::Rejected => Answer::Rejected,
        Outcome::Expired => Answer::Expired,
    }
}

pub(crate) fn serial(of: usize) -> Serial {
    format!("40{of:038x}").parse().unwrap()
}

/// The ending that persist records.
pub(crate) fn ending(place: Place, row: &Request) -> Ending {
    let status = match place {
        Place::RecordRefusal => Status::Refused,
        Place::RecordRejection if row.is_withdrawn() => Status::Withdrawn,
        Place::RecordRejection => Status::Rejected,
        Place::RecordExpiry => Status::Expired,
        _ => Status::Failed,
    };
    Ending::because(status, "")
}
