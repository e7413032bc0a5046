use proptest::prelude::*;

use super::*;
use crate::testing::passkeys::{PasskeyHolder, base_url};

fn enrolment() -> Enrolment {
    PasskeyHolder::new("alice@example.com").enrolment()
}

#[test]
fn the_id_covers_every_field_and_the_stack() {
    let one = enrolment();
    let id = one.id("https://pki.example.com/");
    let others = [
        Enrolment { address: "bob@example.com".parse().unwrap(), ..one.clone() },
        Enrolment { credential_id: Base64Url(vec![1]), ..one.clone() },
        Enrolment { public_key: Base64Url(vec![1]), ..one.clone() },
        Enrolment { counter: 1, ..one.clone() },
    ];
    for other in others {
        assert_ne!(other.id("https://pki.example.com/"), id, "{other:?}");
    }
    assert_ne!(one.id("https://other.example.com/"), id);
    assert_eq!(one.clone().id("https://pki.example.com/"), id);
}

#[test]
fn a_code_is_read_as_people_type_it_and_is_for_one_enrolment() {
    let code = EnrolmentCode::random().unwrap();
    let shown = code.expose();
    assert_eq!((shown.len(), shown.matches('-').count()), (19, 3), "{shown}");
    for typed in [
        shown.clone(),
        shown.to_lowercase(),
        shown.replace('-', " "),
        format!(" {} ", shown.replace('-', "")),
    ] {
        assert_eq!(EnrolmentCode::parse(&typed), Some(code.clone()), "{typed}");
    }
    assert_eq!(EnrolmentCode::parse("OIL0-1111-1111-1111"), EnrolmentCode::parse("0110-1111-1111-1111"));
    for wrong in
        ["", "1111-1111-1111-111", "1111-1111-1111-1111-1", "1111-1111-1111-111U", "１111-1111-1111-1111"]
    {
        assert_eq!(EnrolmentCode::parse(wrong), None, "{wrong}");
    }
    let (one, other) = (enrolment().id(base_url().as_str()), enrolment().id(base_url().as_str()));
    assert_ne!(code.digest(&one), code.digest(&other));
    assert!(!format!("{code:?}").contains(&shown.replace('-', "")), "a code is not shown");
}

#[test]
fn a_proof_is_read_back_from_the_table_and_nothing_else_is_a_proof() {
    let proofs = [
        EnrolmentProof::Code,
        EnrolmentProof::Vouch("bob@example.com".into()),
        EnrolmentProof::Operator("root".into()),
    ];
    for proof in proofs {
        assert_eq!(EnrolmentProof::from_item(&proof.to_item()), Some(proof));
    }
    for other in ["", "code#0a", "passkey#0a", "confirmed#", "confirm"] {
        assert_eq!(EnrolmentProof::from_item(other), None, "{other}");
    }
}

proptest! {
    #[test]
    fn a_link_carries_any_enrolment_and_reads_no_other_text(
        credential in prop::collection::vec(any::<u8>(), 1..64),
        key in prop::collection::vec(any::<u8>(), 1..300),
        counter: u32,
        text in "\\PC{0,200}",
    ) {
        let one = Enrolment { credential_id: Base64Url(credential), public_key: Base64Url(key), counter, ..enrolment() };
        prop_assert_eq!(Enrolment::from_link_text(&one.to_link_text()), Some(one));
        prop_assert_eq!(Enrolment::from_link_text(&text), None);
    }
}
