//! Sign against the backend in memory.
#![allow(clippy::unwrap_used, clippy::panic)] // A test may.

mod approved;
mod coverage;
mod ends;
mod enrolments;
mod lists;
mod matrix;
mod meaning;
mod oidc_groups;
mod outcomes;
mod passkeys;
mod provider_keys;
mod renewals;
mod requesters;
mod sign_ins;
mod standing;
mod step;
mod terms;

use std::sync::Arc;

use sign::{Sign, SignOutput, Signed};
use workflow::approval::BaseUrl;
use workflow::certificate::PublicationUrl;
use workflow::ids::RequestId;
use workflow::runtime::step::{NoInput, Progress, Step as _, StepError};
use workflow::testing::{InMemoryBackend, fixtures};

/// The step with a backend for every port.
fn worker(backend: &Arc<InMemoryBackend>) -> Sign {
    Sign {
        requests: backend.clone(),
        standing: backend.clone(),
        standing_ends: backend.clone(),
        policies: backend.clone(),
        certificates: backend.clone(),
        names: backend.clone(),
        issuers: backend.clone(),
        revocations: backend.clone(),
        lists: backend.clone(),
        responders: backend.clone(),
        people: backend.clone(),
        provider: backend.clone(),
        base_url: BaseUrl::parse("https://pki.example.com/").unwrap(),
        publication_url: Some(PublicationUrl::parse("http://pki.example.com").unwrap()),
        clock: backend.clone(),
    }
}

async fn sign(backend: &Arc<InMemoryBackend>, id: RequestId) -> Result<Signed, StepError> {
    let step = worker(backend);
    match step.run(fixtures::task(id, "Sign", "t", NoInput {})).await? {
        Progress::Done(SignOutput::Signed(signed)) => Ok(signed),
        other => panic!("{other:?}"),
    }
}
