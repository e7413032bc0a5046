//! Pages of the lists of certificates, with the rows.
//!
//! Invariant: a page is one part of one list and the rows of its entries: a few queries, however many certificates there are. Whether a
//! certificate is valid is read from its row. A page whose certificates are mostly of another state is shorter, not slower. Each certificate
//! is on one page.

use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;

use crate::ids::RequestId;
use crate::ports::{ListPart, ListedCertificate, NameIndex, PortError, Requests};
use crate::request::{Request, Status};

mod by_end;

pub use by_end::{EndPart, inventory_by_end};

/// A page that has read so many entries reads no more.
const MAX_READ: usize = 500;
/// The most entries that a page reads at once after its first ones: BatchGetItem has as many rows.
const MAX_AT_ONCE: usize = 100;
/// The fewest entries that a page reads after its first ones. Each further time, it is twice as many.
const FEWEST_AT_ONCE: usize = 8;

/// The state of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateState {
    /// Neither revoked nor ended.
    Valid,
    /// Its end has passed.
    Ended,
    /// It was revoked.
    Revoked,
}

impl CertificateState {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Valid, Self::Ended, Self::Revoked];

    /// The state of a certificate by its row; `None` if the row has no certificate.
    #[must_use]
    pub fn of(row: &Request, now: OffsetDateTime) -> Option<Self> {
        if !row.is_signed() {
            return None;
        }
        Some(match row.status() {
            Status::Revoked => Self::Revoked,
            _ if row.not_after().is_some_and(|end| end <= now) => Self::Ended,
            _ => Self::Valid,
        })
    }

    /// The state in one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
        }
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct InventoryPage {
    /// The rows, in the order of the list. A certificate with several names is where its first name in the part is.
    pub rows: Vec<Request>,
    /// The entry after which the next page begins; `None` at the end of the list.
    pub next: Option<ListedCertificate>,
}

/// The page of a part of a list with at most `limit` certificates, of one state if that is given.
///
/// # Errors
/// [`PortError`] of a table.
pub async fn inventory_page(
    names: &dyn NameIndex,
    requests: &dyn Requests,
    part: &ListPart,
    state: Option<CertificateState>,
    limit: usize,
    now: OffsetDateTime,
) -> Result<InventoryPage, PortError> {
    let limit = limit.max(1);
    let (mut part, mut rows, mut seen) = (part.clone(), Vec::new(), HashSet::new());
    let (mut read, mut wanted, mut fewest) = (0, limit, FEWEST_AT_ONCE);
    if state == Some(CertificateState::Valid) {
        // A list by end begins with everything that has ended. A list by name does not look at it.
        part.ends_from = part.ends_from.max(Some(now));
    }
    loop {
        let mut entries = names.listed(&part, wanted).await?;
        let mut is_last = entries.len() < wanted;
        if state == Some(CertificateState::Ended) && !part.list.is_by_name() {
            // In a list by end, everything after the first certificate that has not ended has not ended, too.
            let ended = entries.partition_point(|entry| entry.not_after <= now);
            is_last |= ended < entries.len();
            entries.truncate(ended);
        }
        let count = entries.len();
        read += count;
        let mut found = rows_of(requests, &entries, &seen).await?;
        for (place, entry) in entries.into_iter().enumerate() {
            // A certificate has an entry for each of its names.
            if seen.insert(entry.id)
                && let Some(row) = found.remove(&entry.id)
                && part.is_first(&entry, row.names())
                && CertificateState::of(&row, now).is_some_and(|of| state.is_none_or(|state| state == of))
            {
                rows.push(row);
            }
            part.after = Some(entry);
            if rows.len() == limit {
                let next = part.after.filter(|_| !(is_last && place + 1 == count));
                return Ok(InventoryPage { rows, next });
            }
        }
        if is_last {
            return Ok(InventoryPage { rows, next: None });
        }
        if read >= MAX_READ {
            return Ok(InventoryPage { rows, next: part.after });
        }
        wanted = entries_for(limit - rows.len(), rows.len(), read)
            .max(fewest)
            .min(limit.max(MAX_AT_ONCE))
            .min(MAX_READ - read);
        fewest *= 2;
    }
}

/// The number of entries that have `missing` rows of the page, if `read` entries had `found`; and a quarter more.
fn entries_for(missing: usize, found: usize, read: usize) -> usize {
    (missing * read * 5).div_ceil(found.max(1) * 4)
}

async fn rows_of(
    requests: &dyn Requests,
    entries: &[ListedCertificate],
    seen: &HashSet<RequestId>,
) -> Result<HashMap<RequestId, Request>, PortError> {
    let ids: HashSet<RequestId> =
        entries.iter().map(|entry| entry.id).filter(|id| !seen.contains(id)).collect();
    let ids: Vec<RequestId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = requests.find_all(&ids).await?;
    Ok(rows.into_iter().map(|row| (row.id(), row)).collect())
}

#[cfg(test)]
mod tests;
