//! Issuers and their chains: what bounds a leaf, and the way from a bundle to a chain.

use time::{Duration, OffsetDateTime};

use super::*;
use crate::name::Name;
use crate::testing::{CaMaker, TestKey, TestKeyPair, oid, pem, sequence, tlv};

const CN: &str = "2.5.4.3";
const O: &str = "2.5.4.10";

fn ca(name: &str) -> CaMaker {
    CaMaker::new(TestKey::EcP256).named(name)
}

fn issuer(ders: &[Vec<u8>]) -> Result<Issuer, IssuerError> {
    Issuer::from_pem(&ders.iter().map(|der| pem("CERTIFICATE", der)).collect::<String>())
}

/// The chain found from the first certificate, as positions in the bundle, and the signatures verified.
fn chain(ders: &[Vec<u8>]) -> (Result<Vec<usize>, ChainError>, usize) {
    let bundle = CertificateBundle::read(ders.to_vec()).unwrap();
    let chain = bundle.chain(0, OffsetDateTime::now_utc());
    let place = |der: &Vec<u8>| ders.iter().position(|one| one == der).unwrap();
    (chain.map(|chain| chain.iter().map(place).collect()), bundle.signature_checks())
}

fn found(ders: &[Vec<u8>]) -> Vec<usize> {
    chain(ders).0.unwrap()
}

#[test]
fn the_whole_chain_bounds_the_validity() {
    let (young, old) = ((Duration::days(1), Duration::days(900)), (Duration::days(30), Duration::days(90)));
    let root = ca("Root").lifetime(old.0, old.1);
    let issuing = ca("Issuing").lifetime(young.0, young.1);
    let issuer = issuer(&[issuing.der_below(&root), root.root_der()]).unwrap();
    let now = OffsetDateTime::now_utc();
    assert!(issuer.not_after() < now + Duration::days(91));
    assert!(issuer.not_before() > now - Duration::days(2));
    assert_eq!(issuer.ends_first(), "CN=Root");
    let validity = crate::certificate::Validity::choose(now, 365, &issuer).unwrap();
    assert_eq!(validity.not_after, issuer.not_after());
}

#[test]
fn the_whole_chain_bounds_the_purposes() {
    let purposes = |list: &[&str]| sequence(&list.iter().map(|one| oid(one)).collect::<Vec<_>>());
    let (server, client, any) = ("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0");
    let chain = |root: Option<&[&str]>, own: Option<&[&str]>| {
        let with = |ca: CaMaker, list: Option<&[&str]>| match list {
            Some(list) => ca.extension("2.5.29.37", false, &purposes(list)),
            None => ca,
        };
        let root = with(ca("Root"), root);
        issuer(&[with(ca("Issuing"), own).der_below(&root), root.root_der()]).unwrap()
    };
    let both = chain(None, Some(&[server, client]));
    assert!(!both.forbids_purpose("serverAuth"));
    assert!(!both.forbids_purpose(client));
    assert!(both.forbids_purpose("codeSigning"));
    let narrow = chain(Some(&[client]), Some(&[server, client]));
    assert!(narrow.forbids_purpose("serverAuth"));
    assert_eq!(narrow.purposes().unwrap(), ["clientAuth"]);
    let none = chain(Some(&[client]), Some(&[server]));
    assert!(none.forbids_purpose("serverAuth"));
    assert!(none.forbids_purpose("clientAuth"));
    assert_eq!(chain(None, Some(&[client, any])).purposes(), None);
    assert!(!chain(None, None).forbids_purpose("1.2.3.4"));
}

#[test]
fn directory_constraints_hold_in_every_string_type_and_case() {
    for (excluded, value) in [(19, "Example"), (12, "EXAMPLE"), (30, "\0E\0x\0a\0m\0p\0l\0e")] {
        let name = crate::testing::distinguished_name(&[(O, excluded, value.as_bytes())]);
        let subtree = sequence(&[tlv(0xa4, &name)]);
        let own = ca("Issuing").extension("2.5.29.30", true, &sequence(&[tlv(0xa1, &subtree)]));
        let issuer = issuer(&[own.root_der()]).unwrap();
        for subject in ["O=Example", "CN=www,O=eXaMple", "CN=www,O=Example\\ "] {
            let violation = issuer.subject_violation(subject);
            assert_eq!(violation, Some(NameConstraintViolation::Excluded), "{value}: {subject}");
        }
        assert_eq!(issuer.subject_violation("O=Other"), None);
        assert_eq!(issuer.violation(&"www.example.com".parse::<Name>().unwrap()), None);
    }
}

#[test]
fn only_its_own_certificates_are_verified() {
    let (root, other) = (ca("Root"), ca("Root"));
    let renamed = ca("New Root").key(root.key_pair());
    let leaf = ca("Leaf").der_below(&root);
    assert_eq!(issuer(&[root.root_der()]).unwrap().verify(&leaf), Ok(()));
    assert_eq!(issuer(&[other.root_der()]).unwrap().verify(&leaf), Err(NotSignedError));
    // The same key under another name.
    assert_eq!(issuer(&[renamed.root_der()]).unwrap().verify(&leaf), Err(NotSignedError));
    assert_eq!(issuer(&[root.root_der()]).unwrap().verify(b"no certificate"), Err(NotSignedError));
}

#[test]
fn the_keys_of_all_authorities_are_known() {
    let (root, own) = (ca("Root"), ca("Issuing"));
    let former = TestKeyPair::generate(TestKey::Rsa2048);
    let text = [own.der_below(&root), root.root_der()].map(|der| pem("CERTIFICATE", &der)).concat();
    let issuer = Issuer::from_pem(&(text.clone() + &pem("PUBLIC KEY", former.spki()))).unwrap();
    let is_known = |spki: &[u8]| issuer.is_authority_key(&PublicKey::from_spki(spki).unwrap());
    assert!(is_known(own.key_pair().spki()));
    assert!(is_known(root.key_pair().spki()));
    assert!(is_known(former.spki()));
    assert!(!is_known(TestKeyPair::generate(TestKey::EcP256).spki()));
    assert_eq!(issuer.chain_pem(), text, "the chain has the certificates only");
}

#[test]
fn any_order_gives_the_chain() {
    let (root, between) = (ca("Root"), ca("Between"));
    let own = ca("Issuing").der_below(&between);
    let stranger = ca("Stranger").root_der();
    let ders = [own, stranger, root.root_der(), between.der_below(&root)];
    assert_eq!(found(&ders), [0, 3, 2]);
    let short = chain(&ders[..3]).0.unwrap_err();
    assert_eq!(short.to_string(), "the chain is incomplete: CN=Issuing was issued by CN=Between");
    assert_eq!(found(&ders[2..3]), [0], "a root alone");
}

#[test]
fn cross_signed_renewed_and_self_issued_certificates_do_not_lead_astray() {
    let (old, new) = (ca("Old Root"), ca("Root"));
    let issuing = ca("Issuing").der_below(&new);
    let cross = new.clone().der_below(&old);
    // The root signed by an older root that is not there comes first.
    assert_eq!(found(&[issuing.clone(), cross.clone(), new.root_der()]), [0, 2]);
    // With the older root alone, the way leads through it.
    assert_eq!(found(&[issuing.clone(), cross.clone(), old.root_der()]), [0, 1, 2]);
    assert_eq!(found(&[issuing.clone(), cross, new.root_der(), old.root_der()]), [0, 2], "the shorter one");

    // A root with a new key under the same name, certified by its old key and the other way round (RFC 4210 section 4.4).
    let before = ca("Root");
    let (new_with_old, old_with_new) = (new.clone().der_below(&before), before.clone().der_below(&new));
    let ders = [issuing.clone(), old_with_new.clone(), new_with_old.clone(), before.root_der()];
    assert_eq!(found(&ders), [0, 2, 3]);
    let ders = [issuing.clone(), before.root_der(), old_with_new, new_with_old, new.root_der()];
    assert_eq!(found(&ders), [0, 4]);

    // Renewed: the same name and key, and only one of them valid.
    let expired = new.clone().lifetime(Duration::days(900), -Duration::DAY).root_der();
    assert_eq!(found(&[issuing.clone(), expired.clone(), new.root_der()]), [0, 2]);
    assert_eq!(found(&[issuing, expired]), [0, 1], "the caller says that it has expired");
}

#[test]
fn a_root_without_key_identifiers_or_with_an_old_digest_ends_a_chain() {
    let root = ca("Root").without("2.5.29.14").without("2.5.29.35");
    assert_eq!(found(&[ca("Issuing").der_below(&root), root.root_der()]), [0, 1]);
    // Another root of the same name with the right key identifier, which did not sign.
    let (right, wrong) = (ca("Root"), ca("Root"));
    let identifier = tlv(4, &right.key_pair().identifier());
    let liar = wrong.extension("2.5.29.14", false, &identifier).root_der();
    let ders = [ca("Issuing").der_below(&right), liar, right.without("2.5.29.14").root_der()];
    assert_eq!(found(&ders), [0, 2]);
}

#[test]
fn path_lengths_count_only_certificates_that_are_not_self_issued() {
    let root = ca("Root").path_length(1);
    let renewed = CaMaker::new(TestKey::EcP256).named("Root").path_length(1);
    let own = ca("Issuing");
    let ders = [own.der_below(&renewed), renewed.der_below(&root), root.root_der()];
    assert_eq!(found(&ders), [0, 1, 2]);
    issuer(&ders).unwrap();
    let (root, between) = (ca("Root").path_length(0), ca("Between"));
    let ders = [own.der_below(&between), between.der_below(&root), root.root_der()];
    let why = chain(&ders).0.unwrap_err().to_string();
    assert_eq!(
        why,
        "CN=Root, which issued CN=Between: it allows 0 CA certificates below it, but there are 2"
    );
}

#[test]
fn names_in_other_string_types_are_the_same_names_and_strict_verifiers_are_named() {
    let root = ca("Root").subject(&[(CN, 12, b"Example Root")]);
    let own = ca("Issuing").issuer_name(&[(CN, 19, b"Example Root")]);
    let ders = [own.der_below(&root), root.root_der()];
    assert_eq!(found(&ders), [0, 1]);
    let objections = issuer(&ders).unwrap().strict_objections();
    let [objection] = &objections[..] else { panic!("{objections:?}") };
    let text = "the names are encoded differently: PrintableString here, UTF8String there";
    assert!(objection.to_string().contains(text), "{objection}");
}

#[test]
fn a_signature_by_another_key_is_said() {
    let (root, other) = (ca("Root"), ca("Root"));
    let why = chain(&[ca("Issuing").der_below(&root), other.root_der()]).0.unwrap_err();
    let said =
        "CN=Issuing was issued by CN=Root, but no certificate with that name has the key that signed it";
    assert_eq!(why.to_string(), said);
}

#[test]
fn hostile_bundles_have_bounded_signature_checks() {
    let key = TestKeyPair::generate(TestKey::EcP256);
    let identifier = tlv(4, &key.identifier());
    let authority = sequence(&[tlv(0x80, &key.identifier())]);
    // One name and one key identifier, and a hundred keys: nobody signed anybody.
    let ders: Vec<Vec<u8>> = (0..100)
        .map(|_| {
            let (one, signer) = (ca("Root"), ca("Root"));
            one.extension("2.5.29.14", false, &identifier)
                .extension("2.5.29.35", false, &authority)
                .der_below(&signer)
        })
        .collect();
    let (why, checks) = chain(&ders);
    assert_eq!(why, Err(ChainError::TooManyChecks));
    assert_eq!(checks, MAX_SIGNATURE_CHECKS);
    // Everybody signed everybody, with no root among them.
    let signer = ca("Root").key(&key);
    let ders: Vec<Vec<u8>> = (0..100)
        .map(|_| {
            ca("Root")
                .extension("2.5.29.14", false, &identifier)
                .issuer_name(&[(CN, 12, b"root ")])
                .der_below(&signer)
        })
        .collect();
    let (why, checks) = chain(&ders);
    assert!(why.is_err());
    assert!(checks <= MAX_SIGNATURE_CHECKS, "{checks}");
    // A hundred strangers cost nothing.
    let root = ca("Root");
    let mut ders = vec![ca("Issuing").der_below(&root)];
    ders.extend((0..98).map(|at| ca(&format!("Stranger {at}")).root_der()));
    ders.push(root.root_der());
    let (path, checks) = chain(&ders);
    assert_eq!(path.unwrap(), [0, 99]);
    assert_eq!(checks, 2);
}

#[test]
fn a_cross_signed_mesh_ends_in_a_chain_or_at_the_bound() {
    // Each CA signed all others; the only root is the last certificate.
    let mesh = |count: usize| {
        let all: Vec<CaMaker> = (0..count).map(|at| ca(&format!("CA {at}"))).collect();
        let mut ders = vec![ca("Issuing").der_below(&all[0])];
        for (at, one) in all.iter().enumerate() {
            let others = all.iter().enumerate().filter(|(other, _)| *other != at);
            ders.extend(others.map(|(_, other)| one.der_below(other)));
        }
        ders.push(all[count - 1].root_der());
        ders
    };
    let small = mesh(3);
    let (path, checks) = chain(&small);
    assert_eq!(path.unwrap().last(), Some(&(small.len() - 1)));
    assert!(checks < MAX_SIGNATURE_CHECKS, "{checks}");
    let large = mesh(10);
    let (path, checks) = chain(&large);
    assert_eq!(path, Err(ChainError::TooManyChecks));
    assert_eq!(checks, MAX_SIGNATURE_CHECKS);
}
