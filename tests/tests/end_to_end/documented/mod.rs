//! The blocks of shell in the documentation, typed as they stand: only words that a reader replaces, hosts and folders
//! are others. `blocks.rs` lists every block, with what types it.

mod blocks;
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};

use end_to_end::{PkiDir, Stack, needed, repository};

use blocks::{BLOCKS, Block, How};
pub(crate) use terminal::Terminal;

/// A block of shell: the page, and the lines that are typed.
struct Shell {
    page: String,
    lines: String,
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            pages(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "md") {
            found.push(entry);
        }
    }
}

/// Every block of the documentation, in its order. Of a console's block, the lines that are typed.
fn documented() -> Vec<Shell> {
    let mut all =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|page| repository().join(page)).to_vec();
    pages(&repository().join("docs"), &mut all);
    let mut found = Vec::new();
    for path in all {
        let page = path.strip_prefix(repository()).unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let mut typed = String::new();
            if line == "```sh" || line == "```console" {
                let (mut goes_on, console) = (false, line == "```console");
                for line in lines.by_ref().take_while(|line| *line != "```") {
                    let prompt = line.strip_prefix("$ ");
                    if !console || goes_on || prompt.is_some() {
                        typed.push_str(if goes_on { line } else { prompt.unwrap_or(line) });
                        typed.push('\n');
                    }
                    goes_on = console && typed.ends_with("\\\n");
                }
            } else if line.starts_with("    countersign ") || line.starts_with("    aws ") {
                typed = format!("{}\n", line.trim_start());
                while let Some(line) = lines.next_if(|line| line.starts_with("    ")) {
                    typed.push_str(line.trim_start());
                    typed.push('\n');
                }
            }
            if !typed.is_empty() {
                found.push(Shell { page: page.clone(), lines: typed });
            }
        }
    }
    found
}

/// True if the block begins so, or is all of this.
fn is(lines: &str, begins: &str) -> bool {
    if begins.ends_with('\n') { lines == begins } else { lines.starts_with(begins) }
}

/// The lines of the only block of this page that begins so.
pub(crate) fn lines(page: &str, begins: &str) -> String {
    let mut found: Vec<Shell> = documented();
    found.retain(|shell| shell.page == page && is(&shell.lines, begins));
    assert_eq!(found.len(), 1, "{page} has one block that begins with: {begins}");
    found.remove(0).lines
}

#[test]
fn every_block_of_the_documentation_is_typed_or_has_a_reason() {
    let documented = documented();
    assert!(documented.len() > 25, "{} blocks", documented.len());
    for shell in &documented {
        let listed = |block: &&Block| block.page == shell.page && is(&shell.lines, block.begins);
        let count = BLOCKS.iter().filter(listed).count();
        assert_eq!(count, 1, "blocks.rs has one entry for this block of {}:\n{}", shell.page, shell.lines);
    }
    for block in BLOCKS {
        lines(block.page, block.begins);
        if let How::Not(why) = block.how {
            assert!(why.len() > 20, "{}, {}: a reason", block.page, block.begins);
        }
    }
}

#[tokio::test]
async fn the_blocks_work_as_they_stand() {
    let programs =
        [("bash", "bash"), ("openssl", "openssl"), ("curl", "curl"), ("jq", "jq"), ("unzip", "unzip")];
    if needed(programs).is_none() {
        return;
    }
    let stack = Stack::start("documented").await;
    let mut page = "";
    let mut terminal = Terminal::new(&stack, PkiDir::new());
    for block in BLOCKS {
        let How::Typed { before, with, check } = block.how else { continue };
        if page != block.page {
            // A reader begins each page in an empty folder.
            (page, terminal) = (block.page, Terminal::new(&stack, PkiDir::new()));
        }
        terminal.types(before).await;
        let typed = with.iter().fold(lines(block.page, block.begins), |lines, (from, to)| {
            assert!(lines.contains(from), "{from} is in: {lines}");
            lines.replace(from, to)
        });
        let typed = terminal.filled(&typed);
        let said = terminal.types(&typed).await;
        assert!(check(&said), "{}:\n{typed}\nsays:\n{said}", block.page);
    }
}

#[tokio::test]
async fn the_drill_works_as_it_stands() {
    let Some([_]) = needed([("bash", "bash")]) else {
        return;
    };
    let folder = Stack::folder("drill");
    let dir = PkiDir::new();
    dir.write("www.csr", end_to_end::csr_for(&["www.example.com"]));
    let drill = lines("docs/operations/backup.md", "cargo run -- local --dir /tmp/one");
    assert!(drill.matches("/tmp/").count() >= 9, "{drill}");
    let drill = drill.replace("/tmp/", &format!("{}/", folder.display()));
    let said = Terminal::without_a_stack(dir).types(&drill).await;
    assert!(said.contains("1 request imported, 0 already present"), "{said}");
    assert!(said.contains("every audit trail is complete and unaltered"), "{said}");
    assert_eq!(said.matches("the state is kept").count(), 2, "both have stopped: {said}");
}
