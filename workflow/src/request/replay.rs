//! The facts of a request that its audit trail records, held against its row.
//!
//! Invariant: for each rule of a row that records an event, [`Facts::apply`] makes the same change, so a row that only
//! the rules have changed agrees with its trail. Columns without an event (comment, language, reason, findings, policy
//! version, validity) are not compared. A defect is an [`AuditError`].

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::audit::{Actor, AuditError, Event, EventKind, verify};
use super::{OperationRecord, Request, RequestContent, RequesterEvidence, Status, reason_digest};
use crate::decision::{ApprovalDigest, Outcome};
use crate::mail_kind::Notified;

/// Checks a trail, given in order, and the row against it. Returns every defect.
pub fn verify_request(row: &Request, events: &[Event]) -> Vec<AuditError> {
    let broken = verify(row.id(), events, row.audit());
    if !broken.is_empty() {
        // A broken trail is no evidence about the row.
        return broken;
    }
    if events.is_empty() {
        // The trail begins when the requester confirms.
        let is_unconfirmed = row.status() == Status::Unconfirmed && row.history().len() == 1;
        return if is_unconfirmed { Vec::new() } else { vec![AuditError::Empty] };
    }
    let facts = Facts::of(events);
    facts.differences(row).into_iter().map(AuditError::Row).collect()
}

/// The lower-case hex SHA-256 of the certificate's DER that the trail records.
pub fn recorded_certificate(events: &[Event]) -> Option<&str> {
    events.iter().rev().find(|event| event.event == EventKind::Signed)?.digest.as_deref()
}

/// The state of a request, as far as events record it.
#[derive(Debug, Default)]
struct Facts {
    history: Vec<(Status, OffsetDateTime)>,
    requester: Option<Actor>,
    requester_evidence: Option<String>,
    /// The digest of the CSR or of the terms.
    submitted: Option<String>,
    submitted_detail: Option<String>,
    csr_digest: Option<String>,
    approval_digest: Option<String>,
    /// The standing approval that covered it.
    covered_by: Option<String>,
    outcome: Option<(String, Option<String>)>,
    /// Actor and decision.
    /// By actor; a vote that is cast again with a proof takes the place of the first.
    votes: BTreeMap<String, String>,
    serial: Option<String>,
    signed: bool,
    granted: bool,
    /// Number and digest of the latest credential.
    credential: Option<(String, Option<String>)>,
    logged: Option<String>,
    attempt: String,
    mails: BTreeSet<String>,
    /// Reason and actor.
    revocation: Option<(String, Actor)>,
    revocation_attempt: Option<String>,
    revoked: Option<OffsetDateTime>,
    listed: Option<(OffsetDateTime, Option<String>)>,
    /// Time of the order to end the standing approval, and digest of its reason.
    end_asked: Option<(OffsetDateTime, Option<String>)>,
    /// Ends of the standing approval.
    grant_ends: usize,
    /// Operation, actor, time, and digest of the reason.
    operations: Vec<(String, Actor, OffsetDateTime, Option<String>)>,
}

impl Facts {
    fn of(events: &[Event]) -> Self {
        let mut facts = Self { attempt: "1".to_owned(), ..Self::default() };
        events.iter().for_each(|event| facts.apply(event));
        facts
    }

    fn apply(&mut self, event: &Event) {
        let detail = || event.detail.clone().unwrap_or_default();
        match event.event {
            EventKind::Submitted => {
                self.requester = Some(event.actor.clone());
                self.submitted.clone_from(&event.digest);
                self.submitted_detail.clone_from(&event.detail);
                self.enter(Status::Submitted, event);
            }
            EventKind::Confirmed => {
                // Until then it was unconfirmed.
                self.history = vec![(Status::Unconfirmed, self.submitted_at(event))];
                self.enter(Status::Submitted, event);
                self.requester_evidence.clone_from(&event.detail);
            }
            EventKind::Stored => self.csr_digest.clone_from(&event.digest),
            EventKind::Asked => {
                self.approval_digest.clone_from(&event.digest);
                self.enter(Status::PendingApproval, event);
            }
            EventKind::Covered => {
                self.covered_by = Some(detail());
                self.enter(Status::Approved, event);
            }
            EventKind::Voted => _ = self.votes.insert(event.actor.to_string(), detail()),
            EventKind::Decided => {
                if detail() == Outcome::Approved.as_str() {
                    self.enter(Status::Approved, event);
                }
                self.outcome = Some((detail(), event.digest.clone()));
            }
            EventKind::Reserved => self.serial = Some(detail()),
            EventKind::Signed => {
                self.signed = true;
                self.enter(Status::Issued, event);
            }
            EventKind::Granted => {
                self.granted = true;
                self.enter(Status::Issued, event);
            }
            EventKind::CredentialMade => self.credential = Some((detail(), event.digest.clone())),
            EventKind::Logged => self.logged = Some(detail()),
            EventKind::Mailed => _ = self.mails.insert(detail()),
            EventKind::NotMailed => _ = self.mails.remove(&detail()),
            EventKind::Restarted => self.attempt = detail(),
            EventKind::Retried => {
                self.mails.remove(&Notified::Operators.to_string());
                self.enter(self.furthest(), event);
            }
            EventKind::Delivered => self.enter(Status::Delivered, event),
            EventKind::Refused => self.enter(Status::Refused, event),
            EventKind::Rejected => self.enter(Status::Rejected, event),
            EventKind::WithdrawalRecorded => self.enter(Status::Withdrawn, event),
            EventKind::Expired => self.enter(Status::Expired, event),
            EventKind::Failed => self.enter(Status::Failed, event),
            EventKind::RevocationAccepted => {
                self.revocation = Some((detail(), event.actor.clone()));
                self.revocation_attempt = Some("1".to_owned());
            }
            EventKind::Revoked => {
                self.revoked = Some(event.at);
                self.enter(Status::Revoked, event);
            }
            EventKind::RevocationListed => self.listed = Some((event.at, event.detail.clone())),
            EventKind::RevocationRestarted => self.revocation_attempt = Some(detail()),
            EventKind::EndAsked => self.end_asked = Some((event.at, event.digest.clone())),
            EventKind::GrantEnded => self.grant_ends += 1,
            EventKind::Operated => {
                self.operations.push((detail(), event.actor.clone(), event.at, event.digest.clone()));
            }
            EventKind::Viewed
            | EventKind::Withdrawn
            | EventKind::QuestionAsked
            | EventKind::QuestionAnswered
            | EventKind::LinksRenewed
            | EventKind::Escalated
            | EventKind::Downloaded => {}
        }
    }

    fn submitted_at(&self, event: &Event) -> OffsetDateTime {
        self.history.first().map_or(event.at, |(_, at)| *at)
    }

    fn enter(&mut self, status: Status, event: &Event) {
        self.history.push((status, event.at));
    }

    fn entered(&self, status: Status) -> bool {
        self.history.iter().any(|(entered, _)| *entered == status)
    }

    /// As in the rules of a row: the status to which a retry returns.
    fn furthest(&self) -> Status {
        match () {
            () if self.signed || self.granted => Status::Issued,
            () if self.entered(Status::Approved) => Status::Approved,
            () if self.entered(Status::PendingApproval) => Status::PendingApproval,
            () => Status::Submitted,
        }
    }

    /// The columns of the row that differ from these facts.
    fn differences(&self, row: &Request) -> Vec<&'static str> {
        let csr = row.csr();
        let (content, bound) = match row.content() {
            RequestContent::Certificate(_) => ("csrContent", "profile, subject, names or publicKeyDigest"),
            RequestContent::Standing(_) => ("terms", "profile or terms"),
        };
        let approval_digest = row.approval_digest();
        let decision = row.decision();
        let votes: BTreeMap<_, _> = decision
            .into_iter()
            .flat_map(|decision| &decision.votes)
            .map(|vote| (Actor::approver(&vote.approver).to_string(), vote.event_detail()))
            .collect();
        let revocation = row.revocation();
        let history = row.history().iter().map(|entry| (entry.status, entry.at));
        let agreed = [
            (
                "status",
                self.history.last().map(|(status, _)| *status) == Some(row.status())
                    && self.granted == row.is_granted(),
            ),
            ("history", self.history.iter().copied().eq(history)),
            ("registrationDate", self.history.first().map(|(_, at)| *at) == Some(row.registration_date())),
            ("email", self.requester == Some(Actor::requester(row.email()))),
            (
                "requesterEvidence",
                self.requester_evidence == row.requester_evidence().map(RequesterEvidence::summary),
            ),
            (content, self.submitted == Some(row.submitted_digest())),
            ("replaces, grant or kind", self.submitted_detail == row.submitted_detail()),
            (
                "grant",
                self.covered_by.is_none() || self.covered_by == row.standing().map(|id| id.to_string()),
            ),
            ("csrDigest", self.csr_digest.as_ref() == csr.map(|csr| &csr.csr_digest)),
            (
                bound,
                self.approval_digest.is_none()
                    || self.approval_digest.as_deref()
                        == approval_digest.as_ref().map(ApprovalDigest::as_str),
            ),
            (
                "decision",
                self.outcome
                    == decision.map(|it| (it.outcome.as_str().to_owned(), Some(it.digest.to_string()))),
            ),
            ("decision.votes", decision.is_none() || votes == self.votes),
            ("serial", self.serial == row.serial().map(ToString::to_string)),
            ("signedDate", self.signed == row.is_signed()),
            (
                "credential",
                self.credential
                    == row.credential().map(|it| (it.number.to_string(), Some(it.bearer_digest.clone()))),
            ),
            (
                "log",
                // A place that is chosen is no event yet; that of a restored row is in another log.
                match row.log() {
                    Some(log) => log.logged_at.is_none() || self.logged == Some(log.event_detail()),
                    None => self.logged.is_none(),
                },
            ),
            ("executionAttempt", self.attempt == row.execution().attempt.to_string()),
            ("mails", self.mails.iter().eq(row.mails().keys())),
            ("revocation", self.revocation == revocation.map(|it| (it.reason.to_string(), it.by.clone()))),
            (
                "revocation.executionAttempt",
                self.revocation_attempt == revocation.map(|it| it.execution_attempt.to_string()),
            ),
            ("revocation.revokedAt", self.revoked == revocation.and_then(|it| it.revoked_at)),
            (
                "revocation.listedAt or crlNumber",
                self.listed
                    == revocation
                        .and_then(|it| Some((it.listed_at?, it.crl_number.map(|number| number.to_string())))),
            ),
            (
                "endAsked",
                self.end_asked == row.end_asked().map(|it| (it.at, Some(reason_digest(&it.reason)))),
            ),
            ("operations", row.operations().iter().map(operation_facts).eq(self.operations.iter().cloned())),
            // The end is in the table `grants`; the row of a certificate has none, and no other row has two.
            ("kind", self.grant_ends <= usize::from(row.terms().is_some())),
        ];
        agreed.into_iter().filter(|(_, agree)| !agree).map(|(column, _)| column).collect()
    }
}

/// What the trail has of an operation.
fn operation_facts(it: &OperationRecord) -> (String, Actor, OffsetDateTime, Option<String>) {
    (it.operation.to_string(), it.by.clone(), it.at, Some(reason_digest(&it.reason)))
}

#[cfg(test)]
mod tests;
