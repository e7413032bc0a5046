//! The verifiers, with a list each.

use std::path::Path;
use std::process::Command;

use rustls_pki_types::{CertificateDer, UnixTime};

use super::Case;
use crate::panel::{self, Missing, openssl_is_there, text, version_of};
use crate::question::{Answer, read_answers};
use crate::venv;

/// A verifier that reads lists.
pub(super) struct Judge {
    pub(super) name: &'static str,
    /// True if it takes a list after its nextUpdate: RFC 5280 section 6.3.3 leaves the use of older lists to the verifier.
    pub(super) takes_old_lists: bool,
    pub(super) version: fn() -> Result<String, Missing>,
    pub(super) ask: fn(&[Case], &Path) -> Vec<Answer>,
}

pub(super) const JUDGES: [Judge; 6] = [
    Judge {
        name: "OpenSSL",
        takes_old_lists: false,
        version: openssl_is_there,
        ask: |cases, _| cases.iter().map(openssl).collect(),
    },
    Judge {
        name: "GnuTLS",
        takes_old_lists: false,
        version: || version_of("certtool", "--version", "gnutls-bin"),
        ask: |cases, _| cases.iter().map(gnutls).collect(),
    },
    Judge {
        name: "NSS",
        takes_old_lists: true,
        version: || version_of("crlutil", "-H", "libnss3-tools"),
        ask: |cases, folder| {
            cases.iter().enumerate().map(|(at, case)| nss(case, &folder.join(format!("nss-{at}")))).collect()
        },
    },
    Judge { name: "Java", takes_old_lists: false, version: panel::java::version, ask: java },
    Judge {
        name: "Python cryptography",
        takes_old_lists: false,
        version: || venv::python().map(|_| String::new()),
        ask: python,
    },
    Judge {
        name: "webpki",
        takes_old_lists: false,
        version: || Ok(String::new()),
        ask: |cases, _| cases.iter().map(|case| webpki(case).map_err(|error| format!("{error:?}"))).collect(),
    },
];

fn said(mut command: Command, good: impl Fn(&str) -> bool) -> Answer {
    let output = command.output().unwrap();
    let words = text(&output);
    if output.status.success() && good(&words) { Ok(()) } else { Err(words.trim().to_owned()) }
}

fn openssl(case: &Case) -> Answer {
    let mut command = Command::new("openssl");
    command.args(["verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-crl_check", "-CAfile"]);
    command.arg(&case.files.root).arg("-CRLfile").arg(&case.pem);
    if std::fs::metadata(&case.files.between).unwrap().len() > 0 {
        command.arg("-untrusted").arg(&case.files.between);
    }
    command.arg(&case.files.leaf);
    said(command, |_| true)
}

fn gnutls(case: &Case) -> Answer {
    let mut command = Command::new("certtool");
    command
        .args(["--verify-crl", "--load-ca-certificate"])
        .arg(&case.authority)
        .arg("--infile")
        .arg(&case.pem);
    said(command, |words| !words.contains("Not verified"))?;
    let mut command = Command::new("certtool");
    command.args(["--verify", "--load-ca-certificate"]).arg(&case.files.root);
    command.arg("--load-crl").arg(&case.pem).arg("--infile").arg(&case.files.bundle);
    said(command, |_| true)
}

fn nss(case: &Case, store: &Path) -> Answer {
    std::fs::create_dir_all(store).unwrap();
    let database = format!("sql:{}", store.display());
    let run = |program: &str, arguments: &[&str], file: Option<&Path>| {
        let mut command = Command::new(program);
        command.args(arguments).args(["-d", &database]);
        if let Some(file) = file {
            command.arg("-i").arg(file);
        }
        said(command, |_| true)
    };
    run("certutil", &["-N", "--empty-password"], None)?;
    run("certutil", &["-A", "-a", "-n", "root", "-t", "CT,,"], Some(&case.files.root))?;
    if std::fs::metadata(&case.files.between).unwrap().len() > 0 {
        run("certutil", &["-A", "-a", "-n", "between", "-t", ",,"], Some(&case.files.between))?;
    }
    run("crlutil", &["-I"], Some(&case.der))?;
    let mut command = Command::new("certutil");
    command.args(["-V", "-e", "-a", "-u", "V", "-d", &database, "-n"]).arg(&case.files.leaf);
    said(command, |words| words.contains("certificate is valid"))
}

/// One sheet for all cases: number, certificate, authorities between, root, list, issuer.
fn sheet(cases: &[Case], path: &Path) {
    let line = |(number, case): (usize, &Case)| {
        let files = &case.files;
        let paths = [&files.leaf, &files.between, &files.root, &case.der, &case.authority];
        let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        format!("{number}\t{}\n", paths.join("\t"))
    };
    std::fs::write(path, cases.iter().enumerate().map(line).collect::<String>()).unwrap();
}

fn java(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let questions = folder.join("lists.tsv");
    sheet(cases, &questions);
    panel::java::run("ListVerifier", include_str!("ListVerifier.java"), folder, &questions, cases.len())
}

fn python(cases: &[Case], folder: &Path) -> Vec<Answer> {
    by_script(cases, folder, "Python cryptography", include_str!("lists.py"))
}

/// The findings of pkilint about each list.
pub(super) fn lint(cases: &[Case], folder: &Path) -> Vec<Answer> {
    by_script(cases, folder, "pkilint", include_str!("lint_lists.py"))
}

fn by_script(cases: &[Case], folder: &Path, name: &str, script: &str) -> Vec<Answer> {
    let questions = folder.join("lists.tsv");
    sheet(cases, &questions);
    let mut command = Command::new(venv::python().unwrap());
    let output = command.args(["-c", script]).arg(&questions).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    read_answers(name, &String::from_utf8_lossy(&output.stdout), cases.len())
}

fn webpki(case: &Case) -> Result<(), webpki::Error> {
    let certificates = |path: &Path| -> Vec<CertificateDer<'static>> {
        let blocks = pem::parse_many(std::fs::read(path).unwrap()).unwrap();
        blocks.into_iter().map(|block| CertificateDer::from(block.into_contents())).collect()
    };
    let (root, leaf) = (certificates(&case.files.root), certificates(&case.files.leaf));
    let anchors = [webpki::anchor_from_trusted_cert(&root[0])?];
    let list = std::fs::read(&case.der).unwrap();
    let list = webpki::OwnedCertRevocationList::from_der(&list)?.into();
    let lists = [&list];
    let options = webpki::RevocationOptionsBuilder::new(&lists)
        .unwrap()
        .with_depth(webpki::RevocationCheckDepth::EndEntity)
        .with_expiration_policy(webpki::ExpirationPolicy::Enforce)
        .build();
    webpki::EndEntityCert::try_from(&leaf[0])?
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &certificates(&case.files.between),
            UnixTime::now(),
            webpki::KeyUsage::server_auth(),
            Some(options),
            None,
        )
        .map(|_| ())
}
