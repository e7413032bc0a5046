//! OCSP answers, shown to other implementations: each accepts a certificate that is good, and refuses one that is revoked or
//! unknown, one whose answer is too old, and one whose answer another issuer's responder signed. Where one does otherwise,
//! docs/issuance.md says so, and why.

mod cases;
mod differences;
mod judges;
mod server;
mod servers;

use std::path::Path;
use std::time::Instant;

use crate::differences::{lint_faults, settle};
use crate::panel::{openssl_is_there, say, skip, version_of};
use crate::question::Answer;
use crate::venv;
use cases::Case;
use differences::DIFFERENCES;
use judges::{JUDGES, Judge};
use server::Server;

/// The server of answers, and every case.
fn start(folder: &Path) -> (Server, Vec<Case>) {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let cases = runtime.block_on(cases::every(&server, folder));
    (server, cases)
}

/// The answers of a verifier; `None` if it is not there.
fn answers(
    judge: &Judge,
    server: &Server,
    cases: &[Case],
    folder: &Path,
    faults: &mut Vec<String>,
) -> Option<Vec<Answer>> {
    if let Err(missing) = (judge.version)() {
        skip(&format!("{} about OCSP", judge.name), &missing, false);
        return None;
    }
    let begun = Instant::now();
    server.take_questions();
    let answers = (judge.ask)(cases, folder);
    let questions = server.take_questions();
    // A refusal counts only if the verifier asked: otherwise it may be about anything.
    if let Some(method) = judge.method
        && (!questions.contains_key(method) || questions.values().sum::<usize>() < cases.len())
    {
        faults.push(format!("{}: {} certificates, asked {questions:?}", judge.name, cases.len()));
    }
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    let (name, seconds) = (judge.name, begun.elapsed().as_secs_f32());
    say(&format!(
        "{name}: {} answers, {refused} refused, asked {questions:?}, {seconds:.1} s",
        answers.len()
    ));
    Some(answers)
}

#[test]
fn every_verifier_refuses_what_an_answer_says_is_revoked_and_nothing_else() {
    if let Err(missing) = openssl_is_there() {
        return skip("OCSP", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (server, cases) = start(folder);
    let mut faults = Vec::new();
    // One after the other: the server counts the questions of all.
    let given: Vec<Option<Vec<Answer>>> =
        JUDGES.iter().map(|judge| answers(judge, &server, &cases, folder, &mut faults)).collect();
    let expected: Vec<_> = cases.iter().map(|case| &case.expected).collect();
    if venv::python().is_ok() {
        faults.extend(lint_faults(expected.iter().copied(), judges::lint(&cases, folder)));
    }
    let verdicts: Vec<_> = JUDGES.iter().map(|judge| judge.name).zip(given).collect();
    settle("answers", "The answer", &verdicts, &expected, &DIFFERENCES, faults);
}

/// True if these programs are there; else says that the test is skipped.
fn are_there(what: &str, programs: &[(&str, &str, &str)]) -> bool {
    let missing =
        programs.iter().find_map(|(program, argument, package)| version_of(program, argument, package).err());
    missing.inspect(|missing| skip(what, missing, false)).is_none()
}

/// Both need the issuer (docs/issuance.md); the verifiers above have it.
#[test]
fn apache_and_curl_refuse_a_good_answer_if_they_lack_the_issuer() {
    let programs = [
        ("openssl", "version", "openssl"),
        ("nginx", "-v", "nginx"),
        ("apache2", "-v", "apache2-bin"),
        ("curl", "--version", "curl"),
    ];
    if !are_there("OCSP without the issuer", &programs) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (_server, cases) = start(folder.path());
    let good: Vec<Case> = cases.into_iter().filter(|case| case.expected.is_good).collect();
    let apache = servers::apache_with_roots_only(&good, folder.path());
    let curl = servers::curl_without_roots(&good, folder.path());
    for ((case, apache), curl) in good.iter().zip(apache).zip(curl) {
        let (authority, has_issuing_ca) = (case.expected.authority, case.expected.has_issuing_ca);
        assert_eq!(apache.is_err(), has_issuing_ca, "Apache, roots only: {authority}: {apache:?}");
        assert_eq!(curl.is_err(), !has_issuing_ca, "curl, without the root: {authority}: {curl:?}");
    }
}

/// HAProxy cannot ask about certificates of clients. It staples, and takes the answer from a file.
#[test]
fn haproxy_staples_an_answer_that_openssl_reads_as_good() {
    let programs = [("openssl", "version", "openssl"), ("haproxy", "-v", "haproxy")];
    if !are_there("stapling by HAProxy", &programs) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (_server, cases) = start(folder.path());
    let good: Vec<Case> = cases.into_iter().filter(|case| case.expected.is_good).collect();
    let faults = servers::haproxy_staples(&good, folder.path());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
