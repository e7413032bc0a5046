//! Certificate revocation lists, shown to other implementations: each accepts a certificate that the list does not have, and
//! refuses one that is revoked, one whose list is too old, and one with a list that is not for it. Where one does otherwise,
//! docs/issuance.md says so, and why.

mod cases;
mod differences;
mod judges;
mod servers;

use std::time::Instant;

use crate::differences::{lint_faults, settle};
use crate::panel::{openssl_is_there, say, skip};
use crate::question::Answer;
use crate::venv;
use cases::Case;
use differences::DIFFERENCES;
use judges::{JUDGES, Judge};

/// The answers of a verifier; `None` if it is not there.
fn answers(judge: &Judge, cases: &[Case], folder: &std::path::Path) -> Option<Vec<Answer>> {
    if let Err(missing) = (judge.version)() {
        skip(&format!("{} about revocation lists", judge.name), &missing, false);
        return None;
    }
    let begun = Instant::now();
    let answers = (judge.ask)(cases, folder);
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    let (name, seconds) = (judge.name, begun.elapsed().as_secs_f32());
    say(&format!("{name}: {} lists, {refused} certificates refused, {seconds:.1} s", answers.len()));
    Some(answers)
}

#[test]
fn every_verifier_refuses_what_a_list_revokes_and_nothing_else() {
    if let Err(missing) = openssl_is_there() {
        return skip("revocation lists", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cases = cases::every(folder);
    let (given, lints) = std::thread::scope(|scope| {
        let asked: Vec<_> =
            JUDGES.iter().map(|judge| scope.spawn(|| answers(judge, &cases, folder))).collect();
        let lints = venv::python().is_ok().then(|| judges::lint(&cases, folder));
        (asked.into_iter().map(|judge| judge.join().unwrap()).collect::<Vec<_>>(), lints)
    });
    let expected: Vec<_> = cases.iter().map(|case| &case.expected).collect();
    let faults = lint_faults(expected.iter().copied(), lints.into_iter().flatten());
    let verdicts: Vec<_> = JUDGES.iter().map(|judge| judge.name).zip(given).collect();
    settle("lists", "The list", &verdicts, &expected, &DIFFERENCES, faults);
}
