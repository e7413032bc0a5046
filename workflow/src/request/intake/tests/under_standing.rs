use pki::testing as test_pki;
use time::Duration;

use super::*;
use crate::approval::standing::{StandingApproval, StandingError};
use crate::testing::fixtures::{policy_after_approver_left, standing_policy};

const TERMS: &str = r#"{"kind":"grant","names":[".web.example.com"],"days":30,"certificates":2}"#;

/// A backend with a policy of which requesters have to confirm by mail, and a standing approval.
fn standing() -> (Arc<InMemoryBackend>, StandingApproval) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let approval = backend.standing_approval(TERMS);
    backend.put_standing(approval.clone());
    (backend, approval)
}

fn opened(backend: &InMemoryBackend, approval: &StandingApproval) -> OpenedStanding {
    OpenedStanding { approval: approval.clone(), at: backend.now() }
}

fn under(backend: &InMemoryBackend, approval: &StandingApproval, names: &[&str]) -> NewRequest {
    NewRequest::under(opened(backend, approval), test_pki::csr(names), Language::English)
}

fn check(backend: &InMemoryBackend, new: NewRequest) -> Result<CheckedRequest, Vec<InputError>> {
    new.check(&backend.policy(), Some(backend.issuer_certificate()))
}

#[tokio::test]
async fn under_a_standing_approval_a_request_is_for_its_requester_and_starts_at_once() {
    let (backend, approval) = standing();
    let checked = check(&backend, under(&backend, &approval, &["a.web.example.com"])).unwrap();
    assert_eq!(checked.email(), approval.requester());
    let submitted = submit(&backend, checked).await.unwrap();
    let row = backend.request(submitted.request.id()).unwrap();
    // The policy has other requesters confirm by mail.
    assert_eq!(row.status(), Status::Submitted);
    assert_eq!((row.standing(), row.profile()), (Some(approval.id()), approval.profile()));
    assert_eq!(row.replaces(), None);
    assert!(backend.executions().contains_key(&row.execution().arn));
    assert!(backend.rechecks().is_empty(), "no mail was ordered");
    let event = &backend.audit(row.id())[0];
    assert_eq!(event.detail.as_deref(), Some(format!("under {}", approval.id()).as_str()));
    assert_eq!(verify_request(&row, &backend.audit(row.id())), []);
}

#[test]
fn what_is_outside_of_a_standing_approval_is_named_before_anything_is_stored() {
    let (backend, approval) = standing();
    let outside = |new: NewRequest| {
        let errors = check(&backend, new).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!((errors[0].input, errors[0].finding.code), (SubmissionPart::Standing, Code::OutsideGrant));
        errors[0].finding.detail.clone()
    };
    let names = under(&backend, &approval, &["a.web.example.com", "api.example.com"]);
    assert!(outside(names).contains("\"api.example.com\""));
    assert!(outside(under(&backend, &approval, &["web.example.com"])).contains("\"web.example.com\""));
    let inside = || under(&backend, &approval, &["a.web.example.com"]);
    let profile = NewRequest { profile: Some("client".into()), ..inside() };
    assert!(outside(profile).contains("“server” profile only"));
    let mallory = Ok(Requester::Person("mallory@example.com".parse().unwrap()));
    assert!(outside(NewRequest { requester: mallory, ..inside() }).contains("another requester"));
    // The policy and the CA judge it like any other.
    let denied = check(&backend, NewRequest { csr_text: "hello".into(), ..inside() }).unwrap_err();
    assert_eq!(denied[0].finding.code, Code::NotACsr);
}

#[tokio::test]
async fn nothing_is_taken_in_under_a_standing_approval_that_is_over() {
    type Alter = fn(&InMemoryBackend, &mut StandingApproval);
    let cases: [(StandingError, Code, Alter); 5] = [
        (StandingError::Ended, Code::GrantOver, |backend, approval| {
            approval.end(&Actor::operator("olivia"), "Over.", backend.now());
        }),
        (StandingError::Over, Code::GrantOver, |backend, approval| backend.set_now(approval.until())),
        (StandingError::UsedUp, Code::GrantUsedUp, |_, approval| {
            *approval = approval.altered(|row| row["used"] = 2.into());
        }),
        (StandingError::ApproversLeft, Code::GrantOver, |backend, _| {
            backend.set_policy(&policy_after_approver_left());
        }),
        (StandingError::NotAllowed, Code::GrantOver, |backend, _| {
            backend.set_policy(include_str!("../../../../../infra/policy.toml"));
        }),
    ];
    for (expected, code, alter) in cases {
        let (backend, mut approval) = standing();
        let key = |new: NewRequest| NewRequest { idempotency_key: Some("key".into()), ..new };
        let csr_text = test_pki::csr(&["a.web.example.com"]);
        let new = |backend: &InMemoryBackend, approval: &StandingApproval| {
            let csr_text = csr_text.clone();
            key(NewRequest { csr_text, ..under(backend, approval, &["a.web.example.com"]) })
        };
        let before = check(&backend, new(&backend, &approval)).unwrap();
        let first = submit(&backend, before).await.unwrap();
        alter(&backend, &mut approval);
        // A repetition of what was taken in before gets the same answer.
        let again = submit(&backend, check(&backend, new(&backend, &approval)).unwrap()).await.unwrap();
        assert!(again.is_replay && again.request.id() == first.request.id());
        let more = check(&backend, under(&backend, &approval, &["b.web.example.com"])).unwrap();
        match submit(&backend, more).await {
            Err(IntakeError::StandingOver(error)) => {
                assert_eq!((error, error.finding().code), (expected, code));
            }
            other => panic!("{expected}: {other:?}"),
        }
        assert_eq!(backend.requests().len(), 1, "{expected}");
    }
}

#[tokio::test]
async fn the_limits_of_people_neither_apply_to_it_nor_count_it() {
    let (backend, approval) = standing();
    let policy = standing_policy().replace("requesters = \"mail\"", "requesters = \"none\"");
    backend.set_policy(&policy.replace("pending_limit = 200", "pending_limit = 1"));
    for name in ["a.web.example.com", "b.web.example.com", "c.web.example.com"] {
        submit(&backend, check(&backend, under(&backend, &approval, &[name])).unwrap()).await.unwrap();
    }
    // One of their own may still wait, and no more.
    submit(&backend, checked(&backend, "one", "", &csr())).await.unwrap();
    let error = submit(&backend, checked(&backend, "two", "", &csr())).await.unwrap_err();
    assert!(matches!(error, IntakeError::TooManyUndecided { limit: 1 }), "{error:?}");
    submit(&backend, check(&backend, under(&backend, &approval, &["d.web.example.com"])).unwrap())
        .await
        .unwrap();
    backend.advance(Duration::MINUTE);
    let hourly = backend.policy().hourly_limit();
    let requester = approval.requester();
    let counted = Requests::registered_by(&*backend, requester, backend.now() - Duration::HOUR, hourly);
    assert_eq!(counted.await.unwrap(), 1);
}

#[tokio::test]
async fn one_key_for_a_request_with_and_without_a_standing_approval_is_an_error() {
    let (backend, approval) = standing();
    backend.set_policy(&standing_policy().replace("requesters = \"mail\"", "requesters = \"none\""));
    let csr_text = test_pki::csr(&["a.web.example.com"]);
    let with_key = |new: NewRequest| NewRequest {
        idempotency_key: Some("key".into()),
        comment: String::new(),
        csr_text: csr_text.clone(),
        ..new
    };
    let under = with_key(under(&backend, &approval, &["a.web.example.com"]));
    submit(&backend, check(&backend, under).unwrap()).await.unwrap();
    let own = with_key(new_request("key", "", &csr_text));
    let error = submit(&backend, check(&backend, own).unwrap()).await.unwrap_err();
    assert!(matches!(error, IntakeError::KeyReused(_)), "{error:?}");
}

#[tokio::test]
async fn an_id_of_the_caller_is_one_request() {
    let (backend, approval) = standing();
    let id = RequestId::random();
    let csr = test_pki::csr(&["a.web.example.com"]);
    let new = |csr: &str| NewRequest::under(opened(&backend, &approval), csr.to_owned(), Language::English);
    let checked = |csr: &str| check(&backend, new(csr)).unwrap().with_id(id);
    let first = submit(&backend, checked(&csr)).await.unwrap();
    let again = submit(&backend, checked(&csr)).await.unwrap();
    assert_eq!((first.request.id(), first.is_replay, again.is_replay), (id, false, true));
    let other = submit(&backend, checked(&test_pki::csr(&["a.web.example.com"]))).await;
    assert!(matches!(other, Err(IntakeError::KeyReused(_))), "{other:?}");
    assert_eq!(backend.requests().len(), 1);
}
