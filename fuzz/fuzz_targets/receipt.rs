//! Any octets end in a receipt, a checkpoint, an entry or a bundle of a log, or in an error; whatever is accepted keeps the rules.
//!
//! The input is the public key of a log, a line feed, and a receipt. What the receipt says is signed anew too, so that what
//! comes after the signature is reached.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pki::tlog::{Checkpoint, EntryBundle, NoteVerifier};
use workflow::transparency::{LogEntry, LogKey, Receipt, ReceiptError};

static KEY: LazyLock<LogKey> = LazyLock::new(|| LogKey::make("ca.example.com/log").unwrap());

fuzz_target!(|octets: &[u8]| {
    if let Ok(bundle) = EntryBundle::from_octets(octets) {
        assert_eq!(bundle.octets(), octets);
    }
    if let Ok(entry) = LogEntry::from_octets(octets) {
        assert_eq!(entry.to_string().as_bytes(), octets);
    }
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let (key, rest) = text.split_once('\n').unwrap_or((text, ""));
    let keys: Vec<NoteVerifier> = key.parse().into_iter().collect();
    for key in &keys {
        assert_eq!(key.to_string().parse().as_ref(), Ok(key));
    }
    if let Ok(checkpoint) = Checkpoint::open(rest, &keys) {
        assert!(rest.starts_with(&checkpoint.text()));
    }
    if let Ok(verified) = Receipt::verify(rest.as_bytes(), &keys) {
        assert!(verified.receipt.log.index < verified.checkpoint.size);
    }
    // A note of these lines, signed by a key that is known here.
    if let Ok(note) = KEY.key().sign_note(&format!("{rest}\n"))
        && let Ok(checkpoint) = Checkpoint::open(&note, &KEY.verifiers())
    {
        assert_eq!(checkpoint.text(), format!("{rest}\n"));
    }
    let body = rest.rsplit_once(",\n  \"signature\"").map(|(body, _)| format!("{body}\n}}"));
    if let Some(receipt) = body.and_then(|body| serde_json::from_str::<Receipt>(&body).ok()) {
        let signed = receipt.sign(&KEY).unwrap();
        let keys = [KEY.verifiers(), keys].concat();
        match Receipt::verify(signed.as_bytes(), &keys) {
            Ok(verified) => assert_eq!(verified.receipt, receipt),
            Err(ReceiptError::Malformed) => assert!(signed.len() > 256 * 1024),
            Err(error) => assert_ne!(error, ReceiptError::WrongSignature),
        }
    }
});
