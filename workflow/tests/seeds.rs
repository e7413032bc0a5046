//! Seeds for fuzzing: requests of every kind, and policies, written to fuzz/corpus/ when COUNTERSIGN_SEEDS is set.
//!
//! They are made anew each time, so that no key material is kept; see fuzz/Cargo.toml for how to run.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::csr::Csr;
use pki::testing as test_pki;
use pki::testing::{CsrMaker, TestKey, TestKeyPair, oid, sequence, tlv};
use workflow::backup::{FORMAT, Header, ObjectKey, Reader, Record, TableRow, Writer};
use workflow::ids::IssuerId;
use workflow::policy::Policy;
use workflow::request::Status;
use workflow::testing::InMemoryBackend;

fn requests() -> Vec<CsrMaker> {
    let kinds = [TestKey::EcP256, TestKey::EcP384, TestKey::EcP521, TestKey::Rsa2048, TestKey::Ed25519];
    let mut all: Vec<CsrMaker> = kinds
        .into_iter()
        .map(|kind| {
            CsrMaker::new(kind).common_name("www.example.com").names(&["www.example.com", "10.0.0.1"])
        })
        .collect();
    all.push(CsrMaker::new(TestKey::Rsa2048).names(&["www.example.com"]).pss());
    all.push(CsrMaker::new(TestKey::EcP256).names(&[
        "*.example.com",
        "alice@example.com",
        "spiffe://example.org/a",
        "fd00::1",
    ]));
    all.push(
        CsrMaker::new(TestKey::EcP256)
            .subject_part("2.5.4.6", 19, b"DE")
            .subject_part("2.5.4.10", 20, b"B\xfccher")
            .subject_part("2.5.4.11", 30, b"\0O\0U")
            .common_name("xn--bcher-kva.example.com")
            .asking_for_ca()
            .extension("2.5.29.15", true, &tlv(3, &[5, 0xa0]))
            .extension("2.5.29.37", false, &sequence(&[oid("1.3.6.1.5.5.7.3.1"), oid("1.2.3.4")]))
            .extension("2.5.29.32", false, &sequence(&[sequence(&[oid("1.2.3.5")])]))
            .general_name(tlv(0xa0, &[oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xa0, &tlv(12, b"alice"))].concat()))
            .attribute("1.2.840.113549.1.9.7", &tlv(12, b"password")),
    );
    all
}

/// An export of requests in several stages.
fn export() -> Vec<u8> {
    let backend = InMemoryBackend::new();
    let columns = |value: serde_json::Value| value.as_object().unwrap().clone();
    let header =
        Header { format: FORMAT, stack: "a".into(), at: "2026-01-01T12:00:00Z".into(), made_by: "0".into() };
    let mut writer = Writer::begin(Vec::new(), &header).unwrap();
    for status in [Status::Refused, Status::PendingApproval, Status::Delivered] {
        let id = backend.request_at(status);
        for event in backend.audit(id) {
            let row = columns(serde_json::to_value(event).unwrap());
            writer.put(&Record::Event(TableRow::read(row).unwrap())).unwrap();
        }
        let row = columns(serde_json::to_value(backend.request(id).unwrap()).unwrap());
        writer.put(&Record::Request(Box::new(TableRow::read(row).unwrap()))).unwrap();
        if let Some(approval) = backend.approval(id) {
            let mut row = columns(serde_json::to_value(approval).unwrap());
            row.insert("key".into(), format!("request#{id}").into());
            writer.put(&Record::Approval(Box::new(TableRow::without_tokens(row).unwrap()))).unwrap();
        }
    }
    let issuer = backend.issuer_certificate().chain_pem().to_owned();
    writer.put(&Record::Object(ObjectKey::IssuerInForce(IssuerId::DEFAULT), issuer)).unwrap();
    writer.finish().unwrap().0
}

/// Private keys, bare and behind encodings.
fn private_keys() -> Vec<String> {
    let mut texts = Vec::new();
    for kind in [TestKey::EcP256, TestKey::Rsa2048, TestKey::Ed25519] {
        let key = TestKeyPair::generate(kind);
        let base64 = STANDARD.encode(key.pkcs8());
        let hex: String = key.pkcs8().iter().map(|octet| format!("{octet:02x} ")).collect();
        texts.extend([key.pem(), STANDARD.encode(key.pem()), STANDARD.encode(&base64), base64, hex]);
        texts.push(serde_json::json!({ "tls.key": key.pem() }).to_string());
        texts.push(key.pem().lines().map(|line| format!("> {line}=0A=\n")).collect());
        texts.push(key.pem().bytes().map(|octet| format!("%{octet:02X}")).collect());
    }
    texts
}

#[test]
fn seeds_are_valid_and_written_where_asked() {
    let requests: Vec<Vec<u8>> = requests().iter().map(CsrMaker::der).collect();
    for der in &requests {
        assert!(Csr::from_der(der.clone()).is_ok());
    }
    let non_canonical: Vec<Vec<u8>> =
        test_pki::csrs_with_non_canonical_keys().iter().map(|(_, maker)| maker.der()).collect();
    for der in &non_canonical {
        assert!(Csr::from_der(der.clone()).is_err());
    }
    let policy = include_str!("../../infra/policy.toml");
    assert!(Policy::parse(policy).is_ok());
    for text in private_keys() {
        assert!(pki::private_key::refuse(&text).is_err(), "{text}");
    }
    let export = export();
    let mut reader = Reader::open(export.as_slice()).unwrap();
    while reader.record().unwrap().is_some() {}
    if std::env::var_os("COUNTERSIGN_SEEDS").is_none() {
        return;
    }
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    std::fs::create_dir_all(corpus.join("csr")).unwrap();
    std::fs::create_dir_all(corpus.join("policy")).unwrap();
    for (number, der) in requests.iter().chain(&non_canonical).enumerate() {
        std::fs::write(corpus.join(format!("csr/{number}.der")), der).unwrap();
        std::fs::write(corpus.join(format!("csr/{number}.pem")), test_pki::pem("CERTIFICATE REQUEST", der))
            .unwrap();
    }
    std::fs::write(corpus.join("policy/default.toml"), policy).unwrap();
    std::fs::create_dir_all(corpus.join("private_key")).unwrap();
    for (number, text) in private_keys().iter().enumerate() {
        std::fs::write(corpus.join(format!("private_key/{number}.txt")), text).unwrap();
    }
    std::fs::create_dir_all(corpus.join("export")).unwrap();
    std::fs::write(corpus.join("export/stack.jsonl"), export).unwrap();
}
