//! A page of a list of certificates by its options, over the ports.
//!
//! Invariant: a page is a bounded number of queries, each of a part of one index. Nothing is scanned.

use time::OffsetDateTime;
use workflow::ports::{
    CertificateList, Issuers, ListPart, ListedCertificate, NameIndex, PortError, Requests, domain_order,
};
use workflow::store::{CertificateState, EndPart, InventoryPage, inventory_by_end, inventory_page};

use super::cursor::ListCursor;
use super::options::{CertificateListOptions, PropertyOptions};
use crate::error::{CliError, OrFail as _};
use crate::request_id::one_of;

/// Entries that are read at once.
const READ: usize = 100;
/// The parts of a list that are read for one answer without finding enough. Each is 500 entries of other certificates.
const SPARSE_PARTS: usize = 10;

/// The certificates that are wanted.
#[derive(Debug)]
pub(super) struct CertificateQuery {
    /// The list and the beginning of the names; `None` for all certificates by their end.
    list: Option<(CertificateList, String)>,
    state: Option<CertificateState>,
    /// The latest end.
    until: Option<OffsetDateTime>,
    after: Option<ListedCertificate>,
}

impl CertificateQuery {
    /// What the options mean; `None` for the newest certificates, which no list has.
    pub(super) async fn of(
        options: &CertificateListOptions,
        issuers: &dyn Issuers,
        now: OffsetDateTime,
    ) -> Result<Option<Self>, CliError> {
        let list = list_of(&options.property, issuers).await?;
        if list.is_none() && options.state.is_none() && options.expiring.is_none() {
            return Ok(None);
        }
        let within = options.expiring.map(|within| within.try_into().unwrap_or(time::Duration::MAX));
        let query = Self {
            list,
            state: options.state.or(options.expiring.map(|_| CertificateState::Valid)),
            until: within.and_then(|within: time::Duration| now.checked_add(within)),
            after: options.after.as_ref().map(entry).transpose()?,
        };
        if query.after.as_ref().is_some_and(|after| !query.has(after)) {
            return Err(of_another_list());
        }
        Ok(Some(query))
    }

    /// True if the entry can be in the list.
    fn has(&self, entry: &ListedCertificate) -> bool {
        match &self.list {
            Some((list, prefix)) if list.is_by_name() => {
                !entry.under.is_empty() && entry.under.starts_with(prefix.as_str())
            }
            Some(_) => entry.under.is_empty(),
            None => EndPart::has(entry),
        }
    }

    /// At most `limit` certificates.
    pub(super) async fn page(
        &self,
        names: &dyn NameIndex,
        requests: &dyn Requests,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<InventoryPage, PortError> {
        match &self.list {
            None => {
                let all = EndPart::all();
                let until = self.until.unwrap_or(all.until);
                let part = EndPart { until, after: self.after.clone(), ..all };
                inventory_by_end(requests, &part, self.state, limit, now).await
            }
            Some((list, prefix)) => {
                let ends_from = (self.state == Some(CertificateState::Valid)).then_some(now);
                let (list, prefix, after) = (list.clone(), prefix.clone(), self.after.clone());
                self.part(names, requests, ListPart { list, prefix, ends_from, after }, limit, now).await
            }
        }
    }

    async fn part(
        &self,
        names: &dyn NameIndex,
        requests: &dyn Requests,
        mut part: ListPart,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<InventoryPage, PortError> {
        let until = match self.state {
            Some(CertificateState::Ended) => Some(self.until.map_or(now, |until| until.min(now))),
            _ => self.until,
        };
        let is_later = |end: Option<OffsetDateTime>| until.is_some_and(|until| end > Some(until));
        let (mut rows, mut parts) = (Vec::new(), limit.div_ceil(READ) + SPARSE_PARTS);
        loop {
            let wanted = (limit - rows.len()).min(READ);
            let page = inventory_page(names, requests, &part, self.state, wanted, now).await?;
            rows.extend(page.rows.into_iter().filter(|row| !is_later(row.not_after())));
            // In a list by end, everything after the latest end is later, too.
            let is_over =
                |next: &ListedCertificate| !part.list.is_by_name() && is_later(Some(next.not_after));
            part.after = page.next.filter(|next| !is_over(next));
            parts -= 1;
            if part.after.is_none() || rows.len() >= limit || parts == 0 {
                return Ok(InventoryPage { rows, next: part.after });
            }
        }
    }
}

/// The row after which a list of the newest certificates goes on.
pub(super) fn request(cursor: &ListCursor) -> Result<workflow::ids::RequestId, CliError> {
    match cursor {
        ListCursor::Request(id) => Ok(*id),
        ListCursor::Entry(_) => Err(of_another_list()),
    }
}

fn entry(cursor: &ListCursor) -> Result<ListedCertificate, CliError> {
    match cursor {
        ListCursor::Entry(entry) => Ok(entry.clone()),
        ListCursor::Request(_) => Err(of_another_list()),
    }
}

fn of_another_list() -> CliError {
    CliError::new(
        "--after is a place in another list",
        "Give it with the options of the list that printed it.",
    )
}

/// The list of a property, and the beginning of its names.
async fn list_of(
    property: &PropertyOptions,
    issuers: &dyn Issuers,
) -> Result<Option<(CertificateList, String)>, CliError> {
    let PropertyOptions { name, below, requester, profile, issuer } = property;
    let by_end = |list| Some((list, String::new()));
    if let Some(issuer) = issuer {
        return Ok(by_end(CertificateList::Issuer(key_identifier(issuers, issuer).await?)));
    }
    let name = name.clone().map(|name| (CertificateList::Names, name));
    let below = below.as_ref().map(|domain| (CertificateList::Domains, domain_order(&format!(".{domain}"))));
    let requester = requester.clone().and_then(|email| by_end(CertificateList::Requester(email)));
    let profile = profile.clone().and_then(|profile| by_end(CertificateList::Profile(profile)));
    Ok(name.or(below).or(requester).or(profile))
}

/// The key identifier of the one CA of the stack, in force or former, that begins so.
async fn key_identifier(issuers: &dyn Issuers, beginning: &str) -> Result<String, CliError> {
    let all = issuers.all().await.or_fail(|| "cannot list the CA certificates".to_owned(), "")?;
    let mut found: Vec<String> = all.iter().map(pki::issuer::Issuer::key_identifier).collect();
    found.retain(|one| one.starts_with(beginning));
    found.sort_unstable();
    found.dedup();
    one_of(beginning, found, "CA with the key identifier", "See: countersign ca show.")
}

#[cfg(test)]
mod tests;
