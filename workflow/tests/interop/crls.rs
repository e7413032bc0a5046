//! Certificate revocation lists, shown to other implementations: each accepts a certificate that the list does not have, and
//! refuses one that is revoked, one whose list is too old, and one with a list that is not for it. Where one does otherwise,
//! docs/issuance.md says so, and why.

mod cases;
mod differences;
mod judges;
mod servers;

use std::time::Instant;

use crate::document;
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

/// The cell of a kind of case and a verifier: `right`, or what it does otherwise, with a mark.
fn cell(judge: &Judge, kind: &str, cases: &[Case], answers: &[Answer], faults: &mut Vec<String>) -> String {
    let explained = DIFFERENCES.iter().find(|one| one.is_about(judge.name, kind));
    let of_kind = cases.iter().zip(answers).filter(|(case, _)| case.kind == kind);
    let wrong: Vec<(&Case, &Answer)> =
        of_kind.filter(|(case, answer)| answer.is_ok() != case.is_good).collect();
    for (case, answer) in &wrong {
        if !explained.is_some_and(|one| one.covers(case)) {
            faults.push(format!("{}: {}: {kind}: {answer:?}", judge.name, case.authority));
        }
    }
    let does = match wrong.first() {
        Some((case, _)) if case.is_good => "refuses",
        Some(_) => "accepts",
        None => "right",
    };
    match explained {
        Some(one) if one.cell.is_some() || !wrong.is_empty() => {
            format!("{} ({})", one.cell.unwrap_or(does), one.mark)
        }
        _ => does.to_owned(),
    }
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
    let mut faults = Vec::new();
    for (case, found) in cases.iter().zip(lints.into_iter().flatten()) {
        faults
            .extend(found.err().map(|found| format!("pkilint: {}: {}: {found}", case.authority, case.kind)));
    }
    let kinds = cases.iter().take_while(|case| case.authority == cases[0].authority).map(|case| &case.kind);
    let rows = kinds.map(|kind| {
        let cells = JUDGES.iter().zip(&given).map(|(judge, answers)| {
            answers.as_ref().map(|answers| cell(judge, kind, &cases, answers, &mut faults))
        });
        std::iter::once(Some(kind.clone())).chain(cells).collect()
    });
    let rows = rows.collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    let columns = std::iter::once("The list").chain(JUDGES.iter().map(|judge| judge.name));
    let table = document::Table { columns: columns.map(str::to_owned).collect(), keys: 1, rows };
    document::settle("lists", &table.differences("lists", "right"));
    document::settle("lists-limits", &differences::lines());
}
