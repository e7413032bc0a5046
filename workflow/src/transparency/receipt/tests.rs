use pki::tlog::{RightEdge, TileSet, inclusion_proof, leaf_hash};
use proptest::prelude::*;

use super::*;
use crate::request::Status;
use crate::testing::InMemoryBackend;

/// A request, its certificate, the key of a log of `size` leaves with the certificate at `index`, and its receipt.
struct Case {
    certificate: Certificate,
    key: LogKey,
    receipt: Receipt,
    text: String,
}

fn case(index: u64, size: u64) -> Case {
    let backend = InMemoryBackend::new();
    let id = backend.request_with_certificate(Status::Issued);
    let row = backend.request(id).unwrap();
    let certificate =
        Certificate::from_pem(&backend.certificates()[&row.serial().unwrap().to_string()]).unwrap();
    let decision = row.decision().unwrap();
    let entry = LogEntry::of(&row, decision, &certificate).unwrap();
    let key = LogKey::make("ca.example.com/log").unwrap();
    let (mut tiles, mut edge) = (TileSet::default(), RightEdge::of(0, &TileSet::default()).unwrap());
    for number in 0..size {
        let leaf = if number == index { entry.leaf_hash() } else { leaf_hash(&number.to_be_bytes()) };
        edge.append(leaf).into_iter().for_each(|(tile, hashes)| tiles.insert(tile, hashes));
    }
    let hashes = inclusion_proof(index, size, &mut |subtree| tiles.subtree(subtree, size)).unwrap();
    let root = edge.root().unwrap();
    let checkpoint = Checkpoint { origin: key.origin().to_owned(), size, root }.sign(key.key()).unwrap();
    let receipt = Receipt::of(&row, decision, &entry, &LogProof { index, hashes, checkpoint });
    let text = receipt.sign(&key).unwrap();
    Case { certificate, key, receipt, text }
}

#[test]
fn a_receipt_is_read_back_and_about_its_certificate() {
    let case = case(5, 9);
    let verified = Receipt::verify(case.text.as_bytes(), &case.key.verifiers()).unwrap();
    assert_eq!(verified.receipt, case.receipt);
    assert_eq!((verified.checkpoint.size, verified.receipt.log.index), (9, 5));
    assert_eq!(verified.is_of(&case.certificate), Ok(()));
    assert_eq!(verified.is_of(&self::case(0, 1).certificate), Err(ReceiptError::OtherCertificate));
    assert_eq!(case.text, case.receipt.sign(&case.key).unwrap(), "one file for one receipt");
    // It is JSON that a person can read, and names no approver in full.
    let json: serde_json::Value = serde_json::from_str(&case.text).unwrap();
    assert_eq!(json["approval"]["votes"][0]["approver"], "a•••@example.com");
    assert!(case.text.contains("\n  \"profile\": \"server\",\n"), "{}", case.text);
}

#[test]
fn a_receipt_of_a_former_key_is_read_with_it() {
    let case = case(0, 1);
    let rotated = case.key.rotated().unwrap();
    assert!(Receipt::verify(case.text.as_bytes(), &rotated.verifiers()).is_ok());
    let present = &rotated.verifiers()[..1];
    assert_eq!(Receipt::verify(case.text.as_bytes(), present), Err(ReceiptError::WrongSignature));
}

#[test]
fn one_changed_octet_anywhere_refuses_the_receipt() {
    let case = case(2, 6);
    let keys = case.key.verifiers();
    let octets = case.text.as_bytes();
    assert!(Receipt::verify(octets, &keys).is_ok());
    for at in 0..octets.len() {
        for bit in 0..8 {
            let mut changed = octets.to_vec();
            changed[at] ^= 1 << bit;
            assert!(Receipt::verify(&changed, &keys).is_err(), "octet {at}, bit {bit}");
        }
        let shorter = [&octets[..at], &octets[at + 1..]].concat();
        assert!(Receipt::verify(&shorter, &keys).is_err(), "without octet {at}");
        let longer = [&octets[..at], b" ", &octets[at..]].concat();
        assert!(Receipt::verify(&longer, &keys).is_err(), "a space before octet {at}");
    }
    assert!(Receipt::verify(&[octets, b"\n"].concat(), &keys).is_err());
}

/// What the key of the log signs, but is wrong all the same.
#[test]
fn a_signed_receipt_whose_proof_is_wrong_is_refused() {
    let case = case(2, 6);
    let keys = case.key.verifiers();
    let wrong = |alter: fn(&mut Receipt)| {
        let mut receipt = case.receipt.clone();
        alter(&mut receipt);
        Receipt::verify(receipt.sign(&case.key).unwrap().as_bytes(), &keys).unwrap_err()
    };
    assert_eq!(wrong(|it| it.log.index = 3), ReceiptError::NotInLog);
    assert_eq!(wrong(|it| it.log.index = 6), ReceiptError::NotInLog);
    assert_eq!(wrong(|it| it.certificate.sha256 = "0".repeat(64)), ReceiptError::NotInLog);
    assert_eq!(wrong(|it| it.approval.digest = ApprovalDigest::from_text("00")), ReceiptError::NotInLog);
    assert_eq!(wrong(|it| _ = it.log.proof.pop()), ReceiptError::NotInLog);
    assert_eq!(wrong(|it| it.log.proof[0].push('=')), ReceiptError::OtherFormat);
    assert_eq!(wrong(|it| it.format.push('0')), ReceiptError::OtherFormat);
    assert!(matches!(wrong(|it| it.log.checkpoint[1] = "7".into()), ReceiptError::Checkpoint(_)));
}

#[test]
fn a_checkpoint_is_no_receipt() {
    let case = case(0, 1);
    let checkpoint: String = case.receipt.log.checkpoint.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(Receipt::verify(checkpoint.as_bytes(), &case.key.verifiers()), Err(ReceiptError::Malformed));
    // Nor can its signature be that of one: what is signed begins otherwise.
    assert!(!case.key.origin().starts_with("countersign/receipt"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn receipts_of_any_place_in_any_log_are_accepted(size in 1..600_u64, at in any::<prop::sample::Index>()) {
        let index = at.index(usize::try_from(size).unwrap()) as u64;
        let case = case(index, size);
        let verified = Receipt::verify(case.text.as_bytes(), &case.key.verifiers());
        prop_assert_eq!(verified.map(|it| it.checkpoint.size), Ok(size));
    }
}
