//! Roots and proofs of a Merkle tree (RFC 9162 sections 2.1.3 and 2.1.4).
//!
//! A proof is made from the hashes of complete subtrees, which the caller looks up. Ranges of leaves are those of the
//! recursive definitions, so each of them that has a power of two of leaves is a complete subtree.

use super::hash::{TreeHash, empty_root, node_hash};

/// A complete subtree: the leaves from `index << height` to `(index + 1) << height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeNode {
    /// The levels of nodes above its leaves.
    pub height: u32,
    /// Its place among the subtrees of this height.
    pub index: u64,
}

/// The largest power of two that is smaller than `leaves`, which is at least 2.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// MTH of the leaves from `from` to `to`.
fn range<E>(
    from: u64,
    to: u64,
    lookup: &mut impl FnMut(TreeNode) -> Result<TreeHash, E>,
) -> Result<TreeHash, E> {
    let leaves = to - from;
    if leaves.is_power_of_two() {
        let height = leaves.trailing_zeros();
        return lookup(TreeNode { height, index: from >> height });
    }
    let middle = from + split(leaves);
    Ok(node_hash(&range(from, middle, lookup)?, &range(middle, to, lookup)?))
}

/// The root of the tree of the first `size` leaves.
///
/// # Errors
/// That of `lookup`.
pub fn tree_root<E>(
    size: u64,
    lookup: &mut impl FnMut(TreeNode) -> Result<TreeHash, E>,
) -> Result<TreeHash, E> {
    if size == 0 { Ok(empty_root()) } else { range(0, size, lookup) }
}

/// The inclusion proof of a leaf in the tree of the first `size` leaves, from the leaf up; `index` is below `size`.
///
/// # Errors
/// That of `lookup`.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    lookup: &mut impl FnMut(TreeNode) -> Result<TreeHash, E>,
) -> Result<Vec<TreeHash>, E> {
    let (mut from, mut to) = (0, size);
    let mut downwards = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            downwards.push(range(middle, to, lookup)?);
            to = middle;
        } else {
            downwards.push(range(from, middle, lookup)?);
            from = middle;
        }
    }
    downwards.reverse();
    Ok(downwards)
}

/// The proof that the tree of the first `second` leaves begins with the tree of the first `first`; `first` is from 1 to
/// `second`.
///
/// # Errors
/// That of `lookup`.
pub fn consistency_proof<E>(
    first: u64,
    second: u64,
    lookup: &mut impl FnMut(TreeNode) -> Result<TreeHash, E>,
) -> Result<Vec<TreeHash>, E> {
    let (mut from, mut to) = (0, second);
    let mut downwards = Vec::new();
    // SUBPROOF(m, D_n, b): `first` ends inside of the range, which is all of the tree at first.
    while first < to {
        let middle = from + split(to - from);
        if first <= middle {
            downwards.push(range(middle, to, lookup)?);
            to = middle;
        } else {
            downwards.push(range(from, middle, lookup)?);
            from = middle;
        }
    }
    if from > 0 {
        downwards.push(range(from, to, lookup)?);
    }
    downwards.reverse();
    Ok(downwards)
}

/// Moves to the parents.
fn up(a: &mut u64, b: &mut u64) {
    *a >>= 1;
    *b >>= 1;
}

/// RFC 9162 section 2.1.3.2: true if the proof leads from the leaf at `index` to the root of the tree of `size` leaves.
#[must_use]
pub fn verify_inclusion(index: u64, size: u64, leaf: TreeHash, proof: &[TreeHash], root: &TreeHash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                up(&mut at, &mut last);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        up(&mut at, &mut last);
    }
    last == 0 && hash == *root
}

/// RFC 9162 section 2.1.4.2: true if the tree of `second` leaves begins with the tree of `first` leaves.
#[must_use]
pub fn verify_consistency(
    (first, first_root): (u64, &TreeHash),
    (second, second_root): (u64, &TreeHash),
    proof: &[TreeHash],
) -> bool {
    if first > second || first == 0 {
        // Every tree begins with the empty one.
        return first == 0 && proof.is_empty() && *first_root == empty_root();
    }
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    // A complete first tree is a node of the second one, and not in the proof.
    let begin = first.is_power_of_two().then_some(*first_root);
    let mut proof = begin.into_iter().chain(proof.iter().copied());
    let (mut at, mut last) = (first - 1, second - 1);
    while at & 1 == 1 {
        up(&mut at, &mut last);
    }
    let Some(start) = proof.next() else { return false };
    let (mut one, mut two) = (start, start);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            one = node_hash(&sibling, &one);
            two = node_hash(&sibling, &two);
            while at & 1 == 0 && at != 0 {
                up(&mut at, &mut last);
            }
        } else {
            two = node_hash(&two, &sibling);
        }
        up(&mut at, &mut last);
    }
    last == 0 && one == *first_root && two == *second_root
}
