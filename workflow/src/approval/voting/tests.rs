use super::*;
use crate::decision::Decision;
use crate::email::Email;
use crate::ids::RequestId;
use crate::request::audit::Actor;
use crate::testing::fixtures::{approver, vote_input};
use crate::testing::passkeys::{PasskeyHolder, base_url};
use crate::testing::{InMemoryBackend, faults};

fn voting(backend: &InMemoryBackend) -> Voting<'_> {
    Voting {
        requests: backend,
        names: backend,
        approvals: backend,
        issuers: backend,
        policies: backend,
        people: backend,
        base_url: Box::leak(Box::new(base_url())),
        approval_queue: backend,
        clock: backend,
    }
}

/// A pending request, and the key of a link of `generation` for `person`.
fn pending(backend: &InMemoryBackend, person: &Email, generation: u32) -> (RequestId, LinkKey) {
    let id = backend.request_at(Status::PendingApproval);
    let key = LinkKey::random().unwrap();
    let link = Link {
        digest: key.digest(),
        request_id: id,
        approver: person.clone(),
        generation,
        created_at: backend.now(),
    };
    backend.put_approval(backend.approval(id).unwrap(), [link]);
    (id, key)
}

async fn cast(backend: &InMemoryBackend, key: &LinkKey, decision: Decision) -> Result<Approval, VotingError> {
    let voting = voting(backend);
    let resolved = voting.resolve(key).await?;
    let content = voting.content(&resolved.request).await?;
    let vote_input = vote_input(decision, &content.digest, Some("Because."));
    let by = Origin::caller(Actor::approver(&approver()), None);
    voting.cast(&resolved.request, &vote_input, &content, &by).await
}

fn votes_in_the_trail(backend: &InMemoryBackend, id: RequestId) -> usize {
    backend.audit(id).iter().filter(|event| event.event == EventKind::Voted).count()
}

#[tokio::test]
async fn a_link_opens_its_request_and_a_vote_is_recorded_once() {
    let backend = InMemoryBackend::new();
    let (id, key) = pending(&backend, &approver(), 1);
    let approval = cast(&backend, &key, Decision::Approve).await.unwrap();
    assert_eq!(approval.outcome, Some(Outcome::Approved));
    assert_eq!(cast(&backend, &key, Decision::Approve).await.unwrap().votes.len(), 1);
    assert_eq!(votes_in_the_trail(&backend, id), 1);
    assert_eq!(backend.rechecks(), [RecheckMessage::look(id), RecheckMessage::look(id)]);
    let error = cast(&backend, &key, Decision::Reject).await.unwrap_err();
    assert!(matches!(error, VotingError::Vote(VoteError::AlreadyDecided(Outcome::Approved))), "{error:?}");
}

#[tokio::test]
async fn a_link_of_another_person_or_generation_opens_nothing() {
    for (person, generation) in [
        (approver(), 2),
        ("stranger@example.com".parse().unwrap(), 1),
        ("requester@example.com".parse().unwrap(), 1),
    ] {
        let backend = InMemoryBackend::new();
        let (_, key) = pending(&backend, &person, generation);
        let error = voting(&backend).resolve(&key).await.unwrap_err();
        assert!(matches!(error, VotingError::NoSuchLink), "{error:?}");
    }
}

#[tokio::test]
async fn a_link_opens_nothing_once_the_policy_lists_the_approver_no_more() {
    let backend = InMemoryBackend::new();
    let (_, key) = pending(&backend, &approver(), 1);
    assert!(voting(&backend).resolve(&key).await.is_ok());
    let policy = include_str!("../../../../infra/policy.toml");
    backend.set_policy(&policy.replace("approver@example.com", "successor@example.com"));
    let error = voting(&backend).resolve(&key).await.unwrap_err();
    assert!(matches!(error, VotingError::NoSuchLink), "{error:?}");
}

#[tokio::test]
async fn a_vote_in_view_of_other_contents_does_not_count() {
    let backend = InMemoryBackend::new();
    let (id, key) = pending(&backend, &approver(), 1);
    let voting = voting(&backend);
    let resolved = voting.resolve(&key).await.unwrap();
    let content = voting.content(&resolved.request).await.unwrap();
    let by = Origin::caller(Actor::approver(&approver()), None);
    let stale = vote_input(Decision::Approve, &ReviewDigest::from_text("stale"), None);
    let error = voting.cast(&resolved.request, &stale, &content, &by).await.unwrap_err();
    assert!(matches!(error, VotingError::Vote(VoteError::StaleDigest)), "{error:?}");
    assert_eq!(votes_in_the_trail(&backend, id), 0);
    assert!(backend.rechecks().is_empty());
}

#[tokio::test]
async fn a_vote_stands_although_its_message_is_lost() {
    let backend = InMemoryBackend::new();
    let (id, key) = pending(&backend, &approver(), 1);
    backend.fail_next("worker queue", 1);
    assert_eq!(cast(&backend, &key, Decision::Reject).await.unwrap().outcome, Some(Outcome::Rejected));
    assert_eq!(votes_in_the_trail(&backend, id), 1);
    assert!(backend.rechecks().is_empty());
}

#[tokio::test]
async fn a_vote_survives_every_fault() {
    let key = std::sync::OnceLock::new();
    faults::fault_sweep(
        "vote",
        |backend| {
            let _ = key.set(pending(backend, &approver(), 1).1);
        },
        |backend| {
            let key = key.get().unwrap();
            async move { cast(&backend, key, Decision::Approve).await.map(drop) }
        },
    )
    .await;
}

/// Puts a policy in force that asks for passkeys.
fn ask_for_passkeys(backend: &InMemoryBackend) {
    let policy = include_str!("../../../../infra/policy.toml");
    backend.set_policy(&policy.replace("[people]", "[people]\nidentity = \"passkey\""));
}

/// Casts an approval with the signature of a person's passkey, or without.
async fn cast_with(
    backend: &InMemoryBackend,
    key: &LinkKey,
    holder: Option<&PasskeyHolder>,
) -> Result<Approval, VotingError> {
    let voting = voting(backend);
    let resolved = voting.resolve(key).await?;
    let content = voting.content(&resolved.request).await?;
    let mut vote_input = vote_input(Decision::Approve, &content.digest, Some("Because."));
    let meaning = VoteMeaning {
        base_url: voting.base_url,
        request_id: resolved.request.id(),
        binds: &content.binds,
        decision: Decision::Approve,
        reason: Some("Because."),
    };
    vote_input.evidence = holder.map(|holder| holder.evidence(&meaning, &content.digest).into());
    let by = Origin::caller(Actor::approver(&approver()), None);
    voting.cast(&resolved.request, &vote_input, &content, &by).await
}

#[tokio::test]
async fn where_the_policy_asks_for_passkeys_only_a_signed_vote_counts() {
    let backend = InMemoryBackend::new();
    ask_for_passkeys(&backend);
    let (id, key) = pending(&backend, &approver(), 1);
    let holder = PasskeyHolder::new(approver().as_str());
    let none = cast_with(&backend, &key, None).await.unwrap_err();
    assert!(matches!(none, VotingError::NotProven(NotProven::NoEvidence)), "{none:?}");
    let unknown = cast_with(&backend, &key, Some(&holder)).await.unwrap_err();
    assert!(matches!(unknown, VotingError::NotProven(NotProven::UnknownPasskey)), "{unknown:?}");
    assert_eq!(votes_in_the_trail(&backend, id), 0);

    holder.enrol(&backend).await;
    let approval = cast_with(&backend, &key, Some(&holder)).await.unwrap();
    assert_eq!(approval.outcome, Some(Outcome::Approved));
    let evidence = approval.votes[0].evidence.as_ref().unwrap();
    let event = backend.audit(id).into_iter().find(|event| event.event == EventKind::Voted).unwrap();
    assert_eq!(event.detail, Some(format!("approve {}", evidence.summary())));
}

#[tokio::test]
async fn a_vote_from_before_the_policy_asked_for_passkeys_is_cast_again() {
    let backend = InMemoryBackend::new();
    let two = include_str!("../../../../infra/policy.toml")
        .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"other@example.com\"]");
    backend.set_policy(&two.replace("quorum = 1 ", "quorum = 2 "));
    let (id, key) = pending(&backend, &approver(), 1);
    assert_eq!(cast(&backend, &key, Decision::Approve).await.unwrap().votes.len(), 1);
    backend.set_policy(&two.replace("[people]", "[people]\nidentity = \"passkey\""));
    let holder = PasskeyHolder::new(approver().as_str());
    holder.enrol(&backend).await;
    let approval = cast_with(&backend, &key, Some(&holder)).await.unwrap();
    assert_eq!((approval.votes.len(), approval.outcome), (1, Some(Outcome::Approved)));
    assert!(approval.votes[0].evidence.is_some());
    assert_eq!(votes_in_the_trail(&backend, id), 2);
}

#[tokio::test]
async fn evidence_that_nobody_asked_for_is_not_kept() {
    let backend = InMemoryBackend::new();
    let (_, key) = pending(&backend, &approver(), 1);
    let holder = PasskeyHolder::new(approver().as_str());
    let approval = cast_with(&backend, &key, Some(&holder)).await.unwrap();
    assert_eq!(approval.votes[0].evidence, None);
}

#[tokio::test]
async fn the_link_of_a_stand_in_works_on_their_days_and_then_says_that_they_are_over() {
    let backend = InMemoryBackend::new();
    let carol: Email = "carol@example.com".parse().unwrap();
    let (id, key) = pending(&backend, &carol, 1);
    let today = crate::stand_in::day_of(backend.now());
    let entry = |until: Date| {
        let (policy, person) = (include_str!("../../../../infra/policy.toml"), approver());
        format!(
            "{policy}\n[[stand_ins]]\nfor = \"{person}\"\nby = \"{carol}\"\nfrom = \"{today}\"\nuntil = \"{until}\"\n"
        )
    };
    assert!(matches!(voting(&backend).resolve(&key).await, Err(VotingError::NoSuchLink)));
    backend.set_policy(&entry(today));
    let stand_ins = backend.policy().stand_ins().to_vec();
    crate::store::update_approval(&*backend, id, |row| row.replace_stand_ins(&stand_ins)).await.unwrap();
    let resolved = voting(&backend).resolve(&key).await.unwrap();
    let content = voting(&backend).content(&resolved.request).await.unwrap();
    let review = voting(&backend).review(resolved, content).await.unwrap();
    assert_eq!(review.stands_in, stand_ins);

    backend.advance(time::Duration::DAY);
    let over = voting(&backend).resolve(&key).await;
    assert!(matches!(over, Err(VotingError::StandInEnded(until)) if until == today), "{over:?}");
    // New days in the policy alone do not open it: the row takes them over with the next look at the request.
    backend.set_policy(&entry(today + time::Duration::DAY));
    let stand_ins = backend.policy().stand_ins().to_vec();
    crate::store::update_approval(&*backend, id, |row| row.replace_stand_ins(&stand_ins)).await.unwrap();
    assert!(voting(&backend).resolve(&key).await.is_ok());
    // Nobody votes on their own request.
    backend.alter(id, |row| row.email = carol.clone());
    assert!(matches!(voting(&backend).resolve(&key).await, Err(VotingError::NoSuchLink)));
}
