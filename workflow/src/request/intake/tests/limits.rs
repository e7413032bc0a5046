//! The limits of a person.

use super::*;

const LIMIT: usize = 3;

/// One mailbox in three spellings.
const SPELLINGS: [&str; 3] = ["requester@example.com", "Requester@Example.com", "requester+shop@example.com"];

/// A checked submission from this address.
fn from(backend: &InMemoryBackend, email: &str, key: &str, csr_text: &str) -> CheckedRequest {
    let requester = Ok(Requester::Person(email.parse().unwrap()));
    let new = NewRequest { requester, ..new_request(key, "", csr_text) };
    new.check(&backend.policy(), Some(backend.issuer_certificate())).unwrap()
}

#[tokio::test]
async fn a_requester_has_at_most_so_many_undecided_requests_and_may_repeat_each() {
    let backend = InMemoryBackend::new();
    limit(&backend, "pending_limit = 200", "pending_limit = 3");
    let csr = csr();
    for key in ["1", "2", "3"] {
        submit(&backend, checked(&backend, key, "", &csr)).await.unwrap();
    }
    let error = submit(&backend, checked(&backend, "4", "", &csr)).await.unwrap_err();
    assert!(matches!(error, IntakeError::TooManyUndecided { limit: LIMIT }), "{error:?}");
    assert_eq!(backend.requests().len(), LIMIT);
    assert!(submit(&backend, checked(&backend, "2", "", &csr)).await.unwrap().is_replay);

    let decided = backend.requests()[0].id();
    backend.alter(decided, |row| row.status = Status::Rejected);
    assert!(!submit(&backend, checked(&backend, "4", "", &csr)).await.unwrap().is_replay);
    backend.advance(Duration::try_from(LONGEST_LIMIT).unwrap() + EXPIRY_SLACK + Duration::SECOND);
    assert!(!submit(&backend, checked(&backend, "5", "", &csr)).await.unwrap().is_replay);
}

#[tokio::test]
async fn what_is_not_confirmed_takes_no_place_among_the_undecided() {
    let backend = InMemoryBackend::new();
    let policy = include_str!("../../../../../infra/policy.toml");
    backend.set_policy(&policy.replace("pending_limit = 200", "pending_limit = 1"));
    let csr = csr();
    let mut rows = Vec::new();
    for key in ["1", "2"] {
        rows.push(submit(&backend, checked(&backend, key, "", &csr)).await.unwrap().request);
    }
    let by = Origin::caller(Actor::requester(rows[0].email()), None);
    intake(&backend).confirm(&rows[0], &backend.policy(), BY_MAIL, &by).await.unwrap();
    let error = intake(&backend).confirm(&rows[1], &backend.policy(), BY_MAIL, &by).await.unwrap_err();
    assert!(matches!(error, ConfirmationError::TooManyUndecided { limit: 1 }), "{error:?}");
    let confirmed = backend.request(rows[0].id()).unwrap();
    intake(&backend).confirm(&confirmed, &backend.policy(), BY_MAIL, &by).await.unwrap();
    backend.alter(rows[0].id(), |row| row.status = Status::Rejected);
    intake(&backend).confirm(&rows[1], &backend.policy(), BY_MAIL, &by).await.unwrap();
}

#[tokio::test]
async fn an_address_has_so_many_requests_an_hour_whatever_becomes_of_them() {
    let backend = InMemoryBackend::new();
    limit(&backend, "hourly_limit = 60", "hourly_limit = 2");
    let csr = csr();
    for key in ["1", "2"] {
        let id = submit(&backend, checked(&backend, key, "", &csr)).await.unwrap().request.id();
        backend.alter(id, |row| row.status = Status::Rejected);
    }
    let error = submit(&backend, checked(&backend, "3", "", &csr)).await.unwrap_err();
    assert!(matches!(error, IntakeError::TooManyInAnHour { limit: 2 }), "{error:?}");
    assert!(submit(&backend, checked(&backend, "2", "", &csr)).await.unwrap().is_replay);
    backend.advance(Duration::HOUR + Duration::SECOND);
    submit(&backend, checked(&backend, "3", "", &csr)).await.unwrap();
}

#[tokio::test]
async fn the_spellings_of_an_address_share_its_limits() {
    for (usual, limited) in
        [("hourly_limit = 60", "hourly_limit = 3"), ("pending_limit = 200", "pending_limit = 3")]
    {
        let backend = InMemoryBackend::new();
        limit(&backend, usual, limited);
        let csr = csr();
        for (key, email) in SPELLINGS.iter().enumerate() {
            submit(&backend, from(&backend, email, &key.to_string(), &csr)).await.unwrap();
        }
        for email in [&SPELLINGS[..], &["REQUESTER+other@example.com"]].concat() {
            let error = submit(&backend, from(&backend, email, "more", &csr)).await.unwrap_err();
            assert!(
                matches!(error, IntakeError::TooManyInAnHour { .. } | IntakeError::TooManyUndecided { .. }),
                "{limited} {email}: {error:?}"
            );
        }
        submit(&backend, from(&backend, "request@example.com", "more", &csr)).await.unwrap();
    }
}

#[tokio::test]
async fn the_policys_rule_for_plus_tags_is_about_approvers_only() {
    let backend = InMemoryBackend::new();
    backend.set_policy(
        &trusting_policy()
            .replace("hourly_limit = 60", "hourly_limit = 1")
            .replace("plus_tags = \"same\"", "plus_tags = \"distinct\""),
    );
    submit(&backend, from(&backend, SPELLINGS[0], "1", &csr())).await.unwrap();
    let error = submit(&backend, from(&backend, SPELLINGS[2], "2", &csr())).await.unwrap_err();
    assert!(matches!(error, IntakeError::TooManyInAnHour { limit: 1 }), "{error:?}");
}

#[tokio::test]
async fn a_withdrawal_frees_a_place_and_not_the_hour() {
    let backend = InMemoryBackend::new();
    backend.set_policy(
        &trusting_policy()
            .replace("hourly_limit = 60", "hourly_limit = 12")
            .replace("pending_limit = 200", "pending_limit = 3"),
    );
    let csr = csr();
    for number in 0..12 {
        let submitted =
            submit(&backend, from(&backend, SPELLINGS[0], &number.to_string(), &csr)).await.unwrap();
        let id = submitted.request.id();
        backend.alter(id, |row| row.status = Status::Rejected);
    }
    let error = submit(&backend, from(&backend, SPELLINGS[0], "13", &csr)).await.unwrap_err();
    assert!(matches!(error, IntakeError::TooManyInAnHour { limit: 12 }), "{error:?}");
}
