//! The verifiers, with a list each.

use std::path::Path;
use std::process::Command;

use rustls_pki_types::{CertificateDer, UnixTime};

use super::cases::Case;
use super::servers;
use crate::panel::{self, Missing, openssl_is_there, text, version_of};
use crate::question::{Answer, read_answers};
use crate::venv;

/// A verifier that reads lists.
pub(super) struct Judge {
    /// Its column in docs/issuance.md.
    pub(super) name: &'static str,
    pub(super) version: fn() -> Result<String, Missing>,
    pub(super) ask: fn(&[Case], &Path) -> Vec<Answer>,
}

pub(super) const JUDGES: [Judge; 12] = [
    Judge { name: "OpenSSL", version: openssl_is_there, ask: |cases, _| cases.iter().map(openssl).collect() },
    Judge {
        name: "GnuTLS",
        version: || version_of("certtool", "--version", "gnutls-bin"),
        ask: |cases, _| cases.iter().map(gnutls).collect(),
    },
    Judge {
        name: "NSS",
        version: || version_of("crlutil", "-H", "libnss3-tools"),
        ask: |cases, folder| each_in_store(cases, folder, "nss", nss),
    },
    Judge {
        name: "NSS libpkix",
        version: || version_of("vfychain", "-h", "libnss3-tools"),
        ask: |cases, folder| each_in_store(cases, folder, "pkix", libpkix),
    },
    Judge { name: "Java", version: panel::java::version, ask: java },
    Judge {
        name: "Python cryptography",
        version: || venv::python().map(|_| String::new()),
        ask: |cases, folder| by_script(cases, folder, "lists", include_str!("lists.py")),
    },
    Judge {
        name: "pyhanko",
        version: || venv::python().map(|_| String::new()),
        ask: |cases, folder| by_script(cases, folder, "pyhanko", include_str!("pyhanko.py")),
    },
    Judge {
        name: "webpki",
        version: || Ok(String::new()),
        ask: |cases, _| cases.iter().map(|case| webpki(case).map_err(|error| format!("{error:?}"))).collect(),
    },
    Judge { name: "nginx", version: || version_of("nginx", "-v", "nginx"), ask: servers::nginx },
    Judge { name: "Apache", version: || version_of("apache2", "-v", "apache2-bin"), ask: servers::apache },
    Judge { name: "HAProxy", version: || version_of("haproxy", "-v", "haproxy"), ask: servers::haproxy },
    Judge { name: "curl", version: || version_of("curl", "--version", "curl"), ask: servers::curl },
];

fn said(mut command: Command, good: impl Fn(&str) -> bool) -> Answer {
    let output = command.output().unwrap();
    let words = text(&output);
    if output.status.success() && good(&words) { Ok(()) } else { Err(words.trim().to_owned()) }
}

/// About the certificate alone, and about the whole chain: both have to agree.
fn openssl(case: &Case) -> Answer {
    let verify = |check: &str, lists: &Path| {
        let mut command = Command::new("openssl");
        command.args(["verify", "-x509_strict", "-no-CApath", "-no-CAstore", check, "-CAfile"]);
        command.arg(&case.files.root).arg("-CRLfile").arg(lists);
        if !is_empty(&case.files.between) {
            command.arg("-untrusted").arg(&case.files.between);
        }
        command.arg(&case.files.leaf);
        said(command, |_| true)
    };
    verify("-crl_check", &case.pem)?;
    verify("-crl_check_all", &case.chain_pem)
}

fn is_empty(file: &Path) -> bool {
    std::fs::metadata(file).unwrap().len() == 0
}

fn gnutls(case: &Case) -> Answer {
    let mut command = Command::new("certtool");
    command.args(["--verify-crl", "--load-ca-certificate"]).arg(&case.issuer);
    command.arg("--infile").arg(&case.own);
    said(command, |words| !words.contains("Not verified"))?;
    let mut command = Command::new("certtool");
    command.args(["--verify", "--load-ca-certificate"]).arg(&case.files.root);
    command.arg("--load-crl").arg(&case.pem).arg("--infile").arg(&case.files.bundle);
    said(command, |_| true)
}

/// Asks about each case with a database of NSS that has its roots, and the lists of its chain.
fn each_in_store(cases: &[Case], folder: &Path, name: &str, ask: fn(&Case, &str) -> Answer) -> Vec<Answer> {
    let asked = cases.iter().enumerate().map(|(at, case)| {
        let store = folder.join(format!("{name}-{at}"));
        std::fs::create_dir_all(&store).unwrap();
        let database = format!("sql:{}", store.display());
        fill(case, &store, &database)?;
        ask(case, &database)
    });
    asked.collect()
}

fn fill(case: &Case, store: &Path, database: &str) -> Answer {
    let run = |program: &str, arguments: &[&str], file: Option<&Path>| {
        let mut command = Command::new(program);
        command.args(arguments).args(["-d", database]);
        if let Some(file) = file {
            command.arg("-i").arg(file);
        }
        said(command, |_| true)
    };
    run("certutil", &["-N", "--empty-password"], None)?;
    let roots = pem::parse_many(std::fs::read(&case.files.root).unwrap()).unwrap();
    for (number, root) in roots.iter().enumerate() {
        let file = store.join(format!("{number}.pem"));
        std::fs::write(&file, pem::encode(root)).unwrap();
        run("certutil", &["-A", "-a", "-n", &format!("root {number}"), "-t", "CT,,"], Some(&file))?;
    }
    if !is_empty(&case.files.between) {
        run("certutil", &["-A", "-a", "-n", "between", "-t", ",,"], Some(&case.files.between))?;
    }
    let imported: Vec<Answer> =
        case.chain_lists.iter().map(|list| run("crlutil", &["-I"], Some(list))).collect();
    // NSS takes no list of an issuer that it does not know, and no shard. The lists of the CAs above are first.
    let own = &imported[imported.len() - case.lists.len()..];
    own.iter().find(|taken| taken.is_ok()).unwrap_or(&own[0]).clone()
}

fn nss(case: &Case, database: &str) -> Answer {
    let mut command = Command::new("certutil");
    command.args(["-V", "-e", "-a", "-u", "V", "-d", database, "-n"]).arg(&case.files.leaf);
    said(command, |words| words.contains("certificate is valid"))
}

/// What Firefox does not use, but servers with NSS may.
fn libpkix(case: &Case, database: &str) -> Answer {
    let mut command = Command::new("vfychain");
    command.args(["-pp", "-u", "1", "-d", database]);
    command.args([
        "-g",
        "leaf",
        "-h",
        "requireFreshInfo",
        "-m",
        "crl",
        "-s",
        "forbidFetching",
        "-s",
        "failIfNoInfo",
    ]);
    command.arg("-a").arg(&case.files.leaf);
    said(command, |words| words.contains("Chain is good!"))
}

/// One sheet for all cases: number, certificate, authorities between, roots, lists, issuer, lists of the whole chain.
fn sheet(cases: &[Case], path: &Path) {
    let line = |(number, case): (usize, &Case)| {
        let files = &case.files;
        let joined = |paths: &[std::path::PathBuf]| {
            paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":")
        };
        let one = |path: &Path| path.display().to_string();
        let fields = [
            one(&files.leaf),
            one(&files.between),
            one(&files.root),
            joined(&case.lists),
            one(&case.issuer),
            joined(&case.chain_lists),
        ];
        format!("{number}\t{}\n", fields.join("\t"))
    };
    std::fs::write(path, cases.iter().enumerate().map(line).collect::<String>()).unwrap();
}

fn java(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let questions = folder.join("java.tsv");
    sheet(cases, &questions);
    panel::java::run("ListVerifier", include_str!("ListVerifier.java"), folder, &questions, cases.len())
}

/// The findings of pkilint about each list.
pub(super) fn lint(cases: &[Case], folder: &Path) -> Vec<Answer> {
    by_script(cases, folder, "pkilint", include_str!("lint_lists.py"))
}

fn by_script(cases: &[Case], folder: &Path, name: &str, script: &str) -> Vec<Answer> {
    let questions = folder.join(format!("{name}.tsv"));
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
    let (roots, leaf) = (certificates(&case.files.root), certificates(&case.files.leaf));
    let anchors = roots.iter().map(webpki::anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>()?;
    let lists = case.lists.iter().map(|list| {
        let list = webpki::OwnedCertRevocationList::from_der(&std::fs::read(list).unwrap())?;
        Ok(webpki::CertRevocationList::from(list))
    });
    let lists = lists.collect::<Result<Vec<_>, webpki::Error>>()?;
    let lists: Vec<&webpki::CertRevocationList<'_>> = lists.iter().collect();
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
