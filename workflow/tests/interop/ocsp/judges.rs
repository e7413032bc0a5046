//! The verifiers, with an address or an answer each.

use std::path::Path;
use std::process::Command;

use super::cases::Case;
use super::servers;
use crate::panel::{self, Missing, openssl_is_there, text, version_of};
use crate::question::{Answer, read_answers};
use crate::venv;

/// A verifier that reads answers.
pub(super) struct Judge {
    /// Its column in docs/issuance.md.
    pub(super) name: &'static str,
    /// The method by which it asks. `None` if it does not: it is given an answer.
    pub(super) method: Option<&'static str>,
    pub(super) version: fn() -> Result<String, Missing>,
    pub(super) ask: fn(&[Case], &Path) -> Vec<Answer>,
}

pub(super) const JUDGES: [Judge; 11] = [
    Judge {
        name: "OpenSSL",
        method: Some("POST"),
        version: openssl_is_there,
        ask: |cases, _| cases.iter().map(openssl).collect(),
    },
    Judge {
        name: "GnuTLS",
        method: Some("POST"),
        version: || version_of("ocsptool", "--version", "gnutls-bin"),
        ask: |cases, _| cases.iter().map(gnutls).collect(),
    },
    Judge {
        name: "NSS",
        method: Some("POST"),
        version: || version_of("certutil", "-H", "libnss3-tools"),
        ask: |cases, folder| {
            cases.iter().enumerate().map(|(at, case)| nss(case, &folder.join(format!("nss-{at}")))).collect()
        },
    },
    Judge {
        name: "Java, by GET",
        method: Some("GET"),
        version: panel::java::version,
        ask: |c, f| java(c, f, "GET"),
    },
    Judge {
        name: "Java, by POST",
        method: Some("POST"),
        version: panel::java::version,
        ask: |c, f| java(c, f, "POST"),
    },
    Judge {
        name: "Python cryptography",
        method: None,
        version: || venv::python().map(|_| String::new()),
        ask: |cases, folder| by_script(cases, folder, "Python cryptography", include_str!("answers.py")),
    },
    Judge {
        name: "nginx",
        method: Some("GET"),
        version: || version_of("nginx", "-v", "nginx"),
        ask: servers::nginx,
    },
    Judge {
        name: "nginx (chain)",
        method: Some("GET"),
        version: || version_of("nginx", "-v", "nginx"),
        ask: servers::nginx_chain,
    },
    Judge {
        name: "Apache",
        method: Some("POST"),
        version: || version_of("apache2", "-v", "apache2-bin"),
        ask: servers::apache,
    },
    Judge {
        name: "Apache (chain)",
        method: Some("POST"),
        version: || version_of("apache2", "-v", "apache2-bin"),
        ask: servers::apache_chain,
    },
    Judge {
        name: "curl",
        method: None,
        version: || version_of("curl", "--version", "curl").and(version_of("nginx", "-v", "nginx")),
        ask: servers::curl,
    },
];

fn said(mut command: Command, good: impl Fn(&str) -> bool) -> Answer {
    let output = command.output().unwrap();
    let words = text(&output);
    if output.status.success() && good(&words) { Ok(()) } else { Err(words.trim().to_owned()) }
}

fn openssl(case: &Case) -> Answer {
    let mut command = Command::new("openssl");
    command.args(["ocsp", "-CAfile"]).arg(&case.authorities).arg("-issuer").arg(&case.issuer);
    command.arg("-cert").arg(&case.files.leaf).args(["-url", &case.url]);
    let leaf = format!("{}: good", case.files.leaf.display());
    said(command, |words| {
        words.contains("Response verify OK") && words.contains(&leaf) && !words.contains("WARNING")
    })
}

fn gnutls(case: &Case) -> Answer {
    let mut command = Command::new("ocsptool");
    command.arg(format!("--ask={}", case.url)).arg("--load-cert").arg(&case.files.leaf);
    command.arg("--load-issuer").arg(&case.issuer).arg("--load-trust").arg(&case.authorities);
    said(command, |words| {
        words.contains("Verifying OCSP Response: Success") && words.contains("Certificate Status: good")
    })
}

fn nss(case: &Case, store: &Path) -> Answer {
    std::fs::create_dir_all(store).unwrap();
    let database = format!("sql:{}", store.display());
    let run = |arguments: &[&str], file: Option<&Path>| {
        let mut command = Command::new("certutil");
        command.args(arguments).args(["-d", &database]);
        if let Some(file) = file {
            command.arg("-i").arg(file);
        }
        said(command, |_| true)
    };
    run(&["-N", "--empty-password"], None)?;
    let roots = pem::parse_many(std::fs::read(&case.files.root).unwrap()).unwrap();
    for (number, root) in roots.iter().enumerate() {
        let file = store.join(format!("{number}.pem"));
        std::fs::write(&file, pem::encode(root)).unwrap();
        run(&["-A", "-a", "-n", &format!("root {number}"), "-t", "CT,,"], Some(&file))?;
    }
    let mut command = Command::new("vfychain");
    command.args(["-d", &database, "-pp", "-u", "1"]);
    command.args(["-g", "leaf", "-h", "requireFreshInfo", "-m", "ocsp", "-s", "failIfNoInfo"]);
    command.arg("-a").arg(&case.files.leaf);
    if std::fs::metadata(&case.files.between).unwrap().len() > 0 {
        command.arg("-a").arg(&case.files.between);
    }
    said(command, |words| words.contains("Chain is good!"))
}

/// One sheet for all cases: number, certificate, authorities between, roots, issuer, answer, address, method.
fn sheet(cases: &[Case], path: &Path, method: &str) {
    let line = |(number, case): (usize, &Case)| {
        let files = &case.files;
        let paths = [&files.leaf, &files.between, &files.root, &case.issuer, &case.answer];
        let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        format!("{number}\t{}\t{}\t{method}\n", paths.join("\t"), case.url)
    };
    std::fs::write(path, cases.iter().enumerate().map(line).collect::<String>()).unwrap();
}

fn java(cases: &[Case], folder: &Path, method: &str) -> Vec<Answer> {
    let questions = folder.join("ocsp.tsv");
    sheet(cases, &questions, method);
    panel::java::run("StatusVerifier", include_str!("StatusVerifier.java"), folder, &questions, cases.len())
}

/// The findings of pkilint about each answer.
pub(super) fn lint(cases: &[Case], folder: &Path) -> Vec<Answer> {
    by_script(cases, folder, "pkilint", include_str!("lint_answers.py"))
}

fn by_script(cases: &[Case], folder: &Path, name: &str, script: &str) -> Vec<Answer> {
    let questions = folder.join("ocsp.tsv");
    sheet(cases, &questions, "");
    let mut command = Command::new(venv::python().unwrap());
    let output = command.args(["-c", script]).arg(&questions).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    read_answers(name, &String::from_utf8_lossy(&output.stdout), cases.len())
}
