//! The history of the names and the key of a request: live certificates, and anomalies.
//!
//! Invariant: never a scan, and no name is left out. One query per name and confusable skeleton, one for the public key,
//! and one batch for the rows.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{try_join_all, try_join3};
use pki::certificate::Serial;
use serde::Serialize;
use time::OffsetDateTime;

use crate::email::Email;
use crate::ids::RequestId;
use crate::ports::{NameIndex, PortError, Requests, look_alike};
use crate::request::Request;

/// Look-ups of names at the same time.
const CONCURRENT_LOOKUPS: usize = 16;
/// The limit of earlier requests read per name or key.
const MAX_EARLIER: usize = 50;

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
        // Every name is looked up: the review says that it found nothing unusual.
        let names = request.names();
        let keys: Vec<String> = names.iter().filter_map(|name| look_alike(name)).collect();
        let (by_name, by_key, same_key) = try_join3(
            of_all(names_index, names),
            of_all(names_index, &keys),
            requests.with_key(public_key_digest, MAX_EARLIER),
        )
        .await?;
        let others: BTreeSet<RequestId> = by_name
            .iter()
            .flatten()
            .chain(by_key.iter().flatten())
            .filter(|id| **id != request.id() && !same_key.iter().any(|one| one.id() == **id))
            .copied()
            .collect();
        let others: Vec<RequestId> = others.into_iter().collect();
        let rows = if others.is_empty() { Vec::new() } else { requests.find_all(&others).await? };
        let same_key: Vec<Request> = same_key.into_iter().filter(|one| one.id() != request.id()).collect();
        let anomalies = anomalies(request, names, &by_name, &same_key, &rows);
        let of_name: BTreeSet<RequestId> = by_name.into_iter().flatten().collect();
        let mut live: Vec<LiveCertificate> = same_key
            .into_iter()
            .map(|one| (true, one))
            .chain(rows.into_iter().filter(|one| of_name.contains(&one.id())).map(|one| (false, one)))
            .filter(|(_, one)| one.status().has_certificate())
            .filter_map(|(same_key, one)| {
                Some(LiveCertificate {
                    id: one.id(),
                    serial: one.serial()?.clone(),
                    not_after: one.not_after().filter(|not_after| *not_after > now)?,
                    names: one.names().to_vec(),
                    email: one.email().clone(),
                    same_key,
                })
            })
            .collect();
        live.sort_by_key(|one| std::cmp::Reverse(one.not_after));
        Ok(Self { live, anomalies })
    }
}

/// The requests under each of these keys, in their order.
async fn of_all(names_index: &dyn NameIndex, keys: &[String]) -> Result<Vec<Vec<RequestId>>, PortError> {
    let mut found = Vec::with_capacity(keys.len());
    for keys in keys.chunks(CONCURRENT_LOOKUPS) {
        found.extend(try_join_all(keys.iter().map(|key| names_index.of(key, MAX_EARLIER))).await?);
    }
    Ok(found)
}

fn anomalies(
    request: &Request,
    names: &[String],
    by_name: &[Vec<RequestId>],
    same_key: &[Request],
    rows: &[Request],
) -> Vec<Anomaly> {
    let mut found = Vec::new();
    for name in names.iter().filter(|name| name.starts_with("*.")) {
        found.push(Anomaly::Wildcard { name: name.clone() });
    }
    // NameIndex of other requests by confusable skeleton; the request's own names are no anomaly.
    let mut alike: BTreeMap<String, &String> = BTreeMap::new();
    for other in rows.iter().chain(same_key).flat_map(|row| row.names()) {
        if let Some(key) = look_alike(other).filter(|_| !request.names().contains(other)) {
            alike.entry(key).or_insert(other);
        }
    }
    for name in names {
        let bare = name.strip_prefix("*.").unwrap_or(name);
        let other = look_alike(name).and_then(|key| alike.get(&key).copied());
        if let Some(other) = other.filter(|other| other.strip_prefix("*.").unwrap_or(other) != bare) {
            found.push(Anomaly::LooksLike { name: name.clone(), other: other.clone() });
        }
    }
    if !same_key.is_empty() {
        let of = same_key.iter().map(|one| one.email().clone()).collect();
        found.push(Anomaly::KnownKey { requests: same_key.len(), of });
    }
    let first: Vec<String> = names
        .iter()
        .zip(by_name)
        .filter(|(_, ids)| ids.iter().all(|id| *id == request.id()))
        .map(|(name, _)| name.clone())
        .collect();
    if !first.is_empty() {
        found.push(Anomaly::FirstRequest { names: first });
    }
    found
}
