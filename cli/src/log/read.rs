//! Reading the log: the checkpoint, every entry, and every tile.
//!
//! Invariant: the tree is computed from the entries; what the bucket has beside them is compared with it.

use pki::tlog::{
    Checkpoint, EntryBundle, RightEdge, TILE_WIDTH, Tile, TileSet, TreeHash, entries_path, leaf_hash,
    tile_octets,
};
use workflow::aws::S3Log;
use workflow::ports::LogFiles as _;
use workflow::transparency::LogKey;

use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;

/// A log as it was read.
pub(super) struct ReadLog {
    /// What it says.
    pub(super) checkpoint: Checkpoint,
    /// The entries.
    pub(super) entries: Vec<Vec<u8>>,
    /// The tree of the entries: full tiles, and the partial ones at its right edge.
    pub(super) tiles: TileSet,
    /// What does not agree.
    pub(super) faults: Vec<String>,
}

/// The signed checkpoint; `None` before the first certificate.
pub(super) async fn checkpoint(
    stack: &Stack,
    key: &LogKey,
) -> Result<Option<(String, Checkpoint)>, CliError> {
    let Some(octets) = file(stack, "checkpoint").await? else { return Ok(None) };
    let note = String::from_utf8(octets).or_fail(|| "cannot read the checkpoint".into(), "")?;
    let checkpoint = Checkpoint::open(&note, &key.verifiers()).or_fail(
        || "the checkpoint of the log is refused".into(),
        "The bucket keeps earlier versions of log/checkpoint. If the key was lost, see docs/transparency.md.",
    )?;
    Ok(Some((note, checkpoint)))
}

async fn file(stack: &Stack, path: &str) -> Result<Option<Vec<u8>>, CliError> {
    let doing = || format!("cannot read log/{path} in the bucket {}", stack.bucket);
    let file = S3Log::new(&stack.sdk, &stack.bucket).read(path).await.or_fail(doing, "")?;
    Ok(file.map(|file| file.octets))
}

/// Reads all of the log.
pub(super) async fn log(stack: &Stack, checkpoint: Checkpoint) -> Result<ReadLog, CliError> {
    let mut log = ReadLog { checkpoint, entries: Vec::new(), tiles: TileSet::default(), faults: Vec::new() };
    let size = log.checkpoint.size;
    let mut edge = RightEdge::of(0, &TileSet::default()).or_fail(|| "cannot begin a tree".into(), "")?;
    for first in (0..size).step_by(usize::try_from(TILE_WIDTH).unwrap_or(256)) {
        let last = (first + TILE_WIDTH).min(size) - 1;
        let path = entries_path(last);
        let Some(octets) = file(stack, &path).await? else {
            log.faults.push(format!("log/{path} is missing; the bucket keeps earlier versions of it"));
            return Ok(log);
        };
        let bundle = EntryBundle::from_octets(&octets).unwrap_or_default();
        if bundle.entries().len() as u64 != last - first + 1 {
            log.faults.push(format!("log/{path} was altered; the bucket keeps earlier versions of it"));
            return Ok(log);
        }
        for entry in bundle.entries() {
            for (tile, hashes) in edge.append(leaf_hash(entry)) {
                if tile.width == TILE_WIDTH {
                    log.compare(stack, tile, &hashes).await?;
                }
            }
        }
        log.entries.extend(bundle.entries().iter().cloned());
    }
    for (tile, hashes) in edge.partial_tiles() {
        log.compare(stack, tile, &hashes).await?;
    }
    if edge.root().ok() != Some(log.checkpoint.root) {
        log.faults.push(format!(
            "the {size} entries have not the root of the checkpoint: entries were altered; the bucket keeps earlier versions of log/tile/entries"
        ));
    }
    Ok(log)
}

impl ReadLog {
    /// Compares a tile with the bucket, and keeps it.
    async fn compare(&mut self, stack: &Stack, tile: Tile, hashes: &[TreeHash]) -> Result<(), CliError> {
        let path = tile.path();
        if file(stack, &path).await? != Some(tile_octets(hashes)) {
            self.faults.push(format!(
                "log/{path} is missing or was altered; the bucket keeps earlier versions of it"
            ));
        }
        self.tiles.insert(tile, hashes.to_vec());
        Ok(())
    }
}
