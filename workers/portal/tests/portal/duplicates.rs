//! The warning of the requester's other requests for the same names: for the reader of the mailbox, and for nobody else.

use pki::testing as test_pki;
use workflow::approval::LinkGiven;
use workflow::ports::{NameIndex as _, NameRow};
use workflow::request::{Request, Status};
use workflow::texts::Language;

use crate::site::Site;

const TITLE: &str = "You may not need this request";

impl Site {
    /// Stores a request for the name, and enters it in the index as Persist and Sign do.
    pub(crate) async fn entered(&self, name: &str, status: Status) -> Request {
        let row = self.backend.unsaved_request(&test_pki::csr(&[name]), status);
        self.backend.put(row.clone());
        self.backend.enter(&NameRow::of_request(row.names(), row.id())).await.unwrap();
        if let Some(not_after) = row.not_after() {
            self.backend.enter(&NameRow::of_certificate(row.names(), not_after, row.id())).await.unwrap();
        }
        row
    }

    async fn page_of(&self, request: &Request, given: LinkGiven) -> String {
        self.browse(&self.status_path(request.id(), given).await).await.is_page(200)
    }
}

/// The target of the link with the path of `request`.
fn links_of(page: &str, request: &Request) -> Vec<String> {
    let (_, part) = page.split_once("id=\"duplicates\"").unwrap_or_else(|| panic!("{page}"));
    let (part, _) = part.split_once("</div>").unwrap();
    let hrefs = part.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    hrefs
        .filter(|href| href.contains(&request.id().to_string()))
        .map(|href| href.replace("&#38;", "&"))
        .collect()
}

#[tokio::test]
async fn the_page_that_asks_to_confirm_and_the_page_that_waits_lead_to_the_duplicates() {
    let site = Site::with_confirmation();
    let waiting = site.entered("www.example.com", Status::PendingApproval).await;
    let certified = site.entered("www.example.com", Status::Delivered).await;
    let unconfirmed = site.backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Unconfirmed);
    site.backend.put(unconfirmed.clone());
    for (request, advice) in [
        (&unconfirmed, "don&#39;t confirm this request: it ends by itself"),
        (&site.entered("www.example.com", Status::PendingApproval).await, "withdraw this request"),
    ] {
        let page = site.page_of(request, LinkGiven::ByMail).await;
        assert!(page.contains(TITLE) && page.contains(advice), "{page}");
        assert!(page.contains("It is waiting for approval") && page.contains("valid until <time"), "{page}");
        let [open] = links_of(&page, &waiting).try_into().unwrap();
        assert!(site.browse(&open).await.is_page(200).contains("data-status=\"pending_approval\""));
        let [open, renew] = links_of(&page, &certified).try_into().unwrap();
        assert!(site.browse(&open).await.is_page(200).contains("data-status=\"delivered\""));
        assert!(site.browse(&renew).await.is_page(200).contains("name=\"replaces\""));
    }
    let confirm =
        site.status_path(unconfirmed.id(), LinkGiven::ByMail).await.replace("?key=", "/confirm?key=");
    let page = site.browse_in(Language::Japanese, &confirm).await.is_page(200);
    let (before, _) = page.split_once("<button type=\"submit\" class=\"primary\">").unwrap();
    assert!(before.contains("id=\"duplicates\""), "the warning comes before the button: {page}");
}

#[tokio::test]
async fn nobody_learns_of_the_requests_of_a_mailbox_without_its_mail() {
    let site = Site::with_confirmation();
    site.entered("www.example.com", Status::Delivered).await;
    let stranger = site.entered("www.example.com", Status::PendingApproval).await;
    site.backend.alter(stranger.id(), |row| row.email = "stranger@example.com".parse().unwrap());
    let own = site.entered("www.example.com", Status::PendingApproval).await;
    assert!(site.page_of(&own, LinkGiven::ByMail).await.contains(TITLE));
    assert!(!site.page_of(&own, LinkGiven::ByMail).await.contains("stranger@example.com"));
    // The sender of the form may be a stranger, too; without the mail not even the calls differ.
    let path = site.status_path(own.id(), LinkGiven::InAnswer).await;
    let before = site.backend.calls().len();
    assert!(!site.browse(&path).await.is_page(200).contains(TITLE));
    assert!(!site.backend.calls()[before..].iter().any(|call| call.starts_with("names")));
    assert!(!site.page_of(&stranger, LinkGiven::ByMail).await.contains(TITLE));
}

#[tokio::test]
async fn a_decided_request_and_a_standing_approval_have_no_duplicates() {
    let site = Site::with_confirmation();
    site.entered("www.example.com", Status::Delivered).await;
    for status in [Status::Approved, Status::Issued, Status::Delivered, Status::Rejected, Status::Withdrawn] {
        let own = site.entered("www.example.com", status).await;
        assert!(!site.page_of(&own, LinkGiven::ByMail).await.contains(TITLE), "{status}");
    }
    let terms = site.backend.grant_at(Status::PendingApproval);
    let terms = site.backend.request(terms).unwrap();
    assert!(!site.page_of(&terms, LinkGiven::ByMail).await.contains(TITLE));
}

#[tokio::test]
async fn without_the_tables_the_page_lacks_the_warning_only() {
    let site = Site::with_confirmation();
    site.entered("www.example.com", Status::Delivered).await;
    let own = site.entered("www.example.com", Status::PendingApproval).await;
    site.backend.fail_next("names", 1);
    let page = site.page_of(&own, LinkGiven::ByMail).await;
    assert!(page.contains("data-status=\"pending_approval\"") && !page.contains(TITLE), "{page}");
    assert!(site.page_of(&own, LinkGiven::ByMail).await.contains(TITLE));
}
