//! Tables of verifiers and kinds of cases: cells that are not `right`, and why.
//!
//! Invariant: a wrong answer without a [`Difference`] is a fault.

use crate::document;
use crate::question::Answer;

/// The row of a case, and the right answer to it.
#[derive(Clone, Debug)]
pub(crate) struct Expectation {
    /// The row of the table.
    pub(crate) kind: String,
    /// The kind of CA.
    pub(crate) authority: &'static str,
    /// True if an issuing CA below a root issued the certificate.
    pub(crate) has_issuing_ca: bool,
    /// True if the certificate is to be accepted.
    pub(crate) is_good: bool,
}

/// Something a verifier does more leniently, or more strictly, than it should.
pub(crate) struct Difference {
    /// Its mark in docs/issuance.md.
    pub(crate) mark: &'static str,
    pub(crate) verifiers: &'static [&'static str],
    /// The kinds of cases that begin with one of these.
    pub(crate) kinds: &'static [&'static str],
    /// Its words in the table, where the verifier's answers to a row differ.
    pub(crate) cell: Option<&'static str>,
    /// The certificates with this difference.
    pub(crate) issued_by: IssuedBy,
    /// For people.
    pub(crate) why: &'static str,
}

/// Certificates by their issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IssuedBy {
    Any,
    Root,
    IssuingCa,
}

impl Difference {
    fn is_about(&self, verifier: &str, kind: &str) -> bool {
        self.verifiers.contains(&verifier) && self.kinds.iter().any(|start| kind.starts_with(start))
    }

    fn covers(&self, case: &Expectation) -> bool {
        match self.issued_by {
            IssuedBy::Any => true,
            IssuedBy::Root => !case.has_issuing_ca,
            IssuedBy::IssuingCa => case.has_issuing_ca,
        }
    }
}

/// The cell of a kind of case and a verifier: `right`, or what it does otherwise, with a mark.
fn cell<'a>(
    verifier: &str,
    kind: &str,
    differences: &[Difference],
    answers: impl Iterator<Item = (&'a Expectation, &'a Answer)>,
    faults: &mut Vec<String>,
) -> String {
    let explained = differences.iter().find(|one| one.is_about(verifier, kind));
    let wrong: Vec<(&Expectation, &Answer)> =
        answers.filter(|(case, answer)| case.kind == kind && answer.is_ok() != case.is_good).collect();
    for (case, answer) in &wrong {
        if !explained.is_some_and(|one| one.covers(case)) {
            faults.push(format!("{verifier}: {}: {kind}: {answer:?}", case.authority));
        }
    }
    let does = match wrong.first() {
        Some((case, _)) if case.is_good => "refuses",
        Some(_) => "accepts",
        None => "right",
    };
    match explained {
        // What happens by chance may go well this time.
        Some(one) if !wrong.is_empty() || (one.cell.is_some() && one.issued_by == IssuedBy::Any) => {
            format!("{} ({})", one.cell.unwrap_or(does), one.mark)
        }
        _ => does.to_owned(),
    }
}

/// The kinds of cases, each once, in the order of the rows. Every kind of CA has the same ones.
fn kinds<'a>(cases: impl Iterator<Item = &'a Expectation>) -> Vec<String> {
    let mut kinds = Vec::new();
    for case in cases {
        if !kinds.contains(&case.kind) {
            kinds.push(case.kind.clone());
        }
    }
    kinds
}

/// The list below the table.
fn lines(differences: &[Difference]) -> String {
    let line = |one: &Difference| format!("- ({}) {}: {}\n", one.mark, one.verifiers.join(", "), one.why);
    differences.iter().map(line).collect()
}

/// A verifier, and its answers to the cases; `None` if it is not installed.
pub(crate) type Verdicts<'a> = (&'a str, Option<Vec<Answer>>);

/// Compares the answers with the cases, and writes the part `part` of docs/issuance.md, with the differences below it.
///
/// # Panics
/// If there are faults, given ones or wrong answers without a difference.
pub(crate) fn settle(
    part: &str,
    rows_are: &str,
    verdicts: &[Verdicts<'_>],
    cases: &[&Expectation],
    differences: &[Difference],
    mut faults: Vec<String>,
) {
    let mut rows = Vec::new();
    for kind in kinds(cases.iter().copied()) {
        let cells = verdicts.iter().map(|(verifier, answers)| {
            let answered = cases.iter().copied().zip(answers.as_ref()?);
            Some(cell(verifier, &kind, differences, answered, &mut faults))
        });
        let cells: Vec<Option<String>> = cells.collect();
        rows.push(std::iter::once(Some(kind)).chain(cells).collect());
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    let columns = std::iter::once(rows_are).chain(verdicts.iter().map(|(verifier, _)| *verifier));
    let table = document::Table { columns: columns.map(str::to_owned).collect(), keys: 1, rows };
    document::settle(part, &table.differences(part, "right"));
    document::settle(&format!("{part}-limits"), &lines(differences));
}

/// The findings of pkilint, as faults.
pub(crate) fn lint_faults<'a>(
    cases: impl Iterator<Item = &'a Expectation>,
    found: impl IntoIterator<Item = Answer>,
) -> Vec<String> {
    let fault = |(case, found): (&Expectation, Answer)| {
        Some(format!("pkilint: {}: {}: {}", case.authority, case.kind, found.err()?))
    };
    cases.zip(found).filter_map(fault).collect()
}
