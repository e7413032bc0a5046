//! Requests whose requester has to prove the address: nothing happens before the mailed link confirms them.

use http::StatusCode;
use time::Duration;
use workflow::approval::LinkGiven;
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::request::{CONFIRMATION_PERIOD, Request, Status};

use crate::site::{BROWSER, Site, good};

/// A site with one unconfirmed request.
async fn unconfirmed() -> (Site, RequestId) {
    let site = Site::with_confirmation();
    let answer = site.post("/requests", &good()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert_eq!(answer.json()["status"], "unconfirmed");
    let [request] = site.backend.requests().try_into().unwrap();
    (site, request.id())
}

impl Site {
    fn row(&self, id: RequestId) -> Request {
        self.backend.request(id).unwrap()
    }

    /// The path of the mailed link.
    async fn confirm_path(&self, id: RequestId, given: LinkGiven) -> String {
        self.status_path(id, given).await.replace("?key=", "/confirm?key=")
    }
}

#[tokio::test]
async fn a_submission_stores_one_row_and_has_one_mail_sent() {
    let (site, id) = unconfirmed().await;
    assert!(site.backend.executions().is_empty() && site.backend.audit(id).is_empty());
    assert_eq!(site.backend.rechecks(), [RecheckMessage::mail(id, MailKind::Confirm)]);
    let path = site.status_path(id, LinkGiven::InAnswer).await;
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("data-status=\"unconfirmed\"") && page.contains("requester@example.com"), "{page}");
    assert!(!page.contains("/confirm?key="), "the answer's link does not confirm");
    assert_eq!(site.get(&path).await.json()["status"], "unconfirmed");
}

#[tokio::test]
async fn reading_confirms_nothing() {
    let (site, id) = unconfirmed().await;
    let before = site.row(id);
    let path = site.confirm_path(id, LinkGiven::ByMail).await;
    for method in ["GET", "HEAD", "GET"] {
        let answer = site.call(method, &path, &[("accept", BROWSER)], "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.text().contains("<form method=\"post\""), method == "GET");
    }
    assert_eq!(site.row(id), before);
    assert!(site.backend.executions().is_empty());
}

#[tokio::test]
async fn the_mailed_link_confirms_once() {
    let (site, id) = unconfirmed().await;
    let path = site.confirm_path(id, LinkGiven::ByMail).await;
    for _ in 0..2 {
        let answer = site.submit(&path, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert_eq!(answer.header("location"), site.status_path(id, LinkGiven::ByMail).await);
    }
    assert_eq!(site.row(id).status(), Status::Submitted);
    assert_eq!(site.backend.executions().len(), 1);
    assert_eq!(site.backend.audit(id).len(), 2);
    let answer = site.call("POST", &path, &[], "").await.json();
    assert_eq!(
        (answer["id"].as_str(), answer["status"].as_str()),
        (Some(&*id.to_string()), Some("submitted"))
    );
    let shown = site.browse(&path).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER, "the link of the mail leads to the request from now on");
}

#[tokio::test]
async fn no_other_link_and_no_other_site_confirms() {
    let (site, id) = unconfirmed().await;
    let answered = site.confirm_path(id, LinkGiven::InAnswer).await;
    let other = site.confirm_path(RequestId::random(), LinkGiven::ByMail).await;
    for path in [&answered, &other, &format!("/requests/{id}/confirm")] {
        for method in ["GET", "POST"] {
            site.call(method, path, &[], "").await.is_problem(404, "not_found");
        }
    }
    let path = site.confirm_path(id, LinkGiven::ByMail).await;
    let crossed = site.call("POST", &path, &[("sec-fetch-site", "cross-site")], "").await;
    crossed.is_problem(403, "bad_request");
    assert_eq!(site.row(id).status(), Status::Unconfirmed);
}

#[tokio::test]
async fn an_unconfirmed_request_ends_by_itself() {
    let (site, id) = unconfirmed().await;
    let mailed = site.status_path(id, LinkGiven::ByMail).await;
    let cancelled = site.post(&mailed.replace("?key=", "/cancel?key="), &serde_json::json!({})).await;
    cancelled.is_problem(409, "already_decided");
    site.backend.advance(CONFIRMATION_PERIOD - Duration::SECOND);
    assert_eq!(site.get(&mailed).await.json()["status"], "unconfirmed");
    site.backend.advance(Duration::SECOND);
    let seen = site.get(&mailed).await.json();
    assert_eq!(seen["status"], "expired");
    assert!(seen["reason"].as_str().unwrap().contains("confirmed"), "{seen:#}");
    let page = site.browse(&mailed).await.is_page(200);
    assert!(page.contains("confirmed in time") && !page.contains("/confirm?key="), "{page}");
    let late = site.call("POST", &site.confirm_path(id, LinkGiven::ByMail).await, &[], "").await;
    late.is_problem(410, "expired");
    assert_eq!(site.row(id).status(), Status::Unconfirmed, "no write");
    assert!(site.backend.executions().is_empty());
}

#[tokio::test]
async fn only_the_mailed_link_opens_the_certificate() {
    let (site, id) = unconfirmed().await;
    let (delivered, _) = site.request_at(Status::Delivered).await;
    // As if the request had been confirmed, approved and delivered.
    let confirmed = site.row(id).history()[0].clone();
    site.backend.alter(delivered.id(), |row| row.history.insert(0, confirmed));
    for (given, status) in [(LinkGiven::InAnswer, 403), (LinkGiven::ByMail, 503)] {
        let path = site.status_path(delivered.id(), given).await;
        let page = site.browse(&path).await.is_page(200);
        assert_eq!(page.contains("/certificate.zip"), given == LinkGiven::ByMail, "{page}");
        for file in [
            "certificate",
            "certificate.pem",
            "certificate.der",
            "fullchain.pem",
            "ca.pem",
            "certificate.zip",
        ] {
            // The archive of this site is empty: behind the mailed link, the certificate is looked for.
            let answer = site.get(&path.replace("?key=", &format!("/{file}?key="))).await;
            assert_eq!(answer.status.as_u16(), status, "{file}: {}", answer.text());
        }
    }
}
