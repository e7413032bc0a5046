//! The values of the world in short: which people, serials and endings there are, and what tells two rows apart.

use pki::certificate::Serial;
use workflow::approval::Approval;
use workflow::decision::{Decision, Outcome, ReviewDigest, Vote};
use workflow::email::Email;
use workflow::message::TaskToken;
use workflow::request::{Ending, Request, Status};

use super::state::{Answer, Place, Voter};

/// Who may decide, by the policy of the beginning and by the one that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Staff {
    /// One of A, B and C; then both A and B, since C has left.
    Leaver,
    /// Both A and B, with C as a stand-in for A; then the same without C.
    StandIn,
    /// A approved a standing approval above the request, and then leaves.
    Standing,
}

/// A seat: an approver and their stand-ins.
type Seat = &'static [Voter];

impl Staff {
    /// The seats of both policies, and the number needed. The model checks signing against them.
    pub(crate) fn seats(self) -> [(&'static [Seat], usize); 2] {
        const A: Seat = &[Voter::A];
        const B: Seat = &[Voter::B];
        const C: Seat = &[Voter::C];
        const A_OR_C: Seat = &[Voter::A, Voter::C];
        match self {
            Self::Leaver => [(&[A, B, C], 1), (&[A, B], 2)],
            Self::StandIn => [(&[A_OR_C, B], 2), (&[A, B], 2)],
            Self::Standing => [(&[A, B], 1), (&[B], 1)],
        }
    }
}

pub(crate) const VOTERS: [Voter; 3] = [Voter::A, Voter::B, Voter::C];

pub(crate) fn email(voter: Voter) -> Email {
    format!("{voter:?}@example.com").to_ascii_lowercase().parse().unwrap()
}

pub(crate) fn votes(votes: &[Vote]) -> Vec<(String, &'static str, String)> {
    votes.iter().map(|vote| (vote.approver.to_string(), vote.decision.as_str(), vote.in_place_of())).collect()
}

/// True for each policy that the votes are enough for: counted anew, without the code that is checked.
pub(crate) fn enough_for(staff: Staff, votes: &[Vote]) -> [bool; 2] {
    staff.seats().map(|(seats, quorum)| {
        let of = |voter: Voter| votes.iter().filter(move |vote| vote.approver == email(voter));
        let approves = |vote: &Vote| vote.decision == Decision::Approve;
        let is_taken = |seat: &&Seat| seat.iter().any(|voter| of(*voter).any(approves));
        let approving = seats.iter().filter(is_taken).count();
        let nobody_twice = VOTERS.into_iter().all(|voter| of(voter).count() <= 1);
        approving >= quorum && nobody_twice && votes.iter().all(approves)
    })
}

pub(crate) fn approval_summary(staff: Staff, approval: &Approval) -> String {
    let mut tokens: Vec<&str> = approval.tokens().map(TaskToken::expose).collect();
    tokens.sort_unstable();
    let mut votes = votes(&approval.votes);
    votes.sort_unstable();
    match approval.outcome {
        Some(outcome) => {
            let enough = enough_for(staff, &approval.votes);
            format!("{tokens:?} {outcome} {} {enough:?}", approval.withdrawn)
        }
        None => {
            let asked = &approval.approver_set;
            format!("{tokens:?} {} {} {votes:?}", asked.quorum(), asked.stand_ins.len())
        }
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
