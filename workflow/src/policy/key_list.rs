//! Lists of keys that are never certified and that are too many for the policy: each an object in the bucket, named by its
//! own digest.
//!
//! A list is a sorted sequence of records of 16 octets, as the project badkeys publishes its list: 15 octets of a SHA-256,
//! and one that tells where the key comes from. The digest is over the number of a key (see
//! [`PublicKey::number_digest`]) or over its SubjectPublicKeyInfo.
//! <https://github.com/badkeys/badkeys/blob/main/badkeys/allkeys/block.py>
//!
//! Invariant: a list never changes, because its key has its digest; a reader sees the records of one list.

use std::convert::Infallible;
use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};

use crate::framed_hash::{is_sha256, read_sha256};
use pki::key::PublicKey;

/// The SHA-256 of a list, in lower-case hex: its name in policy and bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyListDigest(String);

impl KeyListDigest {
    /// Reads 64 hexadecimal digits, in lower case.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        is_sha256(text).then(|| KeyListDigest(text.to_owned()))
    }

    /// The object's key in the bucket of a stack.
    #[must_use]
    pub fn object_key(&self) -> String {
        format!("policy/{self}.keys")
    }
}

impl fmt::Display for KeyListDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The records of a list, wherever they are.
#[async_trait]
pub trait KeyListRecords: Send + Sync {
    /// Why they cannot be read.
    type Error: Send;

    /// The number of records.
    async fn count(&self) -> Result<u64, Self::Error>;

    /// The octets of the records from number `from` up to `to`, which is not among them.
    async fn octets(&self, from: u64, to: u64) -> Result<Vec<u8>, Self::Error>;
}

/// True if a key is in a list. Digests are spread evenly, so the first read nearly always has the place of a digest; a list
/// whose digests are not is read by halves.
///
/// # Errors
/// Those of the records.
pub async fn has_key<R: KeyListRecords>(records: &R, key: &PublicKey) -> Result<bool, R::Error> {
    let count = records.count().await?;
    Ok(has_digest(records, count, &key.number_digest()).await?
        || has_digest(records, count, &key.spki_digest()).await?)
}

async fn has_digest<R: KeyListRecords>(records: &R, count: u64, digest: &[u8; 32]) -> Result<bool, R::Error> {
    let wanted = &digest[..KeyList::DIGEST_BYTES];
    // How many of evenly spread digests come before one varies, as a standard deviation, by at most half the root of their
    // number: the window has four times that on both sides.
    let window = (4 * count.isqrt()).max(256);
    let leading = u64::from_be_bytes(*digest.first_chunk().expect("longer"));
    let mut guess = u64::try_from((u128::from(leading) * u128::from(count)) >> 64).unwrap_or(count);
    let (mut low, mut high) = (0, count);
    while low < high {
        let from = guess.saturating_sub(window / 2).clamp(low, high - 1);
        let to = (from + window).min(high);
        let octets = records.octets(from, to).await?;
        let (read, _): (&[[u8; KeyList::RECORD_BYTES]], _) = octets.as_chunks();
        match read.binary_search_by(|record| record[..KeyList::DIGEST_BYTES].cmp(wanted)) {
            Ok(_) => return Ok(true),
            Err(0) => high = from,
            Err(place) if place == read.len() => low = to,
            Err(_) => return Ok(false),
        }
        guess = low.midpoint(high);
    }
    Ok(false)
}

/// A list of keys, in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyList {
    /// Sorted; no digest twice.
    records: Vec<[u8; KeyList::RECORD_BYTES]>,
}

/// The reason why a text or a file is no list of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyListError {
    /// The text lists nothing.
    #[error("it lists no key")]
    Empty,
    /// The file has a part of a record.
    #[error("it has {0} bytes, and is no list of records of {record} bytes", record = KeyList::RECORD_BYTES)]
    Length(usize),
    /// The records are in another order.
    #[error("record {0} is smaller than the one before it; the records of a list are sorted")]
    Unsorted(usize),
    /// A line of text is no digest.
    #[error("line {0} is no SHA-256 of a public key; write 64 hexadecimal digits")]
    Line(usize),
    /// A PEM block is no public key.
    #[error("block {0} is not a PUBLIC KEY but a {1}")]
    Block(usize, String),
    /// The PEM cannot be read.
    #[error("its PEM cannot be read: {0}")]
    Pem(String),
}

impl KeyList {
    /// The octets of a record.
    pub const RECORD_BYTES: usize = 16;
    /// The octets of a record that are of the digest.
    const DIGEST_BYTES: usize = 15;
    /// The last octet of the records that [`KeyList::read`] makes itself; badkeys counts up from 0.
    const OWN_ORIGIN: u8 = 255;

    /// Reads a file: a list of badkeys, public keys in PEM, or text with one SHA-256 of a SubjectPublicKeyInfo a line, in
    /// hex, as `sha256sum` prints it; `#` begins a comment.
    ///
    /// # Errors
    /// [`KeyListError`].
    pub fn read(file: &[u8]) -> Result<KeyList, KeyListError> {
        let records = match std::str::from_utf8(file) {
            Ok(text) if text.contains("-----BEGIN ") => Self::of_pem(text)?,
            Ok(text) if !text.contains('\0') => Self::of_lines(text)?,
            _ => Self::of_records(file)?,
        };
        if records.is_empty() { Err(KeyListError::Empty) } else { Ok(Self::merged([KeyList { records }])) }
    }

    fn of_records(file: &[u8]) -> Result<Vec<[u8; Self::RECORD_BYTES]>, KeyListError> {
        let (records, rest) = file.as_chunks();
        if !rest.is_empty() {
            return Err(KeyListError::Length(file.len()));
        }
        match records
            .windows(2)
            .position(|pair| pair[0][..Self::DIGEST_BYTES] > pair[1][..Self::DIGEST_BYTES])
        {
            Some(before) => Err(KeyListError::Unsorted(before + 2)),
            None => Ok(records.to_vec()),
        }
    }

    fn of_lines(text: &str) -> Result<Vec<[u8; Self::RECORD_BYTES]>, KeyListError> {
        let mut records = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let Some(digits) = line.split_whitespace().next() else { continue };
            let digest = read_sha256(digits).ok_or(KeyListError::Line(at + 1))?;
            records.push(Self::record(&digest));
        }
        Ok(records)
    }

    fn of_pem(text: &str) -> Result<Vec<[u8; Self::RECORD_BYTES]>, KeyListError> {
        let blocks = pem::parse_many(text).map_err(|error| KeyListError::Pem(error.to_string()))?;
        let record = |(at, block): (usize, &pem::Pem)| match block.tag() {
            "PUBLIC KEY" => Ok(Self::record(digest(&SHA256, block.contents()).as_ref())),
            other => Err(KeyListError::Block(at + 1, other.to_owned())),
        };
        blocks.iter().enumerate().map(record).collect()
    }

    fn record(digest: &[u8]) -> [u8; Self::RECORD_BYTES] {
        let mut record = [Self::OWN_ORIGIN; Self::RECORD_BYTES];
        record[..Self::DIGEST_BYTES].copy_from_slice(&digest[..Self::DIGEST_BYTES]);
        record
    }

    /// The keys of all lists.
    pub fn merged(lists: impl IntoIterator<Item = KeyList>) -> KeyList {
        let mut records: Vec<_> = lists.into_iter().flat_map(|list| list.records).collect();
        records.sort_unstable();
        records.dedup_by_key(|record| *record.first_chunk::<{ Self::DIGEST_BYTES }>().expect("shorter"));
        KeyList { records }
    }

    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True if the list has no key; no list that was read is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The octets of the list.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.records.as_flattened()
    }

    /// The name of the list.
    #[must_use]
    pub fn digest(&self) -> KeyListDigest {
        KeyListDigest(hex::encode(digest(&SHA256, self.as_bytes())))
    }
}

#[async_trait]
impl KeyListRecords for KeyList {
    type Error = Infallible;

    async fn count(&self) -> Result<u64, Infallible> {
        Ok(self.records.len() as u64)
    }

    async fn octets(&self, from: u64, to: u64) -> Result<Vec<u8>, Infallible> {
        let place = |record: u64| usize::try_from(record).unwrap_or(usize::MAX);
        Ok(self.records[place(from)..place(to)].as_flattened().to_vec())
    }
}

#[cfg(test)]
mod tests;
