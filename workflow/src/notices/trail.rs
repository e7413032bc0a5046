//! The events of the audit trail that receivers are told of, as the stream of its table carries them.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
//!
//! Invariant: one event of the trail is at most one event for receivers. A record that cannot be read is none: it must not
//! hold up the stream.

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::decision::Outcome;
use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::receiver::NoticeEvent;
use crate::request::audit::EventKind;

/// An event for receivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailEvent {
    /// The request.
    pub request_id: RequestId,
    /// The number in its trail.
    pub number: u64,
    /// The event.
    pub event: NoticeEvent,
    /// The time.
    pub at: OffsetDateTime,
}

/// The event for receivers that an event of the trail is.
pub fn status_event(kind: EventKind, detail: Option<&str>) -> Option<NoticeEvent> {
    Some(match kind {
        EventKind::Submitted => NoticeEvent::Submitted,
        EventKind::Asked => NoticeEvent::PendingApproval,
        // The requester's mail about a reminder is one, those to approvers are many.
        EventKind::Mailed => match detail?.parse() {
            Ok(MailKind::Waiting(_)) => NoticeEvent::Reminded,
            _ => return None,
        },
        EventKind::Escalated => NoticeEvent::Escalated,
        EventKind::Decided if detail == Some(Outcome::Approved.as_str()) => NoticeEvent::Approved,
        EventKind::Signed => NoticeEvent::Issued,
        EventKind::Delivered => NoticeEvent::Delivered,
        EventKind::Refused => NoticeEvent::Refused,
        EventKind::Rejected => NoticeEvent::Rejected,
        EventKind::WithdrawalRecorded => NoticeEvent::Withdrawn,
        EventKind::Expired => NoticeEvent::Expired,
        EventKind::Failed => NoticeEvent::Failed,
        EventKind::Retried => NoticeEvent::Retried,
        EventKind::Revoked => NoticeEvent::Revoked,
        EventKind::Decided
        | EventKind::Covered
        | EventKind::Confirmed
        | EventKind::Stored
        | EventKind::Viewed
        | EventKind::Voted
        | EventKind::Withdrawn
        | EventKind::QuestionAsked
        | EventKind::QuestionAnswered
        | EventKind::LinksRenewed
        | EventKind::Reserved
        // Delivered comes at once, and says more.
        | EventKind::Granted
        | EventKind::CredentialMade
        | EventKind::Logged
        | EventKind::NotMailed
        | EventKind::Restarted
        | EventKind::Downloaded
        | EventKind::RevocationAccepted
        | EventKind::RevocationListed
        | EventKind::RevocationRestarted
        | EventKind::EndAsked
        | EventKind::Operated
        | EventKind::GrantEnded => return None,
    })
}

#[derive(Deserialize)]
struct StreamBatch {
    #[serde(rename = "Records")]
    records: Vec<StreamRecord>,
}

#[derive(Deserialize)]
struct StreamRecord {
    #[serde(rename = "eventName", default)]
    event_name: String,
    #[serde(default)]
    dynamodb: StreamChange,
}

#[derive(Default, Deserialize)]
struct StreamChange {
    #[serde(rename = "NewImage", default)]
    new_image: serde_json::Value,
}

/// The events in a batch of the stream; `None` if the text is no such batch.
pub fn trail_events(batch: &serde_json::Value) -> Option<Vec<TrailEvent>> {
    let batch = StreamBatch::deserialize(batch).ok()?;
    let inserted = batch.records.iter().filter(|record| record.event_name == "INSERT");
    let read = inserted.filter_map(|record| {
        let event = trail_event(&record.dynamodb.new_image);
        if event.is_none() {
            tracing::error!("cannot read a record of the audit trail; no receiver is told of it");
        }
        event?
    });
    Some(read.collect())
}

/// `None` if the row cannot be read, `Some(None)` if receivers are not told of it.
fn trail_event(row: &serde_json::Value) -> Option<Option<TrailEvent>> {
    let text = |column: &str, kind: &str| row.get(column)?.get(kind)?.as_str();
    let kind: EventKind = text("event", "S")?.parse().ok()?;
    let Some(event) = status_event(kind, text("detail", "S")) else { return Some(None) };
    Some(Some(TrailEvent {
        request_id: text("requestId", "S")?.parse().ok()?,
        number: text("number", "N")?.parse().ok()?,
        event,
        at: OffsetDateTime::parse(text("at", "S")?, &Rfc3339).ok()?,
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    const ID: &str = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d";

    fn record(event: &str, detail: Option<&str>) -> Value {
        let mut row = json!({
            "requestId": { "S": ID }, "number": { "N": "7" }, "event": { "S": event },
            "at": { "S": "2026-01-01T12:00:00Z" }, "actor": { "S": "worker:test" },
        });
        if let Some(detail) = detail {
            row["detail"] = json!({ "S": detail });
        }
        json!({ "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": { "NewImage": row } })
    }

    #[test]
    fn a_batch_of_the_stream_is_read() {
        let mut removed = record("failed", None);
        removed["eventName"] = json!("REMOVE");
        let broken = json!({ "eventName": "INSERT", "dynamodb": { "NewImage": { "event": { "S": "x" } } } });
        let records =
            [record("asked", None), record("mailed", Some("approval/a@example.com")), broken, removed];
        let read = trail_events(&json!({ "Records": records })).unwrap();
        let event = TrailEvent {
            request_id: ID.parse().unwrap(),
            number: 7,
            event: NoticeEvent::PendingApproval,
            at: datetime!(2026-01-01 12:00 UTC),
        };
        assert_eq!(read, [event]);
        assert_eq!(trail_events(&json!({})), None);
    }

    #[test]
    fn a_reminder_is_told_once_and_only_an_approval_is_approved() {
        for (kind, detail, event) in [
            (EventKind::Mailed, Some("waiting/1"), Some(NoticeEvent::Reminded)),
            (EventKind::Mailed, Some("reminder/1/a@example.com"), None),
            (EventKind::Mailed, Some("posted/3/ops"), None),
            (EventKind::Mailed, None, None),
            (EventKind::Decided, Some("approved"), Some(NoticeEvent::Approved)),
            (EventKind::Decided, Some("rejected"), None),
        ] {
            assert_eq!(status_event(kind, detail), event, "{kind} {detail:?}");
        }
    }

    /// The filter of the event source in infra/template.yaml: what it drops, nobody is told of.
    #[test]
    fn the_filter_of_the_template_lets_all_of_them_through() {
        let template = include_str!("../../../infra/template.yaml");
        let line = template.lines().find(|line| line.contains(r#""event":{"S":["submitted""#)).unwrap();
        let (_, list) = line.split_once(r#""S":["#).unwrap();
        let listed: BTreeSet<&str> =
            list.split(']').next().unwrap().split(',').map(|name| name.trim_matches('"')).collect();
        let told = EventKind::ALL.into_iter().filter(|kind| {
            status_event(*kind, None).or(status_event(*kind, Some(Outcome::Approved.as_str()))).is_some()
        });
        assert_eq!(listed, told.map(EventKind::as_str).collect());
        assert!(template.contains(r#""event":{"S":["mailed"]},"detail":{"S":[{"prefix":"waiting/"}]}"#));
    }

    #[test]
    fn every_event_has_a_cause_in_the_trail() {
        let details = [None, Some("approved"), Some("waiting/2")];
        let caused: Vec<NoticeEvent> = EventKind::ALL
            .into_iter()
            .flat_map(|kind| details.map(|detail| status_event(kind, detail)))
            .flatten()
            .collect();
        for event in NoticeEvent::ALL {
            assert!(caused.contains(&event), "{event}");
        }
    }
}
