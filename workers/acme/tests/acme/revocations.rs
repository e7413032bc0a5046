//! Revocations, by account and by the key of the certificate.

use pki::base64url::Base64Url;
use pki::crl::RevocationReason;
use pki::testing::{AcmeClient, CsrMaker, TestKey, TestKeyPair};
use serde_json::{Value, json};

use crate::certificates::certificates;
use crate::stand::{BASE, Client, Stand, is};

const NAME: [&str; 1] = ["www.example.com"];

fn payload(chain: &str, reason: Option<u64>) -> Value {
    let leaf = certificates(chain).remove(0);
    let mut payload = json!({ "certificate": Base64Url(leaf.der().to_vec()).to_string() });
    if let Some(reason) = reason {
        payload["reason"] = reason.into();
    }
    payload
}

fn url() -> String {
    format!("{BASE}/revoke-cert")
}

/// A certificate of a key that the test has.
async fn with_key(stand: &Stand, client: &Client) -> (TestKeyPair, String) {
    let key = TestKeyPair::generate(TestKey::EcP256);
    let (order, _) = client.order(stand, &NAME).await;
    let csr = CsrMaker::new(TestKey::EcP256).names(&NAME).with_key(&key).pem();
    assert_eq!(client.finalize(stand, &order, &csr).await.json()["status"], "valid");
    (key, client.read(stand, &format!("{order}/certificate")).await.body)
}

fn holder(key: TestKeyPair) -> Client {
    let mut client = Client::stranger();
    client.acme = AcmeClient { key, ..client.acme };
    client
}

fn reasons(stand: &Stand) -> Vec<RevocationReason> {
    let requests = stand.requests();
    requests.iter().filter_map(|request| request.revocation().map(|revocation| revocation.reason)).collect()
}

#[tokio::test]
async fn an_account_revokes_its_certificates_once() {
    let stand = Stand::new();
    let (client, other) = (stand.client().await, stand.client().await);
    let (_, chain) = client.certificate(&stand, &NAME).await;
    assert_eq!(
        other.post(&stand, &url(), &payload(&chain, Some(1))).await.problem(),
        is(403, "unauthorized")
    );
    // privilegeWithdrawn is not for requesters; 7 and 11 are no reasons.
    for reason in [9, 7, 11] {
        let reply = client.post(&stand, &url(), &payload(&chain, Some(reason))).await;
        assert_eq!(reply.problem(), is(400, "badRevocationReason"), "{reason}");
        assert!(reply.body.contains("(superseded)"), "{}", reply.body);
    }
    assert!(reasons(&stand).is_empty());
    let done = client.post(&stand, &url(), &payload(&chain, Some(4))).await;
    assert_eq!((done.status, done.body.as_str()), (200, ""));
    let again = client.post(&stand, &url(), &payload(&chain, Some(1))).await;
    assert_eq!(again.problem(), is(400, "alreadyRevoked"));
    assert_eq!(reasons(&stand), [RevocationReason::Superseded]);
    assert_eq!(stand.backend.executions().len(), 1);
}

#[tokio::test]
async fn the_key_of_a_certificate_revokes_it_without_an_account() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (key, chain) = with_key(&stand, &client).await;
    let stranger = Client::stranger();
    let reply = stranger.post_with_key(&stand, &url(), &payload(&chain, Some(1))).await;
    assert_eq!(reply.problem(), is(403, "unauthorized"));
    let done = holder(key).post_with_key(&stand, &url(), &payload(&chain, None)).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(reasons(&stand), [RevocationReason::Unspecified]);
}

#[tokio::test]
async fn a_certificate_that_was_not_issued_like_this_is_unknown() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (key, chain) = with_key(&stand, &client).await;
    // The same serial number and key, in a certificate of somebody else.
    let leaf = certificates(&chain).remove(0);
    let ca = pki::testing::CaMaker::new(TestKey::EcP256);
    let maker = pki::testing::CaMaker::new(TestKey::EcP256).named("leaf").not_a_ca().key(&key);
    let forged = pki::certificate::to_pem(&maker.serial(leaf.serial().octets()).der_below(&ca));
    let mut answers = Vec::new();
    for reply in [
        holder(key.clone()).post_with_key(&stand, &url(), &payload(&forged, Some(1))).await,
        client.post(&stand, &url(), &payload(&forged, Some(1))).await,
        Client::stranger().post_with_key(&stand, &url(), &payload(&chain, Some(1))).await,
    ] {
        assert_eq!(reply.problem(), is(403, "unauthorized"));
        answers.push(reply.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    for (what, payload) in [
        ("none", json!({})),
        ("PEM", json!({ "certificate": chain })),
        ("no certificate", json!({ "certificate": "AAAA" })),
        ("a wrong reason", json!({ "certificate": "AAAA", "reason": "keyCompromise" })),
    ] {
        assert_eq!(client.post(&stand, &url(), &payload).await.problem(), is(400, "malformed"), "{what}");
    }
    assert!(reasons(&stand).is_empty());
}

#[tokio::test]
async fn a_certificate_that_was_not_ordered_by_acme_is_of_no_account() {
    let stand = Stand::new();
    let client = stand.client().await;
    let id = stand.backend.request_with_certificate(workflow::request::Status::Delivered);
    let serial = stand.backend.request(id).unwrap().serial().unwrap().to_string();
    let pem = stand.backend.certificates()[&serial].clone();
    let reply = client.post(&stand, &url(), &payload(&pem, Some(4))).await;
    assert_eq!(reply.problem(), is(403, "unauthorized"));
}
