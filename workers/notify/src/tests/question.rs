//! The question of an approver to the requester.

use workflow::mail_kind::MailKind;
use workflow::message::{QuestionText, RecheckMessage};
use workflow::request::Status;
use workflow::testing::{InMemoryBackend, faults};

use super::*;

fn message(backend: &InMemoryBackend) -> RecheckMessage {
    RecheckMessage::question(backend.requests()[0].id(), 1, QuestionText::new("Which shop?"))
}

#[tokio::test]
async fn a_question_is_mailed_to_the_requester_once_and_not_after_the_decision() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::PendingApproval);
    for _ in 0..2 {
        step(&backend).recheck(message(&backend)).await.unwrap();
    }
    let mails = backend.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&mails[0].kind, &mails[0].to),
        (&MailKind::Question(1), backend.request(id).unwrap().email())
    );
    assert!(mails[0].text.contains("> Which shop?") && mails[0].text.contains("?key="), "{}", mails[0].text);
    let backend = InMemoryBackend::new();
    backend.request_at(Status::Delivered);
    step(&backend).recheck(message(&backend)).await.unwrap();
    assert!(backend.mails().is_empty());
    let empty = RecheckMessage { question: None, ..message(&backend) };
    assert!(step(&backend).recheck(empty).await.is_err());
}

#[tokio::test]
async fn every_fault_of_a_question_is_survived() {
    faults::fault_sweep(
        "notify, a question",
        |backend| _ = backend.request_at(Status::PendingApproval),
        |backend| async move { step(&backend).recheck(message(&backend)).await },
    )
    .await;
}
