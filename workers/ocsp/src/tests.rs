//! Calls over HTTP, against the backend in memory.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::certificate::to_pem;
use pki::issuer::Issuer;
use pki::testing::{CaMaker, OcspHash, OcspSaid, TestKey, ocsp_request, ocsp_said, ocsp_single};
use time::Duration;
use workflow::ids::IssuerId;
use workflow::ports::{Clock as _, Issuers as _};
use workflow::store::renew_responder;
use workflow::testing::InMemoryBackend;

use super::*;

async fn stand() -> (OcspService, Issuer) {
    let (backend, ca) = (
        InMemoryBackend::new(),
        CaMaker::new(TestKey::EcP256).lifetime(Duration::days(3650), Duration::days(3650)),
    );
    backend.rotate_to(&ca.clone().self_signed());
    let leaf = CaMaker::new(TestKey::EcP256).named("leaf").not_a_ca().serial(&[0x41, 2]).der_below(&ca);
    backend.put_certificate(&"4102".parse().unwrap(), &to_pem(&leaf));
    let issuer = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
    let signer = backend.signer(&issuer).await.unwrap();
    renew_responder(&*backend, &*signer, &issuer, backend.now()).await.unwrap();
    let ports = || Arc::clone(&backend);
    (OcspService::new(ports(), ports(), ports(), ports(), ports()), issuer)
}

fn request(issuer: &Issuer, nonce: Option<&[u8]>) -> Vec<u8> {
    ocsp_request(&[ocsp_single(issuer, &[0x41, 2], OcspHash::Sha1)], nonce)
}

async fn call(service: &OcspService, method: &str, path: &str, body: Vec<u8>) -> Response<Body> {
    let call = http::Request::builder().method(method).uri(path).body(Body::Binary(body)).unwrap();
    answer(service, call).await
}

fn said(response: &Response<Body>) -> OcspSaid {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/ocsp-response");
    ocsp_said(response.body().as_ref())
}

fn good() -> OcspSaid {
    OcspSaid::Statuses(vec![(0, 0)])
}

#[tokio::test]
async fn post_and_get_say_the_same() {
    let (service, issuer) = stand().await;
    let der = request(&issuer, None);
    let post = call(&service, "POST", "/ocsp", der.clone()).await;
    assert_eq!(said(&post), good());
    // POST is not cached (RFC 9110 section 9.3.3).
    assert_eq!(post.headers()["cache-control"], "no-store");
    let path = STANDARD.encode(&der).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let get = call(&service, "GET", &format!("/ocsp/{path}"), Vec::new()).await;
    assert_eq!(said(&get), good());
    let field = |name: &str| get.headers()[name].to_str().unwrap();
    assert_eq!(field("cache-control"), "max-age=30, public, no-transform, must-revalidate");
    assert_eq!(field("last-modified"), "Thu, 01 Jan 2026 11:00:00 GMT");
    assert_eq!(field("expires"), "Thu, 01 Jan 2026 13:00:00 GMT");
    assert_eq!(field("etag").len(), 66);
}

#[tokio::test]
async fn an_answer_with_a_nonce_is_for_one_asker() {
    let (service, issuer) = stand().await;
    let path = STANDARD.encode(request(&issuer, Some(&[7; 32]))).replace('/', "%2F");
    let get = call(&service, "GET", &format!("/ocsp/{path}"), Vec::new()).await;
    assert_eq!(
        (said(&get), &get.headers()["cache-control"]),
        (good(), &HeaderValue::from_static("no-store"))
    );
    assert!(!get.headers().contains_key("etag"));
}

#[tokio::test]
async fn what_is_no_request_is_answered_in_ocsp() {
    let (service, _) = stand().await;
    for (method, path, body) in [
        ("POST", "/ocsp", Vec::new()),
        ("POST", "/ocsp", b"<html>".to_vec()),
        ("POST", "/ocsp", vec![0x30; 1024 * 1024]),
        ("GET", "/ocsp", Vec::new()),
        ("GET", "/ocsp/", Vec::new()),
        ("GET", "/ocsp/favicon.ico", Vec::new()),
    ] {
        let response = call(&service, method, path, body).await;
        assert_eq!(said(&response), OcspSaid::Error(1), "{method} {path}");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    let put = call(&service, "PUT", "/ocsp", Vec::new()).await;
    assert_eq!(
        (put.status(), &put.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &HeaderValue::from_static("GET, POST"))
    );
}

#[tokio::test]
async fn a_body_that_the_gateway_took_for_text_is_read() {
    let (service, issuer) = stand().await;
    let call = http::Request::post("/ocsp").body(Body::Text("no request".into())).unwrap();
    assert_eq!(said(&answer(&service, call).await), OcspSaid::Error(1));
    let call = http::Request::post("/live/ocsp").body(Body::Binary(request(&issuer, None))).unwrap();
    assert_eq!(said(&answer(&service, call).await), good());
}
