//! Key files that the browser keeps.

use end_to_end::{Browser, Stack, contains, needed, unique_host};

use super::visit::KeyVisit;
use super::{PASSPHRASE, PROGRAMS};

#[tokio::test]
async fn a_kept_key_file_is_encrypted_stands_under_the_request_and_is_forgotten() {
    let Some(programs) = needed(PROGRAMS) else { return };
    Stack::shared().await;
    let visit = KeyVisit::with(Browser::start(&programs, true).await).await;
    visit.open().await;
    assert!(visit.records().await.is_empty());
    visit.browser.press("#keep").await;
    let (key_file, _) = visit.make("ec-p256", &unique_host()).await;
    visit.says("#kept", "keeps the encrypted file").await;
    let asked = visit.certify().await;
    visit.open_status(&asked).await;
    visit.shown("#key-kept").await;

    let records = visit.records().await;
    let [(id, record)] = &records[..] else { panic!("{records:?}") };
    assert_eq!(*id, asked.id);
    let mut members: Vec<&String> = record.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["encryptedKey", "keptAt"]);
    // The octets of the download, and nothing else.
    let kept: Vec<u8> = serde_json::from_value(record["encryptedKey"].clone()).unwrap();
    let pem = std::fs::read_to_string(&key_file).unwrap();
    let (label, der) = one_block(&pem);
    assert_eq!((label.as_str(), &der), ("ENCRYPTED PRIVATE KEY", &kept));
    assert!(!contains(&kept, PASSPHRASE.as_bytes()));

    // No file is chosen: the kept one is used.
    visit.type_into("#key-passphrase", PASSPHRASE).await;
    assert!(visit.file("modern").await.is_file());
    visit.browser.press("#key-forget").await;
    visit.says("#key-progress", "doesn't keep").await;
    assert!(visit.records().await.is_empty());
    visit.open_status(&asked).await;
    assert!(!visit.is_shown("#key-kept").await);
    visit.browser.close().await;
}

#[tokio::test]
async fn a_discarded_key_is_forgotten() {
    let Some(programs) = needed(PROGRAMS) else { return };
    Stack::shared().await;
    let visit = KeyVisit::with(Browser::start(&programs, true).await).await;
    visit.open().await;
    visit.browser.press("#keep").await;
    let host = unique_host();
    let (first, csr) = visit.make("ec-p256", &host).await;
    let first = visit.take(&first, "first.pem");
    assert_eq!(visit.records().await.len(), 1);

    // Other names are another request with the same key, which is downloaded already.
    let other = unique_host();
    visit.type_into("#typed-names", &other).await;
    visit.says("#why", "make it for the names").await;
    assert!(!visit.can_send().await);
    visit.browser.press("#make-button").await;
    visit.says("#progress", "same key").await;
    visit.says("#preview", &other).await;
    assert!(visit.can_send().await);
    assert_ne!(visit.value("#csrContent").await, csr);

    visit.browser.press("#discard").await;
    visit.says("#why", "make the key").await;
    assert!(!visit.can_send().await);
    assert_eq!(visit.value("#csrContent").await, "");
    end_to_end::eventually("the key to be forgotten", end_to_end::PATIENCE, async || {
        visit.records().await.is_empty().then_some(())
    })
    .await;
    let (second, _) = visit.make("ec-p256", &host).await;
    assert_ne!(std::fs::read(first).unwrap(), std::fs::read(second).unwrap());
    visit.browser.close().await;
}

fn one_block(pem: &str) -> (String, Vec<u8>) {
    use base64::Engine as _;
    let lines: Vec<&str> = pem.lines().collect();
    let [begin, body @ .., end] = &lines[..] else { panic!("no PEM") };
    let label = begin.trim_matches('-').trim_start_matches("BEGIN ");
    assert_eq!(end.trim_matches('-'), format!("END {label}"));
    (label.to_owned(), base64::engine::general_purpose::STANDARD.decode(body.concat()).unwrap())
}
