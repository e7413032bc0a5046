//! Receipts: a verifier in Python, written from docs/transparency.md alone, accepts what Deliver makes and refuses it after one
//! changed bit anywhere, as the verifier here does.

use std::fs;
use std::process::Command;

use futures_util::FutureExt as _;
use pki::certificate::Certificate;
use workflow::request::Status;
use workflow::request::audit::Origin;
use workflow::store::CertificateLog;
use workflow::testing::InMemoryBackend;
use workflow::transparency::Receipt;

use crate::panel::{say, skip};
use crate::venv;

const PROGRAM: &str = include_str!("receipts.py");

#[test]
fn a_verifier_in_python_agrees_about_every_bit_of_a_receipt() {
    let python = match venv::python() {
        Ok(python) => python,
        Err(missing) => return skip("receipts", &missing, false),
    };
    let backend = InMemoryBackend::new();
    let log = CertificateLog { files: &*backend, keys: &*backend, receipts: &*backend, requests: &*backend };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("receipts.py"), PROGRAM).unwrap();
    for index in 0..7 {
        let row = backend.request(backend.request_with_certificate(Status::Issued)).unwrap();
        let pem = backend.certificates()[&row.serial().unwrap().to_string()].clone();
        let certificate = Certificate::from_pem(&pem).unwrap();
        let appended = log.append(&row, &certificate, &Origin::worker("deliver")).now_or_never().unwrap();
        let (_, receipt) = appended.unwrap();
        // Places at both ends of the tree, and between.
        if ![0, 1, 4, 6].contains(&index) {
            continue;
        }
        let key = backend.stored_log_key().unwrap();
        fs::write(file("receipt.json"), &receipt).unwrap();
        fs::write(file("certificate.pem"), &pem).unwrap();
        let output = Command::new(&python)
            .args(["receipts.py", "receipt.json", "certificate.pem"])
            .args(key.verifiers().iter().map(ToString::to_string))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let bits = receipt.len() * 8;
        assert_eq!(said, format!("{index} {}\n{bits} {bits}\n", index + 1));
        assert!(Receipt::verify(receipt.as_bytes(), &key.verifiers()).is_ok());
        say(&format!("Python refuses all {bits} receipts with one changed bit"));
    }
}
