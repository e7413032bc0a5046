//! Bundles of entries (C2SP tlog-tiles): each entry after its length in two octets, big endian.

use super::hash::{TreeHash, leaf_hash};
use super::tile::TILE_WIDTH;

/// Most octets of an entry.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// Up to 256 entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryBundle(Vec<Vec<u8>>);

/// Why there is no bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryBundleError {
    /// The octets end within an entry.
    #[error("the bundle is cut off")]
    CutOff,
    /// There are more than 256 entries.
    #[error("the bundle has more than {TILE_WIDTH} entries")]
    TooMany,
    /// An entry is too long.
    #[error("an entry has more than {MAX_ENTRY} octets")]
    TooLong,
}

impl EntryBundle {
    /// Reads a bundle.
    pub fn from_octets(mut octets: &[u8]) -> Result<Self, EntryBundleError> {
        let mut entries = Vec::new();
        while let Some((length, rest)) = octets.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let (entry, rest) = rest.split_at_checked(length).ok_or(EntryBundleError::CutOff)?;
            entries.push(entry.to_vec());
            octets = rest;
        }
        if !octets.is_empty() {
            return Err(EntryBundleError::CutOff);
        }
        if entries.len() as u64 > TILE_WIDTH {
            return Err(EntryBundleError::TooMany);
        }
        Ok(Self(entries))
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for entry in &self.0 {
            // `push` bounds the length.
            octets.extend(u16::try_from(entry.len()).unwrap_or_default().to_be_bytes());
            octets.extend(entry);
        }
        octets
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: &[u8]) -> Result<(), EntryBundleError> {
        match () {
            () if entry.len() > MAX_ENTRY => Err(EntryBundleError::TooLong),
            () if self.0.len() as u64 >= TILE_WIDTH => Err(EntryBundleError::TooMany),
            () => {
                self.0.push(entry.to_vec());
                Ok(())
            }
        }
    }

    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// The hashes of the entries: the tile of level 0.
    #[must_use]
    pub fn hashes(&self) -> Vec<TreeHash> {
        self.0.iter().map(|entry| leaf_hash(entry)).collect()
    }
}
