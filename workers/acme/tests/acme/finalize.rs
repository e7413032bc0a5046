//! Finalizing: one order, one request, one certificate.

use std::collections::BTreeSet;

use pki::testing::{CsrMaker, TestKey, csr, csr_with_bad_signature};
use serde_json::json;
use workflow::acme::OrderState;
use workflow::request::Status;

use crate::stand::{Client, Signing, Stand, is};

const NAME: [&str; 1] = ["www.example.com"];

async fn with_order(stand: &Stand) -> (Client, String) {
    let client = stand.client().await;
    let (order, _) = client.order(stand, &NAME).await;
    (client, order)
}

#[tokio::test]
async fn the_certificate_is_there_in_the_answer_to_the_csr() {
    let stand = Stand::new();
    let (client, order) = with_order(&stand).await;
    let csr = csr(&NAME);
    let done = client.finalize(&stand, &order, &csr).await;
    assert_eq!((done.status, &done.json()["status"]), (200, &json!("valid")), "{done:?}");
    assert_eq!(done.header("location"), order);
    assert_eq!(done.json()["certificate"], format!("{order}/certificate"));
    let row = &stand.backend.acme_orders()[0];
    assert!(matches!(row.state(), OrderState::Valid { .. }));
    let request = stand.backend.request(row.request_id()).unwrap();
    assert_eq!(request.standing(), Some(row.standing()));
    // A client repeats a request whose answer it did not get.
    for _ in 0..3 {
        let again = client.finalize(&stand, &order, &csr).await;
        assert_eq!((again.status, again.json()), (200, done.json()));
    }
    assert_eq!(*stand.signer.submitted.lock().unwrap(), [row.request_id()]);
    let other = client.finalize(&stand, &order, &pki::testing::csr(&NAME)).await;
    assert_eq!(other.problem(), is(403, "orderNotReady"));
    assert_eq!(stand.requests().len(), 1);
}

#[tokio::test]
async fn a_slow_certificate_is_waited_for_and_then_polled() {
    let stand = Stand::new();
    stand.signs(Signing::Slow);
    let (client, order) = with_order(&stand).await;
    let csr = csr(&NAME);
    for _ in 0..2 {
        let waiting = client.finalize(&stand, &order, &csr).await;
        assert_eq!((waiting.status, &waiting.json()["status"]), (200, &json!("processing")));
        assert_eq!(waiting.header("retry-after"), "2");
    }
    assert_eq!(client.read(&stand, &order).await.header("retry-after"), "2");
    let certificate = client.read(&stand, &format!("{order}/certificate")).await;
    assert_eq!(certificate.problem(), is(403, "orderNotReady"));
    let id = stand.backend.acme_orders()[0].request_id();
    assert_eq!(*stand.signer.submitted.lock().unwrap(), [id], "it is submitted once");
    stand.signer.sign(id);
    let done = client.read(&stand, &order).await;
    assert_eq!((&done.json()["status"], done.headers.get("retry-after")), (&json!("valid"), None));
}

#[tokio::test]
async fn a_certificate_that_comes_within_the_wait_is_in_the_answer() {
    let mut stand = Stand::new();
    stand.server.wait = acme::FinalizeWait { reads: 500, pause: std::time::Duration::from_millis(1) };
    stand.signs(Signing::Slow);
    let (client, order) = with_order(&stand).await;
    let csr = csr(&NAME);
    let signer = stand.signer.clone();
    let (done, ()) = tokio::join!(client.finalize(&stand, &order, &csr), async {
        loop {
            tokio::task::yield_now().await;
            let submitted = signer.submitted.lock().unwrap().first().copied();
            if let Some(id) = submitted.filter(|id| stand.backend.request(*id).is_some()) {
                return signer.sign(id);
            }
        }
    });
    assert_eq!(done.json()["status"], "valid");
}

#[tokio::test]
async fn a_request_that_ends_without_a_certificate_ends_its_order() {
    for (signing, status, text) in [
        (Signing::Ending(Status::Refused), 403, "not allowed"),
        (Signing::NotTaken, 403, "the key is denied"),
        (Signing::Ending(Status::Failed), 500, "operators"),
    ] {
        let stand = Stand::new();
        stand.signs(signing);
        let (client, order) = with_order(&stand).await;
        let csr = csr(&NAME);
        let ended = client.finalize(&stand, &order, &csr).await;
        assert_eq!((ended.status, &ended.json()["status"]), (200, &json!("invalid")), "{signing:?}");
        let error = ended.json()["error"].clone();
        assert_eq!(error["status"], status);
        assert!(error["detail"].as_str().unwrap().contains(text), "{error}");
        assert_eq!(client.read(&stand, &order).await.json(), ended.json());
        // The end of an order is final, also for the CSR that it had.
        stand.signs(Signing::AtOnce);
        assert_eq!(client.finalize(&stand, &order, &csr).await.problem(), is(403, "orderNotReady"));
    }
}

#[tokio::test]
async fn an_order_whose_request_was_not_stored_is_submitted_by_whoever_reads_it() {
    let stand = Stand::new();
    stand.signs(Signing::Broken);
    let (client, order) = with_order(&stand).await;
    let csr = csr(&NAME);
    assert_eq!(client.finalize(&stand, &order, &csr).await.problem(), is(500, "serverInternal"));
    assert!(stand.requests().is_empty());
    assert_eq!(client.read(&stand, &order).await.problem(), is(500, "serverInternal"));
    stand.signs(Signing::AtOnce);
    let first = client.read(&stand, &order).await.json();
    let then = client.read(&stand, &order).await.json();
    assert_eq!([&first["status"], &then["status"]], ["processing", "valid"]);
    let submitted: BTreeSet<_> = stand.signer.submitted.lock().unwrap().iter().copied().collect();
    assert_eq!((submitted.len(), stand.requests().len()), (1, 1));
}

/// Fifty calls at once, with one CSR or with fifty.
async fn race(csrs: usize) {
    let stand = Stand::new();
    let (client, order) = with_order(&stand).await;
    let csrs: Vec<String> = (0..csrs).map(|_| csr(&NAME)).collect();
    let calls = (0..50).map(|at| client.finalize(&stand, &order, &csrs[at % csrs.len()]));
    let answers = futures_util::future::join_all(calls).await;
    let taken: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    let refused = answers.iter().filter(|answer| answer.status == 403).count();
    assert_eq!((taken.len(), refused), if csrs.len() == 1 { (50, 0) } else { (1, 49) });
    let submitted: BTreeSet<_> = stand.signer.submitted.lock().unwrap().iter().copied().collect();
    assert_eq!(submitted.into_iter().collect::<Vec<_>>(), [stand.backend.acme_orders()[0].request_id()]);
    assert_eq!((stand.requests().len(), stand.backend.certificates().len()), (1, 1));
    assert_eq!(client.read(&stand, &order).await.json()["status"], "valid");
}

#[tokio::test]
async fn a_race_of_fifty_calls_with_one_csr_has_one_request() {
    race(1).await;
}

#[tokio::test]
async fn a_race_of_fifty_csrs_has_one_request() {
    race(50).await;
}

#[tokio::test]
async fn a_csr_has_the_names_of_its_order_and_nothing_else() {
    let stand = Stand::new();
    let (client, other) = (stand.client().await, stand.client().await);
    let names = ["www.example.com", "a.web.example.com"];
    let (order, _) = client.order(&stand, &names).await;
    let maker = || CsrMaker::new(TestKey::EcP256);
    let whole = || maker().names(&names);
    let bad = [
        ("one name less", maker().names(&names[..1]).pem()),
        ("one name more", whole().names(&["b.web.example.com"]).pem()),
        ("an e-mail address", whole().names(&["alice@example.com"]).pem()),
        ("another common name", whole().common_name("b.web.example.com").pem()),
        ("a common name that is no name", whole().common_name("Web Shop").pem()),
        ("an organisation", whole().subject_part("2.5.4.10", 12, b"Example").pem()),
        (
            "an e-mail address in the subject",
            whole().subject_part("1.2.840.113549.1.9.1", 22, b"a@example.com").pem(),
        ),
        ("the key of the account", whole().with_key(&client.acme.key).pem()),
        ("the key of another account", whole().with_key(&other.acme.key).pem()),
        ("a wrong signature", csr_with_bad_signature(&names)),
    ];
    for (what, csr_pem) in bad {
        let payload = json!({ "csr": member(&csr_pem) });
        let reply = client.post(&stand, &format!("{order}/finalize"), &payload).await;
        assert_eq!(reply.problem(), is(400, "badCSR"), "{what}");
    }
    for (what, payload) in [
        ("none", json!({})),
        ("a number", json!({ "csr": 7 })),
        ("PEM", json!({ "csr": csr(&names) })),
        ("padding", json!({ "csr": "AA==" })),
    ] {
        let reply = client.post(&stand, &format!("{order}/finalize"), &payload).await;
        assert_eq!(reply.problem(), is(400, "malformed"), "{what}");
    }
    assert!(stand.signer.submitted.lock().unwrap().is_empty());
    // None of them used the order up.
    let (reordered, no_subject) = (["a.web.example.com", "www.example.com"], "");
    let csr = maker().common_name(no_subject).names(&reordered).pem();
    assert_eq!(client.finalize(&stand, &order, &csr).await.json()["status"], "valid");
}

/// The DER of a CSR in PEM, as finalize has it; it may be a wrong one.
fn member(csr_pem: &str) -> String {
    let base64: String = csr_pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64.trim_end_matches('=').replace('+', "-").replace('/', "_")
}
