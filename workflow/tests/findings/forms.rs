//! What people send in place of a request: each is named for what it is, in every language, with what to do.

use std::fmt::Write as _;

use pki::error::{OtherText, TextForm};
use workflow::texts::Language;

use super::*;

/// A request of openssl whose text is the same in each run.
const REQUEST: &str = include_str!("request.pem");

/// Texts that are no request, by name.
fn texts() -> Vec<(&'static str, String)> {
    let der = pem::parse(REQUEST).unwrap().into_contents();
    let damaged = REQUEST.replacen("MIH", "M\u{22}H", 1);
    let line = |from: &str, to: &str| REQUEST.replacen(from, to, 1);
    let pem = |label: &str, der: &[u8]| test_pki::pem(label, der);
    let base64 = |octets: &[u8]| STANDARD.encode(octets);
    let content = |kind: &str, inside: &[u8]| sequence(&[oid(kind), tlv(0xa0, inside)]);
    let cmc =
        content("1.2.840.113549.1.7.2", &sequence(&[tlv(2, &[3]), sequence(&[oid("1.3.6.1.5.5.7.12.2")])]));
    let key = sequence(&[sequence(&[oid("1.3.101.112")]), tlv(3, &[0; 33])]);
    let spkac =
        sequence(&[sequence(&[key, tlv(22, b"")]), sequence(&[oid("1.3.101.112")]), tlv(3, &[0; 65])]);
    let crmf = sequence(&[sequence(&[sequence(&[tlv(2, &[0]), sequence(&[tlv(0x80, &[2; 30])])])])]);
    vec![
        ("a quotation mark in the base64", damaged.clone()),
        ("a quotation mark in the base64 of a numbered request", {
            damaged.lines().enumerate().map(|(at, line)| format!("{:4} {line}\n", at + 1)).collect()
        }),
        ("a Cyrillic letter in the base64", line("BAMM", "B\u{410}MM")),
        ("an invisible character in the base64", line("BAMM", "BA\u{61c}M")),
        ("a mark of direction in the base64", line("BAMM", "BA\u{202e}M")),
        ("a lost character in the base64", line("BAMM", "BA\u{fffd}M")),
        ("an escape character in the base64", line("BAMM", "BA\u{1b}M")),
        ("characters that are missing", line("BAMM", "")),
        ("characters that are too many", line("BAMM", "BAMMBAMM")),
        ("half of a request", REQUEST[..REQUEST.len() / 2].to_owned()),
        ("half of a request in base64", base64(&REQUEST.as_bytes()[..REQUEST.len() / 2])),
        ("half of a request in hexadecimal", hex::encode(&REQUEST[..REQUEST.len() / 2])),
        ("a request with bytes behind it", pem("CERTIFICATE REQUEST", &[&der[..], &[0, 0]].concat())),
        ("a CRL", pem("X509 CRL", &[0x30, 0])),
        ("PKCS#7", pem("PKCS7", &content("1.2.840.113549.1.7.2", &[0x30, 0]))),
        ("PKCS#7 without PEM", base64(&content("1.2.840.113549.1.7.2", &[7; 40]))),
        ("CMC of certreq", pem("NEW CERTIFICATE REQUEST", &cmc)),
        ("CRMF", base64(&crmf)),
        ("SPKAC", format!("SPKAC={}", base64(&spkac))),
        ("SPKAC of a browser", base64(&spkac)),
        ("an SSH key", "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY= a@b".to_owned()),
        ("OpenPGP", "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n".to_owned()),
        (
            "a JWK",
            r#"{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1", "y": "x_FEzRu9m36HLN"}"#
                .to_owned(),
        ),
        ("openssl req -text", "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n".to_owned()),
        (
            "openssl req -text with its signature",
            format!(
                "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n    Signature Value:\n        {}\n",
                [&[0x30, 0x46, 2, 0x21, 0][..], &[0x90; 32], &[2, 0x21, 0], &[0x90; 32]]
                    .concat()
                    .iter()
                    .map(|octet| format!("{octet:02x}"))
                    .collect::<Vec<_>>()
                    .join(":")
            ),
        ),
        ("certtool", "PKCS #10 Certificate Request Information:\n\tVersion: 1\n".to_owned()),
        ("certutil -dump", "PKCS10 Certificate Request:\nVersion: 1\nSubject:\n    CN=a\n".to_owned()),
        ("openssl asn1parse", "    0:d=0  hl=4 l= 280 cons: SEQUENCE          \n".to_owned()),
        ("a path of Windows", "\"C:\\fakepath\\request.csr\"".to_owned()),
        ("a path of Unix", "/home/max/request.csr".to_owned()),
        ("the name of a file", "request.csr".to_owned()),
        ("a command", "$ openssl req -new -key key.pem -out request.csr".to_owned()),
        ("a command of Windows", "PS C:\\Users\\max> certreq -new request.inf request.csr".to_owned()),
        ("a web address", "https://files.example.com/request.csr?download=1".to_owned()),
        ("an e-mail", "From: Max <max@example.com>\nSubject: our CSR\n\nHello, it's attached.\n".to_owned()),
        ("an e-mail in Japanese", "差出人: 山田\n件名: CSR\n\n添付します。\n".to_owned()),
        ("a web page", "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>".to_owned()),
        ("a picture", "\u{fffd}PNG\r\n\u{1a}\n\0\0\0\rIHDR".to_owned()),
        (
            "a picture in base64",
            format!("data:image/png;base64,{}", base64(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")),
        ),
        ("a PDF document", "%PDF-1.7\n%\u{fffd}\u{fffd}\n".to_owned()),
        ("an Office document", "PK\u{3}\u{4}\u{14}\0\u{6}\0[Content_Types].xml".to_owned()),
        ("a zip file", "PK\u{3}\u{4}\u{14}\0\0\0request.csr".to_owned()),
        ("gzip in base64", "H4sIAAAAAAAAA0vOzytJzSsBAKk8hKgHAAAA".to_owned()),
        ("a sentence", "Please sign my certificate.".to_owned()),
    ]
}

#[test]
fn each_is_named_for_what_it_is_in_every_language() {
    let mut said = String::new();
    for (what, text) in texts() {
        let findings = read(&text).unwrap_err();
        let [finding] = findings.as_slice() else { panic!("{what}: {findings:?}") };
        assert_eq!(finding.code, Code::NotACsr, "{what}: {finding}");
        writeln!(said, "{what}").unwrap();
        for language in [Language::English, Language::Japanese] {
            writeln!(said, "  {}", finding.detail_in(language)).unwrap();
            writeln!(said, "  {}", finding.advice_in(language)).unwrap();
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn no_advice_begins_with_another_copy_or_a_new_request() {
    for (what, text) in texts() {
        let advice = &read(&text).unwrap_err()[0].advice;
        for start in ["Copy", "Make the request again", "Paste the file"] {
            assert!(!advice.starts_with(start), "{what}: {advice}");
        }
    }
}

#[test]
fn the_page_of_the_api_lists_every_form_and_everything_that_is_named() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md")).unwrap();
    let section = page.split("### Forms of `csrContent`").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> =
        section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    let forms = TextForm::ALL.iter().map(ToString::to_string);
    for name in forms.chain(OtherText::ALL.iter().map(ToString::to_string)) {
        assert_eq!(rows.iter().filter(|row| **row == name).count(), 1, "docs/api.md, rows of {name}");
    }
    // Two lines of each table are its head.
    assert_eq!(rows.len(), TextForm::ALL.len() + OtherText::ALL.len() + 4);
}
