//! docs/threat-model.md compared with the repository: each row of its tables points to a test or a part of the
//! template that exists.

#![allow(clippy::unwrap_used)] // A test may.

use infra_tests::template::{pascal, properties, template};
use infra_tests::{hold, page_with, read, repository, with_rows, workers};

/// A phrase of the page, to find it in docs/.
const PAGE: &str = "`path#word` is the test of that name";
/// Folders that a pointer begins with.
const FOLDERS: [&str; 7] = ["pki/", "workflow/", "workers/", "cli/", "infra/", "tests/", "fuzz/"];

/// The pointers of a line: paths of the repository in backquotes, each with its word.
fn pointers(line: &str) -> Vec<(&str, Option<&str>)> {
    let quoted = line.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|text| FOLDERS.iter().any(|folder| text.starts_with(folder)));
    paths.map(|text| text.split_once('#').map_or((text, None), |(path, word)| (path, Some(word)))).collect()
}

/// True if the text contains the word as a whole word.
fn holds(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

/// The rows of every table, without headings and without those that a test writes, which name it: it holds each row.
fn rows(document: &str) -> Vec<&str> {
    let mut written = false;
    let by_hand = |line: &&str| {
        written = (written || line.contains("; do not edit ")) && !line.starts_with("<!-- The end");
        !written
    };
    let lines: Vec<&str> = document.lines().filter(by_hand).collect();
    let is_rule = |line: &str| line.starts_with("| ---");
    let body = lines.iter().enumerate().filter(|(at, line)| {
        line.starts_with("| ") && !is_rule(line) && !lines.get(at + 1).is_some_and(|next| is_rule(next))
    });
    body.map(|(_, line)| *line).collect()
}

#[test]
fn each_line_points_to_what_holds_it() {
    let root = repository();
    let (name, document) = page_with(PAGE);
    let folder = root.join(name).parent().unwrap().to_owned();
    let rows = rows(&document);
    assert!(rows.len() > 40, "{} rows were found", rows.len());
    for row in &rows {
        assert!(!pointers(row).is_empty(), "nothing holds this: {row}");
    }
    for (path, word) in document.lines().flat_map(pointers) {
        let file = root.join(path);
        assert!(file.exists(), "there is no {path}");
        if let Some(word) = word {
            let text = read(path);
            assert!(holds(&text, word), "there is no {word} in {path}");
        }
    }
    for link in document.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let file = link.split('#').next().unwrap();
        assert!(folder.join(file).exists(), "there is no {link}");
    }
}

/// Every worker has a row with the abuse of its role. `COUNTERSIGN_WRITE` writes a draft of a missing row.
#[test]
fn every_worker_is_in_it() {
    let (name, document) = page_with(PAGE);
    let template = template();
    let has_row =
        |worker: &String| rows(&document).iter().any(|row| row.starts_with(&format!("| {worker} |")));
    let missing: Vec<String> = workers()
        .into_iter()
        .filter(|worker| !has_row(worker))
        .map(|worker| {
            let pascal = pascal(&worker);
            let does = properties(&template, &format!("{pascal}Function"))["Description"]
                .as_str()
                .unwrap()
                .to_owned();
            format!("| {worker} | {does} | go beyond its role | `infra/template.yaml#{pascal}Role` |")
        })
        .collect();
    assert!(
        missing.is_empty() || std::env::var_os("COUNTERSIGN_WRITE").is_some(),
        "missing rows: {missing:#?}"
    );
    if !missing.is_empty() {
        hold(&name, &with_rows(&document, "worker", &missing));
    }
}

#[test]
fn a_word_is_found_by_itself_only() {
    assert!(holds("fn reading_never_decides() {", "reading_never_decides"));
    assert!(!holds("fn reading_never_decides_twice() {", "reading_never_decides"));
    assert_eq!(pointers("| a | `x`, `workers/a.rs#b` |"), [("workers/a.rs", Some("b"))]);
    assert_eq!(rows("| a |\n| --- |\n| b |\n"), ["| b |"]);
    let written =
        "<!-- The table is written by roles.rs; do not edit it. -->\n| c |\n<!-- The end -->\n| d |\n";
    assert_eq!(rows(written), ["| d |"]);
}
