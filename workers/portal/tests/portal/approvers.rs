//! The pages of approvers: what is still needed, other requests, questions, and everything that waits for them.

use pki::testing as test_pki;
use serde_json::json;
use time::Duration;
use workflow::approval::{InboxLink, LinkGiven, LinkKey};
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::ports::{Approvals as _, Clock as _, NameIndex as _, NameRow};
use workflow::request::Status;
use workflow::request::audit::EventKind;
use workflow::texts::Language;

use crate::site::Site;

/// One of security and two of platform, which has three.
const GROUPS: &str = r#"
[groups]
security = ["approver@example.com"]
platform = ["p1@example.com", "p2@example.com", "p3@example.com"]
[profiles.server]
approval = [{ group = "security" }, { group = "platform", quorum = 2 }]
names.dns.allow = ["example.com"]
extended_key_usage = ["serverAuth"]
"#;

/// A request that the policy in force asks its groups about.
fn pending_in_groups(site: &Site) -> RequestId {
    site.backend.set_policy(GROUPS);
    let id = site.backend.request_at(Status::PendingApproval);
    let mut approval = site.backend.approval(id).unwrap();
    let policy = site.backend.policy();
    let request = site.backend.request(id).unwrap();
    approval.approver_set =
        policy.profile(Some("server")).unwrap().approver_set_for(request.email()).unwrap();
    site.backend.put_approval(approval, []);
    id
}

#[tokio::test]
async fn the_review_says_what_is_still_needed_and_by_whom_before_and_after_the_vote() {
    let site = Site::new();
    let id = pending_in_groups(&site);
    let link = site.link(id);
    let page = site.browse(&link).await.is_page(200);
    let before = "Still needed: 1 from security (you), 2 from platform (p1@example.com, p2@example.com, p3@example.com).";
    assert!(page.contains("0 of 3 approvals so far.") && page.contains(before), "{page}");
    let review = site.get(&link).await.json();
    assert_eq!(
        review["lacking"][0],
        json!({"group": "security", "approvals": 1, "approvers": ["approver@example.com"]})
    );
    let digest = review["digest"].as_str().unwrap().to_owned();
    let vote = [("decision", "approve"), ("digest", digest.as_str())];
    let after = "Still needed: 2 from platform (p1@example.com, p2@example.com, p3@example.com).";
    for page in [site.submit(&link, &vote).await.is_page(200), site.browse(&link).await.is_page(200)] {
        assert!(page.contains("1 of 3 approvals so far.") && page.contains(after), "{page}");
    }
    let other = site.link_of(id, "p2@example.com");
    let page = site.browse(&other).await.is_page(200);
    assert!(page.contains("2 from platform (p1@example.com, you, p3@example.com)."), "{page}");
}

#[tokio::test]
async fn the_requester_sees_how_far_it_is_and_addresses_as_the_policy_says() {
    let site = Site::new();
    let id = pending_in_groups(&site);
    let path = site.status_path(id, LinkGiven::ByMail).await;
    let page = site.browse(&path).await.is_page(200);
    assert!(
        page.contains("0 of 3 approvals so far. Still needed: 1 from security (a•••@example.com)"),
        "{page}"
    );
    assert!(!page.contains("approver@example.com"));
    let progress = site.get(&path).await.json()["progress"].clone();
    let lacking = json!([{"group": "security", "approvals": 1}, {"group": "platform", "approvals": 2}]);
    assert_eq!(progress, json!({"approvals": 0, "quorum": 3, "lacking": lacking}));
    site.backend.set_policy(&format!("[people]\nshown_to_requesters = \"full\"\n{GROUPS}"));
    assert!(site.browse(&path).await.is_page(200).contains("(approver@example.com)"));
}

#[tokio::test]
async fn a_rejection_without_a_reason_is_an_error_at_the_field() {
    let site = Site::new();
    let (id, link) = site.pending();
    let digest = site.shown(id);
    let long = "x".repeat(2_001);
    for (reason, says) in [("", "Say why you reject the request."), (long.as_str(), "2001")] {
        let vote = [("decision", "reject"), ("digest", digest.as_str()), ("reason", reason)];
        let page = site.submit(&link, &vote).await.is_page(400);
        assert!(page.contains("<h1>Issue this certificate?</h1>"), "{page}");
        let (_, error) = page.split_once("<p class=\"error\" id=\"reason-error\">").unwrap();
        assert!(error.contains(says), "{error}");
        assert!(
            error.contains("aria-invalid=\"true\" autofocus aria-describedby=\"reason-error reason-hint\"")
        );
        assert!(error.contains(&format!(">{reason}</textarea>")), "what was typed stays");
    }
    let page = site.browse(&link).await.is_page(200);
    assert!(page.contains("maxlength=\"2000\" required aria-describedby=\"reason-hint\""), "{page}");
    assert!(page.contains("class=\"primary good\" formnovalidate>"));
    assert!(
        page.contains("aria-labelledby=\"decide-heading\"") && page.contains("<h2 id=\"decide-heading\">")
    );
}

#[tokio::test]
async fn requests_of_others_for_the_same_key_or_name_are_red() {
    let site = Site::new();
    let csr = test_pki::csr(&["www.example.com"]);
    let request = site.backend.unsaved_request(&csr, Status::PendingApproval);
    let id = request.id();
    let row = |csr: &str, email: &str, days: i64| {
        let at = site.backend.now() + Duration::days(days);
        let row = site.backend.unsaved_request(csr, Status::PendingApproval);
        row.altered(|row| {
            row.email = email.parse().unwrap();
            row.registration_date = at;
        })
    };
    let later = row(&csr, "mallory@example.com", 1);
    let own = row(&test_pki::csr(&["www.example.com"]), "requester@example.com", -1);
    for row in [&request, &later, &own] {
        site.backend.enter(&NameRow::of_request(row.names(), row.id())).await.unwrap();
        site.backend.put(row.clone());
    }
    let link = site.link(id);
    let unusual = site.get(&link).await.json()["unusual"].clone();
    assert_eq!(unusual[0]["kind"], "known_key", "{unusual}");
    assert_eq!(unusual[0]["related"][0]["email"], "mallory@example.com");
    assert_eq!(unusual[0]["related"][0]["otherRequester"], true);
    assert_eq!(unusual[0]["related"][0]["asksYou"], true);
    assert_eq!(unusual[1]["kind"], "names_in_progress", "{unusual}");
    assert_eq!(
        unusual[1]["related"].as_array().unwrap().len(),
        1,
        "the one with the key is told once: {unusual}"
    );
    assert_eq!(unusual[1]["related"][0]["otherRequester"], false);
    let page = site.browse(&link).await.is_page(200);
    let (_, red) = page.split_once("<li class=\"remark refused\">").unwrap();
    let (red, rest) = red.split_once("<li class=\"remark warning\">").unwrap();
    assert!(red.contains("Another person has requested a certificate for the same key."), "{red}");
    assert!(red.contains("mallory@example.com") && red.contains(&later.id().to_string()), "{red}");
    assert!(red.contains("waiting for approval") && red.contains("waits for you, too"), "{red}");
    assert!(rest.contains("Another request for some of these names is in progress."), "{rest}");
    assert!(!page.contains("earlier"), "it came later");
}

#[tokio::test]
async fn a_question_is_asked_and_answered_and_decides_nothing() {
    let site = Site::new();
    let (id, link) = site.pending();
    let hostile = "Which <b>shop</b>\u{202e}?";
    let asked = site.submit(&link, &[("decision", "ask"), ("question", hostile)]).await.is_page(200);
    assert!(asked.contains("Your question is on its way") && asked.contains("Not answered yet."), "{asked}");
    assert!(asked.contains("value=\"approve\""), "the decision is still open");
    let shown = "Which &#60;b&#62;shop&#60;/b&#62;[U+202E]?";
    assert!(asked.contains(shown), "{asked}");
    let again = site.post(&link, &json!({"decision": "ask", "question": hostile})).await;
    assert_eq!(again.json(), json!({"requestId": id, "number": 1}), "a repetition is the same question");

    let path = site.status_path(id, LinkGiven::ByMail).await;
    let status = site.browse(&path).await.is_page(200);
    assert!(status.contains(shown) && status.contains("id=\"answer-1\""), "{status}");
    assert!(!status.contains("approver@example.com") && !status.contains("data-refresh"), "{status}");
    let answer_path = path.replacen('?', "/answer?", 1);
    let said = site.submit(&answer_path, &[("number", "1"), ("answer", "The <i>new</i> one.")]).await;
    assert_eq!(said.status, 303);
    let again = site.post(&answer_path, &json!({"number": 1, "answer": "The <i>new</i> one."})).await;
    assert_eq!(again.json(), json!({"id": id, "number": 1}));
    let other = site.post(&answer_path, &json!({"number": 1, "answer": "Another."})).await;
    other.is_problem(409, "already_decided");
    let questions = site.get(&path).await.json()["questions"].clone();
    assert_eq!(questions[0]["answer"]["text"], "The <i>new</i> one.");
    assert!(questions[0].get("approver").is_none(), "{questions}");
    let review = site.get(&link).await.json();
    assert_eq!(review["questions"][0]["approver"], "approver@example.com");
    for page in [site.browse(&link).await.is_page(200), site.browse(&path).await.is_page(200)] {
        assert!(page.contains("The &#60;i&#62;new&#60;/i&#62; one."), "{page}");
    }
    assert!(site.backend.approval(id).unwrap().votes.is_empty());
    let kinds: Vec<EventKind> = site.backend.audit(id).iter().map(|event| event.event).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == EventKind::QuestionAsked).count(), 1);
    assert_eq!(kinds.iter().filter(|kind| **kind == EventKind::QuestionAnswered).count(), 1);
}

#[tokio::test]
async fn bad_questions_and_answers_are_refused() {
    let site = Site::new();
    let (id, link) = site.pending();
    let key = test_pki::TestKeyPair::generate(test_pki::TestKey::EcP256).pem();
    let ask = async |text: &str| site.post(&link, &json!({"decision": "ask", "question": text})).await;
    ask(" ").await.is_problem(400, "missing_field");
    ask(&"x".repeat(2_001)).await.is_problem(400, "bad_request");
    ask(&key).await.is_problem(422, "private_key_submitted");
    let page = site.submit(&link, &[("decision", "ask"), ("question", &key)]).await.is_page(422);
    assert!(page.contains("id=\"question-error\"") && !page.contains("PRIVATE KEY--"), "{page}");
    for number in 1..=10 {
        assert_eq!(ask(&format!("{number}?")).await.json()["number"], number);
    }
    ask("One more?").await.is_problem(400, "bad_request");
    let path = site.status_path(id, LinkGiven::ByMail).await.replacen('?', "/answer?", 1);
    let answer = async |body: serde_json::Value| site.post(&path, &body).await;
    answer(json!({"answer": "Yes."})).await.is_problem(400, "missing_field");
    answer(json!({"number": 1})).await.is_problem(400, "missing_field");
    answer(json!({"number": 99, "answer": "Yes."})).await.is_problem(400, "bad_request");
    answer(json!({"number": 1, "answer": key})).await.is_problem(422, "private_key_submitted");
    let wrong = format!("/requests/{id}/answer?key=wrong");
    site.post(&wrong, &json!({"number": 1, "answer": "Yes."})).await.is_problem(404, "not_found");
    assert!(site.backend.approval(id).unwrap().questions.iter().all(|one| one.answer.is_none()));
}

#[tokio::test]
async fn whoever_sent_the_form_does_not_answer_for_the_mailbox() {
    let site = Site::with_confirmation();
    let id = site.backend.request_at(Status::PendingApproval);
    site.backend.alter(id, |row| {
        let mut first = row.history[0].clone();
        first.status = Status::Unconfirmed;
        row.history.insert(0, first);
    });
    let link = site.link(id);
    site.post(&link, &json!({"decision": "ask", "question": "Who are you?"})).await;
    let answer = json!({"number": 1, "answer": "Alice."});
    let path = site.status_path(id, LinkGiven::InAnswer).await;
    assert!(!site.browse(&path).await.is_page(200).contains("id=\"answer-1\""));
    let path = path.replacen('?', "/answer?", 1);
    site.post(&path, &answer).await.is_problem(403, "bad_request");
    let path = site.status_path(id, LinkGiven::ByMail).await.replacen('?', "/answer?", 1);
    assert_eq!(site.post(&path, &answer).await.status, 200);
}

/// A link to everything that waits for an approver, as await-approval mails it; returns its path.
pub(crate) async fn inbox(site: &Site, who: &str) -> String {
    let key = LinkKey::random().unwrap();
    let link = InboxLink::new(&key, &who.parse().unwrap(), site.backend.now());
    site.backend.add_inbox(&link).await.unwrap();
    format!("/approvals/mine/{}/", key.expose())
}

#[tokio::test]
async fn an_approver_sees_everything_that_waits_and_decides_from_there() {
    let site = Site::new();
    let ids = [(); 2].map(|()| site.pending().0);
    site.backend.request_at(Status::Delivered);
    let list = inbox(&site, "approver@example.com").await;
    let json = site.get(&list).await.json();
    assert_eq!(json["approver"], "approver@example.com");
    assert_eq!(json["approvals"].as_array().unwrap().len(), 2, "{json}");
    let key = list.split('/').nth(3).unwrap();
    for lang in ["en", "ja"] {
        let page = site.browse(&format!("{list}?lang={lang}")).await.is_page(200);
        assert!(ids.iter().all(|id| page.contains(&format!("href=\"{id}?lang={lang}\""))), "{page}");
        assert!(!page.contains(key), "the key of the list is not in the page");
    }
    assert_eq!(site.get(list.trim_end_matches('/')).await.json()["approvals"], json["approvals"]);
    let link = format!("{list}{}", ids[0]);
    let review = site.get(&link).await.json();
    assert!(json["approvals"].to_string().contains(&link), "{json}");
    let page = site.browse(&link).await.is_page(200);
    assert!(!page.contains(key), "{page}");
    let digest = review["digest"].as_str().unwrap();
    let page = site.submit(&link, &[("decision", "approve"), ("digest", digest)]).await.is_page(200);
    assert!(page.contains("href=\"./\""), "{page}");
    assert_eq!(site.backend.approval(ids[0]).unwrap().votes.len(), 1);
    assert_eq!(site.get(&list).await.json()["approvals"].as_array().unwrap().len(), 1);
    site.backend.advance(Duration::HOUR);
    for path in [list.clone(), link, "/approvals/mine/nonsense/".into()] {
        site.get(&path).await.is_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_list_opens_nothing_that_is_not_for_its_approver() {
    let site = Site::new();
    let (id, _) = site.pending();
    for who in ["stranger@example.com", "requester@example.com"] {
        let list = inbox(&site, who).await;
        assert_eq!(site.get(&list).await.json()["approvals"], json!([]));
        site.get(&format!("{list}{id}")).await.is_problem(404, "not_found");
    }
    let list = inbox(&site, "approver@example.com").await;
    for other in ["x".to_owned(), RequestId::random().to_string()] {
        site.get(&format!("{list}{other}")).await.is_problem(404, "not_found");
    }
    // Whoever leaves the policy loses the link.
    let policy =
        include_str!("../../../../infra/policy.toml").replace("approver@example.com", "new@example.com");
    site.backend.set_policy(&policy);
    assert_eq!(site.get(&list).await.json()["approvals"], json!([]));
    site.get(&format!("{list}{id}")).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn asking_for_the_list_is_the_same_call_for_every_address() {
    let site = Site::new();
    site.pending();
    let mut answers = Vec::new();
    for email in ["approver@example.com", "unknown@example.com"] {
        let before = site.backend.calls().len();
        let answer = site.post("/approvals", &json!({"email": email})).await;
        answers.push((answer.status.as_u16(), answer.bytes, site.backend.calls()[before..].to_vec()));
    }
    assert_eq!(answers[0].0, 202);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].2, ["worker queue: recheck"], "time tells nothing, as nothing is looked up");
    site.post("/approvals", &json!({"email": "a@b, c@d"})).await.is_problem(422, "bad_email");
    site.post("/approvals", &json!({})).await.is_problem(400, "missing_field");
    site.browse("/approvals").await.is_page(200);
    site.submit("/approvals", &[("email", "approver@example.com")]).await.is_page(202);
}

#[tokio::test]
async fn the_requester_has_the_approvers_reminded_once_a_day() {
    let site = Site::new();
    let (id, _) = site.pending();
    let path = site.status_path(id, LinkGiven::ByMail).await;
    let remind = path.replacen('?', "/remind?", 1);
    assert!(!site.browse(&path).await.is_page(200).contains("/remind?"));
    site.post(&remind, &json!({})).await.is_problem(429, "try_again");
    site.backend.advance(Duration::DAY);
    assert!(site.browse(&path).await.is_page(200).contains("Remind the approvers"));
    assert_eq!(site.post(&remind, &json!({})).await.status, 202);
    assert_eq!(site.backend.rechecks().last().unwrap().mail, Some(MailKind::Prompt));
    let now = site.backend.now();
    let mut row = site.backend.request(id).unwrap();
    assert!(row.claim_mail_again(&MailKind::Prompt, Duration::DAY, now));
    site.backend.put(row);
    let (english, japanese) = ("Try again after 3 January 2026, 12:00 UTC.", "2026年1月3日 12:00 UTC以降に");
    assert!(site.submit(&remind, &[]).await.is_page(429).contains(english));
    assert!(site.submit_in(Language::Japanese, &remind, &[]).await.is_page(429).contains(japanese));
    let problem = site.post(&remind, &json!({})).await.is_problem(429, "try_again");
    assert!(problem["detail"].as_str().unwrap().ends_with(english), "{problem}");
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("We reminded the approvers for you on") && !page.contains("/remind?"), "{page}");
    let (decided, _) = site.request_at(Status::Delivered).await;
    let remind = site.status_path(decided.id(), LinkGiven::ByMail).await.replacen('?', "/remind?", 1);
    site.post(&remind, &json!({})).await.is_problem(409, "already_decided");
}
