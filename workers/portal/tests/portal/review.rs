//! The contents of a review: GET `/approvals/{key}`.

use pki::testing as test_pki;
use serde_json::json;
use time::Duration;
use workflow::ports::{NameIndex as _, NameRow};
use workflow::request::Status;

use crate::site::Site;

#[tokio::test]
async fn the_review_shows_everything() {
    let site = Site::new();
    let (id, link) = site.pending();
    let review = site.get(&link).await.json();
    let row = site.backend.request(id).unwrap();
    assert_eq!(review["requestId"], id.to_string());
    assert_eq!(review["status"], "pending_approval");
    assert_eq!(review["digest"], site.shown(id));
    assert_eq!(review["approver"], "approver@example.com");
    assert_eq!(review["requester"], "requester@example.com");
    assert_eq!(review["comment"], "For the web shop.");
    assert_eq!(review["names"], json!(["www.example.com"]));
    assert_eq!(review["publicKeyDigest"], row.csr().unwrap().public_key_digest);
    assert_eq!(review["csrDigest"], row.csr().unwrap().csr_digest);
    assert_eq!(review["validityDays"], 365);
    assert_eq!(review["extendedKeyUsage"], json!(["serverAuth"]));
    assert_eq!(review["findings"], json!([]));
    assert_eq!(review["votes"], json!([]));
    assert_eq!(review["quorum"], 1);
    assert_eq!(review["expiresAt"], "2026-01-08T12:00:00Z");
    assert_eq!(review["liveCertificates"], json!([]));
    assert!(review.get("outcome").is_none());
}

#[tokio::test]
async fn certificates_in_use_for_the_names_or_the_key_are_shown() {
    let site = Site::new();
    let csr = test_pki::csr(&["www.example.com"]);
    let rows = [
        site.backend.unsaved_request(&csr, Status::Delivered),
        site.backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Issued),
        site.backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Rejected),
        site.backend.unsaved_request(&test_pki::csr(&["other.example.com"]), Status::Delivered),
    ];
    for row in &rows {
        site.backend.enter(&NameRow::of_request(row.names(), row.id())).await.unwrap();
        site.backend.put(row.clone());
    }
    let request = site.backend.unsaved_request(&csr, Status::PendingApproval);
    site.backend.put(request.clone());
    let link = site.link(request.id());
    let review = site.get(&link).await.json();
    let live = review["liveCertificates"].as_array().unwrap();
    assert_eq!(live.len(), 2, "{live:?}");
    let same_key = live.iter().find(|one| one["id"] == rows[0].id().to_string()).unwrap();
    assert_eq!(same_key["sameKey"], true);
    assert_eq!(same_key["serial"], rows[0].serial().as_ref().unwrap().to_string());
    assert_eq!(same_key["email"], "requester@example.com");
    assert!(
        site.browse(&link).await.is_page(200).contains("2 valid certificates for these names or this key")
    );

    site.backend.advance(Duration::days(3));
    for row in rows {
        let ended = time::macros::datetime!(2026-01-02 0:00 UTC);
        site.backend.put(row.altered(|row| row.not_after = row.not_after.and(Some(ended))));
    }
    assert_eq!(
        site.get(&link).await.json()["liveCertificates"],
        json!([]),
        "those that have ended do not count"
    );
}

#[tokio::test]
async fn characters_that_turn_a_text_around_are_named_in_place() {
    let site = Site::new();
    let (id, link) = site.pending();
    site.backend.alter(id, |row| row.comment = "For pay\u{202e}lap\u{2066}\u{200b}.".into());
    let page = site.browse(&link).await.is_page(200);
    assert!(page.contains("For pay[U+202E]lap[U+2066][U+200B]."), "{page}");
    let (rejected, path) = site.request_at(Status::Rejected).await;
    site.backend.alter(rejected.id(), |row| row.reason = Some("Not\u{202e}ours.".into()));
    let pages = [page, site.browse(&path).await.is_page(200)];
    assert!(pages[1].contains("Not[U+202E]ours."), "{}", pages[1]);
    for page in pages {
        assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{page}");
    }
}

#[tokio::test]
async fn more_certificates_than_are_shown_are_said_to_be_more() {
    let site = Site::new();
    let name = ["www.example.com".to_owned()];
    for _ in 0..101 {
        let row = site.backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Delivered);
        let rows = NameRow::of_certificate(&name, row.not_after().unwrap(), row.id());
        site.backend.enter(&rows).await.unwrap();
        site.backend.put(row);
    }
    let (_, link) = site.pending();
    let review = site.get(&link).await.json();
    assert_eq!(review["liveCertificates"].as_array().unwrap().len(), 100);
    assert_eq!(review["moreLiveCertificates"], true);
    let page = site.browse(&link).await.is_page(200);
    assert!(
        page.contains("There are more than 100 valid certificates for these names or this key."),
        "{page}"
    );
}

#[tokio::test]
async fn what_is_new_or_unusual_is_said() {
    let site = Site::new();
    let policy = include_str!("../../../../infra/policy.toml");
    site.backend.set_policy(&policy.replace("wildcards = false", "wildcards = true"));
    let known = site.backend.unsaved_request(&test_pki::csr(&["shop.example.com"]), Status::Delivered);
    let csr = test_pki::csr(&["sh0p.example.com", "*.apps.example.com"]);
    let same_key = site.backend.unsaved_request(&csr, Status::Rejected);
    for row in [&known, &same_key] {
        site.backend.enter(&NameRow::of_request(row.names(), row.id())).await.unwrap();
        site.backend.put(row.clone());
    }
    let request = site.backend.unsaved_request(&csr, Status::PendingApproval);
    let id = request.id();
    site.backend.put(request);
    let unusual = site.get(&site.link(id)).await.json()["unusual"].clone();
    let kinds: Vec<&str> =
        unusual.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["wildcard", "looks_like", "known_key"], "{unusual}");
    assert_eq!(
        unusual[1],
        json!({"kind": "looks_like", "name": "sh0p.example.com", "other": "shop.example.com"})
    );
    let page = site.browse(&format!("{}?lang=ja", site.link(id))).await.is_page(200);
    assert!(page.contains("よく似ています"), "{page}");
    let (first, _) = site.pending();
    let unusual = site.get(&site.link(first)).await.json()["unusual"].clone();
    assert_eq!(unusual, json!([{"kind": "first_request", "names": ["www.example.com"]}]));
}

/// The page of a review of `count` names, of which the first two were requested before.
async fn review_of(count: usize, comment: &str) -> String {
    let site = Site::new();
    let names: Vec<String> = (0..count).map(|n| format!("host-{n}.shop.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let known = site.backend.unsaved_request(&test_pki::csr(&names[..2]), Status::Rejected);
    let rows = NameRow::of_request(known.names(), known.id());
    site.backend.enter(&rows).await.unwrap();
    site.backend.put(known);
    let request = site.backend.unsaved_request(&test_pki::csr(&names), Status::PendingApproval);
    let request = request.altered(|row| row.comment = comment.to_owned());
    site.backend.put(request.clone());
    site.browse(&site.link(request.id())).await.is_page(200)
}

#[tokio::test]
async fn many_names_are_counted_first_and_folded() {
    let page = review_of(100, "For the shop.").await;
    assert!(page.contains("100 names, all in shop.example.com, 98 new<"), "{page}");
    let (before, rest) = page.split_once("<details class=\"fold\"><summary>90 more names</summary>").unwrap();
    let (rest, after) = rest.split_once("</details>").unwrap();
    assert_eq!(before.matches("<li>host-").count(), 10);
    assert_eq!(rest.matches("<li>host-").count(), 90);
    assert_eq!((before.matches("class=\"tag\"").count(), rest.matches("class=\"tag\"").count()), (8, 90));
    assert!(after.contains("98 of the 100 names were never requested before."), "{after}");
    assert!(!after.contains("host-5"), "no second list: {after}");
    assert!(after.contains("value=\"approve\""));
}

#[tokio::test]
async fn a_few_names_are_not_folded() {
    let page = review_of(3, "For the shop.").await;
    assert!(!page.contains("fold") && !page.contains("counted"), "{page}");
    assert_eq!(page.matches("class=\"tag\"").count(), 1);
}

#[tokio::test]
async fn a_long_comment_is_folded() {
    let lines: Vec<String> = (0..40).map(|n| format!("line {n}")).collect();
    for (comment, end) in [(lines.join("\n"), "line 39"), ("word ".repeat(300) + "end", "end")] {
        let page = review_of(1 + 1, &comment).await;
        let (start, whole) = page.split_once("Show the whole comment").unwrap();
        let (_, start) = start.split_once("<blockquote class=\"said\" lang=\"en\">").unwrap();
        assert!(start.contains('…') && !start.contains(end) && start.chars().count() < 700, "{start}");
        assert!(whole.split_once("</details>").unwrap().0.contains(&comment), "{whole}");
    }
    assert!(!review_of(2, "Short.\nTwo lines.").await.contains("Show the whole comment"));
}
