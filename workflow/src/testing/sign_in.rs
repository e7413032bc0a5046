//! An identity provider and its ID tokens, for tests.

use pki::id_token::JsonWebKey;
use pki::jose::JwsAlgorithm;
use pki::testing::ProviderKeyPair;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::InMemoryBackend;
use crate::approval::BaseUrl;
use crate::approval::passkey::VoteMeaning;
use crate::approval::sign_in::{ProviderKey, SignInNonce};
use crate::decision::{IdTokenEvidence, ReviewDigest};
use crate::ports::{Clock as _, PeopleWriter as _};
use crate::request::{Request, RequesterEvidence};

/// The issuer of policies in tests.
pub const ISSUER: &str = "https://id.example.com";
/// The client of policies in tests.
pub const CLIENT: &str = "countersign";

/// A policy that asks for sign-ins.
pub fn asking_for_sign_ins(policy: &str) -> String {
    let people = format!(
        "[people]\nidentity = \"oidc\"\noidc = {{ issuer = \"{ISSUER}\", client_id = \"{CLIENT}\" }}"
    );
    policy.replace("[people]", &people)
}

/// A policy that has requesters sign in.
pub fn asking_requesters_to_sign_in(policy: &str) -> String {
    let people = format!(
        "[people]\noidc = {{ issuer = \"{ISSUER}\", client_id = \"{CLIENT}\" }}\nrequesters = \"oidc\""
    );
    policy.replace("requesters = \"mail\"", "").replace("[people]", &people)
}

/// An identity provider.
#[derive(Clone)]
pub struct TestProvider {
    /// Its key.
    pub key: ProviderKeyPair,
}

impl Default for TestProvider {
    fn default() -> Self {
        Self { key: ProviderKeyPair::new(JwsAlgorithm::Es256, "k1") }
    }
}

impl TestProvider {
    /// The row of the key, seen at these times.
    pub fn row(&self, first_seen: OffsetDateTime, last_seen: OffsetDateTime) -> ProviderKey {
        let jwk = JsonWebKey::from_json(&self.key.jwk().to_string()).expect("a key").to_json();
        ProviderKey { issuer: ISSUER.to_owned(), jwk, first_seen, last_seen }
    }

    /// Publishes the key, and records it as Sign does.
    pub async fn record(&self, backend: &InMemoryBackend) {
        backend.publish_provider_keys(&[&self.key]);
        let now = backend.now();
        backend.record_key(&self.row(now, now)).await.expect("no fault is planned");
    }

    /// The claims of a sign-in with this address and nonce.
    pub fn claims(address: &str, nonce: &str, at: OffsetDateTime) -> Value {
        let at = at.unix_timestamp();
        json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "1", "nonce": nonce, "iat": at, "exp": at + 300, "auth_time": at,
            "email": address, "email_verified": true,
        })
    }

    /// The evidence that a person with this address signed in for a vote.
    pub fn evidence(
        &self,
        meaning: &VoteMeaning<'_>,
        review_digest: &ReviewDigest,
        address: &str,
        at: OffsetDateTime,
    ) -> IdTokenEvidence {
        self.evidence_with(meaning, review_digest, |nonce| Self::claims(address, nonce, at))
    }

    /// The evidence that a person with this address signed in for a request.
    pub fn requester_evidence(
        &self,
        base_url: &BaseUrl,
        request: &Request,
        address: &str,
        at: OffsetDateTime,
    ) -> RequesterEvidence {
        self.requester_evidence_with(base_url, request, |nonce| Self::claims(address, nonce, at))
    }

    /// The same, with these claims.
    pub fn requester_evidence_with(
        &self,
        base_url: &BaseUrl,
        request: &Request,
        claims: impl FnOnce(&str) -> Value,
    ) -> RequesterEvidence {
        let nonce = "nonce".to_owned();
        let bound = request.confirmation_nonce(base_url, &nonce).to_string();
        RequesterEvidence { id_token: self.key.token(&claims(&bound)), nonce }
    }

    /// The evidence for a vote, with these claims.
    pub fn evidence_with(
        &self,
        meaning: &VoteMeaning<'_>,
        review_digest: &ReviewDigest,
        claims: impl FnOnce(&str) -> Value,
    ) -> IdTokenEvidence {
        let nonce = "nonce".to_owned();
        let bound = SignInNonce::of(meaning, review_digest, &nonce).to_string();
        let id_token = self.key.token(&claims(&bound));
        IdTokenEvidence { id_token, nonce, review_digest: review_digest.clone() }
    }
}
