//! The mails to a requester: the choice by the status of the request, and the text.
//!
//! Invariant: pure. A mail contains only facts of the row; it names no approver, and has no links except the
//! requester's own.

use workflow::mail::MailContent;
use workflow::mail_kind::MailKind;
use workflow::name_list::names_in_short;
use workflow::request::{Request, Status};
use workflow::texts::{Message, Wording};

use crate::requester_links::RequesterLinks;
use crate::revocation;

/// One mail to a requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The request has arrived.
    Received,
    /// The request is undecided, and the approvers have got their n-th reminder.
    Waiting(u32),
    /// The policy does not allow the request.
    Refused,
    /// An approver rejected the request. In rows of version 0.1.0 also for a withdrawn request.
    Rejected,
    /// The requester withdrew the request.
    Withdrawn,
    /// Undecided at the end of the approval period.
    Expired,
    /// A step failed for good.
    Failed,
    /// The certificate was revoked.
    Revoked,
}

/// The request is in progress: it has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotEnded(pub(crate) Status);

impl Notice {
    /// The receipt, while the request is undecided. A requester who confirmed the request needs none.
    pub(crate) fn of_receipt(request: &Request) -> Option<Self> {
        let undecided = matches!(request.status(), Status::Submitted | Status::PendingApproval);
        (undecided && !request.needs_mailed_link()).then_some(Self::Received)
    }

    /// The mail of an ending without a certificate. `None` if another execution delivered a certificate.
    pub(crate) fn of_ending(status: Status) -> Result<Option<Self>, NotEnded> {
        match status {
            Status::Refused => Ok(Some(Self::Refused)),
            Status::Rejected => Ok(Some(Self::Rejected)),
            Status::Withdrawn => Ok(Some(Self::Withdrawn)),
            Status::Expired => Ok(Some(Self::Expired)),
            Status::Failed => Ok(Some(Self::Failed)),
            Status::Delivered | Status::Revoked => Ok(None),
            Status::Unconfirmed
            | Status::Submitted
            | Status::PendingApproval
            | Status::Approved
            | Status::Issued => Err(NotEnded(status)),
        }
    }

    /// The mail after a failure: of the recorded ending, or [`Notice::Failed`] if none could be recorded.
    pub(crate) fn of_failure(status: Status) -> Option<Self> {
        Self::of_ending(status).unwrap_or(Some(Self::Failed))
    }

    /// The kind of the mail.
    pub(crate) fn kind(self) -> MailKind {
        match self {
            Self::Received => MailKind::Received,
            Self::Waiting(number) => MailKind::Waiting(number),
            Self::Refused => MailKind::Refused,
            Self::Rejected => MailKind::Rejected,
            Self::Withdrawn => MailKind::Withdrawn,
            Self::Expired => MailKind::Expired,
            Self::Failed => MailKind::Failed,
            Self::Revoked => MailKind::Revoked,
        }
    }

    /// The text of the mail, in the wording of the requester.
    pub(crate) fn content(self, wording: Wording, request: &Request, links: &RequesterLinks) -> MailContent {
        let RequesterLinks { status: status_link, again } = links;
        let language = wording.language;
        let all_names = request.requested_names();
        let names = names_in_short(language, &all_names);
        let asked = wording.day(request.registration_date());
        let until = request.expires_at().map(|at| wording.instant_of_week(at));
        let content = |subject, heading| {
            MailContent::new(language, &Message::new(subject).with("names", &names), &Message::new(heading))
        };
        let see_standing = Message::new("mail-see-standing");
        let see_request = Message::new("mail-see-request");
        let ask_again = Message::new("mail-ask-again");
        let correct = Message::new("status-correct");
        let asked_on = Message::new("mail-asked-on");
        let you_wrote = Message::new("mail-you-wrote");
        let withdrawn = || {
            content("mail-withdrawn-subject", "mail-withdrawn-heading")
                .paragraph(&request.kind().message("mail-withdrawn"))
                .names(&all_names)
                .fact(&asked_on, &asked)
                .button(&see_request, status_link)
                .link(&ask_again, again)
                .closing(&Message::new("mail-withdrawn-not-you"))
        };
        match self {
            Self::Received => {
                let content =
                    content("mail-received-subject", "mail-received-heading").paragraph(&match until {
                        Some(until) => Message::new("mail-received-until").with("until", until),
                        None => Message::new("mail-received"),
                    });
                about(content, request)
                    .quote(&you_wrote, request.comment())
                    .button(&see_standing, status_link)
                    .closing(&Message::new("mail-received-wrong"))
                    .closing(&Message::new("mail-received-not-you"))
            }
            Self::Waiting(_) => content("mail-waiting-subject", "mail-waiting-heading")
                .paragraph(&match until {
                    Some(until) => Message::new("mail-waiting-until").with("until", until),
                    None => Message::new("mail-waiting"),
                })
                .names(&all_names)
                .fact(&asked_on, &asked)
                .button(&see_standing, status_link)
                .closing(&Message::new("mail-waiting-withdraw")),
            Self::Refused => {
                let content = content("mail-refused-subject", "mail-refused-heading");
                // The reason repeats the first finding: the mail shows it once.
                let (content, closing) = if request.findings().is_empty() {
                    let content = match request.reason() {
                        Some(reason) => content.paragraph(reason),
                        None => content.paragraph(&Message::new("mail-refused-no-reason")),
                    };
                    (content, Message::new("mail-refused-closed"))
                } else {
                    let content = content.paragraph(&Message::new("mail-refused"));
                    (content, Message::new("mail-refused-closed-until-right"))
                };
                about(content, request)
                    .fact(&asked_on, &asked)
                    .quote(&you_wrote, request.comment())
                    .findings(request.findings())
                    .button(&correct, again)
                    .link(&see_request, status_link)
                    .closing(&closing)
            }
            Self::Withdrawn => withdrawn(),
            Self::Rejected if request.is_withdrawn() => withdrawn(),
            Self::Rejected => {
                let content = content("mail-rejected-subject", "mail-rejected-heading");
                let decision = request.decision();
                let reason = decision.and_then(|decision| decision.rejection_reason());
                match reason.filter(|reason| !reason.trim().is_empty()) {
                    Some(reason) => content
                        .paragraph(&Message::new("mail-rejected"))
                        .quote(&Message::new("mail-rejected-reason"), reason),
                    None => content.paragraph(&Message::new("mail-rejected-no-reason")),
                }
                .names(&all_names)
                .fact(&asked_on, &asked)
                .button(&see_request, status_link)
                .link(&correct, again)
                .closing(&Message::new("mail-rejected-closed"))
            }
            Self::Expired => content("mail-expired-subject", "mail-expired-heading")
                .paragraph(&match until {
                    Some(until) => Message::new("mail-expired-until").with("until", until),
                    None => Message::new("mail-expired"),
                })
                .names(&all_names)
                .fact(&asked_on, &asked)
                .button(&ask_again, again)
                .link(&see_request, status_link)
                .closing(&Message::new("mail-expired-before")),
            Self::Failed => content("mail-failed-subject", "mail-failed-heading")
                .paragraph(&Message::new("mail-failed"))
                .names(&all_names)
                .fact(&asked_on, &asked)
                .button(&see_standing, status_link)
                .closing(&Message::new("mail-failed-urgent")),
            Self::Revoked => revocation::to_requester(wording, request, links),
        }
    }
}

/// Adds the summary of the CSR or the terms, or only the profile if the CSR has no summary.
fn about(content: MailContent, request: &Request) -> MailContent {
    match (request.csr(), request.terms()) {
        (Some(facts), _) => content.certificate(facts, request.profile()),
        (None, Some(terms)) => content.terms(terms, request.profile()),
        (None, None) => content.fact(&Message::new("mail-profile"), request.profile()),
    }
}
