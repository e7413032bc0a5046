//! The pointer to a policy that is too large for its parameter: an object in the bucket, named by its own digest.
//!
//! Invariant: a document with another digest than its pointer is rejected. The object never changes, so an object
//! stored before its pointer is read whole or not at all.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};

use super::{Policy, PolicyErrors};
use crate::framed_hash::is_sha256;

/// `s3://BUCKET/policy/SHA256.toml`: no TOML document begins like that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    bucket: String,
    /// Lower-case hex SHA-256 of the document.
    digest: String,
}

/// The reason why a text is not a pointer, or its object is not the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// The text begins like a pointer, but is malformed.
    #[error("the parameter holds a damaged reference to a policy in S3; put the policy in force again")]
    Malformed,
    /// The object is larger than any policy.
    #[error("{0} is larger than a policy of {max} bytes", max = Policy::MAX_BYTES)]
    TooLarge(Pointer),
    /// The digest of the object differs from the digest in the pointer.
    #[error("{0} does not hold the policy with that SHA-256; put the policy in force again")]
    Altered(Pointer),
}

impl Pointer {
    const SCHEME: &'static str = "s3://";

    /// The pointer to this document in this bucket.
    #[must_use]
    pub fn to(document: &str, bucket: &str) -> Pointer {
        Pointer { bucket: bucket.to_owned(), digest: digest_of(document.as_bytes()) }
    }

    /// Reads the pointer in a parameter; `None` if the parameter holds the document itself.
    ///
    /// # Errors
    /// [`PointerError::Malformed`].
    pub fn read(parameter: &str) -> Result<Option<Pointer>, PointerError> {
        if parameter.starts_with(Self::SCHEME) { parameter.parse().map(Some) } else { Ok(None) }
    }

    /// The bucket of the document.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object's key in the bucket.
    #[must_use]
    pub fn key(&self) -> String {
        format!("policy/{}.toml", self.digest)
    }

    /// Returns the document, if the bytes have its digest.
    ///
    /// # Errors
    /// [`PointerError::TooLarge`], [`PointerError::Altered`].
    pub fn open(&self, bytes: Vec<u8>) -> Result<String, PointerError> {
        if bytes.len() > Policy::MAX_BYTES {
            return Err(PointerError::TooLarge(self.clone()));
        }
        if digest_of(&bytes) != self.digest {
            return Err(PointerError::Altered(self.clone()));
        }
        String::from_utf8(bytes).map_err(|_| PointerError::Altered(self.clone()))
    }
}

fn digest_of(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", Self::SCHEME, self.bucket, self.key())
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.strip_prefix(Self::SCHEME).and_then(|rest| rest.split_once("/policy/"));
        let (bucket, file) = parts.ok_or(PointerError::Malformed)?;
        let digest = file.strip_suffix(".toml").ok_or(PointerError::Malformed)?;
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        let is_bucket = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
        let fits = (3..=63).contains(&bucket.len()) && bucket.bytes().all(is_bucket) && is_sha256(digest);
        if fits {
            Ok(Pointer { bucket: bucket.to_owned(), digest: digest.to_owned() })
        } else {
            Err(PointerError::Malformed)
        }
    }
}

impl Policy {
    /// The size limit of a document, in bytes.
    pub const MAX_BYTES: usize = 1024 * 1024;

    /// Rejects a document above the size limit, which no worker would read.
    pub(super) fn fits(document: &str) -> Result<(), PolicyErrors> {
        if document.len() > Policy::MAX_BYTES {
            let detail =
                format!("the document has {} bytes; at most {} are read", document.len(), Policy::MAX_BYTES);
            return Err(PolicyErrors::one(detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_read_as_it_is_written() {
        let pointer = Pointer::to("default = \"server\"", "countersign-bucket-1x2y");
        assert_eq!(Pointer::read(&pointer.to_string()), Ok(Some(pointer.clone())));
        assert_eq!(pointer.open(b"default = \"server\"".to_vec()).as_deref(), Ok("default = \"server\""));
        assert!(pointer.to_string().starts_with("s3://countersign-bucket-1x2y/policy/"));
    }

    #[test]
    fn a_document_is_no_pointer_and_a_pointer_no_document() {
        assert_eq!(Pointer::read("default = \"server\""), Ok(None));
        assert!(Policy::parse(&Pointer::to("x", "bucket").to_string()).is_err());
    }

    #[test]
    fn what_begins_like_a_pointer_is_one_or_is_refused() {
        let digest = "a".repeat(64);
        for damaged in [
            "s3://".to_owned(),
            format!("s3://bucket/{digest}.toml"),
            format!("s3://bucket/policy/{digest}"),
            format!("s3://bucket/policy/{}.toml", &digest[1..]),
            format!("s3://bucket/policy/{}.toml", digest.to_uppercase()),
            format!("s3://bu/policy/{digest}.toml"),
            format!("s3://bucket/../policy/{digest}.toml"),
            format!("s3://bucket/policy/{digest}.toml\n"),
        ] {
            assert_eq!(Pointer::read(&damaged), Err(PointerError::Malformed), "{damaged}");
        }
    }

    #[test]
    fn another_document_is_refused_in_one_line() {
        let pointer = Pointer::to("one", "bucket");
        for bytes in [b"two".to_vec(), Vec::new(), vec![0xff]] {
            let error = pointer.open(bytes).unwrap_err();
            assert_eq!(error, PointerError::Altered(pointer.clone()));
            assert_eq!(error.to_string().lines().count(), 1);
        }
        let large = vec![b'#'; Policy::MAX_BYTES + 1];
        assert_eq!(pointer.open(large), Err(PointerError::TooLarge(pointer)));
    }

    #[test]
    fn a_document_of_the_largest_size_is_read_and_a_larger_one_is_not() {
        let policy = include_str!("../../../infra/policy.toml");
        let padded = |length: usize| format!("{policy}#{}", "x".repeat(length - policy.len() - 1));
        assert!(Policy::parse(&padded(Policy::MAX_BYTES)).is_ok());
        let error = Policy::parse(&padded(Policy::MAX_BYTES + 1)).unwrap_err().to_string();
        assert_eq!(error, "policy: the document has 1048577 bytes; at most 1048576 are read");
    }
}
