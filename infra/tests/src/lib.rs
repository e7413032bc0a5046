//! The repository as data: template, state machine, folders and Rust sources, for the tests in this folder.
//!
//! Invariant: no list repeats a list of the repository. A file that cannot be read is a panic.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod graph;
pub mod imports;
pub mod source;
pub mod template;

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository, or the folder in `COUNTERSIGN_CHECKOUT`.
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

/// The workers: the folders of `workers/` with a program.
#[must_use]
pub fn workers() -> Vec<String> {
    let entries = fs::read_dir(repository().join("workers")).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().join("src/main.rs").is_file());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The pages of the documentation: path and text.
#[must_use]
pub fn pages() -> Vec<(String, String)> {
    let (root, mut folders, mut all) = (repository(), vec![repository().join("docs")], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                all.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

/// The page of the documentation that contains this text.
#[must_use]
pub fn page_with(text: &str) -> (String, String) {
    let found = pages().into_iter().find(|(_, page)| page.contains(text));
    found.unwrap_or_else(|| panic!("no page of docs/ has: {text}"))
}

/// Asserts that a page has this text. With `COUNTERSIGN_WRITE`, writes it instead.
pub fn hold(page: &str, wanted: &str) {
    if std::env::var_os("COUNTERSIGN_WRITE").is_some() {
        fs::write(repository().join(page), wanted).unwrap();
    } else {
        let advice = "write it with: COUNTERSIGN_WRITE=1 cargo test -p infra-tests";
        assert!(read(page) == wanted, "{page} is stale; {advice}");
    }
}

/// Returns a page with `rows` added to the table with this heading in its first cell.
#[must_use]
pub fn with_rows(page: &str, heading: &str, rows: &[String]) -> String {
    let begin = page.find(&format!("| {heading} |")).unwrap_or_else(|| panic!("no table {heading}"));
    let end = page[begin..].find("\n\n").map_or(page.trim_end().len(), |end| begin + end);
    let rows: String = rows.iter().map(|row| format!("\n{row}")).collect();
    format!("{}{rows}{}", &page[..end], &page[end..])
}
