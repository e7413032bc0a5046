//! The keys of the identity provider, which prove the sign-ins of approvers.
//!
//! Invariant: whoever can send messages to this worker adds no key by that: a message says that keys are to be fetched, and
//! only the policy says from where. What the provider publishes is recorded with the times at which it was first and last
//! seen, and is never removed. Idempotent.

use time::{Duration, OffsetDateTime};
use workflow::approval::sign_in::seen;
use workflow::ports::{IdentityProvider, PeopleWriter, Policies};
use workflow::runtime::step::StepError;

/// The time between two fetches, at least: anybody with a link can ask for one.
const PAUSE: Duration = Duration::seconds(5);

/// The part of the worker that fetches keys.
pub(crate) struct ProviderKeyStep<'a> {
    pub(crate) people: &'a dyn PeopleWriter,
    pub(crate) policies: &'a dyn Policies,
    pub(crate) provider: &'a dyn IdentityProvider,
    pub(crate) now: OffsetDateTime,
}

impl ProviderKeyStep<'_> {
    /// Fetches the keys of the policy's provider, and records them.
    pub(crate) async fn fetch(&self) -> Result<(), StepError> {
        let policy = self.policies.current().await?;
        let Some(oidc) = policy.oidc() else {
            tracing::warn!("the policy names no identity provider, so no keys are fetched");
            return Ok(());
        };
        let known = self.people.provider_keys(&oidc.issuer).await?;
        if known.iter().any(|key| self.now - key.last_seen < PAUSE) {
            return Ok(());
        }
        let set = self.provider.keys(&oidc.issuer).await?;
        let rows = seen(&oidc.issuer, &set, &known, self.now);
        for row in &rows {
            self.people.record_key(row).await?;
        }
        let (issuer, count) = (&oidc.issuer, rows.len());
        if rows.is_empty() {
            tracing::error!(%issuer, "the identity provider {issuer} publishes no key that can verify an ID token");
        } else {
            tracing::info!(%issuer, "recorded {count} keys of the identity provider {issuer}");
        }
        Ok(())
    }
}
