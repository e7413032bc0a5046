//! The audit trail: every event of a request, in order, each with the hash of the one before it.
//!
//! Invariant: an event is written in the same transaction as the change it records, and the row of the request keeps
//! number and hash of the last one ([`ChainHead`]). So an event that was taken away, put in or altered is found by
//! [`verify`], the last one included, unless whoever did it rewrote the whole trail *and* the row. Events hold who did
//! what, when and from where; never a key, a token, a CSR or a reason in somebody's words.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::email::Email;
use crate::framed_hash::FramedHash;
use crate::ids::RequestId;
use crate::timestamp::{rfc3339, whole_seconds};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The request was accepted; `digest` is the SHA-256 of the text that was sent.
    Submitted,
    /// What was read from the CSR was stored; `digest` is the SHA-256 of its DER.
    Stored,
    /// The approvers are being asked; `digest` is what their approval binds.
    Asked,
    /// An approver opened the review; `digest` is what it showed.
    Viewed,
    /// An approver voted, `detail` says how; `digest` is what the review had shown.
    Voted,
    /// The requester withdrew the request.
    Withdrawn,
    /// The decision stands, `detail` says which; `digest` is what it binds.
    Decided,
    /// The approvers' links were replaced by new ones; `detail` is their generation.
    LinksRenewed,
    /// Others may decide too, since nobody had.
    Escalated,
    /// Serial and validity were reserved; `detail` is the serial.
    Reserved,
    /// The certificate was signed and stored; `detail` is the serial, `digest` the SHA-256 of its DER.
    Signed,
    /// A mail was sent, or is about to be; `detail` is its occasion.
    Mailed,
    /// A mail that was about to be sent could not be; `detail` is its occasion.
    NotMailed,
    /// The certificate was mailed.
    Delivered,
    /// The policy did not allow it.
    Refused,
    /// It ended by a rejection.
    Rejected,
    /// It ended undecided.
    Expired,
    /// It ended by a fault.
    Failed,
    /// The execution was gone and started again; `detail` is the attempt.
    Restarted,
    /// An operator set a failed request going again.
    Retried,
    /// The certificate was fetched through the status link; `detail` is the form.
    Downloaded,
    /// The certificate was revoked.
    Revoked,
}

/// Who did it, as text: `requester:<address>`, `approver:<address>`, `worker:<name>` or `operator:<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// Whoever holds the requester's link, or submitted.
    pub fn requester(email: &Email) -> Self {
        Self(format!("requester:{email}"))
    }

    /// Whoever holds an approver's link.
    pub fn approver(email: &Email) -> Self {
        Self(format!("approver:{email}"))
    }

    /// A worker, by the name of its folder.
    pub fn worker(name: &str) -> Self {
        Self(format!("worker:{name}"))
    }

    /// Whoever runs the operator's command.
    pub fn operator(name: &str) -> Self {
        Self(format!("operator:{name}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who acts, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// The address of the caller as API Gateway gives it; nothing for workers.
    pub source: Option<String>,
}

impl Origin {
    /// A worker, by the name of its folder.
    pub fn worker(name: &str) -> Self {
        Self { actor: Actor::worker(name), source: None }
    }

    /// Whoever runs the operator's command.
    pub fn operator(name: &str) -> Self {
        Self { actor: Actor::operator(name), source: None }
    }

    /// Somebody on the web.
    pub fn caller(actor: Actor, source: Option<String>) -> Self {
        Self { actor, source }
    }
}

/// An event that a change of the row brings about, before it has its place in the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEvent {
    /// What happened.
    pub event: EventKind,
    /// When.
    pub at: OffsetDateTime,
    /// What it was about.
    pub digest: Option<String>,
    /// More, as [`EventKind`] says.
    pub detail: Option<String>,
}

impl PendingEvent {
    /// An event with neither digest nor detail.
    pub fn new(event: EventKind, at: OffsetDateTime) -> Self {
        Self { event, at: whole_seconds(at), digest: None, detail: None }
    }

    /// With what it was about: a lower-case hex SHA-256.
    #[must_use]
    pub fn with_digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }

    /// With more, as [`EventKind`] says.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// The end of a trail, kept in the row of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// The number of the last event; 0 before the first.
    pub number: u64,
    /// Its hash; empty before the first.
    pub hash: String,
}

/// One event of the trail: a row of the table `audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Whose trail.
    pub request_id: RequestId,
    /// Its place in the trail, from 1 without gaps.
    pub number: u64,
    /// What happened.
    pub event: EventKind,
    /// When, UTC, in whole seconds.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who did it.
    pub actor: Actor,
    /// See [`Origin::source`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// See [`PendingEvent::digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// See [`PendingEvent::detail`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The hash of the event before it; empty for the first.
    pub previous: String,
    /// Lower-case hex SHA-256 over all of the above, in this order, each field as UTF-8 behind its length in octets (64
    /// bits, big endian); a field that is absent counts as empty.
    pub hash: String,
}

impl Event {
    /// The event as number `head.number + 1` of a trail; `head` moves on to it.
    fn append(head: &mut ChainHead, request_id: RequestId, entry: PendingEvent, by: &Origin) -> Self {
        let mut event = Event {
            request_id,
            number: head.number + 1,
            event: entry.event,
            at: entry.at,
            actor: by.actor.clone(),
            source: by.source.clone(),
            digest: entry.digest,
            detail: entry.detail,
            previous: std::mem::take(&mut head.hash),
            hash: String::new(),
        };
        event.hash = event.computed_hash();
        *head = ChainHead { number: event.number, hash: event.hash.clone() };
        event
    }

    fn computed_hash(&self) -> String {
        let mut hash = FramedHash::new("countersign audit 1");
        hash.field(&self.request_id.to_string())
            .field(&self.number.to_string())
            .field(self.event.as_str())
            .field(&rfc3339(self.at))
            .field(self.actor.as_str())
            .field(self.source.as_deref().unwrap_or_default())
            .field(self.digest.as_deref().unwrap_or_default())
            .field(self.detail.as_deref().unwrap_or_default())
            .field(&self.previous);
        hash.finish()
    }
}

impl EventKind {
    /// The name in the table and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Submitted => "submitted",
            EventKind::Stored => "stored",
            EventKind::Asked => "asked",
            EventKind::Viewed => "viewed",
            EventKind::Voted => "voted",
            EventKind::Withdrawn => "withdrawn",
            EventKind::Decided => "decided",
            EventKind::LinksRenewed => "links_renewed",
            EventKind::Escalated => "escalated",
            EventKind::Reserved => "reserved",
            EventKind::Signed => "signed",
            EventKind::Mailed => "mailed",
            EventKind::NotMailed => "not_mailed",
            EventKind::Delivered => "delivered",
            EventKind::Refused => "refused",
            EventKind::Rejected => "rejected",
            EventKind::Expired => "expired",
            EventKind::Failed => "failed",
            EventKind::Restarted => "restarted",
            EventKind::Retried => "retried",
            EventKind::Downloaded => "downloaded",
            EventKind::Revoked => "revoked",
        }
    }
}

/// Gives entries their places behind `head`, which moves on to the last of them.
pub fn append(
    head: &mut ChainHead,
    request_id: RequestId,
    entries: Vec<PendingEvent>,
    by: &Origin,
) -> Vec<Event> {
    entries.into_iter().map(|entry| Event::append(head, request_id, entry, by)).collect()
}

/// What is wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// Numbers are missing or come twice.
    #[error("event {found} stands where event {expected} belongs: one was taken away or put in")]
    Number {
        /// The number that belongs there.
        expected: u64,
        /// The number that stands there.
        found: u64,
    },
    /// The event is not what was written.
    #[error("event {0} was altered: its hash does not fit what it says")]
    Altered(u64),
    /// The event does not follow the one before it.
    #[error("event {0} does not follow the one before it: one of the two was replaced")]
    Unlinked(u64),
    /// The event is of another request.
    #[error("event {0} belongs to another request")]
    Foreign(u64),
    /// The row knows a later event than the trail has, or another last one.
    #[error(
        "the trail ends with event {found}, and the row of the request says that the last is event {expected}"
    )]
    End {
        /// The number in the row.
        expected: u64,
        /// The number of the last event.
        found: u64,
    },
    /// The row says that the last event was another one.
    #[error("event {0}, the last, is not the one that the row of the request knows")]
    Replaced(u64),
}

/// Checks a trail, given in order, against the end that the row keeps. All that is wrong is told.
pub fn verify(request_id: RequestId, events: &[Event], head: &ChainHead) -> Vec<AuditError> {
    let mut broken = Vec::new();
    let mut previous = "";
    for (place, event) in (1..).zip(events) {
        if event.number != place {
            broken.push(AuditError::Number { expected: place, found: event.number });
            // What follows would only repeat it.
            return broken;
        }
        if event.request_id != request_id {
            broken.push(AuditError::Foreign(place));
        }
        if event.computed_hash() != event.hash {
            broken.push(AuditError::Altered(place));
        }
        if event.previous != previous {
            broken.push(AuditError::Unlinked(place));
        }
        previous = &event.hash;
    }
    let last = events.len() as u64;
    if last != head.number {
        broken.push(AuditError::End { expected: head.number, found: last });
    } else if previous != head.hash {
        broken.push(AuditError::Replaced(last));
    }
    broken
}

#[cfg(test)]
mod tests;
