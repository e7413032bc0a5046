//! The table of passkeys, of enrolments that are not complete, and of the keys of identity providers.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::PortError;
use crate::approval::passkey::Passkey;
use crate::approval::sign_in::ProviderKey;
use crate::enrolment::{EnrolmentId, EnrolmentProof};
use crate::policy::IssuerUrl;

/// Reads the table `people`.
#[async_trait]
pub trait People: Send + Sync {
    /// The passkeys of a person ([`PlusTags::person`](crate::approver_set::PlusTags::person)); consistent.
    async fn passkeys(&self, person: &str) -> Result<Vec<Passkey>, PortError>;
    /// The time at which a code with this digest was mailed; consistent.
    async fn code(&self, enrolment: &EnrolmentId, digest: &str) -> Result<Option<OffsetDateTime>, PortError>;
    /// The proofs for an enrolment; consistent.
    async fn proofs(&self, enrolment: &EnrolmentId) -> Result<Vec<EnrolmentProof>, PortError>;
    /// The keys of an identity provider that Sign recorded; consistent.
    async fn provider_keys(&self, issuer: &IssuerUrl) -> Result<Vec<ProviderKey>, PortError>;
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
    /// Records a key of an identity provider, or the time at which it was last seen. Idempotent.
    async fn record_key(&self, key: &ProviderKey) -> Result<(), PortError>;
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
