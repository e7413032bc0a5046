//! News of a standing approval.

use pki::testing as test_pki;
use workflow::mail_kind::StandingNotice;
use workflow::request::audit::{Actor, Origin};
use workflow::store::{StandingEnding, end_standing};
use workflow::testing::fixtures::{policy_after_approver_left, standing_policy};

use super::*;

const TERMS: &str =
    r#"{"kind":"grant","names":["www.example.com",".web.example.com"],"days":30,"certificates":5}"#;

fn order(id: RequestId, notice: StandingNotice) -> RecheckMessage {
    RecheckMessage::mail(id, MailKind::Standing(notice))
}

async fn end(backend: &InMemoryBackend, id: RequestId, by: &Origin) {
    let ports = StandingEnding { standing: backend, requests: backend, writer: backend };
    end_standing(ports, id, by, "The shop closes.", Clock::now(backend)).await.unwrap();
}

/// A standing approval of which this notice is due.
async fn due(notice: StandingNotice) -> (Arc<InMemoryBackend>, RequestId) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let id = backend.granted(TERMS);
    match notice {
        StandingNotice::Ended => end(&backend, id, &Origin::operator("olivia")).await,
        StandingNotice::Stopped => {
            backend.set_policy(&policy_after_approver_left());
        }
        StandingNotice::Ending => backend.advance(Duration::days(15)),
        StandingNotice::NearlyUsed => {
            for number in 1..=4 {
                backend.issued_under(id, &test_pki::csr(&[&format!("host-{number}.web.example.com")]));
            }
        }
    }
    (backend, id)
}

async fn hidden(backend: &InMemoryBackend, id: RequestId, mail: Mail) -> Mail {
    let secret = backend.secret().await.unwrap();
    let text = mail.text.replace(secret.status_key(id, LinkGiven::ByMail).expose(), "KEY");
    Mail { text: text.replace(&id.to_string(), "ID"), ..mail }
}

#[tokio::test]
async fn the_mails_in_both_languages() {
    for notice in StandingNotice::ALL {
        for (language, name) in [(Language::English, "english"), (Language::Japanese, "japanese")] {
            let (backend, id) = due(notice).await;
            backend.alter(id, |row| row.language = language);
            step(&backend).recheck(order(id, notice)).await.unwrap();
            let mail = hidden(&backend, id, backend.mails().pop().unwrap()).await;
            insta::assert_snapshot!(format!("standing_{notice}_{name}"), shown(&mail));
        }
    }
}

#[tokio::test]
async fn each_is_told_once_to_the_requester_and_only_while_it_is_so() {
    for notice in StandingNotice::ALL {
        let (backend, id) = due(notice).await;
        for other in StandingNotice::ALL.into_iter().filter(|other| *other != notice) {
            step(&backend).recheck(order(id, other)).await.unwrap();
            assert!(backend.mails().is_empty(), "{other} while {notice} is due");
        }
        for _ in 0..3 {
            step(&backend).recheck(order(id, notice)).await.unwrap();
        }
        let [mail] = &backend.mails()[..] else { panic!("one mail of {notice}") };
        let kind = format!("standing/{notice}");
        assert_eq!((mail.to.as_str(), mail.kind.to_string()), ("requester@example.com", kind.clone()));
        assert!(backend.request(id).unwrap().mails().contains_key(&kind));
        let certificate = backend.request_at(Status::Delivered);
        step(&backend).recheck(order(certificate, notice)).await.unwrap();
        assert_eq!(backend.mails().len(), 1, "a certificate has no such news");
    }
}

#[tokio::test]
async fn who_ended_it_hears_that_it_was_they() {
    let (backend, id) = due(StandingNotice::Ending).await;
    let actor = Actor::requester(&"requester@example.com".parse().unwrap());
    end(&backend, id, &Origin::caller(actor, None)).await;
    step(&backend).recheck(order(id, StandingNotice::Ended)).await.unwrap();
    let text = backend.mails().pop().unwrap().text;
    assert!(text.contains("You ended it on its page.") && text.contains("> The shop closes."), "{text}");
}

#[tokio::test]
async fn the_reason_of_the_policy_is_told() {
    for (policy, says) in [
        (standing_policy().replace("\"90d\"", "\"5d\""), "allows fewer days"),
        (include_str!("../../../../infra/policy.toml").to_owned(), "no longer allows it"),
    ] {
        let (backend, id) = due(StandingNotice::Ending).await;
        backend.set_policy(&policy);
        step(&backend).recheck(order(id, StandingNotice::Stopped)).await.unwrap();
        let text = backend.mails().pop().unwrap().text;
        assert!(text.contains(says), "{text}");
    }
}

/// As for a statement: recorded first, and released if it was not sent.
#[tokio::test]
async fn news_survive_every_fault() {
    for notice in StandingNotice::ALL {
        let (undisturbed, id) = due(notice).await;
        let prepared = undisturbed.copy();
        let first = undisturbed.calls().len();
        step(&undisturbed).recheck(order(id, notice)).await.unwrap();
        let calls = undisturbed.calls()[first..].to_vec();
        #[allow(clippy::print_stdout)] // The list of calls is the test's report.
        {
            println!(
                "Notify, news of a standing approval: {} faults in {}",
                2 * calls.len(),
                calls.join(", ")
            );
        }
        for (number, call) in calls.iter().enumerate() {
            for point in [FaultPoint::Before, FaultPoint::After] {
                let backend = prepared.copy();
                backend.fail_at(backend.calls().len() + number, point);
                let mut runs = 1;
                while step(&backend).recheck(order(id, notice)).await.is_err() {
                    runs += 1;
                    assert!(runs < 5, "{notice} {number} {point:?}");
                }
                let mails = backend.mails();
                let is_twice = *call == "mailer: send" && point == FaultPoint::After;
                let count = if is_twice { 2 } else { 1 };
                assert_eq!(mails.len(), count, "{notice} {call} {point:?}");
                assert!(mails.iter().all(|mail| mail.text == mails[0].text));
                assert!(backend.request(id).unwrap().mails().contains_key(&format!("standing/{notice}")));
            }
        }
    }
}
