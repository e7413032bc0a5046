//! The review page: read in ten seconds on a phone, decided with one of two buttons.

use askama::Template;
use workflow::decision::{Decision, Outcome, Vote};

use super::{Instant, Remark, Site, grouped, names_for_people, usage_in_words};
use crate::Portal;
use crate::approvals::{LiveCertificate, Review};
use crate::pages::in_words;
use crate::problem::Problem;

/// One vote.
struct Said {
    approver: String,
    approved: bool,
    reason: Option<String>,
    at: Instant,
}

/// One certificate that is in use.
struct Live {
    names: Vec<String>,
    email: String,
    not_after: Instant,
    serial: String,
    same_key: bool,
}

/// Something to read before anything else.
struct Banner {
    class: &'static str,
    title: String,
    text: String,
}

#[derive(Template)]
#[template(path = "review.html")]
pub(crate) struct ReviewPage {
    site: Site,
    id: String,
    banner: Option<Banner>,
    is_open: bool,
    requester: String,
    approver: String,
    comment: String,
    profile: String,
    subject: String,
    names: Vec<String>,
    key: String,
    public_key_digest: String,
    csr_digest: String,
    validity_days: Option<u32>,
    usages: Vec<String>,
    refusals: Vec<Remark>,
    remarks: Vec<Remark>,
    live: Vec<Live>,
    votes: Vec<Said>,
    quorum: usize,
    asked_at: Instant,
    expires_at: Instant,
    digest: String,
}

impl ReviewPage {
    pub(crate) fn new(portal: &Portal, review: &Review) -> Self {
        let (refusals, remarks) =
            review.findings.iter().partition::<Vec<_>, _>(|finding| finding.is_refusal());
        Self {
            site: Site::of(portal),
            id: review.request_id.to_string(),
            banner: standing(review),
            is_open: review.is_open(),
            requester: review.requester.to_string(),
            approver: review.approver.to_string(),
            comment: review.comment.clone(),
            profile: review.profile.clone(),
            subject: review.subject.clone(),
            names: names_for_people(&review.names),
            key: review.key.clone(),
            public_key_digest: grouped(&review.public_key_digest),
            csr_digest: grouped(&review.csr_digest),
            validity_days: review.validity_days,
            usages: review
                .extended_key_usage
                .iter()
                .chain(&review.key_usage)
                .map(|usage| usage_in_words(usage))
                .collect(),
            refusals: refusals.into_iter().map(Remark::of).collect(),
            remarks: remarks.into_iter().map(Remark::of).collect(),
            live: review.live_certificates.iter().map(Live::of).collect(),
            votes: review.votes.iter().map(Said::of).collect(),
            quorum: review.quorum,
            asked_at: Instant::of(review.registration_date),
            expires_at: Instant::of(review.expires_at),
            digest: review.digest.to_string(),
        }
    }

    /// Thanks for the vote, which may or may not have brought the outcome.
    pub(crate) fn after_vote(mut self, decision: Decision) -> Self {
        let (title, text) = match (decision, self.banner.is_some()) {
            (Decision::Approve, true) => {
                ("Approved", "Thank you. The certificate is being signed and mailed to the requester.")
            }
            (Decision::Approve, false) => {
                ("Your approval is recorded", "Thank you. Another approver has to approve, too.")
            }
            (Decision::Reject, _) => {
                ("Rejected", "Thank you. The requester is told, with your reason if you gave one.")
            }
        };
        let class = if decision == Decision::Approve { "good" } else { "bad" };
        self.banner = Some(Banner { class, title: title.into(), text: text.into() });
        self.is_open = false;
        self
    }

    /// What was wrong with the vote, above the request as it is now.
    pub(crate) fn with_problem(mut self, problem: &Problem) -> Self {
        self.banner =
            Some(Banner { class: "bad", title: problem.title.into(), text: problem.detail.clone() });
        self
    }

    /// Whether this approver has voted already.
    fn has_voted(&self) -> bool {
        self.votes.iter().any(|said| said.approver.eq_ignore_ascii_case(&self.approver))
    }

    /// How many approvals are there.
    fn approvals(&self) -> usize {
        self.votes.iter().filter(|said| said.approved).count()
    }
}

/// How a request stands that can no longer be decided.
fn standing(review: &Review) -> Option<Banner> {
    let banner =
        |class, title: &str, text: &str| Some(Banner { class, title: title.into(), text: text.into() });
    match review.outcome {
        Some(Outcome::Approved) => {
            banner("good", "Approved", &format!("The request is {}.", in_words(review.status)))
        }
        Some(Outcome::Rejected) => {
            banner("bad", "Rejected", "The request was rejected; no certificate is issued.")
        }
        Some(Outcome::Expired) => banner("bad", "Expired", "The request was not decided in time."),
        None if review.status.is_terminal() => {
            banner("bad", "Nothing to decide", &format!("The request is {}.", in_words(review.status)))
        }
        None => None,
    }
}

impl Said {
    fn of(vote: &Vote) -> Self {
        Self {
            approver: vote.approver.to_string(),
            approved: vote.decision == Decision::Approve,
            reason: vote.reason.clone(),
            at: Instant::of(vote.at),
        }
    }
}

impl Live {
    fn of(one: &LiveCertificate) -> Self {
        Self {
            names: names_for_people(&one.names),
            email: one.email.to_string(),
            not_after: Instant::of(one.not_after),
            serial: one.serial.to_string(),
            same_key: one.same_key,
        }
    }
}
