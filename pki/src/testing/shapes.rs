//! Requests of every shape, for the tests and the fuzzing that change each of their octets.

use super::encode::{oid, sequence, tlv};
use super::key::TestKey;
use super::request::CsrMaker;

/// Valid requests: every kind of key, every kind of name, every kind of attribute and extension.
#[must_use]
pub fn csr_shapes() -> Vec<CsrMaker> {
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

/// Requests whose attributes or extensions are not in their one form, each with what is wrong.
#[must_use]
pub fn csrs_with_unruly_attributes() -> Vec<(&'static str, CsrMaker)> {
    const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
    const MICROSOFT_EXTENSIONS: &str = "1.3.6.1.4.1.311.2.1.14";
    const SUBJECT_ALT_NAME: &str = "2.5.29.17";
    let san = sequence(&[tlv(0x82, b"a.example.com")]);
    let request = sequence(&[sequence(&[oid(SUBJECT_ALT_NAME), tlv(4, &san)])]);
    let empty = || CsrMaker::new(TestKey::EcP256);
    let named = || empty().names(&["www.example.com"]);
    let more = [&san[..], &[5, 0]].concat();
    vec![
        ("two extension requests", named().attribute(EXTENSION_REQUEST, &request)),
        ("both extension requests", named().attribute(MICROSOFT_EXTENSIONS, &request)),
        ("two lists in one request", empty().attribute(EXTENSION_REQUEST, &request.repeat(2))),
        ("an attribute without a value", named().attribute("1.2.3.4", &[])),
        ("an attribute twice", named().attribute("1.2.3.4", &[5, 0]).attribute("1.2.3.4", &[5, 0])),
        ("an extension twice", named().extension(SUBJECT_ALT_NAME, false, &san)),
        ("more after the names", empty().extension(SUBJECT_ALT_NAME, false, &more)),
        ("names in parts", empty().general_name(tlv(0xa2, &tlv(0x16, b"a.example.com")))),
        ("more after an unknown extension", named().extension("1.2.3.6", false, &[5, 0, 5, 0])),
    ]
}
