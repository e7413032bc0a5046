//! OpenSSL's command line, strict, at the security level that Debian's TLS uses.

use std::path::Path;
use std::process::Command;

use super::{Missing, grouped, text, version_of};
use crate::question::{Answer, Purpose, Question};

pub(crate) fn version() -> Result<String, Missing> {
    version_of("openssl", "version", "openssl")
}

/// Runs openssl and gives what it wrote to stdout. Panics with its words when it fails.
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// One call for all certificates of one root, purpose and name.
pub(super) fn ask(questions: &[Question], _: &Path) -> Vec<Answer> {
    let mut answers = vec![Err("no answer".to_owned()); questions.len()];
    let groups = grouped(questions, |question| {
        (question.files.root.clone(), question.files.between.clone(), question.purpose, question.name.clone())
    });
    for numbers in groups.values() {
        let first = &questions[numbers[0]];
        let mut command = Command::new("openssl");
        command.args(["verify", "-x509_strict", "-auth_level", "2", "-no-CApath", "-no-CAstore", "-purpose"]);
        command.arg(match first.purpose {
            Purpose::Server => "sslserver",
            Purpose::Client => "sslclient",
        });
        if let Some(name) = &first.name {
            command.arg(if first.is_for_address() {
                "-verify_ip"
            } else if first.is_for_email() {
                "-verify_email"
            } else {
                "-verify_hostname"
            });
            command.arg(name);
        }
        command.arg("-CAfile").arg(&first.files.root);
        if std::fs::metadata(&first.files.between).unwrap().len() > 0 {
            command.arg("-untrusted").arg(&first.files.between);
        }
        command.args(numbers.iter().map(|number| &questions[*number].files.leaf));
        let output = command.output().unwrap();
        let accepted = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        for number in numbers {
            let leaf = questions[*number].files.leaf.display();
            answers[*number] = if accepted.lines().any(|line| line == format!("{leaf}: OK")) {
                Ok(())
            } else {
                Err(words(&errors, &format!("error {leaf}: verification failed")))
            };
        }
    }
    answers
}

/// The reasons stand before the line that names the file.
fn words(errors: &str, closing: &str) -> String {
    let mut reasons = Vec::new();
    for line in errors.lines() {
        if line == closing {
            return reasons.join("; ");
        }
        if line.ends_with(": verification failed") {
            reasons.clear();
        } else if let Some((_, reason)) = line.split_once("lookup: ") {
            reasons.push(reason);
        }
    }
    errors.trim().to_owned()
}
