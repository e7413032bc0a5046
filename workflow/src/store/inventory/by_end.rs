//! Pages of all certificates by their end, from the index `byExpiry`, which has them by the status of their request.
//!
//! Invariant: like a page of a list, a page is a few queries and the rows of its entries, also where thousands of certificates
//! end in one second, as at the end of a CA. Within a second the order is that of the statuses, and then that of the index, whatever it is: a
//! cursor names the status and the entry.

use std::collections::HashSet;

use time::{Duration, OffsetDateTime};

use super::{CertificateState, InventoryPage, MAX_READ, rows_of};
use crate::ports::{EndingCertificate, ListedCertificate, PortError, Requests};
use crate::request::Status;

/// The end of every list by time: the index has texts, which sort by time up to the year 9999.
const LAST_INSTANT: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59 UTC);

/// A part of all certificates by their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndPart {
    /// The earliest end, UTC.
    pub from: OffsetDateTime,
    /// The latest end, UTC.
    pub until: OffsetDateTime,
    /// The certificate after which the part begins; `under` is the status of its request.
    pub after: Option<ListedCertificate>,
}

impl EndPart {
    /// Every certificate.
    #[must_use]
    pub fn all() -> Self {
        Self { from: OffsetDateTime::UNIX_EPOCH, until: LAST_INSTANT, after: None }
    }

    /// True if the entry can be one of the list of all certificates.
    #[must_use]
    pub fn has(entry: &ListedCertificate) -> bool {
        statuses(None).iter().any(|status| status.as_str() == entry.under)
    }

    /// The part with certificates that may have this state.
    fn narrowed(&self, state: Option<CertificateState>, now: OffsetDateTime) -> Self {
        let (from, until) = match state {
            Some(CertificateState::Valid) => (self.from.max(now), self.until),
            Some(CertificateState::Ended) => (self.from, self.until.min(now)),
            Some(CertificateState::Revoked) | None => (self.from, self.until),
        };
        // The place of the cursor may have ended meanwhile.
        let after = self.after.clone().filter(|after| after.not_after >= from);
        Self { from, until: until.min(LAST_INSTANT), after }
    }

    /// The first entries in one status. `place` is that of the status among those of the list.
    async fn in_status(
        &self,
        requests: &dyn Requests,
        statuses: &[Status],
        place: usize,
        limit: usize,
    ) -> Result<Vec<EndingCertificate>, PortError> {
        let (status, until) = (statuses[place], self.until);
        let Some(after) = &self.after else {
            return requests.ending(status, self.from, until, limit).await;
        };
        let of_cursor = statuses.iter().position(|status| status.as_str() == after.under);
        let end = after.not_after;
        match of_cursor {
            Some(of_cursor) if of_cursor == place && end <= until => {
                let after = EndingCertificate { id: after.id, not_after: end };
                requests.ending_after(status, &after, until, limit).await
            }
            Some(of_cursor) if of_cursor > place => match end.checked_add(Duration::SECOND) {
                Some(from) if from <= until => requests.ending(status, from, until, limit).await,
                _ => Ok(Vec::new()),
            },
            _ if end <= until => requests.ending(status, end, until, limit).await,
            _ => Ok(Vec::new()),
        }
    }

    /// The first entries, at most `limit`, and whether these are all.
    async fn entries(
        &self,
        requests: &dyn Requests,
        statuses: &[Status],
        limit: usize,
    ) -> Result<(Vec<ListedCertificate>, bool), PortError> {
        let mut entries = Vec::new();
        for (place, status) in statuses.iter().enumerate() {
            // One more than fit on the page: so it is known whether there are more.
            let ends = self.in_status(requests, statuses, place, limit.saturating_add(1)).await?;
            entries.extend(ends.into_iter().map(|end| ListedCertificate {
                under: status.as_str().to_owned(),
                not_after: end.not_after,
                id: end.id,
            }));
        }
        // Stable: within a second the statuses keep their order, and the entries that of the index.
        entries.sort_by_key(|entry| entry.not_after);
        let is_all = entries.len() <= limit;
        entries.truncate(limit);
        Ok((entries, is_all))
    }
}

/// The statuses of requests whose certificate may have this state, in the order of the flow: a row that goes on meanwhile is met
/// twice and not missed.
fn statuses(state: Option<CertificateState>) -> &'static [Status] {
    match state {
        Some(CertificateState::Valid | CertificateState::Ended) => &[Status::Issued, Status::Delivered],
        Some(CertificateState::Revoked) => &[Status::Revoked],
        None => &[Status::Issued, Status::Delivered, Status::Revoked],
    }
}

/// The page of a part with at most `limit` certificates, of one state if that is given, the first to end first.
///
/// # Errors
/// [`PortError`] of the table.
pub async fn inventory_by_end(
    requests: &dyn Requests,
    part: &EndPart,
    state: Option<CertificateState>,
    limit: usize,
    now: OffsetDateTime,
) -> Result<InventoryPage, PortError> {
    let limit = limit.max(1);
    let mut part = part.narrowed(state, now);
    let (mut rows, mut read) = (Vec::new(), 0);
    if part.from > part.until {
        return Ok(InventoryPage { rows, next: None });
    }
    loop {
        let (entries, is_all) = part.entries(requests, statuses(state), limit).await?;
        let count = entries.len();
        let mut found = rows_of(requests, &entries, &HashSet::new()).await?;
        for (place, entry) in entries.into_iter().enumerate() {
            let row = found.remove(&entry.id).filter(|row| {
                CertificateState::of(row, now).is_some_and(|of| state.is_none_or(|state| state == of))
            });
            rows.extend(row);
            part.after = Some(entry);
            if rows.len() == limit {
                let is_last = is_all && place + 1 == count;
                return Ok(InventoryPage { rows, next: part.after.filter(|_| !is_last) });
            }
        }
        read += count;
        if is_all {
            return Ok(InventoryPage { rows, next: None });
        }
        if read >= MAX_READ {
            return Ok(InventoryPage { rows, next: part.after });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;
    use pki::testing as test_pki;
    use proptest::prelude::*;

    use super::*;
    use crate::ids::RequestId;
    use crate::ports::Clock as _;
    use crate::request::Request;
    use crate::testing::InMemoryBackend;

    fn page(
        backend: &InMemoryBackend,
        part: &EndPart,
        state: Option<CertificateState>,
        limit: usize,
    ) -> InventoryPage {
        inventory_by_end(backend, part, state, limit, backend.now()).now_or_never().unwrap().unwrap()
    }

    /// The ids on all pages, and their number.
    fn pages(
        backend: &InMemoryBackend,
        state: Option<CertificateState>,
        limit: usize,
    ) -> (Vec<RequestId>, usize) {
        let (mut part, mut found, mut pages) = (EndPart::all(), Vec::new(), 0);
        loop {
            let page = page(backend, &part, state, limit);
            assert!(page.rows.len() <= limit, "{} of {limit}", page.rows.len());
            found.extend(page.rows.iter().map(Request::id));
            pages += 1;
            part.after = page.next;
            if part.after.is_none() {
                return (found, pages);
            }
        }
    }

    /// Certificates that end these days from the earliest possible end, in this status.
    fn certificates(ends: &[(i64, Status)]) -> (Arc<InMemoryBackend>, Vec<RequestId>) {
        let backend = InMemoryBackend::new();
        let sample = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Delivered);
        let end = sample.not_after().unwrap();
        let mut placed: Vec<(OffsetDateTime, usize, RequestId)> = Vec::new();
        for (day, status) in ends {
            let place = statuses(None).iter().position(|one| one == status).unwrap();
            let (id, not_after) = (RequestId::random(), end + Duration::days(*day));
            let revoked = || backend.request(backend.request_at(Status::Revoked)).unwrap();
            let row = if *status == Status::Revoked { revoked() } else { sample.clone() };
            let id = if *status == Status::Revoked { row.id() } else { id };
            backend.put(row.altered(|row| {
                row.id = id;
                row.status = *status;
                row.not_after = Some(not_after);
            }));
            placed.push((not_after, place, id));
        }
        placed.sort_unstable();
        (backend, placed.into_iter().map(|(_, _, id)| id).collect())
    }

    #[test]
    fn a_state_is_a_part_of_the_index() {
        let (backend, ids) = certificates(&[
            (0, Status::Delivered),
            (1, Status::Issued),
            (2, Status::Revoked),
            (3, Status::Delivered),
        ]);
        let all = page(&backend, &EndPart::all(), None, 10);
        assert_eq!(all.rows.iter().map(Request::id).collect::<Vec<_>>(), ids);
        backend.set_now(all.rows[1].not_after().unwrap());
        let of = |state| pages(&backend, Some(state), 10).0;
        assert_eq!(of(CertificateState::Ended), ids[..2]);
        assert_eq!(of(CertificateState::Revoked), ids[2..3]);
        assert_eq!(of(CertificateState::Valid), ids[3..]);
        let soon = EndPart { until: all.rows[0].not_after().unwrap(), ..EndPart::all() };
        assert_eq!(page(&backend, &soon, None, 10).rows, all.rows[..1]);
    }

    #[test]
    fn a_page_goes_on_after_what_has_ended_or_gone() {
        let (backend, ids) =
            certificates(&[(0, Status::Delivered), (1, Status::Delivered), (2, Status::Delivered)]);
        let first = page(&backend, &EndPart::all(), Some(CertificateState::Valid), 1);
        let end = first.next.as_ref().unwrap().not_after;
        backend.set_now(end + Duration::HOUR);
        let part = EndPart { after: first.next, ..EndPart::all() };
        let next = page(&backend, &part, Some(CertificateState::Valid), 1);
        assert_eq!(next.rows[0].id(), ids[1]);
        let past = EndPart { until: end - Duration::HOUR, ..part };
        assert!(page(&backend, &past, None, 1).rows.is_empty(), "a cursor behind the part");
    }

    proptest! {
        /// Also where many end in one second, as at the end of a CA.
        #[test]
        fn pages_of_any_size_have_each_certificate_once_in_order(
            ends in proptest::collection::vec((0_i64..4, 0_usize..3), 0..14),
            limit in 1_usize..6,
        ) {
            let statuses = [Status::Issued, Status::Delivered, Status::Revoked];
            let ends: Vec<(i64, Status)> = ends.into_iter().map(|(day, of)| (day, statuses[of])).collect();
            let (backend, ids) = certificates(&ends);
            let (found, pages) = pages(&backend, None, limit);
            prop_assert_eq!(&found, &ids);
            prop_assert_eq!(pages, ids.len().div_ceil(limit).max(1));
        }
    }
}
