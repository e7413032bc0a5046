//! Certificates under a standing approval: each is counted once, and nothing beyond its terms is signed.
//!
//! Invariant: what is refused is not counted. The attacks that every path has are in [`super::coverage`].

use std::collections::BTreeSet;
use std::sync::Arc;

use pki::testing as test_pki;
use sign::{Sign, SignOutput, Signed};
use time::Duration;
use workflow::approval::ConfirmedRequest;
use workflow::approval::standing::StandingUse;
use workflow::ids::RequestId;
use workflow::ports::Clock as _;
use workflow::request::Status;
use workflow::request::audit::Actor;
use workflow::runtime::step::ErrorName::{self, NotApproved, Refused};
use workflow::runtime::step::{NoInput, Progress, Step as _, StepError};
use workflow::testing::fixtures::{self, standing_policy};
use workflow::testing::passkeys::base_url;
use workflow::testing::sign_in::{TestProvider, asking_requesters_to_sign_in};
use workflow::testing::{ContendedStanding, InMemoryBackend, faults};

use super::approved::standing_above;
use super::coverage::{Path, TERMS};
use super::outcomes::assert_refused;
use super::{sign, worker};

fn csr(names: &[&str]) -> String {
    test_pki::csr(names)
}

fn alter_standing(backend: &InMemoryBackend, id: RequestId, alter: impl FnOnce(&mut serde_json::Value)) {
    backend.put_standing(standing_above(backend, id).unwrap().altered(alter));
}

/// Replaces the CSR, and its summary with it: more than one writer of the row would have to be taken over.
fn with_names(backend: &InMemoryBackend, id: RequestId, names: &[&str]) {
    let other = backend.unsaved_request(&csr(names), Status::Approved);
    backend.alter(id, |row| {
        let summary = other.csr().unwrap().clone();
        row.csr_content = other.csr_content().map(str::to_owned);
        (row.csr_digest, row.subject) = (Some(summary.csr_digest), Some(summary.subject));
        (row.names, row.key) = (summary.names, Some(summary.key));
        row.public_key_digest = Some(summary.public_key_digest);
    });
}

type Attack = fn(&Arc<InMemoryBackend>, RequestId);

/// Everything that must not be signed under a standing approval.
pub(super) const ATTACKS: [(&str, ErrorName, Attack); 30] = [
    ("other names, with a summary of them", NotApproved, |backend, id| {
        with_names(backend, id, &["api.example.com"])
    }),
    ("a name more, with a summary of it", NotApproved, |backend, id| {
        with_names(backend, id, &["www.example.com", "api.example.com"]);
    }),
    ("the domain of a suffix", NotApproved, |backend, id| with_names(backend, id, &["web.example.com"])),
    ("another address", NotApproved, |backend, id| with_names(backend, id, &["10.0.0.2"])),
    ("a summary of another CSR", NotApproved, |backend, id| {
        backend.alter(id, |row| row.public_key_digest = Some("a".repeat(64)));
    }),
    ("another requester", NotApproved, |backend, id| {
        backend.alter(id, |row| row.email = "mallory@example.com".parse().unwrap());
    }),
    ("a standing approval that does not exist", NotApproved, |backend, id| {
        backend.alter(id, |row| row.grant = Some(RequestId::random()));
    }),
    ("a standing approval of other names", NotApproved, |backend, id| {
        let other = backend.standing_approval(&TERMS.replace("www.example.com", "api.example.com"));
        backend.alter(id, |row| row.grant = Some(other.id()));
        backend.put_standing(other);
    }),
    ("no standing approval in the row", NotApproved, |backend, id| backend.alter(id, |row| row.grant = None)),
    ("an approval of its own for other names", NotApproved, |backend, id| {
        let own = backend.unsaved_request(&csr(&["api.example.com"]), Status::Approved);
        backend.alter(id, |row| {
            row.csr_content = own.csr_content().map(str::to_owned);
            row.decision = own.decision().cloned();
        });
    }),
    ("a use that is of another request", NotApproved, |backend, id| {
        let standing = standing_above(backend, id).unwrap().id();
        backend.put_standing_use(standing, id, counted(backend, standing, RequestId::random(), 1));
    }),
    ("a use of another standing approval", NotApproved, |backend, id| {
        let standing = standing_above(backend, id).unwrap().id();
        backend.put_standing_use(standing, id, counted(backend, RequestId::random(), id, 1));
    }),
    ("a use beyond the number", Refused, |backend, id| {
        let standing = standing_above(backend, id).unwrap().id();
        backend.put_standing_use(standing, id, counted(backend, standing, id, 4));
    }),
    ("all certificates counted", Refused, |backend, id| {
        alter_standing(backend, id, |row| row["used"] = 3.into())
    }),
    ("as many counted as the policy in force allows", Refused, |backend, id| {
        alter_standing(backend, id, |row| row["used"] = 2.into());
        backend.set_policy(&standing_policy().replace("most = 500", "most = 2"));
    }),
    ("more days than were approved", NotApproved, |backend, id| {
        alter_standing(backend, id, |row| row["terms"]["days"] = 31.into());
    }),
    ("more certificates than were approved", NotApproved, |backend, id| {
        alter_standing(backend, id, |row| row["terms"]["certificates"] = 4.into());
    }),
    ("another name in the terms", NotApproved, |backend, id| {
        alter_standing(backend, id, |row| row["terms"]["names"] = vec![".example.com"].into());
    }),
    ("another standing approval that it extends", NotApproved, |backend, id| {
        alter_standing(backend, id, |row| row["terms"]["extends"] = RequestId::random().to_string().into());
    }),
    ("another profile in the standing approval", NotApproved, |backend, id| {
        alter_standing(backend, id, |row| row["profile"] = "client".into());
    }),
    ("handed to another requester", NotApproved, |backend, id| {
        alter_standing(backend, id, |row| row["requester"] = "mallory@example.com".into());
        backend.alter(id, |row| row.email = "mallory@example.com".parse().unwrap());
    }),
    ("the decision about a CSR", NotApproved, |backend, id| {
        let other = backend.unsaved_request(&csr(&["www.example.com"]), Status::Approved);
        let decision = serde_json::to_value(other.decision()).unwrap();
        alter_standing(backend, id, |row| row["decision"] = decision);
    }),
    ("a standing approval that was ended", Refused, |backend, id| {
        let mut standing = standing_above(backend, id).unwrap();
        standing.end(&Actor::operator("olivia"), "Over.", backend.now());
        backend.put_standing(standing);
    }),
    ("the first second after its time", Refused, |backend, id| {
        backend.set_now(standing_above(backend, id).unwrap().until());
    }),
    ("the first second after the time that the policy in force allows", Refused, |backend, id| {
        let standing = standing_above(backend, id).unwrap();
        backend.set_policy(&standing_policy().replace("max = \"90d\"", "max = \"1d\""));
        backend.set_now(standing.from() + Duration::DAY);
    }),
    ("a policy without standing approvals", Refused, |backend, _| {
        backend.set_policy(include_str!("../../../../infra/policy.toml"));
    }),
    ("a policy that asks for more approvals", Refused, |backend, _| {
        let approvers = "[\"approver@example.com\", \"other@example.com\"]";
        let policy = standing_policy().replace("[\"approver@example.com\"]", approvers);
        backend.set_policy(&policy.replace("quorum = 1 ", "quorum = 2 "));
    }),
    ("a policy that asks for passkeys since", Refused, |backend, _| {
        backend.set_policy(&standing_policy().replace("[people]", "[people]\nidentity = \"passkey\""));
    }),
    ("a policy that has requesters sign in since", NotApproved, |backend, _| {
        backend.set_policy(&asking_requesters_to_sign_in(&standing_policy()));
    }),
    ("the sign-in of another person for the standing approval", NotApproved, |backend, id| {
        signed_in(backend, id, "mallory@example.com");
    }),
];

/// A use with this number.
fn counted(
    backend: &InMemoryBackend,
    standing: RequestId,
    request_id: RequestId,
    number: u32,
) -> StandingUse {
    StandingUse { standing, request_id, number, at: backend.now() }
}

/// Has the policy ask requesters to sign in, and puts the sign-in of this person into the standing approval. The provider
/// publishes its key.
fn signed_in(backend: &Arc<InMemoryBackend>, id: RequestId, address: &str) {
    backend.set_policy(&asking_requesters_to_sign_in(&standing_policy()));
    let provider = TestProvider::default();
    let recorded = futures_util::FutureExt::now_or_never(provider.record(backend));
    recorded.expect("the backend in memory is always ready");
    let standing = standing_above(backend, id).unwrap();
    // The digest of the confirmation stays the same whatever request it is of: it only has to be in the token.
    let grant = backend.unsaved_grant(TERMS, Status::Submitted).altered(|row| row.id = standing.id());
    let evidence = provider.requester_evidence(&base_url(), &grant, address, grant.registration_date());
    let confirmed = grant.altered(|row| row.requester_evidence = Some(evidence));
    let confirmed = serde_json::to_value(ConfirmedRequest::of(&confirmed).unwrap()).unwrap();
    backend.put_standing(standing.altered(|row| row["confirmed"] = confirmed));
}

#[tokio::test]
async fn no_attack_on_a_standing_approval_is_signed_or_counted() {
    for (what, expected, attack) in ATTACKS {
        let (backend, id) = Path::Standing.approved();
        attack(&backend, id);
        let before = (backend.standing_uses(), standing_above(&backend, id).map(|standing| standing.used()));
        assert_refused(&backend, id, expected, what).await;
        let after = (backend.standing_uses(), standing_above(&backend, id).map(|standing| standing.used()));
        assert_eq!(after, before, "{what}");
    }
}

#[tokio::test]
async fn each_certificate_inside_is_signed_and_counted_once() {
    let (backend, first) = Path::Standing.approved();
    let standing = standing_above(&backend, first).unwrap().id();
    let mut ids = vec![first];
    for names in [&["a.web.example.com", "10.0.0.1"][..], &["b.c.web.example.com"]] {
        let row = backend.unsaved_under(standing, &csr(names));
        ids.push(row.id());
        backend.put(row);
    }
    for (number, id) in (1..).zip(&ids) {
        for _ in 0..3 {
            sign(&backend, *id).await.unwrap();
        }
        let row = backend.request(*id).unwrap();
        assert_eq!((row.status(), row.decision()), (Status::Issued, None));
        assert_eq!(backend.standing(standing).unwrap().used(), number);
    }
    assert_eq!(backend.certificates().len(), 3);
    let more = backend.unsaved_under(standing, &csr(&["c.web.example.com"]));
    let id = more.id();
    backend.put(more);
    assert!(matches!(sign(&backend, id).await, Err(StepError::Refused { code: Refused, .. })));
    // The last of them was counted before, so it is still signed after a restart, and not counted again.
    assert!(sign(&backend, ids[2]).await.is_ok());
    assert_eq!((backend.standing(standing).unwrap().used(), backend.standing_uses().len()), (3, 3));
}

#[tokio::test]
async fn where_requesters_sign_in_the_sign_in_for_the_standing_approval_is_enough() {
    let (backend, id) = Path::Standing.approved();
    signed_in(&backend, id, "requester@example.com");
    sign(&backend, id).await.unwrap();
}

#[tokio::test]
async fn signing_under_a_standing_approval_survives_every_fault_and_counts_once() {
    let prepare = |backend: &Arc<InMemoryBackend>| {
        backend.set_policy(&standing_policy());
        let approval = backend.standing_approval(TERMS);
        backend.put(backend.unsaved_under(approval.id(), &csr(&["www.example.com"])));
        backend.put_standing(approval);
    };
    faults::fault_sweep("Sign under a standing approval", prepare, |backend| async move {
        sign(&backend, backend.requests()[0].id()).await.map(drop)
    })
    .await;
}

/// A worker that died after it counted: the next one finds the use, also if all certificates are counted by then.
#[tokio::test]
async fn a_certificate_that_was_counted_is_signed_though_its_worker_died() {
    let (backend, id) = Path::Standing.approved();
    backend.fail_next("ca key", 1);
    assert!(matches!(sign(&backend, id).await, Err(StepError::Transient { .. })));
    assert_eq!((backend.certificates().len(), backend.standing_uses().len()), (0, 1));
    alter_standing(&backend, id, |row| row["used"] = 3.into());
    sign(&backend, id).await.unwrap();
    assert_eq!((backend.certificates().len(), backend.standing_uses().len()), (1, 1));
}

#[tokio::test]
async fn a_standing_approval_that_ended_after_the_count_signs_nothing_more() {
    let (backend, id) = Path::Standing.approved();
    backend.fail_next("ca key", 1);
    assert!(sign(&backend, id).await.is_err());
    let mut standing = standing_above(&backend, id).unwrap();
    standing.end(&Actor::operator("olivia"), "A server was stolen.", backend.now());
    backend.put_standing(standing);
    assert!(matches!(sign(&backend, id).await, Err(StepError::Refused { code: Refused, .. })));
    assert!(backend.certificates().is_empty());
}

/// Signs as often as the queue brings the message, until the answer is final.
async fn signs(backend: Arc<InMemoryBackend>, id: RequestId) -> Result<Signed, StepError> {
    loop {
        let step = Sign { standing: Arc::new(ContendedStanding(backend.clone())), ..worker(&backend) };
        match step.run(fixtures::task(id, "Sign", "t", NoInput {})).await {
            Err(StepError::Transient { .. }) => {}
            Err(error) => return Err(error),
            Ok(Progress::Done(SignOutput::Signed(signed))) => return Ok(signed),
            Ok(other) => panic!("{other:?}"),
        }
    }
}

/// Fifty requests under a standing approval for seven, each with two workers.
async fn race() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let approval = backend.standing_approval(&TERMS.replace("\"certificates\":3", "\"certificates\":7"));
    let standing = approval.id();
    backend.put_standing(approval);
    let ids: Vec<RequestId> = (0..50)
        .map(|_| {
            let row = backend.unsaved_under(standing, &csr(&["www.example.com"]));
            let id = row.id();
            backend.put(row);
            id
        })
        .collect();
    let workers: Vec<_> =
        ids.iter().chain(&ids).map(|id| (*id, tokio::spawn(signs(backend.clone(), *id)))).collect();
    let (mut signed, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for (id, worker) in workers {
        match worker.await.unwrap() {
            Ok(_) => _ = signed.insert(id),
            Err(StepError::Refused { code, message }) => {
                assert_eq!(
                    (code, message.as_str()),
                    (Refused, "the standing approval has no certificates left")
                );
                refused.insert(id);
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!((signed.len(), refused.len(), signed.intersection(&refused).count()), (7, 43, 0));
    assert_eq!(backend.certificates().len(), 7);
    let uses: BTreeSet<u32> = backend.standing_uses().iter().map(|counted| counted.number).collect();
    assert_eq!((uses, backend.standing(standing).unwrap().used()), ((1..=7).collect(), 7));
}

#[tokio::test]
async fn of_fifty_signs_at_once_as_many_are_signed_as_were_approved() {
    race().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_signs_on_several_threads_as_many_are_signed_as_were_approved() {
    race().await;
}
