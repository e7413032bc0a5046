//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2): public keys for signatures.
//!
//! Invariant: a [`JsonWebKey`] is on the curve, has none of the weaknesses that a request for a certificate is refused
//! for, and holds no member but those of the public key, its id and its algorithm.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::IdTokenError;
use crate::error::WeakKeyError;
use crate::key::{KeyKind, PublicKey};
use crate::signer;

/// The bytes of a key set, at most.
pub const MAX_KEY_SET_BYTES: usize = 256 * 1024;
/// The keys of a set that are read, at most.
const MAX_KEYS: usize = 64;
/// The bytes of a key id, at most.
const MAX_KEY_ID_BYTES: usize = 256;

/// The algorithm of a token's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA with SHA-256 on P-256.
    Es256,
    /// ECDSA with SHA-384 on P-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl TokenAlgorithm {
    /// All algorithms. `none` and those with a shared secret are none of them.
    pub const ALL: [TokenAlgorithm; 5] = [Self::Rs256, Self::Ps256, Self::Es256, Self::Es384, Self::EdDsa];

    /// The name in IANA's registry of JOSE algorithms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    fn fits(self, kind: KeyKind) -> bool {
        match self {
            Self::Rs256 | Self::Ps256 => matches!(kind, KeyKind::Rsa { .. }),
            Self::Es256 => kind == KeyKind::EcP256,
            Self::Es384 => kind == KeyKind::EcP384,
            Self::EdDsa => kind == KeyKind::Ed25519,
        }
    }

    fn verifier(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            // RFC 7518 section 3.4: R and S of a fixed length, not DER.
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::Es384 => &ECDSA_P384_SHA384_FIXED,
            Self::EdDsa => &ED25519,
        }
    }
}

/// A public key for signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonWebKey {
    key_id: Option<String>,
    algorithm: Option<TokenAlgorithm>,
    /// The required members in lexicographic order, without white space (RFC 7638 section 3).
    canonical: String,
    key: PublicKey,
}

/// Reads the keys of a set (RFC 7517 section 5) that can verify a token; others are left out, as section 5 says.
///
/// # Errors
/// [`IdTokenError::Malformed`] if it is no key set.
pub fn key_set(octets: &[u8]) -> Result<Vec<JsonWebKey>, IdTokenError> {
    const MALFORMED: IdTokenError = IdTokenError::Malformed("the key set is not well formed");
    if octets.len() > MAX_KEY_SET_BYTES {
        return Err(IdTokenError::Malformed("the key set is too long"));
    }
    let set: Value = serde_json::from_slice(octets).map_err(|_| MALFORMED)?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or(MALFORMED)?;
    Ok(keys.iter().take(MAX_KEYS).filter_map(JsonWebKey::from_value).collect())
}

impl JsonWebKey {
    /// Reads a key, as [`JsonWebKey::to_json`] writes it.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        Self::from_value(&serde_json::from_str(text).ok()?)
    }

    /// `None` if it cannot verify a token: of another type or use, weak, or malformed.
    fn from_value(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let octets = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        if value.get("use").is_some_and(|used| used.as_str() != Some("sig")) {
            return None;
        }
        let verifies = |all: &Value| all.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"));
        if value.get("key_ops").is_some_and(|all| !verifies(all)) {
            return None;
        }
        let (key, canonical) = match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let (modulus, exponent) = (octets("n")?, octets("e")?);
                let key = PublicKey::from_rsa_numbers(&modulus, &exponent).ok()?;
                // RFC 7518 section 6.3.1.1: as few octets as possible.
                [&modulus, &exponent]
                    .iter()
                    .all(|one| one.first().is_some_and(|first| *first != 0))
                    .then_some(())?;
                (key, json!({ "e": text("e")?, "kty": "RSA", "n": text("n")? }))
            }
            ("EC", Some(curve @ ("P-256" | "P-384"))) => {
                let (kind, bytes) =
                    if curve == "P-256" { (KeyKind::EcP256, 32) } else { (KeyKind::EcP384, 48) };
                let (x, y) = (octets("x")?, octets("y")?);
                // RFC 7518 section 6.2.1.2: all octets of a coordinate.
                (x.len() == bytes && y.len() == bytes).then_some(())?;
                let key = PublicKey::from_octets(kind, &[&[4], x.as_slice(), &y].concat()).ok()?;
                (key, json!({ "crv": curve, "kty": "EC", "x": text("x")?, "y": text("y")? }))
            }
            ("OKP", Some("Ed25519")) => {
                let key = PublicKey::from_octets(KeyKind::Ed25519, &octets("x")?).ok()?;
                (key, json!({ "crv": "Ed25519", "kty": "OKP", "x": text("x")? }))
            }
            _ => return None,
        };
        // A size that is no multiple of 8 bits is no weakness here, as in passkeys.
        let is_weak = |weakness: &WeakKeyError| !matches!(weakness, WeakKeyError::RsaOddSize(_));
        if key.weaknesses().iter().any(is_weak) || !signer::is_readable(&key) {
            return None;
        }
        let algorithm = match value.get("alg") {
            None => None,
            Some(name) => Some(TokenAlgorithm::from_name(name.as_str()?).filter(|one| one.fits(key.kind()))?),
        };
        let key_id = match value.get("kid") {
            None => None,
            Some(id) => Some(id.as_str().filter(|id| id.len() <= MAX_KEY_ID_BYTES)?.to_owned()),
        };
        Some(Self { key_id, algorithm, canonical: canonical.to_string(), key })
    }

    /// The id of the key.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The SHA-256 thumbprint (RFC 7638), base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.canonical.as_bytes()))
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
    pub(super) fn signs_by(&self, algorithm: TokenAlgorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm) && algorithm.fits(self.key.kind())
    }

    pub(super) fn verify(&self, algorithm: TokenAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(algorithm.verifier(), self.key.bits()).verify(message, signature).is_ok()
    }
}
