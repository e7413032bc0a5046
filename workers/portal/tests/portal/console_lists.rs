//! The lists of the console, with many requests.

use time::Duration;
use workflow::ids::RequestId;
use workflow::ports::{CertificateListing, NameIndex as _, NameRow};
use workflow::request::Status;
use workflow::texts::Language;

use crate::console::{EVE, open, read, session, site};
use crate::site::Site;

/// The links to requests on a page, in order.
fn listed(page: &str) -> Vec<RequestId> {
    let paths = page.split("href=\"/console/requests/").skip(1);
    paths.map(|rest| rest.split(['"', '?']).next().unwrap().parse().unwrap()).collect()
}

/// The link to the next page.
fn next(page: &str) -> Option<String> {
    let (before, _) = page.split_once("\" rel=\"next\"")?;
    Some(before.rsplit("href=\"").next()?.replace("&#38;", "&"))
}

/// Stores so many requests in each status, made of one.
fn fill(site: &Site, each: usize) {
    for status in Status::ALL {
        let id = site.backend.request_at(status);
        let (row, approval) = (site.backend.request(id).unwrap(), site.backend.approval(id));
        for _ in 1..each {
            let id = RequestId::random();
            site.backend.put(row.clone().altered(|row| row.id = id));
            if let Some(mut approval) = approval.clone() {
                approval.request_id = id;
                site.backend.put_approval(approval, []);
            }
        }
    }
}

#[tokio::test]
async fn the_overview_shows_the_first_of_many_and_leads_to_all() {
    let site = site();
    let mut waiting = Vec::new();
    for _ in 0..45 {
        site.backend.advance(Duration::SECOND);
        waiting.push(site.backend.request_at(Status::PendingApproval));
    }
    let (cookie, _) = session(&site, EVE).await;
    let page = read(&site, &cookie, "/console").await;
    assert_eq!(listed(&page), waiting[..10], "{page}");
    assert!(page.contains("The first 10 are shown."), "{page}");
    let first = "/console/requests?status=pending_approval";
    assert!(page.contains(&format!("href=\"{first}\"")), "{page}");
    let (mut path, mut pages) = (Some(first.to_owned()), Vec::new());
    while let Some(at) = path {
        let page = read(&site, &cookie, &at).await;
        let found = listed(&page);
        let needed = page.matches("Still needed: 1 approval (approver@example.com)").count();
        assert_eq!(needed, found.len(), "{page}");
        pages.push(found);
        path = next(&page);
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    assert_eq!(pages.concat(), waiting, "each once, oldest first");
}

#[tokio::test]
async fn a_list_of_requests_is_of_a_status_and_goes_on_after_a_request() {
    let site = site();
    let (cookie, _) = session(&site, EVE).await;
    let strange = format!("?status=failed&after={}", RequestId::random());
    for wrong in ["", "?status=x", "?status=failed&after=x", &strange] {
        let path = format!("/console/requests{wrong}");
        open(&site, &cookie, &path, Language::English).await.is_page(404);
    }
    let none = read(&site, &cookie, "/console/requests?status=failed").await;
    assert!(none.contains("There are none.") && next(&none).is_none(), "{none}");
}

/// The number of calls that each page makes, and the overview.
async fn calls(each: usize) -> (Vec<usize>, String) {
    let site = site();
    fill(&site, each);
    let delivered =
        site.backend.requests().into_iter().find(|row| row.status() == Status::Delivered).unwrap();
    site.backend.set_now(delivered.not_after().unwrap() - Duration::DAY);
    let (cookie, _) = session(&site, EVE).await;
    let (mut counts, mut pages) = (Vec::new(), Vec::new());
    for path in ["/console", "/console/requests?status=pending_approval", "/console/certificates?within=400"]
    {
        let before = site.backend.calls().len();
        pages.push(read(&site, &cookie, path).await);
        counts.push(site.backend.calls().len() - before);
    }
    (counts, pages.remove(0))
}

#[tokio::test]
async fn a_page_makes_as_many_calls_with_many_requests_as_with_a_few() {
    let (few, many) = (calls(45).await, calls(300).await);
    assert_eq!(few.0, many.0);
    for (page, is_bound) in [(&few.1, false), (&many.1, true)] {
        assert_eq!(page.contains("100 certificates or more"), is_bound, "{page}");
        assert_eq!(page.contains("100 requests or more wait for their requesters"), is_bound, "{page}");
    }
}

#[tokio::test]
async fn a_search_that_has_not_looked_at_everything_says_so() {
    let site = site();
    let id = site.backend.request_with_certificate(Status::Delivered);
    let sample = site.backend.request(id).unwrap();
    for number in 0..600_i64 {
        let (id, not_after) = (RequestId::random(), sample.not_after().unwrap() + Duration::seconds(number));
        let row = sample.clone().altered(|row| {
            row.id = id;
            row.not_after = Some(not_after);
        });
        let (names, requester, profile) = (row.names(), row.email(), row.profile());
        let listing = CertificateListing { names, not_after, id, requester, profile, issuer: None };
        site.backend.enter(&NameRow::of_lists(&listing)).await.unwrap();
        site.backend.put(row);
    }
    let (cookie, _) = session(&site, EVE).await;
    let page = read(&site, &cookie, "/console/certificates?by=profile&q=server&state=revoked").await;
    assert!(page.contains("looked at so far are in other states") && next(&page).is_some(), "{page}");
    assert!(!page.contains("There are none."), "{page}");
}
