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

use crate::email::Email;
use crate::ids::RequestId;
use crate::ports::{NameEntry, NameIndex, PortError, Requests, look_alike};
use crate::request::Request;

/// Look-ups of names at the same time.
const CONCURRENT_LOOKUPS: usize = 16;
/// The most entries read per name or key.
const MAX_ENTRIES: usize = 100;
/// The most rows read, besides those with the same key.
const MAX_ROWS: usize = 300;
/// The most rows read with the same key.
const MAX_WITH_KEY: usize = 50;

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
    /// The key is in earlier requests, by these requesters.
    KnownKey {
        /// The number of earlier requests.
        requests: usize,
        /// Their requesters.
        of: BTreeSet<Email>,
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

impl RequestHistory {
    /// Reads the history of `request`; `public_key_digest` is the digest of its key.
    ///
    /// # Errors
    /// [`PortError`] of a table.
    pub async fn read(
        requests: &dyn Requests,
        names_index: &dyn NameIndex,
        request: &Request,
        public_key_digest: &str,
        now: OffsetDateTime,
    ) -> Result<Self, PortError> {
        // Every name is looked up, since the review may say that nothing is unusual.
        let names = request.names();
        let keys: Vec<String> = names.iter().filter_map(|name| look_alike(name)).collect();
        let (by_name, by_key, same_key) = try_join3(
            of_all(names_index, names),
            of_all(names_index, &keys),
            requests.with_key(public_key_digest, MAX_WITH_KEY),
        )
        .await?;
        let is_known = |id: RequestId| id == request.id() || same_key.iter().any(|one| one.id() == id);
        let chosen = choose(by_name.iter().chain(&by_key), is_known, now);
        let rows = if chosen.ids.is_empty() { Vec::new() } else { requests.find_all(&chosen.ids).await? };
        let same_key: Vec<Request> = same_key.into_iter().filter(|one| one.id() != request.id()).collect();
        let anomalies = anomalies(request, &by_name, &by_key, &same_key, &rows);
        let of_name: BTreeSet<RequestId> = by_name.iter().flatten().filter_map(NameEntry::request).collect();
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

fn anomalies(
    request: &Request,
    by_name: &[Vec<NameEntry>],
    by_key: &[Vec<NameEntry>],
    same_key: &[Request],
    rows: &[Request],
) -> Vec<Anomaly> {
    let names = request.names();
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
    if !same_key.is_empty() {
        let of = same_key.iter().map(|one| one.email().clone()).collect();
        found.push(Anomaly::KnownKey { requests: same_key.len(), of });
    }
    let first: Vec<String> = names
        .iter()
        .zip(by_name)
        .filter(|(_, entries)| entries.iter().filter_map(NameEntry::request).all(|id| id == request.id()))
        .map(|(name, _)| name.clone())
        .collect();
    if !first.is_empty() {
        found.push(Anomaly::FirstRequest { names: first });
    }
    found
}

#[cfg(test)]
mod tests;
