//! Clients that are created at their first use.
//!
//! A worker uses up to seven services, but its first message may need only one: creating the other clients would take
//! more of a cold start than the call itself (docs/performance.md). Invariant: one client per service and process.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use aws_types::sdk_config::SdkConfig;

/// A client that is created at its first use. Clones share it.
#[derive(Clone)]
pub(super) struct LazyClient<C> {
    client: Arc<OnceLock<C>>,
    sdk: SdkConfig,
    make: fn(&SdkConfig) -> C,
}

impl<C> LazyClient<C> {
    pub(super) fn new(sdk: &SdkConfig, make: fn(&SdkConfig) -> C) -> Self {
        Self { client: Arc::default(), sdk: sdk.clone(), make }
    }
}

impl<C> Deref for LazyClient<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.client.get_or_init(|| (self.make)(&self.sdk))
    }
}
