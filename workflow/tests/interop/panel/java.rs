//! Java's CertPath and the trust manager of its TLS, in one run of a single-file program.

use std::path::Path;
use std::process::Command;

use super::{Missing, text, version_of};
use crate::question::{Answer, Question, read_answers, write_sheet};

const PROGRAM: &str = include_str!("PathVerifier.java");

pub(super) fn version() -> Result<String, Missing> {
    // A single-file program needs the compiler, which a JRE has not.
    version_of("javac", "-version", "default-jdk-headless")?;
    version_of("java", "-version", "default-jdk-headless")
}

pub(super) fn ask(questions: &[Question], folder: &Path) -> Vec<Answer> {
    let sheet = folder.join("java.tsv");
    write_sheet(questions, &sheet);
    let program = folder.join("PathVerifier.java");
    std::fs::write(&program, PROGRAM).unwrap();
    let output = Command::new("java")
        // The rules of HTTPS for names (RFC 9525) are not in the public interface.
        .args(["-XX:TieredStopAtLevel=1", "--add-exports", "java.base/sun.security.util=ALL-UNNAMED"])
        .arg(&program)
        .arg(&sheet)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    read_answers("Java", &String::from_utf8_lossy(&output.stdout), questions.len())
}
