//! Seeds for fuzzing: requests of every kind, and policies, written to fuzz/corpus/ when COUNTERSIGN_SEEDS is set.
//!
//! They are made anew each time, so that no key material is kept; see fuzz/Cargo.toml for how to run.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use pki::acme::AcmeRequest;
use pki::base64url::Base64Url;
use pki::certificate::Certificate;
use pki::crl::{Crl, CrlBuilder, CrlTemplate, RevocationReason, RevokedCertificate, issue_crl};
use pki::csr::Csr;
use pki::id_token::{IdToken, TOKEN_ALGORITHMS, key_set};
use pki::issuer::Issuer;
use pki::jose::MacAlgorithm;
use pki::name::Subject;
use pki::ocsp::OcspRequest;
use pki::pkcs7::pkcs7_certificates;
use pki::signer::{LocalKey, Signer as _};
use pki::testing as test_pki;
use pki::testing::{
    AcmeClient, CaMaker, CsrMaker, ProviderKeyPair, SoftPasskey, TestKey, TestKeyPair, oid, pkcs7, sequence,
    tlv,
};
use pki::webauthn::{PasskeyAlgorithm, PasskeyKey, RelyingParty, register, verify};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use workflow::backup::{FORMAT, Header, ObjectKey, Reader, Record, TableRow, Writer};
use workflow::ids::IssuerId;
use workflow::policy::Policy;
use workflow::policy::key_list::KeyList;
use workflow::request::Status;
use workflow::request::audit::Origin;
use workflow::testing::InMemoryBackend;
use workflow::transparency::Receipt;

/// A request in forms that programs on its way give it.
fn rewritten(pem: &str) -> [String; 15] {
    let der = pem::parse(pem).unwrap().into_contents();
    let numbered = |(at, line): (usize, &str)| format!("{:4} {line}\n", at + 1);
    let dumped = |(at, octets): (usize, &[u8])| format!("{:08x}: {}\n", at * 16, hex::encode(octets));
    [
        hex::encode(&der),
        format!("{der:?}"),
        der.chunks(2)
            .map(hex::encode)
            .collect::<Vec<_>>()
            .chunks(8)
            .map(|words| words.join(" ") + "\n")
            .collect(),
        der.chunks(16).enumerate().map(dumped).collect(),
        pem.lines().enumerate().map(numbered).collect(),
        STANDARD.encode(&der).replace('+', "-").replace('/', "_"),
        pem.replace("CERTIFICATE", "X509").replace("-----", "------"),
        serde_json::to_string(&pem.lines().collect::<Vec<_>>()).unwrap(),
        format!("{{\"csrContent\": \"{}\"}}", pem.replace('\n', "\\n").replace('+', "\\u002b")),
        STANDARD.encode(pem),
        pem.replace('+', "&#43;").replace('\n', "<br>\n"),
        pem.replace('+', "%2B").replace('\n', "%0A").replace(' ', "+"),
        pem.lines().map(|line| format!("> {line}\n")).collect(),
        pem.replace('=', "=3D"),
        pem.lines().map(|line| line.replace('+', " ") + "\n").collect(),
    ]
}

/// Bundles of CA certificates: with a cross-signed root, with a renewed one, and with one name for all.
fn bundles() -> Vec<Vec<Vec<u8>>> {
    let ca = |name: &str| CaMaker::new(TestKey::EcP256).named(name);
    let (older, root, between, own) = (ca("Older Root"), ca("Root"), ca("Between"), ca("Issuing"));
    let renewed = root.clone().path_length(3).root_der();
    vec![
        vec![own.der_below(&root), root.der_below(&older), root.root_der()],
        vec![own.der_below(&between), between.der_below(&root), renewed, root.root_der()],
        (0..6).map(|_| ca("Root").der_below(&root)).collect(),
    ]
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

/// Revocation lists: empty, with an entry for each reason, and a part of a list.
fn revocation_lists() -> [Crl; 3] {
    let ca = test_pki::root();
    let (issuer, key) =
        (Issuer::from_pem(&ca.certificate_pem).unwrap(), LocalKey::from_pem(&ca.key_pem).unwrap());
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let list = |shard, entries: usize| {
        let mut builder = CrlBuilder::new(CrlTemplate {
            issuer: &issuer,
            algorithm: key.algorithm(),
            number: 7,
            this_update: now,
            next_update: now + Duration::DAY,
            shard,
        });
        for (number, reason) in RevocationReason::ALL.into_iter().enumerate().take(entries) {
            let serial = format!("4{number}").parse().unwrap();
            builder.push(&RevokedCertificate { serial, revoked_at: now, reason }).unwrap();
        }
        issue_crl(&key, builder.finish().unwrap()).now_or_never().unwrap().unwrap()
    };
    [
        list(None, 0),
        list(None, RevocationReason::ALL.len()),
        list(Some("http://ca.example.com/crl/0a-1of8.crl"), 2),
    ]
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

/// Lists of keys in each form.
fn key_lists() -> [Vec<u8>; 3] {
    let digests: String = (0..20_u8).map(|number| hex::encode([number * 12; 32]) + "  -\n").collect();
    let list = KeyList::read(digests.as_bytes()).unwrap();
    let key = test_pki::pem("PUBLIC KEY", TestKeyPair::generate(TestKey::EcP256).spki());
    [list.as_bytes().to_vec(), digests.into_bytes(), key.into_bytes()]
}

/// OCSP requests: as programs make them, with many CertIDs, and of the largest size that reaches the reader.
fn ocsp_requests() -> [(Vec<u8>, bool); 5] {
    let cert_id = |hash: &str, length: usize, serial: &[u8]| {
        let hash = sequence(&[oid(hash), tlv(5, &[])]);
        sequence(&[sequence(&[hash, tlv(4, &vec![1; length]), tlv(4, &vec![2; length]), tlv(2, serial)])])
    };
    let sha1 = || cert_id("1.3.14.3.2.26", 20, &[0x41; 20]);
    let sha256 = || cert_id("2.16.840.1.101.3.4.2.1", 32, &[0, 0x81]);
    let request = |all: &[Vec<u8>], rest: Vec<u8>| sequence(&[sequence(&[sequence(all), rest])]);
    let nonce = sequence(&[oid("1.3.6.1.5.5.7.48.1.2"), tlv(4, &tlv(4, &[7; 32]))]);
    [
        (request(&[sha1()], Vec::new()), true),
        (request(&[sha256()], tlv(0xa2, &sequence(&[nonce]))), true),
        (request(&[sha1(), sha256()], Vec::new()), true),
        (request(&vec![sha1(); 1_000], Vec::new()), false),
        (request(&[sha1(), tlv(4, &vec![0; 1024 * 1024])], Vec::new()), false),
    ]
}

/// A registration and an assertion of each algorithm, in five parts with their lengths: see fuzz/fuzz_targets/webauthn.rs.
fn passkey_responses() -> [Vec<u8>; 3] {
    const CHALLENGE: [u8; 32] = [7; 32];
    let party = RelyingParty { id: "ca.example.com".into(), origin: "https://ca.example.com".into() };
    PasskeyAlgorithm::ALL.map(|algorithm| {
        // Extensions: a map of one entry.
        let passkey = SoftPasskey::new(algorithm).with_counter(7).with_extensions(b"\xa1\x61a\x01");
        let (client_data, object) = passkey.create(&party, &CHALLENGE);
        assert!(register(&party, &CHALLENGE, &client_data, &object).is_ok());
        let key = PasskeyKey::from_cose(&passkey.cose_key()).unwrap();
        let got = passkey.get(&party, &CHALLENGE);
        assert!(verify(&party, &CHALLENGE, &key, &got).is_ok());
        let parts = [client_data, object, got.authenticator_data, got.client_data_json, got.signature];
        let with_length =
            |part: &Vec<u8>| [&u16::try_from(part.len()).unwrap().to_be_bytes()[..], part].concat();
        parts.iter().flat_map(with_length).collect()
    })
}

/// A key set, a token and its nonce, for each algorithm: see fuzz/fuzz_targets/id_token.rs.
fn id_tokens() -> [Vec<u8>; 5] {
    TOKEN_ALGORITHMS.map(|algorithm| {
        let pair = ProviderKeyPair::new(algorithm, "k1");
        let set = serde_json::json!({ "keys": [pair.jwk()] }).to_string();
        let at = 1_800_000_000;
        let token = pair.token(&serde_json::json!({
            "iss": "https://id.example.com", "aud": "countersign", "nonce": "n", "iat": at, "exp": at + 300,
            "auth_time": at, "email": "a@example.com", "email_verified": true,
        }));
        let keys = key_set(set.as_bytes()).unwrap();
        assert!(IdToken::parse(&token).unwrap().verify(&keys).is_ok());
        let parts = [set, token, "n".to_owned()];
        let with_length =
            |part: &String| [&u16::try_from(part.len()).unwrap().to_be_bytes()[..], part.as_bytes()].concat();
        parts.iter().flat_map(with_length).collect()
    })
}

/// Requests of an ACME client, of each kind: see fuzz/fuzz_targets/jws.rs.
fn acme_requests() -> Vec<String> {
    const ACME: &str = "https://pki.example.com/acme";
    let url = |path: &str| format!("{ACME}/{path}");
    let base64url = |octets: Vec<u8>| Base64Url(octets).to_string();
    let certificate = CaMaker::new(TestKey::EcP256);
    let holder = certificate.key_pair().clone();
    let mut requests = Vec::new();
    for kind in [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Ed25519] {
        let client = AcmeClient::new(kind, &url("account/a1"));
        let binding = client.binding(MacAlgorithm::Hs256, "grant-7", b"secret", &url("new-account"));
        requests.extend([
            client.request_with_key(
                &url("new-account"),
                &json!({
                    "contact": ["mailto:alice@example.com"], "termsOfServiceAgreed": true,
                    "externalAccountBinding": binding,
                }),
            ),
            client.request(
                &url("new-order"),
                &json!({
                    "identifiers": [{ "type": "dns", "value": "www.example.com" }, { "type": "ip", "value": "2001:db8::1" }],
                    "profile": "tls-server", "replaces": "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE",
                }),
            ),
            client.request(
                &url("order/o1/finalize"),
                &json!({ "csr": base64url(CsrMaker::new(kind).names(&["www.example.com"]).der()) }),
            ),
            client.request(
                &url("key-change"),
                &client.key_change(&TestKeyPair::generate(TestKey::EcP256), &url("key-change")),
            ),
            client.request(&url("account/a1"), &json!({ "status": "deactivated" })),
            client.read(&url("order/o1")),
        ]);
    }
    let holder = AcmeClient { key: holder, ..AcmeClient::new(TestKey::EcP256, &url("account/a1")) };
    let revocation = json!({ "certificate": base64url(certificate.root_der()), "reason": 1 });
    requests.push(holder.request_with_key(&url("revoke-cert"), &revocation));
    requests.iter().map(ToString::to_string).collect()
}

/// Receipts of logs of some sizes, each after the public key of its log: see fuzz/fuzz_targets/receipt.rs.
fn receipts() -> Vec<String> {
    let backend = InMemoryBackend::new();
    let log = backend.certificate_log();
    let append = |_| {
        let row = backend.request(backend.request_with_certificate(Status::Issued)).unwrap();
        let pem = backend.certificates()[&row.serial().unwrap().to_string()].clone();
        let certificate = Certificate::from_pem(&pem).unwrap();
        let appended = log.append(&row, &certificate, &Origin::worker("deliver")).now_or_never().unwrap();
        let key = backend.stored_log_key().unwrap().verifiers().remove(0);
        let receipt = appended.unwrap().1;
        assert!(Receipt::verify(receipt.as_bytes(), std::slice::from_ref(&key)).is_ok());
        format!("{key}\n{receipt}")
    };
    (0..4).map(append).collect()
}

const SUBJECTS: [&str; 4] = [
    "CN=Root, O=Smith\\, Sons,c=de,DC=example,DC=com",
    "ou=a + cn=b, serialNumber=7",
    "O=\\ a\\\\\\,b\\ ,L=M\\c3\\bcnchen",
    "1.2.3.4=#020105,emailAddress=a@example.com",
];

#[test]
fn seeds_are_valid_and_written_where_asked() {
    let requests: Vec<Vec<u8>> = test_pki::csr_shapes().iter().map(CsrMaker::der).collect();
    for der in &requests {
        assert!(Csr::from_der(der.clone()).is_ok());
    }
    let refused =
        [test_pki::csrs_with_non_canonical_keys(), test_pki::csrs_with_unruly_attributes()].concat();
    let refused: Vec<Vec<u8>> = refused.iter().map(|(_, maker)| maker.der()).collect();
    for der in &refused {
        assert!(Csr::from_der(der.clone()).is_err());
    }
    let policy = include_str!("../../infra/policy.toml");
    assert!(Policy::parse(policy).is_ok());
    assert!(SUBJECTS.iter().all(|subject| Subject::read(subject).is_ok()));
    for text in private_keys() {
        assert!(pki::private_key::refuse(&text).is_err(), "{text}");
    }
    assert!(key_lists().iter().all(|list| KeyList::read(list).is_ok()));
    for (request, is_read) in ocsp_requests() {
        assert_eq!(OcspRequest::from_der(&request).is_ok(), is_read);
    }
    let export = export();
    let mut reader = Reader::open(export.as_slice()).unwrap();
    while reader.record().unwrap().is_some() {}
    let (passkey_responses, id_tokens, receipts) = (passkey_responses(), id_tokens(), receipts());
    let acme_requests = acme_requests();
    for request in &acme_requests {
        assert!(AcmeRequest::parse(request.as_bytes()).is_ok(), "{request}");
    }
    let bundles = bundles();
    assert!(bundles.iter().all(|bundle| pkcs7_certificates(&pkcs7(bundle)).as_ref() == Ok(bundle)));
    if std::env::var_os("COUNTERSIGN_SEEDS").is_none() {
        return;
    }
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    std::fs::create_dir_all(corpus.join("csr")).unwrap();
    std::fs::create_dir_all(corpus.join("policy")).unwrap();
    for (number, der) in requests.iter().chain(&refused).enumerate() {
        std::fs::write(corpus.join(format!("csr/{number}.der")), der).unwrap();
        let pem = test_pki::pem("CERTIFICATE REQUEST", der);
        std::fs::write(corpus.join(format!("csr/{number}.pem")), &pem).unwrap();
        if number == 0 {
            for (form, text) in rewritten(&pem).iter().enumerate() {
                std::fs::write(corpus.join(format!("csr/form-{form}.txt")), text).unwrap();
            }
        }
    }
    std::fs::write(corpus.join("policy/default.toml"), policy).unwrap();
    std::fs::create_dir_all(corpus.join("subject")).unwrap();
    for (number, subject) in SUBJECTS.iter().enumerate() {
        std::fs::write(corpus.join(format!("subject/{number}.txt")), subject).unwrap();
    }
    std::fs::create_dir_all(corpus.join("chain")).unwrap();
    std::fs::create_dir_all(corpus.join("pkcs7")).unwrap();
    for (number, bundle) in bundles.iter().enumerate() {
        let pem: String = bundle.iter().map(|der| test_pki::pem("CERTIFICATE", der)).collect();
        let values: Vec<u8> = bundle
            .iter()
            .flat_map(|der| [&u16::try_from(der.len()).unwrap().to_be_bytes()[..], der].concat())
            .collect();
        std::fs::write(corpus.join(format!("chain/{number}.pem")), pem).unwrap();
        std::fs::write(corpus.join(format!("chain/{number}.bin")), values).unwrap();
        std::fs::write(corpus.join(format!("pkcs7/{number}.p7b")), pkcs7(bundle)).unwrap();
    }
    std::fs::create_dir_all(corpus.join("private_key")).unwrap();
    for (number, text) in private_keys().iter().enumerate() {
        std::fs::write(corpus.join(format!("private_key/{number}.txt")), text).unwrap();
    }
    std::fs::create_dir_all(corpus.join("key_list")).unwrap();
    for (number, list) in key_lists().iter().enumerate() {
        std::fs::write(corpus.join(format!("key_list/{number}")), list).unwrap();
    }
    std::fs::create_dir_all(corpus.join("crl")).unwrap();
    for (number, list) in revocation_lists().iter().enumerate() {
        std::fs::write(corpus.join(format!("crl/{number}.crl")), list.der()).unwrap();
    }
    std::fs::create_dir_all(corpus.join("ocsp")).unwrap();
    for (number, (request, _)) in ocsp_requests().iter().enumerate() {
        std::fs::write(corpus.join(format!("ocsp/{number}.der")), request).unwrap();
    }
    std::fs::create_dir_all(corpus.join("webauthn")).unwrap();
    for (number, responses) in passkey_responses.iter().enumerate() {
        std::fs::write(corpus.join(format!("webauthn/{number}.bin")), responses).unwrap();
    }
    std::fs::create_dir_all(corpus.join("id_token")).unwrap();
    for (number, token) in id_tokens.iter().enumerate() {
        std::fs::write(corpus.join(format!("id_token/{number}.bin")), token).unwrap();
    }
    std::fs::create_dir_all(corpus.join("jws")).unwrap();
    for (number, request) in acme_requests.iter().enumerate() {
        std::fs::write(corpus.join(format!("jws/{number}.json")), request).unwrap();
    }
    std::fs::create_dir_all(corpus.join("receipt")).unwrap();
    for (number, receipt) in receipts.iter().enumerate() {
        std::fs::write(corpus.join(format!("receipt/{number}.txt")), receipt).unwrap();
    }
    std::fs::create_dir_all(corpus.join("export")).unwrap();
    std::fs::write(corpus.join("export/stack.jsonl"), export).unwrap();
}
