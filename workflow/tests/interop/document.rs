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

/// Range of a part: from its opening mark to its closing mark.
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
    /// Number of columns that name the row.
    pub(crate) keys: usize,
    /// None is a cell that could not be found out here.
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

/// The rows of a part as it is committed, under its columns.
struct Committed {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Committed {
    /// Empty where the part is to be written.
    fn of(part: &str) -> Committed {
        let mut rows = if is_to_be_written() { Vec::new() } else { read_rows(&committed(part)) };
        let columns = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        Committed { columns, rows }
    }

    /// The cell of the row that begins with `keys`, in the column of that name.
    fn cell(&self, keys: &[Option<String>], column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| name == column)?;
        let is_it =
            |row: &&Vec<String>| keys.iter().zip(row.iter()).all(|(key, cell)| key.as_ref() == Some(cell));
        self.rows.iter().find(is_it)?.get(at).map(String::as_str)
    }
}

impl Table {
    /// As Markdown. A cell that could not be found out is as committed; a refusal that a newer version of a verifier takes back
    /// stays.
    pub(crate) fn markdown(&self, part: &str) -> String {
        let committed = Committed::of(part);
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| {
                let cells = row.iter().enumerate().map(|(at, found)| {
                    let written = committed.cell(&row[..self.keys], &self.columns[at]);
                    self.settled(row, at, found.as_deref(), written)
                });
                cells.collect()
            })
            .collect();
        lines(&self.columns, &rows)
    }

    /// As Markdown, with only the rows and the columns in which a cell is not `usual` (for pkilint: `clean`), and a count of the
    /// others. The whole table goes to target/tmp/interop-<part>.md.
    pub(crate) fn differences(&self, part: &str, usual: &str) -> String {
        let usual_of = |column: &str| if column == "pkilint" { "clean" } else { usual };
        let committed = Committed::of(part);
        let whole: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| {
                let cells = row.iter().enumerate().map(|(at, found)| {
                    let column = &self.columns[at];
                    let written = committed.cell(&row[..self.keys], column);
                    let written = if is_to_be_written() { None } else { written.or(Some(usual_of(column))) };
                    self.settled(row, at, found.as_deref(), written)
                });
                cells.collect()
            })
            .collect();
        let artefact = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("interop-{part}.md"));
        fs::write(artefact, lines(&self.columns, &whole)).unwrap();
        let differs = |row: &[String], at: usize| at >= self.keys && row[at] != usual_of(&self.columns[at]);
        let is_shown = |at: &usize| *at < self.keys || whole.iter().any(|row| differs(row, *at));
        let shown: Vec<usize> = (0..self.columns.len()).filter(is_shown).collect();
        let rows: Vec<&Vec<String>> =
            whole.iter().filter(|row| (0..row.len()).any(|at| differs(row, at))).collect();
        let only = |row: &[String]| shown.iter().map(|at| row[*at].clone()).collect::<Vec<_>>();
        let cells = whole.len() * (self.columns.len() - self.keys);
        let others =
            cells - rows.iter().flat_map(|row| (0..row.len()).filter(|at| differs(row, *at))).count();
        let clean =
            if self.columns.iter().any(|column| column == "pkilint") { " (pkilint: clean)" } else { "" };
        let verifiers = self.columns.len() - self.keys;
        let mut rest = format!(
            "\nThe other {others} cells of {} rows and {verifiers} verifiers: {usual}{clean}.\n",
            whole.len()
        );
        if self.keys == 1 {
            let equal = whole.iter().filter(|row| (0..row.len()).all(|at| !differs(row, at)));
            rest += "Rows without a difference:\n\n";
            rest.extend(equal.map(|row| format!("- {}\n", row[0])));
        }
        lines(&only(&self.columns), &rows.into_iter().map(|row| only(row)).collect::<Vec<_>>()) + &rest
    }

    /// The cell to write: as found, or as committed where nothing was found, or where a newer verifier accepts more.
    fn settled(
        &self,
        row: &[Option<String>],
        at: usize,
        found: Option<&str>,
        written: Option<&str>,
    ) -> String {
        match (found, written) {
            (Some("yes"), Some(written)) if excuses(&self.columns[at], &row[..self.keys], written) => {
                say(&format!(
                    "{} now accepts {:?}: the note in docs/issuance.md is out of date for this version",
                    self.columns[at],
                    &row[..self.keys]
                ));
                written.to_owned()
            }
            (Some(found), _) => found.to_owned(),
            (None, Some(written)) => written.to_owned(),
            (None, None) => panic!("{}: not asked, and nothing is written", self.columns[at]),
        }
    }
}

/// A table in Markdown.
fn lines(columns: &[String], rows: &[Vec<String>]) -> String {
    let rule = line(&vec!["---".to_owned(); columns.len()]);
    let rows = rows.iter().map(|row| line(row));
    [line(columns), rule].into_iter().chain(rows).map(|line| line + "\n").collect()
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
