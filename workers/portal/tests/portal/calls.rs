//! The AWS calls of each page: printed, and never a scan.

use workflow::approval::LinkGiven;
use workflow::ports::{Clock, LinkSecrets};
use workflow::request::Status;

use crate::site::Site;

#[tokio::test]
#[allow(clippy::print_stdout)] // The list is what the test is read for.
async fn pages_answer_from_single_reads() {
    let site = Site::new();
    let (id, review) = site.pending();
    let (_, waiting) = site.request_at(Status::PendingApproval).await;
    site.entered("shop.example.com", Status::Delivered).await;
    let own = site.entered("shop.example.com", Status::PendingApproval).await;
    let mailed = site.status_path(own.id(), LinkGiven::ByMail).await;
    let (delivered, ready) = site.request_at(Status::Delivered).await;
    let secret = site.backend.secret().await.unwrap();
    let key = secret.overview_key(id, site.backend.now() + time::Duration::HOUR).expose().to_owned();
    // Only the first opening of a review writes to the audit trail.
    site.browse(&review).await.is_page(200);
    println!("| page | calls | of |\n| --- | ---: | --- |");
    for (name, path) in [
        ("form", "/".to_owned()),
        ("review, one name", review),
        ("status, waiting", waiting),
        ("status, waiting, by the mailed link", mailed),
        ("status, delivered", ready),
        ("my certificates", format!("/mine/{key}")),
        ("commands", "/commands?names=www.example.com".to_owned()),
        ("a key in the browser", "/new".to_owned()),
        ("trusting the CA", "/trust".to_owned()),
    ] {
        let before = site.backend.calls().len();
        site.browse(&path).await.is_page(200);
        let calls = site.backend.calls()[before..].to_vec();
        assert!(!calls.iter().any(|call| call == "requests: list"), "{name}: {calls:?}");
        assert!(
            calls.iter().all(|call| !call.contains("save") && !call.contains("create")),
            "{name}: {calls:?}"
        );
        // The process caches the policy.
        let others = calls.iter().filter(|call| *call != "policies: current").count();
        assert!(others <= 8, "{name}: {calls:?}");
        println!("| {name} | {} | {} |", calls.len(), calls.join(", "));
    }
    assert!(site.backend.request(delivered.id()).is_some());
}

#[tokio::test]
async fn a_vote_evaluates_the_request_once() {
    let site = Site::new();
    let (id, link) = site.pending();
    let digest = site.shown(id);
    for (digest, status) in [("stale", 409), (&digest, 200)] {
        let before = site.backend.calls().len();
        site.submit(&link, &[("decision", "approve"), ("digest", digest)]).await.is_page(status);
        let calls = site.backend.calls()[before..].to_vec();
        let evaluations = calls.iter().filter(|call| *call == "issuers: in force").count();
        assert_eq!(evaluations, 1, "{calls:?}");
    }
}
