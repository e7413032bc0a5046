//! Certificates that are revoked, and the programs that refuse them then.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use end_to_end::{Asked, PATIENCE, PkiDir, Stack, Submission, eventually, needed};
use serde_json::{Value, json};

use crate::APPROVER;
use crate::certificates::{issue, serve};

const EC: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RSA: &[&str] = &["-newkey", "rsa:2048"];

/// Waits until a list has the certificate of a request; returns the state of the request then.
async fn listed(stack: &Stack, asked: &Asked) -> Value {
    eventually("the certificate to be on the list", PATIENCE, async || {
        let now = stack.portal().status(asked).await;
        now["revocation"]["listedAt"].is_string().then_some(now)
    })
    .await
}

/// Fetches the list at the address in certificate.pem, by plain http, as `list.pem`.
async fn fetch(stack: &Stack, dir: &PkiDir, openssl: &Path) {
    let text =
        dir.succeed(openssl, &["x509", "-in", "certificate.pem", "-noout", "-ext", "crlDistributionPoints"]);
    let address = text.split("URI:").nth(1).unwrap().lines().next().unwrap().trim();
    assert!(address.starts_with("http://"), "{address}");
    let list = stack.portal().get(address, "*/*").await.expect(200);
    assert_eq!(list.header("content-type"), "application/pkix-crl");
    dir.write("list.crl", &list.body);
    dir.succeed(openssl, &["crl", "-inform", "DER", "-in", "list.crl", "-out", "list.pem"]);
}

/// What OpenSSL says about certificate.pem with the list.
fn verified(dir: &PkiDir, openssl: &Path) -> (bool, String) {
    let verify = ["verify", "-crl_check", "-CRLfile", "list.pem", "-CAfile", "ca.pem", "certificate.pem"];
    let output = dir.run(openssl, &verify);
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn curl_refuses_a_server_whose_certificate_its_requester_revoked() {
    let programs = [("openssl", "openssl"), ("nginx", "nginx"), ("curl", "curl")];
    let Some([openssl, nginx, curl]) = needed(programs) else {
        return;
    };
    let (stack, dir) = (Stack::shared().await, PkiDir::new());
    let asked = issue(stack, &dir, &openssl, EC, "www.example.com", &[], "server").await;
    let (_server, port) = serve(&dir, &nginx, "").await;
    let (url, host) =
        (format!("https://www.example.com:{port}/"), format!("www.example.com:{port}:127.0.0.1"));
    let usual = ["--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--resolve", &host, &url];
    let checking = [&usual[..], &["--cacert", "ca.pem", "--crlfile", "list.pem"]].concat();
    fetch(stack, &dir, &openssl).await;
    assert_eq!(dir.succeed(&curl, &checking), "It works.\n");
    assert!(verified(&dir, &openssl).0);

    let revoke = asked.status_url.replacen('?', "/revoke?", 1);
    let order = json!({ "reason": "keyCompromise", "comment": "Found in a public repository." });
    let first = stack.portal().post(&revoke, &order).await.expect(200).json();
    assert_eq!(first["revocation"]["reason"], "keyCompromise");
    let now = listed(stack, &asked).await;
    assert_eq!(now["status"], "revoked");
    let history: Vec<&str> =
        now["history"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(history.last(), Some(&"revoked"));

    fetch(stack, &dir, &openssl).await;
    let refused = dir.run(&curl, &checking);
    assert_eq!(refused.status.code(), Some(60), "{}", String::from_utf8_lossy(&refused.stderr));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("revoked"));
    let (accepted, said) = verified(&dir, &openssl);
    assert!(!accepted && said.contains("certificate revoked"), "{said}");
    let entry = dir.succeed(&openssl, &["crl", "-in", "list.pem", "-noout", "-text"]);
    assert!(entry.contains("Key Compromise"), "{entry}");

    let mail = stack.mailbox().mail(&asked.id, &asked.email, "Revoked: ").await;
    assert!(mail.text.contains("Found in a public repository."), "{}", mail.text);
    stack.mailbox().mail(&asked.id, APPROVER, "Revoked: ").await;
    // The key gets no certificate again.
    let csr = dir.read("request.csr");
    let again = stack.portal().submit(&Submission::of(&csr)).await;
    again.problem(422, "weak_key");
    // The certificate can still be had, and the revocation is not repeated.
    stack.portal().get(&asked.status_url.replacen('?', "/certificate.pem?", 1), "*/*").await.expect(200);
    let again = stack.portal().post(&revoke, &json!({ "reason": "superseded" })).await.expect(200).json();
    assert_eq!(again["revocation"]["reason"], "keyCompromise");
}

#[tokio::test]
async fn an_approver_an_operator_and_the_holder_of_the_key_revoke() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else {
        return;
    };
    let (stack, dir) = (Stack::shared().await, PkiDir::new());
    let approved = issue(stack, &dir, &openssl, EC, "www.example.com", &[], "server").await;
    let link = stack.mailbox().approval_link(&approved, APPROVER).await;
    let order = json!({ "decision": "revoke", "reason": "privilegeWithdrawn" });
    stack.portal().post(&link, &order).await.expect(200);
    assert_eq!(listed(stack, &approved).await["revocation"]["reason"], "privilegeWithdrawn");

    let dir = PkiDir::new();
    let by_operator = issue(stack, &dir, &openssl, EC, "www.example.com", &[], "server").await;
    let serial = stack.portal().status(&by_operator).await["serial"].as_str().unwrap().to_owned();
    let revoke = ["certificates", "revoke", &serial, "--reason", "superseded"];
    let refused = stack.countersign(&revoke);
    assert!(!refused.status.success(), "without a terminal it needs --yes");
    for said in ["and on the list since", "is revoked already"] {
        let revoked = stack.countersign(&[&revoke[..], &["--yes"]].concat());
        let output = String::from_utf8_lossy(&revoked.stdout).into_owned();
        assert!(revoked.status.success() && output.contains(said), "{output}");
    }
    fetch(stack, &dir, &openssl).await;
    assert!(!verified(&dir, &openssl).0);

    let dir = PkiDir::new();
    let by_key = issue(stack, &dir, &openssl, RSA, "www.example.com", &[], "server").await;
    let jws = signed(&dir, &openssl, &format!("{}revocations", stack.portal().base));
    stack.portal().post("revocations", &jws).await.expect(200);
    assert_eq!(listed(stack, &by_key).await["revocation"]["reason"], "keyCompromise");
    // Of these alone: other tests alter rows of this stack.
    for asked in [&approved, &by_operator, &by_key] {
        let verified = stack.countersign(&["audit", "verify", &asked.id]);
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    }
}

/// A revocation of certificate.pem, signed by OpenSSL with key.pem.
fn signed(dir: &PkiDir, openssl: &Path, url: &str) -> Value {
    dir.succeed(openssl, &["x509", "-in", "certificate.pem", "-outform", "DER", "-out", "certificate.der"]);
    let certificate = URL_SAFE_NO_PAD.encode(std::fs::read(dir.path("certificate.der")).unwrap());
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let protected = encode(json!({ "alg": "RS256", "url": url }));
    let payload = encode(json!({ "certificate": certificate, "reason": 1 }));
    dir.write("message", format!("{protected}.{payload}"));
    let sign = Command::new(openssl)
        .args(["dgst", "-sha256", "-sign", "key.pem", "message"])
        .current_dir(dir.path(""))
        .output()
        .unwrap();
    assert!(sign.status.success(), "{}", String::from_utf8_lossy(&sign.stderr));
    json!({ "protected": protected, "payload": payload, "signature": URL_SAFE_NO_PAD.encode(sign.stdout) })
}
