//! Checkpoints (C2SP tlog-checkpoint): origin, size and root of a tree, as a signed note.

use super::hash::TreeHash;
use super::note::{NoteError, NoteKey, NoteKeyError, NoteVerifier, open};

/// The head of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root.
    pub root: TreeHash,
}

/// Why a text is no checkpoint of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text of the note is not origin, size and root.
    #[error("the signed note is not a checkpoint")]
    Malformed,
    /// The checkpoint is of another log than its signer.
    #[error("the checkpoint is of another log")]
    OtherOrigin,
}

impl Checkpoint {
    /// The text of the note.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Signs it.
    ///
    /// # Errors
    /// [`NoteKeyError::Private`] if the cryptographic library failed.
    pub fn sign(&self, key: &NoteKey) -> Result<String, NoteKeyError> {
        key.sign_note(&self.text())
    }

    /// Reads a checkpoint that at least one of the keys signed. All keys have the name of the log.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open(note: &str, keys: &[NoteVerifier]) -> Result<Self, CheckpointError> {
        let checkpoint = Self::read(open(note, keys)?).ok_or(CheckpointError::Malformed)?;
        if keys.iter().any(|key| key.name() == checkpoint.origin) {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::OtherOrigin)
        }
    }

    /// Logs here write no extension lines, so there are none to read.
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let checkpoint =
            Self { origin: origin.to_owned(), size: size.parse().ok()?, root: TreeHash::from_base64(root)? };
        // Only the one spelling: "+1" is a number too.
        (lines.next().is_none() && !origin.is_empty() && checkpoint.text() == text).then_some(checkpoint)
    }
}
