//! SHA-256 over a list of fields, and SHA-256 in hex.
//!
//! Invariant: each field is preceded by its length in octets (64 bits, big endian), so different lists never give the
//! same octets. Digests of approvals, reviews and audit events use it; a change would break existing rows.

use aws_lc_rs::digest::{Context, SHA256};

/// Reads a SHA-256 as people write it: 64 hexadecimal digits in either case, with or without colons.
pub(crate) fn read_sha256(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text.replace(':', ""), &mut digest).ok().map(|()| digest)
}

/// True for a SHA-256 in lower-case hex.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && is_lower_hex(text)
}

/// True if all characters are digits of lower-case hex.
pub(crate) fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

/// A hash to which fields are added in order.
pub(crate) struct FramedHash(Context);

impl FramedHash {
    /// Starts with a field for the purpose and its version, so that digests of two purposes never coincide.
    pub(crate) fn new(purpose: &str) -> Self {
        let mut hash = Self(Context::new(&SHA256));
        hash.field(purpose);
        hash
    }

    /// Adds a field.
    pub(crate) fn field(&mut self, field: &str) -> &mut Self {
        self.0.update(&(field.len() as u64).to_be_bytes());
        self.0.update(field.as_bytes());
        self
    }

    /// Adds the number of fields, then each of them: for a list between other fields.
    pub(crate) fn list(&mut self, fields: &[String]) -> &mut Self {
        self.field(&fields.len().to_string());
        self.fields(fields)
    }

    /// Adds each field of a list: for a list at the end.
    pub(crate) fn fields(&mut self, fields: &[String]) -> &mut Self {
        for field in fields {
            self.field(field);
        }
        self
    }

    /// The digest.
    pub(crate) fn finish_octets(self) -> [u8; 32] {
        let mut octets = [0; 32];
        octets.copy_from_slice(self.0.finish().as_ref());
        octets
    }

    /// The digest as lower-case hex.
    pub(crate) fn finish(self) -> String {
        hex::encode(self.0.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by Python's hashlib from the description in the header.
    #[test]
    fn a_known_list_has_the_known_digest() {
        let mut hash = FramedHash::new("a");
        hash.field("bc");
        assert_eq!(hash.finish(), "3fafa1cf2f19a7c1129beb20cf0983f73a489a221fc0dd2f16d1be292d089205");
    }

    #[test]
    fn the_border_between_fields_counts() {
        let mut hash = FramedHash::new("ab");
        hash.field("c");
        assert_eq!(hash.finish(), "601d5476e2ccfe2c87a2bba7a322659734a05749d5b5aa781f513e4912db0d5f");
    }
}
