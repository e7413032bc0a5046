//! The names of the code: no type name stands for two types.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use infra_tests::source::{code, files};
use infra_tests::{repository, workers};

/// The sources of the product as path and text. Test modules and the folder `testing` are left out.
fn sources() -> Vec<(String, String)> {
    let root = repository();
    let crates = ["pki", "workflow", "cli"].map(str::to_owned).into_iter();
    let crates = crates.chain(workers().into_iter().map(|worker| format!("workers/{worker}")));
    let mut all = Vec::new();
    for folder in crates {
        for file in files(&root.join(folder).join("src")) {
            let path = file.strip_prefix(&root).unwrap();
            if !is_for_tests(path) {
                all.push((path.to_str().unwrap().to_owned(), fs::read_to_string(&file).unwrap()));
            }
        }
    }
    all
}

fn is_for_tests(path: &Path) -> bool {
    path.with_extension("")
        .components()
        .any(|part| ["tests", "testing"].contains(&part.as_os_str().to_str().unwrap()))
}

/// The name of the type that a line of code declares. An indented `type` is an associated type, which has its trait's name.
fn declared(line: &str) -> Option<&str> {
    let item = line.trim_start();
    let item = match item.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => item,
    };
    let (keyword, rest) = item.split_once(' ')?;
    let kept = match keyword {
        "struct" | "enum" | "union" | "trait" => true,
        "type" => !line.starts_with(' '),
        _ => false,
    };
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (kept && !name.is_empty()).then_some(name)
}

/// Each type name that is declared more than once, with its places.
fn duplicates(sources: &[(String, String)]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in sources {
        for line in code(text).lines() {
            if let Some(name) = declared(line) {
                let number = text.lines().position(|original| declared(original) == Some(name)).unwrap() + 1;
                places.entry(name.to_owned()).or_default().push(format!("{path}:{number}"));
            }
        }
    }
    places.retain(|_, places| places.len() > 1);
    places.into_iter().map(|(name, places)| format!("{name}: {}", places.join(", "))).collect()
}

#[test]
fn no_type_name_is_declared_twice() {
    let found = duplicates(&sources());
    assert!(found.is_empty(), "these names stand for more than one type:\n{}", found.join("\n"));
}

#[test]
fn the_sources_are_read() {
    let sources = sources();
    let has = |path: &str| sources.iter().any(|(read, _)| read == path);
    assert!(has("pki/src/csr.rs") && has("workers/sign/src/lib.rs"));
    assert!(!has("pki/src/csr/tests.rs") && !has("workflow/src/testing/backend.rs"));
}

#[test]
fn a_name_that_is_declared_twice_is_found_with_both_places() {
    let one = "// struct Input;\n\npub(crate) struct Input<T> {\n    value: T,\n}\n\nimpl Step for Sign {\n    type State = S;\n}\n";
    let other = "fn f() {\n    enum Input {}\n}\n\nimpl Step for Sign {\n    type State = S;\n}\n\n#[cfg(test)]\nmod tests {\n    struct Input;\n}\n";
    let sources = [("a.rs".to_owned(), one.to_owned()), ("b.rs".to_owned(), other.to_owned())];
    assert_eq!(duplicates(&sources), ["Input: a.rs:3, b.rs:2"]);
    assert_eq!(duplicates(&sources[..1]), [""; 0]);
}
