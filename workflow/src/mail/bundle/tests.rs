use std::io::Read;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use zip::ZipArchive;

use super::*;

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.not_before = time::macros::datetime!(2026-01-01 12:00:01 UTC);
    params.not_after = time::macros::datetime!(2027-01-01 12:00:01 UTC);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// A certificate with the purposes `usage`, and its chain: an issuing CA and a root.
fn certificate(usage: &[ExtendedKeyUsagePurpose]) -> (String, Issuer) {
    certificate_of(&KeyPair::generate().unwrap(), usage)
}

fn certificate_of(key: &KeyPair, usage: &[ExtendedKeyUsagePurpose]) -> (String, Issuer) {
    let root = CertifiedIssuer::self_signed(authority("Root"), KeyPair::generate().unwrap()).unwrap();
    let issuing =
        CertifiedIssuer::signed_by(authority("Issuing"), KeyPair::generate().unwrap(), &root).unwrap();
    let mut leaf = params("www.example.com");
    leaf.serial_number = Some(SerialNumber::from_slice(&[0x4f, 1, 2, 3]));
    leaf.extended_key_usages = usage.to_vec();
    let leaf = leaf.signed_by(key, &issuing).unwrap();
    (leaf.pem(), Issuer::from_pem(&format!("{}{}", issuing.pem(), root.pem())).unwrap())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn file(zip: &[u8], name: &str) -> String {
    let mut text = String::new();
    ZipArchive::new(Cursor::new(zip)).unwrap().by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_zip_holds_the_files_as_old_as_the_certificate() {
    let (leaf, chain) = certificate(&[ExtendedKeyUsagePurpose::ServerAuth]);
    let zip = certificate_zip(&leaf, &chain, &names(&["www.example.com"]), None).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(&zip)).unwrap();
    let found: Vec<_> = (0..archive.len())
        .map(|index| {
            let file = archive.by_index(index).unwrap();
            (
                file.name().unwrap().into_owned(),
                file.unix_mode().unwrap() & 0o777,
                file.last_modified().unwrap().to_string(),
            )
        })
        .collect();
    let expected = |name: &str| (name.to_owned(), 0o644, "2026-01-01 12:00:00".to_owned());
    let files = ["certificate.pem", "ca.pem", "fullchain.pem", "README.txt", "README.ja.txt"];
    assert_eq!(found, files.map(expected));
    assert!(zip.len() < 20_000, "{} octets", zip.len());
}

#[test]
fn the_same_certificate_gives_the_same_bytes_however_it_was_wrapped() {
    let (leaf, chain) = certificate(&[ExtendedKeyUsagePurpose::ServerAuth]);
    let names = names(&["www.example.com"]);
    let zip = certificate_zip(&leaf, &chain, &names, None).unwrap();
    let wrapped = format!("issued today\r\n{}", leaf.replace('\n', "\r\n"));
    assert_eq!(certificate_zip(&wrapped, &chain, &names, None).unwrap(), zip);
}

#[test]
fn servers_send_the_issuers_without_the_root() {
    let (leaf, chain) = certificate(&[ExtendedKeyUsagePurpose::ServerAuth]);
    let zip = certificate_zip(&leaf, &chain, &names(&["www.example.com"]), None).unwrap();
    let der = |text: &str| certificates("it", text).unwrap();
    assert_eq!(der(&file(&zip, "certificate.pem")), der(&leaf));
    assert_eq!(der(&file(&zip, "ca.pem")), der(chain.chain_pem()));
    assert_eq!(der(&file(&zip, "fullchain.pem")), [&der(&leaf)[..], &der(chain.chain_pem())[..1]].concat());
}

#[test]
fn the_readme_of_a_server() {
    let (leaf, chain) = certificate(&[ExtendedKeyUsagePurpose::ServerAuth]);
    let zip =
        certificate_zip(&leaf, &chain, &names(&["*.xn--bcher-kva.example.com", "10.0.0.1"]), None).unwrap();
    insta::assert_snapshot!(file(&zip, "README.txt"));
    insta::assert_snapshot!("the_readme_of_a_server_in_japanese", file(&zip, "README.ja.txt"));
}

/// Widths of a terminal: a letter of a Japanese font takes two columns.
fn columns(line: &str) -> usize {
    line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

#[test]
fn both_readmes_have_the_same_commands_and_fit_a_terminal() {
    let key = |algorithm| KeyPair::generate_for(algorithm).unwrap();
    let usages = [&[ExtendedKeyUsagePurpose::ServerAuth][..], &[ExtendedKeyUsagePurpose::ClientAuth], &[]];
    let keys = [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ED25519].map(key);
    for (usage, key) in usages.iter().flat_map(|usage| keys.iter().map(move |key| (usage, key))) {
        let (leaf, chain) = certificate_of(key, usage);
        let zip = certificate_zip(&leaf, &chain, &names(&["www.example.com"]), Some("{}")).unwrap();
        let [english, japanese] = ["README.txt", "README.ja.txt"].map(|name| file(&zip, name));
        for readme in [&english, &japanese] {
            let wide: Vec<&str> = readme.lines().filter(|line| columns(line) > 80).collect();
            assert!(wide.is_empty(), "{wide:#?}");
            assert!(!readme.contains("\n\n\n\n") && readme.lines().all(|line| line == line.trim_end()));
        }
        let commands = |readme: &str| -> Vec<String> {
            let indented = readme.lines().filter(|line| line.starts_with("    ") && line.is_ascii());
            let in_table = |line: &&str| line.starts_with("                ");
            indented.filter(|line| !in_table(line)).map(str::to_owned).collect()
        };
        assert_eq!(commands(&english), commands(&japanese));
        assert!(commands(&english).len() > 9, "{english}");
    }
}

#[test]
fn the_readme_suits_the_key() {
    let readme = |algorithm, bits: Option<rcgen::RsaKeySize>| {
        let key = match bits {
            Some(bits) => KeyPair::generate_rsa_for(algorithm, bits).unwrap(),
            None => KeyPair::generate_for(algorithm).unwrap(),
        };
        let (leaf, chain) = certificate_of(&key, &[ExtendedKeyUsagePurpose::ServerAuth]);
        file(&certificate_zip(&leaf, &chain, &names(&["www.example.com"]), None).unwrap(), "README.txt")
    };
    let edwards = readme(&rcgen::PKCS_ED25519, None);
    assert!(!edwards.contains("aws acm import-certificate"));
    assert!(edwards.contains("Browsers and Windows don't accept such a certificate"));
    assert!(!edwards.contains("certreq"));
    insta::assert_snapshot!(edwards);
    for (algorithm, bits) in
        [(&rcgen::PKCS_ECDSA_P384_SHA384, None), (&rcgen::PKCS_RSA_SHA256, Some(rcgen::RsaKeySize::_2048))]
    {
        let usual = readme(algorithm, bits);
        assert!(usual.contains("aws acm import-certificate"));
        assert!(!usual.contains("DOES NOT WORK"));
    }
    assert!(!fits_acm(KeyKind::Rsa { bits: 8192 }));
    assert!(!fits_acm(KeyKind::Rsa { bits: 2560 }));
}

#[test]
fn the_readme_of_a_client() {
    let (leaf, chain) = certificate(&[ExtendedKeyUsagePurpose::ClientAuth]);
    let zip = certificate_zip(&leaf, &chain, &names(&["spiffe://example.org/web/$(reboot)"]), None).unwrap();
    let readme = file(&zip, "README.txt");
    // A name is part of a command only if it is a host.
    assert!(readme.lines().filter(|line| line.contains("reboot")).all(|line| !line.starts_with("    ")));
    insta::assert_snapshot!(readme);
}

#[test]
fn hosts_are_written_as_urls_write_them() {
    let host = |text: &str| host(&text.parse().unwrap());
    assert_eq!(host("www.example.com").unwrap(), "www.example.com");
    assert_eq!(host("*.example.com").unwrap(), "www.example.com");
    assert_eq!(host("2001:db8::1").unwrap(), "[2001:db8::1]");
    assert_eq!(host("alice@example.com"), None);
}

#[test]
fn what_is_no_certificate_is_refused_and_not_quoted() {
    let (leaf, chain) = certificate(&[]);
    let key = KeyPair::generate().unwrap().serialize_pem();
    for certificate in ["", &key, chain.chain_pem()] {
        let error = certificate_zip(certificate, &chain, &[], None).unwrap_err();
        assert!(matches!(error, BundleError::Unreadable { .. }));
        assert!(!error.to_string().contains(key.lines().nth(1).unwrap()));
    }
    let (other, _) = certificate(&[]);
    assert!(matches!(certificate_zip(&other, &chain, &[], None), Err(BundleError::OtherIssuer(_))));
    certificate_zip(&leaf, &chain, &[], None).unwrap();
    let broken = to_pem(b"not DER");
    assert!(certificate_zip(&broken, &chain, &[], None).is_err());
}

#[test]
fn a_receipt_is_in_the_zip_and_named_in_both_languages() {
    let (leaf, chain) = certificate(&[ExtendedKeyUsagePurpose::ServerAuth]);
    let zip = certificate_zip(&leaf, &chain, &names(&["www.example.com"]), Some("the receipt\n")).unwrap();
    assert_eq!(contents(&zip).unwrap(), (leaf, Some("the receipt\n".to_owned())));
    for (name, who) in
        [("README.txt", "receipt.json     who approved"), ("README.ja.txt", "receipt.json     受領証")]
    {
        let readme = file(&zip, name);
        assert!(readme.contains(who), "{readme}");
        assert!(readme.contains("countersign receipt verify certificate.zip --key KEY"), "{readme}");
    }
}

#[test]
fn a_file_that_is_no_zip_of_ours_is_an_error() {
    assert!(contents(b"PK").is_err());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("receipt.json", SimpleFileOptions::default()).unwrap();
    let error = contents(&zip.finish().unwrap().into_inner()).unwrap_err();
    assert!(error.to_string().contains("no certificate.pem"), "{error}");
}
