//! A list of keys is one of badkeys: the project's own program finds the same keys in it.

use std::fs;
use std::process::Command;

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::FutureExt as _;
use pki::csr::Csr;
use pki::key::{KeyKind, PublicKey};
use pki::testing::{CsrMaker, TestKey, pem};
use workflow::policy::key_list::{KeyList, has_key};

use crate::certificates::KEYS;
use crate::panel::{say, skip};
use crate::venv;

const PROGRAM: &str = include_str!("key_lists.py");

fn key(kind: TestKey) -> PublicKey {
    Csr::read(&CsrMaker::new(kind).common_name("www.example.com").pem()).unwrap().key().clone()
}

/// Keys of every kind; among those on curves, and of Ed25519, some whose number begins with zeros.
fn keys() -> Vec<PublicKey> {
    let begins_with_zero = |key: &PublicKey| match key.kind() {
        KeyKind::Ed25519 => key.bits()[0] == 0,
        _ => key.bits()[1] == 0,
    };
    let short = [TestKey::EcP256, TestKey::Ed25519]
        .map(|kind| std::iter::repeat_with(|| key(kind)).find(begins_with_zero).unwrap());
    KEYS.iter().flat_map(|(_, kind)| [key(*kind), key(*kind)]).chain(short).collect()
}

/// A record as badkeys writes it, of its list number 7.
fn record(key: &PublicKey) -> [u8; KeyList::RECORD_BYTES] {
    let mut record = [7; KeyList::RECORD_BYTES];
    record[..15].copy_from_slice(&key.number_digest()[..15]);
    record
}

#[test]
fn badkeys_and_countersign_find_the_same_keys_in_a_list() {
    let python = match venv::python() {
        Ok(python) => python,
        Err(missing) => return skip("badkeys", &missing, false),
    };
    let keys = keys();
    // Every other key is listed, among others.
    let (listed, _): (Vec<_>, Vec<_>) = keys.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let others = (0..10_000_u32).map(|number| {
        let mut record = [1; KeyList::RECORD_BYTES];
        record[..15].copy_from_slice(&digest(&SHA256, &number.to_be_bytes()).as_ref()[..15]);
        record
    });
    let mut records: Vec<_> = listed.iter().map(|(_, key)| record(key)).chain(others).collect();
    records.sort_unstable();
    let file = records.as_flattened();
    let list = KeyList::read(file).unwrap();
    assert_eq!(list.as_bytes(), file, "a list of badkeys stays as it is");

    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("badkeys");
    fs::create_dir(&cache).unwrap();
    fs::write(cache.join("blocklist.dat"), list.as_bytes()).unwrap();
    fs::write(cache.join("badkeysdata.json"), r#"{"blocklists": [{"id": 7, "name": "test"}]}"#).unwrap();
    let (program, asked) = (folder.path().join("key_lists.py"), folder.path().join("keys.pem"));
    fs::write(&program, PROGRAM).unwrap();
    fs::write(&asked, keys.iter().map(|key| pem("PUBLIC KEY", key.spki_der())).collect::<String>()).unwrap();
    let output =
        Command::new(python).arg(&program).arg(&asked).env("XDG_CACHE_HOME", folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), keys.len(), "{said}");
    for ((at, key), said) in keys.iter().enumerate().zip(said.lines()) {
        let Ok(found) = has_key(&list, key).now_or_never().unwrap();
        assert_eq!((found, said == "listed"), (at % 2 == 0, at % 2 == 0), "{}: {said}", key.description());
    }
    say(&format!("badkeys agrees about {} keys", keys.len()));
}
