//! The accepted contents of the text or the file: a CSR in any encoding, and never a private key.

use http::StatusCode;
use pki::testing as test_pki;
use pki::testing::{CsrMaker, TestKey};

use crate::site::{JSON, Site, good, with};

#[tokio::test]
async fn a_private_key_is_never_kept_and_never_shown_again() {
    let key = test_pki::root().key_pem;
    let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let secret = &body[20..60];
    let site = Site::new();
    for field in ["csrContent", "comment", "email", "profile"] {
        let answer = site.post("/requests", &with(field, key.as_str())).await;
        answer.is_problem(422, "private_key_submitted");
        assert!(!answer.text().contains(secret));
        let csr = test_pki::csr(&["www.example.com"]);
        let mut fields = vec![
            ("email", "broken address"),
            ("comment", "Hello there"),
            ("csrContent", csr.as_str()),
            ("profile", "server"),
        ];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, &key));
        for path in ["/requests", "/requests/preview"] {
            let page = site.submit(path, &fields).await.is_page(422);
            assert!(!page.contains(secret) && !page.contains("BEGIN PRIVATE"), "{field} {path}");
            assert!(page.contains("contains a private key"));
            assert!(field == "comment" || page.contains("Hello there"), "the rest of the form is kept");
        }
    }
    site.call("POST", "/requests", &[JSON, ("idempotency-key", body.as_str())], good().to_string())
        .await
        .is_problem(422, "private_key_submitted");
    assert!(site.backend.requests().is_empty());
}

#[tokio::test]
async fn a_chosen_file_is_read_as_pem_or_der() {
    let site = Site::new();
    let maker = CsrMaker::new(TestKey::EcP256).names(&["www.example.com"]);
    let send = |pasted: &str, file: &[u8]| {
        let mut body = Vec::new();
        for (name, value) in [("email", "requester@example.com"), ("csrContent", pasted)] {
            body.extend_from_slice(
                format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                    .as_bytes(),
            );
        }
        body.extend_from_slice(
            b"--b\r\nContent-Disposition: form-data; name=\"csrFile\"; filename=\"a.csr\"\r\n\r\n",
        );
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--b--\r\n");
        body
    };
    let headers = [("content-type", "multipart/form-data; boundary=b"), ("accept", "application/json")];
    let pem = maker.pem();
    for body in [
        send("", pem.as_bytes()),
        send("", &maker.der()),
        send(&pem, b""),
        send(&pem, pem.replace('\n', "\r\n").as_bytes()),
    ] {
        let answer = site.call("POST", "/requests", &headers, body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    }
    assert_eq!(site.backend.requests().len(), 4);
    let both = site
        .call("POST", "/requests", &headers, send(&pem, test_pki::csr(&["www.example.com"]).as_bytes()))
        .await;
    both.is_problem(400, "bad_request");
    let key = site.call("POST", "/requests", &headers, send(&pem, test_pki::root().key_pem.as_bytes())).await;
    key.is_problem(422, "private_key_submitted");
    assert_eq!(site.backend.requests().len(), 4);
}
