//! docs/issuance.md: its generated parts are what the tests found.
//!
//! Invariant: with COUNTERSIGN_WRITE_DOCS=1 a test writes its part; without, it fails when the part differs from what it
//! found. Text outside the parts is left alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::limits::excuses;
use crate::panel::say;

/// One writer at a time: tests run side by side.
static FILE: Mutex<()> = Mutex::new(());

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/issuance.md").canonicalize().unwrap()
}

pub(crate) fn is_to_be_written() -> bool {
    std::env::var_os("COUNTERSIGN_WRITE_DOCS").is_some()
}

/// Where a part stands: after its opening mark, up to its closing mark.
fn place(text: &str, part: &str) -> std::ops::Range<usize> {
    let opening = format!("<!-- generated: {part} -->\n");
    let closing = "<!-- end -->";
    let from = text.find(&opening).unwrap_or_else(|| panic!("docs/issuance.md has no line {opening}"))
        + opening.len();
    let length =
        text[from..].find(closing).unwrap_or_else(|| panic!("docs/issuance.md: {part} does not end"));
    from..from + length
}

/// A part as it is committed.
pub(crate) fn committed(part: &str) -> String {
    let _one = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = fs::read_to_string(path()).unwrap();
    text[place(&text, part)].to_owned()
}

/// Writes a part, or holds it against the committed one.
pub(crate) fn settle(part: &str, found: &str) {
    if is_to_be_written() {
        let _one = FILE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = fs::read_to_string(path()).unwrap();
        let place = place(&text, part);
        text.replace_range(place, found);
        fs::write(path(), text).unwrap();
        return;
    }
    let committed = committed(part);
    for (line, (found, committed)) in found.lines().zip(committed.lines()).enumerate() {
        assert_eq!(
            found,
            committed,
            "docs/issuance.md, {part}, line {}: found on the left, written on the right. If the change is meant: \
             COUNTERSIGN_WRITE_DOCS=1 cargo test -p workflow --test interop",
            line + 1
        );
    }
    assert_eq!(
        found.lines().count(),
        committed.lines().count(),
        "docs/issuance.md, {part}: lines found and written"
    );
}

/// A table whose first columns name the row.
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    /// How many columns name the row.
    pub(crate) keys: usize,
    /// None is a cell that could not be found out here.
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// As Markdown. What could not be found out is as committed; a refusal that a newer version of a judge takes back stays.
    pub(crate) fn markdown(&self, part: &str) -> String {
        let committed = if is_to_be_written() { Vec::new() } else { read_rows(&committed(part)) };
        let mut lines = vec![line(&self.columns), line(&vec!["---".to_owned(); self.columns.len()])];
        for row in &self.rows {
            let written = committed.iter().find(|written| {
                written.len() == row.len() && (0..self.keys).all(|at| Some(&written[at]) == row[at].as_ref())
            });
            let cells: Vec<String> = row
                .iter()
                .enumerate()
                .map(|(at, found)| {
                    let written = written.map(|written| written[at].clone());
                    match (found, written) {
                        (Some(found), Some(written))
                            if found == "yes" && excuses(&self.columns[at], &row[..self.keys], &written) =>
                        {
                            say(&format!(
                                "{} now accepts {:?}: the note in docs/issuance.md is out of date for this version",
                                self.columns[at],
                                &row[..self.keys]
                            ));
                            written
                        }
                        (Some(found), _) => found.clone(),
                        (None, Some(written)) => written,
                        (None, None) => panic!("{}: not asked, and nothing is written", self.columns[at]),
                    }
                })
                .collect();
            lines.push(line(&cells));
        }
        lines.join("\n") + "\n"
    }
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn read_rows(part: &str) -> Vec<Vec<String>> {
    let rows = part.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").map(str::to_owned).collect()).collect()
}

/// Text in a cell, to be read as it is.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '|' | '*' | '_' | '<' | '>' | '`' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
