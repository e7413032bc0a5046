//! Publishing the revocation lists of an issuer: the whole list, and its shards (decision 0129).
//!
//! Invariant: the number of a list is greater than that of the list before, also if that one was lost: it is at least
//! the time of the list in seconds. Of two writers one wins; the other begins anew with the winner's list, so that no
//! list takes the place of a newer one. A writer reads the list that it replaces before it reads the table, so a list has
//! every revocation that was recorded before the one that it replaces was published.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use pki::certificate::{BACKDATING, Serial};
use pki::crl::{Crl, CrlBuilder, CrlError, CrlReadError, CrlTemplate, TbsCrl, issue_crl};
use pki::issuer::Issuer;
use pki::signer::{SignatureAlgorithm, Signer};
use time::{Duration, OffsetDateTime};

use super::MAX_WRITE_ATTEMPTS;
use crate::certificate::{ListName, PublicationUrl, Shard};
use crate::ports::{PortError, PublishedList, RevocationLists, Revocations, Saved};

/// The time from a list to the next one that it announces.
pub const LIFETIME: Duration = Duration::days(7);
/// The age at which a list is published anew: half of its lifetime.
pub const RENEWAL: Duration = Duration::hours(84);

/// The cause of a list that was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The list cannot be signed.
    #[error(transparent)]
    Crl(#[from] CrlError),
    /// The bucket did not answer, or every attempt conflicted with another writer.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Lists that are read or written at the same time.
const AT_ONCE: usize = 32;

/// The tables and files of lists.
#[derive(Clone, Copy)]
pub struct ListPublisher<'a> {
    /// The revoked certificates.
    pub revocations: &'a dyn Revocations,
    /// The published lists.
    pub lists: &'a dyn RevocationLists,
    /// Where they are published: a shard has its own address in it. Without it, whole lists are published alone.
    pub url: Option<&'a PublicationUrl>,
}

/// A list that is to be published.
struct Draft {
    name: ListName,
    /// The address in a shard.
    url: Option<String>,
    before: Option<PublishedList>,
}

impl ListPublisher<'_> {
    /// Signs the whole list of an issuer's revoked certificates and each shard of it that there is, and publishes them.
    /// Returns the whole list.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish(
        &self,
        signer: &dyn Signer,
        issuer: &Issuer,
        now: OffsetDateTime,
    ) -> Result<Crl, PublishError> {
        let shards = self.shards(issuer).await?;
        self.publish_whole_and(signer, issuer, now, shards, |_| Ok(false)).await
    }

    /// Like [`ListPublisher::publish`], of the lists that this serial belongs on, unless the published ones have it already:
    /// another writer may have been first.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish_with(
        &self,
        signer: &dyn Signer,
        issuer: &Issuer,
        serial: &Serial,
        now: OffsetDateTime,
    ) -> Result<Crl, PublishError> {
        let has = |crl: &Crl| Ok(crl.verify(issuer).is_ok() && crl.reason_of(serial)?.is_some());
        let mut shards = self.shards(issuer).await?;
        shards.retain(|name| name.has(serial));
        self.publish_whole_and(signer, issuer, now, shards, has).await
    }

    /// Publishes the shards of the same number as this one that are missing, if this one is, so that certificates may
    /// name them.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish_shards(
        &self,
        signer: &dyn Signer,
        issuer: &Issuer,
        shard: Shard,
        now: OffsetDateTime,
    ) -> Result<(), PublishError> {
        let name = |shard| ListName { shard: Some(shard), ..ListName::whole(issuer.key_identifier()) };
        if self.lists.list(&name(shard)).await?.is_some() {
            return Ok(());
        }
        let published = self.shards(issuer).await?;
        let missing: Vec<ListName> =
            Shard::all(shard.of()).map(name).filter(|name| !published.contains(name)).collect();
        self.publish_unless(signer, issuer, now, missing, |_| Ok(true)).await.map(drop)
    }

    /// The published shards of an issuer's list; none without an address.
    async fn shards(&self, issuer: &Issuer) -> Result<Vec<ListName>, PortError> {
        if self.url.is_none() {
            return Ok(Vec::new());
        }
        let (identifier, published) = (issuer.key_identifier(), self.lists.published().await?);
        let names = published.into_iter().map(|(name, _)| name);
        Ok(names.filter(|name| name.shard.is_some() && name.key_identifier == identifier).collect())
    }

    async fn publish_whole_and(
        &self,
        signer: &dyn Signer,
        issuer: &Issuer,
        now: OffsetDateTime,
        mut names: Vec<ListName>,
        suffices: impl Fn(&Crl) -> Result<bool, CrlReadError>,
    ) -> Result<Crl, PublishError> {
        names.push(ListName::whole(issuer.key_identifier()));
        let published = self.publish_unless(signer, issuer, now, names, suffices).await?;
        let whole = published.into_iter().find(|(name, _)| name.shard.is_none());
        whole.map(|(_, crl)| crl).ok_or_else(others_were_first)
    }

    /// Publishes these lists, except those whose published version suffices. One pass through the table makes all of them.
    /// Returns every list as it is published.
    async fn publish_unless(
        &self,
        signer: &dyn Signer,
        issuer: &Issuer,
        now: OffsetDateTime,
        mut names: Vec<ListName>,
        suffices: impl Fn(&Crl) -> Result<bool, CrlReadError>,
    ) -> Result<Vec<(ListName, Crl)>, PublishError> {
        let now = now.replace_nanosecond(0).unwrap_or(now);
        let mut published = Vec::new();
        for _ in 0..MAX_WRITE_ATTEMPTS {
            let reads: Vec<_> = names.into_iter().map(|name| self.draft(name)).collect();
            let drafts: Vec<Draft> = stream::iter(reads).buffer_unordered(AT_ONCE).try_collect().await?;
            // A published list that cannot be read is replaced.
            let enough = |list: &PublishedList| suffices(&list.crl).unwrap_or(false);
            let (enough, drafts): (Vec<Draft>, Vec<Draft>) =
                drafts.into_iter().partition(|draft| draft.before.as_ref().is_some_and(enough));
            published.extend(enough.into_iter().filter_map(|draft| Some((draft.name, draft.before?.crl))));
            if drafts.is_empty() {
                return Ok(published);
            }
            let lists = self.build(&drafts, issuer, signer.algorithm(), now).await?;
            let writes: Vec<_> =
                drafts.iter().zip(lists).map(|(draft, list)| self.write(signer, draft, list)).collect();
            let written: Vec<Option<Crl>> = stream::iter(writes).buffered(AT_ONCE).try_collect().await?;
            names = Vec::new();
            for (draft, written) in drafts.into_iter().zip(written) {
                match written {
                    Some(crl) => published.push((draft.name, crl)),
                    None => names.push(draft.name),
                }
            }
            if names.is_empty() {
                return Ok(published);
            }
        }
        Err(others_were_first())
    }

    async fn draft(&self, name: ListName) -> Result<Draft, PortError> {
        let before = self.lists.list(&name).await?;
        let url = name.shard.and(self.url).map(|url| url.list(&name));
        Ok(Draft { name, url, before })
    }

    /// Signs a list and publishes it; `None` if another writer was first.
    async fn write(
        &self,
        signer: &dyn Signer,
        draft: &Draft,
        list: TbsCrl<'_>,
    ) -> Result<Option<Crl>, PublishError> {
        let crl = issue_crl(signer, list).await?;
        let version = draft.before.as_ref().map(|list| &list.version);
        Ok((self.lists.publish(&draft.name, &crl, version).await? == Saved::Yes).then_some(crl))
    }

    /// Builds lists of the issuer's revoked certificates, except those that ended long ago. RFC 5280 section 3.3: an entry
    /// stays until a list was published after the end of the certificate.
    async fn build<'a>(
        &self,
        drafts: &'a [Draft],
        issuer: &'a Issuer,
        algorithm: SignatureAlgorithm,
        now: OffsetDateTime,
    ) -> Result<Vec<TbsCrl<'a>>, PublishError> {
        let builder = |draft: &'a Draft| {
            CrlBuilder::new(CrlTemplate {
                issuer,
                algorithm,
                number: next_list_number(draft.before.as_ref().map(|list| list.crl.number()), now),
                // Verifiers whose clock is behind refuse a list of the future.
                this_update: (now - BACKDATING).max(issuer.not_before()),
                next_update: now + LIFETIME,
                shard: draft.url.as_deref(),
            })
        };
        let mut lists: Vec<CrlBuilder<'a>> = drafts.iter().map(builder).collect();
        let (identifier, mut after) = (issuer.key_identifier(), None);
        loop {
            let page = self.revocations.page(&identifier, after.as_ref()).await?;
            for revocation in page.revocations.iter().filter(|one| now <= one.not_after + LIFETIME) {
                let entry = revocation.entry();
                let having = drafts.iter().zip(&mut lists).filter(|(draft, _)| draft.name.has(&entry.serial));
                for (_, list) in having {
                    list.push(&entry).map_err(CrlError::from)?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(lists
                    .into_iter()
                    .map(CrlBuilder::finish)
                    .collect::<Result<_, _>>()
                    .map_err(CrlError::from)?);
            }
        }
    }
}

fn others_were_first() -> PublishError {
    let cause = "other writers were always first".into();
    PortError { what: "publish the revocation list", cause }.into()
}

/// The number of a list, from that of the list before: see the invariant of this module.
#[must_use]
pub fn next_list_number(before: Option<u64>, now: OffsetDateTime) -> u64 {
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    before.map_or(seconds, |number| seconds.max(number.saturating_add(1)))
}

#[cfg(test)]
mod tests;
