//! The history of the names and the key of a request: live certificates, and anomalies.
//!
//! Invariant: never a scan, and no name is left out. One query per name and confusable skeleton, one for the public key,
//! and at most [`MAX_ROWS`] rows. Certificates come before requests, so that no number of requests hides a certificate
//! or a certified name that looks alike.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{try_join_all, try_join3};
use pki::certificate::Serial;
use serde::Serialize;
use time::OffsetDateTime;

use crate::approver_set::PlusTags;
use crate::email::Email;
use crate::ids::RequestId;
use crate::ports::{NameEntry, NameIndex, PortError, Requests, look_alike};
use crate::request::{Request, Status};

/// Look-ups of names at the same time.
const CONCURRENT_LOOKUPS: usize = 16;
/// The most entries read per name or key.
const MAX_ENTRIES: usize = 100;
/// The most rows read, besides those with the same key.
const MAX_ROWS: usize = 300;
/// The most rows read with the same key.
const MAX_WITH_KEY: usize = 50;
/// The most requests of an anomaly that are listed.
pub const MAX_RELATED: usize = 10;

/// A valid certificate for one of the names, or for the key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveCertificate {
    /// The request that it was issued for.
    pub id: RequestId,
    /// Its serial number.
    pub serial: Serial,
    /// Its subject alternative names.
    pub names: Vec<String>,
    /// The end of its validity, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// Its requester.
    pub email: Email,
    /// True if it certifies the key of the request.
    pub same_key: bool,
}

/// Another request with the key or with a name of the request.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RelatedRequest {
    /// The other request.
    pub id: RequestId,
    /// Its requester.
    pub email: Email,
    /// True if its requester is another person.
    pub other_requester: bool,
    /// Its status.
    pub status: Status,
    /// Its names.
    pub names: Vec<String>,
    /// The time at which it was accepted, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub registration_date: OffsetDateTime,
    /// True if the reader of the review is asked about it, too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub asks_you: bool,
}

impl RelatedRequest {
    fn of(other: &Request, request: &Request, plus_tags: PlusTags) -> Self {
        Self {
            id: other.id(),
            email: other.email().clone(),
            other_requester: !plus_tags.same_person(other.email(), request.email()),
            status: other.shown_status(),
            names: other.names().to_vec(),
            registration_date: other.registration_date(),
            asks_you: false,
        }
    }

    /// Those of other people first, then the newest first; at most [`MAX_RELATED`].
    fn list<'a>(
        others: impl Iterator<Item = &'a Request>,
        request: &Request,
        plus_tags: PlusTags,
    ) -> Vec<Self> {
        let mut related: Vec<Self> = others.map(|other| Self::of(other, request, plus_tags)).collect();
        related.sort_by_key(|one| (!one.other_requester, std::cmp::Reverse(one.registration_date), one.id));
        related.truncate(MAX_RELATED);
        related
    }
}

/// A property of a request that most requests do not have.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Anomaly {
    /// The names are in no earlier request.
    FirstRequest {
        /// The names.
        names: Vec<String>,
    },
    /// The name covers every name below another.
    Wildcard {
        /// The name.
        name: String,
    },
    /// The key is in other requests, earlier or later, by these requesters.
    KnownKey {
        /// The number of other requests.
        requests: usize,
        /// Their requesters.
        of: BTreeSet<Email>,
        /// The requests, at most [`MAX_RELATED`].
        related: Vec<RelatedRequest>,
    },
    /// Names are in other requests that are in progress, too.
    NamesInProgress {
        /// The number of those requests.
        requests: usize,
        /// The requests, at most [`MAX_RELATED`].
        related: Vec<RelatedRequest>,
    },
    /// The standing approval that is asked for extends another one of the requester: programs with a credential of that one
    /// may then use this one, too.
    Extends {
        /// The other standing approval.
        extended: RequestId,
        /// The names that it lacks.
        names: Vec<String>,
    },
    /// The name looks like a name of another request.
    LooksLike {
        /// The name.
        name: String,
        /// The other name.
        other: String,
    },
}

/// The history of the names and the key of a request.
pub struct RequestHistory {
    /// Valid certificates, the longest valid first.
    pub live: Vec<LiveCertificate>,
    /// True if there are more valid certificates than `live` has.
    pub has_more_live: bool,
    /// Properties that most requests do not have.
    pub anomalies: Vec<Anomaly>,
}

impl Anomaly {
    /// The other requests that it is about.
    pub fn related_mut(&mut self) -> &mut [RelatedRequest] {
        match self {
            Self::KnownKey { related, .. } | Self::NamesInProgress { related, .. } => related,
            Self::FirstRequest { .. }
            | Self::Wildcard { .. }
            | Self::Extends { .. }
            | Self::LooksLike { .. } => &mut [],
        }
    }
}

impl RequestHistory {
    /// The names in no earlier request.
    pub fn new_names(&self) -> &[String] {
        let new = self.anomalies.iter().find_map(|one| match one {
            Anomaly::FirstRequest { names } => Some(names.as_slice()),
            _ => None,
        });
        new.unwrap_or_default()
    }

    /// Reads the history of `request`; `public_key_digest` is the digest of its key, if it has one, `plus_tags` the rule for
    /// addresses of one person. Of the names of a standing approval, only those are looked up that stand for themselves.
    ///
    /// # Errors
    /// [`PortError`] of a table.
    pub async fn read(
        requests: &dyn Requests,
        names_index: &dyn NameIndex,
        request: &Request,
        public_key_digest: Option<&str>,
        plus_tags: PlusTags,
        now: OffsetDateTime,
    ) -> Result<Self, PortError> {
        // Every name is looked up, since the review may say that nothing is unusual.
        let names = &request.exact_names();
        let keys: Vec<String> = names.iter().filter_map(|name| look_alike(name)).collect();
        let with_key = async {
            match public_key_digest {
                Some(digest) => requests.with_key(digest, MAX_WITH_KEY).await,
                None => Ok(Vec::new()),
            }
        };
        let (by_name, by_key, same_key) =
            try_join3(of_all(names_index, names), of_all(names_index, &keys), with_key).await?;
        let is_known = |id: RequestId| id == request.id() || same_key.iter().any(|one| one.id() == id);
        let chosen = choose(by_name.iter().chain(&by_key), is_known, now);
        let rows = if chosen.ids.is_empty() { Vec::new() } else { requests.find_all(&chosen.ids).await? };
        let same_key: Vec<Request> = same_key.into_iter().filter(|one| one.id() != request.id()).collect();
        let of_name: BTreeSet<RequestId> = by_name.iter().flatten().filter_map(NameEntry::request).collect();
        let mut anomalies: Vec<Anomaly> = extends(requests, request, plus_tags).await?.into_iter().collect();
        anomalies.extend(unusual_names(names, &by_key, &same_key, &rows));
        anomalies.extend(known_key(request, &same_key, plus_tags));
        anomalies.extend(names_in_progress(request, &rows, &of_name, plus_tags));
        anomalies.extend(first_request(request.id(), names, &by_name));
        let has_more_live = chosen.leaves_certificates || by_name.iter().any(|entries| is_full(entries, now));
        let mut live: Vec<LiveCertificate> = same_key
            .into_iter()
            .map(|one| (true, one))
            .chain(rows.into_iter().filter(|one| of_name.contains(&one.id())).map(|one| (false, one)))
            .filter(|(_, one)| one.has_live_certificate(now))
            .filter_map(|(same_key, one)| {
                Some(LiveCertificate {
                    id: one.id(),
                    serial: one.serial()?.clone(),
                    not_after: one.not_after()?,
                    names: one.names().to_vec(),
                    email: one.email().clone(),
                    same_key,
                })
            })
            .collect();
        live.sort_by_key(|one| std::cmp::Reverse(one.not_after));
        Ok(Self { live, has_more_live, anomalies })
    }
}

/// The entries under each of these keys, in their order.
async fn of_all(names_index: &dyn NameIndex, keys: &[String]) -> Result<Vec<Vec<NameEntry>>, PortError> {
    let mut found = Vec::with_capacity(keys.len());
    for keys in keys.chunks(CONCURRENT_LOOKUPS) {
        found.extend(try_join_all(keys.iter().map(|key| names_index.of(key, MAX_ENTRIES))).await?);
    }
    Ok(found)
}

/// True if a look-up ended at [`MAX_ENTRIES`], and found valid certificates only: there may be more.
fn is_full(entries: &[NameEntry], now: OffsetDateTime) -> bool {
    entries.len() >= MAX_ENTRIES
        && matches!(entries.last(), Some(NameEntry::Certificate(not_after, _)) if *not_after > now)
}

/// The rows to read.
struct Chosen {
    ids: Vec<RequestId>,
    /// True if valid certificates are left out.
    leaves_certificates: bool,
}

/// Chooses at most [`MAX_ROWS`] rows: those of valid certificates, then those of requests. The first of every look-up
/// come before the second of any, so that a name with many leaves room for the others.
fn choose<'a>(
    lookups: impl Iterator<Item = &'a Vec<NameEntry>>,
    is_known: impl Fn(RequestId) -> bool,
    now: OffsetDateTime,
) -> Chosen {
    let mut ranked = Vec::new();
    for entries in lookups {
        let useful = entries.iter().filter_map(|entry| match entry {
            NameEntry::Certificate(not_after, id) if *not_after > now => Some((false, *id)),
            NameEntry::Request(id) => Some((true, *id)),
            _ => None,
        });
        let useful = useful.filter(|(_, id)| !is_known(*id)).enumerate();
        ranked.extend(useful.map(|(rank, (is_request, id))| (is_request, rank, id)));
    }
    ranked.sort_unstable();
    let (mut ids, mut seen, mut leaves_certificates) = (Vec::new(), BTreeSet::new(), false);
    for (is_request, _, id) in ranked {
        if !seen.insert(id) {
            continue;
        }
        if ids.len() < MAX_ROWS {
            ids.push(id);
        } else {
            leaves_certificates |= !is_request;
        }
    }
    Chosen { ids, leaves_certificates }
}

/// The standing approval that a request extends. The names are compared with the row of its request, which approvers decided
/// about; a row that is not there, or of another requester or profile, has none of them.
async fn extends(
    requests: &dyn Requests,
    request: &Request,
    plus_tags: PlusTags,
) -> Result<Option<Anomaly>, PortError> {
    let Some((terms, extended)) = request.terms().and_then(|terms| Some((terms, terms.extends()?))) else {
        return Ok(None);
    };
    let is_base = |base: &Request| {
        base.profile() == request.profile() && plus_tags.same_person(base.email(), request.email())
    };
    let base = requests.find(extended).await?.filter(is_base);
    let names = match base.as_ref().and_then(Request::terms) {
        Some(base) => terms.names_beyond(base),
        None => terms.names_as_text(),
    };
    Ok(Some(Anomaly::Extends { extended, names }))
}

fn unusual_names(
    names: &[String],
    by_key: &[Vec<NameEntry>],
    same_key: &[Request],
    rows: &[Request],
) -> Vec<Anomaly> {
    let mut found = Vec::new();
    for name in names.iter().filter(|name| name.starts_with("*.")) {
        found.push(Anomaly::Wildcard { name: name.clone() });
    }
    // Names of certificates and of other requests by confusable skeleton; the request's own names are no anomaly.
    let certified = by_key.iter().flatten().filter_map(|entry| match entry {
        NameEntry::CertifiedName(name) => Some(name),
        _ => None,
    });
    let requested = rows.iter().chain(same_key).flat_map(|row| row.names());
    let mut alike: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for other in certified.chain(requested).filter(|other| !names.contains(other)) {
        if let Some(key) = look_alike(other) {
            alike.entry(key).or_default().push(other);
        }
    }
    let bare = |name: &str| name.strip_prefix("*.").unwrap_or(name).to_owned();
    for name in names {
        let others = look_alike(name).and_then(|key| alike.get(&key));
        let other = others.into_iter().flatten().find(|other| bare(other) != bare(name));
        if let Some(other) = other {
            found.push(Anomaly::LooksLike { name: name.clone(), other: (*other).clone() });
        }
    }
    found
}

fn known_key(request: &Request, same_key: &[Request], plus_tags: PlusTags) -> Option<Anomaly> {
    (!same_key.is_empty()).then(|| Anomaly::KnownKey {
        requests: same_key.len(),
        of: same_key.iter().map(|one| one.email().clone()).collect(),
        related: RelatedRequest::list(same_key.iter(), request, plus_tags),
    })
}

/// Requests with the same key are not among `rows`.
fn names_in_progress(
    request: &Request,
    rows: &[Request],
    of_name: &BTreeSet<RequestId>,
    plus_tags: PlusTags,
) -> Option<Anomaly> {
    let in_progress = |one: &&Request| {
        of_name.contains(&one.id())
            && matches!(one.status(), Status::Submitted | Status::PendingApproval | Status::Approved)
    };
    let others: Vec<&Request> = rows.iter().filter(in_progress).collect();
    (!others.is_empty()).then(|| Anomaly::NamesInProgress {
        requests: others.len(),
        related: RelatedRequest::list(others.into_iter(), request, plus_tags),
    })
}

fn first_request(own: RequestId, names: &[String], by_name: &[Vec<NameEntry>]) -> Option<Anomaly> {
    let first: Vec<String> = names
        .iter()
        .zip(by_name)
        .filter(|(_, entries)| entries.iter().filter_map(NameEntry::request).all(|id| id == own))
        .map(|(name, _)| name.clone())
        .collect();
    (!first.is_empty()).then_some(Anomaly::FirstRequest { names: first })
}

#[cfg(test)]
mod tests;
