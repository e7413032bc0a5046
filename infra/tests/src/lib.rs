//! The repository as data: template, state machine, folders and Rust sources, for the tests in this folder.
//!
//! Invariant: nothing here is listed by hand that the repository lists already. A file that cannot be read is a panic.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod graph;
pub mod imports;
pub mod source;

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository; `COUNTERSIGN_CHECKOUT` names another one to look at.
#[must_use]
pub fn repository() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned();
    std::env::var_os("COUNTERSIGN_CHECKOUT").map_or_else(own, PathBuf::from)
}

/// The text of a file of the repository.
#[must_use]
pub fn read(path: &str) -> String {
    let file = repository().join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
