//! Mail, keys, secrets, the policy, operators, metrics and the clock.

use std::sync::Arc;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::PortError;
use crate::approval::LinkSecret;
use crate::mail::Mail;
use crate::policy::Policy;
use crate::request::metric::Measure;

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

/// The policy in force.
#[async_trait]
pub trait Policies: Send + Sync {
    /// The policy, at most a minute old.
    async fn current(&self) -> Result<Arc<Policy>, PortError>;
}
