//! Sign against the backend in memory.
#![allow(clippy::unwrap_used, clippy::panic)] // A test may.

mod lists;
mod renewals;
mod step;

use std::sync::Arc;

use sign::Sign;
use workflow::certificate::PublicationUrl;
use workflow::testing::InMemoryBackend;

/// The step with a backend for every port.
fn worker(backend: &Arc<InMemoryBackend>) -> Sign {
    Sign {
        requests: backend.clone(),
        policies: backend.clone(),
        certificates: backend.clone(),
        names: backend.clone(),
        issuers: backend.clone(),
        revocations: backend.clone(),
        lists: backend.clone(),
        responders: backend.clone(),
        publication_url: Some(PublicationUrl::parse("http://pki.example.com").unwrap()),
        clock: backend.clone(),
    }
}
