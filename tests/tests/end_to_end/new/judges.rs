//! Programs and libraries that others wrote, and what they have to say about the files of the pages.

use std::path::{Path, PathBuf};

use end_to_end::{PkiDir, needed, npm_package, python_with, repository};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};

use super::PASSPHRASE;

const PKIJS: &str = "3.4.3";

pub(super) struct Judges {
    openssl: PathBuf,
    certtool: PathBuf,
    keytool: PathBuf,
    pk12util: PathBuf,
    certutil: PathBuf,
    node: PathBuf,
    python: PathBuf,
    pkijs: PathBuf,
}

impl Judges {
    /// `None`, with a message, if one is missing.
    pub(super) fn installed() -> Option<Self> {
        let [openssl, certtool, keytool, pk12util, certutil, node] = needed([
            ("openssl", "openssl"),
            ("certtool", "gnutls-bin"),
            ("keytool", "default-jdk-headless"),
            ("pk12util", "libnss3-tools"),
            ("certutil", "libnss3-tools"),
            ("node", "nodejs"),
        ])?;
        let python = python_with("new-keys", include_str!("requirements.txt"))?;
        let pkijs = npm_package("pkijs", PKIJS)?;
        Some(Self { openssl, certtool, keytool, pk12util, certutil, node, python, pkijs })
    }

    /// The CSR is signed by its key, and is for this host.
    pub(super) fn csr(&self, folder: &PkiDir, csr: &str, host: &str) {
        folder.write("request.csr", csr);
        let said =
            folder.succeed(&self.openssl, &["req", "-in", "request.csr", "-verify", "-noout", "-text"]);
        assert!(said.contains("verify OK") && said.contains(&format!("DNS:{host}")), "{said}");
        let said = folder.succeed(&self.certtool, &["--crq-info", "--infile", "request.csr"]);
        assert!(said.contains(&format!("DNSname: {host}")), "{said}");
        assert!(said.contains("Self signature: verified"), "{said}");
    }

    /// The key, alone and with its certificate, opens with the passphrase and not with another, in every program.
    pub(super) fn files(&self, folder: &PkiDir, kind: &str, host: &str) {
        self.by_openssl(folder);
        self.by_certtool(folder);
        self.by_keytool(folder, host);
        if kind != "ed25519" {
            // The NSS of Debian 12 has no Ed25519.
            self.by_pk12util(folder);
        }
        if kind == "ec-p256" {
            // Built without optimisation, it takes many seconds for 600,000 rounds.
            by_p12_keystore(folder, host);
        }
        self.by_script(folder, &self.python, "judge.py", &[host]);
        let pkijs = self.pkijs.display().to_string();
        self.by_script(folder, &self.node, "judge.mjs", &[&pkijs, host, kind]);
    }

    fn by_openssl(&self, folder: &PkiDir) {
        let run = |arguments: &[&str]| folder.succeed(&self.openssl, arguments);
        let pass = format!("pass:{PASSPHRASE}");
        let structure = run(&["asn1parse", "-in", "encrypted.pem"]);
        // 600,000 in hexadecimal digits.
        for part in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", "0927C0"] {
            assert!(structure.contains(part), "{part}: {structure}");
        }
        let certified = run(&["x509", "-in", "fullchain.pem", "-noout", "-pubkey"]);
        for key in ["encrypted.pem", "key.pem", "bundle.pem"] {
            assert_eq!(run(&["pkey", "-in", key, "-passin", &pass, "-pubout"]), certified, "{key}");
        }
        let bundled = run(&["x509", "-in", "bundle.pem", "-noout", "-fingerprint"]);
        assert_eq!(bundled, run(&["x509", "-in", "fullchain.pem", "-noout", "-fingerprint"]));
        let said =
            run(&["pkcs12", "-in", "modern.p12", "-passin", &pass, "-noenc", "-info", "-out", "opened.pem"]);
        assert!(said.contains("MAC: sha256, Iteration 10000"), "{said}");
        assert!(said.contains("AES-256-CBC, Iteration 600000, PRF hmacWithSHA256"), "{said}");
        assert_eq!(run(&["pkey", "-in", "opened.pem", "-pubout"]), certified);
        assert_eq!(run(&["x509", "-in", "opened.pem", "-noout", "-pubkey"]), certified);
        for arguments in [&["pkcs12", "-in", "modern.p12", "-noout"][..], &["pkey", "-in", "encrypted.pem"]] {
            let wrong = [arguments, &["-passin", "pass:Correct horse 3 Battery/staple"]].concat();
            assert!(!folder.run(&self.openssl, &wrong).status.success(), "{arguments:?}");
        }
    }

    fn by_certtool(&self, folder: &PkiDir) {
        let open = ["--p12-info", "--inder", "--infile", "modern.p12", "--password", PASSPHRASE];
        let said = folder.succeed(&self.certtool, &open);
        assert!(said.contains("BEGIN CERTIFICATE") && said.contains("PRIVATE KEY-----"), "{said}");
        let key = ["--pubkey-info", "--load-privkey", "encrypted.pem", "--password", PASSPHRASE];
        assert!(folder.succeed(&self.certtool, &key).contains("Public Key Information:"));
    }

    fn by_keytool(&self, folder: &PkiDir, host: &str) {
        let store = ["-keystore", "modern.p12", "-storetype", "PKCS12", "-storepass", PASSPHRASE];
        let said = folder.succeed(&self.keytool, &[&["-list"][..], &store].concat());
        assert!(said.contains("PrivateKeyEntry") && said.contains(host), "{said}");
        // Signs with the key.
        let sign = [&["-certreq", "-alias", host][..], &store].concat();
        assert!(folder.succeed(&self.keytool, &sign).contains("NEW CERTIFICATE REQUEST"));
    }

    fn by_pk12util(&self, folder: &PkiDir) {
        std::fs::create_dir(folder.path("nss")).unwrap();
        folder.succeed(&self.certutil, &["-N", "-d", "sql:nss", "--empty-password"]);
        let import = ["-i", "modern.p12", "-d", "sql:nss", "-W", PASSPHRASE, "-K", ""];
        let said = folder.succeed(&self.pk12util, &import);
        assert!(said.contains("IMPORT SUCCESSFUL"), "{said}");
        let keys = folder.succeed(&self.certutil, &["-K", "-d", "sql:nss"]);
        assert!(keys.contains("< 0>"), "{keys}");
    }

    fn by_script(&self, folder: &PkiDir, program: &Path, script: &str, further: &[&str]) {
        let script = repository().join("tests/tests/end_to_end/new").join(script).display().to_string();
        let said = folder.succeed(program, &[&[script.as_str(), PASSPHRASE], further].concat());
        assert!(said.contains("agreed\n"), "{said}");
    }
}

fn by_p12_keystore(folder: &PkiDir, host: &str) {
    let file = std::fs::read(folder.path("modern.p12")).unwrap();
    let store = KeyStore::from_pkcs12(&file, PASSPHRASE, Pkcs12ImportPolicy::Strict).unwrap();
    let (alias, chain) = store.private_key_chain().unwrap();
    assert_eq!(alias, host);
    assert_eq!(chain.certs().len(), folder.read("fullchain.pem").matches("BEGIN").count());
}
