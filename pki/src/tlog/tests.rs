use proptest::prelude::*;

use super::*;

/// The definition of RFC 9162 section 2.1.1, word by word.
fn naive_root(entries: &[Vec<u8>]) -> TreeHash {
    match entries {
        [] => empty_root(),
        [one] => leaf_hash(one),
        _ => {
            let mut k = 1;
            while k * 2 < entries.len() {
                k *= 2;
            }
            node_hash(&naive_root(&entries[..k]), &naive_root(&entries[k..]))
        }
    }
}

fn entries(size: u64) -> Vec<Vec<u8>> {
    (0..size).map(|number| number.to_string().into_bytes()).collect()
}

/// A tree of tiles, grown entry by entry.
fn grown(size: u64) -> (TileSet, RightEdge) {
    let (mut tiles, mut edge) = (TileSet::default(), RightEdge::of(0, &TileSet::default()).unwrap());
    for entry in entries(size) {
        for (tile, hashes) in edge.append(leaf_hash(&entry)) {
            tiles.insert(tile, hashes);
        }
    }
    (tiles, edge)
}

/// The test vectors of Certificate Transparency: the leaves, and the root after each of them.
const VECTORS: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
];

#[test]
fn the_vectors_of_certificate_transparency_have_their_roots() {
    assert_eq!(
        hex::encode(empty_root().0),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    let mut edge = RightEdge::of(0, &TileSet::default()).unwrap();
    for (leaf, root) in VECTORS {
        edge.append(leaf_hash(&hex::decode(leaf).unwrap()));
        assert_eq!(hex::encode(edge.root().unwrap().0), root, "{leaf}");
    }
}

/// The example of golang.org/x/mod/sumdb/note.
#[test]
fn a_note_of_go_is_read() {
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let verifier: NoteVerifier = key.parse().unwrap();
    assert_eq!((verifier.name(), verifier.to_string().as_str()), ("PeterNeumann", key));
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let signature =
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    let note = format!("{text}\n\u{2014} PeterNeumann {signature}\n");
    assert_eq!(note::open(&note, &[verifier]), Ok(text));
}

#[test]
fn tiles_have_the_paths_of_the_specification() {
    let tile = |level, index, width| Tile { level, index, width }.path();
    assert_eq!(tile(0, 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(tile(1, 0, 17), "tile/1/000.p/17");
    assert_eq!(entries_path(0), "tile/entries/000.p/1");
    assert_eq!(entries_path(255), "tile/entries/000");
    assert_eq!(entries_path(256 * 1000), "tile/entries/x001/000.p/1");
    // The example of the specification: 70,000 entries.
    let edge: Vec<String> = RightEdge::tiles(70_000).iter().map(Tile::path).collect();
    assert_eq!(edge, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
    assert_eq!(RightEdge::tiles(256), [Tile { level: 1, index: 0, width: 1 }]);
    assert_eq!(RightEdge::tiles(0), []);
}

/// Sizes at which tiles become full, on one level and on two.
const BORDERS: [u64; 12] = [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1024, 66_050];

#[test]
fn a_tree_of_tiles_has_the_naive_root() {
    for size in BORDERS {
        let (tiles, edge) = grown(size);
        let root = naive_root(&entries(size));
        assert_eq!((edge.size(), edge.root()), (size, Ok(root)), "{size}");
        assert_eq!(RightEdge::of(size, &tiles), Ok(edge.clone()), "{size}");
        assert_eq!(tree_root(size, &mut |subtree| tiles.subtree(subtree, size)), Ok(root), "{size}");
    }
}

#[test]
fn every_proof_of_small_trees_verifies_and_no_other() {
    let (tiles, _) = grown(40);
    let root = |size: u64| naive_root(&entries(size));
    let mut accepted = 0;
    for size in 1..=40 {
        for index in 0..size {
            let leaf = leaf_hash(index.to_string().as_bytes());
            let proof = inclusion_proof(index, size, &mut |subtree| tiles.subtree(subtree, size)).unwrap();
            for other in [index, index + 1, size] {
                let verified = verify_inclusion(other, size, leaf, &proof, &root(size));
                assert_eq!(verified, other == index, "{index} of {size}: {other}");
                accepted += usize::from(verified);
            }
            let longer = [&proof[..], &[root(1)]].concat();
            assert!(!verify_inclusion(index, size, leaf, &longer, &root(size)));
            assert!(proof.is_empty() || !verify_inclusion(index, size, leaf, &proof[1..], &root(size)));
        }
        for first in 1..=size {
            let lookup = &mut |subtree| tiles.subtree(subtree, size);
            let proof = consistency_proof(first, size, lookup).unwrap();
            let verify = |first: u64, first_root: TreeHash| {
                verify_consistency((first, &first_root), (size, &root(size)), &proof)
            };
            assert!(verify(first, root(first)), "{first} of {size}");
            assert!(!verify(first, root(0)), "{first} of {size}");
            assert!(first == 1 || !verify(first - 1, root(first)), "{first} of {size}");
            accepted += 1;
        }
        assert!(verify_consistency((0, &root(0)), (size, &root(size)), &[]));
    }
    assert_eq!(accepted, 2 * (1..=40).sum::<usize>());
}

fn keys() -> (NoteKey, NoteKey) {
    let key = |name| NoteKey::from_pem(name, &NoteKey::generate_pem().unwrap()).unwrap();
    (key("ca.example.com/log"), key("ca.example.com/log"))
}

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: "ca.example.com/log".into(), size: 9, root: naive_root(&entries(9)) }
}

#[test]
fn a_checkpoint_is_read_back_with_a_key_that_signed_it() {
    let (key, other) = keys();
    let known = [key.verifier().clone()];
    let note = checkpoint().sign(&key).unwrap();
    assert_eq!(note, checkpoint().sign(&key).unwrap(), "one checkpoint of a size");
    assert_eq!(Checkpoint::open(&note, &known), Ok(checkpoint()));
    let by_other = Checkpoint::open(&note, &[other.verifier().clone()]);
    assert_eq!(by_other, Err(CheckpointError::Note(NoteError::NotSigned)));
    // A second signature, by a witness or the next key, is ignored until its key is known.
    let cosigned = format!("{note}{}", checkpoint().sign(&other).unwrap().split_once("\n\n").unwrap().1);
    assert_eq!(Checkpoint::open(&cosigned, &known), Ok(checkpoint()));
    let text: NoteVerifier = key.verifier().to_string().parse().unwrap();
    assert_eq!(&text, key.verifier());
    assert!(!format!("{key:?}").contains("PRIVATE"), "{key:?}");
    for wrong in ["", "name", "name+00000000+AQ==", "na me+00000000+AQ==", "n+x+y+z"] {
        assert!(wrong.parse::<NoteVerifier>().is_err(), "{wrong}");
    }
    let renamed = key.verifier().to_string().replace("ca.example.com", "cb.example.com");
    assert_eq!(renamed.parse::<NoteVerifier>(), Err(NoteKeyError::OtherHash));
}

#[test]
fn a_note_that_is_no_checkpoint_is_refused() {
    let (key, _) = keys();
    let known = [key.verifier().clone()];
    let root = checkpoint().root;
    for text in [
        "ca.example.com/log\n9\n".to_owned(),
        format!("ca.example.com/log\n09\n{root}\n"),
        format!("ca.example.com/log\n+9\n{root}\n"),
        format!("ca.example.com/log\n9\n{root}\nmore\n"),
        format!("\n9\n{root}\n"),
        format!("ca.example.com/log\n9\n{}\n", &root.to_string()[..43]),
    ] {
        let note = key.sign_note(&text).unwrap();
        assert_eq!(Checkpoint::open(&note, &known), Err(CheckpointError::Malformed), "{text:?}");
    }
    let elsewhere = key.sign_note(&format!("other\n9\n{root}\n")).unwrap();
    assert_eq!(Checkpoint::open(&elsewhere, &known), Err(CheckpointError::OtherOrigin));
}

#[test]
fn one_changed_octet_anywhere_in_a_checkpoint_refuses_it() {
    let (key, _) = keys();
    let known = [key.verifier().clone()];
    let note = checkpoint().sign(&key).unwrap();
    let mut refused = 0;
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut octets = note.clone().into_bytes();
            octets[at] ^= 1 << bit;
            let accepted =
                String::from_utf8(octets).is_ok_and(|note| Checkpoint::open(&note, &known).is_ok());
            assert!(!accepted, "octet {at}, bit {bit}");
            refused += 1;
        }
    }
    assert_eq!(refused, note.len() * 8);
}

#[test]
fn a_bundle_is_read_back() {
    let mut bundle = EntryBundle::default();
    for entry in [&b""[..], b"a", &[7; MAX_ENTRY]] {
        bundle.push(entry).unwrap();
    }
    assert_eq!(EntryBundle::from_octets(&bundle.octets()), Ok(bundle.clone()));
    assert_eq!(bundle.push(&[0; MAX_ENTRY + 1]), Err(EntryBundleError::TooLong));
    assert_eq!(bundle.hashes()[1], leaf_hash(b"a"));
    assert_eq!(EntryBundle::from_octets(&[0, 1]), Err(EntryBundleError::CutOff));
    assert_eq!(EntryBundle::from_octets(&[0]), Err(EntryBundleError::CutOff));
    assert_eq!(EntryBundle::from_octets(&[0; 512]).map(|bundle| bundle.entries().len()), Ok(256));
    assert_eq!(EntryBundle::from_octets(&[0; 514]), Err(EntryBundleError::TooMany));
}

proptest! {
    #[test]
    fn proofs_of_larger_trees_verify(size in 1..3000_u64, at in any::<prop::sample::Index>()) {
        let (tiles, edge) = grown(size);
        let root = edge.root().unwrap();
        let index = at.index(usize::try_from(size).unwrap()) as u64;
        let leaf = leaf_hash(index.to_string().as_bytes());
        let lookup = &mut |subtree| tiles.subtree(subtree, size);
        let proof = inclusion_proof(index, size, lookup).unwrap();
        prop_assert!(verify_inclusion(index, size, leaf, &proof, &root));
        prop_assert!(!verify_inclusion(index, size, leaf_hash(b"other"), &proof, &root));
        let first = index + 1;
        let proof = consistency_proof(first, size, lookup).unwrap();
        prop_assert!(verify_consistency((first, &naive_root(&entries(first))), (size, &root), &proof));
    }

    #[test]
    fn any_octets_are_a_bundle_in_one_spelling_or_none(octets in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(bundle) = EntryBundle::from_octets(&octets) {
            prop_assert_eq!(bundle.octets(), octets);
        }
    }
}
