//! The verifier of Python's cryptography, in one run.

use std::path::Path;
use std::process::Command;

use super::{Missing, text};
use crate::question::{Answer, Question, read_answers, write_sheet};
use crate::venv;

const PROGRAM: &str = include_str!("verifier.py");

pub(super) fn version() -> Result<String, Missing> {
    let output = Command::new(venv::python()?)
        .args(["-c", "import cryptography; print('cryptography', cryptography.__version__)"])
        .output()
        .unwrap();
    Ok(text(&output).trim().to_owned())
}

pub(super) fn ask(questions: &[Question], folder: &Path) -> Vec<Answer> {
    let sheet = folder.join("python.tsv");
    write_sheet(questions, &sheet);
    let output = Command::new(venv::python().unwrap()).args(["-c", PROGRAM]).arg(&sheet).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    read_answers("Python", &String::from_utf8_lossy(&output.stdout), questions.len())
}
