//! Who may do what to whose objects: each cell of the matrix, each with a signature and a nonce that are right.

use pki::testing::{TestKey, TestKeyPair, csr};
use serde_json::{Value, json};

use crate::certificates::certificates;
use crate::stand::{BASE, Client, Reply, Stand, TERMS, identifiers, is};

const NAME: [&str; 1] = ["www.example.com"];

/// What a request would do to the object of its URL.
struct Act {
    what: &'static str,
    url: String,
    /// None: POST-as-GET.
    payload: Option<Value>,
}

fn act(what: &'static str, url: impl Into<String>, payload: Option<Value>) -> Act {
    Act { what, url: url.into(), payload }
}

async fn send(stand: &Stand, client: &Client, act: &Act) -> Reply {
    let signed = client.signed(stand, &act.url, act.payload.as_ref()).await;
    stand.call("POST", &act.url, &signed.to_string()).await
}

/// Everything that can be done to the objects of an account: a waiting order, and a valid one.
async fn acts(stand: &Stand, owner: &Client) -> Vec<Act> {
    let (order, object) = owner.order(stand, &NAME).await;
    let (valid, chain) = owner.certificate(stand, &NAME).await;
    let account = owner.acme.account_url.clone();
    let authorization = object["authorizations"][0].as_str().unwrap();
    let leaf = certificates(&chain).remove(0);
    let certificate = pki::base64url::Base64Url(leaf.der().to_vec()).to_string();
    let give_up = json!({ "status": "deactivated" });
    let finalize = json!({ "csr": crate::stand::csr_member(&csr(&NAME)) });
    vec![
        act("account", &account, None),
        act("contact", &account, Some(json!({ "contact": ["mailto:eve@example.com"] }))),
        act("orders", format!("{account}/orders"), None),
        act("older orders", format!("{account}/orders?before={}", order.rsplit('/').next().unwrap()), None),
        act("order", &order, None),
        act("valid order", &valid, None),
        act("authorization", authorization, None),
        act("challenge", format!("{authorization}/http-01"), Some(json!({}))),
        act("challenge, read", format!("{authorization}/dns-01"), None),
        act("certificate", format!("{valid}/certificate"), None),
        act("alternate chain", format!("{valid}/certificate/1"), None),
        act(
            "revoke",
            format!("{BASE}/revoke-cert"),
            Some(json!({ "certificate": certificate, "reason": 4 })),
        ),
        act("finalize", format!("{order}/finalize"), Some(finalize)),
        act("give up", authorization, Some(give_up)),
        act("deactivate", &account, Some(json!({ "status": "deactivated" }))),
    ]
}

#[tokio::test]
async fn nobody_reads_or_changes_the_objects_of_another_account() {
    let stand = Stand::new();
    let credential = stand.grant(TERMS).await;
    let owner = Client::register(&stand, &credential).await;
    // Another account, of the same standing approval and of another one.
    let same_grant = Client::register(&stand, &stand.credential(credential.standing).await).await;
    let other_grant = stand.client().await;
    let acts = acts(&stand, &owner).await;
    for act in &acts {
        for stranger in [&same_grant, &other_grant] {
            let reply = send(&stand, stranger, act).await;
            assert_eq!(reply.problem(), is(403, "unauthorized"), "{}", act.what);
            assert!(!reply.body.contains("www.example.com"), "{}", reply.body);
        }
    }
    // Each of them was right but for its account: the owner may do all of it.
    for act in &acts {
        let reply = send(&stand, &owner, act).await;
        let expected = if act.what == "alternate chain" { 404 } else { 200 };
        assert_eq!(reply.status, expected, "{}: {reply:?}", act.what);
    }
    assert_eq!(acts.len(), 15);
}

#[tokio::test]
async fn the_objects_of_others_and_those_that_are_not_there_get_one_answer() {
    let stand = Stand::new();
    let (owner, stranger) = (stand.client().await, stand.client().await);
    let (order, _) = owner.order(&stand, &NAME).await;
    let id = order.rsplit('/').next().unwrap();
    let unknown = "0".repeat(id.len());
    for path in [
        "order/ID",
        "order/ID/certificate",
        "order/ID/certificate/1",
        "authorization/ID/0",
        "authorization/ID/9",
        "authorization/ID/0/http-01",
    ] {
        let read =
            async |id: &str| stranger.read(&stand, &format!("{BASE}/{}", path.replace("ID", id))).await.body;
        assert_eq!(read(id).await, read(&unknown).await, "{path}");
    }
}

#[tokio::test]
async fn the_key_of_another_account_does_not_sign_for_this_one() {
    let stand = Stand::new();
    let (owner, mut thief) = (stand.client().await, stand.client().await);
    let acts = acts(&stand, &owner).await;
    thief.acme.account_url = owner.acme.account_url.clone();
    for act in &acts {
        assert_eq!(send(&stand, &thief, act).await.problem(), is(400, "malformed"), "{}", act.what);
    }
    // Nor does an account that is not there, or is elsewhere.
    for url in [
        format!("{BASE}/account/{}", "0".repeat(32)),
        format!("{BASE}/account/x"),
        "https://elsewhere.example.com/acme/account/1".into(),
        String::new(),
    ] {
        thief.acme.account_url = url.clone();
        let reply = send(&stand, &thief, &acts[0]).await;
        assert_eq!(reply.problem(), is(400, "accountDoesNotExist"), "{url}");
    }
}

#[tokio::test]
async fn a_request_for_one_url_is_no_request_for_another() {
    let stand = Stand::new();
    let owner = stand.client().await;
    let acts = acts(&stand, &owner).await;
    for act in &acts {
        // Each signed request, at the URL of each other.
        for other in acts.iter().filter(|other| other.url != act.url) {
            let signed = owner.signed(&stand, &act.url, act.payload.as_ref()).await;
            let reply = stand.call("POST", &other.url, &signed.to_string()).await;
            assert_eq!(reply.problem(), is(403, "unauthorized"), "{} at {}", act.what, other.what);
        }
    }
    // Nor is the host a matter of the request.
    let mut acme = owner.acme.clone();
    acme.nonce = stand.nonce().await;
    let elsewhere = acme.read("https://elsewhere.example.com/live/acme/new-nonce");
    let reply = stand.call("POST", &format!("{BASE}/new-nonce"), &elsewhere.to_string()).await;
    assert_eq!(reply.problem(), is(403, "unauthorized"));
}

#[tokio::test]
async fn only_new_accounts_and_revocations_bring_their_key() {
    let stand = Stand::new();
    let owner = stand.client().await;
    let acts = acts(&stand, &owner).await;
    for act in acts.iter().filter(|act| act.what != "revoke") {
        let payload = act.payload.clone().unwrap_or(json!({}));
        let reply = owner.post_with_key(&stand, &act.url, &payload).await;
        assert_eq!(reply.problem(), is(400, "malformed"), "{}", act.what);
    }
    let by_account = owner.post(&stand, &format!("{BASE}/new-account"), &json!({})).await;
    assert_eq!(by_account.problem(), is(400, "malformed"));
}

#[tokio::test]
async fn a_key_is_changed_by_the_account_that_both_keys_name() {
    let stand = Stand::new();
    let (owner, other) = (stand.client().await, stand.client().await);
    let url = format!("{BASE}/key-change");
    let new_key = TestKeyPair::generate(TestKey::EcP256);
    // The inner request is of another account, or names its key as the old one.
    let foreign = other.acme.key_change(&new_key, &url);
    assert_eq!(owner.post(&stand, &url, &foreign).await.problem(), is(400, "malformed"));
    let mut mixed = owner.acme.clone();
    mixed.key = other.acme.key.clone();
    assert_eq!(
        owner.post(&stand, &url, &mixed.key_change(&new_key, &url)).await.problem(),
        is(400, "malformed")
    );
    // For another URL.
    let elsewhere = owner.acme.key_change(&new_key, &format!("{BASE}/new-order"));
    assert_eq!(owner.post(&stand, &url, &elsewhere).await.problem(), is(400, "malformed"));
    // The same key again.
    let same = owner.acme.key_change(&owner.acme.key, &url);
    assert_eq!(owner.post(&stand, &url, &same).await.problem(), is(400, "malformed"));
    assert_eq!(owner.read(&stand, &owner.acme.account_url).await.status, 200);
}

#[tokio::test]
async fn an_account_orders_the_names_of_its_own_standing_approval_only() {
    let stand = Stand::new();
    let one = stand.client().await;
    let terms = TERMS.replace(".web.example.com", ".api.example.com");
    let two = Client::register(&stand, &stand.grant(&terms).await).await;
    for (client, own, foreign) in
        [(&one, "a.web.example.com", "a.api.example.com"), (&two, "a.api.example.com", "a.web.example.com")]
    {
        assert_eq!(client.try_order(&stand, &[own]).await.status, 201);
        assert_eq!(client.try_order(&stand, &[own, foreign]).await.problem(), is(403, "rejectedIdentifier"));
        let payload = json!({ "identifiers": identifiers(&[foreign]) });
        let reply = client.post(&stand, &format!("{BASE}/new-order"), &payload).await;
        assert_eq!(reply.problem(), is(403, "rejectedIdentifier"));
    }
}
