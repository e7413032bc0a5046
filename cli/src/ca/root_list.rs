//! The revocation list of the root above an issuing CA: verifiers that check the whole chain ask for it.
//!
//! Invariant: `countersign ca` alone signs it, since no worker may use the key of the root. So it is valid until the last
//! issuing CA below the root ends, and is published again when one is revoked, or when one comes that ends later. The
//! published list is the record of what is revoked: every entry is carried over, and a list that the root did not sign is
//! refused rather than replaced. It has no PEM file, because the worker relay passes those on (decision 0133).

use std::collections::BTreeSet;
use std::sync::Arc;

use pki::certificate::{BACKDATING, Publication, Serial, to_pem};
use pki::crl::{CrlBuilder, CrlTemplate, RevocationReason, RevokedCertificate, issue_crl};
use pki::issuer::Issuer;
use pki::signer::Signer;
use time::OffsetDateTime;
use workflow::aws::S3Publication;
use workflow::certificate::{self, ListName, PublicationUrl};
use workflow::ports::{ListVersion, RevocationLists as _, Saved};
use workflow::store::next_list_number;
use workflow::timestamp::whole_seconds;

use super::chain::{CertificateInfo, Chain};
use super::keys::{Keys, Role};
use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;

/// The list of a root.
pub(super) struct RootList {
    root: Issuer,
    published: S3Publication,
    before: Option<ListVersion>,
    number: Option<u64>,
    next_update: Option<OffsetDateTime>,
    entries: Vec<RevokedCertificate>,
}

/// The addresses of a root's list and certificate; `None` if nothing is published, or the root may not sign lists.
pub(super) fn addresses(url: Option<&PublicationUrl>, root: &CertificateInfo) -> Option<Publication> {
    let root = issuer(root)?;
    let all = certificate::addresses(&Publication::default(), url, &root, None);
    // Responders are of CAs whose key a worker has.
    (!all.crl.is_empty()).then(|| Publication { ocsp: Vec::new(), ..all })
}

fn issuer(root: &CertificateInfo) -> Option<Issuer> {
    Issuer::from_pem(&to_pem(&root.der)).ok().filter(Issuer::may_sign_crls)
}

/// The key of the root directly above a CA, if the stack keeps it.
async fn key(stack: &Stack, chain: &Chain) -> Result<Option<Arc<dyn Signer>>, CliError> {
    if chain.certificates.len() != 2 {
        return Ok(None);
    }
    let signer = Keys::of(stack).signer(Role::Root).await?;
    Ok(signer.filter(|signer| signer.spki_der() == chain.top().spki))
}

/// Publishes the certificate of the root above a CA and its list, if the stack keeps the key of the root. `filed` are all
/// CAs of the stack. A list that is valid long enough is left alone.
pub(super) async fn publish(stack: &Stack, chain: &Chain, filed: &[Chain]) -> Result<(), CliError> {
    let (Some(signer), Some(mut list)) = (key(stack, chain).await?, RootList::read(stack, chain).await?)
    else {
        return Ok(());
    };
    let doing = || format!("cannot publish the certificate of {}", chain.top().subject);
    list.published.publish_issuer(&list.root).await.or_fail(doing, AGAIN)?;
    let end = last_end(chain, filed);
    if list.next_update.is_some_and(|until| until >= end) {
        return Ok(());
    }
    list.sign(&*signer, end).await
}

/// Puts a CA below the root of `chain` on the list of the root.
pub(super) async fn revoke(
    stack: &Stack,
    chain: &Chain,
    filed: &[Chain],
    revoked: &CertificateInfo,
    reason: RevocationReason,
) -> Result<(), CliError> {
    let absent = || {
        CliError::new(
            format!(
                "the key of {}, which issued it, is not in {}",
                revoked.issued_by,
                Keys::of(stack).place(Role::Root)
            ),
            "Revoke it with the program that has the key, and take the root out of what trusts it if the root is in danger, too.",
        )
    };
    let signer = key(stack, chain).await?.ok_or_else(absent)?;
    let mut list = RootList::read(stack, chain).await?.ok_or_else(absent)?;
    let serial = serial_of(revoked).ok_or_else(|| CliError::new("cannot read the serial of the CA", ""))?;
    let revoked_at = whole_seconds(OffsetDateTime::now_utc());
    list.entries.push(RevokedCertificate { serial, revoked_at, reason });
    list.sign(&*signer, last_end(chain, filed)).await
}

/// The CAs below the root of `chain` that its list revokes, by the SHA-256 of their certificates.
pub(super) async fn revoked(
    stack: &Stack,
    chain: &Chain,
    filed: &[Chain],
) -> Result<BTreeSet<String>, CliError> {
    if chain.certificates.len() != 2 {
        return Ok(BTreeSet::new());
    }
    let list = RootList::read(stack, chain).await?;
    let has = |below: &CertificateInfo| {
        list.as_ref().is_some_and(|list| {
            list.entries.iter().any(|entry| Some(&entry.serial) == serial_of(below).as_ref())
        })
    };
    let below = filed.iter().filter(|former| former.top().der == chain.top().der).map(Chain::own);
    Ok(below.filter(|own| has(own)).map(|own| own.sha256.clone()).collect())
}

/// The end of the last CA below the root of `chain`.
fn last_end(chain: &Chain, filed: &[Chain]) -> OffsetDateTime {
    let below = filed.iter().filter(|former| former.top().der == chain.top().der);
    below.chain([chain]).map(|chain| chain.own().not_after).max().unwrap_or(chain.own().not_after)
}

fn serial_of(certificate: &CertificateInfo) -> Option<Serial> {
    Serial::from_integer(&hex::decode(&certificate.serial).ok()?).ok()
}

const AGAIN: &str = "Run the same command again to continue.";

impl RootList {
    /// Reads the published list of the root above a CA; `None` if the root may not sign lists.
    async fn read(stack: &Stack, chain: &Chain) -> Result<Option<Self>, CliError> {
        let Some(root) = issuer(chain.top()) else { return Ok(None) };
        let published = S3Publication::new(&stack.sdk, &stack.bucket);
        let name = ListName::whole(root.key_identifier());
        let doing = || format!("cannot read the revocation list of {}", root.subject());
        let advice = "The bucket keeps earlier versions of it: restore the last one that the root signed.";
        let Some(list) = published.list(&name).await.or_fail(doing, advice)? else {
            let entries = Vec::new();
            return Ok(Some(Self {
                root,
                published,
                before: None,
                number: None,
                next_update: None,
                entries,
            }));
        };
        list.crl.verify(&root).or_fail(doing, advice)?;
        let entries = list.crl.entries().or_fail(doing, advice)?;
        let (number, next_update) = (Some(list.crl.number()), Some(list.crl.next_update()));
        Ok(Some(Self { root, published, before: Some(list.version), number, next_update, entries }))
    }

    /// Signs and publishes the list, valid until a time.
    async fn sign(&mut self, signer: &dyn Signer, until: OffsetDateTime) -> Result<(), CliError> {
        let doing = || format!("cannot publish the revocation list of {}", self.root.subject());
        let now = whole_seconds(OffsetDateTime::now_utc());
        let mut builder = CrlBuilder::new(CrlTemplate {
            issuer: &self.root,
            algorithm: signer.algorithm(),
            number: next_list_number(self.number, now),
            this_update: (now - BACKDATING).max(self.root.not_before()),
            next_update: until,
            shard: None,
        });
        for entry in &self.entries {
            builder.push(entry).or_fail(doing, "")?;
        }
        let crl = issue_crl(signer, builder.finish().or_fail(doing, "")?).await.or_fail(doing, "")?;
        let name = ListName::whole(self.root.key_identifier());
        match self
            .published
            .publish_without_pem(&name, &crl, self.before.as_ref())
            .await
            .or_fail(doing, AGAIN)?
        {
            Saved::Yes => Ok(()),
            Saved::Conflict => {
                Err(CliError::new(doing() + ": somebody else published it at the same time", AGAIN))
            }
        }
    }
}
