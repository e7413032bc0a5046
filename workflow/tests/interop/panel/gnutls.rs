//! GnuTLS's certtool.

use std::path::Path;
use std::process::Command;

use super::{Missing, text, version_of};
use crate::question::{Answer, Purpose, Question};

pub(super) fn version() -> Result<String, Missing> {
    version_of("certtool", "--version", "gnutls-bin")
}

pub(super) fn ask(questions: &[Question], _: &Path) -> Vec<Answer> {
    questions.iter().map(ask_one).collect()
}

fn ask_one(question: &Question) -> Answer {
    let mut command = Command::new("certtool");
    command.args(["--verify", "--verify-profile", "medium", "--verify-purpose"]);
    // RFC 5280 section 4.2.1.12
    command.arg(match question.purpose {
        Purpose::Server => "1.3.6.1.5.5.7.3.1",
        Purpose::Client => "1.3.6.1.5.5.7.3.2",
    });
    command.arg("--load-ca-certificate").arg(&question.files.root);
    command.arg("--infile").arg(&question.files.bundle);
    if let Some(name) = &question.name {
        command.arg(if question.is_for_email() { "--verify-email" } else { "--verify-hostname" });
        command.arg(name);
    }
    let output = command.output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    let said = text(&output);
    Err(said
        .lines()
        .find_map(|line| line.strip_prefix("Chain verification output: "))
        .unwrap_or(&said)
        .trim()
        .to_owned())
}
