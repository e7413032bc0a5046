//! Proofs of enrolments: whoever can send messages to Sign adds no passkey by that.

use std::sync::Arc;

use time::Duration;
use workflow::approval::enrolment::CODE_LIFETIME;
use workflow::enrolment::{EnrolmentCode, EnrolmentMessage, Vouch};
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::ports::{Clock as _, EnrolmentCodes as _};
use workflow::runtime::step::Step as _;
use workflow::testing::passkeys::{PasskeyHolder, base_url};
use workflow::testing::{InMemoryBackend, faults};

use super::worker;

const POLICY: &str = include_str!("../../../../infra/policy.toml");
const APPROVERS: &str = "[\"approver@example.com\", \"bob@example.com\", \"carol@example.com\"]";

fn people(enrol: &str) -> (Arc<InMemoryBackend>, PasskeyHolder) {
    let backend = InMemoryBackend::new();
    set_policy(&backend, enrol);
    (backend, PasskeyHolder::new("approver@example.com"))
}

fn set_policy(backend: &InMemoryBackend, enrol: &str) {
    let people = format!("[people]\nidentity = \"passkey\"\nenrol = \"{enrol}\"");
    backend.set_policy(&POLICY.replace("[\"approver@example.com\"]", APPROVERS).replace("[people]", &people));
}

/// A code as notify mails it.
async fn mailed_code(backend: &InMemoryBackend, holder: &PasskeyHolder) -> EnrolmentCode {
    let (code, id) = (EnrolmentCode::random().unwrap(), holder.enrolment().id(base_url().as_str()));
    backend.add_code(&id, &code.digest(&id), backend.now()).await.unwrap();
    code
}

async fn tell(
    backend: &Arc<InMemoryBackend>,
    holder: &PasskeyHolder,
    code: Option<EnrolmentCode>,
    vouch: Option<Vouch>,
) {
    let message = EnrolmentMessage { enrolment: holder.enrolment(), code, vouch };
    worker(backend).recheck(RecheckMessage::enrolment(RequestId::random(), message)).await.unwrap();
}

/// A vouch of one person for the enrolment of another.
fn vouch(by: &PasskeyHolder, holder: &PasskeyHolder) -> Option<Vouch> {
    Some(by.vouch(&base_url(), &holder.enrolment().id(base_url().as_str())))
}

fn has_passkey(backend: &InMemoryBackend, person: &str) -> bool {
    backend.people().iter().any(|row| row.starts_with(&format!("{person} ")))
}

#[tokio::test]
async fn the_mailed_code_adds_a_passkey_and_no_other_does() {
    let (backend, holder) = people("mail");
    tell(&backend, &holder, EnrolmentCode::random(), None).await;
    let of_another = mailed_code(&backend, &PasskeyHolder::new("approver@example.com")).await;
    tell(&backend, &holder, Some(of_another), None).await;
    let old = mailed_code(&backend, &holder).await;
    backend.advance(CODE_LIFETIME);
    tell(&backend, &holder, Some(old), None).await;
    tell(&backend, &holder, None, None).await;
    assert!(backend.people().is_empty());

    let (first, second) = (mailed_code(&backend, &holder).await, mailed_code(&backend, &holder).await);
    backend.advance(CODE_LIFETIME - Duration::SECOND);
    tell(&backend, &holder, Some(first), None).await;
    assert!(has_passkey(&backend, "approver@example.com"));
    let before = backend.people();
    tell(&backend, &holder, Some(second), None).await;
    assert_eq!(backend.people(), before, "a repetition adds nothing");
}

#[tokio::test]
async fn nobody_outside_of_the_policy_gets_a_passkey() {
    let (backend, _) = people("mail");
    let mallory = PasskeyHolder::new("mallory@example.com");
    let code = mailed_code(&backend, &mallory).await;
    tell(&backend, &mallory, Some(code), None).await;
    assert!(backend.people().is_empty());
}

#[tokio::test]
async fn where_the_policy_says_so_another_approver_vouches() {
    let (backend, holder) = people("vouched");
    let (bob, mallory) = (PasskeyHolder::new("bob@example.com"), PasskeyHolder::new("mallory@example.com"));
    let code = mailed_code(&backend, &holder).await;
    tell(&backend, &holder, Some(code), None).await;
    assert!(!has_passkey(&backend, "approver@example.com"), "the code is not enough");
    // Neither a passkey that is not enrolled, nor that of a stranger, nor a vouch for another enrolment.
    tell(&backend, &holder, None, vouch(&bob, &holder)).await;
    mallory.enrol(&backend).await;
    tell(&backend, &holder, None, vouch(&mallory, &holder)).await;
    bob.enrol(&backend).await;
    tell(&backend, &holder, None, vouch(&bob, &PasskeyHolder::new("approver@example.com"))).await;
    let mut in_the_name_of_bob = vouch(&mallory, &holder).unwrap();
    in_the_name_of_bob.voucher = bob.address.clone();
    tell(&backend, &holder, None, Some(in_the_name_of_bob)).await;
    assert!(!has_passkey(&backend, "approver@example.com"));
    tell(&backend, &holder, None, vouch(&bob, &holder)).await;
    assert!(
        backend.people().contains("approver@example.com [\"bob@example.com\"]"),
        "{:?}",
        backend.people()
    );
}

#[tokio::test]
async fn a_lost_passkey_is_replaced_by_two_others_and_never_by_mail_alone() {
    let (backend, lost) = people("mail");
    lost.enrol(&backend).await;
    let new = PasskeyHolder::new("approver@example.com");
    let (bob, carol) = (PasskeyHolder::new("bob@example.com"), PasskeyHolder::new("carol@example.com"));
    bob.enrol(&backend).await;
    carol.enrol(&backend).await;
    let count = || backend.people().iter().filter(|row| row.starts_with("approver@example.com ")).count();
    let code = mailed_code(&backend, &new).await;
    tell(&backend, &new, Some(code), None).await;
    tell(&backend, &new, None, vouch(&bob, &new)).await;
    tell(&backend, &new, None, vouch(&bob, &new)).await;
    assert_eq!(count(), 1, "the code and one other are not enough");
    tell(&backend, &new, None, vouch(&carol, &new)).await;
    assert_eq!(count(), 2);
}

#[tokio::test]
async fn the_passkey_that_is_there_vouches_for_one_more() {
    let (backend, first) = people("vouched");
    first.enrol(&backend).await;
    let second = PasskeyHolder::new("approver@example.com");
    tell(&backend, &second, None, vouch(&first, &second)).await;
    let code = mailed_code(&backend, &second).await;
    tell(&backend, &second, Some(code), None).await;
    assert!(backend.people().contains("approver@example.com [\"approver@example.com\"]"), "in either order");
}

#[tokio::test]
async fn a_proof_survives_every_fault() {
    let holder = PasskeyHolder::new("approver@example.com");
    let bob = PasskeyHolder::new("bob@example.com");
    let (code, id) = (EnrolmentCode::random().unwrap(), holder.enrolment().id(base_url().as_str()));
    let (codes, other) = (code.clone(), bob.clone());
    let prepare = move |backend: &Arc<InMemoryBackend>| {
        set_policy(backend, "vouched");
        futures_util::FutureExt::now_or_never(async {
            backend.add_code(&id, &codes.digest(&id), backend.now()).await.unwrap();
            other.enrol(backend).await;
        })
        .unwrap();
    };
    let messages = [
        EnrolmentMessage { enrolment: holder.enrolment(), code: Some(code), vouch: None },
        EnrolmentMessage { enrolment: holder.enrolment(), code: None, vouch: vouch(&bob, &holder) },
    ];
    faults::fault_sweep("an enrolment", prepare, |backend| {
        let messages = messages.clone();
        async move {
            for message in messages {
                worker(&backend).recheck(RecheckMessage::enrolment(RequestId::random(), message)).await?;
            }
            Ok::<_, workflow::runtime::step::StepError>(())
        }
    })
    .await;
}
