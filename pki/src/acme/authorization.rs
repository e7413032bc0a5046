//! Authorizations and challenges (RFC 8555 sections 7.1.4, 7.1.5 and 7.5).
//!
//! An approval takes the place of the challenge: an authorization is valid from its start (RFC 8555 section 7.4.1 lets servers
//! decide before an order), and so are its challenges. They are there, since clients look for one of a type that they know
//! before they look at the status of the authorization.

use serde::Serialize;
use time::OffsetDateTime;

use super::identifier::{AcmeIdentifier, IdentifierObject};
use super::problem::AcmeProblem;
use super::request::VerifiedRequest;
use crate::base64url;
use crate::name::Name;
use crate::sha256::sha256;

/// The status of an authorization (RFC 8555 section 7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizationStatus {
    /// The identifier may be certified.
    Valid,
    /// Given up by the client.
    Deactivated,
    /// The authorization or its order has expired.
    Expired,
    /// Taken back by the server.
    Revoked,
}

/// An authorization as clients get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuthorizationObject {
    /// The identifier, without `*.`.
    pub identifier: IdentifierObject,
    /// The status.
    pub status: AuthorizationStatus,
    /// The end of the authorization.
    #[serde(serialize_with = "super::headers::rfc3339")]
    pub expires: OffsetDateTime,
    /// The challenges, all of them valid.
    pub challenges: Vec<ChallengeObject>,
    /// True if the identifier of the order began with `*.`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wildcard: bool,
}

/// The type of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ChallengeType {
    /// RFC 8555 section 8.3.
    #[serde(rename = "http-01")]
    Http01,
    /// RFC 8555 section 8.4.
    #[serde(rename = "dns-01")]
    Dns01,
    /// RFC 8737.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

/// A challenge as clients get it: fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChallengeObject {
    /// The type.
    #[serde(rename = "type")]
    pub challenge_type: ChallengeType,
    /// Its URL.
    pub url: String,
    /// Always `valid`.
    status: AuthorizationStatus,
    /// The time at which it became valid.
    #[serde(serialize_with = "super::headers::rfc3339")]
    pub validated: OffsetDateTime,
    /// A token, because clients expect one. It is derived from the URL and never checked.
    token: String,
}

impl ChallengeType {
    /// All types.
    pub const ALL: [ChallengeType; 3] = [Self::Http01, Self::Dns01, Self::TlsAlpn01];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http01 => "http-01",
            Self::Dns01 => "dns-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        }
    }

    /// The types for an identifier. RFC 8555 section 8.3: a wildcard has DNS only; RFC 8738 section 7: an address has no DNS.
    #[must_use]
    pub fn of(identifier: &AcmeIdentifier) -> &'static [ChallengeType] {
        match identifier.name() {
            Name::Ip(_) => &[Self::Http01, Self::TlsAlpn01],
            name if name.is_wildcard() => &[Self::Dns01],
            _ => &Self::ALL,
        }
    }
}

impl ChallengeObject {
    /// A challenge at this URL, which is valid since a time.
    #[must_use]
    pub fn new(challenge_type: ChallengeType, url: String, validated: OffsetDateTime) -> Self {
        // RFC 8555 section 8.3: base64url of at least 128 bits.
        let token = base64url::encode(sha256(url.as_bytes()));
        Self { challenge_type, url, status: AuthorizationStatus::Valid, validated, token }
    }
}

impl AuthorizationObject {
    /// The authorization of an identifier, from `since` to `expires`; `url` gives the URL of each challenge.
    #[must_use]
    pub fn new(
        identifier: &AcmeIdentifier,
        status: AuthorizationStatus,
        since: OffsetDateTime,
        expires: OffsetDateTime,
        url: impl Fn(ChallengeType) -> String,
    ) -> Self {
        let types = ChallengeType::of(identifier).iter();
        let challenges = types.map(|one| ChallengeObject::new(*one, url(*one), since)).collect();
        let mut written = identifier.to_object();
        // RFC 8555 section 7.1.4: without the wildcard, and with the member for it.
        let wildcard = identifier.name().is_wildcard();
        if let (true, Some(base)) = (wildcard, written.value.strip_prefix("*.")) {
            written.value = base.to_owned();
        }
        Self { identifier: written, status, expires, challenges, wildcard }
    }
}

/// Reads the request to deactivate an authorization (RFC 8555 section 7.5.2), the only change that a client can ask for.
///
/// # Errors
/// `malformed` for anything else.
pub fn read_deactivation(request: &VerifiedRequest) -> Result<(), AcmeProblem> {
    match request.payload().object()?.required_text("status")? {
        "deactivated" => Ok(()),
        _ => Err(AcmeProblem::malformed(
            "\"status\" of an authorization can only become \"deactivated\"; send an empty payload to read it",
        )),
    }
}
