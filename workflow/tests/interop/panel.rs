//! The verifiers, and how they are called.
//!
//! Invariant: a verifier that is asked answers every question. One whose program is missing is skipped with the words SKIPPED and how
//! to install it; with COUNTERSIGN_NO_SKIPS set, as .ci/run does, that is a failure, except for Go, which is large.

mod gnutls;
mod go;
pub(crate) mod java;
mod nss;
mod openssl;
mod python;
mod webpki;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

use crate::question::{Answer, Question};

pub(crate) use crate::missing::{Missing, say, skip};
pub(crate) use openssl::{openssl, version as openssl_is_there};

/// Another implementation of RFC 5280 section 6.
pub(crate) struct Verifier {
    /// Its name in docs/issuance.md.
    pub(crate) name: &'static str,
    /// True if it checks the name of the server too.
    pub(crate) checks_hosts: bool,
    /// True if .ci/run accepts a machine without it.
    is_optional: bool,
    version: fn() -> Result<String, Missing>,
    ask: fn(&[Question], &Path) -> Vec<Answer>,
}

/// All of them, in the order of the columns in docs/issuance.md.
pub(crate) const PANEL: [Verifier; 7] = [
    Verifier {
        name: "OpenSSL",
        checks_hosts: true,
        is_optional: false,
        version: openssl::version,
        ask: openssl::ask,
    },
    Verifier {
        name: "GnuTLS",
        checks_hosts: true,
        is_optional: false,
        version: gnutls::version,
        ask: gnutls::ask,
    },
    Verifier { name: "NSS", checks_hosts: false, is_optional: false, version: nss::version, ask: nss::ask },
    Verifier { name: "Java", checks_hosts: true, is_optional: false, version: java::version, ask: java::ask },
    Verifier {
        name: "Python cryptography",
        checks_hosts: true,
        is_optional: false,
        version: python::version,
        ask: python::ask,
    },
    Verifier {
        name: "webpki",
        checks_hosts: true,
        is_optional: false,
        version: webpki::version,
        ask: webpki::ask,
    },
    Verifier { name: "Go", checks_hosts: true, is_optional: true, version: go::version, ask: go::ask },
];

/// Asks every verifier every question, all verifiers at once. None stands for a verifier that is not there.
pub(crate) fn ask_all(questions: &[Question], folder: &Path) -> Vec<Option<Vec<Answer>>> {
    std::thread::scope(|scope| {
        let asked: Vec<_> =
            PANEL.iter().map(|verifier| scope.spawn(|| verifier.answers(questions, folder))).collect();
        asked.into_iter().map(|verifier| verifier.join().unwrap()).collect()
    })
}

impl Verifier {
    fn answers(&self, questions: &[Question], folder: &Path) -> Option<Vec<Answer>> {
        match (self.version)() {
            Ok(version) => {
                let begun = Instant::now();
                let answers = (self.ask)(questions, folder);
                assert_eq!(answers.len(), questions.len(), "{}", self.name);
                say(&format!(
                    "{}: {} answers in {:.1} s ({version})",
                    self.name,
                    answers.len(),
                    begun.elapsed().as_secs_f32()
                ));
                Some(answers)
            }
            Err(missing) => {
                skip(&format!("verifier {}", self.name), &missing, self.is_optional);
                None
            }
        }
    }
}

/// The first line of what a program says of its version, or that it is missing.
pub(crate) fn version_of(program: &str, argument: &str, package: &str) -> Result<String, Missing> {
    let output = Command::new(program).arg(argument).output().map_err(|_| Missing {
        what: format!("{program} is not installed"),
        remedy: format!("apt-get install {package}"),
    })?;
    let said = text(&output);
    Ok(said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned())
}

/// All that a program wrote.
pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Questions that differ in their certificate only, which some programs take all at once.
fn grouped<K: Ord>(
    questions: &[Question],
    key: impl Fn(&Question) -> K,
) -> std::collections::BTreeMap<K, Vec<usize>> {
    let mut groups = std::collections::BTreeMap::<K, Vec<usize>>::new();
    for (number, question) in questions.iter().enumerate() {
        groups.entry(key(question)).or_default().push(number);
    }
    groups
}
