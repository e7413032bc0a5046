//! Malformed requests of every kind, through the whole server: each is answered with a problem, nothing is done, and it is counted
//! what is accepted.

use std::cell::Cell;

use pki::base64url::Base64Url;
use pki::testing::{TestKey, TestKeyPair};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::stand::{BASE, Client, Reply, Stand};

fn url() -> String {
    format!("{BASE}/new-order")
}

fn payload() -> Value {
    json!({ "identifiers": [{ "type": "dns", "value": "www.example.com" }] })
}

fn orders(stand: &Stand) -> usize {
    stand.backend.acme_orders().len()
}

/// A refusal: a problem with a type, a detail and a nonce, and no fault of the server.
fn is_refused(reply: &Reply) -> bool {
    let problem = reply.problem();
    let has_detail = reply.json()["detail"].as_str().is_some_and(|detail| !detail.is_empty());
    (400..500).contains(&problem.0) && has_detail && reply.headers.contains_key("replay-nonce")
}

#[derive(Clone, Copy, Debug)]
enum Alteration {
    Replace(u8),
    Insert(u8),
    Delete,
    Truncate,
    Swap,
    Repeat,
    /// White space in front, or behind.
    Space(u8),
}

fn altered(body: &[u8], at: usize, alteration: Alteration) -> Vec<u8> {
    let (mut body, at) = (body.to_vec(), at % body.len());
    match alteration {
        Alteration::Replace(octet) => body[at] = octet,
        Alteration::Insert(octet) => body.insert(at, octet),
        Alteration::Delete => drop(body.remove(at)),
        Alteration::Truncate => body.truncate(at),
        Alteration::Swap => body.swap(at, 0),
        Alteration::Repeat => body.extend_from_within(at..),
        Alteration::Space(octet) => body.insert(if at % 2 == 0 { 0 } else { body.len() }, octet),
    }
    body
}

fn alteration() -> impl Strategy<Value = Alteration> {
    let octet = prop_oneof![any::<u8>(), prop::sample::select(b"\"{}[],:\\ =-_+/\0\n0".to_vec())];
    prop_oneof![
        4 => octet.clone().prop_map(Alteration::Replace),
        4 => octet.prop_map(Alteration::Insert),
        2 => Just(Alteration::Delete),
        1 => Just(Alteration::Truncate),
        1 => Just(Alteration::Swap),
        1 => Just(Alteration::Repeat),
        1 => prop::sample::select(b" \t\r\n\x0b\x0c\0".to_vec()).prop_map(Alteration::Space),
    ]
}

/// Of bodies that differ from a right one in one place, those are accepted that mean the same: white space between members.
#[test]
fn an_altered_body_is_accepted_only_if_it_is_the_same_json() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut stand = Stand::new();
    stand.server.limits = workflow::acme::OrderLimits { hourly: 10_000, open: 10_000 };
    let client = runtime.block_on(stand.client());
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(1_500) });
    let run = runner.run(&(any::<usize>(), alteration()), |(at, alteration)| {
        runtime.block_on(async {
            let right = client.signed(&stand, &url(), Some(&payload())).await;
            let body = altered(right.to_string().as_bytes(), at, alteration);
            let (before, same) = (orders(&stand), serde_json::from_slice::<Value>(&body).ok() == Some(right));
            let reply = stand.call_as("POST", &url(), Some("application/jose+json"), body).await;
            if reply.status == 201 {
                prop_assert!(same);
                prop_assert_eq!(orders(&stand), before + 1);
                accepted.set(accepted.get() + 1);
            } else {
                prop_assert!(is_refused(&reply), "{:?}", reply);
                prop_assert_eq!(orders(&stand), before);
                refused.set(refused.get() + 1);
            }
            Ok(())
        })
    });
    run.unwrap();
    assert_eq!(accepted.get() + refused.get(), 1_500);
    assert!(refused.get() > 1_300 && accepted.get() > 20, "{} of 1500 are accepted", accepted.get());
}

/// A name, and the alteration of a protected header.
type HeaderAlteration = (&'static str, Box<dyn Fn(&mut Value)>);

fn set(name: &'static str, value: Value) -> Box<dyn Fn(&mut Value)> {
    Box::new(move |header| header[name] = value.clone())
}

fn remove(name: &'static str) -> Box<dyn Fn(&mut Value)> {
    Box::new(move |header| drop(header.as_object_mut().unwrap().remove(name)))
}

/// Alterations of a protected header. The right key signs the altered header.
fn headers(client: &Client) -> Vec<HeaderAlteration> {
    let jwk = client.acme.key.jwk();
    let mut all: Vec<HeaderAlteration> = vec![
        ("jwk and kid", set("jwk", jwk.clone())),
        ("crit", set("crit", json!(["exp"]))),
        ("crit, empty", set("crit", json!([]))),
        ("unencoded payload", set("b64", json!(false))),
        ("algorithm none", set("alg", json!("none"))),
        ("a MAC", set("alg", json!("HS256"))),
        ("another algorithm", set("alg", json!("RS256"))),
        ("another hash", set("alg", json!("ES384"))),
        ("small letters", set("alg", json!("es256"))),
        ("another URL", set("url", json!(format!("{BASE}/new-account")))),
        ("a URL with a slash", set("url", json!(format!("{BASE}/new-order/")))),
        ("a URL with a query", set("url", json!(format!("{BASE}/new-order?a=b")))),
        ("a URL by http", set("url", json!("http://pki.example.com/live/acme/new-order"))),
        ("a nonce of nobody", set("nonce", json!("bm9uY2U"))),
        ("a nonce with padding", set("nonce", json!("bm9uY2U="))),
        ("an empty nonce", set("nonce", json!(""))),
        ("an account of nobody", set("kid", json!(format!("{BASE}/account/{}", "0".repeat(32))))),
        ("an account elsewhere", set("kid", json!("https://elsewhere.example.com/acme/account/1"))),
        ("a kid that is no URL", set("kid", json!("1"))),
        ("an order as account", set("kid", json!(format!("{BASE}/order/{}", "0".repeat(44))))),
        ("a path upwards", set("kid", json!(format!("{BASE}/account/../account/{}", "0".repeat(32))))),
    ];
    for name in ["alg", "nonce", "url", "kid"] {
        all.push((name, remove(name)));
        for wrong in [json!(null), json!(7), json!(true), json!([]), json!({}), json!(["ES256"])] {
            all.push((name, set(name, wrong)));
        }
    }
    all
}

#[tokio::test]
async fn no_altered_header_is_accepted_although_the_right_key_signs_it() {
    let stand = Stand::new();
    let client = stand.client().await;
    let mut count = 0;
    for (what, alter) in headers(&client) {
        let mut acme = client.acme.clone();
        acme.nonce = stand.nonce().await;
        let mut header = acme.header(&url());
        header["kid"] = acme.account_url.as_str().into();
        alter(&mut header);
        let body = acme.key.flattened_jws(&header, payload().to_string().as_bytes());
        let reply = stand.call("POST", &url(), &body.to_string()).await;
        assert!(is_refused(&reply), "{what}: {header} {reply:?}");
        count += 1;
    }
    assert_eq!((count, orders(&stand)), (49, 0));
    assert_eq!(
        client.try_order(&stand, &["www.example.com"]).await.status,
        201,
        "the request itself was right"
    );
}

#[tokio::test]
async fn no_other_form_of_a_jws_is_accepted() {
    let stand = Stand::new();
    let client = stand.client().await;
    let right = async || client.signed(&stand, &url(), Some(&payload())).await;
    let text = |jws: &Value, name: &str| jws[name].as_str().unwrap().to_owned();
    let mut bodies: Vec<(&str, String)> = vec![
        ("nothing", String::new()),
        ("null", "null".into()),
        ("a list", json!([right().await]).to_string()),
        ("a text", json!(right().await.to_string()).to_string()),
        ("HTML", "<html>".into()),
        ("octets", "\u{0}\u{1}\u{2}".into()),
        ("deep", "[".repeat(100_000)),
    ];
    let jws = right().await;
    bodies.push((
        "compact",
        format!("{}.{}.{}", text(&jws, "protected"), text(&jws, "payload"), text(&jws, "signature")),
    ));
    let jws = right().await;
    let one = json!({ "protected": jws["protected"], "signature": jws["signature"] });
    bodies.push(("general", json!({ "payload": jws["payload"], "signatures": [one] }).to_string()));
    for (name, value) in [("header", json!({ "kid": "x" })), ("signatures", json!([])), ("header", json!({}))]
    {
        let mut jws = right().await;
        jws[name] = value;
        bodies.push((name, jws.to_string()));
    }
    for name in ["protected", "payload", "signature"] {
        for wrong in [
            json!(null),
            json!(7),
            json!(""),
            json!("="),
            json!("a b"),
            json!("AA=="),
            json!({}),
            json!("AB"),
        ] {
            let mut jws = right().await;
            jws[name] = wrong;
            bodies.push((name, jws.to_string()));
        }
        let mut jws = right().await;
        jws.as_object_mut().unwrap().remove(name);
        bodies.push((name, jws.to_string()));
        // A member twice: one parser takes the first, another the last.
        let jws = right().await.to_string();
        bodies.push((name, jws.replacen('{', &format!("{{\"{name}\":\"AA\","), 1)));
        let jws = right().await;
        let mut twice = jws.to_string();
        twice.truncate(twice.len() - 1);
        bodies.push((name, format!("{twice},\"{name}\":{}}}", jws[name])));
    }
    // Duplicate members within the header, and within the payload.
    let mut acme = client.acme.clone();
    acme.nonce = stand.nonce().await;
    let header =
        json!({ "alg": "ES256", "nonce": acme.nonce, "url": url(), "kid": acme.account_url }).to_string();
    let by_hand = |header: &str, payload: &str| {
        let (header, payload) = (Base64Url(header.into()).to_string(), Base64Url(payload.into()).to_string());
        let signature =
            acme.key.jws_signature(acme.key.jws_algorithm(), format!("{header}.{payload}").as_bytes());
        json!({ "protected": header, "payload": payload, "signature": Base64Url(signature).to_string() })
            .to_string()
    };
    bodies.push((
        "a header twice",
        by_hand(&header.replacen('{', "{\"alg\":\"ES256\",", 1), &payload().to_string()),
    ));
    bodies.push((
        "a payload twice",
        by_hand(&header, &payload().to_string().replacen('{', "{\"identifiers\":[],", 1)),
    ));
    let count = bodies.len();
    for (what, body) in bodies {
        let reply = stand.call("POST", &url(), &body).await;
        assert!(is_refused(&reply), "{what}: {body} {reply:?}");
    }
    assert_eq!((count, orders(&stand)), (47, 0));
}

#[tokio::test]
async fn no_weak_or_unsupported_key_gets_an_account() {
    let stand = Stand::new();
    let credential = stand.grant(crate::stand::TERMS).await;
    let modulus = |octets: usize| Base64Url(vec![0xb5; octets]).to_string();
    let client = Client::stranger();
    let mut private = client.acme.key.jwk();
    private["d"] = json!("AA");
    let keys = [
        json!({ "kty": "RSA", "n": modulus(128), "e": "AQAB" }),
        json!({ "kty": "RSA", "n": modulus(256), "e": "AQ" }),
        json!({ "kty": "oct", "k": "AA" }),
        json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }),
        json!({ "kty": "EC" }),
        json!({}),
        json!([]),
        private,
    ];
    let url = format!("{BASE}/new-account");
    for jwk in keys {
        let mut header = client.acme.header(&url);
        header["nonce"] = stand.nonce().await.into();
        header["jwk"] = jwk.clone();
        let body =
            client.acme.key.flattened_jws(&header, client.new_account(&credential).to_string().as_bytes());
        assert!(is_refused(&stand.call("POST", &url, &body.to_string()).await), "{jwk}");
    }
    // A key that did not sign.
    let mut header = client.acme.header(&url);
    (header["nonce"], header["jwk"]) =
        (stand.nonce().await.into(), TestKeyPair::generate(TestKey::EcP256).jwk());
    let body = client.acme.key.flattened_jws(&header, client.new_account(&credential).to_string().as_bytes());
    assert!(is_refused(&stand.call("POST", &url, &body.to_string()).await));
    assert!(stand.backend.acme_accounts().is_empty());
}

/// JSON of all kinds, often with the members that requests have.
fn payloads() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "identifiers",
        "type",
        "value",
        "profile",
        "replaces",
        "notBefore",
        "csr",
        "certificate",
        "reason",
        "contact",
        "status",
        "externalAccountBinding",
        "protected",
        "payload",
        "signature",
        "onlyReturnExisting",
        "account",
        "oldKey",
        "x",
    ]);
    let text = prop_oneof![
        Just("dns".to_owned()),
        Just("www.example.com".to_owned()),
        Just("deactivated".to_owned()),
        Just("AAAA".to_owned()),
        Just("mailto:a@example.com".to_owned()),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

/// Whatever a client signs, at whatever URL: it is answered, never with a fault of the server.
#[test]
fn every_signed_payload_is_answered() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stand = Stand::new();
    let (client, order) = runtime.block_on(async {
        let client = stand.client().await;
        let order = client.order(&stand, &["www.example.com"]).await.0;
        (client, order)
    });
    let authorization = order.replace("/order/", "/authorization/") + "/0";
    let urls = vec![
        url(),
        order.clone(),
        format!("{order}/finalize"),
        format!("{order}/certificate"),
        format!("{authorization}/http-01"),
        format!("{BASE}/key-change"),
        format!("{BASE}/revoke-cert"),
        format!("{BASE}/new-account"),
        format!("{BASE}/new-nonce"),
        client.acme.account_url.clone(),
    ];
    let (answered, accepted) = (Cell::new(0), Cell::new(0));
    let strategy = (prop::sample::select(urls), payloads(), any::<bool>());
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(1_500) });
    let run = runner.run(&strategy, |(url, payload, with_key)| {
        runtime.block_on(async {
            // A client that deactivates its account would end the test.
            prop_assume!(!(url == client.acme.account_url && payload.to_string().contains("deactivated")));
            let reply = match with_key {
                true => client.post_with_key(&stand, &url, &payload).await,
                false => client.post(&stand, &url, &payload).await,
            };
            answered.set(answered.get() + 1);
            match reply.status {
                200 | 201 => accepted.set(accepted.get() + 1),
                _ => prop_assert!(is_refused(&reply), "{:?}", reply),
            }
            Ok(())
        })
    });
    run.unwrap();
    assert!(stand.signer.submitted.lock().unwrap().is_empty(), "no payload was a CSR");
    assert!(
        answered.get() >= 1_500 && accepted.get() > 20,
        "{} of {} were accepted",
        accepted.get(),
        answered.get()
    );
}
