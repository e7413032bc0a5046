//! Accounts: their binding, their key, their end.

use pki::jose::MacAlgorithm;
use pki::testing::{TestKey, TestKeyPair};
use serde_json::{Value, json};

use crate::stand::{BASE, Client, Credential, Stand, TERMS, is};

#[tokio::test]
async fn an_account_is_bound_to_a_standing_approval_and_found_again_by_its_key() {
    let stand = Stand::new();
    let credential = stand.grant(TERMS).await;
    let mut client = Client::stranger();
    let payload = client.new_account(&credential);
    let made = client.post_new_account(&stand, &payload).await;
    assert_eq!(made.status, 201, "{made:?}");
    let account = made.json();
    assert_eq!(
        (&account["status"], &account["contact"]),
        (&json!("valid"), &json!(["mailto:alice@example.com"]))
    );
    // RFC 8555 section 7.3.4: the binding is echoed.
    assert_eq!(account["externalAccountBinding"], payload["externalAccountBinding"]);
    let url = made.header("location").to_owned();
    assert_eq!(account["orders"], format!("{url}/orders"));
    // Again, whatever the payload says.
    for payload in [payload, json!({ "onlyReturnExisting": true, "contact": 7 }), json!({})] {
        let again = client.post_new_account(&stand, &payload).await;
        assert_eq!((again.status, again.header("location")), (200, url.as_str()), "{again:?}");
    }
    client.acme.account_url = url.clone();
    assert_eq!(client.read(&stand, &url).await.json(), account);
    assert_eq!(stand.backend.acme_accounts().len(), 1);
    let row = &stand.backend.acme_accounts()[0];
    assert_eq!((row.standing(), row.key_id()), (credential.standing, credential.key_id.as_str()));
}

#[tokio::test]
async fn without_a_binding_there_is_no_account() {
    let stand = Stand::new();
    let client = Client::stranger();
    let none = client.post_new_account(&stand, &json!({})).await;
    assert_eq!(none.problem(), is(403, "externalAccountRequired"));
    let look = client.post_new_account(&stand, &json!({ "onlyReturnExisting": true })).await;
    assert_eq!(look.problem(), is(400, "accountDoesNotExist"));
    let bad = client.post_new_account(&stand, &json!({ "contact": ["tel:1"] })).await;
    assert_eq!(bad.problem(), is(400, "unsupportedContact"));
    assert!(stand.backend.acme_accounts().is_empty());
}

#[tokio::test]
async fn a_binding_that_is_not_by_the_latest_credential_gets_one_answer_whatever_is_wrong_with_it() {
    let stand = Stand::new();
    let former = stand.grant(TERMS).await;
    let latest = stand.credential(former.standing).await;
    let other = stand.grant(TERMS).await;
    let with = |key_id: &str, mac_key: &[u8]| Credential {
        key_id: key_id.to_owned(),
        mac_key: mac_key.to_vec(),
        standing: latest.standing,
    };
    let unknown = workflow::ids::RequestId::random();
    let mut answers = Vec::new();
    for (what, credential) in [
        ("a former number", former.clone()),
        ("a wrong key", with(&latest.key_id, &[7; 32])),
        ("the key of another number", with(&latest.key_id, &former.mac_key)),
        ("the key of another standing approval", with(&latest.key_id, &other.mac_key)),
        ("a number that comes later", with(&format!("{}.3", latest.standing), &latest.mac_key)),
        ("no standing approval", with(&format!("{unknown}.1"), &latest.mac_key)),
        ("no key id", with("grant-7", &latest.mac_key)),
        ("another spelling", with(&latest.key_id.to_uppercase(), &latest.mac_key)),
    ] {
        let client = Client::stranger();
        let reply = client.post_new_account(&stand, &client.new_account(&credential)).await;
        assert_eq!(reply.problem(), is(403, "unauthorized"), "{what}");
        answers.push(reply.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // The binding of another key, in a request that was overheard.
    let (victim, thief) = (Client::stranger(), Client::stranger());
    let stolen = victim.new_account(&latest);
    assert_eq!(thief.post_new_account(&stand, &stolen).await.problem(), is(400, "malformed"));
    assert!(stand.backend.acme_accounts().is_empty());
    Client::register(&stand, &latest).await;
}

#[tokio::test]
async fn each_algorithm_of_a_mac_is_read() {
    let stand = Stand::new();
    for algorithm in MacAlgorithm::ALL {
        let (credential, client) = (stand.grant(TERMS).await, Client::stranger());
        let mut payload = client.new_account(&credential);
        let url = format!("{BASE}/new-account");
        payload["externalAccountBinding"] =
            client.acme.binding(algorithm, &credential.key_id, &credential.mac_key, &url);
        assert_eq!(client.post_new_account(&stand, &payload).await.status, 201, "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_credential_has_one_account() {
    let stand = Stand::new();
    let credential = stand.grant(TERMS).await;
    let first = Client::register(&stand, &credential).await;
    let second = Client::stranger();
    let twice = second.post_new_account(&stand, &second.new_account(&credential)).await;
    assert_eq!(twice.problem(), is(403, "unauthorized"));
    // Nor after the account has another key, or is deactivated.
    let new_key = TestKeyPair::generate(TestKey::EcP256);
    let url = format!("{BASE}/key-change");
    assert_eq!(first.post(&stand, &url, &first.acme.key_change(&new_key, &url)).await.status, 200);
    let twice = second.post_new_account(&stand, &second.new_account(&credential)).await;
    assert_eq!(twice.problem(), is(403, "unauthorized"));
    // The next one has an account of its own, and the first account still works.
    let next = stand.credential(credential.standing).await;
    Client::register(&stand, &next).await;
    let mut first = first;
    first.acme.key = new_key;
    assert_eq!(first.try_order(&stand, &["www.example.com"]).await.status, 201);
    assert_eq!(stand.backend.acme_accounts().len(), 2);
}

#[tokio::test]
async fn of_fifty_accounts_by_one_credential_one_is_made() {
    let stand = Stand::new();
    let credential = stand.grant(TERMS).await;
    let clients: Vec<Client> = (0..25).map(|_| Client::stranger()).collect();
    // Each client sends its request twice.
    let calls = clients
        .iter()
        .chain(&clients)
        .map(async |client| client.post_new_account(&stand, &client.new_account(&credential)).await.status);
    let mut statuses = futures_util::future::join_all(calls).await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1]), (200, 201), "{statuses:?}");
    assert!(statuses[2..].iter().all(|status| *status == 403));
    assert_eq!(stand.backend.acme_accounts().len(), 1);
}

#[tokio::test]
async fn under_a_standing_approval_that_ended_there_are_no_new_accounts() {
    let stand = Stand::new();
    let credential = stand.grant(TERMS).await;
    stand.end(credential.standing).await;
    let client = Client::stranger();
    let reply = client.post_new_account(&stand, &client.new_account(&credential)).await;
    assert_eq!(reply.problem(), is(403, "unauthorized"));
    assert!(reply.body.contains("was ended"), "{}", reply.body);
}

#[tokio::test]
async fn contacts_change_and_a_deactivated_account_does_nothing_more() {
    let stand = Stand::new();
    let client = stand.client().await;
    let url = client.acme.account_url.clone();
    let (order, object) = client.order(&stand, &["www.example.com"]).await;
    let update = json!({ "contact": ["mailto:bob@example.com"], "status": "valid" });
    assert_eq!(client.post(&stand, &url, &update).await.json()["contact"], update["contact"]);
    assert_eq!(
        client.post(&stand, &url, &json!({ "contact": null })).await.json()["contact"],
        update["contact"]
    );
    let none = client.post(&stand, &url, &json!({ "contact": [] })).await.json();
    assert_eq!(none.get("contact"), None);
    let gone = client.post(&stand, &url, &json!({ "status": "deactivated" })).await;
    assert_eq!((gone.status, &gone.json()["status"]), (200, &json!("deactivated")));
    // RFC 8555 section 7.3.6: 401 for everything.
    let reads = [
        url.clone(),
        format!("{url}/orders"),
        order.clone(),
        object["authorizations"][0].as_str().unwrap().to_owned(),
    ];
    for url in reads {
        assert_eq!(client.read(&stand, &url).await.problem(), is(401, "unauthorized"), "{url}");
    }
    let new_key = TestKeyPair::generate(TestKey::EcP256);
    let key_change = format!("{BASE}/key-change");
    let payloads: [(String, Value); 4] = [
        (url.clone(), json!({ "status": "valid" })),
        (
            format!("{BASE}/new-order"),
            json!({ "identifiers": [{ "type": "dns", "value": "www.example.com" }] }),
        ),
        (key_change.clone(), client.acme.key_change(&new_key, &key_change)),
        (format!("{order}/finalize"), json!({ "csr": "AA" })),
    ];
    for (url, payload) in payloads {
        assert_eq!(client.post(&stand, &url, &payload).await.problem(), is(401, "unauthorized"), "{url}");
    }
    assert_eq!(client.post_new_account(&stand, &json!({})).await.problem(), is(401, "unauthorized"));
    // A stranger does not learn that it is deactivated.
    let mut stranger = Client::stranger();
    stranger.acme.account_url = url.clone();
    assert_eq!(stranger.read(&stand, &url).await.problem(), is(400, "malformed"));
}

#[tokio::test]
async fn a_new_key_takes_the_place_of_the_old_one() {
    let stand = Stand::new();
    let (mut client, other) = (stand.client().await, stand.client().await);
    let url = format!("{BASE}/key-change");
    // Not the key of another account: RFC 8555 section 7.3.5.
    let taken = client.post(&stand, &url, &client.acme.key_change(&other.acme.key, &url)).await;
    assert_eq!(taken.problem(), is(409, "malformed"));
    assert_eq!(taken.header("location"), other.acme.account_url);
    for kind in [TestKey::Ed25519, TestKey::Rsa2048, TestKey::EcP384] {
        let (before, new_key) = (client.clone(), TestKeyPair::generate(kind));
        let changed = client.post(&stand, &url, &client.acme.key_change(&new_key, &url)).await;
        assert_eq!((changed.status, &changed.json()["status"]), (200, &json!("valid")));
        client.acme.key = new_key;
        assert_eq!(client.read(&stand, &client.acme.account_url).await.status, 200);
        assert_ne!(
            before.read(&stand, &client.acme.account_url).await.status,
            200,
            "the old key signs no more"
        );
        // The old key is free again, and without an account.
        let look = before.post_new_account(&stand, &json!({ "onlyReturnExisting": true })).await;
        assert_eq!(look.problem(), is(400, "accountDoesNotExist"));
        let found = client.post_new_account(&stand, &json!({ "onlyReturnExisting": true })).await;
        assert_eq!(found.header("location"), client.acme.account_url);
    }
    assert_eq!(other.read(&stand, &other.acme.account_url).await.status, 200);
}
