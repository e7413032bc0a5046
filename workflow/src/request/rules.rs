//! The rules for changes of a request.
//!
//! Each rule is idempotent: a repetition changes nothing and records no second event.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::audit::{self, Event, EventKind, Origin, PendingEvent};
use super::{Ending, Execution, HistoryEntry, InvalidTransition, Request, Reservation, Status, Submission};
use crate::decision::{DecisionRecord, Outcome};
use crate::grant::{CheckedKey, CsrSummary};
use crate::ids::RequestId;
use crate::mail_kind::{MailKind, Notified};
use crate::timestamp::{rfc3339, whole_seconds};
use pki::certificate::{Serial, Validity};

/// The longest time between the entry of AwaitApproval and the question to the approvers.
const EXPIRY_SLACK: Duration = Duration::days(1);

impl Request {
    /// The row of a new request, before the first execution is started.
    pub fn submitted(
        id: RequestId,
        submission: Submission,
        execution_arn: String,
        now: OffsetDateTime,
    ) -> Self {
        let now = whole_seconds(now);
        let mut request = Self::stored(id, Status::Submitted, submission, execution_arn, now);
        request.entries.push(request.submitted_event());
        request
    }

    pub(super) fn stored(
        id: RequestId,
        status: Status,
        submission: Submission,
        execution_arn: String,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            version: 1,
            status,
            email: submission.email,
            language: submission.language,
            comment: submission.comment,
            content: submission.content,
            credential: None,
            end_asked: None,
            operations: Vec::new(),
            profile: submission.profile,
            registration_date: now,
            submitted_from: None,
            requester_evidence: None,
            policy_version: submission.policy_version,
            expires_at: None,
            decision: None,
            reservation: None,
            signed_date: None,
            log: None,
            settled_at: None,
            execution: Execution { arn: execution_arn, attempt: 1, started: now },
            mails: BTreeMap::new(),
            ending: None,
            revocation: None,
            history: vec![HistoryEntry { status, at: now }],
            audit: audit::ChainHead::default(),
            entries: Vec::new(),
        }
    }

    pub(super) fn submitted_event(&self) -> PendingEvent {
        let submitted = PendingEvent::new(EventKind::Submitted, self.registration_date)
            .with_digest(self.submitted_digest());
        match self.submitted_detail() {
            None => submitted,
            Some(detail) => submitted.with_detail(detail),
        }
    }

    /// The digest of what was submitted, as the audit trail has it.
    pub fn submitted_digest(&self) -> String {
        hex::encode(digest(&SHA256, self.content.submitted_text().as_bytes()))
    }

    /// What the request is about beside that: the request that it replaces, the standing approval above it, or its kind if
    /// it is no certificate.
    pub(super) fn submitted_detail(&self) -> Option<String> {
        let under = self.standing().map(|standing| format!("under {standing}"));
        let replaces = self.replaces().map(|replaced| replaced.to_string());
        let kind = self.terms().map(|_| self.kind().to_string());
        let all: Vec<String> = replaces.into_iter().chain(under).chain(kind).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// Records an event that changes nothing else in the row.
    ///
    /// The trail of an unconfirmed request is empty: [`Request::confirm`] begins it.
    pub fn note(&mut self, entry: PendingEvent) {
        if self.status != Status::Unconfirmed {
            self.entries.push(entry);
        }
    }

    /// Appends the events since the row was read to the audit trail, with `by` as their origin.
    pub fn take_events(&mut self, by: &Origin) -> Vec<Event> {
        let entries = std::mem::take(&mut self.entries);
        audit::append(&mut self.audit, self.id, entries, by)
    }

    /// Like [`Request::take_events`], with an origin for each kind of event: a row that a test made in one go has the
    /// trail of a request that people and workers made.
    #[cfg(any(test, feature = "testing"))]
    pub fn take_events_by(&mut self, by: impl Fn(EventKind) -> Origin) -> Vec<Event> {
        let entries = std::mem::take(&mut self.entries);
        let append = |entry: PendingEvent| {
            let by = by(entry.event);
            audit::append(&mut self.audit, self.id, vec![entry], &by)
        };
        entries.into_iter().flat_map(append).collect()
    }

    /// Stores the summary of the CSR, the record of its key, and the version of the policy that allowed it. Only the
    /// first call has an effect, and none on the request of a standing approval.
    pub fn record_csr(
        &mut self,
        csr: CsrSummary,
        checked_key: Option<CheckedKey>,
        policy_version: &str,
        now: OffsetDateTime,
    ) {
        let Some(certificate) = self.certificate_mut().filter(|certificate| certificate.csr.is_none()) else {
            return;
        };
        certificate.checked_key = checked_key.or_else(|| certificate.checked_key.take());
        let stored = PendingEvent::new(EventKind::Stored, now).with_digest(&csr.csr_digest);
        certificate.csr = Some(csr);
        self.note(stored);
        self.policy_version = policy_version.to_owned();
    }

    /// Starts the approval period, which ends at `expires_at`. Only the first call has an effect.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the request has ended.
    pub fn ask_approvers(
        &mut self,
        expires_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<(), InvalidTransition> {
        match self.status {
            // Nobody is asked about a certificate under a standing approval.
            Status::Submitted if self.standing().is_none() => {
                self.expires_at = Some(expires_at);
                let entry = PendingEvent::new(EventKind::Asked, now);
                self.note(match self.approval_digest() {
                    Some(binds) => entry.with_digest(binds.as_str()),
                    None => entry,
                });
                self.enter(Status::PendingApproval, now);
                Ok(())
            }
            Status::PendingApproval | Status::Approved | Status::Issued | Status::Delivered => Ok(()),
            status => Err(InvalidTransition { status, change: "put to its approvers" }),
        }
    }

    /// Stores the decision of the approvers. An approval changes the status; a later step handles a rejection.
    ///
    /// # Errors
    /// [`InvalidTransition`] if there is another decision, or the request is not waiting for one.
    pub fn record_decision(
        &mut self,
        decision: DecisionRecord,
        now: OffsetDateTime,
    ) -> Result<(), InvalidTransition> {
        match (&self.decision, self.status) {
            (Some(standing), _) if standing.outcome == decision.outcome => Ok(()),
            (None, Status::PendingApproval) => {
                let approved = decision.is_approval();
                self.note(
                    PendingEvent::new(EventKind::Decided, now)
                        .with_digest(decision.digest.as_str())
                        .with_detail(decision.outcome.as_str()),
                );
                self.decision = Some(decision);
                if approved {
                    self.enter(Status::Approved, now);
                }
                Ok(())
            }
            (_, status) => Err(InvalidTransition { status, change: "decided" }),
        }
    }

    /// Reserves the serial and the validity. Only the first call has an effect; later calls return the reserved values.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the request is not approved, or asks for no certificate.
    pub fn reserve(
        &mut self,
        serial: Serial,
        validity: Validity,
        now: OffsetDateTime,
    ) -> Result<Reservation, InvalidTransition> {
        match (&self.reservation, self.status) {
            (Some(reserved), Status::Approved | Status::Issued | Status::Delivered | Status::Revoked) => {
                Ok(reserved.clone())
            }
            (None, Status::Approved) if self.certificate().is_some() => {
                self.note(PendingEvent::new(EventKind::Reserved, now).with_detail(serial.to_string()));
                Ok(self.reservation.insert(Reservation { serial, validity }).clone())
            }
            (_, status) => Err(InvalidTransition { status, change: "given a serial number" }),
        }
    }

    /// Records that the certificate is stored; `fingerprint` is the lower-case hex SHA-256 of its DER. `validity` is
    /// the validity in the certificate: the reserved one, unless the CA or the policy changed before signing
    /// (docs/decisions/0011).
    ///
    /// # Errors
    /// [`InvalidTransition`] if no serial is reserved, or the request is not approved.
    pub fn issued(
        &mut self,
        fingerprint: &str,
        validity: Validity,
        now: OffsetDateTime,
    ) -> Result<(), InvalidTransition> {
        match (self.status, &mut self.reservation) {
            (Status::Approved, Some(reservation)) => {
                reservation.validity = validity;
                let serial = reservation.serial.to_string();
                self.note(
                    PendingEvent::new(EventKind::Signed, now).with_digest(fingerprint).with_detail(serial),
                );
                self.signed_date = Some(whole_seconds(now));
                self.enter(Status::Issued, now);
                Ok(())
            }
            (Status::Issued | Status::Delivered | Status::Revoked, _) => Ok(()),
            (status, _) => Err(InvalidTransition { status, change: "issued" }),
        }
    }

    /// Records that the certificate was mailed, or that the requester was told of the standing approval.
    ///
    /// # Errors
    /// [`InvalidTransition`] if there is neither.
    pub fn delivered(&mut self, now: OffsetDateTime) -> Result<(), InvalidTransition> {
        match self.status {
            Status::Issued => {
                self.note(PendingEvent::new(EventKind::Delivered, now));
                self.enter(Status::Delivered, now);
                Ok(())
            }
            // A certificate that was revoked meanwhile was mailed all the same.
            Status::Delivered | Status::Revoked => Ok(()),
            status => Err(InvalidTransition { status, change: "delivered" }),
        }
    }

    /// Ends the request without delivery. Idempotent.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the request has another ending, or has a certificate and `ending` is not a failure.
    pub fn end(&mut self, ending: Ending, now: OffsetDateTime) -> Result<(), InvalidTransition> {
        let undecided = self.is_undecided();
        let (allowed, event) = match ending.status {
            Status::Refused => (undecided || self.status == Status::Approved, EventKind::Refused),
            // A message alone ends no request so: the cause is in the row.
            Status::Rejected => (
                undecided && self.is_decided_as(Outcome::Rejected) && !self.is_withdrawn(),
                EventKind::Rejected,
            ),
            Status::Withdrawn => (undecided && self.is_withdrawn(), EventKind::WithdrawalRecorded),
            Status::Expired => {
                // The hard bound of the state counts from its entry, the approval period from the question a little later.
                let is_over = self.expires_at.is_some_and(|end| end - EXPIRY_SLACK <= now);
                (undecided && (is_over || self.is_decided_as(Outcome::Expired)), EventKind::Expired)
            }
            _ => (ending.status == Status::Failed && self.status.is_in_flow(), EventKind::Failed),
        };
        if self.status == ending.status {
            return Ok(());
        }
        if !allowed {
            return Err(InvalidTransition { status: self.status, change: ending.status.as_str() });
        }
        let entry = PendingEvent::new(event, now);
        self.note(match ending.code {
            Some(code) => entry.with_detail(code.as_str()),
            None => entry,
        });
        self.enter(ending.status, now);
        self.ending = Some(ending);
        Ok(())
    }

    /// True if the approvers have been asked or will be, and have not decided.
    pub fn is_undecided(&self) -> bool {
        matches!(self.status, Status::Submitted | Status::PendingApproval)
    }

    fn is_decided_as(&self, outcome: Outcome) -> bool {
        self.decision.as_ref().is_some_and(|decision| decision.outcome == outcome)
    }

    /// Records that a mail was sent. Idempotent.
    pub fn mailed(&mut self, kind: &MailKind, now: OffsetDateTime) {
        self.claim_mail(kind, now);
    }

    /// Records that a mail is about to be sent, so that no other run sends it. Returns true if the caller must send it.
    /// If the sender dies right after this call, the mail stays unsent: only for mails that may be lost but must not be
    /// repeated.
    pub fn claim_mail(&mut self, kind: &MailKind, now: OffsetDateTime) -> bool {
        self.claim(&Notified::from(kind), now)
    }

    /// Like [`Request::claim_mail`], for a mail that may be repeated after `min_interval`.
    pub fn claim_mail_again(&mut self, kind: &MailKind, min_interval: Duration, now: OffsetDateTime) -> bool {
        let name = kind.to_string();
        let last = self.mails.get(&name).and_then(|at| OffsetDateTime::parse(at, &Rfc3339).ok());
        if last.is_some_and(|last| now - last < min_interval) {
            return false;
        }
        self.mails.remove(&name);
        self.claim_mail(kind, now)
    }

    /// Releases a claim, because the mail could not be sent.
    pub fn release_mail(&mut self, kind: &MailKind, now: OffsetDateTime) {
        let name = kind.to_string();
        if self.mails.remove(&name).is_some() {
            self.note(PendingEvent::new(EventKind::NotMailed, now).with_detail(name));
        }
    }

    /// Like [`Request::release_mail`], unless the claim was made at another time, by another run.
    pub fn release_mail_of(&mut self, kind: &MailKind, claimed_at: OffsetDateTime) {
        if self.mails.get(&kind.to_string()).is_some_and(|at| *at == rfc3339(claimed_at)) {
            self.release_mail(kind, claimed_at);
        }
    }

    /// True if a mail of this kind was sent or claimed.
    pub fn was_mailed(&self, kind: &MailKind) -> bool {
        self.mails.contains_key(&kind.to_string())
    }

    /// The time at which a mail of this kind was last sent or claimed.
    pub fn mailed_at(&self, kind: &MailKind) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.mails.get(&kind.to_string())?, &Rfc3339).ok()
    }

    /// Records that the operators were notified of a failure. Idempotent.
    pub fn operators_notified(&mut self, now: OffsetDateTime) {
        self.claim(&Notified::Operators, now);
    }

    /// True if the operators were notified of the failure of this request.
    pub fn has_notified_operators(&self) -> bool {
        self.mails.contains_key(&Notified::Operators.to_string())
    }

    fn claim(&mut self, notified: &Notified, now: OffsetDateTime) -> bool {
        let name = notified.to_string();
        let claimed = !self.mails.contains_key(&name);
        if claimed {
            self.note(PendingEvent::new(EventKind::Mailed, now).with_detail(&name));
            self.mails.insert(name, rfc3339(now));
        }
        claimed
    }

    /// The time at which the request first entered this status; `None` if it never did.
    pub fn entered(&self, status: Status) -> Option<OffsetDateTime> {
        self.history.iter().find(|entry| entry.status == status).map(|entry| entry.at)
    }

    /// True if the request ended without a certificate, and the requester has no mail about it.
    pub fn is_unnotified(&self) -> bool {
        let kind = match self.status {
            Status::Refused => MailKind::Refused,
            Status::Rejected => MailKind::Rejected,
            Status::Withdrawn => MailKind::Withdrawn,
            Status::Expired => MailKind::Expired,
            Status::Failed => MailKind::Failed,
            _ => return false,
        };
        !self.was_mailed(&kind)
    }

    /// Records that attempt number `attempt` runs as `execution_arn`. Accepts only the next attempt in order.
    pub fn restarted(&mut self, attempt: u32, execution_arn: String, now: OffsetDateTime) -> bool {
        let at_work = self.status.is_in_flow() || self.is_unnotified();
        let next = attempt == self.execution.attempt + 1 && at_work;
        if next {
            self.note(PendingEvent::new(EventKind::Restarted, now).with_detail(attempt.to_string()));
            self.execution = Execution { arn: execution_arn, attempt, started: whole_seconds(now) };
        }
        next
    }

    /// Restarts a failed request on behalf of an operator: resets it to the furthest status that the row supports, and
    /// records its next execution. Approval, reservation and stored certificate stay, so there is never a second
    /// certificate. Changes nothing if the request has not ended.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the request has another ending: an outcome is not a fault.
    pub fn retry(
        &mut self,
        arn: impl Fn(u32) -> String,
        now: OffsetDateTime,
    ) -> Result<(), InvalidTransition> {
        match self.status {
            Status::Failed => {
                self.ending = None;
                // If the request fails again, the operators must be notified again.
                self.mails.remove(&Notified::Operators.to_string());
                self.note(PendingEvent::new(EventKind::Retried, now));
                self.enter(self.furthest(), now);
                let attempt = self.execution.attempt + 1;
                self.restarted(attempt, arn(attempt), now);
                Ok(())
            }
            status if status.is_in_flow() => Ok(()),
            status => Err(InvalidTransition { status, change: "retried" }),
        }
    }

    /// The furthest status that the row supports.
    fn furthest(&self) -> Status {
        let approved = self.decision.as_ref().is_some_and(DecisionRecord::is_approval);
        match () {
            () if self.is_signed() || self.is_granted() => Status::Issued,
            () if approved || self.is_covered() => Status::Approved,
            () if self.expires_at.is_some() => Status::PendingApproval,
            () => Status::Submitted,
        }
    }

    pub(super) fn enter(&mut self, status: Status, now: OffsetDateTime) {
        self.status = status;
        self.history.push(HistoryEntry { status, at: whole_seconds(now) });
    }
}
