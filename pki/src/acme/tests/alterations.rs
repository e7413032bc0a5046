//! Properties: whatever is changed in a right request, it is refused for the right reason.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::*;
use crate::base64url;

/// A change of a right request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Alteration {
    None,
    SignatureBit,
    PayloadBit,
    OtherPayload,
    OtherUrlSigned,
    OtherNonceUnsigned,
    AlgorithmUnsigned,
    NoNonceSigned,
    BothKeysSigned,
    NeitherKeySigned,
    Padding,
    OtherAlphabet,
    UnprotectedHeader,
    Signatures,
    MemberTwice,
    HeaderMemberTwice,
    MemberMissing,
    OtherSigner,
    CutSignature,
    LongSignature,
}

impl Alteration {
    const ALL: [Alteration; 20] = [
        Self::None,
        Self::SignatureBit,
        Self::PayloadBit,
        Self::OtherPayload,
        Self::OtherUrlSigned,
        Self::OtherNonceUnsigned,
        Self::AlgorithmUnsigned,
        Self::NoNonceSigned,
        Self::BothKeysSigned,
        Self::NeitherKeySigned,
        Self::Padding,
        Self::OtherAlphabet,
        Self::UnprotectedHeader,
        Self::Signatures,
        Self::MemberTwice,
        Self::HeaderMemberTwice,
        Self::MemberMissing,
        Self::OtherSigner,
        Self::CutSignature,
        Self::LongSignature,
    ];

    /// The error; `None` if the request stays right.
    fn expected(self) -> Option<AcmeErrorType> {
        match self {
            Self::None => None,
            Self::OtherUrlSigned => Some(AcmeErrorType::Unauthorized),
            Self::NoNonceSigned => Some(AcmeErrorType::BadNonce),
            Self::AlgorithmUnsigned => Some(AcmeErrorType::BadSignatureAlgorithm),
            _ => Some(AcmeErrorType::Malformed),
        }
    }
}

const PARTS: [&str; 3] = ["protected", "payload", "signature"];

fn flipped(text: &str, at: prop::sample::Index, bit: u8) -> String {
    let mut octets = base64url::decode(text).unwrap();
    let place = at.index(octets.len());
    octets[place] ^= 1 << bit;
    base64url::encode(octets)
}

/// The body of a request of the client with this change.
fn altered(
    client: &AcmeClient,
    with_key: bool,
    change: Alteration,
    at: prop::sample::Index,
    bit: u8,
) -> String {
    let payload = json!({ "identifiers": [{ "type": "dns", "value": "www.example.com" }] });
    let mut header = client.header(URL);
    let jwk = client.key.jwk();
    let (name, value) = if with_key { ("jwk", jwk.clone()) } else { ("kid", ACCOUNT.into()) };
    header[name] = value;
    let signed = |header: &Value| client.key.flattened_jws(header, payload.to_string().as_bytes());
    let right = signed(&header);
    let text = |part: &str| right[part].as_str().unwrap();
    let set = |part: &str, value: Value| {
        let mut body = right.clone();
        body[part] = value;
        body.to_string()
    };
    let mut other = header.clone();
    let members = other.as_object_mut().unwrap();
    let part = PARTS[at.index(3)];
    match change {
        Alteration::None => right.to_string(),
        Alteration::SignatureBit => set("signature", flipped(text("signature"), at, bit).into()),
        Alteration::PayloadBit => set("payload", flipped(text("payload"), at, bit).into()),
        Alteration::OtherPayload => set("payload", ["", "e30"][at.index(2)].into()),
        Alteration::OtherUrlSigned => {
            members["url"] =
                json!(["https://other.example.com/acme/new-order", NEW_ACCOUNT, ""][at.index(3)]);
            signed(&other).to_string()
        }
        Alteration::OtherNonceUnsigned => {
            members["nonce"] = json!("b3RoZXI");
            set("protected", base64url::encode(other.to_string()).into())
        }
        Alteration::AlgorithmUnsigned => {
            members["alg"] = json!(["none", "HS256", "PS256", "RS1", "ES512"][at.index(5)]);
            set("protected", base64url::encode(other.to_string()).into())
        }
        Alteration::NoNonceSigned => {
            members.remove("nonce");
            signed(&other).to_string()
        }
        Alteration::BothKeysSigned => {
            members.insert("kid".into(), ACCOUNT.into());
            members.insert("jwk".into(), jwk);
            signed(&other).to_string()
        }
        Alteration::NeitherKeySigned => {
            members.remove(name);
            signed(&other).to_string()
        }
        Alteration::Padding => set(part, format!("{}=", text(part)).into()),
        Alteration::OtherAlphabet => set(part, format!("{}+", text(part)).into()),
        Alteration::UnprotectedHeader => set("header", json!({ "kid": ACCOUNT })),
        Alteration::Signatures => set("signatures", json!([{ "signature": text("signature") }])),
        Alteration::MemberTwice => {
            right.to_string().replacen('{', &format!("{{\"{part}\":\"{}\",", text(part)), 1)
        }
        Alteration::HeaderMemberTwice => {
            let twice = header.to_string().replacen('{', &format!("{{\"url\":\"{URL}\","), 1);
            set("protected", base64url::encode(twice).into())
        }
        Alteration::MemberMissing => {
            let mut body = right.clone();
            body.as_object_mut().unwrap().remove(part);
            body.to_string()
        }
        Alteration::OtherSigner => {
            let other = TestKeyPair::generate(client.key.kind());
            other.flattened_jws(&header, payload.to_string().as_bytes()).to_string()
        }
        Alteration::CutSignature | Alteration::LongSignature => {
            let mut octets = base64url::decode(text("signature")).unwrap();
            if change == Alteration::CutSignature {
                octets.truncate(at.index(octets.len()));
            } else {
                octets.push(bit);
            }
            set("signature", base64url::encode(octets).into())
        }
    }
}

fn received(client: &AcmeClient, body: &str) -> Result<VerifiedRequest, AcmeProblem> {
    let request = AcmeRequest::parse(body.as_bytes())?;
    match request.key() {
        KeyReference::Jwk(_) => request.verify_by_own_key(URL),
        KeyReference::AccountUrl(_) => request.verify_by_account_key(&key_of(&client.key), URL),
    }
}

#[test]
fn each_alteration_of_a_right_request_is_refused_for_its_reason() {
    // Fast kinds: a signature by RSA takes a millisecond, and another signer a new key.
    let clients =
        [TestKey::EcP256, TestKey::EcP384, TestKey::Ed25519].map(|kind| AcmeClient::new(kind, ACCOUNT));
    let counts = RefCell::new(BTreeMap::<Alteration, u32>::new());
    let mut runner = TestRunner::new(Config::with_cases(2_000));
    let cases = (
        0..clients.len(),
        any::<bool>(),
        prop::sample::select(Alteration::ALL.to_vec()),
        any::<prop::sample::Index>(),
        0_u8..8,
    );
    let judge = |(which, with_key, change, at, bit): (usize, bool, Alteration, prop::sample::Index, u8)| {
        let client = &clients[which];
        let body = altered(client, with_key, change, at, bit);
        let said = received(client, &body).map_err(|problem| problem.error_type());
        prop_assert_eq!(said.err(), change.expected(), "{:?}: {}", change, body);
        *counts.borrow_mut().entry(change).or_default() += 1;
        Ok(())
    };
    runner.run(&cases, judge).unwrap();
    let counts = counts.into_inner();
    assert_eq!(counts.len(), Alteration::ALL.len());
    assert!(counts.values().all(|count| *count > 40), "{counts:?}");
}

#[test]
fn a_request_with_any_byte_changed_is_refused() {
    let clients = KEYS.map(|kind| AcmeClient::new(kind, ACCOUNT));
    let bodies = clients.each_ref().map(|client| {
        let payload = json!({ "contact": ["mailto:alice@example.com"] });
        [client.request(URL, &payload).to_string(), client.request_with_key(URL, &payload).to_string()]
    });
    let refused = Cell::new(0);
    let mut runner = TestRunner::new(Config::with_cases(3_000));
    let cases = (0..KEYS.len(), 0..2_usize, any::<prop::sample::Index>(), 1..=u8::MAX);
    let judge = |(which, form, at, difference): (usize, usize, prop::sample::Index, u8)| {
        let body = &bodies[which][form];
        prop_assert!(received(&clients[which], body).is_ok());
        let mut changed = body.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] ^= difference;
        let said = AcmeRequest::parse(&changed).and_then(|request| match request.key() {
            KeyReference::Jwk(_) => request.verify_by_own_key(URL),
            KeyReference::AccountUrl(_) => request.verify_by_account_key(&key_of(&clients[which].key), URL),
        });
        let Err(problem) = said else {
            return Err(TestCaseError::fail(format!("accepted: {}", String::from_utf8_lossy(&changed))));
        };
        let known = [
            AcmeErrorType::Malformed,
            AcmeErrorType::BadSignatureAlgorithm,
            AcmeErrorType::BadNonce,
            AcmeErrorType::BadPublicKey,
            AcmeErrorType::Unauthorized,
        ];
        prop_assert!(known.contains(&problem.error_type()), "{problem}");
        refused.set(refused.get() + 1);
        Ok(())
    };
    runner.run(&cases, judge).unwrap();
    assert_eq!(refused.get(), 3_000);
}

#[test]
fn any_body_gets_an_answer_without_null() {
    let mut runner = TestRunner::new(Config::with_cases(2_000));
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"protected\"",
        "\"payload\"",
        "\"signature\"",
        "\"header\"",
        "\"e30\"",
        "null",
        "1",
        "\"\"",
    ]);
    let bodies = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(pieces, 0..20).prop_map(|pieces| pieces.concat().into_bytes()),
    ];
    let judge = |body: Vec<u8>| {
        let problem = AcmeRequest::parse(&body).unwrap_err();
        let json = serde_json::to_string(&problem).unwrap();
        prop_assert!(!json.contains("null") && json.contains("urn:ietf:params:acme:error:"), "{json}");
        Ok(())
    };
    runner.run(&bodies, judge).unwrap();
}
