//! Mail, keys, secrets, the policy, operators, metrics and the clock.

use std::sync::Arc;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::PortError;
use crate::approval::LinkSecret;
use crate::email::Email;
use crate::mail::Mail;
use crate::policy::Policy;
use crate::policy::key_list::KeyListDigest;
use crate::request::Request;
use crate::request::metric::Measure;
use crate::texts::{Language, Wording};
use pki::csr::Csr;
use pki::key::PublicKey;

/// The mail system.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends the mail.
    async fn send(&self, mail: &Mail) -> Result<(), PortError>;
}

/// The link secret.
#[async_trait]
pub trait LinkSecrets: Send + Sync {
    /// The secret; read at the first call.
    async fn secret(&self) -> Result<&LinkSecret, PortError>;
}

/// The topic of the operators.
#[async_trait]
pub trait Operators: Send + Sync {
    /// Notifies the operators.
    async fn tell(&self, subject: &str, text: &str) -> Result<(), PortError>;
}

/// The sink of metrics. Recording cannot fail.
pub trait Metrics: Send + Sync {
    /// Records a measurement.
    fn record(&self, measure: Measure);
}

/// A clock in UTC.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> OffsetDateTime;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// The keys that are denied beside those in the policy: lists that policies name, and compromised keys.
#[async_trait]
pub trait KeyLists: Send + Sync {
    /// True if a key is in a list. Fails if there is no such list.
    async fn has(&self, list: &KeyListDigest, key: &PublicKey) -> Result<bool, PortError>;

    /// True if a certificate of this key was revoked because the key was compromised.
    async fn is_compromised(&self, key: &PublicKey) -> Result<bool, PortError>;

    /// The policy as it evaluates this CSR: it denies the key of the CSR also if only its list does, or if the key is
    /// compromised. A text that is no CSR is refused by whatever policy.
    async fn applied(&self, policy: Arc<Policy>, csr_content: &str) -> Result<Arc<Policy>, PortError> {
        let Ok(csr) = Csr::read(csr_content) else { return Ok(policy) };
        let is_listed = match policy.denied_key_list() {
            Some(list) => self.has(list, csr.key()).await?,
            None => false,
        };
        if is_listed || self.is_compromised(csr.key()).await? {
            return Ok(Arc::new(policy.denying(csr.key())));
        }
        Ok(policy)
    }
}

/// Records compromised keys.
#[async_trait]
pub trait CompromisedKeys: Send + Sync {
    /// Records that a key (lower-case hex SHA-256 of the SubjectPublicKeyInfo) is compromised. Idempotent.
    async fn record(&self, public_key_digest: &str) -> Result<(), PortError>;
}

/// The policy in force.
#[async_trait]
pub trait Policies: KeyLists {
    /// The policy, at most a minute old.
    async fn current(&self) -> Result<Arc<Policy>, PortError>;

    /// The policy, as it evaluates this CSR: see [`KeyLists::applied`]. Each evaluation uses it.
    async fn for_csr(&self, csr_content: &str) -> Result<Arc<Policy>, PortError> {
        self.applied(self.current().await?, csr_content).await
    }

    /// The policy, as it evaluates this request: by its CSR; a standing approval has no key.
    async fn for_request(&self, request: &Request) -> Result<Arc<Policy>, PortError> {
        match request.csr_content() {
            Some(csr_content) => self.for_csr(csr_content).await,
            None => self.current().await,
        }
    }

    /// The wording for a reader whose language is known. Without a policy, times are in UTC: no mail waits for that.
    async fn wording_in(&self, language: Language) -> Wording {
        let policy = self.current().await.inspect_err(warn_of_wording);
        policy.map_or_else(|_| Wording::utc(language), |policy| policy.wording_in(language))
    }

    /// The wording for a person whose language no request tells; without a policy, the usual one.
    async fn wording_for(&self, person: &Email) -> Wording {
        let policy = self.current().await.inspect_err(warn_of_wording);
        policy.map_or_else(|_| Wording::default(), |policy| policy.wording_for(person))
    }
}

fn warn_of_wording(error: &PortError) {
    tracing::warn!(%error, "the policy cannot be read, so times are in UTC");
}
