//! Requesters withdraw a request, submit it again, and find all their requests.

use pki::testing::{CaMaker, TestKey};
use serde_json::json;
use time::Duration;
use workflow::approval::LinkGiven;
use workflow::decision::Outcome;
use workflow::finding::Code;
use workflow::message::RecheckMessage;
use workflow::ports::{Clock, LinkSecrets};
use workflow::request::audit::{EventKind, verify};
use workflow::request::{Ending, Status};

use crate::site::Site;

#[tokio::test]
async fn a_waiting_request_is_withdrawn_by_post_only_and_once() {
    let site = Site::new();
    let (row, path) = site.request_at(Status::PendingApproval).await;
    let id = row.id();
    let cancel = path.replacen('?', "/cancel?", 1);
    assert!(site.browse(&path).await.is_page(200).contains("/cancel?key="));
    site.get(&cancel).await.is_problem(405, "bad_request");
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);
    for _ in 0..2 {
        let answer = site.post(&cancel, &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["withdrawn"], true);
    }
    let approval = site.backend.approval(id).unwrap();
    assert_eq!((approval.outcome, approval.withdrawn), (Some(Outcome::Rejected), true));
    assert_eq!(site.backend.rechecks(), [RecheckMessage::look(id), RecheckMessage::look(id)]);
    let events: Vec<_> = site.backend.audit(id).into_iter().map(|event| event.event).collect();
    assert_eq!(events.iter().filter(|event| **event == EventKind::Withdrawn).count(), 1);
    assert_eq!(verify(id, &site.backend.audit(id), site.backend.request(id).unwrap().audit()), []);
    let page = site.browse(&site.link(id)).await.is_page(200);
    assert!(page.contains("Withdrawn") && !page.contains("value=\"approve\""), "{page}");
    let vote = json!({"decision": "approve", "digest": site.shown(id)});
    site.post(&site.link(id), &vote).await.is_problem(409, "already_decided");
}

#[tokio::test]
async fn a_withdrawn_request_is_withdrawn_everywhere() {
    let site = Site::new();
    let (row, path) = site.request_at(Status::Withdrawn).await;
    let id = row.id();
    // Version 0.1.0 recorded a withdrawal as a rejection.
    let of_version_1 = row.clone().altered(|row| {
        row.status = Status::Rejected;
        row.history.last_mut().unwrap().status = Status::Rejected;
    });
    let key = site.backend.secret().await.unwrap().overview_key(id, site.backend.now() + Duration::HOUR);
    for row in [row, of_version_1] {
        site.backend.put(row);
        let status = site.get(&path).await.json();
        assert_eq!(status["status"], "withdrawn");
        assert_eq!(status["history"].as_array().unwrap().last().unwrap()["status"], "withdrawn", "{status}");
        assert_eq!(site.get(&site.link(id)).await.json()["status"], "withdrawn");
        assert_eq!(
            site.get(&format!("/mine/{}", key.expose())).await.json()["requests"][0]["status"],
            "withdrawn"
        );
        let pages = [
            (path.clone(), "<h1>You withdrew the request</h1>", "申請を取り下げました"),
            (
                format!("/mine/{}?", key.expose()),
                "<span class=\"chip neutral\">withdrawn</span>",
                "取り下げ済み",
            ),
            (format!("{}?", site.link(id)), "<h1>Withdrawn</h1>", "取り下げられました"),
        ];
        for (path, english, japanese) in pages {
            let page = site.browse(&path).await.is_page(200);
            assert!(page.contains(english), "{path}: {page}");
            assert!(
                !page.to_lowercase().contains("reject") && !page.contains("Talk to the approver"),
                "{page}"
            );
            let page = site.browse(&format!("{path}&lang=ja")).await.is_page(200);
            assert!(page.contains(japanese) && !page.contains("却下"), "{path}: {page}");
        }
    }
}

/// The flow ends the request seconds later.
#[tokio::test]
async fn a_withdrawal_is_under_way_until_the_row_has_ended() {
    let site = Site::new();
    let (mut row, path) = site.request_at(Status::PendingApproval).await;
    let id = row.id();
    let cancel = path.replacen('?', "/cancel?", 1);
    assert_eq!(site.submit(&cancel, &[]).await.status, 303);
    let under_way = async || {
        let page = site.browse(&path).await.is_page(200);
        assert!(page.contains("<h1>Withdrawing your request…</h1>"), "{page}");
        assert!(page.contains("content=\"1\"") && page.contains("data-refresh=\"1\""), "{page}");
        for other in ["Waiting for approval", "/cancel?", "not yet", "They have until"] {
            assert!(!page.contains(other), "{other}: {page}");
        }
        assert!(
            site.browse(&format!("{path}&lang=ja")).await.is_page(200).contains("申請を取り下げています…")
        );
        assert_eq!(site.get(&path).await.json()["status"], "pending_approval");
    };
    under_way().await;
    let now = site.backend.now();
    row.record_decision(site.backend.approval(id).unwrap().decision().unwrap(), now).unwrap();
    site.backend.put(row.clone());
    under_way().await;
    row.end(Ending::because(Status::Withdrawn, "You withdrew the request."), now).unwrap();
    site.backend.put(row);
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("<h1>You withdrew the request</h1>") && !page.contains("data-refresh"), "{page}");
}

#[tokio::test]
async fn a_decision_is_being_recorded_until_the_row_has_it() {
    let site = Site::new();
    let (row, path) = site.request_at(Status::PendingApproval).await;
    let vote = json!({"decision": "reject", "digest": site.shown(row.id()), "reason": "Not ours."});
    assert_eq!(site.post(&site.link(row.id()), &vote).await.status, 200);
    let page = site.browse(&path).await.is_page(200);
    assert!(
        page.contains("<h1>A decision has been made</h1>") && page.contains("data-refresh=\"1\""),
        "{page}"
    );
    assert!(!page.contains("Waiting for approval") && !page.contains("/cancel?"), "{page}");
}

#[tokio::test]
async fn a_withdrawal_that_comes_after_the_vote_is_told_what_was_decided() {
    let site = Site::new();
    let (row, path) = site.request_at(Status::PendingApproval).await;
    let vote = json!({"decision": "approve", "digest": site.shown(row.id())});
    assert_eq!(site.post(&site.link(row.id()), &vote).await.status, 200);
    let problem = site.post(&path.replacen('?', "/cancel?", 1), &json!({})).await;
    let problem = problem.is_problem(409, "already_decided");
    assert!(problem["detail"].as_str().unwrap().contains("it is approved"), "{problem}");
}

#[tokio::test]
async fn what_is_decided_or_foreign_is_not_withdrawn() {
    let site = Site::new();
    let (_, path) = site.request_at(Status::Delivered).await;
    site.post(&path.replacen('?', "/cancel?", 1), &json!({})).await.is_problem(409, "already_decided");
    let (_, path) = site.request_at(Status::Submitted).await;
    site.post(&path.replacen('?', "/cancel?", 1), &json!({})).await.is_problem(503, "try_again");
    let (row, path) = site.request_at(Status::PendingApproval).await;
    let id = row.id();
    let (_, other) = site.request_at(Status::PendingApproval).await;
    let key = other.split("key=").nth(1).unwrap();
    let wrong = format!("{}/cancel?key={key}", path.split('?').next().unwrap());
    site.post(&wrong, &json!({})).await.is_problem(404, "not_found");
    let cancel = path.replacen('?', "/cancel?", 1);
    let headers = [("content-type", "application/json"), ("sec-fetch-site", "cross-site")];
    site.call("POST", &cancel, &headers, "{}").await.is_problem(403, "bad_request");
    assert_eq!(site.backend.approval(id).unwrap().outcome, None);
}

#[tokio::test]
async fn asking_again_fills_in_the_form() {
    let site = Site::new();
    for (status, label, has_csr) in [
        (Status::Rejected, "Correct and send again", false),
        (Status::Refused, "Correct and send again", false),
        (Status::Expired, "Request again", true),
        (Status::Withdrawn, "Request again", true),
        (Status::Revoked, "Request again", false),
    ] {
        let id = site.backend.request_at(status);
        if status == Status::Refused {
            site.backend.alter(id, |row| row.code = Some(Code::WeakKey));
        }
        let path = site.status_path(id, LinkGiven::InAnswer).await;
        // Too long ago to be renewed.
        site.backend.alter(id, |row| {
            row.not_before = row.not_before.map(|at| at - Duration::days(800));
            row.not_after = row.not_after.map(|at| at - Duration::days(800));
        });
        let page = site.browse(&path).await.is_page(200);
        assert!(page.contains(&format!("/?again={id}&#38;key=")), "{page}");
        assert!(page.contains(&format!(">{label}</a>")), "{status}: {page}");
        let key = path.split("key=").nth(1).unwrap();
        let form = site.browse(&format!("/?again={id}&key={key}")).await.is_page(200);
        assert!(form.contains("requester@example.com") && form.contains("For the web shop."), "{form}");
        let csr = form.contains("-----BEGIN CERTIFICATE REQUEST-----");
        assert_eq!(csr, has_csr, "{status}: the CSR that was the problem stays out");
        // The preview is there before anything is typed, and only with a CSR.
        assert_eq!(form.contains("id=\"preview-title\""), has_csr, "{status}: {form}");
        site.browse(&format!("/?again={id}&key=wrong")).await.is_page(404);
    }
}

/// A CSR that was fine may be refused by now.
#[tokio::test]
async fn a_form_that_is_filled_in_says_at_once_what_the_policy_refuses_by_now() {
    let site = Site::new();
    let id = site.backend.request_at(Status::Expired);
    let path = site.status_path(id, LinkGiven::ByMail).await;
    let maker = CaMaker::new(TestKey::EcP256).name_constraints(&["example.org"], &[]);
    site.backend.rotate_to(&maker.self_signed());
    let form = site.browse(&format!("/?again={id}&key={}", path.split("key=").nth(1).unwrap())).await;
    let form = form.is_page(200);
    assert!(form.contains("id=\"problems\"") && form.contains("name constraints"), "{form}");
}

#[tokio::test]
async fn the_typed_address_stays_in_the_field_unless_it_is_a_private_key() {
    let site = Site::new();
    for path in ["/mine", "/approvals"] {
        let page = site.submit(path, &[("email", "sam@@example.com \"x\"")]).await.is_page(422);
        assert!(page.contains("value=\"sam@@example.com &#34;x&#34;\""), "{page}");
        let root = pki::testing::root();
        let key = root.key_pem.as_str();
        let page = site.submit(path, &[("email", key)]).await.is_page(422);
        assert!(page.contains("value=\"\"") && !page.contains("PRIVATE KEY"), "{page}");
        // What the field cannot hold is not sent back: pages for callers without a link stay small.
        let page = site.submit(path, &[("email", "\"".repeat(100_000).as_str())]).await;
        assert!(page.bytes.len() < 10_000, "{path}: {}", page.bytes.len());
    }
}

#[tokio::test]
async fn the_first_certificate_to_end_is_the_first_in_use() {
    let site = Site::new();
    let csr = |names: &[&str]| pki::testing::csr(names);
    let mut ids = Vec::new();
    for (names, days) in [
        (&["later.example.com"][..], 300),
        (&["soon.example.com", "b.example.com", "c.example.com"][..], 12),
        (&["next.example.com"][..], 40),
    ] {
        let end = site.backend.now() + Duration::days(days) + Duration::HOUR;
        let row = site.backend.unsaved_request(&csr(names), Status::Delivered);
        let row = row.altered(|row| {
            (row.not_before, row.not_after) = (Some(end - Duration::days(365)), Some(end));
        });
        ids.push(row.id());
        site.backend.put(row);
    }
    let key = site.backend.secret().await.unwrap().overview_key(ids[0], site.backend.now() + Duration::HOUR);
    let page = site.browse(&format!("/mine/{}", key.expose())).await.is_page(200);
    let places: Vec<usize> = ["soon.example.com and 2 more", "next.example.com", "later.example.com"]
        .iter()
        .map(|title| page.find(&format!("<strong>{title}</strong>")).expect(title))
        .collect();
    assert!(places.is_sorted(), "{page}");
    for part in [
        "<span class=\"chip good\">delivered</span>",
        "<span class=\"tag\">ends in 12 days</span>",
        "<span class=\"left\">ends in 300 days</span>",
        "View the request<span class=\"unseen\"> soon.example.com and 2 more, requested on <time",
        "Download certificate.zip<span class=\"unseen\"> soon.example.com and 2 more, requested on <time",
        "Renew<span class=\"unseen\"> soon.example.com and 2 more, requested on <time",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn an_address_is_told_nothing_that_its_mailbox_does_not_know() {
    let site = Site::new();
    site.request_at(Status::Delivered).await;
    // The first call reads the link secret and the policy, which the process keeps.
    site.post("/mine", &json!({"email": "warm@example.com"})).await;
    let addresses = ["requester@example.com", "unknown@example.com"];
    let mut answers = Vec::new();
    for email in addresses {
        let before = site.backend.calls().len();
        let answer = site.post("/mine", &json!({"email": email})).await;
        answers.push((answer.status.as_u16(), answer.bytes, site.backend.calls()[before..].to_vec()));
    }
    assert_eq!(answers[0].0, 202);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].2, ["worker queue: recheck"], "time tells nothing, as nothing is looked up");
    let asked: Vec<String> =
        site.backend.rechecks()[1..].iter().map(|one| one.requester.as_ref().unwrap().to_string()).collect();
    assert_eq!(asked, addresses);
    site.post("/mine", &json!({"email": "a@b, c@d"})).await.is_problem(422, "bad_email");
    site.post("/mine", &json!({})).await.is_problem(400, "missing_field");
}

#[tokio::test]
async fn the_list_shows_every_request_of_the_address_for_an_hour() {
    let site = Site::new();
    let (row, _) = site.request_at(Status::Delivered).await;
    let id = row.id();
    site.request_at(Status::PendingApproval).await;
    site.request_at(Status::Rejected).await;
    let now = site.backend.now();
    let secret = site.backend.secret().await.unwrap();
    let key = secret.overview_key(id, now + Duration::HOUR).expose().to_owned();
    let list = site.get(&format!("/mine/{key}")).await.json();
    assert_eq!(list["requests"].as_array().unwrap().len(), 3, "{list}");
    for lang in ["en", "ja"] {
        let page = site.browse(&format!("/mine/{key}?lang={lang}")).await.is_page(200);
        assert_eq!(page.matches("<section class=\"card\">").count(), 3, "{page}");
        assert!(page.contains("certificate.zip?key="));
        assert!(!page.contains(&key), "the key of the list is not in the page");
    }
    site.backend.advance(Duration::HOUR);
    site.get(&format!("/mine/{key}")).await.is_problem(404, "not_found");
    site.get("/mine/nonsense").await.is_problem(404, "not_found");
}

#[tokio::test]
async fn downloads_enter_the_audit_trail_and_a_head_does_not() {
    let site = Site::new();
    let (row, path) = site.request_at(Status::Delivered).await;
    let id = row.id();
    site.backend.put_certificate(row.serial().as_ref().unwrap(), &pki::testing::root().certificate_pem);
    let pem = path.replacen('?', "/certificate.pem?", 1);
    site.call("HEAD", &pem, &[], "").await;
    assert_eq!(site.get(&pem).await.status, 200);
    let trail = site.backend.audit(id);
    let downloads: Vec<_> = trail.iter().filter(|event| event.event == EventKind::Downloaded).collect();
    assert_eq!(downloads.len(), 1);
    assert_eq!(downloads[0].actor.as_str(), "requester:requester@example.com");
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_marked_on_its_page_and_in_the_list() {
    let site = Site::new();
    let (row, path) = site.request_at(Status::Delivered).await;
    let end = row.not_after().unwrap();
    let secret = site.backend.secret().await.unwrap();
    let pages = async |left: Duration| {
        site.backend.set_now(end - left);
        let key = secret.overview_key(row.id(), site.backend.now() + Duration::HOUR);
        let mut pages = String::new();
        for path in [path.clone(), format!("/mine/{}?", key.expose())] {
            for language in ["en", "ja"] {
                let page = site.browse(&format!("{path}&lang={language}")).await.is_page(200);
                let marks = page.matches("<span class=\"tag\">").count();
                assert!(marks <= 1, "{page}");
                pages.extend(
                    page.split_once("<span class=\"tag\">")
                        .map(|(_, mark)| format!("{};", mark.split_once("</span>").unwrap().0)),
                );
            }
        }
        pages
    };
    for (left, marks) in [
        (Duration::days(31), ""),
        (Duration::days(1), "ends in 1 day;残り1日;ends in 1 day;残り1日;"),
        (Duration::hours(23), "ends in less than a day;残り1日未満;ends in less than a day;残り1日未満;"),
        (Duration::ZERO, ""),
        (Duration::days(12) + Duration::HOUR, "ends in 12 days;残り12日;ends in 12 days;残り12日;"),
    ] {
        assert_eq!(pages(left).await, marks, "{left}");
    }
}
