//! Signed notes (C2SP signed-note) with Ed25519 (RFC 8032).
//!
//! Invariant: a key is known by its name and its key id, and a signature of a known key that is wrong refuses the note. The
//! private key is never shown.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::pem_block::{labelled, pem_blocks};
use crate::sha256::sha256;

/// The type of signature: Ed25519.
const ED25519_TYPE: u8 = 1;
/// Before each signature line.
const DASH: &str = "\u{2014} ";
/// Most octets of a note.
const MAX_NOTE: usize = 64 * 1024;
/// Most signatures of a note.
const MAX_SIGNATURES: usize = 16;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteKeyError {
    /// Not a verifier key.
    #[error("not the public key of a log: it is written as name+hash+key")]
    Malformed,
    /// The hash is not that of name and key.
    #[error("the hash in the public key of the log is not that of its name and key")]
    OtherHash,
    /// A name is empty, or has a space or a plus sign.
    #[error("the name of a log has neither spaces nor plus signs, and is not empty")]
    Name,
    /// The private key cannot be read, or not be made.
    #[error("there is no Ed25519 private key")]
    Private,
}

/// Why a note is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a signed note.
    #[error("not a signed note")]
    Malformed,
    /// No known key signed it.
    #[error("none of the known keys of the log signed it")]
    NotSigned,
    /// A signature of a known key is wrong.
    #[error("the signature is wrong")]
    WrongSignature,
}

/// The public key of a log, with its name. Its text is Go's verifier key: `name+hash+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    key: [u8; 32],
}

impl NoteVerifier {
    /// The key of a log.
    ///
    /// # Errors
    /// [`NoteKeyError::Name`].
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, NoteKeyError> {
        let is_name =
            !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
        is_name.then(|| Self { name: name.to_owned(), key }).ok_or(NoteKeyError::Name)
    }

    /// The name of the log, its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four octets of SHA-256(name || newline || type || key).
    #[must_use]
    pub fn key_id(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), &[b'\n', ED25519_TYPE], &self.key].concat());
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// True if the key signed the message.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key).verify(message, signature).is_ok()
    }
}

impl fmt::Display for NoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519_TYPE], &self.key[..]].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.key_id()), STANDARD.encode(key))
    }
}

impl FromStr for NoteVerifier {
    type Err = NoteKeyError;

    fn from_str(text: &str) -> Result<Self, NoteKeyError> {
        // Base64 has plus signs too: only the first two separate.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteKeyError::Malformed);
        };
        let octets = STANDARD.decode(key).map_err(|_| NoteKeyError::Malformed)?;
        let [ED25519_TYPE, key @ ..] = octets.as_slice() else { return Err(NoteKeyError::Malformed) };
        let key = key.try_into().map_err(|_| NoteKeyError::Malformed)?;
        let verifier = Self::new(name, key)?;
        if hex::encode(verifier.key_id()) == hash { Ok(verifier) } else { Err(NoteKeyError::OtherHash) }
    }
}

/// The private key of a log.
pub struct NoteKey {
    pair: Ed25519KeyPair,
    verifier: NoteVerifier,
}

impl NoteKey {
    /// Makes a key. Returns it as PKCS#8 in PEM.
    ///
    /// # Errors
    /// [`NoteKeyError::Private`] if the source of randomness failed.
    pub fn generate_pem() -> Result<Zeroizing<String>, NoteKeyError> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let der = Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| NoteKeyError::Private)?;
        Ok(Zeroizing::new(labelled("PRIVATE KEY", der.as_ref())))
    }

    /// Reads the only private key of a text: PKCS#8 in PEM.
    ///
    /// # Errors
    /// [`NoteKeyError`].
    pub fn from_pem(name: &str, text: &str) -> Result<Self, NoteKeyError> {
        let blocks = pem_blocks(text);
        let [(label, Some(der))] = blocks.as_slice() else { return Err(NoteKeyError::Private) };
        if label != "PRIVATE KEY" {
            return Err(NoteKeyError::Private);
        }
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| NoteKeyError::Private)?;
        let key = pair.public_key().as_ref().try_into().map_err(|_| NoteKeyError::Private)?;
        Ok(Self { pair, verifier: NoteVerifier::new(name, key)? })
    }

    /// The public key.
    #[must_use]
    pub fn verifier(&self) -> &NoteVerifier {
        &self.verifier
    }

    /// Signs a message. The same message gives the same signature.
    ///
    /// # Errors
    /// [`NoteKeyError::Private`] if the cryptographic library failed.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoteKeyError> {
        let signature = self.pair.try_sign(message).map_err(|_| NoteKeyError::Private)?;
        Ok(signature.as_ref().to_vec())
    }

    /// Signs a text, which ends with a line feed, as a note.
    ///
    /// # Errors
    /// [`NoteKeyError::Private`] if the cryptographic library failed.
    pub fn sign_note(&self, text: &str) -> Result<String, NoteKeyError> {
        let signature = [&self.verifier.key_id()[..], &self.sign(text.as_bytes())?].concat();
        Ok(format!("{text}\n{DASH}{} {}\n", self.verifier.name, STANDARD.encode(signature)))
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// Returns the text of a note that at least one of the keys signed.
pub(super) fn open<'a>(note: &'a str, keys: &[NoteVerifier]) -> Result<&'a str, NoteError> {
    let has_controls = note.bytes().any(|octet| octet < 0x20 && octet != b'\n');
    if note.len() > MAX_NOTE || has_controls {
        return Err(NoteError::Malformed);
    }
    // The last empty line is before the signatures; the text has its own line feed.
    let at = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let (text, signatures) = (&note[..=at], &note[at + 2..]);
    let lines = signatures.strip_suffix('\n').ok_or(NoteError::Malformed)?;
    let mut signed = false;
    for (count, line) in lines.split('\n').enumerate() {
        let line = line.strip_prefix(DASH).filter(|_| count < MAX_SIGNATURES);
        let (name, encoded) = line.and_then(|line| line.split_once(' ')).ok_or(NoteError::Malformed)?;
        let octets = STANDARD.decode(encoded).map_err(|_| NoteError::Malformed)?;
        let (id, signature) = octets.split_first_chunk::<4>().ok_or(NoteError::Malformed)?;
        if name.is_empty() || signature.is_empty() {
            return Err(NoteError::Malformed);
        }
        if let Some(key) = keys.iter().find(|key| key.name == name && key.key_id() == *id) {
            if !key.signed(text.as_bytes(), signature) {
                return Err(NoteError::WrongSignature);
            }
            signed = true;
        }
    }
    if signed { Ok(text) } else { Err(NoteError::NotSigned) }
}
