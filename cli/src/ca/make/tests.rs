//! Rotations of CAs with limits: the new certificate has every limit, or the rotation is refused.

use std::net::{IpAddr, Ipv4Addr};

use pki::certificate::to_pem;
use pki::issuer::Issuer;
use pki::name::Name;
use pki::signer::LocalKey;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, CrlDistributionPoint, CustomExtension,
    DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::*;

const CA_ISSUERS: &[u8] = b"\x30\x1d\x30\x1b\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x0fhttp://pki/ca.c";

fn ca(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    change(&mut params);
    params
}

/// Adds one of every limit that a CA certificate may have.
fn limited(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(3));
    params.key_usages.push(KeyUsagePurpose::DigitalSignature);
    let mut organisation = rcgen::DistinguishedName::new();
    organisation.push(DnType::OrganizationName, "Example");
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("example.com".into()),
            GeneralSubtree::IpAddress(CidrSubnet::V4([10, 0, 0, 0], [255, 0, 0, 0])),
            GeneralSubtree::DirectoryName(organisation),
            GeneralSubtree::Rfc822Name("example.com".into()),
        ],
        excluded_subtrees: vec![GeneralSubtree::DnsName("secret.example.com".into())],
    });
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec!["http://pki/ca.crl".into()] }];
    params.custom_extensions = vec![
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], CA_ISSUERS.to_vec()),
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]),
    ];
}

fn root(params: CertificateParams) -> CertifiedIssuer<'static, KeyPair> {
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn alone(params: CertificateParams) -> Chain {
    Chain::of(&[root(params).der().to_vec()]).unwrap()
}

fn permitting(domains: &[&str]) -> CaOptions {
    let permit_dns = domains.iter().map(|name| (*name).to_owned()).collect();
    CaOptions { permit_dns, ..CaOptions::root("CN=Example".into()) }
}

const USUAL: Rotation = Rotation { years: 10, new_root: false, accept_loss: false };

/// Rotates without a stack.
async fn rotated(before: &Chain, shape: &CaOptions) -> Result<Chain, CliError> {
    rotated_as(before, shape, &USUAL).await
}

async fn rotated_as(before: &Chain, shape: &CaOptions, how: &Rotation) -> Result<Chain, CliError> {
    let mut extensions = successor(before, how)?;
    shape.limit(&mut extensions)?;
    let key = LocalKey::from_pem(&KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let chain = certify(&before.own().subject_der, &key, None, how.years, &extensions).await?;
    complete(before, &chain, &extensions, how)?;
    Ok(chain)
}

/// Object identifier, criticality and value of every extension but the key identifiers.
fn extensions(facts: &CertificateInfo) -> Vec<(String, bool, Vec<u8>)> {
    let (_, certificate) = X509Certificate::from_der(&facts.der).unwrap();
    let mut all: Vec<_> = certificate
        .extensions()
        .iter()
        .map(|extension| (extension.oid.to_id_string(), extension.critical, extension.value.to_vec()))
        .filter(|(oid, ..)| !["2.5.29.14", "2.5.29.35", "2.5.29.15"].contains(&oid.as_str()))
        .collect();
    all.sort();
    all
}

fn free(chain: &Chain, name: &str) -> bool {
    chain.issuer.violation(&name.parse::<Name>().unwrap()).is_none()
}

#[tokio::test]
async fn a_rotation_carries_over_every_limit_byte_for_byte() {
    let before = alone(ca("Limited", limited));
    let after = rotated(&before, &permitting(&[])).await.unwrap();
    assert_ne!(after.own().spki, before.own().spki);
    assert_eq!(extensions(after.own()), extensions(before.own()));
    assert_eq!(extensions(after.own()).len(), 6);
    assert_eq!(after.own().path_length, Some(3));
    assert_eq!(
        after.own().permitted,
        ["example.com", "10.0.0.0/8", "the subject O=Example", "the e-mail address example.com"]
    );
    assert_eq!(after.own().excluded, ["secret.example.com"]);
    for chain in [&before, &after] {
        assert!(free(chain, "www.example.com"));
        assert!(free(chain, "10.1.2.3"));
        assert!(!free(chain, "db.secret.example.com"));
        assert!(!free(chain, "192.0.2.1"));
        assert!(chain.issuer.subject_violation("O=Other").is_some());
    }
    let (_, certificate) = X509Certificate::from_der(&after.own().der).unwrap();
    let usage = certificate.key_usage().unwrap().unwrap().value;
    assert!(usage.digital_signature());
    assert!(usage.key_cert_sign());
    assert!(usage.crl_sign());

    // Once more, from the new certificate.
    let third = rotated(&after, &permitting(&[])).await.unwrap();
    assert_eq!(extensions(third.own()), extensions(before.own()));
}

#[tokio::test]
async fn other_domains_take_the_place_of_the_domains_alone() {
    let before = alone(ca("Limited", limited));
    let after = rotated(&before, &permitting(&["example.org"])).await.unwrap();
    assert_eq!(
        after.own().permitted,
        ["example.org", "10.0.0.0/8", "the subject O=Example", "the e-mail address example.com"]
    );
    assert_eq!(after.own().excluded, ["secret.example.com"]);
    assert!(free(&after, "10.1.2.3"));
    assert!(!free(&after, "www.example.com"));

    let after = rotated(&alone(ca("Free", |_| {})), &permitting(&["example.org"])).await.unwrap();
    assert_eq!(after.own().permitted, ["example.org"]);
    assert_eq!(after.own().excluded, ["any IPv4 address", "any IPv6 address"]);
    assert_eq!(after.own().path_length, Some(0));
}

#[tokio::test]
async fn a_limit_that_cannot_be_carried_stops_the_rotation_with_one_line() {
    let custom = |oid: &'static [u64], critical: bool| {
        ca("Odd", move |params| {
            let mut extension = CustomExtension::from_oid_content(oid, vec![5, 0]);
            extension.set_criticality(critical);
            params.custom_extensions = vec![extension];
        })
    };
    for (params, what) in [
        (custom(&[1, 3, 6, 1, 4, 1, 99999, 2], true), "the critical extension 1.3.6.1.4.1.99999.2"),
        (custom(&[2, 5, 29, 16], false), "privateKeyUsagePeriod"),
    ] {
        let said = rotated(&alone(params), &permitting(&[])).await.err().unwrap().to_string();
        assert!(said.starts_with(&format!("a rotation would lose {what} (")), "{said}");
        assert!(said.contains("of CN=Odd. "), "{said}");
        assert!(said.contains("ca import --replace"), "{said}");
    }
}

#[tokio::test]
async fn everything_that_would_be_lost_is_named_at_once_and_can_be_accepted() {
    let odd = ca("Odd", |params| {
        let mut unknown = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 2], vec![5, 0]);
        unknown.set_criticality(true);
        params.custom_extensions =
            vec![unknown, CustomExtension::from_oid_content(&[2, 5, 29, 16], vec![0x30, 0])];
    });
    let before = alone(odd);
    let said = rotated(&before, &permitting(&[])).await.err().unwrap().to_string();
    assert!(said.contains("1.3.6.1.4.1.99999.2") && said.contains("privateKeyUsagePeriod"), "{said}");
    assert!(said.contains("--accept-loss"), "{said}");
    let how = Rotation { accept_loss: true, ..USUAL };
    let after = rotated_as(&before, &permitting(&[]), &how).await.unwrap();
    assert_eq!(
        differences(&before.own().der, &after.own().der),
        ["the critical extension 1.3.6.1.4.1.99999.2", "privateKeyUsagePeriod"]
    );
}

/// The comparison knows no list: any extension that the new certificate lacks or widens is named.
#[test]
fn a_certificate_that_lacks_anything_of_the_one_before_is_found() {
    let before = alone(ca("Limited", limited));
    type Change = fn(&mut CertificateParams);
    let changes: [(&str, Change); 6] = [
        ("nameConstraints", |params| params.name_constraints = None),
        ("nameConstraints", |params| {
            params.name_constraints.as_mut().unwrap().excluded_subtrees.clear();
        }),
        ("extKeyUsage", |params| params.extended_key_usages.clear()),
        ("cRLDistributionPoints", |params| params.crl_distribution_points.clear()),
        ("basicConstraints", |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        ("keyUsage", |params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]),
    ];
    for (name, change) in changes {
        let after = alone(ca("Limited", |params| {
            limited(params);
            change(params);
        }));
        assert_eq!(differences(&before.own().der, &after.own().der), [name]);
        assert!(complete(&before, &after, &CaExtensions::new(0), &USUAL).is_err(), "{name}");
    }
    let after = alone(ca("Limited", |params| {
        limited(params);
        params.custom_extensions.clear();
    }));
    let lost = differences(&before.own().der, &after.own().der);
    assert_eq!(lost, ["authorityInfoAccess", "the extension 1.3.6.1.4.1.99999.1"]);
}

/// The addresses in a certificate.
fn named_addresses(facts: &CertificateInfo) -> String {
    let of_issuer = ["2.5.29.31", "1.3.6.1.5.5.7.1.1"];
    let all = extensions(facts).into_iter().filter(|(oid, ..)| of_issuer.contains(&oid.as_str()));
    all.map(|(.., value)| String::from_utf8_lossy(&value).into_owned()).collect()
}

#[tokio::test]
async fn an_issuing_ca_names_the_addresses_of_its_root_and_foreign_ones_stay() {
    let signer = || LocalKey::from_pem(&KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let above = |name: &str| {
        let made = root(ca(name, |params| params.key_usages.push(KeyUsagePurpose::CrlSign)));
        let signer = Arc::new(LocalKey::from_pem(&made.key().serialize_pem()).unwrap());
        Root { certificate: CertificateInfo::read(made.der().to_vec()).unwrap(), signer }
    };
    let (first, second) = (above("First"), above("Second"));
    let url = PublicationUrl::parse("http://pki.example.com").unwrap();
    let of = |root: &Root| format!("http://pki.example.com/crl/{}.crl", issuer_of(root).key_identifier());
    let below = async |root: &Root, mut extensions: CaExtensions, before: Option<&CertificateInfo>| {
        name_root(Some(&url), &mut extensions, Some(root), before).unwrap();
        let name = name::encode("CN=Issuing").unwrap();
        let chain = certify(&name, &signer(), Some(root), 5, &extensions).await.unwrap();
        (chain, extensions)
    };
    let successor = |chain: &Chain| successor(chain, &USUAL).unwrap();

    let (one, _) = below(&first, CaExtensions::new(0), None).await;
    let named = named_addresses(one.own());
    assert!(named.contains(&of(&first)), "{named}");
    assert!(named.contains(&of(&first).replace("crl/", "issuer/").replace(".crl", ".cer")), "{named}");

    let (same, extensions) = below(&first, successor(&one), Some(one.top())).await;
    assert_eq!(named_addresses(same.own()), named);
    complete(&one, &same, &extensions, &USUAL).unwrap();

    let (moved, extensions) = below(&second, successor(&same), Some(same.top())).await;
    let moved_to = named_addresses(moved.own());
    assert!(moved_to.contains(&of(&second)) && !moved_to.contains(&of(&first)), "{moved_to}");
    assert!(!extensions.has_carried_addresses());
    complete(&same, &moved, &extensions, &USUAL).unwrap();

    // Of a CA that another program made.
    let foreign = alone(ca("Limited", limited));
    let (kept, extensions) = below(&first, successor(&foreign), Some(foreign.top())).await;
    assert_eq!(named_addresses(kept.own()), named_addresses(foreign.own()));
    assert!(extensions.has_carried_addresses());
}

fn issuer_of(root: &Root) -> Issuer {
    Issuer::from_pem(&to_pem(&root.certificate.der)).unwrap()
}

#[test]
fn a_new_root_loses_no_limit_of_a_ca_between() {
    let chain = |between: CertificateParams| {
        let top = root(ca("Top", |_| {}));
        let middle = CertifiedIssuer::signed_by(between, KeyPair::generate().unwrap(), &top).unwrap();
        let own = CertifiedIssuer::signed_by(ca("Issuing", limited), KeyPair::generate().unwrap(), &middle)
            .unwrap();
        Chain::of(&[own.der().to_vec(), middle.der().to_vec(), top.der().to_vec()]).unwrap()
    };
    let said = successor(&chain(ca("Between", limited)), &Rotation { new_root: true, ..USUAL })
        .err()
        .unwrap()
        .to_string();
    assert!(said.contains("would lose extKeyUsage, nameConstraints of CN=Between"), "{said}");
    let free = chain(ca("Between", |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1))));
    let kept = successor(&free, &Rotation { new_root: true, ..USUAL }).unwrap().encode().unwrap();
    // cA TRUE, pathLenConstraint 0: one CA fewer than the CA above it allowed.
    assert_eq!(kept[0].extn_value.as_bytes(), [0x30, 6, 1, 1, 0xff, 2, 1, 0]);
}

#[test]
fn constraints_are_described_in_plain_text() {
    let mut params = ca("Odd", limited);
    let subtrees = params.name_constraints.as_mut().unwrap();
    subtrees.excluded_subtrees = vec![
        GeneralSubtree::IpAddress(CidrSubnet::V4([10, 0, 5, 0], [255, 0, 255, 0])),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(
            IpAddr::V6([0xfc00, 0, 0, 0, 0, 0, 0, 0].into()),
            7,
        )),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 32)),
        GeneralSubtree::Rfc822Name(String::new()),
    ];
    assert_eq!(
        alone(params).own().excluded,
        ["10.0.5.0 with the mask 255.0.255.0", "fc00::/7", "192.0.2.1/32", "any e-mail address"]
    );
}
