//! POST `/requests/preview`: shows the contents of the certificate, and stores nothing.

use pki::testing as test_pki;
use pki::testing::{CaMaker, CsrMaker, TestKey};
use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn it_says_what_would_be_issued() {
    let site = Site::new();
    let body = json!({"csrContent": test_pki::csr_with(TestKey::EcP256, "www.example.com", &["www.example.com", "10.0.0.1"])});
    let preview = site.post("/requests/preview", &body).await;
    assert_eq!(preview.status, 200, "{}", preview.text());
    let preview = preview.json();
    assert_eq!(preview["profile"], "server");
    assert_eq!(preview["names"], json!(["www.example.com", "10.0.0.1"]));
    assert_eq!(preview["key"], "EC P-256");
    assert_eq!(preview["validityDays"], 365);
    assert_eq!(preview["extendedKeyUsage"], json!(["serverAuth"]));
    assert_eq!(preview["findings"], json!([]));
    assert!(site.backend.requests().is_empty() && site.backend.executions().is_empty());
}

#[tokio::test]
async fn it_refuses_as_a_submission_would() {
    let site = Site::new();
    let site = &site;
    let preview = |body| async move { site.post("/requests/preview", &body).await };
    preview(json!({})).await.is_problem(400, "missing_field");
    preview(json!({"csrContent": "hello"})).await.is_problem(422, "not_a_csr");
    preview(json!({"csrContent": test_pki::root().key_pem})).await.is_problem(422, "private_key_submitted");
    preview(json!({"csrContent": test_pki::csr(&["www.not-allowed.com"])}))
        .await
        .is_problem(422, "name_not_allowed");
    preview(json!({"csrContent": test_pki::csr(&["www.example.com"]), "profile": "x"}))
        .await
        .is_problem(422, "unknown_profile");
    preview(json!({"csrContent": 1})).await.is_problem(400, "bad_request");
}

#[tokio::test]
async fn it_knows_what_the_authority_may_certify() {
    let site = Site::new();
    let body = json!({"csrContent": test_pki::csr(&["www.example.com", "www.example.org"]), "email": "a@example.com"});
    assert_eq!(site.post("/requests/preview", &body).await.status, 200);
    let maker = CaMaker::new(TestKey::EcP256).name_constraints(&["example.com"], &[]);
    site.backend.rotate_to(&maker.self_signed());
    for path in ["/requests/preview", "/requests"] {
        let problem = site.post(path, &body).await.is_problem(422, "name_not_allowed");
        assert_eq!(problem["findings"].as_array().map(Vec::len), Some(1), "{problem}");
        assert_eq!(
            problem["findings"][0]["detail"],
            "The name constraints of the certificate authority (CA) don't permit the DNS name \"www.example.org\"."
        );
    }
    assert!(site.backend.requests().is_empty());
    site.backend.without_issuer();
    assert_eq!(site.post("/requests/preview", &body).await.status, 200, "who signs is not known yet");
}

#[tokio::test]
async fn a_browser_gets_its_form_back_with_the_answer_below() {
    let site = Site::new();
    let csr = CsrMaker::new(TestKey::EcP256).names(&["www.example.com"]).pem();
    let page = site
        .submit("/requests/preview", &[("csrContent", &csr), ("email", ""), ("comment", "<b>kept</b>")])
        .await
        .is_page(200);
    assert!(page.contains("This is what you would get") && page.contains("EC P-256"));
    assert!(page.contains("kept") && !page.contains("<b>kept</b>"), "escaped");
    assert!(page.contains("BEGIN CERTIFICATE REQUEST"));
    let page = site.submit("/requests/preview", &[("csrContent", "hello")]).await.is_page(422);
    assert!(page.contains("id=\"problems\"") && page.contains("hello"));
}
