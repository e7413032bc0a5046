//! Question to a verifier: is a certificate valid, for a purpose and a name, below a root?
//!
//! Invariant: a question is complete in its files, so that programs of any language can be asked with one sheet.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Purpose of the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Purpose {
    Server,
    Client,
}

impl Purpose {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Purpose::Server => "server",
            Purpose::Client => "client",
        }
    }
}

/// The files of one certificate.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// The certificate alone.
    pub(crate) leaf: PathBuf,
    /// The certificate and the authorities between it and the root.
    pub(crate) bundle: PathBuf,
    /// The intermediate CAs alone; an empty file if there are none.
    pub(crate) between: PathBuf,
    /// Roots that the verifier trusts.
    pub(crate) root: PathBuf,
}

/// One question; its number is its place in the list.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) files: Files,
    pub(crate) purpose: Purpose,
    /// A DNS name, an IP address or an e-mail address that the certificate has to be for.
    pub(crate) name: Option<String>,
}

impl Question {
    pub(crate) fn is_for_address(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name.parse::<std::net::IpAddr>().is_ok())
    }

    /// Most verifiers know e-mail addresses in mail programs only.
    pub(crate) fn is_for_email(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name.contains('@'))
    }

    /// The name of the server, for verifiers that check no other names.
    pub(crate) fn host(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !name.contains('@'))
    }
}

/// Accepted, or the verifier's words.
pub(crate) type Answer = Result<(), String>;

/// All questions in one file: number, purpose, host, leaf, authorities between, root; a tab after each.
pub(crate) fn write_sheet(questions: &[Question], path: &Path) {
    let mut sheet = String::new();
    for (number, question) in questions.iter().enumerate() {
        let files = &question.files;
        writeln!(
            sheet,
            "{number}\t{}\t{}\t{}\t{}\t{}",
            question.purpose.as_str(),
            question.host().unwrap_or("-"),
            files.leaf.display(),
            files.between.display(),
            files.root.display(),
        )
        .unwrap();
    }
    std::fs::write(path, sheet).unwrap();
}

/// The answers to a sheet: number, `ok` or `no`, and the words; a tab after each. Panics unless there is one for each.
pub(crate) fn read_answers(verifier: &str, said: &str, questions: usize) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = vec![None; questions];
    for line in said.lines() {
        let mut fields = line.splitn(3, '\t');
        let number: usize = fields
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or_else(|| panic!("{verifier} says: {line}"));
        answers[number] = Some(match fields.next() {
            Some("ok") => Ok(()),
            Some("no") => Err(fields.next().unwrap_or_default().trim().to_owned()),
            _ => panic!("{verifier} says: {line}"),
        });
    }
    let unanswered = || panic!("{verifier} did not answer every question:\n{said}");
    answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
}
