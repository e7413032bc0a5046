//! Votes in words.

use workflow::approval::words;
use workflow::decision::{Decision, Vote};
use workflow::email::Email;
use workflow::texts::Message;

use super::{Markup, Site, shown};

/// One vote.
pub(super) struct Said {
    /// Who decided what and when, and for whom.
    pub(super) heading: Markup,
    pub(super) approver: String,
    pub(super) reason: Option<String>,
}

impl Said {
    pub(super) fn of(site: &Site, vote: &Vote) -> Self {
        Self {
            heading: vote_heading(site, vote, Email::to_string),
            approver: vote.approver.to_string(),
            reason: vote.reason.as_deref().map(shown),
        }
    }
}

/// Who decided what and when, and for whom. `address` shows a person.
pub(super) fn vote_heading(site: &Site, vote: &Vote, address: impl Fn(&Email) -> String) -> Markup {
    let message = match (vote.decision, vote.stands_in_for.is_empty()) {
        (Decision::Approve, true) => "review-vote-approved",
        (Decision::Reject, true) => "review-vote-rejected",
        (Decision::Approve, false) => "review-vote-approved-for",
        (Decision::Reject, false) => "review-vote-rejected-for",
    };
    let mut message = Message::new(message).with("approver", address(&vote.approver));
    if let Some(people) = words::in_place_of(site.language, vote, address) {
        message = message.with("person", people);
    }
    site.markup(message).time("at", &site.instant(vote.at))
}
