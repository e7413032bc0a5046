//! How far a request is, in words: the headline of its status page, the explanation, and the timeline.

use workflow::approval::Approval;
use workflow::approval::opened::OpenedRequest;
use workflow::approval::standing::StandingError;
use workflow::request::{Request, Status};
use workflow::texts::Message;

use super::super::standing::StandingFacts;
use super::super::{Instant, Markup, Site};

/// One line of the timeline.
pub(super) struct StatusEvent {
    pub(super) class: &'static str,
    pub(super) label: String,
    /// What the dot says, in words; `None` of a step to come, which says so itself.
    pub(super) state: Option<String>,
    pub(super) at: Option<Instant>,
}

/// How far the decision about a pending request is. Approval and row are written one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PendingPhase {
    /// Approvers may decide, and the requester may withdraw the request.
    Undecided,
    /// The requester withdrew the request; the flow has yet to end it.
    Withdrawing,
    /// The approvers decided, or their time is over; the flow has yet to go on.
    Decided,
}

impl PendingPhase {
    /// The phase of a pending request; `None` for any other.
    pub(super) fn of(request: &Request, approval: Option<&Approval>) -> Option<Self> {
        let is_withdrawn = request.is_withdrawn() || approval.is_some_and(|approval| approval.withdrawn);
        let is_decided =
            request.decision().is_some() || approval.is_some_and(|approval| approval.outcome.is_some());
        (request.status() == Status::PendingApproval).then_some(match () {
            () if is_withdrawn => Self::Withdrawing,
            () if is_decided => Self::Decided,
            () => Self::Undecided,
        })
    }
}

/// True if a revocation was accepted, and the flow has yet to record it.
pub(super) fn is_being_revoked(request: &Request) -> bool {
    request.revocation().is_some_and(|revocation| revocation.revoked_at.is_none())
}

/// The CSS class of the status, and the id of its headline.
pub(in crate::pages) fn headline(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Unconfirmed => ("waiting", "status-unconfirmed"),
        Status::Submitted => ("working", "status-submitted"),
        Status::PendingApproval => ("waiting", "status-pending"),
        Status::Approved => ("working", "status-approved"),
        Status::Issued => ("good", "status-ready"),
        Status::Delivered => ("good", "status-ready"),
        Status::Refused => ("bad", "status-refused"),
        Status::Rejected => ("bad", "status-rejected"),
        Status::Withdrawn => ("neutral", "status-withdrawn"),
        Status::Expired => ("bad", "status-expired"),
        Status::Failed => ("bad", "status-failed"),
        Status::Revoked => ("bad", "status-revoked"),
    }
}

pub(super) fn explanation(
    site: &Site,
    opened: &OpenedRequest,
    phase: Option<PendingPhase>,
    signs_in: bool,
) -> Markup {
    let request = &opened.request;
    let is_covered = request.standing().is_some();
    if request.was_never_confirmed() {
        return site.markup(Message::new("status-lapsed-text"));
    }
    if !opened.may_download() && request.has_certificate() {
        return site.markup(Message::new("status-by-mail-text").with("email", request.email().as_str()));
    }
    if let (true, Some(until)) = (request.is_granted(), request.standing_until()) {
        return site.markup(Message::new("status-granted-text")).time("until", &site.instant(until));
    }
    let text = Message::new(match request.shown_status() {
        Status::Unconfirmed => {
            let text = if signs_in {
                Message::new("status-sign-in-text").with("email", request.email().as_str())
            } else if opened.is_mailed() {
                Message::new("status-confirm-text")
            } else {
                Message::new("status-unconfirmed-text").with("email", request.email().as_str())
            };
            return site.markup(text).time("until", &site.instant(request.confirm_until()));
        }
        Status::Submitted if is_covered => "status-covered-submitted-text",
        Status::Submitted => "status-submitted-text",
        Status::PendingApproval if phase == Some(PendingPhase::Withdrawing) => "status-withdrawing-text",
        Status::PendingApproval if phase == Some(PendingPhase::Decided) => "status-decided-text",
        Status::PendingApproval => match request.expires_at() {
            Some(at) => {
                let text = site.markup(Message::new("status-pending-until-text"));
                return text.time("until", &site.instant(at));
            }
            None => "status-pending-text",
        },
        Status::Approved => "status-approved-text",
        Status::Issued | Status::Delivered if is_being_revoked(request) => "status-revoking-text",
        Status::Issued if is_covered => "status-covered-issued-text",
        Status::Issued => "status-issued-text",
        Status::Delivered if is_covered => "status-covered-delivered-text",
        Status::Delivered => "status-delivered-text",
        Status::Refused => "status-refused-text",
        Status::Rejected => "status-rejected-text",
        Status::Withdrawn => "status-withdrawn-text",
        Status::Expired => "status-expired-text",
        Status::Failed => "status-failed-text",
        Status::Revoked => "status-revoked-text",
    });
    site.markup(text.with("kind", request.kind().as_str()))
}

/// Class, headline and explanation of a standing approval that ends or is over; `None` while it lives.
pub(super) fn of_standing(
    site: &Site,
    request: &Request,
    standing: &StandingFacts,
) -> Option<(&'static str, String, Markup)> {
    if !matches!(request.status(), Status::Issued | Status::Delivered) {
        return None;
    }
    if standing.is_ending {
        let text = site.markup(Message::new("standing-ending-text"));
        return Some(("working", site.text("standing-ending"), text));
    }
    let over = standing.over?;
    let headline = if over == StandingError::UsedUp { "title-grant-used-up" } else { "title-grant-over" };
    let why = over.finding().detail_in(site.language).into_owned();
    let text = Message::new("standing-over-text").with("why", why);
    Some(("neutral", site.text(headline), site.markup(text)))
}

/// A text in the words for this kind of request.
pub(super) fn of_kind(site: &Site, request: &Request, id: &'static str) -> String {
    site.say(request.kind().message(id))
}

/// The id of the text of a line of the timeline; `is_covered` under a standing approval.
fn label(status: Status, is_covered: bool) -> &'static str {
    match status {
        Status::Approved if is_covered => "event-covered",
        Status::Delivered if is_covered => "event-ready",
        Status::Unconfirmed => "event-unconfirmed",
        Status::Submitted => "event-submitted",
        Status::PendingApproval => "event-pending",
        Status::Approved => "event-approved",
        Status::Issued => "event-issued",
        Status::Delivered => "event-delivered",
        Status::Refused => "event-refused",
        Status::Rejected => "event-rejected",
        Status::Withdrawn => "event-withdrawn",
        Status::Expired => "event-expired",
        Status::Failed => "event-failed",
        Status::Revoked => "event-revoked",
    }
}

/// The timeline: past events and the steps to come.
pub(super) fn events(site: &Site, request: &Request, phase: Option<PendingPhase>) -> Vec<StatusEvent> {
    const WAY: [Status; 6] = [
        Status::Unconfirmed,
        Status::Submitted,
        Status::PendingApproval,
        Status::Approved,
        Status::Issued,
        Status::Delivered,
    ];
    let is_covered = request.standing().is_some();
    let happened = request.history().iter().enumerate().map(|(index, entry)| {
        let current = index + 1 == request.history().len();
        let status = request.shown(entry.status);
        let class = if current { headline(status).0 } else { "done" };
        let label = of_kind(site, request, label(status, is_covered));
        let state = match class {
            "working" | "waiting" => "status-under-way",
            _ => "status-done",
        };
        StatusEvent { class, label, state: Some(site.text(state)), at: Some(site.instant(entry.at)) }
    });
    let to_come = WAY
        .into_iter()
        .filter(|_| !request.status().is_terminal() && phase != Some(PendingPhase::Withdrawing))
        .filter(|status| !is_covered || *status != Status::PendingApproval)
        .skip_while(|status| *status != request.status())
        .skip(1)
        .map(|status| StatusEvent {
            class: "coming",
            label: of_kind(site, request, label(status, is_covered)),
            state: None,
            at: None,
        });
    happened.chain(to_come).collect()
}
