//! Ports that fail: the client comes again, and nothing is done twice.

use pki::testing::csr;
use serde_json::json;
use workflow::testing::FaultPoint;

use crate::stand::{BASE, Client, Stand, TERMS, identifiers, is};

const NAME: [&str; 1] = ["www.example.com"];

#[tokio::test]
async fn a_port_that_fails_is_a_fault_of_the_server_and_costs_a_nonce_at_most() {
    for port in ["acme", "standing", "policies", "links"] {
        let stand = Stand::new();
        let client = stand.client().await;
        let url = format!("{BASE}/new-order");
        let signed = client.signed(&stand, &url, Some(&json!({ "identifiers": identifiers(&NAME) }))).await;
        stand.backend.fail_next(port, 1);
        let reply = stand.call("POST", &url, &signed.to_string()).await;
        assert_eq!(reply.problem(), is(500, "serverInternal"), "{port}");
        assert!(!reply.body.contains("injected"), "{}", reply.body);
        assert!(stand.backend.acme_orders().is_empty());
        assert_eq!(client.try_order(&stand, &NAME).await.status, 201, "{port}");
    }
}

/// The whole way, with one call of a port that fails, before or after its effect: clients repeat what failed, as certbot does,
/// and there is one account, one request and one certificate.
#[tokio::test]
async fn one_fault_anywhere_changes_nothing() {
    let way = async |stand: &Stand, fault: Option<(usize, FaultPoint)>| {
        let credential = stand.grant(TERMS).await;
        let mut client = Client::stranger();
        let first = stand.backend.calls().len();
        if let Some((call, point)) = fault {
            stand.backend.fail_at(first + call, point);
        }
        let payload = client.new_account(&credential);
        let mut made = client.post_new_account(stand, &payload).await;
        if made.status == 500 {
            made = client.post_new_account(stand, &payload).await;
        }
        client.acme.account_url = made.header("location").to_owned();
        let mut ordered = client.try_order(stand, &NAME).await;
        if ordered.status == 500 {
            ordered = client.try_order(stand, &NAME).await;
        }
        let (order, csr) = (ordered.header("location").to_owned(), csr(&NAME));
        let mut done = client.finalize(stand, &order, &csr).await;
        if done.status == 500 {
            done = client.finalize(stand, &order, &csr).await;
        }
        assert_eq!(done.json()["status"], "valid", "{fault:?} {done:?}");
        let mut read = client.read(stand, &format!("{order}/certificate")).await;
        if read.status == 500 {
            read = client.read(stand, &format!("{order}/certificate")).await;
        }
        assert_eq!(read.status, 200, "{fault:?} {read:?}");
        stand.backend.calls().len() - first
    };
    let calls = way(&Stand::new(), None).await;
    assert!(calls > 25, "{calls}");
    for call in 0..calls {
        for point in [FaultPoint::Before, FaultPoint::After] {
            let stand = Stand::new();
            way(&stand, Some((call, point))).await;
            let rows = (
                stand.backend.acme_accounts().len(),
                stand.requests().len(),
                stand.backend.certificates().len(),
            );
            assert_eq!(rows, (1, 1, 1), "{call} {point:?}");
        }
    }
}
