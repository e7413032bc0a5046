//! Reading keys and certificates for an import: each wrong pair is refused with one line.

use pki::testing::{CaMaker, TestKey, oid, pem, sequence, tlv};
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

    /// The chain of an import from a file.
    fn read(
        &self,
        key: &str,
        certificate: &str,
        chain: Option<&str>,
    ) -> Result<(Zeroizing<String>, Chain), String> {
        let path = |name: &str| self.folder.path().join(name);
        let source = ImportFiles {
            key: Some(path(key)),
            kms_key: None,
            certificate: path(certificate),
            chain: chain.map(path),
        };
        match source.read().map_err(|failure| failure.to_string())?.key {
            Key::File(text, chain) => Ok((text, *chain)),
            Key::Kms(_) => panic!("a key from a file"),
        }
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

    let (_, chain) = desk.read("top.key", "top.der", None).unwrap();
    assert_eq!(chain.certificates.len(), 1);
    let (text, chain) = desk.read("key.der", "issuing.der", Some("chain.pem")).unwrap();
    assert_eq!((chain.certificates.len(), chain.issuer.subject()), (2, "CN=issuing".into()));
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
    let (text, _) = desk.read("both.pem", "both.pem", None).unwrap();
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
    desk.write("my locked.p12", [0x30, 5, 2, 1, 3, 0x30, 0]);
    // ContentInfo of indefinite length.
    desk.write("ber.p7b", [&[0x30, 0x80, 6, 9][..], b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"].concat());
    desk.write("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
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
        ("my locked.p12", "ca.crt", "openssl pkcs12 -in '"),
        ("ca.key", "my locked.p12", "my locked.p12' -nodes -out both.pem), with -legacy if"),
        ("ca.key", "ber.p7b", "openssl pkcs7 -inform DER -in "),
        ("ca.key", "cut.pem", "a PEM block"),
        ("ca.key", "locked.der", "certificate 1 in"),
        ("locked.pem", "ca.crt", "is encrypted"),
        ("empty", "ca.crt", "no private key"),
        ("ca.key", "empty", "there is no certificate in"),
        ("ca.key", "absent", "cannot read"),
    ] {
        let said = desk.read(key, certificate, None).err().unwrap_or_default();
        assert!(said.contains(why) && !said.contains('\n') && !said.contains("BEGIN"), "{why}: {said}");
    }
}

/// A root, an issuing CA below it, and the key of the issuing CA in `issuing.key`.
fn pair(desk: &Desk) -> [Vec<u8>; 2] {
    let (root, own) = (maker("Root"), maker("Issuing"));
    desk.write("issuing.key", own.key_pair().pem());
    [own.der_below(&root), root.root_der()]
}

fn maker(name: &str) -> CaMaker {
    CaMaker::new(TestKey::EcP256).named(name)
}

fn subjects((_, chain): (Zeroizing<String>, Chain)) -> Vec<String> {
    chain.certificates.into_iter().map(|one| one.subject).collect()
}

#[test]
fn the_certificate_that_has_the_key_is_the_ca_wherever_it_is() {
    let desk = Desk::new();
    let [own, root] = pair(&desk);
    let stranger = maker("Stranger").root_der();
    for order in [[&root, &own, &stranger], [&stranger, &own, &root], [&own, &stranger, &root]] {
        desk.write("bundle.pem", order.map(|der| pem("CERTIFICATE", der)).concat());
        assert_eq!(
            subjects(desk.read("issuing.key", "bundle.pem", None).unwrap()),
            ["CN=Issuing", "CN=Root"]
        );
    }
    desk.write("others.pem", [&root, &stranger].map(|der| pem("CERTIFICATE", der)).concat());
    let said = desk.read("issuing.key", "others.pem", None).err().unwrap();
    assert!(said.contains("is not the key of any certificate in"), "{said}");
    assert!(said.contains("CN=Root (EC P-256), CN=Stranger (EC P-256)"), "{said}");
}

#[test]
fn a_root_that_an_older_root_signed_does_not_end_the_chain() {
    let desk = Desk::new();
    let (older, root, own) = (maker("Older Root"), maker("Root"), maker("Issuing"));
    desk.write("issuing.key", own.key_pair().pem());
    let ders = [own.der_below(&root), root.der_below(&older), root.root_der()];
    for order in [[0, 1, 2], [0, 2, 1], [2, 1, 0]] {
        desk.write("bundle.pem", order.map(|at| pem("CERTIFICATE", &ders[at])).concat());
        let (_, chain) = desk.read("issuing.key", "bundle.pem", None).unwrap();
        assert_eq!(chain.certificates.len(), 2);
        assert!(chain.top().is_root);
    }
}

#[test]
fn the_forms_of_other_programs_are_read() {
    let desk = Desk::new();
    let [own, root] = pair(&desk);
    let text = pem("CERTIFICATE", &root) + &pem("CERTIFICATE", &own);
    let data = sequence(&[
        tlv(2, &[1]),
        tlv(0x31, &[]),
        sequence(&[oid("1.2.840.113549.1.7.1")]),
        tlv(0xa0, &[root.clone(), own.clone()].concat()),
        tlv(0x31, &[]),
    ]);
    let p7b = sequence(&[oid("1.2.840.113549.1.7.2"), tlv(0xa0, &data)]);
    // OpenSSL appends the trust to the certificate.
    let trusted = [&own[..], &sequence(&[tlv(12, b"alias")])].concat();
    let utf16 = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let forms: [(&str, Vec<u8>); 10] = [
        ("DER p7b", p7b.clone()),
        ("PEM p7b", pem("PKCS7", &p7b).into()),
        ("p7b labelled as a certificate", pem("CERTIFICATE", &p7b).into()),
        ("UTF-16 with a mark", [&[0xff, 0xfe][..], &utf16(u16::to_le_bytes)].concat()),
        ("UTF-16, big endian", [&[0xfe, 0xff][..], &utf16(u16::to_be_bytes)].concat()),
        ("UTF-16 without a mark", utf16(u16::to_le_bytes)),
        ("UTF-8 with a mark", ["\u{feff}", &text].concat().into()),
        ("escaped line feeds", text.replace('\n', "\\n").into()),
        ("escaped carriage returns", text.replace('\n', "\\r\\n").into()),
        ("trusted", (pem("TRUSTED CERTIFICATE", &trusted) + &pem("X509 CERTIFICATE", &root)).into()),
    ];
    for (form, bytes) in forms {
        desk.write("form", bytes);
        let read = desk.read("issuing.key", "form", None).map(subjects);
        assert_eq!(read, Ok(vec!["CN=Issuing".to_owned(), "CN=Root".to_owned()]), "{form}");
    }
    let key = std::fs::read_to_string(desk.folder.path().join("issuing.key")).unwrap();
    desk.write("issuing.key", key.replace('\n', "\\n"));
    desk.write("form", text);
    assert!(desk.read("issuing.key", "form", None).is_ok());
}

#[test]
fn what_strict_verifiers_will_say_is_said() {
    let desk = Desk::new();
    let reservations = |ca: CaMaker| {
        desk.write("ca.key", ca.key_pair().pem());
        desk.write("ca.pem", pem("CERTIFICATE", &ca.root_der()));
        desk.read("ca.key", "ca.pem", None).unwrap().1.reservations()
    };
    assert_eq!(reservations(maker("Fine")), [""; 0]);
    let lax = sequence(&[tlv(1, &[0xff])]);
    let said = reservations(maker("Lax").extension("2.5.29.19", false, &lax).without("2.5.29.14"));
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("CN=Lax: basicConstraints is not critical"), "{said:?}");
    assert!(said[1].contains("there is no subjectKeyIdentifier"), "{said:?}");
    let client = sequence(&[oid("1.3.6.1.5.5.7.3.2")]);
    let said = reservations(maker("Client").extension("2.5.29.37", false, &client));
    assert_eq!(
        said,
        ["the chain allows only clientAuth (extKeyUsage); requests for other purposes are refused"]
    );
}

#[test]
fn a_name_in_another_string_type_is_the_same_name() {
    let desk = Desk::new();
    let (root, own) = (maker("Root"), maker("Issuing").issuer_name(&[("2.5.4.3", 19, b"ROOT")]));
    desk.write("issuing.key", own.key_pair().pem());
    let ders = [own.der_below(&root), root.root_der()];
    desk.write("bundle.pem", ders.map(|der| pem("CERTIFICATE", &der)).concat());
    let (_, chain) = desk.read("issuing.key", "bundle.pem", None).unwrap();
    let said = chain.reservations();
    assert!(said[0].contains("encoded differently: PrintableString here, UTF8String there"), "{said:?}");
}
