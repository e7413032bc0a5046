//! From the form to the decision, as a browser and as a program.

use crate::site::Site;
use pki::testing as test_pki;

#[tokio::test]
async fn a_browser_submits_and_an_approver_decides() {
    let site = Site::new();
    let form = site.browse("/").await.is_page(200);
    assert!(form.contains("name=\"csrContent\""), "{form}");
    let csr = test_pki::csr(&["www.example.com"]);
    let sent = site
        .submit(
            "/requests",
            &[
                ("email", "requester@example.com"),
                ("comment", "Hello"),
                ("csrContent", &csr),
                ("profile", "server"),
            ],
        )
        .await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let status = site.browse(sent.header("location")).await.is_page(200);
    assert!(status.contains("checking your request</h1>"), "{status}");
    assert!(status.contains("www.example.com"));

    let (id, link) = site.pending();
    let review = site.browse(&link).await.is_page(200);
    assert!(review.contains("Issue this certificate?"), "{review}");
    let digest = site.shown(id);
    assert!(review.contains(&digest));
    let decided = site.submit(&link, &[("digest", &digest), ("decision", "approve"), ("reason", "")]).await;
    assert!(decided.is_page(200).contains("Approved"));
    assert!(site.backend.approval(id).unwrap().outcome.is_some());
    assert_eq!(site.backend.rechecks(), [workflow::message::RecheckMessage::look(id)]);
}
