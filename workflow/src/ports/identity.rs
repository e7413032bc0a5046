//! The identity provider: its metadata, its keys, and the tokens for codes.

use async_trait::async_trait;
use pki::id_token::JsonWebKey;
use url::Url;

use super::PortError;
use crate::policy::{IssuerUrl, OidcSettings};

/// The parts of a provider's metadata (OpenID Connect Discovery 1.0 section 3) that are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMetadata {
    /// The page on which people sign in.
    pub authorization_endpoint: Url,
    /// The endpoint that gives a token for a code.
    pub token_endpoint: Url,
    /// The address of the key set.
    pub jwks_uri: Url,
    /// True if the response to a sign-in names the issuer (RFC 9207).
    pub names_issuer: bool,
    /// True if the client secret goes into the header of the call, false if into its body.
    pub takes_basic: bool,
}

/// The code of a finished sign-in, with what proves that this browser began it.
#[derive(Clone)]
pub struct AuthorizationCode {
    /// The code.
    pub code: String,
    /// The verifier of PKCE (RFC 7636).
    pub verifier: String,
    /// The address to which the provider sent the browser.
    pub redirect_uri: String,
}

/// The provider's answer to a code.
#[derive(Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// The ID token.
    IdToken(String),
    /// The provider refuses: the error code (RFC 6749 section 5.2).
    Refused(String),
}

/// An identity provider.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// The metadata of an issuer.
    async fn metadata(&self, issuer: &IssuerUrl) -> Result<ProviderMetadata, PortError>;
    /// The keys that the issuer publishes now.
    async fn keys(&self, issuer: &IssuerUrl) -> Result<Vec<JsonWebKey>, PortError>;
    /// Trades a code for an ID token. A code works once.
    async fn redeem(&self, settings: &OidcSettings, code: &AuthorizationCode) -> Result<Redeemed, PortError>;
}
