//! The tree as tiles (C2SP tlog-tiles): files of up to 256 hashes of one height.
//!
//! Invariant: the content of a tile follows from its level, index and width and from the entries, so two writers of one tile
//! write the same.

use std::collections::BTreeMap;

use super::hash::{TreeHash, node_hash};
use super::proof::{TreeNode, tree_root};

/// Most hashes of a tile, and most entries of a bundle.
pub const TILE_WIDTH: u64 = 256;
/// The height of a full tile.
const TILE_HEIGHT: u32 = 8;

/// A tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// 0 for hashes of entries; above it, hashes of the full tiles one level below.
    pub level: u32,
    /// Its place in the level.
    pub index: u64,
    /// The number of hashes, 1 to 256.
    pub width: u64,
}

impl Tile {
    /// The tile that has the hashes of a subtree in a tree of `size` leaves, with the place of the first of them, and
    /// their number.
    #[must_use]
    pub fn of(subtree: TreeNode, size: u64) -> (Self, usize, usize) {
        let level = subtree.height / TILE_HEIGHT;
        let within = subtree.height % TILE_HEIGHT;
        let first = subtree.index << within;
        let index = first / TILE_WIDTH;
        let width = ((size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH).min(TILE_WIDTH);
        let begin = usize::try_from(first % TILE_WIDTH).unwrap_or_default();
        (Self { level, index, width }, begin, 1 << within)
    }

    /// The path below the prefix of the log.
    #[must_use]
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, numbered(self.index, self.width))
    }

    /// Reads the hashes of this tile; `None` if there are not as many.
    #[must_use]
    pub fn read(&self, octets: &[u8]) -> Option<Vec<TreeHash>> {
        let (hashes, rest) = octets.as_chunks::<32>();
        (rest.is_empty() && hashes.len() as u64 == self.width)
            .then(|| hashes.iter().map(|octets| TreeHash(*octets)).collect())
    }
}

/// The content of a tile.
#[must_use]
pub fn tile_octets(hashes: &[TreeHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The path of the bundle with entry number `last` as its last one.
#[must_use]
pub fn entries_path(last: u64) -> String {
    format!("tile/entries/{}", numbered(last / TILE_WIDTH, last % TILE_WIDTH + 1))
}

/// An index in groups of three digits, all but the last one after an x, and the width of what is partial.
fn numbered(index: u64, width: u64) -> String {
    let mut groups = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    let path = groups.join("/");
    if width == TILE_WIDTH { path } else { format!("{path}.p/{width}") }
}

/// The root of a full tile, or of a part of one, of a power of two of hashes.
fn root_of(hashes: &[TreeHash]) -> Option<TreeHash> {
    match hashes {
        [] => None,
        [one] => Some(*one),
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Some(node_hash(&root_of(left)?, &root_of(right)?))
        }
    }
}

/// A tile that is needed and is not in the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tile {} is missing", .0.path())]
pub struct MissingTile(pub Tile);

/// Tiles that were read.
#[derive(Clone, Debug, Default)]
pub struct TileSet(BTreeMap<Tile, Vec<TreeHash>>);

impl TileSet {
    /// Adds a tile.
    pub fn insert(&mut self, tile: Tile, hashes: Vec<TreeHash>) {
        self.0.insert(tile, hashes);
    }

    /// True if the tile is here.
    #[must_use]
    pub fn has(&self, tile: &Tile) -> bool {
        self.0.contains_key(tile)
    }

    /// The hash of a subtree in a tree of `size` leaves.
    ///
    /// # Errors
    /// [`MissingTile`].
    pub fn subtree(&self, subtree: TreeNode, size: u64) -> Result<TreeHash, MissingTile> {
        let (tile, begin, count) = Tile::of(subtree, size);
        let hashes = self.0.get(&tile).and_then(|hashes| hashes.get(begin..begin + count));
        hashes.and_then(root_of).ok_or(MissingTile(tile))
    }
}

/// The partial tiles of a tree: what appending an entry needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightEdge {
    size: u64,
    /// The hashes of the partial tile of each level.
    levels: Vec<Vec<TreeHash>>,
}

impl RightEdge {
    /// The partial tiles of a tree of `size` leaves, lowest first. A level without one is left out.
    #[must_use]
    pub fn tiles(size: u64) -> Vec<Tile> {
        let mut tiles = Vec::new();
        let (mut level, mut hashes) = (0, size);
        while hashes > 0 {
            if hashes % TILE_WIDTH > 0 {
                tiles.push(Tile { level, index: hashes / TILE_WIDTH, width: hashes % TILE_WIDTH });
            }
            hashes /= TILE_WIDTH;
            level += 1;
        }
        tiles
    }

    /// The edge of a tree of `size` leaves, whose partial tiles are in `tiles`.
    ///
    /// # Errors
    /// [`MissingTile`].
    pub fn of(size: u64, tiles: &TileSet) -> Result<Self, MissingTile> {
        let mut levels = Vec::new();
        for tile in Self::tiles(size) {
            levels.resize(tile.level as usize + 1, Vec::new());
            levels[tile.level as usize] = tiles.0.get(&tile).cloned().ok_or(MissingTile(tile))?;
        }
        Ok(Self { size, levels })
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root.
    ///
    /// # Errors
    /// [`MissingTile`] if the edge is not that of a tree.
    pub fn root(&self) -> Result<TreeHash, MissingTile> {
        tree_root(self.size, &mut |subtree| {
            // Each subtree of the root is in the partial tile of its level.
            let (tile, begin, count) = Tile::of(subtree, self.size);
            let hashes = self.levels.get(tile.level as usize);
            let hashes = hashes.and_then(|hashes| hashes.get(begin..begin + count));
            hashes.and_then(root_of).ok_or(MissingTile(tile))
        })
    }

    /// The partial tiles with their hashes.
    #[must_use]
    pub fn partial_tiles(&self) -> Vec<(Tile, Vec<TreeHash>)> {
        let hashes = |tile: &Tile| self.levels.get(tile.level as usize).cloned().unwrap_or_default();
        Self::tiles(self.size).into_iter().map(|tile| (tile, hashes(&tile))).collect()
    }

    /// Appends a leaf. Returns the tiles that are new.
    pub fn append(&mut self, leaf: TreeHash) -> Vec<(Tile, Vec<TreeHash>)> {
        self.size += 1;
        let (mut level, mut hash, mut new) = (0, leaf, Vec::new());
        loop {
            if self.levels.len() <= level as usize {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level as usize];
            hashes.push(hash);
            let index = ((self.size >> (TILE_HEIGHT * level)) - 1) / TILE_WIDTH;
            let tile = Tile { level, index, width: hashes.len() as u64 };
            if tile.width < TILE_WIDTH {
                new.push((tile, hashes.clone()));
                return new;
            }
            // A full tile is one hash of the level above.
            let full = std::mem::take(hashes);
            let root = root_of(&full);
            new.push((tile, full));
            match root {
                Some(root) => (level, hash) = (level + 1, root),
                None => return new,
            }
        }
    }
}
