//! Java's CertPath and the trust manager of its TLS, in one run of a single-file program.

use std::path::Path;
use std::process::Command;

use super::{Missing, text, version_of};
use crate::question::{Answer, Question, read_answers, write_sheet};

const PROGRAM: &str = include_str!("PathVerifier.java");
const SHEET: &str = include_str!("Sheet.java");

pub(crate) fn version() -> Result<String, Missing> {
    // A single-file program needs the compiler, which a JRE has not.
    version_of("javac", "-version", "default-jdk-headless")?;
    version_of("java", "-version", "default-jdk-headless")
}

pub(super) fn ask(questions: &[Question], folder: &Path) -> Vec<Answer> {
    let sheet = folder.join("java.tsv");
    write_sheet(questions, &sheet);
    run("PathVerifier", PROGRAM, folder, &sheet, questions.len())
}

/// The answers of a program, which asks a `Sheet`, to the questions of a sheet.
pub(crate) fn run(name: &str, program: &str, folder: &Path, sheet: &Path, count: usize) -> Vec<Answer> {
    let file = folder.join(format!("{name}.java"));
    std::fs::write(&file, [program, SHEET].concat()).unwrap();
    let output = Command::new("java")
        // The rules of HTTPS for names (RFC 9525) are not in the public interface.
        .args(["-XX:TieredStopAtLevel=1", "--add-exports", "java.base/sun.security.util=ALL-UNNAMED"])
        .arg(&file)
        .arg(sheet)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    read_answers("Java", &String::from_utf8_lossy(&output.stdout), count)
}
