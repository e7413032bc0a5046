//! An approved request, and every mail and page that its requester gets.

use end_to_end::{Asked, Stack, Submission, csr_for, files_in_zip, unique_host};
use serde_json::Value;

use crate::APPROVER;

#[tokio::test]
async fn a_request_is_approved_and_its_certificate_delivered() {
    let stack = Stack::shared().await;
    let (portal, mailbox, host) = (stack.portal(), stack.mailbox(), unique_host());
    let submission =
        Submission { comment: "The shop's new front.".into(), ..Submission::of(&csr_for(&[&host])) };

    let answer = portal.submit(&submission).await.expect(202);
    let (location, answer) = (answer.header("location").to_owned(), answer.json());
    assert_eq!(answer["statusUrl"], location);
    assert_eq!(answer["status"], "unconfirmed");
    let answered = Asked::of(&answer, &submission);

    let confirm = mailbox.mail(&answered.id, &answered.email, "Confirm your request").await;
    assert!(confirm.text.contains(&host), "{}", confirm.text);
    assert!(!confirm.links().contains(&answered.status_url), "the mail has a link of its own");
    assert!(confirm.html.contains("</html>"));
    let executions = stack.countersign(&["executions", &answered.id]);
    assert!(!executions.status.success(), "nothing runs before the confirmation");
    let asked = portal.confirm(answered.clone()).await;

    let request = mailbox.mail(&asked.id, APPROVER, "Approve certificate").await;
    for shown in [host.as_str(), &asked.email, "The shop's new front.", "P-256", &format!("CN={host}")] {
        assert!(request.text.contains(shown), "{shown}: {}", request.text);
    }
    let waiting = portal.until(&asked, "pending_approval").await;
    assert_eq!(waiting["names"], serde_json::json!([host]));
    assert_eq!(waiting["profile"], "server");
    assert!(waiting.get("serial").is_none(), "{waiting:#}");
    assert!(waiting.get("notAfter").is_none(), "{waiting:#}");
    portal.json(&certificate_url(&asked.status_url, "")).await.problem(404, "not_found");

    let link = mailbox.approval_link(&asked, APPROVER).await;
    let review = portal.json(&link).await.expect(200).json();
    assert_eq!(review["requestId"], asked.id.as_str());
    assert_eq!(review["requester"], asked.email.as_str());
    assert_eq!(review["names"], serde_json::json!([host]));
    assert_eq!(review["votes"], serde_json::json!([]));
    assert_eq!(review["comment"], "The shop's new front.");
    let decided = portal.decide(&link, "approve", "").await.expect(200).json();
    assert_eq!(
        (decided["decision"].as_str(), decided["outcome"].as_str()),
        (Some("approve"), Some("approved"))
    );

    let status = portal.until(&asked, "delivered").await;
    let went_through: Vec<&str> =
        status["history"].as_array().unwrap().iter().filter_map(|entry| entry["status"].as_str()).collect();
    assert_eq!(
        went_through,
        ["unconfirmed", "submitted", "pending_approval", "approved", "issued", "delivered"]
    );
    let serial = status["serial"].as_str().unwrap();
    assert!(serial.len() >= 32, "{serial}");
    assert!(serial.bytes().all(|b| b.is_ascii_hexdigit()), "{serial}");
    assert!(status["notAfter"].is_string());

    let mail = mailbox.mail(&asked.id, &asked.email, "Your certificate").await;
    assert!(mail.text.contains(serial), "{}", mail.text);
    let zip = mail.attachment("certificate.zip");
    let names: Vec<String> = files_in_zip(zip).into_iter().map(|(name, _)| name).collect();
    let files = ["certificate.pem", "ca.pem", "fullchain.pem", "receipt.json", "README.txt", "README.ja.txt"];
    assert_eq!(names, files);
    assert_eq!(portal.get(&certificate_url(&asked.status_url, ".zip"), "*/*").await.expect(200).body, zip);
    downloads_agree(&portal, &asked.status_url, zip).await;
    let by_answer = portal.json(&certificate_url(&answered.status_url, "")).await;
    by_answer.problem(403, "bad_request");
    portal.until(&answered, "delivered").await;
}

/// URL of the certificate, from the URL of the status page.
fn certificate_url(status_url: &str, suffix: &str) -> String {
    status_url.replace("?key=", &format!("/certificate{suffix}?key="))
}

async fn downloads_agree(portal: &end_to_end::Portal, status_url: &str, zip: &[u8]) {
    let files = files_in_zip(zip);
    let file = |name: &str| &files.iter().find(|(file, _)| file == name).unwrap().1;
    for (suffix, accept) in [("", "*/*"), ("", "application/x-pem-file"), (".pem", "*/*")] {
        let pem = portal.get(&certificate_url(status_url, suffix), accept).await.expect(200);
        assert_eq!(&pem.body, file("certificate.pem"));
        assert!(pem.header("content-disposition").contains("certificate.pem"));
        assert_eq!(pem.header("cache-control"), "no-store");
    }
    let by_accept = portal.get(&certificate_url(status_url, ""), "application/zip").await.expect(200);
    assert_eq!((by_accept.header("content-type"), by_accept.body.as_slice()), ("application/zip", zip));
    assert_eq!(&portal.get("ca.pem", "*/*").await.expect(200).body, file("ca.pem"));
    let fullchain = String::from_utf8(file("fullchain.pem").clone()).unwrap();
    assert!(fullchain.starts_with(&String::from_utf8_lossy(file("certificate.pem")).into_owned()));
    for readme in ["README.txt", "README.ja.txt"] {
        let readme = String::from_utf8(file(readme).clone()).unwrap();
        for word in ["nginx", "acm import-certificate", "curl", "fullchain.pem"] {
            assert!(readme.contains(word), "{word}: {readme}");
        }
    }
}

#[tokio::test]
async fn a_form_leads_to_the_status_page() {
    let stack = Stack::shared().await;
    let (portal, host) = (stack.portal(), unique_host());
    let email = Submission::of("").email;
    let csr = csr_for(&[&host]);
    let fields =
        [("email", email.as_str()), ("comment", "By hand."), ("csrContent", &csr), ("profile", "server")];
    let answer = portal.post_form("requests", &fields).await.expect(303);
    let location = answer.header("location");
    let page = portal
        .get(&format!("{}{}", portal.base, location.trim_start_matches('/')), "text/html")
        .await
        .expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(page.text().contains(&host));
    assert_eq!(stack.rows_of(&email).len(), 1);
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_request() {
    let stack = Stack::shared().await;
    let portal = stack.portal();
    let key = uuid::Uuid::new_v4().to_string();
    let submission = Submission { idempotency_key: Some(key), ..Submission::of(&csr_for(&[&unique_host()])) };
    let submit = async || Asked::of(&portal.submit(&submission).await.expect(202).json(), &submission);
    let (first, at_once) = tokio::join!(submit(), submit());
    let again = submit().await;
    assert_eq!((&first.id, &first.status_url), (&at_once.id, &at_once.status_url));
    assert_eq!((&first.id, &first.status_url), (&again.id, &again.status_url));
    portal.confirm(again).await;
    let confirmed = submit().await;
    assert_eq!((&first.id, &first.status_url), (&confirmed.id, &confirmed.status_url));
    assert_eq!(stack.rows_of(&submission.email).len(), 1);

    portal.until(&first, "pending_approval").await;
    let other = Submission { comment: "Something else.".into(), ..submission.clone() };
    portal.submit(&other).await.problem(422, "bad_request");
    assert_eq!(stack.rows_of(&submission.email).len(), 1);
}

#[tokio::test]
async fn a_preview_shows_what_would_be_issued_and_stores_nothing() {
    let stack = Stack::shared().await;
    let (portal, host) = (stack.portal(), unique_host());
    let submission = Submission::of(&csr_for(&[&host]));
    let preview = portal.post("requests/preview", &submission.json()).await.expect(200).json();
    assert_eq!(preview["names"], serde_json::json!([host]));
    assert_eq!(preview["profile"], "server");
    assert!(preview["findings"].is_array(), "{preview:#}");
    assert_eq!(stack.rows_of(&submission.email), Vec::<Value>::new());
}

#[tokio::test]
async fn the_front_page_the_issuer_and_the_health_are_there() {
    let portal = Stack::shared().await.portal();
    let form = portal.get("", "text/html").await.expect(200);
    for field in [
        "name=\"email\"",
        "name=\"csrContent\"",
        "name=\"comment\"",
        "name=\"profile\"",
        "name=\"idempotencyKey\"",
    ] {
        assert!(form.text().contains(field), "{field}");
    }
    assert!(form.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(portal.json("healthz").await.expect(200).json()["status"], "ok");
    let issuer = portal.get("ca.pem", "*/*").await.expect(200);
    assert!(issuer.text().starts_with("-----BEGIN CERTIFICATE-----"));
}
