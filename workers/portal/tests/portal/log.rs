//! The contents of the log: request ids and codes, never a key, a link, a query or a CSR.

use std::io::Write;
use std::sync::{Arc, Mutex};

use pki::testing as test_pki;
use serde_json::json;
use workflow::request::Status;

use crate::site::{Site, good};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_tells_what_happened_and_keeps_secrets() {
    let lines = Lines::default();
    let (writer, here) = (lines.clone(), std::thread::current().id());
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(
            move || if std::thread::current().id() == here { writer.clone() } else { Lines::default() },
        )
        .finish();
    // Global: with a subscriber for this thread alone, tracing caches a call site as disabled if another test reached
    // it first.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let site = Site::new();
    let body = good();
    let submitted = site.post("/requests", &body).await.json();
    let status_path =
        submitted["statusUrl"].as_str().unwrap().strip_prefix("https://pki.example.com").unwrap().to_owned();
    site.browse(&status_path).await;
    let (id, link) = site.pending();
    site.get(&link).await;
    let digest = site.shown(id);
    site.backend.fail_next("worker queue", 1);
    site.post(&link, &json!({"decision": "reject", "digest": digest, "reason": "a very private reason"}))
        .await;
    let key = test_pki::root().key_pem;
    site.post("/requests", &json!({"email": "a@example.com", "csrContent": key})).await;
    let (_, delivered) = site.request_at(Status::Delivered).await;
    site.get(&delivered.replacen('?', "/certificate?", 1)).await;

    site.backend.set_policy(&workflow::testing::fixtures::standing_policy());
    let standing = site.backend.granted(workflow::testing::fixtures::TERMS);
    let standing = site.status_path(standing, workflow::approval::LinkGiven::ByMail).await;
    let made = site.post(&standing.replacen('?', "/credential?", 1), &json!({})).await.json();
    for credential in [made["credential"].as_str().unwrap(), "a-wrong-credential"] {
        let bearer = format!("Bearer {credential}");
        let headers = [crate::site::JSON, ("authorization", bearer.as_str())];
        site.call("POST", "/requests", &headers, json!({ "csrContent": body["csrContent"] }).to_string())
            .await;
    }
    site.post(&standing.replacen('?', "/end?", 1), &json!({ "reason": "a very private end" })).await;

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("stored request ") && log.contains("recorded a vote on request "), "{log}");
    assert!(log.contains(&format!("\"request.id\":\"{}\"", submitted["id"].as_str().unwrap())), "{log}");
    assert!(log.contains("made credential 1 of") && log.contains("credential_refused"), "{log}");
    assert!(log.contains("private_key_submitted") && log.contains("housekeeping will"), "{log}");
    let secrets = [
        status_path.split("key=").nth(1).unwrap(),
        delivered.split("key=").nth(1).unwrap(),
        link.strip_prefix("/approvals/").unwrap(),
        key.lines().nth(1).unwrap(),
        body["csrContent"].as_str().unwrap().lines().nth(1).unwrap(),
        "very private",
        made["credential"].as_str().unwrap().split_once('.').unwrap().1,
        made["eabHmacKey"].as_str().unwrap(),
        "a-wrong-credential",
        "key=",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
