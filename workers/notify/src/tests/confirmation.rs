//! The mail whose link confirms a request.

use super::*;

#[tokio::test]
async fn the_link_that_confirms_is_mailed_without_a_write_while_it_is_of_use() {
    let confirm = || RecheckMessage::mail(id(), MailKind::Confirm);
    let backend = InMemoryBackend::new();
    for language in Language::ALL {
        let row = unconfirmed(language);
        backend.put(row.clone());
        step(&backend).recheck(confirm()).await.unwrap();
        let mail = backend.mails().pop().unwrap();
        assert_eq!(backend.request(id()).unwrap(), row, "a stranger's submission costs no second write");
        insta::assert_snapshot!(
            format!("confirm.{language}"),
            format!("Subject: {}\n\n{}", mail.subject, mail.text)
        );
    }
    let mailed = backend.mails().len();
    backend.put(read());
    step(&backend).recheck(confirm()).await.unwrap();
    backend.put(unconfirmed(Language::English));
    backend.advance(CONFIRMATION_PERIOD);
    step(&backend).recheck(confirm()).await.unwrap();
    assert_eq!(backend.mails().len(), mailed, "confirmed, or too late");
}

#[tokio::test]
async fn a_requester_who_confirmed_gets_no_receipt() {
    let backend = InMemoryBackend::new();
    let mut row = unconfirmed(Language::English);
    row.confirm(None, backend.now()).unwrap();
    let _ = row.take_events(&Origin::worker("test"));
    backend.put(row);
    step(&backend).run(task("NotifyReceived")).await.unwrap();
    assert_eq!(backend.mails().len(), 0);
}

#[tokio::test]
async fn where_requesters_sign_in_the_mail_says_so() {
    let backend = InMemoryBackend::new();
    let policy = include_str!("../../../../infra/policy.toml");
    backend.set_policy(&workflow::testing::sign_in::asking_requesters_to_sign_in(policy));
    for (language, word) in [(Language::English, "sign in"), (Language::Japanese, "サインイン")] {
        backend.put(unconfirmed(language));
        step(&backend).recheck(RecheckMessage::mail(id(), MailKind::Confirm)).await.unwrap();
        let mail = backend.mails().pop().unwrap();
        assert!(mail.text.contains(word) && mail.text.contains("/confirm?key="), "{}", mail.text);
    }
}
