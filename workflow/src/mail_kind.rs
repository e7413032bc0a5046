//! The kinds of mail, and their names in rows, in the audit trail and in Message-IDs.
//!
//! Invariant: a name has exactly one spelling, and the name of a kind never changes: existing rows contain it. A text
//! that is not exactly the name of a kind is an error, so a row keeps it unchanged.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::email::Email;
use crate::receiver::ReceiverName;
use crate::wire_names;

/// A kind of mail. Mails of one kind about one request are the same mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum MailKind {
    /// To the requester: the link that confirms the request.
    Confirm,
    /// To the requester: the request has arrived.
    Received,
    /// To the requester: the policy does not allow the request.
    Refused,
    /// To the requester: an approver rejected the request. In rows of version 0.1.0 also for a withdrawn request.
    Rejected,
    /// To the requester: the requester withdrew the request.
    Withdrawn,
    /// To the requester: the approval period is over.
    Expired,
    /// To the requester: the request failed.
    Failed,
    /// To the requester: the certificate.
    Issued,
    /// To the requester: the certificate was revoked.
    Revoked,
    /// To the requester: the link to all requests of the address.
    Overview,
    /// To an approver: the code that confirms a new passkey.
    Enrolment,
    /// To the requester: the approvers have been reminded, for the n-th time.
    Waiting(u32),
    /// To the requester: the n-th question of an approver.
    Question(u32),
    /// To the requester: certificates end. The number of days before the end of the reminder.
    Expiring(u32),
    /// To the requester: the certificates under a standing approval, up to the n-th.
    Statement(u32),
    /// To the requester: news of a standing approval.
    Standing(StandingNotice),
    /// To the person or team that is told of certificates that nobody renews.
    Unrenewed {
        /// The number of days before the end of the escalation.
        days: u32,
        /// The recipient.
        recipient: Email,
    },
    /// To an approver: the link to the review.
    Approval {
        /// The generation of the link.
        generation: u32,
        /// The recipient.
        approver: Email,
    },
    /// To an approver: the n-th reminder.
    Reminder {
        /// The number of the reminder, from 1.
        number: u32,
        /// The recipient.
        approver: Email,
    },
    /// To an approver: the certificate that the approver approved was revoked.
    RevokedApproval {
        /// The recipient.
        approver: Email,
    },
    /// To the approvers: a reminder that the requester asked for.
    Prompt,
    /// To an approver: the link to everything that waits for them.
    Inbox {
        /// The recipient.
        approver: Email,
    },
    /// To an approver: the requester answered the n-th question.
    Answer {
        /// The number of the question.
        number: u32,
        /// The recipient.
        approver: Email,
    },
    /// To an approver: the vote is recorded.
    VoteReceipt {
        /// The recipient.
        approver: Email,
    },
    /// Not a mail: a message to the channel of a chat about an event.
    Posted {
        /// The number of the event in the audit trail.
        number: u64,
        /// The channel.
        receiver: ReceiverName,
    },
}

/// News of a standing approval, each told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StandingNotice {
    /// A person ended it.
    Ended,
    /// The policy in force no longer allows it, or too few of those who approved it are approvers.
    Stopped,
    /// Its time is nearly over.
    Ending,
    /// Most of its certificates are counted.
    NearlyUsed,
}

wire_names!(StandingNotice: "news of a standing approval" {
    Ended => "ended",
    Stopped => "stopped",
    Ending => "ending",
    NearlyUsed => "nearly-used",
});

impl MailKind {
    /// True for mails that a mail client shows together with the others about the same request.
    pub fn is_about_one_request(&self) -> bool {
        !matches!(
            self,
            Self::Overview
                | Self::Enrolment
                | Self::Expiring(_)
                | Self::Unrenewed { .. }
                | Self::Inbox { .. }
        )
    }

    /// The name without the recipient's address, for logs.
    pub fn without_recipient(&self) -> String {
        match self {
            Self::Approval { generation, .. } => format!("approval/{generation}"),
            Self::Reminder { number, .. } => format!("reminder/{number}"),
            Self::RevokedApproval { .. } => "revoked".to_owned(),
            Self::VoteReceipt { .. } => "voted".to_owned(),
            Self::Inbox { .. } => "inbox".to_owned(),
            Self::Answer { number, .. } => format!("answer/{number}"),
            Self::Unrenewed { days, .. } => format!("unrenewed/{days}d"),
            kind => kind.to_string(),
        }
    }
}

impl fmt::Display for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confirm => f.write_str("confirm"),
            Self::Received => f.write_str("received"),
            Self::Refused => f.write_str("refused"),
            Self::Rejected => f.write_str("rejected"),
            Self::Withdrawn => f.write_str("withdrawn"),
            Self::Expired => f.write_str("expired"),
            Self::Failed => f.write_str("failed"),
            Self::Issued => f.write_str("issued"),
            Self::Revoked => f.write_str("revoked"),
            Self::Overview => f.write_str("overview"),
            Self::Enrolment => f.write_str("enrolment"),
            Self::Prompt => f.write_str("prompt"),
            Self::Waiting(number) => write!(f, "waiting/{number}"),
            Self::Expiring(days) => write!(f, "expiring/{days}d"),
            Self::Statement(number) => write!(f, "statement/{number}"),
            Self::Standing(notice) => write!(f, "standing/{notice}"),
            Self::Unrenewed { days, recipient } => write!(f, "unrenewed/{days}d/{recipient}"),
            // The first generation has no number: its name in rows predates generations.
            Self::Approval { generation: 1, approver } => write!(f, "approval/{approver}"),
            Self::Approval { generation, approver } => write!(f, "approval/{generation}/{approver}"),
            Self::Reminder { number, approver } => write!(f, "reminder/{number}/{approver}"),
            Self::RevokedApproval { approver } => write!(f, "revoked/{approver}"),
            Self::Question(number) => write!(f, "question/{number}"),
            Self::Answer { number, approver } => write!(f, "answer/{number}/{approver}"),
            Self::Inbox { approver } => write!(f, "inbox/{approver}"),
            Self::VoteReceipt { approver } => write!(f, "voted/{approver}"),
            Self::Posted { number, receiver } => write!(f, "posted/{number}/{receiver}"),
        }
    }
}

/// The text is not the name of a kind of mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no mail of the kind {0:?}")]
pub struct UnknownMailKind(String);

impl FromStr for MailKind {
    type Err = UnknownMailKind;

    fn from_str(text: &str) -> Result<Self, UnknownMailKind> {
        // Numbers and addresses have several spellings; only the spelling of `Display` is a name.
        parse(text).filter(|kind| kind.to_string() == text).ok_or_else(|| UnknownMailKind(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<MailKind> {
    let numbered = |rest: &str| {
        let (number, approver) = rest.split_once('/')?;
        Some((number.parse().ok()?, approver.parse().ok()?))
    };
    Some(match text.split_once('/') {
        None => match text {
            "confirm" => MailKind::Confirm,
            "received" => MailKind::Received,
            "refused" => MailKind::Refused,
            "rejected" => MailKind::Rejected,
            "withdrawn" => MailKind::Withdrawn,
            "expired" => MailKind::Expired,
            "failed" => MailKind::Failed,
            "issued" => MailKind::Issued,
            "revoked" => MailKind::Revoked,
            "overview" => MailKind::Overview,
            "enrolment" => MailKind::Enrolment,
            "prompt" => MailKind::Prompt,
            _ => return None,
        },
        Some(("question", number)) => MailKind::Question(number.parse().ok()?),
        Some(("answer", rest)) => {
            let (number, approver) = numbered(rest)?;
            MailKind::Answer { number, approver }
        }
        Some(("waiting", number)) => MailKind::Waiting(number.parse().ok()?),
        Some(("statement", number)) => MailKind::Statement(number.parse().ok()?),
        Some(("standing", notice)) => MailKind::Standing(notice.parse().ok()?),
        Some(("expiring", days)) => MailKind::Expiring(days.strip_suffix('d')?.parse().ok()?),
        Some(("unrenewed", rest)) => {
            let (days, recipient) = rest.split_once('/')?;
            let days = days.strip_suffix('d')?.parse().ok()?;
            MailKind::Unrenewed { days, recipient: recipient.parse().ok()? }
        }
        // RFC 5321 allows a slash in a local part, so "2/a@example.com" is an address too; it is read as a generation.
        Some(("approval", rest)) => match numbered(rest) {
            Some((generation, approver)) if generation > 1 => MailKind::Approval { generation, approver },
            _ => MailKind::Approval { generation: 1, approver: rest.parse().ok()? },
        },
        Some(("reminder", rest)) => {
            let (number, approver) = numbered(rest)?;
            MailKind::Reminder { number, approver }
        }
        Some(("posted", rest)) => {
            let (number, receiver) = rest.split_once('/')?;
            MailKind::Posted { number: number.parse().ok()?, receiver: receiver.parse().ok()? }
        }
        Some(("revoked", approver)) => MailKind::RevokedApproval { approver: approver.parse().ok()? },
        Some(("inbox", approver)) => MailKind::Inbox { approver: approver.parse().ok()? },
        Some(("voted", approver)) => MailKind::VoteReceipt { approver: approver.parse().ok()? },
        Some(_) => return None,
    })
}

impl From<MailKind> for String {
    fn from(kind: MailKind) -> Self {
        kind.to_string()
    }
}

impl TryFrom<String> for MailKind {
    type Error = UnknownMailKind;

    fn try_from(text: String) -> Result<Self, UnknownMailKind> {
        text.parse()
    }
}

/// A notification that a row records, each at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notified {
    /// A mail of this kind.
    Mail(MailKind),
    /// The operators, by the alert topic, of a failure. Not a mail.
    Operators,
}

impl fmt::Display for Notified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(kind) => kind.fmt(f),
            Self::Operators => f.write_str("operators-failed"),
        }
    }
}

impl From<&MailKind> for Notified {
    fn from(kind: &MailKind) -> Self {
        Self::Mail(kind.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address() -> impl Strategy<Value = Email> {
        "[a-z0-9.+-]{1,12}@[a-z]{1,8}\\.(com|example)"
            .prop_filter_map("no address", |text| text.parse::<Email>().ok())
    }

    fn kind() -> impl Strategy<Value = MailKind> {
        prop_oneof![
            prop::sample::select(vec![
                MailKind::Confirm,
                MailKind::Received,
                MailKind::Refused,
                MailKind::Rejected,
                MailKind::Withdrawn,
                MailKind::Expired,
                MailKind::Failed,
                MailKind::Issued,
                MailKind::Revoked,
                MailKind::Overview,
                MailKind::Prompt,
            ]),
            any::<u32>().prop_map(MailKind::Waiting),
            any::<u32>().prop_map(MailKind::Expiring),
            any::<u32>().prop_map(MailKind::Statement),
            prop::sample::select(StandingNotice::ALL.to_vec()).prop_map(MailKind::Standing),
            (any::<u32>(), address()).prop_map(|(days, recipient)| MailKind::Unrenewed { days, recipient }),
            (1u32.., address())
                .prop_map(|(generation, approver)| MailKind::Approval { generation, approver }),
            (any::<u32>(), address()).prop_map(|(number, approver)| MailKind::Reminder { number, approver }),
            address().prop_map(|approver| MailKind::RevokedApproval { approver }),
            address().prop_map(|approver| MailKind::VoteReceipt { approver }),
            address().prop_map(|approver| MailKind::Inbox { approver }),
            any::<u32>().prop_map(MailKind::Question),
            (any::<u32>(), address()).prop_map(|(number, approver)| MailKind::Answer { number, approver }),
            (any::<u64>(), "[a-z0-9-]{1,32}").prop_map(|(number, receiver)| MailKind::Posted {
                number,
                receiver: receiver.parse().unwrap(),
            }),
        ]
    }

    proptest! {
        #[test]
        fn no_log_has_a_recipient(kind in kind()) {
            prop_assert!(!kind.without_recipient().contains('@'));
        }

        #[test]
        fn every_kind_round_trips(kind in kind()) {
            prop_assert_eq!(kind.to_string().parse(), Ok(kind.clone()));
            let json = serde_json::to_string(&kind).unwrap();
            prop_assert_eq!(serde_json::from_str::<MailKind>(&json).unwrap(), kind);
        }

        #[test]
        fn a_text_is_the_name_of_its_kind_or_of_none(text in "(waiting|statement|expiring|unrenewed|approval|reminder|received|revoked|voted|inbox|question|answer|posted)?/?[0-9]{0,2}d?/?[a-zA-Z@.]{0,12}") {
            if let Ok(kind) = text.parse::<MailKind>() {
                prop_assert_eq!(kind.to_string(), text);
            }
        }
    }

    /// The names in rows of version 0.1.0.
    #[test]
    fn the_names_are_those_in_rows() {
        let approver = || "alice@example.com".parse::<Email>().unwrap();
        for (kind, name) in [
            (MailKind::Confirm, "confirm"),
            (MailKind::Received, "received"),
            (MailKind::Refused, "refused"),
            (MailKind::Rejected, "rejected"),
            (MailKind::Withdrawn, "withdrawn"),
            (MailKind::Expired, "expired"),
            (MailKind::Failed, "failed"),
            (MailKind::Issued, "issued"),
            (MailKind::Overview, "overview"),
            (MailKind::Waiting(1), "waiting/1"),
            (MailKind::Expiring(30), "expiring/30d"),
            (MailKind::Statement(17), "statement/17"),
            (MailKind::Standing(StandingNotice::Ended), "standing/ended"),
            (MailKind::Standing(StandingNotice::Stopped), "standing/stopped"),
            (MailKind::Standing(StandingNotice::Ending), "standing/ending"),
            (MailKind::Standing(StandingNotice::NearlyUsed), "standing/nearly-used"),
            (MailKind::Unrenewed { days: 7, recipient: approver() }, "unrenewed/7d/alice@example.com"),
            (MailKind::Approval { generation: 1, approver: approver() }, "approval/alice@example.com"),
            (MailKind::Approval { generation: 2, approver: approver() }, "approval/2/alice@example.com"),
            (MailKind::Reminder { number: 1, approver: approver() }, "reminder/1/alice@example.com"),
            (MailKind::Revoked, "revoked"),
            (MailKind::RevokedApproval { approver: approver() }, "revoked/alice@example.com"),
            (MailKind::Question(2), "question/2"),
            (MailKind::Answer { number: 2, approver: approver() }, "answer/2/alice@example.com"),
            (MailKind::Prompt, "prompt"),
            (MailKind::Inbox { approver: approver() }, "inbox/alice@example.com"),
            (MailKind::VoteReceipt { approver: approver() }, "voted/alice@example.com"),
            (MailKind::Posted { number: 7, receiver: "ops".parse().unwrap() }, "posted/7/ops"),
        ] {
            assert_eq!(kind.to_string(), name);
            assert_eq!(name.parse(), Ok(kind));
        }
        assert_eq!(Notified::Operators.to_string(), "operators-failed");
    }

    #[test]
    fn other_spellings_are_no_kinds() {
        for text in [
            "",
            "waiting",
            "waiting/01",
            "waiting/+1",
            "expiring/30",
            "expiring/030d",
            "operators-failed",
            "x/1",
        ] {
            assert!(text.parse::<MailKind>().is_err(), "{text}");
        }
    }
}
