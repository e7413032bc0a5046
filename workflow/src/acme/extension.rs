//! The extensions of a standing approval: the row that leads from it to standing approvals with more names, and what keeps
//! programs from asking approvers over and over.
//!
//! Invariant: one extension of a standing approval is asked for at a time. Request id and terms are reserved by a conditional
//! write before the request is submitted, so a repetition is the same request. The row only leads: whether a standing approval
//! is an extension of another one, its approvers decided (`StandingApproval::is_extension_of`). Decision 0156.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::AcmeAccountId;
use crate::framed_hash::FramedHash;
use crate::ids::RequestId;
use crate::request::{Request, Status};
use crate::standing::StandingTerms;
use crate::timestamp::whole_seconds;

/// How long the same names are not asked for again after their extension came to nothing. A client orders each day; approvers
/// who said no hear of it once a month at most.
pub const SAME_NAMES_PAUSE: Duration = Duration::days(30);
/// How long no other names are asked for after an extension that came to nothing: a client with other wrong names each time
/// costs approvers one decision a day at most.
pub const OTHER_NAMES_PAUSE: Duration = Duration::DAY;
/// How long whoever reserved an extension has to submit its request: longer than a call can last.
const SUBMISSION_GRACE: Duration = Duration::MINUTE;

/// The extensions of a standing approval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcmeExtensions {
    grant: RequestId,
    version: u64,
    /// The last one that was approved before `asked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approved: Option<RequestId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<AskedExtension>,
    #[serde(default)]
    declined: Vec<DeclinedExtension>,
}

/// The latest extension that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedExtension {
    /// Its request.
    pub request_id: RequestId,
    /// The account that ordered.
    pub account: AcmeAccountId,
    /// The names that were ordered, sorted.
    pub names: Vec<String>,
    /// The terms.
    pub terms: StandingTerms,
    /// The time, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub asked_at: OffsetDateTime,
    /// True once the request was stored; it may have been removed since.
    pub is_stored: bool,
}

/// An extension that came to nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclinedExtension {
    /// Its request.
    pub request_id: RequestId,
    /// SHA-256 of its names.
    names: String,
    /// The status of its end.
    pub status: Status,
    /// The time of its end, UTC.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

/// What became of the latest extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionProgress {
    /// Its request is not there: whoever reserved it has not submitted it yet, or stopped before.
    Unsubmitted,
    /// It is not decided, or an operator has to help.
    Open,
    /// It was approved.
    Approved,
    /// It came to nothing.
    Declined {
        /// The status of its end.
        status: Status,
        /// The time of its end, UTC.
        at: OffsetDateTime,
    },
}

/// The reason why names are not asked for now.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtensionPause {
    /// The extension that came to nothing.
    pub declined: DeclinedExtension,
    /// True if it was for the same names.
    pub is_same: bool,
    /// The end of the pause, UTC.
    pub until: OffsetDateTime,
}

impl AcmeExtensions {
    /// The row of a standing approval without extensions.
    #[must_use]
    pub fn new(grant: RequestId) -> Self {
        Self { grant, version: 1, approved: None, asked: None, declined: Vec::new() }
    }

    /// The standing approval.
    #[must_use]
    pub fn standing(&self) -> RequestId {
        self.grant
    }

    /// The number of writes so far.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Increments the version after a successful write.
    pub fn count_write(&mut self) {
        self.version += 1;
    }

    /// The latest extension that was asked for.
    #[must_use]
    pub fn asked(&self) -> Option<&AskedExtension> {
        self.asked.as_ref()
    }

    /// The standing approvals that may be the extension in force: the latest one first.
    pub fn candidates(&self) -> impl Iterator<Item = RequestId> {
        self.asked.as_ref().map(|asked| asked.request_id).into_iter().chain(self.approved)
    }

    /// Records what became of the latest extension, so that another one may be asked for. One that is open stays.
    pub fn settle(&mut self, progress: ExtensionProgress) {
        let Some(asked) = &self.asked else { return };
        match progress {
            ExtensionProgress::Unsubmitted | ExtensionProgress::Open => return,
            ExtensionProgress::Approved => self.approved = Some(asked.request_id),
            ExtensionProgress::Declined { status, at } => {
                let (request_id, names) = (asked.request_id, digest_of(&asked.names));
                self.declined.push(DeclinedExtension { request_id, names, status, at });
            }
        }
        self.asked = None;
    }

    /// The reason why these names are not asked for now, if there is one.
    #[must_use]
    pub fn pause(&self, names: &[String], now: OffsetDateTime) -> Option<ExtensionPause> {
        let names = digest_of(names);
        let of = |declined: &DeclinedExtension| {
            let is_same = declined.names == names;
            let until = declined.at + if is_same { SAME_NAMES_PAUSE } else { OTHER_NAMES_PAUSE };
            ExtensionPause { declined: declined.clone(), is_same, until }
        };
        self.declined.iter().map(of).filter(|pause| now < pause.until).max_by_key(|pause| pause.until)
    }

    /// Reserves an extension, in the place of the latest one. Pauses that are over are forgotten.
    pub fn ask(
        &mut self,
        request_id: RequestId,
        account: &AcmeAccountId,
        names: &[String],
        terms: StandingTerms,
        now: OffsetDateTime,
    ) {
        self.declined.retain(|declined| now < declined.at + SAME_NAMES_PAUSE);
        let (account, names, asked_at) = (account.clone(), names.to_vec(), whole_seconds(now));
        self.asked = Some(AskedExtension { request_id, account, names, terms, asked_at, is_stored: false });
    }

    /// Records that the request of the latest extension is stored, if that is still this one.
    pub fn stored(&mut self, request_id: RequestId) {
        if let Some(asked) = self.asked.as_mut().filter(|asked| asked.request_id == request_id) {
            asked.is_stored = true;
        }
    }
}

impl AskedExtension {
    /// True if all of these names were asked for.
    #[must_use]
    pub fn has(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.names.contains(name))
    }

    /// True if whoever reserved it is perhaps about to submit its request.
    #[must_use]
    pub fn is_fresh(&self, now: OffsetDateTime) -> bool {
        now < self.asked_at + SUBMISSION_GRACE
    }

    /// What became of it, by the row of its request as it is now.
    #[must_use]
    pub fn progress(&self, request: Option<&Request>) -> ExtensionProgress {
        let Some(request) = request else {
            return match self.is_stored {
                false => ExtensionProgress::Unsubmitted,
                // Nobody confirmed it, and its row was removed.
                true => ExtensionProgress::Declined { status: Status::Expired, at: self.asked_at },
            };
        };
        match request.shown_status() {
            status @ (Status::Refused | Status::Rejected | Status::Withdrawn | Status::Expired) => {
                let at = request.history().last().map_or(self.asked_at, |entry| entry.at);
                ExtensionProgress::Declined { status, at }
            }
            Status::Issued | Status::Delivered | Status::Revoked => ExtensionProgress::Approved,
            Status::Unconfirmed
            | Status::Submitted
            | Status::PendingApproval
            | Status::Approved
            | Status::Failed => ExtensionProgress::Open,
        }
    }
}

fn digest_of(names: &[String]) -> String {
    let mut hash = FramedHash::new("acme extension names 1");
    hash.fields(names);
    hash.finish()
}

#[cfg(test)]
mod tests;
