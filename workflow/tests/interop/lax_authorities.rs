//! Authorities that break a rule which only strict verifiers enforce: `countersign ca import` names the verifiers that
//! will refuse, and here they do. The others accept.

use std::collections::BTreeSet;
use std::path::Path;

use pki::csr::Csr;
use pki::issuer::Issuer;
use pki::testing::{CaMaker, TestCa, TestKey, oid, pem, sequence, tlv};
use workflow::policy::Policy;

use crate::authorities::Authority;
use crate::certificates::{certify, files};
use crate::panel::{PANEL, ask_all, say};
use crate::question::{Purpose, Question};

const POLICY: &str = include_str!("../../../infra/policy.toml");

/// An issuing CA below a root, and the files to ask about a server certificate of it.
struct Case {
    label: &'static str,
    question: Question,
    /// The verifiers that the objections name.
    named: BTreeSet<&'static str>,
}

fn case(label: &'static str, root: &CaMaker, own: &CaMaker, folder: &Path) -> Case {
    let certificates = [own.der_below(root), root.root_der()].map(|der| pem("CERTIFICATE", &der));
    let ca = TestCa { key_pem: own.key_pair().pem(), certificate_pem: certificates.concat() };
    let authority = Authority::new(label, &ca, folder.join(label.replace(' ', "-")));
    let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
    let named = issuer.strict_objections().iter().flat_map(|one| one.verifiers().iter().copied()).collect();
    let csr = Csr::read(&pki::testing::csr(&["www.example.com"])).unwrap();
    let certificate = certify(&authority, &csr, &Policy::parse(POLICY).unwrap(), "server", None);
    let question = Question {
        files: files(&authority, "leaf", &certificate),
        purpose: Purpose::Server,
        name: Some("www.example.com".to_owned()),
    };
    Case { label, question, named }
}

/// One case for each rule, and one that keeps them all.
fn every(folder: &Path) -> Vec<Case> {
    let (root, own) =
        (CaMaker::new(TestKey::EcP256).named("Root"), CaMaker::new(TestKey::EcP256).named("Issuing"));
    let ca_true = sequence(&[tlv(1, &[0xff])]);
    let own_identifier = tlv(4, &own.key_pair().identifier());
    let root_identifier = sequence(&[tlv(0x80, &root.key_pair().identifier())]);
    let plain = |own: CaMaker| (root.clone(), own);
    let cases = [
        ("none", plain(own.clone())),
        ("basicConstraints not critical", plain(own.clone().extension("2.5.29.19", false, &ca_true))),
        ("no keyUsage", plain(own.clone().without("2.5.29.15"))),
        ("no subjectKeyIdentifier", plain(own.clone().without("2.5.29.14"))),
        ("no authorityKeyIdentifier", plain(own.clone().without("2.5.29.35"))),
        (
            "other authorityKeyIdentifier",
            plain(own.clone().extension("2.5.29.35", false, &sequence(&[tlv(0x80, &[7; 20])]))),
        ),
        ("critical subjectKeyIdentifier", plain(own.clone().extension("2.5.29.14", true, &own_identifier))),
        (
            "critical authorityKeyIdentifier",
            plain(own.clone().extension("2.5.29.35", true, &root_identifier)),
        ),
        ("names encoded differently", plain(own.clone().issuer_name(&[("2.5.4.3", 19, b"Root")]))),
        ("negative serial number", plain(own.clone().serial(&[0x80, 1]))),
        ("names in another case", plain(own.clone().issuer_name(&[("2.5.4.3", 12, b"ROOT")]))),
        (
            "unknown critical extension",
            plain(own.clone().extension("1.3.6.1.4.1.99999.1", true, &oid("1.2.3"))),
        ),
        (
            "root basicConstraints not critical",
            (root.clone().extension("2.5.29.19", false, &ca_true), own.clone()),
        ),
        ("root without keyUsage", (root.clone().without("2.5.29.15"), own.clone())),
        ("root without subjectKeyIdentifier", (root.clone().without("2.5.29.14"), own.clone())),
        (
            "root with an unknown critical extension",
            (root.clone().extension("1.3.6.1.4.1.99999.1", true, &oid("1.2.3")), own.clone()),
        ),
        (
            "root with another authorityKeyIdentifier",
            (root.clone().extension("2.5.29.35", false, &sequence(&[tlv(0x80, &[7; 20])])), own.clone()),
        ),
        (
            "root with a critical subjectKeyIdentifier",
            (root.clone().extension("2.5.29.14", true, &tlv(4, &root.key_pair().identifier())), own.clone()),
        ),
        ("root without authorityKeyIdentifier", (root.clone().without("2.5.29.35"), own)),
    ];
    cases.iter().map(|(label, (root, own))| case(label, root, own, folder)).collect()
}

#[test]
fn the_verifiers_that_an_import_names_refuse_and_all_others_accept() {
    if let Err(missing) = crate::panel::openssl_is_there() {
        return crate::panel::skip("lax authorities", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    let cases = every(folder.path());
    let questions: Vec<Question> = cases.iter().map(|case| case.question.clone()).collect();
    let answers = ask_all(&questions, folder.path());
    let mut faults = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let mut refusing = BTreeSet::new();
        for (verifier, answers) in PANEL.iter().zip(&answers) {
            let Some(answers) = answers else { continue };
            if let Err(words) = &answers[at] {
                say(&format!("{}: {} refuses: {words}", case.label, verifier.name));
                refusing.insert(verifier.name);
            }
        }
        let asked = |name: &&str| {
            PANEL.iter().zip(&answers).any(|(verifier, answers)| verifier.name == *name && answers.is_some())
        };
        let named: BTreeSet<&str> = case.named.iter().copied().filter(asked).collect();
        if named != refusing {
            faults.push(format!("{}: named {named:?}, refusing {refusing:?}", case.label));
        }
    }
    assert!(cases[0].named.is_empty());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
