//! Every private key that the tools of this machine write is found inside any two encodings, and nothing else is found.
//!
//! The tests make all keys themselves. A missing tool is reported as SKIPPED; COUNTERSIGN_NO_SKIPS=1 forbids that.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod clothes;
mod good_texts;
mod tools;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::private_key::{self, PrivateKeyError};

use crate::clothes::CLOTHES;

/// A key as a tool wrote it.
struct WrittenKey {
    name: String,
    octets: Vec<u8>,
}

/// Runs a function for every element on all cores.
fn for_each<T: Sync>(all: &[T], run: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run(one);
                }
            });
        }
    });
}

#[test]
fn every_key_is_found_in_every_two_encodings() {
    let keys = tools::keys();
    let (found, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let formats = Mutex::new(BTreeMap::<String, usize>::new());
    let missed = Mutex::new(BTreeMap::<String, Vec<String>>::new());
    for_each(&keys, |key| {
        let look = |name: &str, text: &[u8]| match private_key::search(text) {
            search if matches!(search.result, Err(PrivateKeyError::Found(_))) => {
                found.fetch_add(1, Ordering::Relaxed);
                assert!(search.layer_bytes <= private_key::budget(text.len()));
                search.result.err()
            }
            // Refused as well, without the name of what it is.
            search if search.result == Err(PrivateKeyError::TooDeep) => {
                refused.fetch_add(1, Ordering::Relaxed);
                None
            }
            search => {
                let mut missed = missed.lock().unwrap();
                // With the key, which exists for this test only: the next run makes another one.
                let octets = STANDARD.encode(&key.octets);
                let entry = format!("{} {:?} {octets}", key.name, search.result);
                missed.entry(name.to_owned()).or_default().push(entry);
                None
            }
        };
        if let Some(PrivateKeyError::Found(key)) = look("as it is", &key.octets) {
            *formats.lock().unwrap().entry(format!("{:?}", key.format)).or_default() += 1;
        }
        for (first, wrap) in CLOTHES {
            let Some(inner) = wrap(&key.octets) else { continue };
            look(first, &inner);
            for (second, wrap) in CLOTHES {
                if let Some(outer) = wrap(&inner) {
                    look(&format!("{first} in {second}"), &outer);
                }
            }
        }
    });
    let (found, missed) = (found.into_inner(), missed.into_inner().unwrap());
    let refused = refused.into_inner();
    eprintln!("{refused} texts are refused as encoded too many times");
    assert!(refused * 1000 < found, "{refused} of {found}");
    eprintln!("{} keys, {found} texts with a key, formats {:?}", keys.len(), formats.into_inner().unwrap());
    for (clothes, keys) in &missed {
        eprintln!("missed {}: {clothes}: {:?}", keys.len(), &keys[..keys.len().min(4)]);
    }
    assert!(missed.is_empty(), "{} kinds of texts are missed", missed.len());
    assert!(found > keys.len() * CLOTHES.len(), "each key was looked for in many encodings");
}

#[test]
fn no_good_request_and_no_comment_is_taken_for_a_key() {
    let requests = good_texts::requests();
    let comments = good_texts::comments(10_000);
    assert!(comments.len() >= 10_000, "{} comments", comments.len());
    assert!(requests.len() >= 100, "{} requests", requests.len());
    let wrong = Mutex::new(Vec::new());
    let all: Vec<&String> = requests.iter().chain(&comments).collect();
    for_each(&all, |text| {
        if let Err(error) = private_key::refuse(text) {
            wrong.lock().unwrap().push(format!("{error}: {text:?}"));
        }
    });
    let wrong = wrong.into_inner().unwrap();
    eprintln!("{} requests and {} comments, {} false alarms", requests.len(), comments.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(10)].join("\n---\n"));
}
