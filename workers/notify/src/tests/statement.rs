//! The statement of a standing approval.

use pki::testing as test_pki;
use workflow::request::audit::Origin;
use workflow::store::{StandingEnding, end_standing};
use workflow::testing::fixtures::standing_policy;

use super::*;

const TERMS: &str =
    r#"{"kind":"grant","names":["www.example.com",".web.example.com"],"days":30,"certificates":50}"#;

/// A standing approval with so many certificates, one an hour, eight days after its approval.
fn standing(certificates: u32) -> (Arc<InMemoryBackend>, RequestId) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let id = backend.granted(TERMS);
    for number in 1..=certificates {
        issue(&backend, id, &format!("host-{number}.web.example.com"));
    }
    backend.advance(Duration::days(8));
    (backend, id)
}

fn issue(backend: &InMemoryBackend, id: RequestId, name: &str) -> RequestId {
    backend.issued_under(id, &test_pki::csr(&[name]))
}

fn order(id: RequestId) -> RecheckMessage {
    RecheckMessage::mail(id, MailKind::Statement(1))
}

fn statements(backend: &InMemoryBackend, id: RequestId) -> Vec<String> {
    let row = backend.request(id).unwrap();
    row.mails().keys().filter(|kind| kind.starts_with("statement/")).cloned().collect()
}

/// The mail without random values.
async fn hidden(backend: &InMemoryBackend, id: RequestId, mail: Mail) -> Mail {
    let secret = backend.secret().await.unwrap();
    let mut text = mail.text.replace(secret.status_key(id, LinkGiven::ByMail).expose(), "KEY");
    for row in backend.requests() {
        let name = row.names().first().map_or("grant", String::as_str);
        text = text.replace(&row.id().to_string(), &format!("ID-of-{name}"));
        if let Some(serial) = row.serial() {
            text = text.replace(&serial.to_string(), &format!("SERIAL-of-{name}"));
        }
    }
    Mail { text, ..mail }
}

#[tokio::test]
async fn the_mail_in_both_languages() {
    for (language, name) in [(Language::English, "english"), (Language::Japanese, "japanese")] {
        let (backend, id) = standing(4);
        backend.alter(id, |row| row.language = language);
        let under = |number: usize| {
            let name = format!("host-{number}.web.example.com");
            backend.requests().iter().find(|row| row.names() == [name.clone()]).unwrap().id()
        };
        backend.alter(under(2), |row| row.status = Status::Revoked);
        backend.alter(under(3), |row| (row.status, row.signed_date) = (Status::Approved, None));
        step(&backend).recheck(order(id)).await.unwrap();
        let mail = hidden(&backend, id, backend.mails().pop().unwrap()).await;
        insta::assert_snapshot!(format!("statement_{name}"), shown(&mail));
    }
}

#[tokio::test]
async fn a_statement_of_one_that_was_ended_says_so() {
    let (backend, id) = standing(1);
    let ports = StandingEnding { standing: &*backend, requests: &*backend, writer: &*backend };
    let now = Clock::now(&*backend);
    end_standing(ports, id, &Origin::operator("olivia"), "Over.", now).await.unwrap();
    step(&backend).recheck(order(id)).await.unwrap();
    let mail = hidden(&backend, id, backend.mails().pop().unwrap()).await;
    insta::assert_snapshot!("statement_ended", shown(&mail));
}

#[tokio::test]
async fn a_statement_goes_to_the_requester_once_and_the_next_has_what_is_new() {
    let (backend, id) = standing(2);
    for _ in 0..3 {
        step(&backend).recheck(order(id)).await.unwrap();
    }
    let [mail] = &backend.mails()[..] else { panic!("one mail") };
    assert_eq!((mail.to.as_str(), mail.kind.to_string().as_str()), ("requester@example.com", "statement/2"));
    issue(&backend, id, "new.web.example.com");
    step(&backend).recheck(order(id)).await.unwrap();
    assert_eq!(backend.mails().len(), 1, "a week is not over");
    backend.advance(Duration::days(7));
    step(&backend).recheck(order(id)).await.unwrap();
    let mails = backend.mails();
    let [_, next] = &mails[..] else { panic!("two mails") };
    assert!(next.text.contains("* new.web.example.com\n") && !next.text.contains("* host-"), "{}", next.text);
    assert_eq!(statements(&backend, id), ["statement/2", "statement/3"]);
    backend.advance(Duration::days(7));
    step(&backend).recheck(order(id)).await.unwrap();
    assert_eq!(backend.mails().len(), 2, "nothing is new");
}

#[tokio::test]
async fn what_is_no_living_standing_approval_has_no_statement() {
    let (backend, id) = standing(1);
    let certificate = backend.request_at(Status::Delivered);
    let undecided = backend.unsaved_grant(TERMS, Status::PendingApproval);
    backend.put(undecided.clone());
    for other in [certificate, undecided.id()] {
        step(&backend).recheck(order(other)).await.unwrap();
    }
    backend.forget_standing(id);
    step(&backend).recheck(order(id)).await.unwrap();
    assert!(backend.mails().is_empty());
    assert!(step(&backend).recheck(order(RequestId::random())).await.is_err());
}

#[tokio::test]
async fn a_statement_of_very_many_certificates_is_folded_and_reads_few_rows() {
    let (backend, id) = standing(45);
    step(&backend).recheck(order(id)).await.unwrap();
    let [mail] = &backend.mails()[..] else { panic!("one mail") };
    assert_eq!(mail.text.matches("\n* host-").count(), 20);
    assert!(mail.text.contains("\nand 25 more\n"), "{}", mail.text);
    assert!(mail.subject.starts_with("45 certificates were issued"), "{}", mail.subject);
    assert_eq!(backend.calls().iter().filter(|call| *call == "requests: find all").count(), 1);
}

#[tokio::test]
async fn a_use_that_somebody_else_wrote_shows_no_certificate_of_another_person() {
    let (backend, id) = standing(1);
    let other = backend.requests().iter().find(|row| row.is_signed()).unwrap().clone();
    backend.alter(other.id(), |row| row.grant = None);
    step(&backend).recheck(order(id)).await.unwrap();
    let text = backend.mails().pop().unwrap().text;
    assert!(!text.contains("host-1.") && !text.contains(&other.serial().unwrap().to_string()), "{text}");
}

/// The statement is recorded first. A fault at any call loses no mail, as long as the worker lives. Only a mail system that takes a
/// mail and answers with an error gets it again, with the same Message-ID.
#[tokio::test]
async fn no_fault_loses_a_statement_or_sends_it_twice() {
    let (undisturbed, id) = standing(3);
    let prepared = undisturbed.copy();
    let first = undisturbed.calls().len();
    step(&undisturbed).recheck(order(id)).await.unwrap();
    let calls = undisturbed.calls()[first..].to_vec();
    for effect in ["requests: save", "mailer: send", "standing: uses"] {
        assert!(calls.iter().any(|call| call == effect), "{effect}: {calls:?}");
    }
    for (number, call) in calls.iter().enumerate() {
        for point in [FaultPoint::Before, FaultPoint::After] {
            let backend = prepared.copy();
            backend.fail_at(backend.calls().len() + number, point);
            while step(&backend).recheck(order(id)).await.is_err() {}
            step(&backend).recheck(order(id)).await.unwrap();
            let mails = backend.mails();
            let sent_twice = call.starts_with("mailer") && point == FaultPoint::After;
            assert_eq!(mails.len(), if sent_twice { 2 } else { 1 }, "{point:?} {call}");
            assert!(mails.iter().all(|mail| mail.kind == MailKind::Statement(3)), "{point:?} {call}");
            assert_eq!(statements(&backend, id), ["statement/3"], "{point:?} {call}");
        }
    }
}
