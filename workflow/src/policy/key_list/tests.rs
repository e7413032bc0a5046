//! Lists of keys: what is read, and what is found with how many reads.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::*;
use pki::csr::Csr;
use pki::testing::{CsrMaker, TestKey};

fn key(kind: TestKey) -> PublicKey {
    Csr::read(&CsrMaker::new(kind).common_name("www.example.com").pem()).unwrap().key().clone()
}

/// A list with records that begin as given.
fn list(beginnings: impl IntoIterator<Item = [u8; 32]>) -> KeyList {
    KeyList::merged([KeyList {
        records: beginnings.into_iter().map(|digest| KeyList::record(&digest)).collect(),
    }])
}

/// Records that count the reads of them.
struct Counted<'a>(&'a KeyList, AtomicUsize);

#[async_trait]
impl KeyListRecords for Counted<'_> {
    type Error = Infallible;

    async fn count(&self) -> Result<u64, Infallible> {
        self.0.count().await
    }

    async fn octets(&self, from: u64, to: u64) -> Result<Vec<u8>, Infallible> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.octets(from, to).await
    }
}

/// The answer, and the number of reads.
fn look(list: &KeyList, digest: &[u8; 32]) -> (bool, usize) {
    let counted = Counted(list, AtomicUsize::new(0));
    let Ok(found) = has_digest(&counted, list.len() as u64, digest).now_or_never().unwrap();
    (found, counted.1.into_inner())
}

fn spread(number: u64) -> [u8; 32] {
    *digest(&SHA256, &number.to_be_bytes()).as_ref().first_chunk().unwrap()
}

#[test]
fn a_key_is_found_in_a_long_list_with_few_reads() {
    let long = list((0..200_000).map(spread));
    let (mut reads, mut worst) = (0, 0);
    for number in 0..2_000 {
        let (listed, other) = (look(&long, &spread(number * 100)), look(&long, &spread(1_000_000 + number)));
        assert!(listed.0 && !other.0, "{number}");
        reads += listed.1 + other.1;
        worst = worst.max(listed.1).max(other.1);
    }
    assert!(reads < 4_100, "{reads} reads for 4,000 keys");
    assert!(worst <= 3, "{worst}");
}

#[test]
fn a_key_is_found_by_its_number_and_by_its_whole() {
    for kind in [TestKey::Rsa2048, TestKey::EcP256, TestKey::EcP384, TestKey::EcP521, TestKey::Ed25519] {
        let (listed, other) = (key(kind), key(kind));
        for digest in [listed.number_digest(), listed.spki_digest()] {
            let list = list((0..1_000).map(spread).chain([digest]));
            let Ok(found) = has_key(&list, &listed).now_or_never().unwrap();
            let Ok(not) = has_key(&list, &other).now_or_never().unwrap();
            assert!(found && !not, "{kind:?}");
        }
    }
}

#[test]
fn a_list_is_read_from_each_form() {
    let spki = key(TestKey::EcP256).spki_der().to_vec();
    let digest = hex::encode(digest(&SHA256, &spki));
    let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", spki));
    let one = KeyList::read(pem.as_bytes()).unwrap();
    assert_eq!(one.len(), 1);
    for text in [
        digest.clone(),
        format!("# ours\n\n{digest}  -\n{digest} # twice"),
        digest
            .to_uppercase()
            .as_bytes()
            .chunks(2)
            .map(|b| str::from_utf8(b).unwrap())
            .collect::<Vec<_>>()
            .join(":"),
    ] {
        assert_eq!(KeyList::read(text.as_bytes()).as_ref(), Ok(&one), "{text}");
    }
    assert_eq!(KeyList::read(one.as_bytes()), Ok(one.clone()));
    let both = KeyList::merged([one.clone(), list((0..10).map(spread)), one]);
    assert_eq!(both.len(), 11);
    assert_eq!(KeyList::read(both.as_bytes()), Ok(both.clone()));
    assert_eq!(KeyListDigest::read(&both.digest().to_string()), Some(both.digest()));
}

#[test]
fn what_is_no_list_is_named() {
    let sorted = list((0..3).map(spread));
    let mut unsorted = sorted.as_bytes().to_vec();
    unsorted.rotate_left(KeyList::RECORD_BYTES);
    let private = pem::encode(&pem::Pem::new("PRIVATE KEY", vec![0x30, 0]));
    for (file, error) in [
        (&b""[..], KeyListError::Empty),
        (b"# nothing\n", KeyListError::Empty),
        (b"abc\n", KeyListError::Line(1)),
        (&sorted.as_bytes()[1..], KeyListError::Length(47)),
        (&unsorted, KeyListError::Unsorted(3)),
        (private.as_bytes(), KeyListError::Block(1, "PRIVATE KEY".into())),
    ] {
        assert_eq!(KeyList::read(file), Err(error.clone()), "{error}");
        assert!(!error.to_string().contains('\n'));
    }
    assert!(matches!(
        KeyList::read(b"-----BEGIN X-----\n??"),
        Err(KeyListError::Pem(_)) | Err(KeyListError::Empty)
    ));
    assert_eq!(KeyListDigest::read(&"A".repeat(64)), None);
    assert_eq!(KeyListDigest::read("../x"), None);
}

proptest! {
    /// However the digests of a list are spread, each is found, and no other.
    #[test]
    fn every_list_is_searched_right(
        beginnings in prop::collection::vec(prop_oneof![any::<u64>(), 0..50_u64, (u64::MAX - 50)..=u64::MAX], 0..2_000),
        others in prop::collection::vec(any::<u64>(), 0..20),
    ) {
        let of = |beginning: u64| {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&beginning.to_be_bytes());
            digest
        };
        let list = list(beginnings.iter().copied().map(of));
        for beginning in beginnings.iter().chain(&others) {
            prop_assert_eq!(look(&list, &of(*beginning)).0, beginnings.contains(beginning));
        }
    }

    /// Any file is read or refused; what is read comes back as it was written.
    #[test]
    fn every_file_is_read_or_refused(file in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(list) = KeyList::read(&file) {
            prop_assert!(!list.is_empty());
            prop_assert_eq!(KeyList::read(list.as_bytes()), Ok(list));
        }
    }
}
