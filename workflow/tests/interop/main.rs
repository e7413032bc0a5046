//! Other implementations as verifiers: every shape of certificate that is issued here, shown to OpenSSL, GnuTLS, NSS, Java,
//! Python's cryptography, webpki and Go, and linted by pkilint. What they say is the table in docs/issuance.md.
//!
//! Invariant: a certificate that one of them refuses, a finding of pkilint, or a forgery that one of them accepts fails the
//! test, unless it is explained (limits.rs, pkilint-explained.toml). Verifiers that are not installed are skipped aloud;
//! COUNTERSIGN_NO_SKIPS=1 forbids that, except for Go. COUNTERSIGN_WRITE_DOCS=1 writes the tables.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // Test certificates have no approval.

mod acme_client;
mod authorities;
mod ca_kinds;
mod calendar;
mod certificates;
mod crls;
mod differences;
mod document;
mod forgeries;
mod generated;
mod installed;
mod key_lists;
mod lax_authorities;
mod limits;
mod missing;
mod mutations;
mod ocsp;
mod panel;
mod passkeys;
mod pkilint;
mod pkits;
mod question;
mod readme;
mod receipts;
mod refusals;
mod servers;
mod shapes;
mod venv;
mod verdicts;

use std::time::Instant;

use crate::limits::LIMITS;
use crate::panel::{PANEL, say};
use crate::verdicts::{Answers, table};

#[test]
fn every_verifier_accepts_what_is_issued_and_refuses_what_is_forged() {
    // It is needed to make some of what is judged, too.
    if let Err(missing) = panel::openssl_is_there() {
        return panel::skip("interop", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let begun = Instant::now();
    let authorities = authorities::every(folder);
    let mut exhibits = certificates::matrix(&authorities);
    let keys = exhibits.len();
    exhibits.extend(shapes::every(folder));
    let forged = exhibits.len();
    exhibits.extend(forgeries::every(folder));
    say(&format!("{} certificates made in {:.1} s", exhibits.len(), begun.elapsed().as_secs_f32()));

    let subjects: Vec<pkilint::Subject<'_>> = exhibits[..forged]
        .iter()
        .map(|exhibit| {
            let row = format!("{}, profile {}", exhibit.row.join(", "), exhibit.profile);
            (row, exhibit.questions[0].files.leaf.as_path(), exhibit.authority.as_path())
        })
        .collect();
    let (answers, lints) = std::thread::scope(|scope| {
        let lints = scope.spawn(|| pkilint::lint(&subjects, folder));
        (Answers::to(&exhibits, folder), lints.join().unwrap())
    });
    let lints = lints.map(|found| pkilint::cells(&subjects, &found));
    pkilint::must_find_faults(&authorities[0].certificate, folder);
    // Of the certificates of one row, the one with most to explain speaks.
    let lint = |row: &[usize]| lints.as_ref().and_then(|cells| row.iter().map(|at| cells[*at].clone()).max());

    let mut faults = Vec::new();
    let mut judged = |range: std::ops::Range<usize>| -> Vec<Vec<Option<String>>> {
        let rows = answers.rows(range).into_iter().map(|(row, places)| {
            let mut cells: Vec<Option<String>> = row.into_iter().map(Some).collect();
            cells.extend((0..PANEL.len()).map(|verifier| answers.verdict(verifier, &places, &mut faults)));
            cells.push(lint(&places));
            cells
        });
        rows.collect()
    };
    let matrix = table(&["Authority", "Key of the CSR"], Some("pkilint"), judged(0..keys));
    let others = table(&["Shape"], Some("pkilint"), judged(keys..forged));
    let forgeries = answers.rows(forged..exhibits.len()).into_iter().map(|(row, places)| {
        let is_about_hosts = row[0] == forgeries::WRONG_HOST;
        let mut cells: Vec<Option<String>> = row.into_iter().map(Some).collect();
        cells.extend(
            (0..PANEL.len()).map(|verifier| answers.refusal(verifier, &places, is_about_hosts, &mut faults)),
        );
        cells
    });
    let forgeries = table(&["Forgery"], None, forgeries.collect());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));

    document::settle("keys", &matrix.differences("keys", "yes"));
    document::settle("shapes", &others.differences("shapes", "yes"));
    document::settle("forgeries", &forgeries.differences("forgeries", "refused"));
    let limits: String = LIMITS
        .iter()
        .map(|limit| format!("- ({}) {}: {}\n", limit.mark, limit.verifier, limit.why))
        .collect();
    document::settle("limits", &limits);
    say(&format!("judged in {:.1} s", begun.elapsed().as_secs_f32()));
}
