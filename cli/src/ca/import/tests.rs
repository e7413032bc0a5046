//! Reading keys and certificates for an import: each wrong pair is refused with one line.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ED25519,
};
use tempfile::TempDir;

use super::*;

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn read(&self, key: &str, certificate: &str, chain: Option<&str>) -> Result<CaImport, String> {
        let path = |name: &str| self.folder.path().join(name);
        let source = ImportFiles {
            key: Some(path(key)),
            kms_key: None,
            certificate: path(certificate),
            chain: chain.map(path),
        };
        source.read().map_err(|failure| failure.to_string())
    }
}

fn ca(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    change(&mut params);
    params
}

/// A key and its certificate, in `NAME.key` and `NAME.crt`.
fn root(
    desk: &Desk,
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> CertifiedIssuer<'static, KeyPair> {
    let key = KeyPair::generate().unwrap();
    desk.write(&format!("{name}.key"), key.serialize_pem());
    let root = CertifiedIssuer::self_signed(ca(name, change), key).unwrap();
    desk.write(&format!("{name}.crt"), root.pem());
    root
}

#[test]
fn pem_and_der_are_read_and_the_chain_is_put_in_order() {
    let desk = Desk::new();
    let top = root(&desk, "top", |_| {});
    desk.write("top.der", top.der());
    let key = KeyPair::generate().unwrap();
    desk.write("key.der", key.serialize_der());
    let issuing = ca("issuing", |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let issuing = issuing.signed_by(&key, &top).unwrap();
    desk.write("issuing.der", issuing.der());
    let other = root(&desk, "other", |_| {});
    desk.write("chain.pem", [other.pem(), top.pem()].concat());

    let candidate = desk.read("top.key", "top.der", None).unwrap();
    assert_eq!(candidate.chain.certificates.len(), 1);
    let candidate = desk.read("key.der", "issuing.der", Some("chain.pem")).unwrap();
    assert_eq!(
        (candidate.chain.certificates.len(), candidate.chain.issuer.subject()),
        (2, "CN=issuing".into())
    );
    let Key::File(text) = &candidate.key else { panic!("a key from a file") };
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));

    let said = desk.read("key.der", "issuing.der", None).err().unwrap();
    assert!(
        said.contains("the chain is incomplete: CN=issuing was issued by CN=top") && said.contains("--chain"),
        "{said}"
    );
    let said = desk.read("top.key", "issuing.der", Some("top.der")).err().unwrap();
    assert!(said.contains("top.key is not the key of the certificate CN=issuing"), "{said}");
}

#[test]
fn what_surrounds_a_key_is_left_behind() {
    let desk = Desk::new();
    root(&desk, "ca", |_| {});
    let key = std::fs::read_to_string(desk.folder.path().join("ca.key")).unwrap();
    let certificate = std::fs::read_to_string(desk.folder.path().join("ca.crt")).unwrap();
    desk.write("both.pem", format!("Bag Attributes\r\n    friendlyName: ca\r\n{key}{certificate}"));
    let candidate = desk.read("both.pem", "both.pem", None).unwrap();
    let Key::File(text) = &candidate.key else { panic!("a key from a file") };
    assert_eq!(text.matches("-----BEGIN").count(), 1);
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

#[test]
fn a_file_that_cannot_be_a_ca_is_reported_in_one_line() {
    let desk = Desk::new();
    root(&desk, "ca", |_| {});
    root(&desk, "leaf", |params| params.is_ca = IsCa::ExplicitNoCa);
    root(&desk, "expired", |params| params.not_after = rcgen::date_time_ymd(2021, 1, 1));
    root(&desk, "future", |params| params.not_before = rcgen::date_time_ymd(2999, 1, 1));
    root(&desk, "signless", |params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    let none = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    desk.write("several.key", [none.serialize_pem(), none.serialize_pem()].concat());
    // RFC 5958 section 3: an algorithm, then octets.
    desk.write("locked.der", [0x30, 6, 0x30, 2, 6, 0, 4, 0]);
    desk.write("locked.p12", [0x30, 5, 2, 1, 3, 0x30, 0]);
    desk.write(
        "locked.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    desk.write("empty", "");
    for (key, certificate, why) in [
        ("leaf.key", "leaf.crt", "it is not a CA"),
        ("expired.key", "expired.crt", "expired on 2021-01-01"),
        ("future.key", "future.crt", "is not valid before 2999-01-01"),
        ("signless.key", "signless.crt", "lacks keyCertSign"),
        ("leaf.key", "ca.crt", "is not the key of the certificate CN=ca (EC P-256)"),
        ("several.key", "ca.crt", "several private keys"),
        ("locked.der", "ca.crt", "openssl pkey -inform DER"),
        ("locked.p12", "ca.crt", "openssl pkcs12 -in"),
        ("locked.pem", "ca.crt", "is encrypted"),
        ("empty", "ca.crt", "no private key"),
        ("ca.key", "empty", "there is no certificate in"),
        ("ca.key", "absent", "cannot read"),
    ] {
        let said = desk.read(key, certificate, None).err().unwrap_or_default();
        assert!(said.contains(why) && !said.contains('\n') && !said.contains("BEGIN"), "{why}: {said}");
    }
}
