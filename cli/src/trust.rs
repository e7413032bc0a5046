//! `countersign trust`: makes a Linux machine trust the root of a CA.
//!
//! Invariant: a root is installed only after its fingerprint was compared: by a person at a terminal, or with `--fingerprint`.
//! Whoever can make a machine trust a root can show it any certificate.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use pki::certificate::Certificate;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::confirm::confirmed;
use crate::error::{CliError, OrFail as _};

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum TrustCommand {
    /// Makes every program on this Linux machine that uses the system's roots trust the CA; needs root
    Install(TrustOptions),
}

/// What is to be trusted.
#[derive(Debug, clap::Args)]
pub(crate) struct TrustOptions {
    /// The ca.pem of a certificate.zip or of the portal, or the root alone, in PEM
    file: PathBuf,
    /// SHA-256 of the root, as the operators name it, in place of the question
    #[arg(long, value_name = "SHA-256", value_parser = fingerprint)]
    fingerprint: Option<String>,
    /// Name of the file in the store, without its ending
    #[arg(long, value_name = "NAME", default_value = "private-ca", value_parser = store_name)]
    name: String,
}

/// A store of roots: where its files are, how they end, and which program reads them.
#[derive(Debug, PartialEq)]
struct TrustStore {
    folder: &'static str,
    extension: &'static str,
    update: &'static [&'static str],
}

/// The stores of Linux: Debian, Ubuntu and Alpine; Red Hat's and Amazon Linux; SUSE; Arch.
const STORES: [TrustStore; 4] = [
    TrustStore { folder: "etc/pki/trust/anchors", extension: "pem", update: &["update-ca-certificates"] },
    TrustStore { folder: "etc/pki/ca-trust/source/anchors", extension: "pem", update: &["update-ca-trust"] },
    TrustStore {
        folder: "etc/ca-certificates/trust-source/anchors",
        extension: "crt",
        update: &["trust", "extract-compat"],
    },
    TrustStore {
        folder: "usr/local/share/ca-certificates",
        extension: "crt",
        update: &["update-ca-certificates"],
    },
];

/// Runs `countersign trust`.
pub(crate) fn run(command: TrustCommand) -> Result<(), CliError> {
    let TrustCommand::Install(options) = command;
    let doing = || format!("cannot read {}", options.file.display());
    let text = fs::read_to_string(&options.file).or_fail(doing, "Name ca.pem of a certificate.zip.")?;
    let root = root_of(&text)?;
    let store = store_below(Path::new("/")).ok_or_else(|| {
        CliError::new("this machine has no store of roots that is known", "docs/trust.md has other systems.")
    })?;
    compared(&root, options.fingerprint.as_deref())?;
    let file = install(Path::new("/"), store, &options.name, &root)?;
    let done = Command::new(store.update[0]).args(&store.update[1..]).output();
    let done =
        done.or_fail(|| format!("cannot run {}", store.update.join(" ")), "Is ca-certificates installed?")?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        return Err(CliError::new(format!("{} failed: {said}", store.update.join(" ")), ""));
    }
    println!(
        "{} is trusted now, by {}. Restart programs that run. Undo: remove that file, then {}.",
        root.subject,
        file.display(),
        store.update.join(" ")
    );
    Ok(())
}

/// A root.
#[derive(Debug)]
struct RootCertificate {
    pem: String,
    subject: String,
    fingerprint: String,
}

/// The root in a file: its last certificate.
fn root_of(text: &str) -> Result<RootCertificate, CliError> {
    let blocks =
        pem::parse_many(text).or_fail(|| "the file cannot be read".into(), "Give certificates in PEM.")?;
    let wrong = |what: &str| {
        CliError::new(
            format!("the last certificate of the file {what}"),
            "Programs trust a root: give the ca.pem of a certificate.zip.",
        )
    };
    let block = blocks.iter().rev().find(|block| block.tag() == "CERTIFICATE");
    let block = block.ok_or_else(|| wrong("is missing"))?;
    let (rest, root) = X509Certificate::from_der(block.contents()).map_err(|_| wrong("cannot be read"))?;
    if !rest.is_empty() || root.subject().as_raw() != root.issuer().as_raw() {
        return Err(wrong("is no root: another CA issued it"));
    }
    if !root.is_ca() || root.verify_signature(None).is_err() {
        return Err(wrong("is no root: it is not a CA that signed itself"));
    }
    if !root.validity().is_valid() {
        return Err(wrong("is not valid at this time"));
    }
    let certificate =
        Certificate::from_der(block.contents().to_vec()).map_err(|_| wrong("cannot be read"))?;
    Ok(RootCertificate {
        pem: certificate.pem(),
        subject: root.subject().to_string(),
        fingerprint: certificate.fingerprint(),
    })
}

/// Fails unless the root is the one that is meant.
fn compared(root: &RootCertificate, expected: Option<&str>) -> Result<(), CliError> {
    match expected {
        Some(expected) if expected == root.fingerprint => Ok(()),
        Some(_) => Err(CliError::new(
            format!("the root in the file has another fingerprint: {}", root.fingerprint),
            "Nothing was changed. Do not trust the file; ask the operators of the CA.",
        )),
        None => confirmed(
            &format!(
                "{}\nSHA-256 {}\nCompare it with the fingerprint that the operators name. Trust this root for all names?",
                root.subject, root.fingerprint
            ),
            false,
        )
        .map_err(|error| {
            CliError::new(error.to_string(), "Or give the fingerprint that the operators name with --fingerprint.")
        }),
    }
}

/// The store of the machine whose files begin here.
fn store_below(root: &Path) -> Option<&'static TrustStore> {
    STORES.iter().find(|store| root.join(store.folder).is_dir())
}

/// Writes the root into a store.
fn install(
    below: &Path,
    store: &TrustStore,
    name: &str,
    root: &RootCertificate,
) -> Result<PathBuf, CliError> {
    let file = below.join(store.folder).join(format!("{name}.{}", store.extension));
    if fs::read_to_string(&file).is_ok_and(|there| there != root.pem) {
        return Err(CliError::new(
            format!("{} holds another certificate", file.display()),
            "Give this one another name with --name, or remove that file first.",
        ));
    }
    match fs::write(&file, &root.pem) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let advice = "Run it as root: sudo countersign trust install FILE.";
            Err(CliError::new(format!("you may not write {}", file.display()), advice))
        }
        written => written.or_fail(|| format!("cannot write {}", file.display()), "").map(|()| file),
    }
}

/// Reads a SHA-256 in hexadecimal digits, with or without colons.
fn fingerprint(text: &str) -> Result<String, String> {
    let digits = text.replace(':', "").to_ascii_lowercase();
    let good = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if good { Ok(digits) } else { Err("a SHA-256 has 64 hexadecimal digits".to_owned()) }
}

fn store_name(text: &str) -> Result<String, String> {
    let good = !text.is_empty()
        && !text.starts_with(['-', '.'])
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if good { Ok(text.to_owned()) } else { Err("a name is letters, digits, hyphens and dots".to_owned()) }
}

#[cfg(test)]
mod tests {
    use pki::testing::{CaMaker, TestKey};
    use proptest::prelude::*;
    use time::{Duration, OffsetDateTime};

    use super::*;

    fn maker(name: &str) -> CaMaker {
        let now = OffsetDateTime::now_utc();
        CaMaker::new(TestKey::EcP256).named(name).valid(now - Duration::DAY, now + Duration::days(9))
    }

    #[test]
    fn the_root_is_the_last_certificate_of_the_chain() {
        let chain = maker("Root").issuing(maker("Issuing")).certificate_pem;
        let root = root_of(&chain).unwrap();
        assert_eq!(root.subject, "CN=Root");
        assert_eq!(root.pem.matches("BEGIN CERTIFICATE").count(), 1);
        let issuing = chain.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
        let said = root_of(issuing).unwrap_err().to_string();
        assert!(said.contains("another CA issued it"), "{said}");
        for nothing in ["", "no PEM"] {
            assert!(root_of(nothing).unwrap_err().to_string().contains("is missing"), "{nothing}");
        }
    }

    #[test]
    fn a_root_is_compared_before_anything_is_written() {
        let root = root_of(&maker("Root").issuing(maker("Issuing")).certificate_pem).unwrap();
        assert!(compared(&root, Some(&root.fingerprint)).is_ok());
        let other = compared(&root, Some(&"0".repeat(64))).unwrap_err().to_string();
        assert!(other.contains("another fingerprint") && other.contains("Nothing was changed"), "{other}");
    }

    #[test]
    fn a_root_is_written_once_and_replaces_no_other() {
        let machine = tempfile::tempdir().unwrap();
        assert_eq!(store_below(machine.path()), None);
        fs::create_dir_all(machine.path().join("usr/local/share/ca-certificates")).unwrap();
        let store = store_below(machine.path()).unwrap();
        assert_eq!(store.update, ["update-ca-certificates"]);
        let root = |name| root_of(&maker(name).issuing(maker("Issuing")).certificate_pem).unwrap();
        let (one, other) = (root("One"), root("Other"));
        let file = install(machine.path(), store, "private-ca", &one).unwrap();
        assert!(file.ends_with("usr/local/share/ca-certificates/private-ca.crt"));
        install(machine.path(), store, "private-ca", &one).unwrap();
        let said = install(machine.path(), store, "private-ca", &other).unwrap_err().to_string();
        assert!(said.contains("holds another certificate"), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), one.pem);
    }

    #[test]
    fn a_fingerprint_is_read_as_openssl_prints_it() {
        let digits = "0a".repeat(32);
        let colons = vec!["0A"; 32].join(":");
        assert_eq!([fingerprint(&digits), fingerprint(&colons)], [Ok(digits.clone()), Ok(digits)]);
        assert!(fingerprint("0a0b").is_err());
    }

    proptest! {
        #[test]
        fn a_name_stays_in_the_folder_of_the_store(name in "\\PC{0,20}") {
            if let Ok(name) = store_name(&name) {
                prop_assert!(!name.contains('/') && !name.starts_with('.') && !name.is_empty());
            }
        }
    }
}
