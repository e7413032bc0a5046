//! pkilint on every certificate, alone and with its issuer.
//!
//! Invariant: a finding of severity WARNING or higher is either gone or explained in pkilint-explained.toml; an
//! explanation of something that is no longer found in generated certificates fails as well.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde::Deserialize;

use crate::panel::{openssl, say, skip};
use crate::venv;

const PROGRAM: &str = include_str!("lint.py");
const EXPLAINED: &str = include_str!("pkilint-explained.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanations {
    #[serde(default)]
    finding: Vec<Explanation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    severity: String,
    code: String,
    /// A regular expression for the value that pkilint quotes in its message.
    value: String,
    why: String,
}

/// The explanations, each with its expression.
fn explanations() -> &'static [(Explanation, Regex)] {
    static READ: LazyLock<Vec<(Explanation, Regex)>> = LazyLock::new(|| {
        let read: Explanations = toml::from_str(EXPLAINED).unwrap();
        read.finding
            .into_iter()
            .map(|one| {
                assert!(!one.why.trim().is_empty(), "{one:?}");
                let value = Regex::new(&one.value).unwrap();
                (one, value)
            })
            .collect()
    });
    &READ
}

/// The place of the explanation of a finding.
pub(crate) fn explanation(finding: &Finding) -> Option<usize> {
    let quoted = finding.message.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"'));
    let value = quoted.map_or("", |(value, _)| value);
    explanations().iter().position(|(one, expression)| {
        one.code == finding.code && one.severity == finding.severity && expression.is_match(value)
    })
}

/// Panics with every explanation that is not needed.
pub(crate) fn every_explanation_is_in(used: &BTreeSet<usize>) {
    for (at, (explanation, _)) in explanations().iter().enumerate() {
        assert!(used.contains(&at), "pkilint no longer finds what is explained: {explanation:?}");
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    severity: String,
    code: String,
    place: String,
    message: String,
}

/// A certificate to lint: its row, itself, its issuer.
pub(crate) type Subject<'a> = (String, &'a Path, &'a Path);

/// Findings about each; `None` if pkilint is missing.
pub(crate) fn lint(subjects: &[Subject<'_>], folder: &Path) -> Option<Vec<BTreeSet<Finding>>> {
    let python = match venv::python() {
        Ok(python) => python,
        Err(missing) => {
            skip("verifier pkilint", &missing, false);
            return None;
        }
    };
    let mut sheet = String::new();
    for (number, (_, leaf, authority)) in subjects.iter().enumerate() {
        writeln!(sheet, "{number}\t{}\t{}", leaf.display(), authority.display()).unwrap();
    }
    let path = folder.join(format!("pkilint-{}.tsv", subjects.len()));
    std::fs::write(&path, sheet).unwrap();
    let begun = std::time::Instant::now();
    let output = Command::new(python).args(["-c", PROGRAM]).arg(path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    let mut found = vec![None; subjects.len()];
    for line in said.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let of = found[fields[0].parse::<usize>().unwrap()].get_or_insert_with(BTreeSet::new);
        if let [_, severity, code, place, message] = fields[..] {
            of.insert(Finding {
                severity: severity.to_owned(),
                code: code.to_owned(),
                place: place.to_owned(),
                message: message.to_owned(),
            });
        }
    }
    say(&format!("pkilint: {} certificates in {:.1} s", subjects.len(), begun.elapsed().as_secs_f32()));
    Some(found.into_iter().map(|found| found.expect("linted")).collect())
}

/// The cell of each certificate: `clean`, or `explained`. Panics with every finding that is not explained.
pub(crate) fn cells(subjects: &[Subject<'_>], found: &[BTreeSet<Finding>]) -> Vec<String> {
    let mut unexplained = Vec::new();
    let mut cells = Vec::new();
    for ((row, _, _), findings) in subjects.iter().zip(found) {
        let wrong = findings.iter().filter(|finding| explanation(finding).is_none());
        unexplained.extend(wrong.map(|finding| format!("{row}: {finding:?}")));
        cells.push(if findings.is_empty() { "clean" } else { "explained" }.to_owned());
    }
    assert!(
        unexplained.is_empty(),
        "pkilint found, and pkilint-explained.toml does not explain:\n{}",
        unexplained.join("\n")
    );
    cells
}

/// A certificate that is wrong in known ways, for which pkilint has to have words.
pub(crate) fn must_find_faults(authority: &Path, folder: &Path) {
    openssl(
        folder,
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "faulty.key",
            "-subj",
            "/CN=faulty",
            "-set_serial",
            "0",
            "-addext",
            "basicConstraints=CA:TRUE",
            "-out",
            "faulty.pem",
        ],
    );
    let faulty: PathBuf = folder.join("faulty.pem");
    let Some(found) = lint(&[("faulty".to_owned(), &faulty, authority)], folder) else {
        return;
    };
    let codes: Vec<&str> = found[0].iter().map(|finding| finding.code.as_str()).collect();
    for code in [
        "pkix.certificate_serial_number_out_of_range",
        "pkix.basic_constraints_extension_not_critical",
        "pkix.signature_verification_failed",
    ] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
}
