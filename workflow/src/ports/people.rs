//! The table of passkeys, and of enrolments that are not complete.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::PortError;
use crate::approval::passkey::Passkey;
use crate::enrolment::{EnrolmentId, EnrolmentProof};

/// Reads the table `people`.
#[async_trait]
pub trait People: Send + Sync {
    /// The passkeys of a person ([`PlusTags::person`](crate::approver_set::PlusTags::person)); consistent.
    async fn passkeys(&self, person: &str) -> Result<Vec<Passkey>, PortError>;
    /// The time at which a code with this digest was mailed; consistent.
    async fn code(&self, enrolment: &EnrolmentId, digest: &str) -> Result<Option<OffsetDateTime>, PortError>;
    /// The proofs for an enrolment; consistent.
    async fn proofs(&self, enrolment: &EnrolmentId) -> Result<Vec<EnrolmentProof>, PortError>;
}

/// Writes proofs and passkeys: Sign, and the operator's command.
#[async_trait]
pub trait PeopleWriter: People {
    /// Adds a proof. Idempotent.
    async fn prove(
        &self,
        enrolment: &EnrolmentId,
        proof: &EnrolmentProof,
        now: OffsetDateTime,
    ) -> Result<(), PortError>;
    /// Adds a passkey, unless the person has it already. Idempotent.
    async fn add(&self, passkey: &Passkey) -> Result<(), PortError>;
}

/// Writes the codes that are mailed: notify.
#[async_trait]
pub trait EnrolmentCodes: Send + Sync {
    /// Adds the digest of a code. Several codes of one enrolment work side by side: a mail may be sent twice.
    async fn add_code(
        &self,
        enrolment: &EnrolmentId,
        digest: &str,
        now: OffsetDateTime,
    ) -> Result<(), PortError>;
}
