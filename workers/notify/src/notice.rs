//! What a requester is told, by where the request stands: which mail, and its words.
//!
//! Invariant: pure. A mail says only what the row says; it names no approver, and carries no link but the requester's
//! own and the form's.

use workflow::link::BaseUrl;
use workflow::mail::{Letter, names_in_short, on_day, with_time};
use workflow::request::{Request, Status};

/// One mail to a requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The request has arrived.
    Received,
    /// Nobody has decided yet, and the approvers were reminded.
    Waiting,
    /// The policy does not allow it.
    Refused,
    /// An approver said no.
    Rejected,
    /// Nobody decided in time.
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

    /// The occasion of the mail.
    pub(crate) fn occasion(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }

    /// The mail in words. `status_link` is the requester's own.
    pub(crate) fn letter(self, request: &Request, base_url: &BaseUrl, status_link: &str) -> Letter {
        let names = names_in_short(&request.names);
        let asked = on_day(request.registration_date);
        match self {
            Self::Received => {
                let until = request.expires_at.map(|at| format!(" and has until {}", with_time(at))).unwrap_or_default();
                about(
                    Letter::new(&format!("We have your request for {names}"), "Your request has arrived").paragraph(&format!(
                        "Thank you. An approver looks at it next{until}. You get a mail as soon as it is decided; until \
                         then you need do nothing. This is what we understood:"
                    )),
                    request,
                )
                .quote("You wrote", &request.comment)
                .button("See how it stands", status_link)
                .closing("Is a name missing or wrong? Send a new request, and tell your approvers to reject this one.")
                .closing("Did you not ask for a certificate? Please tell whoever approves them where you work.")
            }
            Self::Waiting => {
                let until = request.expires_at.map(|at| format!(" They have until {}.", with_time(at))).unwrap_or_default();
                Letter::new(&format!("Your request for {names} still waits"), "Your request still waits for approval")
                    .paragraph(&format!(
                        "Nobody has decided on it yet, and the approvers were reminded today.{until} You need do nothing; if \
                         it is urgent, talk to one of them."
                    ))
                    .names(&request.names)
                    .fact("Asked on", &asked)
                    .button("See how it stands", status_link)
                    .closing("You need it no longer? Then withdraw it on the page that the button opens.")
            }
            Self::Refused => {
                let letter =
                    Letter::new(&format!("Your request for {names} was refused"), "Your request cannot be granted as it is");
                // The reason is the first of the findings: it is said once.
                let (letter, closing) = if request.findings.is_empty() {
                    let reason = request.reason.as_deref().unwrap_or("The policy does not allow it.");
                    (letter.paragraph(reason), "This request is closed; a new one is welcome.")
                } else {
                    (
                        letter.paragraph(
                            "The policy does not allow it. Below is everything that was found, and what to do instead.",
                        ),
                        "This request is closed. Once the points above are put right, a new one is welcome.",
                    )
                };
                about(letter.fact("Code", request.code.map_or("", |code| code.as_str())), request)
                    .fact("Asked on", &asked)
                    .quote("You wrote", &request.comment)
                    .findings(&request.findings)
                    .button("Ask again", base_url.as_str())
                    .link("See this request", status_link)
                    .closing(closing)
            }
            Self::Rejected if request.decision.as_ref().is_some_and(|decision| decision.withdrawn) => {
                Letter::new(&format!("Your request for {names} was withdrawn"), "You withdrew your request")
                    .paragraph("The approvers need not decide any more, and no certificate is issued.")
                    .names(&request.names)
                    .fact("Asked on", &asked)
                    .button("See this request", status_link)
                    .link("Ask again", base_url.as_str())
                    .closing("Was it not you? Then somebody has the link to your request: please tell your operators.")
            }
            Self::Rejected => {
                let letter =
                    Letter::new(&format!("Your request for {names} was rejected"), "Your request was rejected");
                let decision = request.decision.as_ref();
                match decision.and_then(|decision| decision.rejection_reason()).filter(|reason| !reason.trim().is_empty()) {
                    Some(reason) => letter.paragraph("An approver looked at it and said no.").quote("The reason", reason),
                    None => letter.paragraph("An approver looked at it and said no, without giving a reason."),
                }
                .names(&request.names)
                .fact("Asked on", &asked)
                .button("See this request", status_link)
                .link("Ask again", base_url.as_str())
                .closing(
                    "This request is closed. If the reason can be put right, or you think this is a mistake, talk to \
                     your approvers and send a new one.",
                )
            }
            Self::Expired => {
                let until = request.expires_at.map(|at| format!("by {}", with_time(at)));
                Letter::new(&format!("Nobody decided on your request for {names}"), "Your request has expired")
                    .paragraph(&format!(
                        "Nobody decided on it {}, so it is closed. That says nothing against what you asked for.",
                        until.as_deref().unwrap_or("in time")
                    ))
                    .names(&request.names)
                    .fact("Asked on", &asked)
                    .button("Ask again", base_url.as_str())
                    .link("See this request", status_link)
                    .closing("Before you ask again, please tell an approver that you wait.")
            }
            Self::Failed => {
                Letter::new(&format!("Your request for {names} is held up"), "Something broke on our side")
                    .paragraph(
                        "We are sorry: your request could not be finished. It is nothing you did, and you need do nothing. \
                         Our operators have been told and are looking at it.",
                    )
                    .names(&request.names)
                    .fact("Asked on", &asked)
                    .button("See how it stands", status_link)
                    .closing("If it is urgent, quote the number of the request at the end of this mail when you ask.")
            }
        }
    }
}

/// Adds what was read from the CSR, as far as it could be read.
fn about(letter: Letter, request: &Request) -> Letter {
    match request.facts() {
        Some(facts) => letter.certificate(&facts, &request.profile),
        None => letter.fact("Profile", &request.profile),
    }
}
