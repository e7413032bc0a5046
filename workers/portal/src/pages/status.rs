//! The status page: where a request stands, in words, and the certificate when there is one.

use askama::Template;
use workflow::link::StatusKey;
use workflow::request::{Request, Status};

use super::{Instant, Remark, Site, names_for_people};
use crate::Portal;
use crate::requests::certified;

/// One line of the timeline.
struct Event {
    class: &'static str,
    label: &'static str,
    at: Option<Instant>,
}

#[derive(Template)]
#[template(path = "status.html")]
pub(crate) struct StatusPage {
    site: Site,
    id: String,
    status: &'static str,
    class: &'static str,
    headline: &'static str,
    explanation: String,
    events: Vec<Event>,
    /// After how many seconds to look again, while something may still happen.
    refresh: Option<u32>,
    reason: Option<String>,
    remarks: Vec<Remark>,
    subject: Option<String>,
    names: Vec<String>,
    key: Option<String>,
    profile: String,
    email: String,
    comment: String,
    serial: Option<String>,
    not_after: Option<Instant>,
    /// The download links, when there is a certificate.
    downloads: Option<Downloads>,
}

struct Downloads {
    zip: String,
    pem: String,
}

impl StatusPage {
    pub(crate) fn new(portal: &Portal, request: &Request, names: &[String], key: &StatusKey) -> Self {
        let site = Site::of(portal);
        let link = |name: &str| format!("{}requests/{}/{name}?key={}", site.base, request.id, key.expose());
        let downloads = request
            .status
            .has_certificate()
            .then(|| Downloads { zip: link("certificate.zip"), pem: link("certificate.pem") });
        let (class, headline) = headline(request.status);
        let is_certified = certified(request);
        Self {
            id: request.id.to_string(),
            status: request.status.as_str(),
            class,
            headline,
            explanation: explanation(request),
            events: events(request),
            refresh: match request.status {
                status if status.is_terminal() => None,
                Status::PendingApproval => Some(20),
                _ => Some(4),
            },
            reason: request.reason.clone().filter(|_| request.findings.is_empty()),
            remarks: Remark::all(&request.findings),
            subject: request.subject.clone(),
            names: names_for_people(names),
            key: request.key.clone(),
            profile: request.profile.clone(),
            email: request.email.to_string(),
            comment: request.comment.clone(),
            serial: request.serial.as_ref().filter(|_| is_certified).map(ToString::to_string),
            not_after: request.not_after.filter(|_| is_certified).map(Instant::of),
            downloads,
            site,
        }
    }
}

/// The status as it stands in a sentence.
pub(crate) fn in_words(status: Status) -> &'static str {
    match status {
        Status::Submitted => "being checked",
        Status::PendingApproval => "waiting for approval",
        Status::Approved => "approved and being signed",
        Status::Issued => "issued",
        Status::Delivered => "delivered",
        Status::Refused => "refused",
        Status::Rejected => "rejected",
        Status::Expired => "expired",
        Status::Failed => "stopped by a fault on our side",
        Status::Revoked => "revoked",
    }
}

fn headline(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Submitted => ("working", "We are checking your request"),
        Status::PendingApproval => ("waiting", "Waiting for approval"),
        Status::Approved => ("working", "Approved, now being signed"),
        Status::Issued => ("good", "Your certificate is ready"),
        Status::Delivered => ("good", "Your certificate is ready"),
        Status::Refused => ("bad", "The policy does not allow this request"),
        Status::Rejected => ("bad", "The request was rejected"),
        Status::Expired => ("bad", "Nobody decided in time"),
        Status::Failed => ("bad", "Something broke on our side"),
        Status::Revoked => ("bad", "The certificate was revoked"),
    }
}

fn explanation(request: &Request) -> String {
    let until = || {
        request
            .expires_at
            .map(|at| format!(" They have until {}.", Instant::of(at).people))
            .unwrap_or_default()
    };
    match request.status {
        Status::Submitted => {
            "This takes a few seconds. You will have a mail with a link to this page.".into()
        }
        Status::PendingApproval => {
            format!(
                "The approvers have been asked by mail.{} You will have a mail as soon as they decide.",
                until()
            )
        }
        Status::Approved => "This takes a few seconds.".into(),
        Status::Issued => "It is also on its way to you by mail.".into(),
        Status::Delivered => "It has also been sent to you by mail.".into(),
        Status::Refused => {
            "What is wrong, and what to do about it, is below. You can correct it and ask again.".into()
        }
        Status::Rejected => "You can talk to your approvers, and ask again.".into(),
        Status::Expired => "You can ask again. It helps to tell an approver that you are waiting.".into(),
        Status::Failed => {
            "The operators have been told and will look at it. You need not do anything.".into()
        }
        Status::Revoked => "Please do not use it any more.".into(),
    }
}

fn label(status: Status) -> &'static str {
    match status {
        Status::Submitted => "Received",
        Status::PendingApproval => "Approvers asked",
        Status::Approved => "Approved",
        Status::Issued => "Signed",
        Status::Delivered => "Sent by mail",
        Status::Refused => "Refused",
        Status::Rejected => "Rejected",
        Status::Expired => "Expired",
        Status::Failed => "Stopped",
        Status::Revoked => "Revoked",
    }
}

/// What happened, and what is to come.
fn events(request: &Request) -> Vec<Event> {
    const WAY: [Status; 5] =
        [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Issued, Status::Delivered];
    let happened = request.history.iter().enumerate().map(|(index, entry)| {
        let current = index + 1 == request.history.len();
        let class = match (current, entry.status) {
            (true, status) => headline(status).0,
            (false, _) => "done",
        };
        Event { class, label: label(entry.status), at: Some(Instant::of(entry.at)) }
    });
    let to_come = WAY
        .into_iter()
        .filter(|_| !request.status.is_terminal())
        .skip_while(|status| *status != request.status)
        .skip(1)
        .map(|status| Event { class: "coming", label: label(status), at: None });
    happened.chain(to_come).collect()
}
