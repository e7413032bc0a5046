//! Receipts: a verifier in Python, written from docs/transparency.md alone, accepts what Deliver makes and refuses it after one
//! changed bit anywhere, as the verifier here does.

use std::fs;
use std::process::Command;

use futures_util::FutureExt as _;
use pki::certificate::Certificate;
use workflow::request::Status;
use workflow::request::audit::Origin;
use workflow::testing::InMemoryBackend;
use workflow::testing::fixtures::standing_policy;
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
    let log = backend.certificate_log();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("receipts.py"), PROGRAM).unwrap();
    backend.set_policy(&standing_policy());
    let terms = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":3}"#;
    let standing = backend.standing_approval(terms);
    let under = standing.id();
    backend.put_standing(standing);
    for index in 0..7 {
        // The last one is under a standing approval.
        let row = match index {
            6 => backend.unsaved_under_at(under, &pki::testing::csr(&["www.example.com"]), Status::Issued),
            _ => backend.request(backend.request_with_certificate(Status::Issued)).unwrap(),
        };
        if index == 6 {
            backend.put_certificate(row.serial().unwrap(), &backend.certificate_of(&row));
            backend.put(row.clone());
        }
        let row = backend.request(row.id()).unwrap();
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
        let verified = Receipt::verify(receipt.as_bytes(), &key.verifiers()).unwrap();
        assert_eq!(verified.receipt.approval.standing, (index == 6).then_some(under));
        say(&format!("Python refuses all {bits} receipts with one changed bit"));
    }
}
