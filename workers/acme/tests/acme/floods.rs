//! Clients that order again and again.

use std::collections::BTreeMap;

use serde_json::json;
use time::Duration;
use workflow::acme::OrderLimits;

use crate::stand::{BASE, Stand, identifiers, is};

/// Ten thousand orders of one account, in ten minutes: as many are made as the limit has, and each other one is told how long
/// to wait. Other accounts notice nothing.
#[tokio::test]
async fn ten_thousand_orders_of_one_account_reach_its_limit() {
    let mut stand = Stand::new();
    stand.server.limits = OrderLimits { open: OrderLimits::DEFAULT.hourly, ..OrderLimits::DEFAULT };
    let (client, other) = (stand.client().await, stand.client().await);
    let (url, payload) =
        (format!("{BASE}/new-order"), json!({ "identifiers": identifiers(&["www.example.com"]) }));
    let mut statuses = BTreeMap::<u16, usize>::new();
    for number in 0..10_000 {
        let reply = client.post(&stand, &url, &payload).await;
        *statuses.entry(reply.status).or_default() += 1;
        if reply.status == 429 {
            assert_eq!(reply.problem(), is(429, "rateLimited"));
            let wait: i64 = reply.header("retry-after").parse().unwrap();
            assert!((1..=3600).contains(&wait), "{wait}");
        }
        stand.backend.advance(Duration::milliseconds(60));
        if number == 5_000 {
            assert_eq!(other.try_order(&stand, &["www.example.com"]).await.status, 201);
        }
    }
    let limit = OrderLimits::DEFAULT.hourly;
    assert_eq!(statuses, BTreeMap::from([(201, limit), (429, 10_000 - limit)]));
    // Who waits as long as it was told goes on.
    let reply = client.post(&stand, &url, &payload).await;
    let wait: i64 = reply.header("retry-after").parse().unwrap();
    stand.backend.advance(Duration::seconds(wait));
    // They are open still, but for one that has to be finalized.
    let open = client.post(&stand, &url, &payload).await;
    assert_eq!(open.problem(), is(429, "rateLimited"));
}

#[tokio::test]
async fn orders_that_are_never_finalized_reach_a_limit_and_finalized_ones_do_not() {
    let mut stand = Stand::new();
    stand.server.limits = OrderLimits { hourly: 8, open: 3 };
    let client = stand.client().await;
    for _ in 0..3 {
        client.order(&stand, &["www.example.com"]).await;
    }
    let reply = client.try_order(&stand, &["www.example.com"]).await;
    assert_eq!((reply.problem(), reply.header("retry-after")), (is(429, "rateLimited"), "3600"));
    assert!(reply.body.contains("wait for a CSR"), "{}", reply.body);
    let orders = client.read(&stand, &format!("{}/orders", client.acme.account_url)).await.json();
    for order in orders["orders"].as_array().unwrap() {
        let csr = pki::testing::csr(&["www.example.com"]);
        let done = client.finalize(&stand, order.as_str().unwrap(), &csr).await;
        assert_eq!(done.json()["status"], "valid");
    }
    for _ in 0..5 {
        client.certificate(&stand, &["www.example.com"]).await;
    }
    let reply = client.try_order(&stand, &["www.example.com"]).await;
    assert_eq!(reply.problem(), is(429, "rateLimited"));
    assert!(reply.body.contains("in an hour"), "{}", reply.body);
    stand.backend.advance(Duration::seconds(reply.header("retry-after").parse().unwrap()));
    client.certificate(&stand, &["www.example.com"]).await;
}
