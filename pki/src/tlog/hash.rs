//! The hashes of a Merkle tree (RFC 9162 section 2.1.1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sha256::sha256;

/// The hash of a leaf or a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash(pub [u8; 32]);

impl TreeHash {
    /// Reads standard base64 with padding: 44 characters, in the one spelling there is.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        let octets = STANDARD.decode(text).ok()?;
        Some(Self(octets.try_into().ok()?))
    }
}

/// Standard base64 with padding.
impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

/// The root of the empty tree.
#[must_use]
pub fn empty_root() -> TreeHash {
    TreeHash(sha256(b""))
}

/// The hash of an entry: SHA-256(0x00 || entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> TreeHash {
    TreeHash(sha256(&[&[0], entry].concat()))
}

/// The hash of a node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &TreeHash, right: &TreeHash) -> TreeHash {
    TreeHash(sha256(&[&[1], &left.0[..], &right.0[..]].concat()))
}
