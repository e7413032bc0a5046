//! CA certificates, parsed as the workers do.

use der::{Decode as _, Encode as _};
use pki::issuer::Issuer;
use pki::name::Name;
use pki::signer::LocalKey;
use rcgen::KeyPair;
use time::Duration;

use super::*;
use crate::ca::chain::{CertificateInfo, Chain};
use crate::ca::name;

fn key() -> LocalKey {
    LocalKey::from_pem(&KeyPair::generate().unwrap().serialize_pem()).unwrap()
}

async fn root(name: &[u8], key: &LocalKey) -> Vec<u8> {
    let now = OffsetDateTime::now_utc();
    let root = Authority {
        name,
        spki: key.spki_der(),
        not_before: now,
        not_after: now + Duration::days(40 * 365),
        extensions: &CaExtensions::new(1),
    };
    let own = ParentCa { name, signer: key, key_identifier: None };
    root.certify(&own).await.unwrap()
}

#[tokio::test]
async fn an_issuing_ca_below_a_root_can_issue_and_is_limited() {
    let (top, name) =
        (name::encode("CN=Root,O=Example").unwrap(), name::encode("CN=Issuing,O=Example").unwrap());
    let (root_key, issuing_key) = (key(), key());
    let root = root(&top, &root_key).await;
    let facts = CertificateInfo::read(root.clone()).unwrap();
    assert!(facts.is_root && facts.path_length == Some(1), "{facts:?}");
    // RFC 5280 section 4.1.2.5: GeneralizedTime from 2050 on.
    assert!(root.windows(6).any(|bytes| bytes == b"\x18\x0f2066"), "the root ends in 2066");
    let read = x509_cert::Certificate::from_der(&root).unwrap();
    assert_eq!(read.to_der().unwrap(), root, "the library writes the same octets");

    let now = OffsetDateTime::now_utc();
    let mut extensions = CaExtensions::new(0);
    extensions.permit_dns(&["example.com".to_owned()]).unwrap();
    let issuing = Authority {
        name: &name,
        spki: issuing_key.spki_der(),
        not_before: now - Duration::HOUR,
        not_after: now + Duration::days(365),
        extensions: &extensions,
    };
    let above = ParentCa { name: &top, signer: &root_key, key_identifier: facts.key_identifier.clone() };
    let ders = [issuing.certify(&above).await.unwrap(), root];
    let chain = Chain::of(&ders).unwrap();
    assert_eq!(chain.unfit(now + Duration::HOUR), None);
    assert!(chain.unfit(now + Duration::days(400)).unwrap().contains("expired on"));
    assert_eq!((chain.own().path_length, chain.own().serial.len()), (Some(0), 40));
    assert_eq!(chain.own().permitted, ["example.com"]);
    assert_eq!(chain.own().excluded, ["any IPv4 address", "any IPv6 address"]);
    let free = |name: &str| chain.issuer.violation(&name.parse::<Name>().unwrap()).is_none();
    assert!(free("www.example.com") && free("example.com"));
    assert!(!free("www.example.org") && !free("10.1.2.3") && !free("fc00::1"));

    let alone = Chain::of(&ders[..1]).unwrap();
    assert!(alone.unfit(now + Duration::HOUR).unwrap().contains("the chain is incomplete"));
}

#[tokio::test]
async fn an_extension_is_critical_where_rfc_5280_requires_it() {
    use x509_parser::prelude::{FromDer as _, X509Certificate};
    let (name, key) = (name::encode("CN=Root").unwrap(), key());
    let der = root(&name, &key).await;
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    let flags: Vec<(String, bool)> = certificate
        .extensions()
        .iter()
        .map(|extension| (extension.oid.to_id_string(), extension.critical))
        .collect();
    let wanted = [("2.5.29.19", true), ("2.5.29.15", true), ("2.5.29.14", false)];
    assert_eq!(flags, wanted.map(|(oid, critical)| (oid.to_owned(), critical)));
    certificate.verify_signature(None).unwrap();
    let issuer = Issuer::from_pem(&pki::certificate::to_pem(&der)).unwrap();
    assert_eq!(issuer.spki_der(), key.spki_der());
}
