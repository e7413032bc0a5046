//! Keys and CSRs, made by OpenSSL or rcgen.
//!
//! Invariant: keys are written to temporary folders only.

use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rcgen::{CertificateParams, DnType, KeyPair};
use tempfile::TempDir;

/// A random host below `example.com`.
pub fn unique_host() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("www-{}.example.com", &id[..12])
}

/// A CSR for these DNS names with a fresh P-256 key, as PEM.
pub fn csr_for(names: &[&str]) -> String {
    key_and_csr_for(names).1
}

/// A fresh P-256 key and a CSR for these DNS names, both as PEM.
pub fn key_and_csr_for(names: &[&str]) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut request =
        CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    request.distinguished_name = rcgen::DistinguishedName::new();
    request.distinguished_name.push(DnType::CommonName, names[0]);
    let csr = request.serialize_request(&key).unwrap().pem().unwrap();
    (key.serialize_pem(), csr)
}

/// Files of a zip, in archive order.
pub fn files_in_zip(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip");
    (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            (file.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

/// A temporary folder for keys and certificates, and for programs that work on them.
pub struct PkiDir {
    folder: TempDir,
}

impl Default for PkiDir {
    fn default() -> Self {
        Self::new()
    }
}

impl PkiDir {
    /// Creates an empty folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Path of a file or folder in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Reads a file as text.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs a program in the folder.
    pub fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
    }

    /// Runs a program that has to succeed, and returns everything it printed.
    pub fn succeed(&self, program: &Path, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{} {arguments:?}: {}\n{text}", program.display(), output.status);
        text
    }

    /// Makes a key (`key.pem`) and a CSR for the DNS name `host` with OpenSSL. `key` are the options of `openssl req`
    /// that choose the key, `more` any further ones; the first subjectAltName in `more` replaces the usual one.
    pub fn openssl_csr(&self, openssl: &Path, key: &[&str], host: &str, more: &[&str]) -> String {
        let (subject, names) = (format!("/CN={host}"), format!("subjectAltName=DNS:{host}"));
        let mut arguments = vec!["req", "-new", "-nodes", "-keyout", "key.pem", "-out", "request.csr"];
        arguments.extend_from_slice(key);
        if !more.contains(&"-subj") {
            arguments.extend(["-subj", &subject]);
        }
        if !more.iter().any(|option| option.starts_with("subjectAltName=")) {
            arguments.extend(["-addext", &names]);
        }
        arguments.extend_from_slice(more);
        self.succeed(openssl, &arguments);
        self.read("request.csr")
    }

    /// Unpacks a zip into the folder.
    pub fn unzip(&self, zip: &[u8]) {
        for (name, content) in files_in_zip(zip) {
            assert!(!name.contains('/'), "{name}");
            self.write(&name, content);
        }
    }
}
