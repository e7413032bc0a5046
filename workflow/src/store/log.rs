//! Appending certificates to the log, and their receipts.
//!
//! Invariant: each certificate is one leaf, however often and however simultaneously it is appended, and there is one
//! checkpoint of each size. The receipt is stored before anybody gets it, and all get the same one.
//! Errors: [`LogError`].

// Concurrency
// -----------
// Several runs of Deliver append at once, and each may die between two writes. There is no lock. Three conditional writes
// decide, in this order:
//
// 1. The row. It names the place that a certificate tries next. It changes only from a place that went to another
//    certificate, so all runs for one certificate try the same place at a time.
// 2. The bundle of entries that ends with place i (`tile/entries/..`, If-None-Match). It consists of the bundle before it and one
//    more entry. Whoever creates it gives place i to a certificate, for good.
// 3. The checkpoint of size i + 1 (If-Match). Tiles and checkpoint follow from the bundle, so all writers write the same octets.
//    Tiles are written first: a checkpoint covers only what is there.
//
//        A: bundle 6: created                 B: bundle 6: exists
//        A dies                               B: tiles and checkpoint of size 6, in place of A
//                                             B: its row names place 6, bundle 7: created
//        A again: its row names place 5,
//        whose bundle ends with its entry
//
// Before it signs, a run computes the root of the tree so far from the files, and compares it with the last checkpoint: whoever
// altered a file in the bucket cannot have another tree signed.

use pki::certificate::Certificate;
use pki::tlog::{
    Checkpoint, CheckpointError, EntryBundle, EntryBundleError, MissingTile, NoteKeyError, RightEdge,
    TILE_WIDTH, Tile, TileSet, TreeNode, empty_root, entries_path, inclusion_proof, leaf_hash, tile_octets,
    verify_inclusion,
};

use super::{UpdateError, update_known_request};
use crate::approval::standing::approval_above;
use crate::ports::{LogFile, LogFiles, LogKeys, PortError, Receipts, Requests, Saved, StandingApprovals};
use crate::request::audit::Origin;
use crate::request::{InvalidTransition, LogRecord, Request};
use crate::transparency::{LogEntry, LogKey, LogProof, Receipt, ReceiptError};

/// Most places that one run tries. Deliver runs on a few messages at once, and of those that meet one succeeds each time.
const MAX_PLACES: usize = 12;
/// The path of the checkpoint.
const CHECKPOINT: &str = "checkpoint";

/// The ports of the log.
pub struct CertificateLog<'a> {
    /// The files of the log.
    pub files: &'a dyn LogFiles,
    /// The key of the log.
    pub keys: &'a dyn LogKeys,
    /// The receipts.
    pub receipts: &'a dyn Receipts,
    /// The rows.
    pub requests: &'a dyn Requests,
    /// The standing approvals that rows name.
    pub standing: &'a dyn StandingApprovals,
}

/// Why a certificate was not logged.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Neither the row nor a standing approval above it has an approval.
    #[error("the request has no approval that the log could name")]
    NoApproval,
    /// The row rejected the place.
    #[error(transparent)]
    Row(#[from] UpdateError<InvalidTransition>),
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Other certificates took each place.
    #[error("other certificates took each of {MAX_PLACES} places in the log")]
    Contended,
    /// A file of the log is not what was written.
    #[error("the log in the bucket is damaged: {0}; see: countersign log audit")]
    Damaged(String),
    /// The checkpoint is not signed by the key of the log.
    #[error(
        "the checkpoint of the log is refused: {0}; if the key of the log was lost, see docs/transparency.md"
    )]
    Checkpoint(#[from] CheckpointError),
    /// The stored receipt is not what was written.
    #[error("the stored receipt is refused: {0}")]
    Receipt(#[from] ReceiptError),
    /// The key cannot sign.
    #[error(transparent)]
    Key(#[from] NoteKeyError),
}

impl From<MissingTile> for LogError {
    fn from(error: MissingTile) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<EntryBundleError> for LogError {
    fn from(error: EntryBundleError) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// The head of the log.
struct Head {
    checkpoint: Checkpoint,
    /// The note, and its version; `None` before the first.
    stored: Option<(String, String)>,
}

/// An operation on the log, with the key and the tiles that it has read so far.
struct Appending<'a> {
    log: &'a CertificateLog<'a>,
    key: &'a LogKey,
    tiles: TileSet,
}

impl CertificateLog<'_> {
    /// Appends the certificate of a request, unless it is in the log, and stores its receipt. Returns the row, which names the
    /// place, and the receipt. Idempotent. The caller records that the row [is logged](Request::logged).
    ///
    /// # Errors
    /// [`LogError`].
    pub async fn append(
        &self,
        request: &Request,
        certificate: &Certificate,
        by: &Origin,
    ) -> Result<(Request, String), LogError> {
        let key = self.keys.log_key().await?;
        let standing = match request.standing() {
            Some(id) => self.standing.find(id).await?,
            None => None,
        };
        let decision = approval_above(request, standing.as_ref()).ok_or(LogError::NoApproval)?;
        let entry = LogEntry::of(request, decision, certificate).ok_or(LogError::NoApproval)?;
        if let Some(receipt) = self.receipts.receipt(certificate.serial()).await? {
            let verified = Receipt::verify(receipt.as_bytes(), &key.verifiers())?;
            verified.is_of(certificate)?;
            return Ok((request.clone(), receipt));
        }
        let mut appending = Appending { log: self, key: &key, tiles: TileSet::default() };
        let (request, proof) = appending.append(request.clone(), &entry, by).await?;
        let receipt = Receipt::of(&request, decision, &entry, &proof).sign(&key)?;
        let stored = self.receipts.store_receipt(certificate.serial(), &receipt).await?;
        Ok((request, stored))
    }
}

impl Appending<'_> {
    async fn append(
        &mut self,
        mut request: Request,
        entry: &LogEntry,
        by: &Origin,
    ) -> Result<(Request, LogProof), LogError> {
        let octets = entry.to_string().into_bytes();
        for _ in 0..MAX_PLACES {
            let head = self.head().await?;
            let size = head.checkpoint.size;
            let tried = request.log().filter(|log| log.origin == self.key.origin()).map(|log| log.index);
            if let Some(index) = tried.filter(|index| *index <= size)
                && let Some(bundle) = self.bundle_ending_with(index).await?
            {
                if bundle.entries().last() == Some(&octets) {
                    let head = self.cover(head, index, &bundle).await?;
                    return Ok((request, self.prove(index, entry, &head).await?));
                }
                if index == size {
                    // Not covered yet: its writer may be gone.
                    self.cover(head, index, &bundle).await?;
                    continue;
                }
            }
            if tried != Some(size) {
                let seen = request.log().cloned();
                let place = LogRecord::chosen(self.key.origin(), size);
                let choose = |row: &mut Request| row.choose_log_place(&place, seen.as_ref());
                let updated = update_known_request(self.log.requests, &request, by, choose).await?;
                request = updated.row;
                if updated.value != place {
                    continue;
                }
            }
            let mut bundle = self.bundle_before(size).await?;
            bundle.push(&octets)?;
            // Compared before it is written: a damaged log takes no entry.
            self.edge(&head, &bundle).await?;
            if self.log.files.create(&entries_path(size), &bundle.octets()).await? == Saved::Yes {
                let head = self.cover(head, size, &bundle).await?;
                return Ok((request, self.prove(size, entry, &head).await?));
            }
        }
        Err(LogError::Contended)
    }

    /// The head, whose signature is right.
    async fn head(&self) -> Result<Head, LogError> {
        let Some(LogFile { octets, version }) = self.log.files.read(CHECKPOINT).await? else {
            let checkpoint = Checkpoint { origin: self.key.origin().to_owned(), size: 0, root: empty_root() };
            return Ok(Head { checkpoint, stored: None });
        };
        let note = String::from_utf8(octets)
            .map_err(|_| LogError::Damaged("the checkpoint is not text".to_owned()))?;
        let checkpoint = Checkpoint::open(&note, &self.key.verifiers())?;
        Ok(Head { checkpoint, stored: Some((note, version)) })
    }

    /// The bundle that ends with place `index`; `None` if no certificate has the place.
    async fn bundle_ending_with(&self, index: u64) -> Result<Option<EntryBundle>, LogError> {
        let Some(file) = self.log.files.read(&entries_path(index)).await? else { return Ok(None) };
        let bundle = EntryBundle::from_octets(&file.octets)?;
        if bundle.entries().len() as u64 == index % TILE_WIDTH + 1 {
            Ok(Some(bundle))
        } else {
            Err(LogError::Damaged(format!("{} has another number of entries", entries_path(index))))
        }
    }

    /// The entries that come before place `index` in its bundle.
    async fn bundle_before(&self, index: u64) -> Result<EntryBundle, LogError> {
        match index % TILE_WIDTH {
            0 => Ok(EntryBundle::default()),
            _ => self
                .bundle_ending_with(index - 1)
                .await?
                .ok_or_else(|| LogError::Damaged(format!("{} is missing", entries_path(index - 1)))),
        }
    }

    /// The edge of the tree of `head`, from the bundle with one more entry, and from the tiles above it.
    async fn edge(&mut self, head: &Head, bundle: &EntryBundle) -> Result<RightEdge, LogError> {
        let size = head.checkpoint.size;
        for tile in RightEdge::tiles(size) {
            if tile.level == 0 {
                let mut hashes = bundle.hashes();
                hashes.pop();
                self.tiles.insert(tile, hashes);
            } else {
                self.load(tile).await?;
            }
        }
        let edge = RightEdge::of(size, &self.tiles)?;
        if edge.root()? == head.checkpoint.root {
            Ok(edge)
        } else {
            Err(LogError::Damaged(format!("its files have not the root of the checkpoint of size {size}")))
        }
    }

    async fn load(&mut self, tile: Tile) -> Result<(), LogError> {
        if !self.tiles.has(&tile) {
            let file = self.log.files.read(&tile.path()).await?.ok_or(MissingTile(tile))?;
            self.tiles.insert(tile, tile.read(&file.octets).ok_or(MissingTile(tile))?);
        }
        Ok(())
    }

    /// Makes the checkpoint cover place `index`, which the last entry of `bundle` has. Returns the head.
    async fn cover(&mut self, head: Head, index: u64, bundle: &EntryBundle) -> Result<Head, LogError> {
        let size = head.checkpoint.size;
        if size > index {
            return Ok(head);
        }
        let mut edge = self.edge(&head, bundle).await?;
        let entry = bundle.entries().last().map(Vec::as_slice).unwrap_or_default();
        for (tile, hashes) in edge.append(leaf_hash(entry)) {
            self.log.files.write(&tile.path(), &tile_octets(&hashes)).await?;
            self.tiles.insert(tile, hashes);
        }
        let checkpoint =
            Checkpoint { origin: self.key.origin().to_owned(), size: edge.size(), root: edge.root()? };
        let note = checkpoint.sign(self.key.key())?;
        let saved = match &head.stored {
            None => self.log.files.create(CHECKPOINT, note.as_bytes()).await?,
            Some((_, version)) => self.log.files.replace(CHECKPOINT, version, note.as_bytes()).await?,
        };
        // Another run was faster: its checkpoint covers the place too.
        let head = match saved {
            Saved::Yes => Head { checkpoint, stored: Some((note, String::new())) },
            Saved::Conflict => self.head().await?,
        };
        if head.checkpoint.size > index {
            Ok(head)
        } else {
            Err(LogError::Damaged("the checkpoint was set back".to_owned()))
        }
    }

    /// Proves that the entry has place `index` in the tree of `head`.
    async fn prove(&mut self, index: u64, entry: &LogEntry, head: &Head) -> Result<LogProof, LogError> {
        let Checkpoint { size, root, .. } = head.checkpoint;
        let mut needed = Vec::new();
        let note = |subtree: TreeNode| {
            needed.push(Tile::of(subtree, size).0);
            Ok::<_, MissingTile>(empty_root())
        };
        inclusion_proof(index, size, &mut { note })?;
        for tile in needed {
            self.load(tile).await?;
        }
        let hashes = inclusion_proof(index, size, &mut |subtree| self.tiles.subtree(subtree, size))?;
        if !verify_inclusion(index, size, entry.leaf_hash(), &hashes, &root) {
            return Err(LogError::Damaged(format!("its tiles do not prove entry {index}")));
        }
        let checkpoint = head.stored.as_ref().map(|(note, _)| note.clone()).unwrap_or_default();
        Ok(LogProof { index, hashes, checkpoint })
    }
}

#[cfg(test)]
mod tests;
