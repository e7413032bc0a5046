//! A mail scanner that opens every link of every mail, with every method, and crawls the linked pages. It changes
//! nothing.

use std::collections::BTreeSet;

use end_to_end::{Answer, Asked, Mailbox, Portal, Stack, Submission, csr_for, unique_host};
use reqwest::Method;
use url::Url;

use crate::APPROVER;

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
/// Prefetch headers of browsers and mail programs.
const AHEAD: [(&str, &str); 4] =
    [HTML, ("purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("x-moz", "prefetch")];
const SECOND: &str = "second@example.com";
/// Maximum number of pages of a crawl.
const CRAWL_LIMIT: usize = 200;

#[tokio::test]
async fn a_scanner_that_follows_everything_changes_nothing() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let submission = Submission::of(&csr_for(&[&unique_host()])).with_profile("pair");
    let answered = Asked::of(&portal.submit(&submission).await.expect(202).json(), &submission);
    let confirmation = mailbox.confirmation_link(&answered).await;
    let unconfirmed = stack.row(&answered.id);
    let visited = crawl(&portal, &mailbox, &answered, &[&answered.email]).await;
    assert!(visited.contains(&confirmation), "{visited:?}");
    assert_eq!(stack.row(&answered.id), unconfirmed, "the scanner confirmed nothing");
    assert_eq!(unconfirmed["status"], "unconfirmed");

    let asked = portal.confirm(answered).await;
    let links = [
        mailbox.approval_link(&asked, APPROVER).await,
        mailbox.approval_link(&asked, SECOND).await,
        asked.status_url.clone(),
    ];
    portal.until(&asked, "pending_approval").await;
    let before = Snapshot::of(stack, &portal, &mailbox, &asked, &links).await;

    let visited = crawl(&portal, &mailbox, &asked, &[APPROVER, SECOND, &asked.email]).await;
    for link in &links {
        assert!(visited.contains(link), "the scanner did not open {link}");
    }
    assert!(visited.len() > links.len() + 3, "the scanner followed nothing: {visited:?}");

    // A mail of a later request comes after every effect of the scanner.
    let later = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    mailbox.approval_link(&later, APPROVER).await;
    let after = Snapshot::of(stack, &portal, &mailbox, &asked, &links).await;
    assert_eq!(after, before);
    assert_eq!(after.status["status"], "pending_approval");
    for review in &after.reviews[..2] {
        assert_eq!(review["votes"], serde_json::json!([]));
    }

    // Both approvers can still vote.
    portal.decide(&links[0], "approve", "").await.expect(200);
    portal.decide(&links[1], "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;
}

/// State that a scanner could change.
#[derive(Debug, PartialEq)]
struct Snapshot {
    row: serde_json::Value,
    status: serde_json::Value,
    reviews: Vec<serde_json::Value>,
    mails: BTreeSet<String>,
}

impl Snapshot {
    async fn of(stack: &Stack, portal: &Portal, mailbox: &Mailbox, asked: &Asked, links: &[String]) -> Self {
        let mut reviews = Vec::new();
        for link in links {
            reviews.push(portal.json(link).await.expect(200).json());
        }
        let mails = mailbox.about(&asked.id).into_iter().chain(mailbox.to(&asked.email));
        Self {
            row: stack.row(&asked.id),
            status: portal.status(asked).await,
            reviews,
            mails: mails.map(|mail| mail.message_id).collect(),
        }
    }
}

/// Crawls all links of the mails, which these people have, and returns the visited ones.
async fn crawl(portal: &Portal, mailbox: &Mailbox, asked: &Asked, people: &[&str]) -> BTreeSet<String> {
    let mails = mailbox.about(&asked.id);
    let recipients: BTreeSet<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert!(people.iter().all(|one| recipients.contains(one)), "{recipients:?}");
    let mut open: Vec<String> = mails.iter().flat_map(|mail| mail.links()).collect();
    let mut visited = BTreeSet::new();
    while let Some(link) = open.pop() {
        if !link.starts_with(&portal.base) || !visited.insert(link.clone()) {
            continue;
        }
        assert!(visited.len() < CRAWL_LIMIT, "the links have no end: {link}");
        for header in AHEAD {
            for method in [Method::HEAD, Method::GET] {
                let answer = portal.send(method.clone(), &link, &[HTML, header], Vec::new()).await;
                assert!(answer.status < 500, "{method} {link}: {}", answer.status);
                open.extend(found_in(&link, &answer));
            }
        }
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
            let body = b"decision=approve".to_vec();
            let answer = portal.send(method.clone(), &link, &[HTML], body).await;
            assert!((400..500).contains(&answer.status), "{method} {link}: {}", answer.status);
        }
    }
    visited
}

/// Targets of a page: links, files, forms, buttons, redirects.
fn found_in(link: &str, answer: &Answer) -> Vec<String> {
    let mut found = vec![answer.header("location").to_owned()];
    if answer.header("content-type").starts_with("text/html") {
        let page = answer.text();
        for attribute in [" href=\"", " src=\"", " action=\"", " formaction=\"", " data-preview=\""] {
            let values = page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(
                values.map(|value| value.replace("&#38;", "&").replace("&amp;", "&").replace("&#61;", "=")),
            );
        }
    }
    let here = Url::parse(link).unwrap();
    let absolute = found.iter().filter(|one| !one.is_empty()).filter_map(|one| here.join(one).ok());
    absolute
        .map(|mut url| {
            url.set_fragment(None);
            url.to_string()
        })
        .collect()
}
