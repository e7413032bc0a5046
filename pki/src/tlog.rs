//! Merkle logs: hashes and proofs of RFC 9162, tiles of C2SP tlog-tiles, signed notes and checkpoints.
//!
//! - [`TreeHash`], [`inclusion_proof`], [`consistency_proof`] and their verification.
//! - [`Tile`], [`TileSet`], [`RightEdge`]: the tree as files; [`EntryBundle`]: the entries as files.
//! - [`NoteKey`], [`NoteVerifier`], [`Checkpoint`]: what a log signs.
//!
//! Invariant: bytes in, values out; nothing is read or written. What is read strictly has one spelling.

mod bundle;
mod checkpoint;
mod hash;
mod note;
mod proof;
mod tile;

pub use bundle::{EntryBundle, EntryBundleError, MAX_ENTRY};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use hash::{TreeHash, empty_root, leaf_hash, node_hash};
pub use note::{NoteError, NoteKey, NoteKeyError, NoteVerifier};
pub use proof::{
    TreeNode, consistency_proof, inclusion_proof, tree_root, verify_consistency, verify_inclusion,
};
pub use tile::{MissingTile, RightEdge, TILE_WIDTH, Tile, TileSet, entries_path, tile_octets};

#[cfg(test)]
mod tests;
