//! The audit trail: every event of a request, in order, each with the hash of the previous event.
//!
//! Invariant: an event is written in the same transaction as the change it records, and the row of the request stores
//! number and hash of the last event ([`ChainHead`]). [`verify`] therefore finds every event that was removed, inserted
//! or altered, including the last, unless the trail *and* the row were rewritten; [`verify_request`](super::verify_request)
//! also compares the row. Events hold actor, action, time and source address; never a key, a token, a CSR or a free-text
//! reason.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::email::Email;
use crate::framed_hash::FramedHash;
use crate::ids::RequestId;
use crate::timestamp::{rfc3339, whole_seconds};
use crate::wire_names;

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The request was accepted; `digest` is the SHA-256 of the submitted text, `detail` the request that a renewal
    /// replaces.
    Submitted,
    /// The requester confirmed the request; `detail` is the digest of the sign-in, if the policy asked for one
    /// ([`RequesterEvidence::summary`](super::RequesterEvidence::summary)). It and the events before it are written together.
    Confirmed,
    /// The summary of the CSR was stored; `digest` is the SHA-256 of the CSR's DER.
    Stored,
    /// The approval period started; `digest` is the digest that an approval binds.
    Asked,
    /// A standing approval stands above the request, so nobody is asked; `detail` is its id.
    Covered,
    /// An approver opened the review; `digest` is the digest of the review.
    Viewed,
    /// An approver voted; `detail` is the decision, and the digest of the passkey evidence if there is any
    /// ([`Vote::event_detail`](crate::decision::Vote::event_detail)), `digest` the digest of the review.
    Voted,
    /// The requester withdrew the request.
    Withdrawn,
    /// The request was decided; `detail` is the outcome, `digest` the digest bound by the decision.
    Decided,
    /// An approver asked the requester a question; `detail` is its number, `digest` the digest of its text.
    QuestionAsked,
    /// The requester answered a question; `detail` is its number, `digest` the digest of the answer.
    QuestionAnswered,
    /// The approvers' links were replaced by new ones; `detail` is their generation.
    LinksRenewed,
    /// The escalation approvers may decide too.
    Escalated,
    /// Serial and validity were reserved; `detail` is the serial.
    Reserved,
    /// The certificate was signed and stored; `detail` is the serial, `digest` the SHA-256 of its DER.
    Signed,
    /// The standing approval is in its table.
    Granted,
    /// A credential of the standing approval was made; `detail` is its number, `digest` that of the bearer credential.
    CredentialMade,
    /// The certificate is in the log; `detail` is the number of its leaf and the name of the log.
    Logged,
    /// A mail was sent, or is about to be; `detail` is its kind ([`Notified`](crate::mail_kind::Notified)).
    Mailed,
    /// A mail was recorded as about to be sent, but sending failed; `detail` is its kind.
    NotMailed,
    /// The certificate was mailed; under a standing approval, it can be fetched. Or the requester was told of the standing
    /// approval.
    Delivered,
    /// The request ended: the policy does not allow it.
    Refused,
    /// The request ended: rejected. In trails of version 0.1.0 also the end of a withdrawn request.
    Rejected,
    /// The request ended: withdrawn. [`EventKind::Withdrawn`] is the act of the requester before it.
    WithdrawalRecorded,
    /// The request ended: expired without a decision.
    Expired,
    /// The request ended: failed.
    Failed,
    /// The execution was missing and was started again; `detail` is the attempt.
    Restarted,
    /// An operator restarted a failed request.
    Retried,
    /// The certificate was fetched through the status link; `detail` is the form.
    Downloaded,
    /// The revocation of the certificate was accepted; `detail` is the reason, the actor whoever asked for it.
    RevocationAccepted,
    /// The certificate was revoked; `detail` is the reason.
    Revoked,
    /// A list with the certificate was published; `detail` is its number.
    RevocationListed,
    /// The execution of the revocation was missing and was started again; `detail` is the attempt.
    RevocationRestarted,
    /// The requester asked for the end of the standing approval; `digest` is the SHA-256 of the reason.
    EndAsked,
    /// An operator acted on the request at the console; `detail` is the operation, `digest` the SHA-256 of the reason, which the row has.
    Operated,
    /// The standing approval was ended before its time; `digest` is the SHA-256 of the reason, which the table `grants` has.
    GrantEnded,
}

/// The kind of an [`Actor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorRole {
    /// The requester.
    Requester,
    /// An approver.
    Approver,
    /// The holder of the private key of a certificate.
    KeyHolder,
    /// The user of the operator's command.
    Operator,
    /// A worker.
    Worker,
}

wire_names!(ActorRole: "kind of actor" {
    Requester => "requester",
    Approver => "approver",
    KeyHolder => "key-holder",
    Operator => "operator",
    Worker => "worker",
});

/// The actor of an event, as text: `requester:<address>`, `approver:<address>`, `key-holder:`, `worker:<name>` or
/// `operator:<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// The requester, by link or submission.
    pub fn requester(email: &Email) -> Self {
        Self(format!("requester:{email}"))
    }

    /// An approver, by link.
    pub fn approver(email: &Email) -> Self {
        Self(format!("approver:{email}"))
    }

    /// A worker, by the name of its folder.
    pub fn worker(name: &str) -> Self {
        Self(format!("worker:{name}"))
    }

    /// The user of the operator's command.
    pub fn operator(name: &str) -> Self {
        Self(format!("operator:{name}"))
    }

    /// The holder of the private key of a certificate, who signed what was asked for.
    pub fn key_holder() -> Self {
        Self("key-holder:".to_owned())
    }

    /// The kind of actor.
    pub fn role(&self) -> Option<ActorRole> {
        self.0.split_once(':').and_then(|(role, _)| role.parse().ok())
    }

    /// The name of an operator.
    pub fn operator_name(&self) -> Option<&str> {
        self.0.strip_prefix("operator:")
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

/// The origin of an event: its actor, and the address of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The actor.
    pub actor: Actor,
    /// The address of the caller from API Gateway; `None` for workers.
    pub source: Option<String>,
}

impl Origin {
    /// A worker, by the name of its folder.
    pub fn worker(name: &str) -> Self {
        Self { actor: Actor::worker(name), source: None }
    }

    /// The user of the operator's command.
    pub fn operator(name: &str) -> Self {
        Self { actor: Actor::operator(name), source: None }
    }

    /// A caller of the portal.
    pub fn caller(actor: Actor, source: Option<String>) -> Self {
        Self { actor, source }
    }
}

/// An event that is not yet part of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEvent {
    /// The kind.
    pub event: EventKind,
    /// The time.
    pub at: OffsetDateTime,
    /// The object of the event.
    pub digest: Option<String>,
    /// Further details; the meaning depends on the [`EventKind`].
    pub detail: Option<String>,
    /// The address of the caller, where the event is older than the write that records it.
    pub source: Option<String>,
}

impl PendingEvent {
    /// An event with neither digest nor detail.
    pub fn new(event: EventKind, at: OffsetDateTime) -> Self {
        Self { event, at: whole_seconds(at), digest: None, detail: None, source: None }
    }

    /// Sets the digest: a lower-case hex SHA-256.
    #[must_use]
    pub fn with_digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }

    /// Sets the detail; its meaning depends on the [`EventKind`].
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Number and hash of the last event; a part of the row of the request.
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
    /// The request of the trail.
    pub request_id: RequestId,
    /// Its place in the trail, from 1 without gaps.
    pub number: u64,
    /// The kind.
    pub event: EventKind,
    /// The time, UTC, in whole seconds.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The actor.
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
    /// The hash of the previous event; empty for the first event.
    pub previous: String,
    /// Lower-case hex SHA-256 over all of the above, in this order, each field as UTF-8 after its length in octets (64
    /// bits, big endian); an absent field counts as empty.
    pub hash: String,
}

impl Event {
    /// Creates the event with number `head.number + 1` of a trail, and moves `head` to it.
    fn append(head: &mut ChainHead, request_id: RequestId, entry: PendingEvent, origin: &Origin) -> Self {
        let mut event = Event {
            request_id,
            number: head.number + 1,
            event: entry.event,
            at: entry.at,
            actor: origin.actor.clone(),
            source: entry.source.or_else(|| origin.source.clone()),
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

wire_names!(EventKind: "kind of event" {
    Submitted => "submitted",
    Confirmed => "confirmed",
    Stored => "stored",
    Asked => "asked",
    Covered => "covered",
    Viewed => "viewed",
    Voted => "voted",
    Withdrawn => "withdrawn",
    Decided => "decided",
    QuestionAsked => "question_asked",
    QuestionAnswered => "question_answered",
    LinksRenewed => "links_renewed",
    Escalated => "escalated",
    Reserved => "reserved",
    Signed => "signed",
    Granted => "granted",
    CredentialMade => "credential_made",
    Logged => "logged",
    Mailed => "mailed",
    NotMailed => "not_mailed",
    Delivered => "delivered",
    Refused => "refused",
    Rejected => "rejected",
    WithdrawalRecorded => "withdrawal_recorded",
    Expired => "expired",
    Failed => "failed",
    Restarted => "restarted",
    Retried => "retried",
    Downloaded => "downloaded",
    RevocationAccepted => "revocation_accepted",
    Revoked => "revoked",
    RevocationListed => "revocation_listed",
    RevocationRestarted => "revocation_restarted",
    EndAsked => "end_asked",
    Operated => "operated",
    GrantEnded => "grant_ended",
});

/// Chains the events after `head`, and moves `head` to the last of them.
pub fn append(
    head: &mut ChainHead,
    request_id: RequestId,
    entries: Vec<PendingEvent>,
    origin: &Origin,
) -> Vec<Event> {
    entries.into_iter().map(|entry| Event::append(head, request_id, entry, origin)).collect()
}

/// A defect of a trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// Numbers are missing or duplicate.
    #[error("event {found} is in the place of event {expected}: an event was removed or inserted")]
    Number {
        /// The expected number.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// The event differs from the event that was written.
    #[error("event {0} was altered: its hash does not match its contents")]
    Altered(u64),
    /// The event does not follow the previous event.
    #[error("event {0} does not follow the previous event: one of them was replaced")]
    Unlinked(u64),
    /// The event is of another request.
    #[error("event {0} belongs to another request")]
    Foreign(u64),
    /// The number of the last event in the row differs from the last number in the trail.
    #[error("the trail ends with event {found}, but the row of the request has event {expected} as the last")]
    End {
        /// The number in the row.
        expected: u64,
        /// The number of the last event.
        found: u64,
    },
    /// The hash of the last event in the row differs from the last hash in the trail.
    #[error("the hash of event {0}, the last, differs from the hash in the row of the request")]
    Replaced(u64),
    /// The request has no event.
    #[error("the request has no audit trail: it was removed")]
    Empty,
    /// These columns of the row differ from the trail.
    #[error("the row was altered: its column {0} differs from the audit trail")]
    Row(&'static str),
    /// The certificate in the bucket is not the certificate that was signed, or is missing.
    #[error("the certificate {0} in the bucket was removed or replaced")]
    Certificate(String),
    /// The standing approval that was granted is not in its table.
    #[error("the standing approval was removed from its table")]
    NoStanding,
    /// An earlier export holds events that the trail lacks.
    #[error("the export has event {0}, and the trail has not: row and trail were set back")]
    SetBack(u64),
    /// An earlier export holds the request, and the stack does not.
    #[error("the export has this request, and the stack has not: row and trail were removed")]
    Gone,
}

/// Checks a trail, given in order, against the head in the row, and returns every defect.
pub fn verify(request_id: RequestId, events: &[Event], head: &ChainHead) -> Vec<AuditError> {
    let mut broken = Vec::new();
    let mut previous = "";
    for (place, event) in (1..).zip(events) {
        if event.number != place {
            broken.push(AuditError::Number { expected: place, found: event.number });
            // Defects of later events would only repeat this one.
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
