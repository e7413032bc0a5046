//! What a requester is told, by where the request stands: which mail, and its words.
//!
//! Invariant: pure. A mail says only what the row says; it names no approver, and carries no link but the requester's
//! own and the form's.

use workflow::approval::BaseUrl;
use workflow::mail::{Letter, names_in_short};
use workflow::mail_kind::MailKind;
use workflow::request::{Request, Status};
use workflow::texts::Message;

/// One mail to a requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The request has arrived.
    Received,
    /// The request is undecided, and the approvers have been reminded, for the n-th time.
    Waiting(u32),
    /// The policy does not allow it.
    Refused,
    /// An approver said no.
    Rejected,
    /// Undecided at the end of the approval period.
    Expired,
    /// Something broke.
    Failed,
}

/// The request is at work: it has no ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotEnded(pub(crate) Status);

impl Notice {
    /// The receipt, as long as it says something new.
    pub(crate) fn of_receipt(status: Status) -> Option<Self> {
        matches!(status, Status::Submitted | Status::PendingApproval).then_some(Self::Received)
    }

    /// How the request ended without a certificate. Nothing where it ended with one: another execution got further.
    pub(crate) fn of_ending(status: Status) -> Result<Option<Self>, NotEnded> {
        match status {
            Status::Refused => Ok(Some(Self::Refused)),
            Status::Rejected => Ok(Some(Self::Rejected)),
            Status::Expired => Ok(Some(Self::Expired)),
            Status::Failed => Ok(Some(Self::Failed)),
            Status::Delivered | Status::Revoked => Ok(None),
            Status::Submitted | Status::PendingApproval | Status::Approved | Status::Issued => {
                Err(NotEnded(status))
            }
        }
    }

    /// After a failure: the ending that stands; kind words where none could be recorded.
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
            Self::Expired => MailKind::Expired,
            Self::Failed => MailKind::Failed,
        }
    }

    /// The mail in words, in the requester's language. `status_link` is the requester's own.
    pub(crate) fn letter(self, request: &Request, base_url: &BaseUrl, status_link: &str) -> Letter {
        let language = request.language();
        let names = names_in_short(language, request.names());
        let asked = language.day(request.registration_date());
        let until = request.expires_at().map(|at| language.instant_of_week(at));
        let letter = |subject, heading| {
            Letter::new(language, &Message::new(subject).with("names", &names), &Message::new(heading))
        };
        let see_standing = Message::new("mail-see-standing");
        let see_request = Message::new("mail-see-request");
        let ask_again = Message::new("mail-ask-again");
        let asked_on = Message::new("mail-asked-on");
        let you_wrote = Message::new("mail-you-wrote");
        match self {
            Self::Received => {
                let letter =
                    letter("mail-received-subject", "mail-received-heading").paragraph(&match until {
                        Some(until) => Message::new("mail-received-until").with("until", until),
                        None => Message::new("mail-received"),
                    });
                about(letter, request)
                    .quote(&you_wrote, request.comment())
                    .button(&see_standing, status_link)
                    .closing(&Message::new("mail-received-wrong"))
                    .closing(&Message::new("mail-received-not-you"))
            }
            Self::Waiting(_) => letter("mail-waiting-subject", "mail-waiting-heading")
                .paragraph(&match until {
                    Some(until) => Message::new("mail-waiting-until").with("until", until),
                    None => Message::new("mail-waiting"),
                })
                .names(request.names())
                .fact(&asked_on, &asked)
                .button(&see_standing, status_link)
                .closing(&Message::new("mail-waiting-withdraw")),
            Self::Refused => {
                let letter = letter("mail-refused-subject", "mail-refused-heading");
                // The reason is the first of the findings: it is said once.
                let (letter, closing) = if request.findings().is_empty() {
                    let letter = match request.reason() {
                        Some(reason) => letter.paragraph(reason),
                        None => letter.paragraph(&Message::new("mail-refused-no-reason")),
                    };
                    (letter, Message::new("mail-refused-closed"))
                } else {
                    let letter = letter.paragraph(&Message::new("mail-refused"));
                    (letter, Message::new("mail-refused-closed-until-right"))
                };
                let code = request.code().map_or("", |code| code.as_str());
                about(letter.fact(&Message::new("mail-code"), code), request)
                    .fact(&asked_on, &asked)
                    .quote(&you_wrote, request.comment())
                    .findings(request.findings())
                    .button(&ask_again, base_url.as_str())
                    .link(&see_request, status_link)
                    .closing(&closing)
            }
            Self::Rejected if request.decision().is_some_and(|decision| decision.withdrawn) => {
                letter("mail-withdrawn-subject", "mail-withdrawn-heading")
                    .paragraph(&Message::new("mail-withdrawn"))
                    .names(request.names())
                    .fact(&asked_on, &asked)
                    .button(&see_request, status_link)
                    .link(&ask_again, base_url.as_str())
                    .closing(&Message::new("mail-withdrawn-not-you"))
            }
            Self::Rejected => {
                let letter = letter("mail-rejected-subject", "mail-rejected-heading");
                let decision = request.decision();
                let reason = decision.and_then(|decision| decision.rejection_reason());
                match reason.filter(|reason| !reason.trim().is_empty()) {
                    Some(reason) => letter
                        .paragraph(&Message::new("mail-rejected"))
                        .quote(&Message::new("mail-rejected-reason"), reason),
                    None => letter.paragraph(&Message::new("mail-rejected-no-reason")),
                }
                .names(request.names())
                .fact(&asked_on, &asked)
                .button(&see_request, status_link)
                .link(&ask_again, base_url.as_str())
                .closing(&Message::new("mail-rejected-closed"))
            }
            Self::Expired => letter("mail-expired-subject", "mail-expired-heading")
                .paragraph(&match until {
                    Some(until) => Message::new("mail-expired-until").with("until", until),
                    None => Message::new("mail-expired"),
                })
                .names(request.names())
                .fact(&asked_on, &asked)
                .button(&ask_again, base_url.as_str())
                .link(&see_request, status_link)
                .closing(&Message::new("mail-expired-before")),
            Self::Failed => letter("mail-failed-subject", "mail-failed-heading")
                .paragraph(&Message::new("mail-failed"))
                .names(request.names())
                .fact(&asked_on, &asked)
                .button(&see_standing, status_link)
                .closing(&Message::new("mail-failed-urgent")),
        }
    }
}

/// Adds what was read from the CSR, as far as it could be read.
fn about(letter: Letter, request: &Request) -> Letter {
    match request.csr() {
        Some(facts) => letter.certificate(facts, request.profile()),
        None => letter.fact(&Message::new("mail-profile"), request.profile()),
    }
}
