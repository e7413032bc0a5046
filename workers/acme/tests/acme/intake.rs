//! Orders whose requests are taken by the intake of all requests.

use std::sync::Arc;

use acme::intake::StandingRequests;
use pki::testing::csr;
use serde_json::json;
use workflow::request::Status;
use workflow::request::audit::{Actor, EventKind};
use workflow::testing::fixtures::standing_policy;

use crate::stand::{Client, Stand};

const NAME: [&str; 1] = ["www.example.com"];

/// A stand with the real intake.
fn stand() -> Stand {
    let mut stand = Stand::new();
    stand.server.intake = intake(&stand);
    stand
}

/// The real intake.
pub(crate) fn intake(stand: &Stand) -> Arc<StandingRequests> {
    let backend = &stand.backend;
    Arc::new(StandingRequests {
        requests: backend.clone(),
        standing: backend.clone(),
        policies: backend.clone(),
        issuers: backend.clone(),
        executions: backend.clone(),
        notify_queue: backend.clone(),
        links: backend.clone(),
        people: backend.clone(),
        base_url: stand.server.base_url.clone(),
        clock: backend.clone(),
    })
}

async fn with_order(stand: &Stand) -> (Client, String) {
    let client = stand.client().await;
    let (order, _) = client.order(stand, &NAME).await;
    (client, order)
}

#[tokio::test]
async fn the_csr_of_an_order_is_one_request_with_one_execution() {
    let stand = stand();
    let (client, order) = with_order(&stand).await;
    let csr = csr(&NAME);
    for _ in 0..3 {
        let waiting = client.finalize(&stand, &order, &csr).await;
        assert_eq!((waiting.status, &waiting.json()["status"]), (200, &json!("processing")), "{waiting:?}");
    }
    let row = &stand.backend.acme_orders()[0];
    let request = stand.backend.request(row.request_id()).unwrap();
    assert_eq!((request.status(), request.standing()), (Status::Submitted, Some(row.standing())));
    let approval = stand.backend.standing(row.standing()).unwrap();
    assert_eq!((request.email(), request.profile()), (approval.requester(), approval.profile()));
    assert_eq!((stand.requests().len(), stand.backend.executions().len()), (1, 1));
    assert!(stand.backend.rechecks().is_empty(), "nobody gets a mail");
    let event = stand.backend.audit(request.id()).remove(0);
    assert_eq!((event.event, event.actor), (EventKind::Submitted, Actor::requester(approval.requester())));
    stand.signer.sign(request.id());
    let done = client.read(&stand, &order).await.json();
    assert_eq!(done["status"], "valid");
    assert_eq!(client.read(&stand, done["certificate"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_race_of_fifty_csrs_is_one_request() {
    let stand = stand();
    let (client, order) = with_order(&stand).await;
    let csrs: Vec<String> = (0..50).map(|_| csr(&NAME)).collect();
    let calls = csrs.iter().map(|csr| client.finalize(&stand, &order, csr));
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!((stand.requests().len(), stand.backend.executions().len()), (1, 1));
}

#[tokio::test]
async fn what_the_policy_in_force_refuses_ends_the_order_in_words() {
    let stand = stand();
    let (client, order) = with_order(&stand).await;
    // The names of the profile changed after the order.
    let policy = standing_policy().replace("\"example.com\"", "\"example.invalid\"");
    stand.backend.set_policy(&policy);
    let ended = client.finalize(&stand, &order, &csr(&NAME)).await;
    assert_eq!((ended.status, &ended.json()["status"]), (200, &json!("invalid")), "{ended:?}");
    let detail = ended.json()["error"]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("was refused") && detail.contains("www.example.com"), "{detail}");
    assert!(stand.requests().is_empty());
}

#[tokio::test]
async fn a_standing_approval_that_ends_after_the_csr_was_reserved_ends_the_order() {
    let stand = stand();
    let (client, order) = with_order(&stand).await;
    // The intake does not answer at first.
    stand.backend.fail_next("issuers", 1);
    assert_eq!(client.finalize(&stand, &order, &csr(&NAME)).await.status, 500);
    let standing = stand.backend.acme_accounts()[0].standing();
    stand.end(standing).await;
    let ended = client.read(&stand, &order).await.json();
    assert_eq!(ended["status"], "invalid");
    assert!(ended["error"]["detail"].as_str().unwrap().contains("was ended"), "{ended}");
    assert!(stand.requests().is_empty());
}
