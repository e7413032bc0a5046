//! Go's crypto/x509, in one run, where Go is installed. It is never needed: it is some 300 MB.

use std::path::Path;
use std::process::Command;

use super::{Missing, text, version_of};
use crate::question::{Answer, Question, read_answers, write_sheet};

const PROGRAM: &str = include_str!("verifier.go");

pub(super) fn version() -> Result<String, Missing> {
    version_of("go", "version", "golang-go")
}

pub(super) fn ask(questions: &[Question], folder: &Path) -> Vec<Answer> {
    let sheet = folder.join("go.tsv");
    write_sheet(questions, &sheet);
    let program = folder.join("verifier.go");
    std::fs::write(&program, PROGRAM).unwrap();
    let output = Command::new("go")
        .arg("run")
        .arg(&program)
        .arg(&sheet)
        .env("GOFLAGS", "")
        .env("GO111MODULE", "off")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    read_answers("Go", &String::from_utf8_lossy(&output.stdout), questions.len())
}
