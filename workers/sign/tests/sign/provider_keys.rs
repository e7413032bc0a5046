//! Fetching the keys of the identity provider.

use std::sync::Arc;

use pki::jose::JwsAlgorithm;
use pki::testing::ProviderKeyPair;
use time::Duration;
use workflow::approval::sign_in::ProviderKey;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::policy::IssuerUrl;
use workflow::ports::{Clock as _, People as _};
use workflow::runtime::step::{Step as _, StepError};
use workflow::testing::sign_in::{ISSUER, asking_for_sign_ins};
use workflow::testing::{FaultPoint, InMemoryBackend};

use super::worker;

const POLICY: &str = include_str!("../../../../infra/policy.toml");

fn stack() -> (Arc<InMemoryBackend>, ProviderKeyPair) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&asking_for_sign_ins(POLICY));
    let key = ProviderKeyPair::new(JwsAlgorithm::Es256, "k1");
    backend.publish_provider_keys(&[&key]);
    (backend, key)
}

async fn fetch(backend: &Arc<InMemoryBackend>) -> Result<(), StepError> {
    worker(backend).recheck(RecheckMessage::provider_keys(RequestId::random())).await
}

async fn keys(backend: &InMemoryBackend) -> Vec<ProviderKey> {
    backend.provider_keys(&IssuerUrl::parse(ISSUER).unwrap()).await.unwrap()
}

#[tokio::test]
async fn keys_keep_the_times_at_which_they_were_first_and_last_seen() {
    let (backend, old) = stack();
    let began = backend.now();
    fetch(&backend).await.unwrap();
    backend.advance(Duration::HOUR);
    let new = ProviderKeyPair::new(JwsAlgorithm::Rs256, "k2");
    backend.publish_provider_keys(&[&old, &new]);
    fetch(&backend).await.unwrap();
    backend.advance(Duration::HOUR);
    backend.publish_provider_keys(&[&new]);
    fetch(&backend).await.unwrap();

    let hours =
        |key: &ProviderKey| ((key.first_seen - began).whole_hours(), (key.last_seen - began).whole_hours());
    let mut seen: Vec<(i64, i64)> = keys(&backend).await.iter().map(hours).collect();
    seen.sort_unstable();
    assert_eq!(seen, [(0, 1), (1, 2)]);
}

#[tokio::test]
async fn a_flood_of_messages_is_one_fetch() {
    let (backend, _) = stack();
    for _ in 0..5 {
        fetch(&backend).await.unwrap();
    }
    let fetches = backend.calls().iter().filter(|call| *call == "identity provider: keys").count();
    assert_eq!(fetches, 1);
}

#[tokio::test]
async fn without_a_provider_nothing_is_fetched() {
    let (backend, _) = stack();
    backend.set_policy(POLICY);
    fetch(&backend).await.unwrap();
    assert!(!backend.calls().iter().any(|call| call.starts_with("identity provider")));
    assert!(keys(&backend).await.is_empty());
}

#[tokio::test]
async fn a_fetch_that_fails_at_any_call_is_repeated() {
    let (backend, _) = stack();
    let calls = {
        let rehearsal = backend.copy();
        fetch(&rehearsal).await.unwrap();
        rehearsal.calls().len()
    };
    assert!(calls >= 4, "{calls}");
    for number in 0..calls {
        for point in [FaultPoint::Before, FaultPoint::After] {
            let backend = backend.copy();
            backend.fail_at(number, point);
            assert!(matches!(fetch(&backend).await, Err(StepError::Transient { .. })), "{number} {point:?}");
            backend.advance(Duration::MINUTE);
            fetch(&backend).await.unwrap();
            assert_eq!(keys(&backend).await.len(), 1, "{number} {point:?}");
        }
    }
}
