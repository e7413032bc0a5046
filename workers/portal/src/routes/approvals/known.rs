//! What is known of the names and the key of a request: certificates in use, and whatever is new or unusual.
//!
//! Never a scan: one query a name and look-alike key, one for the public key, and one batch for the rows they lead to.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use pki::certificate::Serial;
use serde::Serialize;
use time::OffsetDateTime;
use workflow::email::Email;
use workflow::ids::RequestId;
use workflow::ports::{PortError, look_alike};
use workflow::request::Request;

use crate::state::Portal;

/// Of how many names the past is looked up.
const NAMES: usize = 10;
/// How many earlier requests of a name or a key are looked at.
const EARLIER: usize = 50;

/// A certificate in use for one of the names, or for the key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveCertificate {
    pub(crate) id: RequestId,
    pub(crate) serial: Serial,
    pub(crate) names: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) not_after: OffsetDateTime,
    pub(crate) email: Email,
    pub(crate) same_key: bool,
}

/// Something an approver does not see every day.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Anomaly {
    /// Nobody has asked for these names before.
    FirstRequest { names: Vec<String> },
    /// The certificate would be good for every name below another.
    Wildcard { name: String },
    /// The key was in earlier requests, of these addresses.
    KnownKey { requests: usize, of: BTreeSet<Email> },
    /// A person may take the name for one that others have asked for.
    LooksLike { name: String, other: String },
}

/// What is known.
pub(crate) struct RequestHistory {
    pub(crate) live: Vec<LiveCertificate>,
    pub(crate) unusual: Vec<Anomaly>,
}

impl RequestHistory {
    pub(crate) async fn of(
        portal: &Portal,
        request: &Request,
        public_key_digest: &str,
    ) -> Result<Self, PortError> {
        let names: Vec<&String> = request.names().iter().take(NAMES).collect();
        let keys: Vec<Option<String>> = names.iter().map(|name| look_alike(name)).collect();
        let (by_name, by_key, same_key) = futures_util::try_join!(
            try_join_all(names.iter().map(|name| portal.names.of(name, EARLIER))),
            try_join_all(keys.iter().flatten().map(|key| portal.names.of(key, EARLIER))),
            portal.requests.with_key(public_key_digest, EARLIER),
        )?;
        let others: BTreeSet<RequestId> = by_name
            .iter()
            .flatten()
            .chain(by_key.iter().flatten())
            .filter(|id| **id != request.id() && !same_key.iter().any(|one| one.id() == **id))
            .copied()
            .collect();
        let others: Vec<RequestId> = others.into_iter().collect();
        let rows = if others.is_empty() { Vec::new() } else { portal.requests.find_all(&others).await? };
        let same_key: Vec<Request> = same_key.into_iter().filter(|one| one.id() != request.id()).collect();
        let unusual = unusual(request, &names, &by_name, &same_key, &rows);
        let now = portal.clock.now();
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
        Ok(Self { live, unusual })
    }
}

fn unusual(
    request: &Request,
    names: &[&String],
    by_name: &[Vec<RequestId>],
    same_key: &[Request],
    rows: &[Request],
) -> Vec<Anomaly> {
    let mut unusual = Vec::new();
    for name in names.iter().filter(|name| name.starts_with("*.")) {
        unusual.push(Anomaly::Wildcard { name: (*name).clone() });
    }
    // Names of others by what they look like; a request's own names are no surprise.
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
            unusual.push(Anomaly::LooksLike { name: (*name).clone(), other: other.clone() });
        }
    }
    if !same_key.is_empty() {
        let of = same_key.iter().map(|one| one.email().clone()).collect();
        unusual.push(Anomaly::KnownKey { requests: same_key.len(), of });
    }
    let first: Vec<String> = names
        .iter()
        .zip(by_name)
        .filter(|(_, ids)| ids.iter().all(|id| *id == request.id()))
        .map(|(name, _)| (*name).clone())
        .collect();
    if !first.is_empty() {
        unusual.push(Anomaly::FirstRequest { names: first });
    }
    unusual
}
