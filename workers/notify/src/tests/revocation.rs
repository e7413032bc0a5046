use pki::crl::RevocationReason;
use workflow::request::audit::Actor;
use workflow::request::{RevocationOrder, Status};

use super::*;

/// A request whose certificate its requester revoked.
fn revoked(language: Language) -> Request {
    let backend = InMemoryBackend::new();
    let id = backend.revoked_request(RevocationReason::KeyCompromise);
    backend.request(id).unwrap().altered(|row| {
        row.language = language;
        row.serial = Some("0badc0de".parse().unwrap());
        row.revocation.as_mut().unwrap().comment = Some("Found in a public repository.".into());
    })
}

async fn tell(backend: &Arc<InMemoryBackend>, id: RequestId) -> Result<(), StepError> {
    let mut task = task("NotifyRevoked");
    task.request_id = id;
    step(backend).run(task).await.map(drop)
}

#[tokio::test]
async fn the_requester_and_those_who_approved_are_told_once() {
    let backend = InMemoryBackend::new();
    let row = revoked(Language::English);
    let (id, requester) = (row.id(), row.email().clone());
    backend.put(row);
    tell(&backend, id).await.unwrap();
    tell(&backend, id).await.unwrap();
    let mails = backend.mails();
    let told: Vec<&Email> = mails.iter().map(|mail| &mail.to).collect();
    assert_eq!(told, [&workflow::testing::fixtures::approver(), &requester]);
    assert!(backend.request(id).unwrap().was_mailed(&MailKind::Revoked));
    for mail in &mails {
        assert!(!mail.text.contains("requester@example.com") && !mail.text.contains("approver@example.com"));
    }
}

#[tokio::test]
async fn everybody_is_told_whatever_fails() {
    let revoke = |backend: &Arc<InMemoryBackend>| {
        backend.revoked_request(RevocationReason::Superseded);
    };
    faults::fault_sweep("NotifyRevoked", revoke, |backend| async move {
        tell(&backend, backend.requests()[0].id()).await
    })
    .await;
}

#[tokio::test]
async fn nobody_is_told_of_a_revocation_that_is_not_recorded() {
    let backend = InMemoryBackend::new();
    let accepted = backend.accepted_revocation(RevocationReason::Superseded);
    for id in [accepted, backend.request_at(Status::Delivered)] {
        let answer = tell(&backend, id).await;
        assert!(matches!(answer, Err(StepError::Refused { code: ErrorName::BadMessage, .. })), "{answer:?}");
    }
    assert!(backend.mails().is_empty());
}

#[test]
fn the_mails_say_what_happened_in_both_languages() {
    let order = RevocationOrder { reason: RevocationReason::Superseded, comment: None };
    let mut by_operator = revoked(Language::English).altered(|row| row.revocation = None);
    let now = by_operator.signed_date().unwrap();
    by_operator.accept_revocation(&order, &Actor::operator("root"), "arn".into(), now).unwrap();
    let links = RequesterLinks {
        status: "https://ca.example.com/requests/1?key=KEY".to_owned(),
        again: "https://ca.example.com/?again=1&key=KEY".to_owned(),
    };
    let content = |request: &Request| {
        crate::revocation::to_requester(Wording::utc(request.language()), request, &links)
    };
    for (name, request) in [
        ("english", revoked(Language::English)),
        ("japanese", revoked(Language::Japanese)),
        ("by_an_operator", by_operator),
    ] {
        let mail = content(&request).to(id(), &MailKind::Revoked, request.email());
        insta::assert_snapshot!(format!("revocation_{name}"), shown(&mail));
    }
}

#[tokio::test]
async fn nobody_is_told_of_a_list_that_the_issuer_cannot_sign() {
    let backend = InMemoryBackend::new();
    let mut row = revoked(Language::English);
    row.revocation_listed(0, backend.now()).unwrap();
    let id = row.id();
    backend.put(row);
    tell(&backend, id).await.unwrap();
    let mails = backend.mails();
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        assert!(mail.text.contains("nobody else can see"), "{}", mail.text);
        assert!(!mail.text.contains("on the revocation list now"), "{}", mail.text);
    }
}

#[tokio::test]
async fn each_is_told_in_their_own_language_and_in_the_zone_of_the_policy() {
    let backend = InMemoryBackend::new();
    backend.set_policy(
        "[people]\nlanguages = { \"approver@example.com\" = \"ja\" }\ntime_zone = \"Asia/Tokyo\"\n\
         [profiles.server]\napprovers = [\"approver@example.com\"]\nnames.dns.allow = [\"example.com\"]\n",
    );
    let row = revoked(Language::English);
    let id = row.id();
    backend.put(row);
    tell(&backend, id).await.unwrap();
    let mails = backend.mails();
    for (mail, language) in mails.iter().zip([Language::Japanese, Language::English]) {
        assert!(mail.text.contains(&language.text("mail-revoked-heading")), "{}", mail.text);
        assert!(mail.text.contains(" JST") && !mail.text.contains(" UTC"), "{}", mail.text);
    }
    assert_eq!(mails.len(), 2);
}

#[tokio::test]
async fn no_mail_waits_for_a_policy_that_cannot_be_read() {
    let backend = InMemoryBackend::new();
    let row = revoked(Language::Japanese);
    let id = row.id();
    backend.put(row);
    backend.fail_next("policies", 2);
    tell(&backend, id).await.unwrap();
    let mails = backend.mails();
    assert_eq!(mails.len(), 2);
    assert!(mails[1].text.contains(&Language::Japanese.text("mail-revoked-heading")), "{}", mails[1].text);
    assert!(mails[1].text.contains(" UTC"), "{}", mails[1].text);
}
