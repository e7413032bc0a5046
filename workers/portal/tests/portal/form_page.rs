//! The page of the form: help, verdict, what is left out, commands, and the entries that stay when the language changes.

use pki::testing as test_pki;
use pki::testing::{CsrMaker, TestKey};
use serde_json::json;
use workflow::request::Status;
use workflow::testing::fixtures::standing_policy;
use workflow::texts::Language;

use crate::site::Site;

/// A CSR that asks for a key usage, two purposes, a part of the subject and an attribute that no certificate of the profile `server`
/// has.
pub(crate) fn csr_with_ungranted_parts() -> String {
    // RFC 5280 section 4.2.1.3: digitalSignature and nonRepudiation.
    let key_usage = [0x03, 0x02, 0x06, 0xc0];
    // clientAuth and codeSigning.
    let purposes = [
        0x30, 0x14, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02, 0x06, 0x08, 0x2b, 0x06, 0x01,
        0x05, 0x05, 0x07, 0x03, 0x03,
    ];
    CsrMaker::new(TestKey::EcP256)
        .common_name("www.example.com")
        .subject_part("2.5.4.10", 12, b"The Shop")
        .names(&["www.example.com"])
        .extension("2.5.29.15", true, &key_usage)
        .extension("2.5.29.37", false, &purposes)
        .pem()
}

/// The part of a page from the heading of the preview on.
fn preview(page: &str) -> &str {
    let (_, preview) = page.split_once("id=\"preview-title\"").unwrap_or_else(|| panic!("{page}"));
    preview.split_once("</section>").unwrap().0
}

#[tokio::test]
async fn what_is_left_out_is_one_list_below_the_verdict() {
    let site = Site::new();
    let csr = csr_with_ungranted_parts();
    let page = site.submit("/requests/preview", &[("csrContent", &csr)]).await.is_page(200);
    let preview = preview(&page);
    let (verdict, rest) = preview.split_once("<dl>").unwrap();
    assert!(verdict.contains("<p class=\"fine\">This meets the policy."), "{verdict}");
    assert_eq!(rest.matches("class=\"remark ").count(), 1, "{rest}");
    assert!(rest.contains("<strong>Left out of the certificate (4)</strong><ul><li>"), "{rest}");
    for part in
        ["key usage nonRepudiation", "purpose clientAuth (in the profiles: client", "purpose codeSigning<"]
    {
        assert!(rest.contains(&format!("<li>{part}")), "{part}: {rest}");
    }
    assert!(rest.contains("<li>subject O=") && !rest.contains("contain it"), "{rest}");

    let request = site.backend.unsaved_request(&csr, Status::PendingApproval);
    site.backend.put(request.clone());
    let review = site.browse(&site.link(request.id())).await.is_page(200);
    let (verdict, list) = review.split_once("<ul class=\"remarks\">").unwrap();
    assert!(verdict.contains("<p class=\"fine\">This meets the policy.</p>"), "{verdict}");
    assert!(
        list.contains("Left out of the certificate (4)") && list.contains("<li>purpose clientAuth</li>"),
        "{list}"
    );
    assert_eq!(review.matches(">New or unusual<").count(), 1, "one heading");
}

#[tokio::test]
async fn the_preview_names_the_end_the_issuer_and_who_approves() {
    let site = Site::new();
    let csr = test_pki::csr(&["www.example.com"]);
    let fields = [("email", "sam@example.com"), ("csrContent", csr.as_str())];
    let page = site.submit("/requests/preview", &fields).await.is_page(200);
    for (label, value) in
        [("Valid until", "about "), ("Issued by", "CN="), ("Approval", "1 approver, within 7 days")]
    {
        let row = format!("<dt>{label}</dt><dd>{value}");
        assert!(preview(&page).contains(&row), "{row}: {}", preview(&page));
    }
    assert!(preview(&page).contains("(365 days, “server” profile)"), "{page}");
    assert!(page.contains("data-said=\"Checked for the “server” profile: 1 name, allowed.\""), "{page}");
    site.backend.without_issuer();
    let page = site.submit("/requests/preview", &fields).await.is_page(200);
    assert!(preview(&page).contains("<dt>Valid for</dt><dd>365 days"), "{page}");
    assert!(!preview(&page).contains("Issued by"), "{page}");
}

#[tokio::test]
async fn help_is_always_there_and_open_for_whoever_needs_it() {
    const HELP: &str = "<details class=\"help\" id=\"csr-help\"";
    let site = Site::new();
    let weak = test_pki::csr_with_rsa_bits(1024);
    let (fine, refused) = (test_pki::csr(&["www.example.com"]), test_pki::csr(&["www.example.edu"]));
    let nameless = test_pki::csr(&[]);
    for (csr, status, is_open) in [
        ("", 400, true),
        ("hello", 422, true),
        (weak.as_str(), 422, true),
        (nameless.as_str(), 422, true),
        (refused.as_str(), 422, false),
        (fine.as_str(), 200, false),
    ] {
        let page = site.submit("/requests/preview", &[("csrContent", csr)]).await.is_page(status);
        assert_eq!(page.contains(&format!("{HELP} open>")), is_open, "{page}");
        assert!(page.contains(HELP) && page.contains("href=\"/commands\">Make a CSR</a>"), "{page}");
    }
}

#[tokio::test]
async fn a_command_of_an_advice_is_a_block_of_its_own() {
    let site = Site::new();
    let fields = [("email", "sam@example.com"), ("csrContent", "hello")];
    for language in Language::ALL {
        let page = site.submit_in(language, "/requests", &fields).await.is_page(422);
        let (_, problems) = page.split_once("id=\"problems\"").unwrap();
        let (words, command) = problems.split_once("<pre data-copy=\"").unwrap();
        assert!(!words.contains("openssl"), "{words}");
        assert!(command.contains("<code>openssl req -new "), "{command}");
    }
}

#[tokio::test]
async fn the_language_changes_and_the_entries_stay() {
    let site = Site::new();
    let csr = test_pki::csr(&["www.example.com"]);
    let fields = [
        ("email", "sam@example.com"),
        ("comment", "For the shop."),
        ("profile", "client"),
        ("draft", "true"),
    ];
    for (entered, status, has_preview) in [("", 200, false), ("hello", 422, false), (csr.as_str(), 200, true)]
    {
        let mut fields = fields.to_vec();
        fields.push(("csrContent", entered));
        let page = site.submit("/requests/preview?lang=ja", &fields).await.is_page(status);
        assert!(page.contains("<html lang=\"ja\">"), "{page}");
        assert_eq!(page.contains("id=\"preview-title\""), has_preview, "{page}");
        assert_eq!(page.contains("id=\"problems\""), status == 422, "{page}");
        for kept in ["value=\"sam@example.com\"", "For the shop.", "value=\"client\" checked", entered] {
            assert!(page.contains(kept), "{kept}: {page}");
        }
        let button =
            "form=\"request\" name=\"draft\" value=\"true\" formaction=\"/requests/preview?lang=en\"";
        assert!(page.contains(button), "{page}");
    }
    assert!(site.backend.requests().is_empty());
    // A program that sends the field has the answer of any preview.
    site.post("/requests/preview", &json!({"draft": "true"})).await.is_problem(400, "missing_field");
}

#[tokio::test]
async fn a_draft_of_standing_terms_stays_too() {
    let site = Site::new();
    site.backend.set_policy(&standing_policy());
    let page = site.browse("/?kind=grant").await.is_page(200);
    assert!(page.contains("formaction=\"/requests/preview?lang=ja\" formnovalidate lang=\"ja\""), "{page}");
    let fields = [("kind", "grant"), ("draft", "true"), ("names", ".web.example.com"), ("days", "")];
    let page = site.submit("/requests/preview?lang=ja", &fields).await.is_page(200);
    assert!(page.contains("<html lang=\"ja\">") && page.contains(".web.example.com"), "{page}");
    assert!(!page.contains("id=\"problems\""), "nothing is said about what is not entered yet: {page}");
    let mut wrong = fields.to_vec();
    wrong[3].1 = "many";
    let page = site.submit("/requests/preview?lang=ja", &wrong).await.is_page(400);
    assert!(page.contains("href=\"#days\"") && !page.contains("href=\"#email\""), "{page}");
}

#[tokio::test]
async fn a_draft_with_a_private_key_comes_back_without_it() {
    let site = Site::new();
    let root = test_pki::root();
    let key = root.key_pem.as_str();
    for field in ["csrContent", "comment", "email"] {
        let page = site.submit("/requests/preview?lang=ja", &[("draft", "true"), (field, key)]).await;
        let page = page.is_page(422);
        assert!(!page.contains("PRIVATE KEY") && page.contains(&format!("href=\"#{field}\"")), "{page}");
    }
}
