//! The identity provider of [`InMemoryBackend`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use pki::id_token::JsonWebKey;
use pki::testing::ProviderKeyPair;

use super::InMemoryBackend;
use crate::policy::{IssuerUrl, OidcSettings};
use crate::ports::{AuthorizationCode, IdentityProvider, PortError, ProviderMetadata, Redeemed};

/// What the provider answers.
#[derive(Clone, Default)]
pub(super) struct ProviderAnswers {
    keys: Vec<JsonWebKey>,
    /// ID tokens by their codes.
    tokens: BTreeMap<String, String>,
}

impl InMemoryBackend {
    /// Sets the keys that the provider publishes.
    pub fn publish_provider_keys(&self, keys: &[&ProviderKeyPair]) {
        let read = |key: &&ProviderKeyPair| JsonWebKey::from_json(&key.jwk().to_string()).expect("a key");
        self.state().provider.keys = keys.iter().map(read).collect();
    }

    /// Lets the provider give this token for a code, once.
    pub fn give_token_for(&self, code: &str, token: String) {
        self.state().provider.tokens.insert(code.to_owned(), token);
    }
}

#[async_trait]
impl IdentityProvider for InMemoryBackend {
    async fn metadata(&self, issuer: &IssuerUrl) -> Result<ProviderMetadata, PortError> {
        let url = |path: &str| issuer.endpoint(&format!("{issuer}/{path}")).expect("a URL");
        self.call("identity provider", "metadata", |_| ProviderMetadata {
            authorization_endpoint: url("authorize"),
            token_endpoint: url("token"),
            jwks_uri: url("jwks"),
            names_issuer: true,
            takes_basic: true,
        })
    }

    async fn keys(&self, _issuer: &IssuerUrl) -> Result<Vec<JsonWebKey>, PortError> {
        self.call("identity provider", "keys", |state| state.provider.keys.clone())
    }

    async fn redeem(&self, _: &OidcSettings, code: &AuthorizationCode) -> Result<Redeemed, PortError> {
        self.call("identity provider", "redeem", |state| match state.provider.tokens.remove(&code.code) {
            Some(token) => Redeemed::IdToken(token),
            None => Redeemed::Refused("invalid_grant".into()),
        })
    }
}
