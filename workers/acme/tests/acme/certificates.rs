//! Certificates with their chains, and when to renew them.

use pki::acme::RenewalCertId;
use pki::certificate::{Certificate, to_pem};
use pki::crl::RevocationReason;
use pki::testing::{CaMaker, TestKey};
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use workflow::ports::Executions as _;
use workflow::request::audit::EventKind;
use workflow::request::{RevocationOrder, revocation_execution_name};

use crate::stand::{BASE, Client, Stand, TERMS, is};

const NAME: [&str; 1] = ["www.example.com"];

/// The certificates of a chain.
pub(crate) fn certificates(chain: &str) -> Vec<Certificate> {
    let blocks = chain.split_inclusive("-----END CERTIFICATE-----");
    blocks
        .filter(|block| block.contains("BEGIN"))
        .map(|block| Certificate::from_pem(block.trim()).unwrap())
        .collect()
}

/// The name of the certificate of a chain in renewals.
pub(crate) fn renewal_id(chain: &str) -> String {
    RenewalCertId::of(&certificates(chain)[0]).unwrap().to_string()
}

#[tokio::test]
async fn a_certificate_is_handed_out_with_its_chain_and_that_is_recorded() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (order, chain) = client.certificate(&stand, &NAME).await;
    let all = certificates(&chain);
    assert_eq!(all.len(), 2, "the certificate, and the root that issued it");
    assert_eq!(all[0].names().unwrap(), NAME);
    stand.backend.issuer_certificate().verify(all[0].der()).unwrap();
    let reply = client.read(&stand, &format!("{order}/certificate")).await;
    assert_eq!(reply.header("content-type"), "application/pem-certificate-chain");
    assert_eq!(reply.body, chain);
    assert!(reply.links("alternate").is_empty());
    let none = client.read(&stand, &format!("{order}/certificate/1")).await;
    assert_eq!(none.problem(), is(404, "malformed"));
    let request = stand.backend.acme_orders()[0].request_id();
    let downloads =
        stand.backend.audit(request).into_iter().filter(|event| event.event == EventKind::Downloaded);
    assert_eq!(downloads.count(), 2);
}

#[tokio::test]
async fn a_ca_certificate_that_was_renewed_is_another_chain() {
    let stand = Stand::new();
    let maker = CaMaker::new(TestKey::EcP256);
    let (age, life) =
        (OffsetDateTime::now_utc() - stand.server.clock.now() + Duration::days(30), Duration::days(3650));
    let (first, renewed) = (maker.clone().lifetime(age, life), maker.lifetime(age, life * 2));
    stand.backend.rotate_to(&first.self_signed());
    let client = stand.client().await;
    let (order, chain) = client.certificate(&stand, &NAME).await;
    stand.backend.rotate_to(&renewed.self_signed());
    let reply = client.read(&stand, &format!("{order}/certificate")).await;
    let other = format!("{order}/certificate/1");
    assert_eq!(reply.links("alternate"), std::slice::from_ref(&other));
    let alternate = client.read(&stand, &other).await;
    assert_eq!(alternate.links("alternate"), [format!("{order}/certificate")]);
    assert_eq!(alternate.body, chain, "the chain from before");
    let (chains, leaf) =
        ([certificates(&reply.body), certificates(&alternate.body)], certificates(&chain).remove(0));
    assert!(chains.iter().all(|chain| chain.len() == 2 && chain[0] == leaf));
    assert_ne!(chains[0][1], chains[1][1]);
    let none = client.read(&stand, &format!("{order}/certificate/2")).await;
    assert_eq!(none.problem(), is(404, "malformed"));
}

async fn window(stand: &Stand, id: &str) -> (OffsetDateTime, i64) {
    let reply = stand.call_as("GET", &format!("{BASE}/renewal-info/{id}"), None, Vec::new()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let start = reply.json()["suggestedWindow"]["start"].as_str().unwrap().to_owned();
    (OffsetDateTime::parse(&start, &Rfc3339).unwrap(), reply.header("retry-after").parse().unwrap())
}

#[tokio::test]
async fn a_certificate_is_renewed_in_time_and_a_revoked_one_at_once() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (_, chain) = client.certificate(&stand, &NAME).await;
    let (id, leaf) = (renewal_id(&chain), certificates(&chain).remove(0));
    let now = stand.server.clock.now();
    let (start, retry_after) = window(&stand, &id).await;
    assert!(start > now + Duration::days(30) && start < leaf.not_after(), "{start}");
    assert!((60..=86_400).contains(&retry_after));
    let head = stand.call_as("HEAD", &format!("{BASE}/renewal-info/{id}"), None, Vec::new()).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let request = stand.backend.acme_orders()[0].request_id();
    let mut row = stand.backend.request(request).unwrap();
    let order = RevocationOrder { reason: RevocationReason::KeyCompromise, comment: None };
    let (by, arn) = (
        workflow::request::audit::Actor::key_holder(),
        stand.backend.arn(&revocation_execution_name(request, 1)),
    );
    row.accept_revocation(&order, &by, arn, now).unwrap();
    stand.backend.put(row);
    assert!(window(&stand, &id).await.0 < now);
}

#[tokio::test]
async fn a_certificate_of_a_former_key_of_the_ca_is_renewed_at_once() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (_, chain) = client.certificate(&stand, &NAME).await;
    let (id, now) = (renewal_id(&chain), stand.server.clock.now());
    let age = OffsetDateTime::now_utc() - now + Duration::days(30);
    stand.backend.rotate_to(&CaMaker::new(TestKey::EcP384).lifetime(age, Duration::days(3650)).self_signed());
    assert!(window(&stand, &id).await.0 < now);
    let (_, chain) = client.certificate(&stand, &NAME).await;
    assert!(window(&stand, &renewal_id(&chain)).await.0 > now, "not again");
}

#[tokio::test]
async fn in_the_last_days_of_a_standing_approval_a_certificate_is_renewed_once() {
    let stand = Stand::new();
    let credential = stand.grant(&TERMS.replace("60", "30")).await;
    let client = Client::register(&stand, &credential).await;
    let (_, chain) = client.certificate(&stand, &NAME).await;
    let id = renewal_id(&chain);
    stand.backend.advance(Duration::days(23) - Duration::SECOND);
    assert!(window(&stand, &id).await.0 > stand.server.clock.now());
    stand.backend.advance(Duration::SECOND);
    let now = stand.server.clock.now();
    assert!(window(&stand, &id).await.0 < now, "the last chance");
    let (_, chain) = client.certificate(&stand, &NAME).await;
    assert!(window(&stand, &renewal_id(&chain)).await.0 > now, "not for ever");
    stand.backend.advance(Duration::days(7));
    assert!(window(&stand, &id).await.0 > now, "there is nobody to renew it any more");
}

#[tokio::test]
async fn certificates_that_are_unknown_have_no_window() {
    let stand = Stand::new();
    let client = stand.client().await;
    let (_, chain) = client.certificate(&stand, &NAME).await;
    let id = renewal_id(&chain);
    // The serial number below another CA.
    let other_ca = format!("AAAA.{}", id.split_once('.').unwrap().1);
    for (id, status) in
        [("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", 404), (other_ca.as_str(), 404), ("x", 400), (".", 400)]
    {
        let reply = stand.call_as("GET", &format!("{BASE}/renewal-info/{id}"), None, Vec::new()).await;
        assert_eq!(reply.problem(), is(status, "malformed"), "{id}");
    }
    let post = stand.call("POST", &format!("{BASE}/renewal-info/{id}"), "").await;
    assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD"));
    // A certificate in the archive that no request has.
    let ca = CaMaker::new(TestKey::EcP256);
    let leaf =
        Certificate::from_der(CaMaker::new(TestKey::EcP256).not_a_ca().serial(&[0x41, 7]).der_below(&ca))
            .unwrap();
    stand.backend.put_certificate(leaf.serial(), &to_pem(leaf.der()));
    let id = RenewalCertId::of(&leaf).unwrap();
    let reply = stand.call_as("GET", &format!("{BASE}/renewal-info/{id}"), None, Vec::new()).await;
    assert_eq!(reply.problem(), is(404, "malformed"));
    assert_eq!(json!(reply.status), reply.json()["status"]);
}
