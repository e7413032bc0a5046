//! Passkeys: two other implementations judge the same octets, and one of them makes what we verify.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use pki::base64url::Base64Url;
use pki::testing::SoftPasskey;
use pki::webauthn::{Assertion, PasskeyAlgorithm, PasskeyKey, RelyingParty, register, verify};
use serde_json::{Value, json};

use crate::panel::{say, skip};
use crate::venv;

const PROGRAM: &str = include_str!("passkeys.py");
const CHALLENGE: [u8; 32] = [7; 32];

fn party() -> RelyingParty {
    RelyingParty { id: "pki.example.com".into(), origin: "https://pki.example.com".into() }
}

fn text(octets: &[u8]) -> String {
    Base64Url(octets.to_vec()).to_string()
}

fn octets(value: &Value) -> Vec<u8> {
    Base64Url::from_text(value.as_str().unwrap()).unwrap().0
}

/// A passkey that answers, and one whose key is known; the same but for the case of another key.
struct Case {
    what: &'static str,
    answers: SoftPasskey,
    known: SoftPasskey,
    challenge: [u8; 32],
    /// What others accept beside us: the registration, and the assertion.
    only_ours_refuses: bool,
}

fn cases(algorithm: PasskeyAlgorithm) -> Vec<Case> {
    let known = SoftPasskey::new(algorithm);
    let case = |what, answers: SoftPasskey| Case {
        what,
        answers,
        known: known.clone(),
        challenge: CHALLENGE,
        only_ours_refuses: false,
    };
    vec![
        case("right", known.clone()),
        case("without user verification", known.clone().with_flags(SoftPasskey::USER_PRESENT)),
        case("without user presence", known.clone().with_flags(SoftPasskey::USER_VERIFIED)),
        case("of another origin", known.clone().with_origin("https://pki.example.org")),
        case("for another relying party", known.clone().with_relying_party_id("example.com")),
        case("of another type", known.clone().with_type("payment.get")),
        case("by another key", known.clone().with_other_key()),
        Case { challenge: [8; 32], ..case("for another challenge", known.clone()) },
        // Neither looks at crossOrigin.
        Case { only_ours_refuses: true, ..case("inside of another page", known.clone().with_cross_origin()) },
    ]
}

/// What we say about the registration and the assertion, and the line for the others.
fn asked(case: &Case) -> ([bool; 2], String) {
    let party = party();
    let (client_data, attestation) = case.answers.create(&party, &case.challenge);
    let assertion = case.answers.get(&party, &case.challenge);
    let (_, known) = case.known.create(&party, &CHALLENGE);
    let key = PasskeyKey::from_cose(&case.known.cose_key()).unwrap();
    let ours = [
        register(&party, &CHALLENGE, &client_data, &attestation).is_ok(),
        verify(&party, &CHALLENGE, &key, &assertion).is_ok(),
    ];
    let line = json!({
        "party": party.id, "origin": party.origin, "challenge": text(&CHALLENGE),
        "credential": text(case.known.credential_id()), "key": text(&case.known.cose_key()),
        "clientData": text(&client_data), "attestationObject": text(&attestation),
        "knownAttestationObject": text(&known), "assertionClientData": text(&assertion.client_data_json),
        "authenticatorData": text(&assertion.authenticator_data), "signature": text(&assertion.signature),
    });
    (ours, line.to_string())
}

fn program(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", PROGRAM]);
    command
}

#[test]
fn two_other_implementations_accept_and_refuse_the_same_passkeys() {
    let python = match venv::python() {
        Ok(python) => python,
        Err(missing) => return skip("passkeys", &missing, false),
    };
    let cases: Vec<Case> = PasskeyAlgorithm::ALL.into_iter().flat_map(cases).collect();
    let (ours, lines): (Vec<_>, Vec<_>) = cases.iter().map(asked).unzip();
    let mut judges =
        program(&python).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
    judges.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let output = judges.wait_with_output().unwrap();
    let said: Vec<Value> = output
        .stdout
        .split(|octet| *octet == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    assert_eq!(said.len(), cases.len());
    let mut accepted = 0;
    for ((case, ours), said) in cases.iter().zip(ours).zip(said) {
        accepted += usize::from(ours[1]);
        for judge in ["webauthn", "fido2"] {
            // A registration with another key is a right one, of another passkey.
            let expected = if case.only_ours_refuses { [true, true] } else { ours };
            assert_eq!(said[judge], json!(expected), "{judge}: {}", case.what);
        }
        if case.only_ours_refuses {
            assert_eq!(ours, [false, false], "{}", case.what);
        }
    }
    assert_eq!(accepted, PasskeyAlgorithm::ALL.len(), "only the right ones");
    say(&format!("webauthn and fido2 judged {} passkeys as we do", cases.len()));
}

#[test]
fn what_another_client_makes_is_accepted() {
    let python = match venv::python() {
        Ok(python) => python,
        Err(missing) => return skip("passkeys", &missing, false),
    };
    let party = party();
    let output = program(&python)
        .args(["client", &party.id, &party.origin, &text(&CHALLENGE)])
        .output()
        .expect("python starts");
    let made: Vec<Value> = output
        .stdout
        .split(|octet| *octet == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    assert_eq!(made.len(), PasskeyAlgorithm::ALL.len(), "{}", String::from_utf8_lossy(&output.stderr));
    for (one, algorithm) in made.iter().zip(PasskeyAlgorithm::ALL) {
        let (client_data, attestation) = (octets(&one["clientData"]), octets(&one["attestationObject"]));
        let registered = register(&party, &CHALLENGE, &client_data, &attestation).unwrap();
        assert_eq!((registered.key.algorithm(), registered.counter), (algorithm, 1));
        assert_eq!(registered.credential_id, b"credential of fido2");
        let assertion = Assertion {
            authenticator_data: octets(&one["authenticatorData"]),
            client_data_json: octets(&one["assertionClientData"]),
            signature: octets(&one["signature"]),
        };
        assert_eq!(verify(&party, &CHALLENGE, &registered.key, &assertion).unwrap().counter, 2);
        let other = [8; 32];
        assert!(verify(&party, &other, &registered.key, &assertion).is_err());
    }
}
