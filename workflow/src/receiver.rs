//! Receivers of notices: chat channels, webhooks and an event bus, by the names that the policy gives them, and the events
//! that they are told of.
//!
//! Invariant: the name of a receiver is safe in a path, a log and a row. The names of events are a contract with other
//! people's programs and never change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::wire_names;

/// The longest name of a receiver.
const LONGEST_NAME: usize = 40;

/// The name of a receiver: a-z, 0-9 and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ReceiverName(String);

impl ReceiverName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is no name of a receiver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name for a receiver; use a-z, 0-9 and hyphens, at most {LONGEST_NAME}")]
pub struct NoReceiverName(String);

impl FromStr for ReceiverName {
    type Err = NoReceiverName;

    fn from_str(text: &str) -> Result<Self, NoReceiverName> {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > LONGEST_NAME || !text.chars().all(is_name) {
            return Err(NoReceiverName(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ReceiverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ReceiverName> for String {
    fn from(name: ReceiverName) -> Self {
        name.0
    }
}

impl TryFrom<String> for ReceiverName {
    type Error = NoReceiverName;

    fn try_from(text: String) -> Result<Self, NoReceiverName> {
        text.parse()
    }
}

/// The kind of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverKind {
    /// A channel of Slack, by an incoming webhook.
    Slack,
    /// A channel of Microsoft Teams, by a webhook of Workflows.
    Teams,
    /// A program, by a signed webhook (Standard Webhooks).
    Webhook,
    /// A bus of EventBridge.
    EventBridge,
}

wire_names!(ReceiverKind: "kind of receiver" {
    Slack => "slack",
    Teams => "teams",
    Webhook => "webhook",
    EventBridge => "eventbridge",
});

impl ReceiverKind {
    /// True if people read the messages: each is posted once.
    pub fn is_chat(self) -> bool {
        matches!(self, Self::Slack | Self::Teams)
    }

    /// True if the receiver has an address, which is a secret.
    pub fn has_address(self) -> bool {
        self != Self::EventBridge
    }

    /// The events of a receiver for which the policy lists none.
    pub fn usual_events(self) -> Vec<NoticeEvent> {
        if !self.is_chat() {
            return NoticeEvent::ALL.to_vec();
        }
        // A channel learns what to do, and that it is done.
        vec![
            NoticeEvent::PendingApproval,
            NoticeEvent::Reminded,
            NoticeEvent::Escalated,
            NoticeEvent::Approved,
            NoticeEvent::Rejected,
            NoticeEvent::Withdrawn,
            NoticeEvent::Expired,
            NoticeEvent::Failed,
        ]
    }
}

/// An event that receivers are told of: a change of status, a reminder or an escalation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeEvent {
    /// Accepted, and confirmed where the policy asks for that.
    Submitted,
    /// The approvers were asked.
    PendingApproval,
    /// The approvers were reminded.
    Reminded,
    /// Further approvers were asked.
    Escalated,
    /// Approved.
    Approved,
    /// The certificate exists.
    Issued,
    /// The certificate was mailed.
    Delivered,
    /// The policy does not allow it.
    Refused,
    /// An approver rejected it.
    Rejected,
    /// The requester withdrew it.
    Withdrawn,
    /// No decision was made in time.
    Expired,
    /// An error stopped it.
    Failed,
    /// An operator started it again after a failure.
    Retried,
    /// The certificate was revoked.
    Revoked,
}

wire_names!(NoticeEvent: "event" {
    Submitted => "submitted",
    PendingApproval => "pending_approval",
    Reminded => "reminded",
    Escalated => "escalated",
    Approved => "approved",
    Issued => "issued",
    Delivered => "delivered",
    Refused => "refused",
    Rejected => "rejected",
    Withdrawn => "withdrawn",
    Expired => "expired",
    Failed => "failed",
    Retried => "retried",
    Revoked => "revoked",
});

impl NoticeEvent {
    /// True if it asks approvers to decide: pointless once they have.
    pub fn asks_to_decide(self) -> bool {
        matches!(self, Self::PendingApproval | Self::Reminded | Self::Escalated)
    }

    /// True if the certificate exists.
    pub fn has_certificate(self) -> bool {
        matches!(self, Self::Issued | Self::Delivered | Self::Revoked)
    }

    /// The type of the event in messages.
    pub fn event_type(self) -> String {
        format!("request.{self}")
    }
}

/// One event for one receiver, on the queue of notify.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeMessage {
    /// The receiver.
    pub receiver: ReceiverName,
    /// The event.
    pub event: NoticeEvent,
    /// Its number in the audit trail of the request.
    pub number: u64,
    /// Its time.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in policies and in the programs of others.
    #[test]
    fn the_names_of_events_never_change() {
        let names = "submitted pending_approval reminded escalated approved issued delivered refused rejected withdrawn expired failed retried revoked";
        assert_eq!(NoticeEvent::ALL.map(NoticeEvent::as_str).join(" "), names);
        assert_eq!(NoticeEvent::PendingApproval.event_type(), "request.pending_approval");
    }

    #[test]
    fn a_name_fits_into_a_path() {
        for good in ["ops", "a", "team-1", &"a".repeat(40)] {
            assert_eq!(good.parse::<ReceiverName>().map(|name| name.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "Ops", "a/b", "..", "a b", "a_b", "ä", &"a".repeat(41)] {
            assert!(bad.parse::<ReceiverName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_chat_hears_what_to_do_and_a_program_everything() {
        for kind in ReceiverKind::ALL {
            let usual = kind.usual_events();
            assert!(usual.contains(&NoticeEvent::PendingApproval), "{kind}");
            assert_eq!(usual.contains(&NoticeEvent::Delivered), !kind.is_chat(), "{kind}");
        }
    }
}
