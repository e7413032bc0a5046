//! ACME: certbot's own library (acme and josepy of PyPI) sends what we read, and reads what we answer.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use pki::acme::{
    AccountObject, AccountStatus, AccountUpdate, AcmeErrorType, AcmeIdentifier, AcmeProblem, AcmeRequest,
    AcmeUrls, AuthorizationObject, AuthorizationStatus, CertificateRevocation, DirectoryMeta,
    DirectoryObject, ExternalAccountBinding, KeyReference, NewAccount, NewOrder, OrderObject, OrderStatus,
    RenewalCertId, RenewalInfo, RequestPayload, Subproblem, VerifiedRequest, check_csr, read_csr,
    read_deactivation,
};
use pki::certificate::Certificate;
use pki::crl::RevocationReason;
use pki::jose::JsonWebKey;
use pki::testing::{CaMaker, TestKey};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::panel::{say, skip};
use crate::venv;

const PROGRAM: &str = include_str!("acme_client.py");
const BASE: &str = "https://pki.example.com/acme";
const MAC_KEY: &str = "0123456789abcdef0123456789abcdef";

fn program(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", PROGRAM]);
    command
}

fn lines(stdout: &[u8]) -> Vec<Value> {
    let lines = stdout.split(|octet| *octet == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn named(names: &[&str]) -> Vec<AcmeIdentifier> {
    names.iter().map(|name| AcmeIdentifier::from_name(name.parse().unwrap()).unwrap()).collect()
}

/// A request of the library, verified by its key.
fn received(sent: &Value) -> VerifiedRequest {
    let text = |name: &str| sent[name].as_str().unwrap();
    let key = JsonWebKey::parse(sent["key"].to_string().as_bytes()).unwrap();
    assert_eq!(key.thumbprint(), text("thumbprint"), "the thumbprint is that of josepy");
    let request = AcmeRequest::parse(text("body").as_bytes()).unwrap();
    let verified = match request.key() {
        KeyReference::Jwk(own) => {
            assert_eq!(own.public_key(), key.public_key());
            request.verify_by_own_key(text("url"))
        }
        KeyReference::AccountUrl(url) => {
            assert_eq!(AcmeUrls::new(BASE).account_id(url), Ok("a1"));
            request.verify_by_account_key(&key, text("url"))
        }
    };
    let verified = verified.unwrap();
    assert_eq!(verified.nonce(), "YSBub25jZQ");
    verified
}

/// Checks that a request means what the library was told to send.
fn check(what: &str, request: &VerifiedRequest) {
    match what {
        "new account" => {
            let account = NewAccount::read(request).unwrap();
            assert_eq!(account.contact, ["mailto:alice@example.com"]);
            assert!(account.terms_of_service_agreed && !account.only_return_existing);
            let binding = account.external_account_binding.unwrap();
            assert_eq!(binding.key_id(), "grant-7");
            assert_eq!(binding.verify(MAC_KEY.as_bytes(), request.key()), Ok(()));
            assert_eq!(
                binding.verify(b"another key", request.key()),
                Err(ExternalAccountBinding::unproven())
            );
        }
        "existing account" => assert!(NewAccount::read(request).unwrap().only_return_existing),
        "update" => {
            let contact = Some(vec!["mailto:bob@example.com".to_owned()]);
            assert_eq!(AccountUpdate::read(request), Ok(AccountUpdate { contact, deactivate: false }));
        }
        "no contact" => assert_eq!(AccountUpdate::read(request).unwrap().contact, Some(Vec::new())),
        "deactivate" => assert!(AccountUpdate::read(request).unwrap().deactivate),
        "order" | "plain order" => {
            let order = NewOrder::read(request).unwrap();
            assert_eq!(order.identifiers, named(&["www.example.com", "192.0.2.1"]));
            assert_eq!(order.profile.as_deref(), (what == "order").then_some("tls-server"));
        }
        "finalize" => {
            let csr = read_csr(request).unwrap();
            assert_eq!(check_csr(&csr, &named(&["www.example.com"]), request.key().public_key()), Ok(()));
        }
        "read" => assert_eq!(request.payload(), &RequestPayload::Empty),
        "revoke" => {
            let revocation = CertificateRevocation::read(request).unwrap();
            assert_eq!(revocation.reason, RevocationReason::KeyCompromise);
            assert_eq!(revocation.certificate.subject(), "CN=www.example.com");
            assert!(!revocation.is_by_its_key(request));
        }
        "give up" => assert_eq!(read_deactivation(request), Ok(())),
        other => panic!("{other}"),
    }
}

#[test]
fn what_certbots_library_sends_is_read() {
    let python = match venv::python() {
        Ok(python) => python,
        Err(missing) => return skip("ACME requests", &missing, false),
    };
    let output = program(&python).args(["requests", BASE, MAC_KEY]).output().expect("python starts");
    let sent = lines(&output.stdout);
    // Three kinds of keys, each with a binding of each algorithm and ten other requests.
    assert_eq!(sent.len(), 39, "{}", String::from_utf8_lossy(&output.stderr));
    for one in &sent {
        check(one["what"].as_str().unwrap(), &received(one));
    }
    say(&format!("{} requests of certbot's library are read as they were meant", sent.len()));
}

/// The objects that we answer with, each with what a client has to read in it.
fn objects() -> Vec<(&'static str, Value, Value)> {
    let urls = AcmeUrls::new(BASE);
    let at = |seconds: i64| OffsetDateTime::from_unix_timestamp(1_800_000_000 + seconds).unwrap();
    let mut all = Vec::new();
    let profiles = [("tls-server".to_owned(), "servers".to_owned())].into();
    let meta = DirectoryMeta { external_account_required: true, profiles, ..DirectoryMeta::default() };
    all.push((
        "directory",
        serde_json::to_value(DirectoryObject::new(&urls, meta)).unwrap(),
        json!([urls.new_order(), urls.renewal_info(), true, { "tls-server": "servers" }]),
    ));
    let binding = json!({ "protected": "x", "payload": "y", "signature": "z" });
    let account = AccountObject {
        status: AccountStatus::Valid,
        contact: vec!["mailto:alice@example.com".into()],
        external_account_binding: Some(binding.clone()),
        orders: urls.orders("a1"),
    };
    let read = json!(["valid", ["mailto:alice@example.com"], binding]);
    all.push(("account", serde_json::to_value(account).unwrap(), read));
    let order = |status, error, certificate: Option<String>| OrderObject {
        status,
        expires: at(0),
        identifiers: named(&["www.example.com", "2001:db8::1"]),
        profile: Some("tls-server".into()),
        replaces: None,
        error,
        authorizations: vec![urls.authorization("o1", 0), urls.authorization("o1", 1)],
        finalize: urls.finalize("o1"),
        certificate,
    };
    let failed = AcmeProblem::new(AcmeErrorType::ServerInternal, "try again");
    for (status, name, error, certificate) in [
        (OrderStatus::Ready, "ready", None, None),
        (OrderStatus::Processing, "processing", None, None),
        (OrderStatus::Valid, "valid", None, Some(urls.certificate("o1"))),
        (OrderStatus::Invalid, "invalid", Some(failed), None),
    ] {
        let code = error.as_ref().map(|_| "serverInternal");
        let read = json!([
            name,
            [["dns", "www.example.com"], ["ip", "2001:db8::1"]],
            "2027-01-15T08:00:00+00:00",
            [urls.authorization("o1", 0), urls.authorization("o1", 1)],
            urls.finalize("o1"),
            certificate,
            "tls-server",
            code,
        ]);
        all.push(("order", serde_json::to_value(order(status, error, certificate)).unwrap(), read));
    }
    let of = |name: &str| {
        let identifier = &named(&[name])[0];
        let url = |challenge| urls.challenge("o1", 0, challenge);
        AuthorizationObject::new(identifier, AuthorizationStatus::Valid, at(0), at(60), url)
    };
    let challenge = |name: &str| json!([name, "valid", format!("{BASE}/authorization/o1/0/{name}")]);
    let plain = json!(["http-01", "dns-01", "tls-alpn-01"].map(challenge));
    for (name, value, wildcard, challenges) in [
        ("www.example.com", "www.example.com", false, plain),
        ("*.example.com", "example.com", true, json!([challenge("dns-01")])),
    ] {
        let read = json!(["valid", value, wildcard, challenges]);
        all.push(("authorization", serde_json::to_value(of(name)).unwrap(), read));
    }
    for error_type in AcmeErrorType::ALL {
        let problem = AcmeProblem::new(error_type, "what to do");
        let read = json!([error_type.urn(), "what to do", []]);
        all.push(("problem", serde_json::to_value(problem).unwrap(), read));
    }
    let identifier = named(&["www.example.com"])[0].to_object();
    let error_type = AcmeErrorType::RejectedIdentifier;
    let rejected = vec![Subproblem { error_type, detail: "Alice was asked".into(), identifier }];
    let problem = AcmeProblem::of_identifiers("Alice was asked", rejected);
    let read = json!([error_type.urn(), "Alice was asked", [[error_type.urn(), "www.example.com"]]]);
    all.push(("problem", serde_json::to_value(&problem).unwrap(), read));
    let renewal = RenewalInfo::at_once(at(0), Some("https://pki.example.com/why".into()));
    let read = json!(["2027-01-15T06:00:00+00:00", "2027-01-15T07:00:00+00:00"]);
    all.push(("renewal", serde_json::to_value(renewal).unwrap(), read));
    // A serial number with a set first bit, and one without.
    for serial in [&[0, 0x87, 0x65, 0x43, 0x21][..], &[0x41; 20]] {
        let ca = CaMaker::new(TestKey::EcP256).named("Root");
        let der = CaMaker::new(TestKey::EcP256).named("Below").serial(serial).der_below(&ca);
        let certificate = Certificate::from_der(der).unwrap();
        let id = RenewalCertId::of(&certificate).unwrap();
        all.push(("certificate", certificate.pem().into(), id.to_string().into()));
    }
    all
}

#[test]
fn certbots_library_reads_what_we_answer() {
    let python = match venv::python() {
        Ok(python) => python,
        Err(missing) => return skip("ACME objects", &missing, false),
    };
    let objects = objects();
    let asked: String = objects
        .iter()
        .map(|(kind, object, _)| json!({ "kind": kind, "object": object }).to_string() + "\n")
        .collect();
    let mut reader = program(&python)
        .arg("objects")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python starts");
    reader.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
    let output = reader.wait_with_output().unwrap();
    let read = lines(&output.stdout);
    assert_eq!(read.len(), objects.len(), "{}", String::from_utf8_lossy(&output.stderr));
    for ((kind, object, expected), read) in objects.iter().zip(&read) {
        assert_eq!(read, expected, "{kind}: {object}");
    }
    say(&format!("certbot's library reads {} objects as they were meant", read.len()));
}
