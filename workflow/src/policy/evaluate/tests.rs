//! What the issuer in force adds to the policy: keys and purposes.

use pki::testing::{CaMaker, CsrMaker, TestCa, TestKey, TestKeyPair, oid, pem, sequence};

use super::*;

const POLICY: &str = include_str!("../../../../infra/policy.toml");

/// The refusals of a request with this key under an issuer.
fn refusals(ca: &TestCa, key: &TestKeyPair, profile: &str) -> Vec<Finding> {
    let policy = Policy::parse(POLICY).unwrap();
    let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
    let csr = CsrMaker::new(TestKey::EcP256).with_key(key).names(&["www.example.com"]).pem();
    match evaluate_csr(&policy, Some(&issuer), &csr, None, Some(profile), None) {
        Ok(_) => Vec::new(),
        Err(PolicyRejection(findings)) => findings.into_iter().filter(Finding::is_refusal).collect(),
    }
}

#[test]
fn no_key_of_an_authority_is_certified() {
    let (root, own) =
        (CaMaker::new(TestKey::EcP384).named("Root"), CaMaker::new(TestKey::EcP256).named("Issuing"));
    let (root_key, own_key) = (root.key_pair().clone(), own.key_pair().clone());
    let former = TestKeyPair::generate(TestKey::EcP256);
    let mut ca = root.issuing(own);
    ca.certificate_pem += &pem("PUBLIC KEY", former.spki());
    for key in [&own_key, &root_key, &former] {
        let [refusal] = &refusals(&ca, key, "server")[..] else { panic!("one refusal") };
        assert_eq!(refusal.code, Code::WeakKey);
        assert!(refusal.detail.contains("is the key of a certificate authority"), "{}", refusal.detail);
    }
    assert_eq!(refusals(&ca, &TestKeyPair::generate(TestKey::EcP256), "server"), []);
}

#[test]
fn a_purpose_that_the_chain_does_not_allow_is_refused_for_its_profile() {
    let client = sequence(&[oid("1.3.6.1.5.5.7.3.2")]);
    let ca = CaMaker::new(TestKey::EcP256).extension("2.5.29.37", false, &client).self_signed();
    let key = TestKeyPair::generate(TestKey::EcP256);
    let [refusal] = &refusals(&ca, &key, "server")[..] else { panic!("one refusal") };
    assert_eq!(refusal.code, Code::ForbiddenExtension);
    assert!(refusal.detail.contains("serverAuth"), "{}", refusal.detail);
    assert_eq!(refusals(&ca, &key, "client"), []);
}
