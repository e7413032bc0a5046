use std::sync::Arc;

use time::Duration;

use super::*;
use crate::ports::{Clock as _, NameRow};
use crate::request::Status;
use crate::testing::InMemoryBackend;
use pki::testing as test_pki;

/// The ids that come last in one order or the other.
const LAST_IDS: [&str; 2] = ["00000000-0000-4000-8000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"];

/// A stored request for a name that is in the index, as Persist and Sign enter it.
async fn entered(backend: &InMemoryBackend, name: &str, status: Status) -> RequestId {
    entered_as(backend, RequestId::random(), name, status).await
}

/// Like [`entered`], with this id.
async fn entered_as(backend: &InMemoryBackend, id: RequestId, name: &str, status: Status) -> RequestId {
    without_certificate_entry(backend, id, name, status).await;
    let row = backend.request(id).unwrap();
    if let Some(not_after) = row.not_after() {
        backend.enter(&NameRow::of_certificate(row.names(), not_after, id)).await.unwrap();
    }
    id
}

/// Like [`entered_as`], by a version that entered requests alone.
async fn without_certificate_entry(backend: &InMemoryBackend, id: RequestId, name: &str, status: Status) {
    let row = backend.unsaved_request(&test_pki::csr(&[name]), status).altered(|row| row.id = id);
    backend.enter(&NameRow::of_request(row.names(), id)).await.unwrap();
    backend.put(row);
}

/// The ids of the valid certificates, in their order.
fn live(history: &RequestHistory) -> Vec<RequestId> {
    let mut ids: Vec<_> = history.live.iter().map(|one| one.id).collect();
    ids.sort();
    ids
}

/// The history of a new request for these names, which is entered too.
async fn history(backend: &Arc<InMemoryBackend>, names: &[&str]) -> RequestHistory {
    let row = backend.unsaved_request(&test_pki::csr(names), Status::PendingApproval);
    backend.put(row.clone());
    backend.enter(&NameRow::of_request(row.names(), row.id())).await.unwrap();
    let key = row.csr().unwrap().public_key_digest.clone();
    RequestHistory::read(&**backend, &**backend, &row, Some(&key), PlusTags::Same, backend.now())
        .await
        .unwrap()
}

/// Many more than a look-up reads.
const FLOOD: usize = 2 * MAX_ENTRIES;

#[tokio::test]
async fn requests_of_others_hide_no_live_certificate() {
    let backend = InMemoryBackend::new();
    let certified = LAST_IDS.map(|id| id.parse().unwrap());
    for id in certified {
        entered_as(&backend, id, "vault.example.com", Status::Delivered).await;
    }
    for _ in 0..FLOOD {
        entered(&backend, "vault.example.com", Status::Rejected).await;
    }
    let found = history(&backend, &["vault.example.com"]).await;
    assert_eq!(live(&found), certified);
    assert!(!found.has_more_live);
    assert_eq!(found.anomalies, []);
}

#[tokio::test]
async fn ended_certificates_hide_no_live_one() {
    let backend = InMemoryBackend::new();
    for _ in 0..FLOOD {
        entered(&backend, "vault.example.com", Status::Delivered).await;
    }
    backend.advance(Duration::days(400));
    let certified = LAST_IDS.map(|id| id.parse().unwrap());
    for id in certified {
        entered_as(&backend, id, "vault.example.com", Status::Issued).await;
    }
    let found = history(&backend, &["vault.example.com"]).await;
    assert_eq!(live(&found), certified);
    assert!(!found.has_more_live);
    backend.advance(Duration::days(400));
    let found = history(&backend, &["vault.example.com"]).await;
    assert!(found.live.is_empty() && !found.has_more_live);
    assert_eq!(found.anomalies, [], "the name had certificates");
}

#[tokio::test]
async fn many_live_certificates_are_counted_or_called_more() {
    let backend = InMemoryBackend::new();
    for _ in 0..60 {
        entered(&backend, "vault.example.com", Status::Delivered).await;
    }
    let found = history(&backend, &["vault.example.com"]).await;
    assert_eq!((found.live.len(), found.has_more_live), (60, false));
    for _ in 60..FLOOD {
        entered(&backend, "vault.example.com", Status::Delivered).await;
    }
    let found = history(&backend, &["vault.example.com"]).await;
    assert_eq!((found.live.len(), found.has_more_live), (MAX_ENTRIES, true));
}

#[tokio::test]
async fn a_name_with_many_certificates_hides_none_of_another_name() {
    let backend = InMemoryBackend::new();
    let busy = ["a.example.com", "b.example.com", "c.example.com", "d.example.com"];
    for name in busy {
        for _ in 0..MAX_ENTRIES {
            entered(&backend, name, Status::Delivered).await;
        }
    }
    let certified = entered(&backend, "z.example.com", Status::Delivered).await;
    let found = history(&backend, &[&busy[..], &["z.example.com"]].concat()).await;
    assert_eq!((found.live.len(), found.has_more_live), (MAX_ROWS, true));
    assert!(live(&found).contains(&certified));
}

#[tokio::test]
async fn requests_hide_no_certified_name_that_looks_alike() {
    let backend = InMemoryBackend::new();
    entered(&backend, "shop.example.com", Status::Delivered).await;
    for _ in 0..FLOOD {
        entered(&backend, "sh0p.example.com", Status::Rejected).await;
    }
    let found = history(&backend, &["sh0p.example.com"]).await;
    let (name, other) = ("sh0p.example.com".to_owned(), "shop.example.com".to_owned());
    assert_eq!(found.anomalies, [Anomaly::LooksLike { name, other }]);
    // Also long after the certificate ended.
    backend.advance(Duration::days(4000));
    let found = history(&backend, &["sh0p.example.com"]).await.anomalies;
    assert_eq!(found.iter().filter(|one| matches!(one, Anomaly::LooksLike { .. })).count(), 1);
}

#[tokio::test]
async fn a_wildcard_of_the_same_name_hides_no_other_name_that_looks_alike() {
    let backend = InMemoryBackend::new();
    let policy = include_str!("../../../../infra/policy.toml");
    backend.set_policy(&policy.replace("wildcards = false", "wildcards = true"));
    entered(&backend, "*.sh0p.example.com", Status::Delivered).await;
    entered(&backend, "shop.example.com", Status::Delivered).await;
    let found = history(&backend, &["sh0p.example.com"]).await;
    assert!(
        found.anomalies.iter().any(|one| matches!(one, Anomaly::LooksLike { .. })),
        "{:?}",
        found.anomalies
    );
}

#[tokio::test]
async fn a_certificate_of_an_earlier_version_is_found_by_its_request() {
    let backend = InMemoryBackend::new();
    let id = RequestId::random();
    without_certificate_entry(&backend, id, "vault.example.com", Status::Delivered).await;
    assert_eq!(live(&history(&backend, &["vault.example.com"]).await), [id]);
    // An entry of a certificate is not shown if its row has no certificate.
    let end = backend.now() + Duration::days(9);
    let pending = entered(&backend, "other.example.com", Status::Approved).await;
    backend.enter(&NameRow::of_certificate(&["other.example.com".to_owned()], end, pending)).await.unwrap();
    assert!(history(&backend, &["other.example.com"]).await.live.is_empty());
}

#[tokio::test]
async fn an_extension_says_of_what_and_by_which_names() {
    let backend = crate::testing::fixtures::standing_backend();
    let base = backend.granted(crate::testing::fixtures::TERMS);
    let extension = backend.granted_extension(base, "shop.example.com");
    let read = async |row: Request| {
        let (rows, now) = (&*backend, backend.now());
        let history = RequestHistory::read(rows, rows, &row, None, PlusTags::Same, now).await.unwrap();
        history.anomalies.into_iter().find(|one| matches!(one, Anomaly::Extends { .. }))
    };
    let row = backend.request(extension).unwrap();
    let all = row.terms().unwrap().names_as_text();
    let of = |names: &[String]| Some(Anomaly::Extends { extended: base, names: names.to_vec() });
    assert_eq!(read(row.clone()).await, of(&["shop.example.com".to_owned()]));
    assert_eq!(read(backend.request(base).unwrap()).await, None);
    // Of another requester, or gone: every name is new.
    backend.alter(base, |row| row.email = "mallory@example.com".parse().unwrap());
    assert_eq!(read(row.clone()).await, of(&all));
    backend.forget_request(base);
    assert_eq!(read(row).await, of(&all));
}
