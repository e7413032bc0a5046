//! The files of a new certificate: `www.example.com.key` and `www.example.com.zip`.
//!
//! Invariant: the key is made here and goes nowhere else; its file is new, and only its owner reads it. No file is overwritten.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use pki::certificate::Certificate;
use pki::csr::Csr;
use pki::name::Name;
use rcgen::{CertificateParams, DnType, KeyPair};
use workflow::mail::bundle;
use zeroize::Zeroizing;

use crate::error::{CliError, OrFail as _};

/// A new key in its file, and the CSR for it.
#[derive(Debug)]
pub(super) struct KeyFile {
    /// The file of the key.
    pub(super) key: PathBuf,
    /// The file in which the certificate is to be saved.
    pub(super) zip: PathBuf,
    /// The CSR in PEM.
    pub(super) csr: String,
}

impl KeyFile {
    /// Makes a P-256 key and a CSR for these names, and stores the key below `folder`.
    pub(super) fn make(folder: &Path, names: &[Name]) -> Result<Self, CliError> {
        let first = names.first().map(ToString::to_string).unwrap_or_default();
        let file = |extension: &str| folder.join(format!("{}.{extension}", file_name(&first)));
        let (key, zip) = (file("key"), file("zip"));
        let exists = [&key, &zip].into_iter().find(|file| file.exists());
        if let Some(file) = exists {
            return Err(CliError::new(
                format!("{} is there already", file.display()),
                "Choose another --folder, or move the file away: a key is never overwritten.",
            ));
        }
        let pair = KeyPair::generate().or_fail(|| "cannot make a key".into(), "")?;
        let doing = || "cannot make a CSR".to_owned();
        let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut parameters = CertificateParams::new(texts).or_fail(doing, "")?;
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, first);
        let csr = parameters.serialize_request(&pair).or_fail(doing, "")?.pem().or_fail(doing, "")?;
        let pem = Zeroizing::new(pair.serialize_pem());
        new_file(&key, 0o600)?.write_all(pem.as_bytes()).or_fail(|| cannot_write(&key), "")?;
        Ok(Self { key, zip, csr })
    }

    /// Removes the key of a request that was not accepted.
    pub(super) fn discard(&self) {
        let _ = std::fs::remove_file(&self.key);
    }

    /// Saves the zip of the certificate, if it is for this key.
    pub(super) fn save(&self, octets: &[u8]) -> Result<(), CliError> {
        let doing = || "cannot read the zip that the portal sent".to_owned();
        let (pem, _) = bundle::contents(octets).or_fail(doing, "Try again.")?;
        let certificate = Certificate::from_pem(&pem).or_fail(doing, "Try again.")?;
        let csr = Csr::read(&self.csr).map_err(|_| CliError::new("cannot read the CSR again", ""))?;
        if certificate.public_key_digest() != csr.key().digest() {
            return Err(CliError::new(
                "the certificate that the portal sent is for another key",
                "Nothing was saved. Ask the people who run the portal.",
            ));
        }
        new_file(&self.zip, 0o644)?.write_all(octets).or_fail(|| cannot_write(&self.zip), "")
    }
}

fn new_file(path: &Path, mode: u32) -> Result<File, CliError> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    opened.or_fail(|| cannot_write(path), "Choose another --folder.")
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

/// A name as the name of a file: other characters than those of host names become underscores.
fn file_name(name: &str) -> String {
    let harmless = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' };
    let text: String = name.trim_start_matches('.').chars().map(harmless).collect();
    if text.is_empty() { "certificate".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use proptest::prelude::*;

    use super::*;

    fn names(names: &[&str]) -> Vec<Name> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_key_is_for_its_owner_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let made = KeyFile::make(folder.path(), &names(&["www.example.com", "10.1.2.3"])).unwrap();
        assert_eq!(made.key, folder.path().join("www.example.com.key"));
        let mode = std::fs::metadata(&made.key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(std::fs::read_to_string(&made.key).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
        let read = Csr::read(&made.csr).unwrap();
        let requested: Vec<String> = read.names().iter().map(ToString::to_string).collect();
        assert_eq!(requested, ["www.example.com", "10.1.2.3"]);
        let again = KeyFile::make(folder.path(), &names(&["www.example.com"])).unwrap_err().to_string();
        assert!(again.contains("is there already"), "{again}");
        made.discard();
        assert!(!made.key.exists());
    }

    #[test]
    fn a_certificate_for_another_key_is_not_saved() {
        use workflow::request::Status;
        use workflow::testing::InMemoryBackend;
        let folder = tempfile::tempdir().unwrap();
        let made = KeyFile::make(folder.path(), &names(&["www.example.com"])).unwrap();
        let backend = InMemoryBackend::new();
        backend.request_with_certificate(Status::Delivered);
        let pem = backend.certificates().into_values().next().unwrap();
        let zip = bundle::certificate_zip(&pem, backend.issuer_certificate(), &[], None).unwrap();
        let said = made.save(&zip).unwrap_err().to_string();
        assert!(said.contains("for another key") && !made.zip.exists(), "{said}");
    }

    proptest! {
        #[test]
        fn a_file_is_always_in_its_folder(name in "\\PC{0,40}") {
            let file = file_name(&name);
            prop_assert!(!file.is_empty() && !file.contains('/') && !file.starts_with('.'), "{file}");
        }
    }
}
