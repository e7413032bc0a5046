//! The index of names: the requests and the certificates of each name.
//!
//! The lists of certificates ([`CertificateList`](super::CertificateList)) stand beside the names, under keys that are none.
//!
//! Invariant: under a name, certificates come before requests, those that end last first. So a read of a few entries
//! finds every valid certificate, however many requests for the name there are (docs/decisions/0105).

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::PortError;
use super::inventory::{CertificateList, CertificateListing, ListPart, ListedCertificate};
use crate::ids::RequestId;
use crate::timestamp::rfc3339;
use pki::name::Name;

/// The index of names.
#[async_trait]
pub trait NameIndex: Send + Sync {
    /// Adds these rows. Idempotent.
    async fn enter(&self, rows: &[NameRow]) -> Result<(), PortError>;
    /// The entries under a name, or under a key of [`look_alike`], at most `limit`: certificates or certified names
    /// first (certificates that end last before others), then requests in the order of their ids, descending.
    async fn of(&self, name: &str, limit: usize) -> Result<Vec<NameEntry>, PortError>;
    /// The entries of a part of a list, in its order, at most `limit`. As they were a moment ago.
    async fn listed(&self, part: &ListPart, limit: usize) -> Result<Vec<ListedCertificate>, PortError>;
}

/// An entry of the index under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NameRow {
    /// The name, or a key of [`look_alike`].
    pub name: String,
    /// The entry. The column still has the name of its first contents.
    #[serde(rename = "requestId")]
    pub entry: NameEntry,
}

/// An entry under a name. Its text is the sort key of the table `names`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum NameEntry {
    /// A request for the name, or for a name with the same skeleton.
    Request(RequestId),
    /// A certificate with the name: its end, and its request.
    Certificate(OffsetDateTime, RequestId),
    /// Under a key of [`look_alike`]: a name in a certificate.
    CertifiedName(String),
    /// Under the key of a list: a certificate.
    Listed(ListedCertificate),
}

/// A text that is not a [`NameEntry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the entry of a name is neither a request nor a certificate")]
pub struct NameEntryError;

/// Both prefixes sort after the hexadecimal digits of a request id.
const CERTIFICATE: &str = "issued/";
const CERTIFIED_NAME: &str = "name/";
/// Before the text of an entry of a list.
pub(crate) const LISTED: &str = "list/";

impl fmt::Display for NameEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameEntry::Request(id) => id.fmt(f),
            NameEntry::Certificate(not_after, id) => write!(f, "{CERTIFICATE}{}/{id}", rfc3339(*not_after)),
            NameEntry::CertifiedName(name) => write!(f, "{CERTIFIED_NAME}{name}"),
            NameEntry::Listed(listed) => write!(f, "{LISTED}{listed}"),
        }
    }
}

impl FromStr for NameEntry {
    type Err = NameEntryError;

    fn from_str(text: &str) -> Result<Self, NameEntryError> {
        if let Some(name) = text.strip_prefix(CERTIFIED_NAME) {
            return Ok(NameEntry::CertifiedName(name.to_owned()));
        }
        if let Some(listed) = text.strip_prefix(LISTED) {
            return listed.parse().map(NameEntry::Listed).map_err(|_| NameEntryError);
        }
        let id = |text: &str| text.parse::<RequestId>().map_err(|_| NameEntryError);
        let Some(certificate) = text.strip_prefix(CERTIFICATE) else {
            return id(text).map(NameEntry::Request);
        };
        let (not_after, of) = certificate.split_once('/').ok_or(NameEntryError)?;
        let not_after = OffsetDateTime::parse(not_after, &Rfc3339).map_err(|_| NameEntryError)?;
        Ok(NameEntry::Certificate(not_after, id(of)?))
    }
}

impl NameEntry {
    /// The request of the entry under a name; `None` for every other.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            NameEntry::Request(id) | NameEntry::Certificate(_, id) => Some(*id),
            NameEntry::CertifiedName(_) | NameEntry::Listed(_) => None,
        }
    }

    /// The request of the entry under any key; `None` for a certified name.
    pub fn about(&self) -> Option<RequestId> {
        match self {
            NameEntry::Listed(listed) => Some(listed.id),
            other => other.request(),
        }
    }
}

impl TryFrom<String> for NameEntry {
    type Error = NameEntryError;

    fn try_from(text: String) -> Result<Self, NameEntryError> {
        text.parse()
    }
}

impl From<NameEntry> for String {
    fn from(entry: NameEntry) -> String {
        entry.to_string()
    }
}

impl NameRow {
    /// The rows of a request: one for each name and for each skeleton.
    pub fn of_request(names: &[String], id: RequestId) -> Vec<NameRow> {
        let mut keys: Vec<String> = names.to_vec();
        for name in names {
            // Two names of one request may share a key; it is entered once.
            keys.extend(look_alike(name).filter(|key| !keys.contains(key)));
        }
        keys.into_iter().map(|name| NameRow { name, entry: NameEntry::Request(id) }).collect()
    }

    /// The rows of a certificate under its names: one for each name, and one under the skeleton of each name.
    pub fn of_certificate(names: &[String], not_after: OffsetDateTime, id: RequestId) -> Vec<NameRow> {
        let of_name =
            |name: &String| NameRow { name: name.clone(), entry: NameEntry::Certificate(not_after, id) };
        let of_skeleton = |name: &String| {
            Some(NameRow { name: look_alike(name)?, entry: NameEntry::CertifiedName(name.clone()) })
        };
        names.iter().map(of_name).chain(names.iter().filter_map(of_skeleton)).collect()
    }

    /// The rows of a certificate in the lists.
    pub fn of_lists(listing: &CertificateListing<'_>) -> Vec<NameRow> {
        let row = |(list, listed): (CertificateList, ListedCertificate)| NameRow {
            name: list.key(),
            entry: NameEntry::Listed(listed),
        };
        listing.entries().into_iter().map(row).collect()
    }
}

/// The key of [`NameIndex`] for confusable names; `None` if the name has no [`Name::confusable_skeleton`]. No name that
/// has one begins with `~`.
pub fn look_alike(name: &str) -> Option<String> {
    Some(format!("~{}", name.parse::<Name>().ok()?.confusable_skeleton()?))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn certificates_sort_after_every_request_and_by_their_end() {
        let last: RequestId = "ffffffff-ffff-4fff-bfff-ffffffffffff".parse().unwrap();
        let first: RequestId = "00000000-0000-4000-8000-000000000000".parse().unwrap();
        let entries = [
            NameEntry::Request(first),
            NameEntry::Request(last),
            NameEntry::Certificate(datetime!(2026-09-30 23:59:59 UTC), last),
            NameEntry::Certificate(datetime!(2026-10-01 00:00:00 UTC), first),
            NameEntry::CertifiedName("www.example.com".into()),
        ];
        let texts: Vec<String> = entries.iter().map(ToString::to_string).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        for (entry, text) in entries.iter().zip(&texts) {
            assert_eq!(text.parse().as_ref(), Ok(entry));
        }
        for odd in ["", "issued/", "issued/2026-10-01T00:00:00Z", "issued/x/y", "www.example.com"] {
            assert_eq!(odd.parse::<NameEntry>(), Err(NameEntryError), "{odd}");
        }
    }

    #[test]
    fn a_name_is_entered_once_for_each_reason() {
        let id = RequestId::random();
        let names = ["shop.example.com", "sh0p.example.com", "10.0.0.1"].map(str::to_owned);
        let keys = |rows: Vec<NameRow>| rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
        let skeleton = look_alike("shop.example.com").unwrap();
        let of_request = keys(NameRow::of_request(&names, id));
        assert_eq!(of_request, [&names[..], std::slice::from_ref(&skeleton)].concat());
        let rows = NameRow::of_certificate(&names, datetime!(2027-01-01 0:00 UTC), id);
        let under: Vec<_> = rows.iter().filter(|row| row.name == skeleton).map(|row| &row.entry).collect();
        let certified = |name: &str| NameEntry::CertifiedName(name.to_owned());
        assert_eq!(under, [&certified("shop.example.com"), &certified("sh0p.example.com")]);
        assert_eq!(rows.len(), 5);
    }
}
