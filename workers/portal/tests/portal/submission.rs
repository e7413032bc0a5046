//! POST `/requests`: every refusal has its code and stores nothing; repeating is harmless.

use http::StatusCode;
use pki::testing as test_pki;
use pki::testing::{CsrMaker, TestKey};
use serde_json::{Value, json};
use workflow::request::execution_name;
use workflow::testing::fixtures;

use crate::site::{BROWSER, FORM, JSON, Site, good, with};

/// Asserts that the submission is refused, from a program and from a browser, and that nothing is stored or started.
async fn refused(body: Value, status: u16, code: &str) -> Value {
    let site = Site::new();
    let problem = site.post("/requests", &body).await.is_problem(status, code);
    let fields: Vec<_> = body
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let page = site.submit("/requests", &fields).await.is_page(status);
    assert!(page.contains("id=\"problems\"") && page.contains("name=\"csrContent\""), "{page}");
    assert!(site.backend.requests().is_empty() && site.backend.executions().is_empty());
    problem
}

#[tokio::test]
async fn a_good_request_is_stored_and_started() {
    let site = Site::new();
    let answer = site.post("/requests", &good()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["status"], "submitted");
    assert_eq!(answer.header("location"), body["statusUrl"]);
    let [request] = site.backend.requests().try_into().unwrap();
    assert_eq!(body["id"], request.id().to_string());
    assert_eq!(request.profile(), "server");
    assert_eq!(request.comment(), "For the web shop.");
    assert!(
        site.backend
            .executions()
            .keys()
            .any(|arn| arn.ends_with(&execution_name(request.id(), 1)) && *arn == request.execution().arn)
    );
    let path =
        body["statusUrl"].as_str().unwrap().strip_prefix("https://pki.example.com").unwrap().to_owned();
    assert_eq!(site.get(&path).await.json()["status"], "submitted");
}

#[tokio::test]
async fn unknown_fields_are_ignored_and_optional_ones_may_be_left_out() {
    let site = Site::new();
    let mut body = good();
    body["colour"] = json!({"anything": [1, 2]});
    body.as_object_mut().unwrap().remove("comment");
    body["profile"] = Value::Null;
    assert_eq!(site.post("/requests", &body).await.status, StatusCode::ACCEPTED);
    let [request] = site.backend.requests().try_into().unwrap();
    assert_eq!((request.profile(), request.comment()), ("server", ""));
}

#[tokio::test]
async fn everything_that_is_missing_is_named_at_once() {
    let problem = refused(json!({"email": " "}), 400, "missing_field").await;
    let details: Vec<_> =
        problem["findings"].as_array().unwrap().iter().map(|one| one["detail"].as_str().unwrap()).collect();
    assert_eq!(
        details,
        ["Enter your e-mail address.", "Paste your certificate signing request, or choose the file."]
    );
    let fields: Vec<_> = problem["findings"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert_eq!(fields, ["email", "csrContent"]);
}

#[tokio::test]
async fn wrong_types_are_named_with_their_field() {
    let site = Site::new();
    for (field, value) in
        [("email", json!(7)), ("comment", json!(["x"])), ("csrContent", json!({})), ("profile", json!(true))]
    {
        let problem = site.post("/requests", &with(field, value)).await.is_problem(400, "bad_request");
        assert!(problem["detail"].as_str().unwrap().starts_with(&format!("{field}: ")), "{problem}");
        assert_eq!(problem["findings"][0]["field"], field, "{problem}");
    }
    assert!(site.backend.requests().is_empty());
}

#[tokio::test]
async fn bodies_that_are_no_fields_are_refused() {
    let site = Site::new();
    for body in ["", "{", "[]", "\"text\"", "null", "{\"email\": \"a\nb\"}", "\u{feff}{}"] {
        site.call("POST", "/requests", &[JSON], body).await.is_problem(400, "bad_request");
    }
    for body in ["", "--b\r\nnonsense", "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nx"] {
        site.call(
            "POST",
            "/requests",
            &[("content-type", "multipart/form-data; boundary=b"), ("accept", "application/json")],
            body,
        )
        .await
        .is_problem(400, "bad_request");
    }
    for kind in ["text/plain", "application/xml", "multipart/mixed", "nonsense"] {
        site.call("POST", "/requests", &[("content-type", kind)], good().to_string())
            .await
            .is_problem(415, "bad_request");
    }
    site.call("POST", "/requests", &[], good().to_string()).await.is_problem(415, "bad_request");
    let missing = site
        .call(
            "POST",
            "/requests",
            &[("content-type", "multipart/form-data"), ("accept", "application/json")],
            "x",
        )
        .await;
    missing.is_problem(400, "bad_request");
    assert!(site.backend.requests().is_empty());
}

#[tokio::test]
async fn a_body_over_128_kib_is_too_large_and_one_of_128_kib_is_read() {
    let site = Site::new();
    let body = |length: usize| {
        let frame = json!({"comment": ""}).to_string().len();
        json!({"comment": "a".repeat(length - frame)}).to_string()
    };
    site.call("POST", "/requests", &[JSON], body(128 * 1024)).await.is_problem(400, "missing_field");
    site.call("POST", "/requests", &[JSON], body(128 * 1024 + 1)).await.is_problem(413, "too_large");
    site.call("POST", "/requests", &[("content-type", FORM), ("accept", BROWSER)], "a".repeat(200 * 1024))
        .await
        .is_page(413);
    site.call("POST", "/requests", &[JSON, ("content-length", "9999999")], "{}")
        .await
        .is_problem(413, "too_large");
    refused(with("csrContent", "a".repeat(65 * 1024)), 413, "too_large").await;
}

#[tokio::test]
async fn addresses_that_are_not_one_plain_address_are_refused() {
    for email in ["a", "@", "a@", "@b", "a@b@c", "a@b, c@d", "a@b c@d", "a@b\r\nBcc: c@d", "<a@b>", "ä@b"] {
        refused(with("email", email), 422, "bad_email").await;
    }
    refused(with("email", "a".repeat(300) + "@example.com"), 422, "bad_email").await;
}

#[tokio::test]
async fn comments_are_short_plain_text() {
    refused(with("comment", "a".repeat(2001)), 400, "bad_request").await;
    refused(with("comment", "a\u{1b}[31m"), 400, "bad_request").await;
    let site = Site::new();
    let answer = site.post("/requests", &with("comment", format!("{}\r\n\tü", "ü".repeat(1990)))).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert!(site.backend.requests()[0].comment().ends_with("ü\n\tü"));
}

#[tokio::test]
async fn a_key_on_the_list_of_the_policy_is_told_by_preview_and_submission() {
    let site = Site::new();
    let denied = test_pki::csr(&["www.example.com"]);
    let list = fixtures::key_list(&[&denied]);
    site.backend.deny_keys(&list);
    let form = with("csrContent", denied);
    assert_eq!(site.post("/requests", &form).await.status, StatusCode::SERVICE_UNAVAILABLE, "no list yet");
    site.backend.store_key_list(list);
    for path in ["/requests", "/requests/preview"] {
        let answer = site.post(path, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(answer.text().contains("weak_key"), "{path}: {}", answer.text());
    }
    assert!(site.backend.requests().is_empty());
    let other = with("csrContent", test_pki::csr(&["www.example.com"]));
    assert_eq!(site.post("/requests", &other).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn each_code_of_a_csr_is_told() {
    let names = &["www.example.com"];
    refused(with("csrContent", "hello"), 422, "not_a_csr").await;
    refused(with("csrContent", test_pki::root().certificate_pem), 422, "not_a_csr").await;
    refused(with("csrContent", test_pki::csr_with_bad_signature(names)), 422, "bad_signature").await;
    refused(with("csrContent", test_pki::csr_with_rsa_bits(1024)), 422, "weak_key").await;
    refused(with("csrContent", test_pki::csr_with_sha1(names)), 422, "weak_signature").await;
    refused(with("csrContent", test_pki::csr(&["under_score.example.com"])), 422, "bad_name").await;
    refused(with("csrContent", test_pki::csr(&["www.not-allowed.com"])), 422, "name_not_allowed").await;
    refused(
        with("csrContent", CsrMaker::new(TestKey::EcP256).names(names).asking_for_ca().pem()),
        422,
        "forbidden_extension",
    )
    .await;
    refused(with("profile", "nonsense"), 422, "unknown_profile").await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let body = json!({"email": "unknown", "csrContent": "hello", "profile": "nonsense", "comment": "\u{7}"});
    let problem = refused(body, 400, "bad_request").await;
    let codes: Vec<_> =
        problem["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["bad_request", "bad_email", "unknown_profile", "not_a_csr"]);
}

#[tokio::test]
async fn a_request_without_another_approver_is_refused() {
    let site = Site::new();
    let problem =
        site.post("/requests", &with("email", "Approver@example.com")).await.is_problem(400, "bad_request");
    assert!(problem["detail"].as_str().unwrap().contains("approve your own request"), "{problem}");
    assert!(site.backend.requests().is_empty());
}

#[tokio::test]
async fn what_lies_behind_us_may_fail_before_the_row_is_stored_and_after() {
    let site = Site::new();
    for port in ["policies", "issuers", "links", "requests"] {
        site.backend.fail_next(port, 1);
        let answer = site.post("/requests", &good()).await;
        answer.is_problem(503, "try_again");
        assert_eq!(answer.header("retry-after"), "5");
        assert!(!answer.text().contains("injected fault"));
    }
    site.backend.fail_next("requests", 1);
    let csr = test_pki::csr(&["www.example.com"]);
    let page = site
        .submit("/requests", &[("email", "a@example.com"), ("csrContent", &csr), ("comment", "Kept")])
        .await
        .is_page(503);
    assert!(page.contains("Kept") && page.contains("BEGIN CERTIFICATE REQUEST"));
    assert!(site.backend.requests().is_empty());

    site.backend.fail_next("executions", 1);
    assert_eq!(site.post("/requests", &good()).await.status, StatusCode::ACCEPTED);
    assert_eq!(site.backend.requests().len(), 1);
    assert!(site.backend.executions().is_empty());
}

#[tokio::test]
async fn a_person_is_told_what_to_do_and_no_field_of_a_program() {
    let site = Site::new();
    let page = site.submit("/requests", &[("email", ""), ("csrContent", "")]).await.is_page(400);
    for sentence in
        ["Enter your e-mail address.", "Paste your certificate signing request, or choose the file."]
    {
        // In the summary and at the field.
        assert_eq!(page.matches(sentence).count(), 2, "{sentence}: {page}");
    }
    let (id, link) = site.pending();
    let digest = site.shown(id);
    let vote = [("decision", "reject"), ("digest", digest.as_str()), ("reason", " ")];
    let page_without_reason = site.submit(&link, &vote).await.is_page(400);
    assert!(page_without_reason.contains("Say why you reject the request. The requester reads this."));
    let japanese = site.submit_in(workflow::texts::Language::Japanese, &link, &vote).await.is_page(400);
    assert!(japanese.contains("却下の理由を入力してください。"), "{japanese}");
    for page in [page, page_without_reason, japanese] {
        for machine in ["(email)", "(csrContent)", "(csrFile)", "field csr", "field email", "field reason"] {
            assert!(!page.contains(machine), "{machine}: {page}");
        }
    }
}
