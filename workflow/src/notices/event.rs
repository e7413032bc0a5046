//! An event as programs get it: the body of a webhook, and the detail of an event of EventBridge.
//!
//! Invariant: the id of an event is the same at each attempt, so receivers can leave out repetitions. The body has ids,
//! names, times and the requester's address; no key, token, link, CSR, comment or reason in words.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::receiver::NoticeEvent;
use crate::request::Request;
use crate::timestamp::rfc3339;

/// The source of events of EventBridge.
pub const SOURCE: &str = "countersign";

/// One event of one request.
#[derive(Clone, Copy, Debug)]
pub struct StatusNotice<'a> {
    /// The row as it stands.
    pub request: &'a Request,
    /// The event.
    pub event: NoticeEvent,
    /// Its number in the audit trail.
    pub number: u64,
    /// Its time.
    pub at: OffsetDateTime,
}

impl StatusNotice<'_> {
    /// The id: `webhook-id` of a webhook.
    pub fn id(&self) -> String {
        format!("msg_{}_{}", self.request.id(), self.number)
    }

    /// The body. What the row learns after the event is left out, so that a repetition says the same.
    pub fn body(&self) -> Value {
        let request = self.request;
        let mut data = json!({
            "id": request.id(),
            "status": self.status(),
            "profile": request.profile(),
            "names": request.known_names(),
            "requester": request.email(),
            "submittedAt": rfc3339(request.registration_date()),
        });
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                data[name] = value.into();
            }
        };
        add("replaces", request.replaces().map(|id| id.to_string()));
        // A body without it is about a certificate.
        add("kind", request.terms().map(|_| request.kind().as_str().to_owned()));
        if self.event.asks_to_decide() {
            add("decideBy", request.expires_at().map(rfc3339));
        }
        if self.event.has_certificate() {
            add("serial", request.serial().map(ToString::to_string));
            add("notBefore", request.not_before().map(rfc3339));
            add("notAfter", request.not_after().map(rfc3339));
        }
        if let (NoticeEvent::Revoked, Some(revocation)) = (self.event, request.revocation()) {
            add("revokedAt", revocation.revoked_at.map(rfc3339));
            add("revocationReason", Some(revocation.reason.as_str().to_owned()));
        }
        json!({
            "id": self.id(),
            "type": self.event.event_type(),
            "timestamp": rfc3339(self.at),
            "data": data,
        })
    }

    /// The status after the event.
    fn status(&self) -> &'static str {
        match self.event {
            NoticeEvent::Reminded | NoticeEvent::Escalated => NoticeEvent::PendingApproval.as_str(),
            // Whatever it goes on with.
            NoticeEvent::Retried => self.request.shown_status().as_str(),
            event => event.as_str(),
        }
    }
}
