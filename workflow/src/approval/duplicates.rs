//! The requester's own requests and certificates for the names of a request: a warning before a second one is approved.
//!
//! Invariant: only rows with the address of the request, so that the reader of its mailbox may see them and nobody else. One
//! query of the index of names, and one read of at most [`MAX_ROWS`] rows. A name with more of them may hide a duplicate.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::ids::RequestId;
use crate::ports::{NameEntry, NameIndex, PortError, Requests};
use crate::request::{Request, Status};

/// The most entries of the index that are read.
const MAX_ENTRIES: usize = 100;
/// The most rows that are read.
const MAX_ROWS: usize = 50;
/// The most requests of a list.
const MAX_LISTED: usize = 5;

/// The requester's other requests for the same names.
#[derive(Debug)]
pub struct Duplicates {
    /// Those that wait for a decision or for their certificate, the newest first.
    pub waiting: Vec<Request>,
    /// Those with a valid certificate, the last to end first.
    pub certified: Vec<Request>,
}

impl Duplicates {
    /// Reads the duplicates of a request for a certificate with `names`. The certificate that it renews is none.
    ///
    /// # Errors
    /// [`PortError`] of a table.
    pub async fn of(
        requests: &dyn Requests,
        names_index: &dyn NameIndex,
        request: &Request,
        names: &[String],
        now: OffsetDateTime,
    ) -> Result<Self, PortError> {
        let mut found = Self { waiting: Vec::new(), certified: Vec::new() };
        // Every duplicate has this name.
        let Some(name) = names.first() else { return Ok(found) };
        let ids = chosen(&names_index.of(name, MAX_ENTRIES).await?, request, now);
        if ids.is_empty() {
            return Ok(found);
        }
        let wanted: BTreeSet<&String> = names.iter().collect();
        let rows = requests.find_all(&ids).await?;
        let own = rows.into_iter().filter(|row| row.email() == request.email() && row.terms().is_none());
        for row in own.filter(|row| row.names().iter().collect::<BTreeSet<_>>() == wanted) {
            if row.has_live_certificate(now) {
                found.certified.push(row);
            } else if is_waiting(&row) {
                found.waiting.push(row);
            }
        }
        found.waiting.sort_by_key(|row| std::cmp::Reverse((row.registration_date(), row.id())));
        found.certified.sort_by_key(|row| std::cmp::Reverse((row.not_after(), row.id())));
        found.waiting.truncate(MAX_LISTED);
        found.certified.truncate(MAX_LISTED);
        Ok(found)
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.certified.is_empty()
    }
}

fn is_waiting(row: &Request) -> bool {
    matches!(row.status(), Status::Submitted | Status::PendingApproval | Status::Approved)
}

/// The rows to read: those of valid certificates first, as in the index.
fn chosen(entries: &[NameEntry], request: &Request, now: OffsetDateTime) -> Vec<RequestId> {
    let mut seen: BTreeSet<RequestId> = request.replaces().into_iter().chain([request.id()]).collect();
    let useful = entries.iter().filter_map(|entry| match entry {
        NameEntry::Certificate(not_after, id) if *not_after > now => Some(*id),
        NameEntry::Request(id) => Some(*id),
        _ => None,
    });
    useful.filter(|id| seen.insert(*id)).take(MAX_ROWS).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pki::testing as test_pki;

    use super::*;
    use crate::ports::{Clock as _, NameRow};
    use crate::testing::InMemoryBackend;

    const NAMES: [&str; 2] = ["www.example.com", "shop.example.com"];

    /// Stores a request for these names, and enters it in the index as Persist and Sign do.
    async fn entered(backend: &InMemoryBackend, names: &[&str], status: Status) -> Request {
        let row = backend.unsaved_request(&test_pki::csr(names), status);
        backend.put(row.clone());
        backend.enter(&NameRow::of_request(row.names(), row.id())).await.unwrap();
        if let Some(not_after) = row.not_after() {
            backend.enter(&NameRow::of_certificate(row.names(), not_after, row.id())).await.unwrap();
        }
        row
    }

    async fn of(backend: &Arc<InMemoryBackend>, request: &Request) -> Duplicates {
        let names = request.requested_names();
        Duplicates::of(&**backend, &**backend, request, &names, backend.now()).await.unwrap()
    }

    fn ids(rows: &[Request]) -> Vec<RequestId> {
        rows.iter().map(Request::id).collect()
    }

    #[tokio::test]
    async fn only_requests_of_the_same_address_for_the_same_names_are_duplicates() {
        let backend = InMemoryBackend::new();
        let waiting =
            entered(&backend, &["shop.example.com", "www.example.com"], Status::PendingApproval).await;
        let certified = entered(&backend, &NAMES, Status::Delivered).await;
        let other = entered(&backend, &NAMES, Status::Delivered).await;
        backend.alter(other.id(), |row| row.email = "other@example.com".parse().unwrap());
        entered(&backend, &["www.example.com"], Status::Delivered).await;
        entered(&backend, &[NAMES[0], NAMES[1], "mail.example.com"], Status::PendingApproval).await;
        for ended in [Status::Rejected, Status::Withdrawn, Status::Expired, Status::Failed] {
            entered(&backend, &NAMES, ended).await;
        }
        for status in [Status::Unconfirmed, Status::PendingApproval] {
            let request = backend.unsaved_request(&test_pki::csr(&NAMES), status);
            let found = of(&backend, &request).await;
            assert_eq!(ids(&found.waiting), [waiting.id()], "{status}");
            assert_eq!(ids(&found.certified), [certified.id()], "{status}");
        }
        let alone = backend.unsaved_request(&test_pki::csr(&["alone.example.com"]), Status::Unconfirmed);
        assert!(of(&backend, &alone).await.is_empty());
    }

    #[tokio::test]
    async fn neither_the_request_itself_nor_the_certificate_that_it_renews_is_a_duplicate() {
        let backend = InMemoryBackend::new();
        let renewed = entered(&backend, &NAMES, Status::Delivered).await;
        let own = backend.renewal_at(&test_pki::csr(&NAMES), Status::PendingApproval, renewed.id());
        backend.enter(&NameRow::of_request(own.names(), own.id())).await.unwrap();
        assert!(of(&backend, &own).await.is_empty());
        let second = entered(&backend, &NAMES, Status::Issued).await;
        assert_eq!(ids(&of(&backend, &own).await.certified), [second.id()]);
        backend.advance(time::Duration::days(800));
        assert!(of(&backend, &own).await.is_empty(), "its certificate has ended");
    }

    #[tokio::test]
    async fn many_requests_cost_two_calls_and_hide_no_certificate() {
        let backend = InMemoryBackend::new();
        let certified = entered(&backend, &NAMES, Status::Delivered).await;
        for _ in 0..2 * MAX_ENTRIES {
            entered(&backend, &NAMES, Status::PendingApproval).await;
        }
        let request = backend.unsaved_request(&test_pki::csr(&NAMES), Status::Unconfirmed);
        let before = backend.calls().len();
        let found = of(&backend, &request).await;
        assert_eq!(backend.calls()[before..], ["names: of", "requests: find all"]);
        assert_eq!((found.waiting.len(), ids(&found.certified)), (MAX_LISTED, vec![certified.id()]));
    }
}
