use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use time::Duration;

use super::*;
use crate::approval::credential::BearerCredential;
use crate::ports::{Clock as _, PortError};
use crate::testing::fixtures::standing_policy;
use crate::testing::{FaultPoint, InMemoryBackend};

/// A backend with a standing approval for so many certificates.
fn with_standing(certificates: u32) -> (Arc<InMemoryBackend>, RequestId) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let terms = format!(
        "{{\"kind\":\"grant\",\"names\":[\"www.example.com\"],\"days\":30,\"certificates\":{certificates}}}"
    );
    let approval = backend.standing_approval(&terms);
    let id = approval.id();
    backend.put_standing(approval);
    (backend, id)
}

async fn count(
    backend: &InMemoryBackend,
    id: RequestId,
    request: RequestId,
) -> Result<u32, UpdateError<StandingError>> {
    let counted = count_use(backend, id, request, &backend.policy(), backend.now()).await;
    counted.map(|(_, counted)| counted.number)
}

fn is_used_up(counted: &Result<u32, UpdateError<StandingError>>) -> bool {
    matches!(counted, Err(UpdateError::Rejected(StandingError::UsedUp)))
}

#[tokio::test]
async fn a_repetition_is_not_counted_again() {
    let (backend, id) = with_standing(2);
    let requests = [RequestId::random(), RequestId::random(), RequestId::random()];
    for _ in 0..3 {
        assert_eq!(count(&backend, id, requests[0]).await.unwrap(), 1);
    }
    assert_eq!(count(&backend, id, requests[1]).await.unwrap(), 2);
    assert!(is_used_up(&count(&backend, id, requests[2]).await));
    assert_eq!(count(&backend, id, requests[0]).await.unwrap(), 1, "a counted certificate is still signed");
    assert_eq!(backend.standing(id).unwrap().used(), 2);
}

#[tokio::test]
async fn a_worker_that_dies_at_any_call_counts_its_certificate_once() {
    let (fresh, id) = with_standing(1);
    let request = RequestId::random();
    let calls = {
        let backend = fresh.copy();
        let before = backend.calls().len();
        count(&backend, id, request).await.unwrap();
        backend.calls().len() - before
    };
    assert_eq!(calls, 3);
    for call in 0..calls {
        for point in [FaultPoint::Before, FaultPoint::After] {
            let backend = fresh.copy();
            backend.fail_at(backend.calls().len() + call, point);
            assert!(matches!(count(&backend, id, request).await, Err(UpdateError::Port(_))));
            assert_eq!(count(&backend, id, request).await.unwrap(), 1, "{call} {point:?}");
            assert_eq!((backend.standing(id).unwrap().used(), backend.standing_uses().len()), (1, 1));
            assert!(is_used_up(&count(&backend, id, RequestId::random()).await));
        }
    }
}

/// Hands over to the other tasks between each read and the write that relies on it, so that most writes come too late.
struct Contended(Arc<InMemoryBackend>);

#[async_trait]
impl StandingApprovals for Contended {
    async fn find(&self, id: RequestId) -> Result<Option<StandingApproval>, PortError> {
        let found = StandingApprovals::find(&*self.0, id).await;
        tokio::task::yield_now().await;
        found
    }

    async fn create(&self, approval: &StandingApproval) -> Result<Saved, PortError> {
        StandingApprovals::create(&*self.0, approval).await
    }

    async fn save(&self, approval: &StandingApproval) -> Result<Saved, PortError> {
        StandingApprovals::save(&*self.0, approval).await
    }

    async fn find_use(&self, id: RequestId, request: RequestId) -> Result<Option<StandingUse>, PortError> {
        let found = self.0.find_use(id, request).await;
        tokio::task::yield_now().await;
        found
    }

    async fn count(&self, approval: &StandingApproval, counted: &StandingUse) -> Result<Saved, PortError> {
        StandingApprovals::count(&*self.0, approval, counted).await
    }
}

/// Counts as a worker does: a call that fails is repeated by the queue, and each message comes twice.
async fn worker(
    table: Arc<Contended>,
    id: RequestId,
    request: RequestId,
) -> (RequestId, Result<u32, UpdateError<StandingError>>, usize) {
    let mut failed = 0;
    loop {
        let backend = &table.0;
        match count_use(&*table, id, request, &backend.policy(), backend.now()).await {
            Err(UpdateError::Port(_)) => failed += 1,
            counted => return (request, counted.map(|(_, counted)| counted.number), failed),
        }
    }
}

/// Fifty requests, two workers each, all at once, and twenty certificates.
async fn race() {
    let (backend, id) = with_standing(20);
    let table = Arc::new(Contended(backend.clone()));
    let requests: Vec<RequestId> = (0..50).map(|_| RequestId::random()).collect();
    let workers: Vec<_> = requests
        .iter()
        .chain(&requests)
        .map(|request| tokio::spawn(worker(table.clone(), id, *request)))
        .collect();
    let (mut numbers, mut used_up) = (BTreeMap::new(), 0);
    for one in workers {
        let (request, counted, _) = one.await.unwrap();
        match counted {
            Ok(number) => {
                let same = *numbers.entry(request).or_insert(number);
                assert_eq!(same, number, "both workers of a request have one use");
            }
            counted => {
                assert!(is_used_up(&counted));
                used_up += 1;
            }
        }
    }
    let distinct: BTreeSet<u32> = numbers.values().copied().collect();
    assert_eq!(distinct, (1..=20).collect());
    assert_eq!((numbers.len(), used_up), (20, 60));
    assert_eq!((backend.standing(id).unwrap().used(), backend.standing_uses().len()), (20, 20));
}

#[tokio::test]
async fn a_race_of_fifty_requests_never_exceeds_the_number() {
    race().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_race_on_several_threads_never_exceeds_the_number() {
    race().await;
}

#[tokio::test]
async fn a_standing_approval_that_ends_between_the_reads_is_not_counted_under() {
    let (backend, id) = with_standing(5);
    let ended = backend.copy();
    let by = Actor::operator("olivia");
    end_standing(&*ended, id, &by, "Over.", ended.now()).await.unwrap();
    // The end comes just before the write of the use: the write conflicts, and the row is read again.
    backend.become_at(backend.calls().len() + 2, &ended);
    let counted = count(&backend, id, RequestId::random()).await;
    assert!(matches!(counted, Err(UpdateError::Rejected(StandingError::Ended))), "{counted:?}");
    assert_eq!((backend.standing(id).unwrap().used(), backend.standing_uses().len()), (0, 0));
}

#[tokio::test]
async fn the_first_end_is_kept_and_an_end_loses_no_use() {
    let (backend, id) = with_standing(5);
    let (olivia, mallory) = (Actor::operator("olivia"), Actor::operator("mallory"));
    let counted = backend.copy();
    count(&counted, id, RequestId::random()).await.unwrap();
    backend.become_at(backend.calls().len() + 1, &counted);
    let ended = end_standing(&*backend, id, &olivia, "Over.", backend.now()).await.unwrap();
    assert_eq!((ended.used(), backend.standing(id).unwrap().used()), (1, 1));
    backend.advance(Duration::DAY);
    let again = end_standing(&*backend, id, &mallory, "Again.", backend.now()).await.unwrap();
    assert_eq!((again.ended(), again.version()), (ended.ended(), ended.version()));
}

#[tokio::test]
async fn a_standing_approval_is_stored_once_and_an_unknown_one_is_missing() {
    let (backend, id) = with_standing(5);
    let stored = backend.standing(id).unwrap();
    assert_eq!(StandingApprovals::create(&*backend, &stored).await.unwrap(), Saved::Conflict);
    let other = RequestId::random();
    assert!(
        matches!(count(&backend, other, other).await, Err(UpdateError::Missing(missing)) if missing == other)
    );
}

#[tokio::test]
async fn a_credential_takes_the_place_of_the_one_before_and_a_repetition_changes_nothing() {
    let (backend, id) = with_standing(5);
    let policy = backend.policy();
    let [first, second] = [(); 2].map(|()| BearerCredential::make(id).unwrap());
    let make = async |bearer: &BearerCredential| {
        let made = renew_credential(&*backend, id, &bearer.digest(), &policy, backend.now()).await;
        made.map(|(row, number)| (row.version(), number))
    };
    let (version, number) = make(&first).await.unwrap();
    assert_eq!((number, make(&first).await.unwrap()), (1, (version, 1)));
    assert_eq!(make(&second).await.unwrap(), (version + 1, 2));
    let row = backend.standing(id).unwrap();
    assert!(row.opens_to(&second) && !row.opens_to(&first));
    // A use that is counted in between is kept.
    let counted = backend.copy();
    count(&counted, id, RequestId::random()).await.unwrap();
    backend.become_at(backend.calls().len() + 1, &counted);
    make(&first).await.unwrap();
    assert_eq!(backend.standing(id).unwrap().used(), 1);
    end_standing(&*backend, id, &Actor::operator("olivia"), "Over.", backend.now()).await.unwrap();
    assert!(matches!(make(&second).await, Err(UpdateError::Rejected(StandingError::Ended))));
}

/// Of many credentials that are made at once, each has a number of its own, and the last one opens.
#[tokio::test]
async fn each_of_many_credentials_has_its_own_number() {
    let (backend, id) = with_standing(5);
    let made: Vec<_> = (0..6)
        .map(|_| {
            let (backend, bearer) = (Arc::clone(&backend), BearerCredential::make(id).unwrap());
            tokio::spawn(async move {
                let table = Contended(Arc::clone(&backend));
                let made =
                    renew_credential(&table, id, &bearer.digest(), &backend.policy(), backend.now()).await;
                (made.unwrap().1, bearer)
            })
        })
        .collect();
    let mut numbers = BTreeMap::new();
    for one in made {
        let (number, bearer) = one.await.unwrap();
        assert!(numbers.insert(number, bearer).is_none(), "{number} twice");
    }
    let row = backend.standing(id).unwrap();
    let opening: Vec<u32> =
        numbers.iter().filter(|(_, bearer)| row.opens_to(bearer)).map(|(number, _)| *number).collect();
    assert_eq!(opening, [6]);
}
