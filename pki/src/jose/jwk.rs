//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2): public keys for signatures.
//!
//! Invariant: a [`JsonWebKey`] is on the curve, has none of the weaknesses that a request for a certificate is refused
//! for, and holds no member but those of the public key, its id and its algorithm.

use serde_json::{Value, json};

use super::{JsonObject, JwsAlgorithm, object};
use crate::base64url;
use crate::error::{KeyError, WeakKeyError};
use crate::key::{KeyKind, PublicKey};
use crate::sha256::sha256;
use crate::signer;
use crate::text::quoted;

/// The bytes of a key id, at most.
const MAX_KEY_ID_BYTES: usize = 256;

/// The members of private and symmetric keys (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key for signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonWebKey {
    key_id: Option<String>,
    algorithm: Option<JwsAlgorithm>,
    /// The required members in lexicographic order, without white space (RFC 7638 section 3).
    canonical: String,
    key: PublicKey,
}

/// Why a value is no public key for signatures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// The text is not a JSON object, or has a duplicate member.
    #[error("the JWK is not a JSON object without duplicate members")]
    NotAnObject,
    /// The JWK has this member of a private or symmetric key. Its value is not kept.
    #[error(
        "the JWK has the member \"{0}\" of a private key; send the public key only, and make a new key, since this one has been sent"
    )]
    Private(&'static str),
    /// The key has this unsupported type.
    #[error("keys of the type {0} are not supported; use EC on P-256 or P-384, RSA, or OKP with Ed25519")]
    KeyType(String),
    /// The key is on this unsupported curve.
    #[error("keys on the curve {0} are not supported; use P-256, P-384 or Ed25519")]
    Curve(String),
    /// This member is missing or malformed.
    #[error("the member \"{0}\" of the JWK is missing or not well formed")]
    Member(&'static str),
    /// `use` or `key_ops` says that the key does not verify signatures.
    #[error("the JWK is not for the verification of signatures; look at \"use\" and \"key_ops\"")]
    Purpose,
    /// `alg` is not an algorithm of the key.
    #[error("the \"alg\" of the JWK is not an algorithm of its key")]
    Algorithm,
    /// The numbers do not form a key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key is weak.
    #[error(transparent)]
    Weak(#[from] WeakKeyError),
}

impl JsonWebKey {
    /// Reads a key, as [`JsonWebKey::to_json`] writes it.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        Self::parse(text.as_bytes()).ok()
    }

    /// Reads the JSON text of a key.
    ///
    /// # Errors
    /// [`JwkError`].
    pub fn parse(text: &[u8]) -> Result<Self, JwkError> {
        let members = object(text).ok_or(JwkError::NotAnObject)?;
        Self::from_value(&Value::Object(members))
    }

    /// Reads a key that is a value in another one.
    pub(crate) fn from_value(value: &Value) -> Result<Self, JwkError> {
        let members = value.as_object().ok_or(JwkError::NotAnObject)?;
        if let Some(private) = PRIVATE_MEMBERS.into_iter().find(|name| members.contains_key(*name)) {
            return Err(JwkError::Private(private));
        }
        if members.get("use").is_some_and(|used| used.as_str() != Some("sig")) {
            return Err(JwkError::Purpose);
        }
        let verifies = |all: &Value| all.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"));
        if members.get("key_ops").is_some_and(|all| !verifies(all)) {
            return Err(JwkError::Purpose);
        }
        let (key, canonical) = match text(members, "kty")? {
            "RSA" => rsa(members)?,
            "EC" => ec(members)?,
            "OKP" => ed25519(members)?,
            other => return Err(JwkError::KeyType(quoted(other))),
        };
        // A size that is no multiple of 8 bits is no weakness here, as in passkeys.
        let is_weak = |weakness: &WeakKeyError| !matches!(weakness, WeakKeyError::RsaOddSize(_));
        if let Some(weakness) = key.weaknesses().into_iter().find(is_weak) {
            return Err(weakness.into());
        }
        if !signer::is_readable(&key) {
            return Err(KeyError::NotOnCurve(key.kind()).into());
        }
        let algorithm = match members.get("alg") {
            None => None,
            Some(name) => {
                let named = name.as_str().and_then(JwsAlgorithm::from_name);
                Some(named.filter(|one| one.fits(key.kind())).ok_or(JwkError::Algorithm)?)
            }
        };
        let key_id = match members.get("kid") {
            None => None,
            Some(id) => {
                let id = id.as_str().filter(|id| id.len() <= MAX_KEY_ID_BYTES);
                Some(id.ok_or(JwkError::Member("kid"))?.to_owned())
            }
        };
        Ok(Self { key_id, algorithm, canonical: canonical.to_string(), key })
    }

    /// The id of the key.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The SHA-256 thumbprint (RFC 7638), base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(sha256(self.canonical.as_bytes()))
    }

    /// The public key with its id and algorithm, as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut value: Value = serde_json::from_str(&self.canonical).unwrap_or_default();
        if let Some(id) = &self.key_id {
            value["kid"] = id.as_str().into();
        }
        if let Some(algorithm) = self.algorithm {
            value["alg"] = algorithm.name().into();
        }
        value.to_string()
    }

    /// True if the key may sign by the algorithm.
    #[must_use]
    pub fn signs_by(&self, algorithm: JwsAlgorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm) && algorithm.fits(self.key.kind())
    }
}

fn text<'a>(members: &'a JsonObject, name: &'static str) -> Result<&'a str, JwkError> {
    members.get(name).and_then(Value::as_str).ok_or(JwkError::Member(name))
}

fn octets(members: &JsonObject, name: &'static str) -> Result<Vec<u8>, JwkError> {
    base64url::decode(text(members, name)?).ok_or(JwkError::Member(name))
}

fn rsa(members: &JsonObject) -> Result<(PublicKey, Value), JwkError> {
    let number = |name| {
        // RFC 7518 section 6.3.1.1: as few octets as possible.
        let has_no_zeros = |octets: &Vec<u8>| octets.first().is_some_and(|first| *first != 0);
        Some(octets(members, name)?).filter(has_no_zeros).ok_or(JwkError::Member(name))
    };
    let key = PublicKey::from_rsa_numbers(&number("n")?, &number("e")?)?;
    Ok((key, json!({ "e": text(members, "e")?, "kty": "RSA", "n": text(members, "n")? })))
}

fn ec(members: &JsonObject) -> Result<(PublicKey, Value), JwkError> {
    let (kind, bytes) = match text(members, "crv")? {
        "P-256" => (KeyKind::EcP256, 32),
        "P-384" => (KeyKind::EcP384, 48),
        other => return Err(JwkError::Curve(quoted(other))),
    };
    // RFC 7518 section 6.2.1.2: all octets of a coordinate.
    let coordinate = |name| {
        let all = octets(members, name)?;
        if all.len() == bytes { Ok(all) } else { Err(JwkError::Member(name)) }
    };
    let point = [vec![4], coordinate("x")?, coordinate("y")?].concat();
    let key = PublicKey::from_octets(kind, &point)?;
    let (x, y) = (text(members, "x")?, text(members, "y")?);
    Ok((key, json!({ "crv": text(members, "crv")?, "kty": "EC", "x": x, "y": y })))
}

fn ed25519(members: &JsonObject) -> Result<(PublicKey, Value), JwkError> {
    match text(members, "crv")? {
        "Ed25519" => {}
        other => return Err(JwkError::Curve(quoted(other))),
    }
    let key = PublicKey::from_octets(KeyKind::Ed25519, &octets(members, "x")?)?;
    Ok((key, json!({ "crv": "Ed25519", "kty": "OKP", "x": text(members, "x")? })))
}
