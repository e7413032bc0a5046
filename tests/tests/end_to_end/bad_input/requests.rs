//! The certificate signing request itself.

use std::path::Path;

use base64_of::decoded;
use end_to_end::{PkiDir, Stack, Submission, csr_for, needed, unique_host};
use serde_json::{Value, json};

use super::refused;

const EC: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

#[tokio::test]
async fn other_text_is_not_a_csr() {
    let stack = Stack::shared().await;
    let certificate = stack.portal().get("ca.pem", "*/*").await.expect(200).text();
    let two = format!("{}{}", csr_for(&[&unique_host()]), csr_for(&[&unique_host()]));
    let cut: String = csr_for(&[&unique_host()]).chars().take(200).collect();
    for text in [
        "Hello.",
        "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----",
        &certificate,
        &two,
        &cut,
        "MIIB",
    ] {
        refused(stack, &Submission::of(text), 422, "not_a_csr").await;
    }
}

#[tokio::test]
async fn three_hundred_names_are_too_large() {
    let names: Vec<String> = (0..300).map(|index| format!("n{index}.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    refused(Stack::shared().await, &Submission::of(&csr_for(&names)), 413, "too_large").await;
}

#[tokio::test]
async fn a_request_that_its_key_did_not_sign_is_refused() {
    let csr = csr_for(&[&unique_host()]);
    let mut der = decoded(&csr);
    // Last octet of the signature: the DER structure stays valid.
    *der.last_mut().unwrap() ^= 1;
    let forged = base64_of::pem(&der);
    refused(Stack::shared().await, &Submission::of(&forged), 422, "bad_signature").await;
}

/// Makes a CSR with OpenSSL and asserts the code of its refusal.
async fn refused_from_openssl(key: &[&str], more: &[&str], code: &str) -> Option<Value> {
    let [openssl] = needed([("openssl", "openssl")])?;
    let csr = PkiDir::new().openssl_csr(&openssl, key, &unique_host(), more);
    Some(refused(Stack::shared().await, &Submission::of(&csr), 422, code).await)
}

#[tokio::test]
async fn a_weak_key_is_refused_with_what_to_do() {
    let Some(problem) = refused_from_openssl(&["-newkey", "rsa:1024"], &[], "weak_key").await else {
        return;
    };
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("1024"), "{detail}");
    assert!(detail.contains("2048"), "{detail}");
    assert!(detail.contains("openssl"), "{detail}");
}

#[tokio::test]
async fn a_kind_of_key_that_is_not_certified_is_refused() {
    refused_from_openssl(
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
        &[],
        "unsupported_key",
    )
    .await;
}

#[tokio::test]
async fn a_broken_digest_is_refused() {
    refused_from_openssl(&["-newkey", "rsa:2048"], &["-sha1"], "weak_signature").await;
}

#[tokio::test]
async fn an_invalid_name_is_refused() {
    refused_from_openssl(EC, &["-subj", "/", "-addext", "subjectAltName=DNS:-a..example.com"], "bad_name")
        .await;
}

#[tokio::test]
async fn a_requested_ca_certificate_is_refused() {
    refused_from_openssl(EC, &["-addext", "basicConstraints=critical,CA:TRUE"], "forbidden_extension").await;
}

#[tokio::test]
async fn an_ungranted_extension_is_a_finding_or_a_refusal() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else {
        return;
    };
    let stack = Stack::shared().await;
    let csr = made(&openssl, &["-addext", "extendedKeyUsage=codeSigning"]);
    let preview =
        stack.portal().post("requests/preview", &Submission::of(&csr).json()).await.expect(200).json();
    let finding = &preview["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["severity"]),
        (&json!("forbidden_extension"), &json!("ignored")),
        "{preview:#}"
    );
    refused(stack, &Submission::of(&csr).with_profile("exact"), 422, "forbidden_extension").await;
}

fn made(openssl: &Path, more: &[&str]) -> String {
    PkiDir::new().openssl_csr(openssl, EC, &unique_host(), more)
}

#[tokio::test]
async fn all_findings_are_reported_together() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else {
        return;
    };
    let names = "subjectAltName=DNS:www.example.edu,DNS:a..b,DNS:ftp.example.edu";
    let csr = PkiDir::new().openssl_csr(
        &openssl,
        &["-newkey", "rsa:1024"],
        &unique_host(),
        &["-subj", "/", "-addext", names],
    );
    let problem = Stack::shared().await.portal().submit(&Submission::of(&csr)).await.json();
    let codes: Vec<&str> = problem["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    assert!(codes.contains(&"weak_key"), "{codes:?}");
    assert!(codes.contains(&"bad_name"), "{codes:?}");
}

/// Base64 and PEM without a PEM library.
mod base64_of {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    pub(super) fn decoded(pem: &str) -> Vec<u8> {
        let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        through(&["-d"], base64.as_bytes())
    }

    pub(super) fn pem(der: &[u8]) -> String {
        let base64 = String::from_utf8(through(&["-w", "64"], der)).unwrap();
        format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
            base64.trim_end()
        )
    }

    /// Runs `base64` of coreutils.
    fn through(arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut process = Command::new("base64")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(input).unwrap();
        process.wait_with_output().unwrap().stdout
    }
}
