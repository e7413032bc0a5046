//! What every request and every answer has: methods, media types, headers, nonces.

use serde_json::{Value, json};
use time::Duration;

use crate::stand::{BASE, Client, Stand, is};

#[tokio::test]
async fn the_directory_leads_to_everything_and_has_the_profiles_with_standing_approvals() {
    let stand = Stand::new();
    let reply = stand.call_as("GET", &format!("{BASE}/directory"), None, Vec::new()).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    let directory = reply.json();
    for (name, path) in [
        ("newNonce", "new-nonce"),
        ("newAccount", "new-account"),
        ("newOrder", "new-order"),
        ("revokeCert", "revoke-cert"),
        ("keyChange", "key-change"),
        ("renewalInfo", "renewal-info"),
    ] {
        assert_eq!(directory[name], format!("{BASE}/{path}"));
    }
    let meta = &directory["meta"];
    assert_eq!(meta["externalAccountRequired"], true);
    let profiles: Vec<&String> = meta["profiles"].as_object().unwrap().keys().collect();
    assert_eq!(profiles, ["server"], "the other profiles have no standing approvals");
    // RFC 8555 section 7.1: the directory has no link to itself.
    assert!(reply.links("index").is_empty());
    let head = stand.call_as("HEAD", &format!("{BASE}/directory"), None, Vec::new()).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[tokio::test]
async fn each_answer_has_a_fresh_nonce_and_leads_to_the_directory() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (order, _) = client.order(&stand, &["www.example.com"]).await;
    let answers = [
        stand.call_as("HEAD", &format!("{BASE}/new-nonce"), None, Vec::new()).await,
        stand.call_as("GET", &format!("{BASE}/new-nonce"), None, Vec::new()).await,
        client.read(&stand, &format!("{BASE}/new-nonce")).await,
        client.read(&stand, &order).await,
        client.read(&stand, &format!("{BASE}/order/nothing")).await,
        stand.call_as("GET", &order, None, Vec::new()).await,
        stand.call("POST", &order, "no JSON").await,
        stand.call_as("GET", "/elsewhere", None, Vec::new()).await,
    ];
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 204, 200, 200, 404, 405, 400, 404]);
    let mut nonces: Vec<&str> = answers.iter().map(|answer| answer.header("replay-nonce")).collect();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), answers.len());
    for answer in &answers {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.links("index"), [format!("{BASE}/directory")]);
        if answer.status >= 400 {
            assert_eq!(answer.header("content-language"), "en");
            assert_eq!(answer.json()["status"], answer.status);
        }
    }
    assert_eq!(answers[5].header("allow"), "POST");
}

#[tokio::test]
async fn only_signed_posts_of_the_right_type_and_length_are_read() {
    let stand = Stand::new();
    let client = stand.client().await;
    let url = format!("{BASE}/new-order");
    let signed = client.signed(&stand, &url, Some(&json!({}))).await.to_string();
    for media_type in [None, Some("application/json"), Some("application/jose"), Some("text/plain")] {
        let reply = stand.call_as("POST", &url, media_type, signed.clone().into_bytes()).await;
        assert_eq!(reply.problem(), is(415, "malformed"), "{media_type:?}");
    }
    let reply = stand.call("POST", &url, &" ".repeat(128 * 1024 + 1)).await;
    assert_eq!(reply.problem(), is(413, "malformed"));
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let reply = stand.call_as(method, &url, None, Vec::new()).await;
        assert_eq!((reply.status, reply.header("allow")), (405, "POST"), "{method}");
    }
    // The nonce of that request is still good: nothing was spent.
    let reply =
        stand.call_as("POST", &url, Some("Application/JOSE+json; charset=utf-8"), signed.into_bytes()).await;
    assert_eq!(reply.problem(), is(400, "malformed"), "an order without identifiers");
}

/// The answer to a body that was sent before.
async fn again(stand: &Stand, url: &str, body: &Value) -> (u16, String) {
    stand.call("POST", url, &body.to_string()).await.problem()
}

#[tokio::test]
async fn a_nonce_is_good_for_one_request_of_whatever_account() {
    let stand = Stand::new();
    let (one, other) = (stand.client().await, stand.client().await);
    let url = format!("{BASE}/new-nonce");
    let body = one.signed(&stand, &url, None).await;
    assert_eq!(stand.call("POST", &url, &body.to_string()).await.status, 200);
    assert_eq!(again(&stand, &url, &body).await, is(400, "badNonce"), "reading spends, too");
    // Another account takes the nonce that was spent, and the one that was not.
    let (mut thief, nonce) = (other.acme.clone(), stand.nonce().await);
    thief.nonce = nonce.clone();
    assert_eq!(stand.call("POST", &url, &thief.read(&url).to_string()).await.status, 200);
    let mut late = one.acme.clone();
    late.nonce = nonce;
    assert_eq!(again(&stand, &url, &late.read(&url)).await, is(400, "badNonce"));
    // So does a request that brings its key.
    assert_eq!(
        again(
            &stand,
            &format!("{BASE}/new-account"),
            &late.request_with_key(&format!("{BASE}/new-account"), &json!({}))
        )
        .await,
        is(400, "badNonce")
    );
    // An hour later, the table has forgotten it, and it is too old.
    let old = one.signed(&stand, &url, None).await;
    stand.backend.advance(Duration::HOUR + Duration::SECOND);
    assert_eq!(again(&stand, &url, &old).await, is(400, "badNonce"));
    // The answer to badNonce has the nonce for the next attempt.
    let reply = stand.call("POST", &url, &old.to_string()).await;
    let mut acme = one.acme.clone();
    acme.nonce = reply.header("replay-nonce").to_owned();
    assert_eq!(stand.call("POST", &url, &acme.read(&url).to_string()).await.status, 200);
}

#[tokio::test]
async fn nobody_spends_the_nonces_of_others() {
    let stand = Stand::new();
    let client = stand.client().await;
    let url = format!("{BASE}/new-nonce");
    let spent = stand.backend.spent_nonces();
    let mut acme = client.acme.clone();
    acme.nonce = stand.nonce().await;
    // A stranger's signature, and a request for another URL, with a nonce that somebody else was given.
    let mut stranger = Client::stranger().acme;
    (stranger.nonce, stranger.account_url) = (acme.nonce.clone(), acme.account_url.clone());
    assert_eq!(again(&stand, &url, &stranger.read(&url)).await, is(400, "malformed"));
    assert_eq!(again(&stand, &url, &acme.read(&format!("{BASE}/new-order"))).await, is(403, "unauthorized"));
    assert_eq!(stand.backend.spent_nonces(), spent);
    assert_eq!(stand.call("POST", &url, &acme.read(&url).to_string()).await.status, 200);
    assert_eq!(stand.backend.spent_nonces(), spent + 1);
    // A nonce of another server, or none.
    for (nonce, kind) in [("bm9uY2U", "badNonce"), ("?", "malformed"), ("", "malformed")] {
        acme.nonce = nonce.to_owned();
        assert_eq!(again(&stand, &url, &acme.read(&url)).await, is(400, kind), "{nonce}");
    }
    assert_eq!(stand.backend.spent_nonces(), spent + 1);
}

#[tokio::test]
async fn of_fifty_requests_with_one_nonce_one_is_answered() {
    let stand = Stand::new();
    let client = stand.client().await;
    let url = format!("{BASE}/new-order");
    let body = client
        .signed(
            &stand,
            &url,
            Some(&json!({ "identifiers": [{ "type": "dns", "value": "www.example.com" }] })),
        )
        .await;
    let body = body.to_string();
    let calls = (0..50).map(|_| stand.call("POST", &url, &body));
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 400).count(), 49);
    assert_eq!(stand.backend.acme_orders().len(), 1);
}
