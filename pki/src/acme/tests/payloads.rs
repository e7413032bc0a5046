//! Properties of the readers of payloads: any JSON gets an answer, and what is accepted keeps the rules.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, json};

use super::*;
use crate::name::Name;

const NAMES: [&str; 14] = [
    "contact",
    "termsOfServiceAgreed",
    "onlyReturnExisting",
    "externalAccountBinding",
    "status",
    "identifiers",
    "notBefore",
    "replaces",
    "profile",
    "csr",
    "certificate",
    "reason",
    "account",
    "oldKey",
];

fn texts() -> impl Strategy<Value = Value> {
    let known = prop::sample::select(vec![
        "",
        "deactivated",
        "deactivated",
        "deactivated",
        "tls-server",
        "mailto:a@example.com",
        "mailto:a@example.com?cc=b",
        "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE",
        "AAAA",
    ]);
    prop_oneof![known.prop_map(str::to_owned), "\\PC{0,12}"].prop_map(Value::from)
}

fn identifier_objects() -> impl Strategy<Value = Value> {
    let written = |kind: &'static str| move |value: String| json!({ "type": kind, "value": value });
    prop_oneof![
        4 => "([a-zA-Z0-9]{1,8}\\.){1,3}[a-z]{2,5}".prop_map(written("dns")),
        2 => "\\*\\.[a-z]{1,8}\\.example".prop_map(written("dns")),
        2 => any::<std::net::IpAddr>().prop_map(|address| address.to_string()).prop_map(written("ip")),
        1 => "\\PC{0,10}".prop_map(written("dns")),
        1 => "[a-z]{1,5}@example\\.com".prop_map(written("email")),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..13).prop_map(Value::from),
        texts(),
        prop::collection::vec(texts(), 0..3).prop_map(Value::from),
        prop::collection::vec(identifier_objects(), 1..3).prop_map(Value::from),
        Just(json!({})),
    ]
}

/// Counts what a reader accepts, and checks what it refuses.
fn count<T>(
    counts: &RefCell<BTreeMap<&'static str, u32>>,
    reader: &'static str,
    said: Result<T, AcmeProblem>,
) -> Option<T> {
    match said {
        Ok(value) => {
            *counts.borrow_mut().entry(reader).or_default() += 1;
            Some(value)
        }
        Err(problem) => {
            let json = serde_json::to_value(&problem).unwrap();
            assert!(json.as_object().unwrap().values().all(|value| !value.is_null()), "{json}");
            assert!(!problem.detail().is_empty() && problem.detail().chars().count() <= 1_000, "{problem}");
            None
        }
    }
}

#[test]
fn any_payload_gets_an_answer_and_what_is_accepted_keeps_the_rules() {
    let client = client();
    let key = key_of(&client.key);
    let counts = RefCell::new(BTreeMap::new());
    let members = || prop::collection::btree_map(prop::sample::select(NAMES.to_vec()), values(), 0..5);
    // An order needs identifiers, which a random object seldom has.
    let orders =
        (members(), prop::collection::vec(identifier_objects(), 1..4)).prop_map(|(mut members, all)| {
            members.insert("identifiers", Value::from(all));
            members.remove("notBefore");
            members
        });
    // Only one word deactivates, which a random object seldom has.
    let deactivations = members().prop_map(|mut members| {
        members.insert("status", Value::from("deactivated"));
        members
    });
    let judge = |members: BTreeMap<&'static str, Value>| {
        let payload: Map<String, Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let request = parse(&client.request(URL, &Value::Object(payload))).unwrap();
        let request = request.without_proof(key.clone()).unwrap();
        if let Some(account) = count(&counts, "new account", NewAccount::read(&request)) {
            for url in account.contact {
                let address = url.strip_prefix("mailto:").unwrap();
                prop_assert!(matches!(address.parse(), Ok(Name::Email(_))), "{address}");
            }
        }
        count(&counts, "update", AccountUpdate::read(&request));
        if let Some(order) = count(&counts, "order", NewOrder::read(&request)) {
            prop_assert!(!order.identifiers.is_empty());
            for (at, identifier) in order.identifiers.iter().enumerate() {
                prop_assert!(AcmeIdentifier::try_from(&identifier.to_object()).as_ref() == Ok(identifier));
                prop_assert!(!order.identifiers[..at].contains(identifier), "each once");
            }
        }
        prop_assert!(count(&counts, "csr", read_csr(&request)).is_none());
        prop_assert!(count(&counts, "revocation", CertificateRevocation::read(&request)).is_none());
        prop_assert!(count(&counts, "key change", KeyChange::read(&request)).is_none());
        count(&counts, "deactivation", read_deactivation(&request));
        Ok(())
    };
    TestRunner::new(Config::with_cases(1_500)).run(&members(), judge).unwrap();
    TestRunner::new(Config::with_cases(1_500)).run(&orders, judge).unwrap();
    TestRunner::new(Config::with_cases(200)).run(&deactivations, judge).unwrap();
    let counts = counts.into_inner();
    for (reader, least) in [("new account", 300), ("update", 300), ("order", 500), ("deactivation", 50)] {
        assert!(counts.get(reader).is_some_and(|count| *count >= least), "{reader}: {counts:?}");
    }
}
