//! The row of the table `certificates`, column by column.
//!
//! Invariant: the columns are a contract with other programs and with rows of earlier versions: a name never changes,
//! and a column missing in a row has a default here. A row with contradictory columns is a [`ColumnsError`].

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::OffsetDateTime;

use super::audit::ChainHead;
use super::row::{Ending, Execution, HistoryEntry, Request, Reservation};
use super::{
    CertificateRequest, LogRecord, OperationRecord, RequestContent, RequesterEvidence, RevocationRecord,
    Status,
};
use crate::decision::DecisionRecord;
use crate::email::Email;
use crate::finding::{Code, Finding};
use crate::grant::{CheckedKey, CsrSummary};
use crate::ids::RequestId;
use crate::standing::{RequestKind, StandingCredential, StandingEndOrder, StandingTerms};
use crate::texts::Language;
use pki::certificate::{Serial, Validity};

/// The columns of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Columns {
    /// Key of the row.
    pub id: RequestId,
    /// See [`Request::kind`]; rows of earlier versions have none.
    #[serde(default, skip_serializing_if = "is_certificate")]
    pub kind: RequestKind,
    /// Counts the writes.
    pub version: u64,
    /// See [`Request::status`].
    pub status: Status,
    /// See [`Request::email`].
    pub email: Email,
    /// See [`Request::language`].
    #[serde(default)]
    pub language: Language,
    /// See [`Request::comment`].
    pub comment: String,
    /// See [`Request::csr_content`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csr_content: Option<String>,
    /// See [`Request::terms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<StandingTerms>,
    /// See [`Request::standing`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<RequestId>,
    /// The time at which housekeeping found nothing left to report of a standing approval that is over; see
    /// [`Request::has_open_standing`].
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub settled_at: Option<OffsetDateTime>,
    /// See [`Request::credential`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<StandingCredential>,
    /// See [`Request::end_asked`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_asked: Option<StandingEndOrder>,
    /// See [`Request::operations`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<OperationRecord>,
    /// See [`Request::profile`].
    pub profile: String,
    /// See [`Request::registration_date`].
    #[serde(with = "time::serde::rfc3339")]
    pub registration_date: OffsetDateTime,
    /// See [`Request::replaces`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<RequestId>,
    /// The time at which housekeeping settled what becomes of the replaced certificate; see
    /// [`Request::is_superseding`].
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub replaced_at: Option<OffsetDateTime>,
    /// See [`Request::submitted_from`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_from: Option<String>,
    /// See [`Request::requester_evidence`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_evidence: Option<RequesterEvidence>,
    /// See [`Request::policy_version`].
    pub policy_version: String,
    /// See [`Request::checked_key`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_key: Option<CheckedKey>,
    /// See [`CsrSummary::csr_digest`]; absent until Persist has run, like the rest of the summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csr_digest: Option<String>,
    /// See [`CsrSummary::subject`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// See [`CsrSummary::names`]; empty until Persist has run.
    #[serde(default)]
    pub names: Vec<String>,
    /// See [`CsrSummary::public_key_digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_digest: Option<String>,
    /// See [`CsrSummary::key`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// See [`Request::expires_at`].
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// See [`Request::decision`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionRecord>,
    /// See [`Reservation::serial`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Serial>,
    /// The beginning of [`Reservation::validity`], UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
    /// The end of [`Reservation::validity`], UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub not_after: Option<OffsetDateTime>,
    /// See [`Request::signed_date`].
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub signed_date: Option<OffsetDateTime>,
    /// See [`Request::log`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogRecord>,
    /// See [`Execution::arn`].
    pub execution_arn: String,
    /// See [`Execution::attempt`].
    pub execution_attempt: u32,
    /// See [`Execution::started`].
    #[serde(with = "time::serde::rfc3339")]
    pub execution_started: OffsetDateTime,
    /// The mails sent, each with its time (RFC 3339).
    #[serde(default)]
    pub mails: BTreeMap<String, String>,
    /// See [`Ending::reason`]; absent unless the request ended without a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// See [`Ending::code`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// See [`Ending::findings`].
    #[serde(default, with = "crate::finding::kept")]
    pub findings: Vec<Finding>,
    /// See [`Request::revocation`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<RevocationRecord>,
    /// See [`Request::history`].
    pub history: Vec<HistoryEntry>,
    /// The end of the audit trail.
    #[serde(default)]
    pub audit: ChainHead,
}

fn is_certificate(kind: &RequestKind) -> bool {
    *kind == RequestKind::Certificate
}

/// Columns that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// Some columns of the CSR summary are present, others are missing.
    #[error("the row has only a part of the CSR summary")]
    PartialCsr,
    /// A serial without a validity, or the other way round.
    #[error("the row has a serial number without a validity, or a validity without a serial number")]
    PartialReservation,
    /// A code or findings without a reason.
    #[error("the row has a code or findings without a reason")]
    PartialEnding,
    /// The row lacks what its kind asks for, or has what only another kind has.
    #[error("the columns of the row are not those of a request of this kind: {0}")]
    OtherKind(RequestKind),
}

impl From<Request> for Columns {
    fn from(row: Request) -> Self {
        let kind = row.kind();
        let (csr_content, checked_key, csr, replaces, replaced_at, grant, terms) = match row.content {
            RequestContent::Certificate(certificate) => {
                let CertificateRequest { csr_content, checked_key, csr, replaces, replaced_at, standing } =
                    *certificate;
                (Some(csr_content), checked_key, csr, replaces, replaced_at, standing, None)
            }
            RequestContent::Standing(terms) => (None, None, None, None, None, None, Some(terms)),
        };
        let (csr_digest, subject, names, public_key_digest, key) = match csr {
            None => (None, None, Vec::new(), None, None),
            Some(CsrSummary { csr_digest, subject, names, public_key_digest, key }) => {
                (Some(csr_digest), Some(subject), names, Some(public_key_digest), Some(key))
            }
        };
        let (serial, validity) = match row.reservation {
            None => (None, None),
            Some(Reservation { serial, validity }) => (Some(serial), Some(validity)),
        };
        let (reason, code, findings) = match row.ending {
            None => (None, None, Vec::new()),
            Some(Ending { reason, code, findings, .. }) => (Some(reason), code, findings),
        };
        Self {
            id: row.id,
            kind,
            version: row.version,
            status: row.status,
            email: row.email,
            language: row.language,
            comment: row.comment,
            csr_content,
            terms,
            grant,
            credential: row.credential,
            end_asked: row.end_asked,
            operations: row.operations,
            settled_at: row.settled_at,
            profile: row.profile,
            registration_date: row.registration_date,
            replaces,
            replaced_at,
            submitted_from: row.submitted_from,
            requester_evidence: row.requester_evidence,
            policy_version: row.policy_version,
            checked_key,
            csr_digest,
            subject,
            names,
            public_key_digest,
            key,
            expires_at: row.expires_at,
            decision: row.decision,
            serial,
            not_before: validity.map(|validity| validity.not_before),
            not_after: validity.map(|validity| validity.not_after),
            signed_date: row.signed_date,
            log: row.log,
            execution_arn: row.execution.arn,
            execution_attempt: row.execution.attempt,
            execution_started: row.execution.started,
            mails: row.mails,
            reason,
            code,
            findings,
            revocation: row.revocation,
            history: row.history,
            audit: row.audit,
        }
    }
}

impl TryFrom<Columns> for Request {
    type Error = ColumnsError;

    fn try_from(columns: Columns) -> Result<Self, ColumnsError> {
        let is_of_certificate = columns.csr_digest.is_some()
            || columns.checked_key.is_some()
            || columns.replaces.is_some()
            || columns.grant.is_some()
            || columns.serial.is_some()
            || columns.signed_date.is_some()
            || columns.log.is_some()
            || columns.revocation.is_some();
        let is_of_grant =
            columns.settled_at.is_some() || columns.credential.is_some() || columns.end_asked.is_some();
        let csr = match (columns.csr_digest, columns.subject, columns.public_key_digest, columns.key) {
            (None, None, None, None) if columns.names.is_empty() => None,
            (Some(csr_digest), Some(subject), Some(public_key_digest), Some(key)) => {
                Some(CsrSummary { csr_digest, subject, names: columns.names, public_key_digest, key })
            }
            _ => return Err(ColumnsError::PartialCsr),
        };
        let content = match (columns.kind, columns.csr_content, columns.terms) {
            (RequestKind::Certificate, Some(csr_content), None) if !is_of_grant => {
                RequestContent::Certificate(Box::new(CertificateRequest {
                    csr_content,
                    checked_key: columns.checked_key,
                    csr,
                    replaces: columns.replaces,
                    replaced_at: columns.replaced_at,
                    standing: columns.grant,
                }))
            }
            (RequestKind::Grant, None, Some(terms)) if !is_of_certificate => RequestContent::Standing(terms),
            (kind, ..) => return Err(ColumnsError::OtherKind(kind)),
        };
        let reservation = match (columns.serial, columns.not_before, columns.not_after) {
            (None, None, None) => None,
            (Some(serial), Some(not_before), Some(not_after)) => {
                Some(Reservation { serial, validity: Validity { not_before, not_after } })
            }
            _ => return Err(ColumnsError::PartialReservation),
        };
        let ending = match columns.reason {
            None if columns.code.is_none() && columns.findings.is_empty() => None,
            None => return Err(ColumnsError::PartialEnding),
            Some(reason) => Some(Ending {
                status: columns.status,
                reason,
                code: columns.code,
                findings: columns.findings,
            }),
        };
        Ok(Self {
            id: columns.id,
            version: columns.version,
            status: columns.status,
            email: columns.email,
            language: columns.language,
            comment: columns.comment,
            content,
            credential: columns.credential,
            end_asked: columns.end_asked,
            operations: columns.operations,
            profile: columns.profile,
            registration_date: columns.registration_date,
            submitted_from: columns.submitted_from,
            requester_evidence: columns.requester_evidence,
            policy_version: columns.policy_version,
            expires_at: columns.expires_at,
            decision: columns.decision,
            reservation,
            signed_date: columns.signed_date,
            log: columns.log,
            settled_at: columns.settled_at,
            execution: Execution {
                arn: columns.execution_arn,
                attempt: columns.execution_attempt,
                started: columns.execution_started,
            },
            mails: columns.mails,
            ending,
            revocation: columns.revocation,
            history: columns.history,
            audit: columns.audit,
            entries: Vec::new(),
        })
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Columns::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Columns::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(any(test, feature = "testing"))]
impl Request {
    /// The row with other columns, as a person with access to the table could change it.
    ///
    /// # Panics
    /// If the columns contradict each other.
    #[must_use]
    pub fn altered(self, alter: impl FnOnce(&mut Columns)) -> Self {
        let mut columns = Columns::from(self);
        alter(&mut columns);
        match Self::try_from(columns) {
            Ok(row) => row,
            Err(error) => panic!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests;
