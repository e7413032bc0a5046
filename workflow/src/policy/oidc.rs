//! The identity provider of a policy: `[people.oidc]`.
//!
//! Invariant: an issuer is https, or http on this machine for a local stack, so nobody on the way can take its place.

use std::fmt;
use std::time::Duration;

use url::{Host, Url};

/// The issuer identifier of an OpenID provider (OpenID Connect Core 1.0 section 2), as the policy writes it: it is
/// compared octet by octet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerUrl(String);

impl IssuerUrl {
    /// The bytes of an issuer, at most: it is a key in a table.
    const MAX_BYTES: usize = 512;

    /// Reads an issuer.
    ///
    /// # Errors
    /// One line that describes the error.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))?;
        if !is_trusted(&url) {
            return Err(format!("{text:?} is no https URL"));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(format!("{text:?} has a query, a fragment or a user, which an issuer has not"));
        }
        if text.len() > Self::MAX_BYTES || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(format!("{text:?} is too long for an issuer, or has a space in it"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The issuer as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of the provider's metadata (OpenID Connect Discovery 1.0 section 4).
    #[must_use]
    pub fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.0.trim_end_matches('/'))
    }

    /// True if the provider is on this machine, as for a local stack.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.scheme() == "http")
    }

    /// Reads an address out of the provider's metadata: https, or http on this machine if the issuer is there too.
    #[must_use]
    pub fn endpoint(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let is_trusted = is_trusted(&url) && (url.scheme() == "https" || self.is_loopback());
        (is_trusted && url.username().is_empty() && url.fragment().is_none()).then_some(url)
    }
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// True for https, and for http on this machine.
fn is_trusted(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Domain(host))) => host == "localhost",
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

/// The identity provider, and how its ID tokens name an approver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcSettings {
    /// The issuer.
    pub issuer: IssuerUrl,
    /// The client that the provider knows this stack by.
    pub client_id: String,
    /// The claim with the address of the person.
    pub claim: String,
    /// The claim with the groups of the person; the policy's groups name values of it.
    pub groups_claim: String,
    /// Further scopes to ask for, with spaces between them; empty for none.
    pub scope: String,
    /// The age of a sign-in, at most; `None` if the provider's session is enough.
    pub max_age: Option<Duration>,
    /// True if the provider demands a client secret.
    pub is_confidential: bool,
}

impl OidcSettings {
    /// The claim whose value counts only with `email_verified`.
    pub const EMAIL: &str = "email";
    /// The usual name of the claim with the groups of a person.
    pub const GROUPS: &str = "groups";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_on_this_machine() {
        for good in [
            "https://accounts.google.com",
            "https://login.microsoftonline.com/8eaef023/v2.0",
            "https://id.example.com:8443/realms/main",
            "http://localhost:3000",
            "http://127.0.0.1:3000/",
            "http://[::1]:3000",
        ] {
            assert_eq!(IssuerUrl::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "id.example.com",
            "http://id.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "ftp://localhost",
            "https://a@id.example.com",
            "https://id.example.com/?a=b",
            "https://id.example.com/#a",
            "https://id.example.com/ a",
            "",
        ] {
            assert!(IssuerUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn endpoints_are_as_safe_as_the_issuer() {
        let (far, near) = ("https://id.example.com/", "http://localhost:3000");
        let (far, near) = (IssuerUrl::parse(far).unwrap(), IssuerUrl::parse(near).unwrap());
        assert_eq!(far.discovery(), "https://id.example.com/.well-known/openid-configuration");
        assert!(far.endpoint("https://keys.example.org/jwks?v=1").is_some());
        assert!(near.endpoint("http://localhost:3000/jwks").is_some());
        for bad in ["http://localhost/jwks", "http://id.example.com/jwks", "file:///etc/passwd", "/jwks"] {
            assert!(far.endpoint(bad).is_none(), "{bad}");
        }
        assert!(near.endpoint("http://id.example.com/jwks").is_none());
    }
}
