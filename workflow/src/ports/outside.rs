//! Mail, keys, secrets, the policy, operators, metrics and the clock.

use std::sync::Arc;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::PortError;
use crate::approval::LinkSecret;
use crate::mail::Mail;
use crate::policy::Policy;
use crate::request::metric::Measure;

/// The way mails go out.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands the mail to the mail system.
    async fn send(&self, mail: &Mail) -> Result<(), PortError>;
}

/// The secret that requesters' links derive from.
#[async_trait]
pub trait LinkSecrets: Send + Sync {
    /// The secret, read when it is first needed.
    async fn secret(&self) -> Result<&LinkSecret, PortError>;
}

/// The topic that operators listen to.
#[async_trait]
pub trait Operators: Send + Sync {
    /// Tells the operators.
    async fn tell(&self, subject: &str, text: &str) -> Result<(), PortError>;
}

/// Where measurements go. They are written beside the work: they cannot fail, and nothing waits for them.
pub trait Metrics: Send + Sync {
    /// Writes one down.
    fn record(&self, measure: Measure);
}

/// The time, UTC.
pub trait Clock: Send + Sync {
    /// Now.
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

/// The policy in force.
#[async_trait]
pub trait Policies: Send + Sync {
    /// The policy, at most a minute old.
    async fn current(&self) -> Result<Arc<Policy>, PortError>;
}
