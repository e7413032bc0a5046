//! Texts that are no request, or not one alone, or not signed by their key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::csr::Csr;
use pki::testing as test_pki;
use pki::testing::{CsrMaker, TestKey, TestKeyPair, oid, sequence, tlv};
use workflow::finding::Code::{self, BadSignature, NotACsr, PrivateKeySubmitted, TooLarge, WeakSignature};

use super::{Row, right};

pub(super) fn rows() -> Vec<Row> {
    let (pem, other) = (right().pem(), right().pem());
    let der = pem::parse(&pem).unwrap().into_contents();
    let ca = test_pki::root().certificate_pem;
    let key = TestKeyPair::generate(TestKey::EcP256);
    let request = |der: &[u8]| test_pki::pem("CERTIFICATE REQUEST", der);
    let many: Vec<String> = (0..251).map(|n| format!("host-{n}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let rows: Vec<(&'static str, Code, String)> = vec![
        ("nothing", NotACsr, String::new()),
        ("some text", NotACsr, "Please sign my certificate.".to_owned()),
        ("a certificate", NotACsr, ca.clone()),
        ("a certificate labelled as a request", NotACsr, ca.replace("CERTIFICATE", "CERTIFICATE REQUEST")),
        ("a public key", NotACsr, test_pki::pem("PUBLIC KEY", key.spki())),
        ("a revocation list", NotACsr, test_pki::pem("X509 CRL", &[0x30, 0])),
        ("an SSH public key", NotACsr, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAo= alice@host".to_owned()),
        ("two requests", NotACsr, format!("{pem}{other}")),
        ("a request and a certificate", NotACsr, format!("{pem}{ca}")),
        (
            "the first three lines of a request",
            NotACsr,
            pem.lines().take(3).map(|line| format!("{line}\n")).collect(),
        ),
        ("a request without four characters", NotACsr, pem.replacen("\nMI", "\n", 1).replacen("Ag", "", 1)),
        (
            "the readable text of a request",
            NotACsr,
            "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n".to_owned(),
        ),
        ("the path of a file", NotACsr, "C:\\Users\\alice\\request.csr".to_owned()),
        ("a request with other characters than base64", NotACsr, pem.replacen("\nMI", "\nM!", 1)),
        ("half of a request, as a string of JSON", NotACsr, pem[..pem.len() / 2].replace('\n', "\\n")),
        ("a damaged request, quoted in a mail", NotACsr, {
            pem.replacen("\nMI", "\nM!", 1).lines().map(|line| format!("> {line}\n")).collect()
        }),
        ("half of a request, in base64 once more", NotACsr, STANDARD.encode(&pem[..pem.len() / 2])),
        (
            "a name that is BER: in parts",
            NotACsr,
            right().subject_part("2.5.4.10", 0x2c, &tlv(12, b"O")).pem(),
        ),
        ("a request with an octet after its end", NotACsr, request(&[&der[..], &[0]].concat())),
        ("a request without its last octet", NotACsr, request(&der[..der.len() - 1])),
        ("a private key", PrivateKeySubmitted, key.pem()),
        ("a private key and a request", PrivateKeySubmitted, format!("{}{pem}", key.pem())),
        ("a private key labelled as a request", PrivateKeySubmitted, request(key.pkcs8())),
        ("the first half of a private key", PrivateKeySubmitted, key.pem()[..key.pem().len() / 2].to_owned()),
        ("a text of 65537 bytes", TooLarge, "A".repeat(Csr::MAX_BYTES + 1)),
        ("251 names", TooLarge, CsrMaker::new(TestKey::EcP256).names(&many).pem()),
        (
            "a request that carries another key than the one it is signed with",
            BadSignature,
            test_pki::csr_with_bad_signature(&["www.example.com"]),
        ),
        ("a name changed after signing", BadSignature, request(&changed(&der))),
        (
            "an EC key and an RSA signature",
            BadSignature,
            right().signature(sequence(&[oid("1.2.840.113549.1.1.11"), tlv(5, &[])]), vec![0x5a; 256]).pem(),
        ),
        ("a signature with SHA-1", WeakSignature, test_pki::csr_with_sha1(&["www.example.com"])),
        (
            "a signature with MD5",
            WeakSignature,
            right().signature(sequence(&[oid("1.2.840.113549.1.1.4"), tlv(5, &[])]), vec![0x5a; 256]).pem(),
        ),
    ];
    rows.into_iter().map(|(what, code, text)| Row::new(what, code, text)).collect()
}

/// `www.example.com` becomes `wwv.example.com`. Three octets alone may be in a random key, too.
fn changed(der: &[u8]) -> Vec<u8> {
    let name = b"www.example.com";
    let at = der.windows(name.len()).position(|octets| octets == name).unwrap();
    let mut changed = der.to_vec();
    changed[at + 2] = b'v';
    changed
}
