//! Clients that are made when they are first used.
//!
//! A worker knows up to seven services, and its first message may need one: making the other clients would cost each
//! cold start more than the call itself (docs/performance.md). Once made, a client stays for the life of the process.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use aws_types::sdk_config::SdkConfig;

/// A client, or how to make it. Clones share it.
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
