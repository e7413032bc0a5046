//! A revoked certificate: a row of the table `revocations`, from which lists and OCSP answers are made.
//!
//! Invariant: the row is written in one transaction with the row of the request, and never changed.

use pki::certificate::Serial;
use pki::crl::{RevocationReason, RevokedCertificate};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::ids::RequestId;
use crate::request::Request;
use crate::request::audit::{Actor, ActorRole};

/// A revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// The subject key identifier of the issuer, lower-case hex; with the serial the key of the row.
    pub issuer: String,
    /// The serial of the certificate.
    pub serial: Serial,
    /// The time of the revocation, UTC, in whole seconds.
    #[serde(with = "time::serde::rfc3339")]
    pub revoked_at: OffsetDateTime,
    /// The reason.
    pub reason: RevocationReason,
    /// notAfter of the certificate, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// The request of the certificate.
    pub request_id: RequestId,
    /// The person or the key that asked for the revocation.
    pub by: Actor,
}

impl Revocation {
    /// The revocation that the row of a request has recorded; `None` before.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        let record = request.revocation()?;
        let reservation = request.reservation()?;
        Some(Self {
            issuer: record.issuer.clone()?,
            serial: reservation.serial.clone(),
            revoked_at: record.revoked_at?,
            reason: record.reason,
            not_after: reservation.validity.not_after,
            request_id: request.id(),
            by: record.by.clone(),
        })
    }

    /// The entry of a list.
    #[must_use]
    pub fn entry(&self) -> RevokedCertificate {
        RevokedCertificate { serial: self.serial.clone(), revoked_at: self.revoked_at, reason: self.reason }
    }
}

/// The id of the text for a reason.
#[must_use]
pub fn reason_text(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Unspecified => "revocation-unspecified",
        RevocationReason::KeyCompromise | RevocationReason::CaCompromise => "revocation-key-compromise",
        RevocationReason::AffiliationChanged => "revocation-affiliation-changed",
        RevocationReason::Superseded => "revocation-superseded",
        RevocationReason::CessationOfOperation => "revocation-cessation-of-operation",
        RevocationReason::CertificateHold => "revocation-certificate-hold",
        RevocationReason::PrivilegeWithdrawn => "revocation-privilege-withdrawn",
    }
}

/// The id of the text for who revoked: a role, not a person.
#[must_use]
pub fn revoker_text(by: &Actor) -> &'static str {
    match by.role() {
        Some(ActorRole::Requester) => "revoked-by-requester",
        Some(ActorRole::Approver) => "revoked-by-approver",
        Some(ActorRole::KeyHolder) => "revoked-by-key-holder",
        Some(ActorRole::Operator) => "revoked-by-operator",
        Some(ActorRole::Worker) | None => "revoked-by-rule",
    }
}
