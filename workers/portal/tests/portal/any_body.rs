//! Every body gets an answer: a problem of a known code, never a panic or a 500.

use proptest::prelude::*;
use serde_json::{Value, json};
use workflow::finding::Code;

use crate::site::{Answer, FORM, Site};

fn is_known(answer: &Answer) -> bool {
    answer.status.is_client_error()
        && answer.header("content-type") == "application/problem+json"
        && answer.json()["code"].as_str().is_some_and(|code| code.parse::<Code>().is_ok())
}

fn call(site: &Site, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(site.call(
        "POST",
        path,
        &[("content-type", content_type), ("accept", "application/json")],
        body,
    ))
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,60}".prop_map(Value::from),
        "[\\x00-\\x7f]{0,40}".prop_map(Value::from),
        Just(json!(["a", {"b": 1}])),
        Just(json!("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(
        body in proptest::collection::vec(any::<u8>(), 0..400),
        kind in prop_oneof![Just("application/json"), Just(FORM), Just("multipart/form-data; boundary=b"), "\\PC{0,20}".prop_map(|_| "text/plain")],
        path in prop_oneof![Just("/requests"), Just("/requests/preview")],
    ) {
        let site = Site::new();
        let answer = call(&site, path, kind, body);
        prop_assert!(is_known(&answer), "{} {}", answer.status, answer.text());
        prop_assert!(site.backend.requests().is_empty());
    }

    #[test]
    fn any_fields_are_answered(email in value(), comment in value(), csr in value(), profile in value(), replaces in value(), proof in value(), key in "[ -~]{0,20}") {
        let site = Site::new();
        let body = json!({"email": email, "comment": comment, "csrContent": csr, "profile": profile, "replaces": replaces, "replacesKey": proof, "idempotencyKey": key});
        let answer = call(&site, "/requests", "application/json", body.to_string().into_bytes());
        prop_assert!(is_known(&answer), "{} {}", answer.status, answer.text());
        prop_assert!(site.backend.requests().is_empty());
    }

    #[test]
    fn any_vote_without_the_digest_is_answered(decision in value(), digest in value(), reason in value()) {
        let site = Site::new();
        let (id, link) = site.pending();
        let body = json!({"decision": decision, "digest": digest, "reason": reason});
        let answer = call(&site, &link, "application/json", body.to_string().into_bytes());
        prop_assert!(is_known(&answer), "{} {}", answer.status, answer.text());
        prop_assert!(site.backend.approval(id).unwrap().votes.is_empty());
    }
}
