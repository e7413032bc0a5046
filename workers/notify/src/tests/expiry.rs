//! The mails about certificates that end.

use workflow::policy::Policy;
use workflow::ports::{NameIndex as _, NameRow};

use super::*;

/// A delivered certificate of an address that ends `left` after now. It was valid for a year.
fn ending(backend: &InMemoryBackend, person: &str, names: &[&str], left: Duration) -> RequestId {
    let names: Vec<&str> = names.to_vec();
    let row = backend.unsaved_request(&pki::testing::csr(&names), Status::Delivered);
    let end = Clock::now(backend) + left;
    let row = row.altered(|row| {
        row.email = person.parse().unwrap();
        (row.not_before, row.not_after) = (Some(end - Duration::days(365)), Some(end));
    });
    let id = row.id();
    backend.put(row);
    id
}

/// Puts a certificate into the index of names, as sign does.
async fn entered(backend: &InMemoryBackend, id: RequestId) {
    let row = backend.request(id).unwrap();
    let rows = NameRow::of_certificate(row.names(), row.not_after().unwrap(), id);
    backend.enter(&rows).await.unwrap();
}

fn reminder(id: RequestId) -> RecheckMessage {
    RecheckMessage::mail(id, MailKind::Expiring(30))
}

fn kinds(backend: &InMemoryBackend, id: RequestId) -> Vec<String> {
    let row = backend.request(id).unwrap();
    row.mails().keys().filter(|kind| kind.contains('/')).cloned().collect()
}

const ALICE: &str = "alice@example.com";
const TEAM: &str = "pki-team@example.com";

/// Certificates of several people; those of Alice are due.
fn several() -> (Arc<InMemoryBackend>, Vec<RequestId>) {
    let backend = InMemoryBackend::new();
    let at = |days| Duration::days(days);
    let ids = vec![
        ending(&backend, ALICE, &["www.example.com", "api.example.com"], at(29)),
        ending(&backend, ALICE, &["db.example.com"], at(6)),
        // Due within a day.
        ending(&backend, ALICE, &["mail.example.com"], at(31)),
        ending(&backend, ALICE, &["later.example.com"], at(32)),
        ending(&backend, "bob@example.com", &["bob.example.com"], at(20)),
    ];
    (backend, ids)
}

#[tokio::test]
async fn one_mail_has_everything_that_ends() {
    let (backend, ids) = several();
    for _ in 0..3 {
        step(&backend).recheck(reminder(ids[0])).await.unwrap();
    }
    let [mail] = &backend.mails()[..] else { panic!("one mail") };
    assert_eq!(mail.to.as_str(), ALICE);
    let order = ["db.example.com", "www.example.com and 1 more", "mail.example.com"];
    let places: Vec<usize> =
        order.iter().map(|name| mail.text.rfind(&format!("* {name}\n")).expect(name)).collect();
    assert!(places.is_sorted(), "{}", mail.text);
    assert!(!mail.text.contains("later.") && !mail.text.contains("bob."), "{}", mail.text);
    let recorded: Vec<Vec<String>> = ids.iter().map(|id| kinds(&backend, *id)).collect();
    assert_eq!(recorded, [vec!["expiring/30d"], vec!["expiring/7d"], vec!["expiring/30d"], vec![], vec![]]);
    // The next reminder has what was in the mail before.
    backend.advance(Duration::days(5));
    step(&backend).recheck(reminder(ids[1])).await.unwrap();
    let mails = backend.mails();
    assert_eq!(mails.len(), 2);
    assert!(mails[1].text.contains("* www.example.com and 1 more"), "{}", mails[1].text);
    assert!(mails[1].text.contains("later."));
    let ids_of_mails: std::collections::BTreeSet<_> =
        mails.iter().map(|mail| (mail.request_id, mail.kind.clone())).collect();
    assert_eq!(ids_of_mails.len(), 2, "each has its own Message-ID");
}

#[tokio::test]
async fn the_mails_in_both_languages() {
    for (language, name) in [(Language::English, "english"), (Language::Japanese, "japanese")] {
        let (backend, ids) = several();
        for id in &ids {
            backend.alter(*id, |row| row.language = language);
        }
        for (place, which) in [(0, "several"), (4, "one")] {
            step(&backend).recheck(reminder(ids[place])).await.unwrap();
            let mail = hidden(&backend, backend.mails().pop().unwrap()).await;
            insta::assert_snapshot!(format!("expiring_{which}_{name}"), shown(&mail));
        }
    }
}

/// The mail without random values.
async fn hidden(backend: &InMemoryBackend, mail: Mail) -> Mail {
    let secret = backend.secret().await.unwrap();
    let text = backend.requests().iter().fold(mail.text.clone(), |text, row| {
        let key = secret.status_key(row.id(), LinkGiven::ByMail);
        text.replace(key.expose(), "KEY").replace(&row.id().to_string(), &format!("ID-of-{}", row.names()[0]))
    });
    Mail { text, ..mail }
}

#[tokio::test]
async fn what_is_not_due_is_not_mailed() {
    let backend = InMemoryBackend::new();
    let id = ending(&backend, ALICE, &["www.example.com"], Duration::days(30) + Duration::MINUTE);
    step(&backend).recheck(reminder(id)).await.unwrap();
    assert!(backend.mails().is_empty(), "it becomes due within a day, which is no reason for a mail");
    backend.advance(Duration::MINUTE);
    backend.alter(id, |row| row.status = Status::Revoked);
    step(&backend).recheck(reminder(id)).await.unwrap();
    assert!(backend.mails().is_empty(), "it is revoked");
    backend.alter(id, |row| row.status = Status::Delivered);
    backend.set_policy(&format!(
        "{}\n[lifecycle]\nremind = []",
        include_str!("../../../../infra/policy.toml").replace("[lifecycle]", "")
    ));
    step(&backend).recheck(reminder(id)).await.unwrap();
    assert!(backend.mails().is_empty(), "reminders are switched off");
}

#[tokio::test]
async fn a_younger_certificate_of_all_names_makes_the_reminder_needless() {
    let names = ["www.example.com", "api.example.com"];
    let young = |alter: &dyn Fn(&mut workflow::request::Columns), names: &[&str], left: i64| {
        let backend = InMemoryBackend::new();
        let old = ending(&backend, ALICE, &["www.example.com", "api.example.com"], Duration::days(20));
        let young = ending(&backend, "bob@example.com", names, Duration::days(left));
        backend.alter(young, alter);
        (backend, old, young)
    };
    let same: &dyn Fn(&mut workflow::request::Columns) = &|_| ();
    let more = ["api.example.com", "www.example.com", "more.example.com"];
    for (why, mails, (backend, old, young)) in [
        ("it replaces", 0, young(same, &names, 300)),
        ("it has one name more", 0, young(same, &more, 300)),
        ("it lacks a name", 1, young(same, &names[..1], 300)),
        ("it ends before", 1, young(same, &names, 10)),
        ("it is near its own end", 1, young(same, &names, 25)),
        ("it is not delivered", 1, young(&|row| row.status = Status::Issued, &names, 300)),
        ("it is revoked", 1, young(&|row| row.status = Status::Revoked, &names, 300)),
        ("it is of another profile", 1, young(&|row| row.profile = "client".into(), &names, 300)),
    ] {
        entered(&backend, old).await;
        entered(&backend, young).await;
        step(&backend).recheck(reminder(old)).await.unwrap();
        assert_eq!(backend.mails().len(), mails, "{why}");
    }
}

fn with_team(backend: &InMemoryBackend) {
    let policy = include_str!("../../../../infra/policy.toml");
    let policy = policy.replace("[lifecycle]", &format!("[lifecycle]\nescalate_to = \"{TEAM}\""));
    assert!(Policy::parse(&policy).unwrap().lifecycle().escalate_to().is_some());
    backend.set_policy(&policy);
}

fn escalation(id: RequestId, recipient: &str) -> RecheckMessage {
    RecheckMessage::mail(id, MailKind::Unrenewed { days: 7, recipient: recipient.parse().unwrap() })
}

#[tokio::test]
async fn what_nobody_renews_is_told_to_the_team_once_and_without_links() {
    let backend = InMemoryBackend::new();
    with_team(&backend);
    let alices = ending(&backend, ALICE, &["www.example.com"], Duration::days(6));
    ending(&backend, "bob@example.com", &["bob.example.com"], Duration::days(7));
    ending(&backend, "bob@example.com", &["later.example.com"], Duration::days(9));
    let teams_own = ending(&backend, TEAM, &["team.example.com"], Duration::days(3));
    for _ in 0..2 {
        step(&backend).recheck(escalation(alices, TEAM)).await.unwrap();
    }
    let [mail] = &backend.mails()[..] else { panic!("one mail") };
    assert_eq!((mail.to.as_str(), kinds(&backend, alices)), (TEAM, vec![format!("unrenewed/7d/{TEAM}")]));
    assert!(kinds(&backend, teams_own).is_empty());
    assert!(!mail.text.contains("key=") && !mail.html.contains("key="), "{}", mail.text);
    let text = mail.text.replace(&mail.request_id.to_string(), "ID");
    insta::assert_snapshot!("unrenewed", format!("Subject: {}\n\n{text}", mail.subject));
    // Whoever is named in a message and not in the policy gets no mail.
    step(&backend).recheck(escalation(alices, "eve@example.com")).await.unwrap();
    step(&backend).recheck(escalation(alices, "approver@example.com")).await.unwrap();
    assert_eq!(backend.mails().len(), 1);
}

#[tokio::test]
async fn the_approvers_are_told_if_there_is_no_team() {
    let backend = InMemoryBackend::new();
    let id = ending(&backend, ALICE, &["www.example.com"], Duration::days(6));
    step(&backend).recheck(escalation(id, "approver@example.com")).await.unwrap();
    assert_eq!(backend.mails()[0].to.as_str(), "approver@example.com");
}

#[tokio::test]
async fn a_mail_about_very_many_certificates_is_folded() {
    let backend = InMemoryBackend::new();
    let mut last = None;
    for number in 0..60 {
        let name = format!("host-{number}.example.com");
        last = Some(ending(&backend, ALICE, &[&name], Duration::days(20) + Duration::minutes(number)));
    }
    step(&backend).recheck(reminder(last.unwrap())).await.unwrap();
    let [mail] = &backend.mails()[..] else { panic!("one mail") };
    assert_eq!(mail.text.matches("\n* host-").count(), 20);
    assert!(mail.text.contains("\nand 40 more\n"), "{}", mail.text);
    assert!(mail.subject.starts_with("60 of your certificates"), "{}", mail.subject);
    assert!(backend.requests().iter().all(|row| kinds(&backend, row.id()) == ["expiring/30d"]));
}

/// The reminders are recorded first. A fault at any call loses no mail, as long as the worker lives: what was recorded is
/// released. Only a mail system that takes a mail and answers with an error gets it again, with the same Message-ID.
#[tokio::test]
async fn no_fault_loses_a_reminder_or_sends_it_twice() {
    for message in [reminder as fn(RequestId) -> RecheckMessage, |id| escalation(id, TEAM)] {
        let prepare = || {
            let (backend, ids) = several();
            with_team(&backend);
            (backend, ids[1])
        };
        let (undisturbed, id) = prepare();
        let first = undisturbed.calls().len();
        step(&undisturbed).recheck(message(id)).await.unwrap();
        let calls = undisturbed.calls()[first..].to_vec();
        for effect in ["requests: save", "mailer: send"] {
            assert!(calls.iter().any(|call| call == effect), "{effect}: {calls:?}");
        }
        for (number, call) in calls.iter().enumerate() {
            for point in [FaultPoint::Before, FaultPoint::After] {
                let (backend, id) = prepare();
                backend.fail_at(first + number, point);
                while step(&backend).recheck(message(id)).await.is_err() {}
                step(&backend).recheck(message(id)).await.unwrap();
                let mails = backend.mails();
                let sent_twice = call.starts_with("mailer") && point == FaultPoint::After;
                assert_eq!(mails.len(), if sent_twice { 2 } else { 1 }, "{point:?} {call}");
                let same = |mail: &Mail| {
                    (mail.request_id, mail.kind.clone()) == (mails[0].request_id, mails[0].kind.clone())
                };
                assert!(mails.iter().all(same), "{point:?} {call}");
                let recorded = |backend: &InMemoryBackend| {
                    let rows = backend.requests();
                    let mut all: Vec<_> =
                        rows.iter().map(|row| (row.names().to_vec(), kinds(backend, row.id()))).collect();
                    all.sort();
                    all
                };
                assert_eq!(recorded(&backend), recorded(&undisturbed), "{point:?} {call}");
            }
        }
    }
}
