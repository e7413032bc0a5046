//! The mail with the link to all requests of an address.

use super::*;

fn overview() -> RecheckMessage {
    RecheckMessage::overview("alice@example.com".parse().unwrap())
}

#[tokio::test]
async fn the_way_to_all_requests_is_mailed_now_and_then_only() {
    let backend = InMemoryBackend::new();
    backend.put(asked());
    let recheck = || async { step(&backend).recheck(overview()).await };
    recheck().await.unwrap();
    recheck().await.unwrap();
    assert_eq!(backend.mails().len(), 1);
    backend.fail_next("mailer", 1);
    backend.advance(Duration::minutes(11));
    assert!(recheck().await.is_err());
    recheck().await.unwrap();
    assert_eq!(backend.mails().len(), 2);
    let link = backend.mails()[1].text.lines().find(|line| line.contains("/mine/")).unwrap().to_owned();
    let key = link.rsplit('/').next().unwrap();
    let secret = LinkSecrets::secret(&*backend).await.unwrap();
    assert_eq!(secret.opens_overview(key, Clock::now(&*backend)), Some(id()));
}

#[tokio::test]
async fn a_request_in_the_name_of_a_victim_starts_no_new_interval() {
    let backend = InMemoryBackend::new();
    backend.put(asked());
    step(&backend).recheck(overview()).await.unwrap();
    for status in [Status::Unconfirmed, Status::Submitted] {
        let later = datetime!(2026-01-01 12:01 UTC);
        let other = read().altered(|row| {
            (row.id, row.status, row.registration_date) = (RequestId::random(), status, later);
        });
        backend.put(other);
        step(&backend).recheck(overview()).await.unwrap();
        assert_eq!(backend.mails().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn nobody_makes_an_address_known_but_its_reader() {
    let backend = InMemoryBackend::new();
    step(&backend).recheck(overview()).await.unwrap();
    backend.put(unconfirmed(Language::English));
    step(&backend).recheck(overview()).await.unwrap();
    assert!(backend.mails().is_empty());
}

#[tokio::test]
async fn a_message_of_an_earlier_version_names_a_request() {
    let backend = InMemoryBackend::new();
    backend.put(asked());
    step(&backend).recheck(RecheckMessage::mail(id(), MailKind::Overview)).await.unwrap();
    assert_eq!(backend.mails().len(), 1);
}

/// The overview is claimed first: a fault may lose one mail, which the next interval sends. Only a mail system that takes
/// a mail and answers with an error gets it again, with the same Message-ID.
#[tokio::test]
async fn no_fault_mails_the_overview_twice() {
    let undisturbed = InMemoryBackend::new();
    undisturbed.put(asked());
    step(&undisturbed).recheck(overview()).await.unwrap();
    let calls = undisturbed.calls();
    assert!(calls.iter().any(|call| call == "requests: first confirmed"), "{calls:?}");
    for (number, call) in calls.iter().enumerate() {
        for point in [FaultPoint::Before, FaultPoint::After] {
            let backend = InMemoryBackend::new();
            backend.put(asked());
            backend.fail_at(number, point);
            while step(&backend).recheck(overview()).await.is_err() {}
            step(&backend).recheck(overview()).await.unwrap();
            let sent = backend.mails().len();
            assert!(sent <= 1 || (call.starts_with("mailer") && sent == 2), "{point:?} {}", call);
            backend.advance(Duration::minutes(11));
            step(&backend).recheck(overview()).await.unwrap();
            assert_eq!(backend.mails().len(), sent + 1, "{point:?} {}", call);
        }
    }
}
