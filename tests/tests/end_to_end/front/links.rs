//! Links: GET changes nothing, and invalid links give no reason.

use end_to_end::{Stack, Submission, csr_for, unique_host};
use reqwest::Method;

use crate::APPROVER;

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const JSON: &str = "application/json";

#[tokio::test]
async fn opening_every_link_of_every_mail_changes_nothing() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let approval = mailbox.approval_link(&asked, APPROVER).await;
    let confirmation = mailbox.confirmation_link(&asked).await;
    portal.until(&asked, "pending_approval").await;
    // Only the first view of an approval link is recorded.
    let review = portal.json(&approval).await.expect(200).json();
    let before = stack.row(&asked.id);

    let mails = mailbox.about(&asked.id);
    let links: Vec<String> =
        mails.iter().flat_map(|mail| mail.links()).filter(|link| link.starts_with(&portal.base)).collect();
    assert!(links.contains(&approval), "{} links", links.len());
    assert!(links.contains(&confirmation), "{} links", links.len());
    for link in &links {
        for method in [Method::GET, Method::HEAD] {
            for accept in [HTML, JSON] {
                let answer = portal.send(method.clone(), link, &[("accept", accept)], Vec::new()).await;
                // The link of a confirmed request leads a browser to its page.
                let leads_on = accept == HTML && *link == confirmation;
                assert_eq!(answer.status, if leads_on { 303 } else { 200 }, "{method} of a link");
                assert_eq!(answer.header("cache-control"), "no-store");
                assert!(method == Method::GET || answer.body.is_empty(), "HEAD has no body");
            }
        }
        // Other methods of scanners.
        for method in [Method::OPTIONS, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = portal.send(method.clone(), link, &[("accept", JSON)], Vec::new()).await;
            assert!(answer.status >= 400, "{method}: {}", answer.status);
        }
    }
    for query in ["?decision=approve", "?decision=reject&digest=x", "?_method=POST&decision=approve"] {
        portal.get(&format!("{approval}{query}"), HTML).await.expect(200);
    }
    let mut after = portal.json(&approval).await.expect(200).json();
    assert_eq!(after, review);
    assert_eq!(stack.row(&asked.id), before, "the row is the same, its version included");

    // The same after the decision.
    portal.decide(&approval, "reject", "Enough.").await.expect(200);
    portal.until(&asked, "rejected").await;
    mailbox.mail(&asked.id, &asked.email, "was rejected").await;
    after = portal.json(&approval).await.expect(200).json();
    assert_eq!(after["outcome"], "rejected");
}

#[tokio::test]
async fn links_that_open_nothing_are_all_the_same() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let other = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    let key = link.rsplit('/').next().unwrap().to_owned();
    let (status, status_key) = asked.status_url.split_once("?key=").unwrap();
    let other_key = other.status_url.split_once("?key=").unwrap().1;

    // The last character has unused bits, so the first one is changed.
    let changed = |key: &str| format!("{}{}", if key.starts_with('A') { 'B' } else { 'A' }, &key[1..]);
    let unknown = uuid::Uuid::new_v4();
    let wrong = [
        format!("approvals/{}", changed(&key)),
        format!("approvals/{}", "A".repeat(43)),
        format!("approvals/{}", &key[..42]),
        format!("approvals/{key}A"),
        "approvals/x".to_owned(),
        "approvals/%ff%fe".to_owned(),
        format!("approvals/{}", asked.id),
        format!("approvals/{status_key}"),
        status.to_owned(),
        format!("{status}?key="),
        format!("{status}?key={}", changed(status_key)),
        format!("{status}?key={other_key}"),
        format!("{status}?key={key}"),
        format!("{status}?key=%ff"),
        format!("requests/{unknown}?key={status_key}"),
        format!("requests/nonsense?key={status_key}"),
        format!("requests/{unknown}/certificate?key={status_key}"),
        format!("{status}/certificate?key={other_key}"),
        format!("{status}/certificate.zip"),
    ];
    let expected = portal.json(&wrong[0]).await.problem(404, "not_found");
    // The page has a next step for its reader, whom the kind of path names: an approver or a requester. Nothing else differs.
    let is_of_approver = |path: &str| path.starts_with("approvals/");
    let mut expected_pages = std::collections::BTreeMap::new();
    for path in &wrong {
        assert_eq!(portal.json(path).await.problem(404, "not_found"), expected, "{path}");
        let page = portal.get(path, HTML).await.expect(404).text();
        let first = expected_pages.entry(is_of_approver(path)).or_insert_with(|| page.clone());
        assert_eq!(page, *first, "{path}");
    }
    assert_eq!(expected_pages.len(), 2);
    // API Gateway may answer this by itself; it must not open the review.
    let nothing = portal.json("approvals/%00").await;
    if std::env::var_os("COUNTERSIGN_THROUGH_NGINX").is_some() {
        // nginx rejects the path.
        nothing.expect(400);
    } else {
        nothing.problem(404, "not_found");
    }
    for path in wrong.iter().filter(|path| path.starts_with("approvals/")) {
        let answer = portal.decide_about(path, "approve", "x", "").await;
        assert_eq!(answer.problem(404, "not_found"), expected, "{path}");
    }
    assert_eq!(portal.json(&link).await.expect(200).json()["votes"], serde_json::json!([]));
}

#[tokio::test]
async fn an_address_that_is_not_there_is_a_problem_too() {
    let portal = Stack::shared().await.portal();
    portal.json("nothing/here").await.problem(404, "not_found");
    assert_eq!(
        portal.get("nothing/here", HTML).await.expect(404).header("content-type"),
        "text/html; charset=utf-8"
    );
    portal.json("requests").await.problem(405, "bad_request");
    portal.post("healthz", &serde_json::json!({})).await.problem(405, "bad_request");
}
