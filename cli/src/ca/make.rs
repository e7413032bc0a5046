//! `ca init` and `ca rotate`: new keys and certificates, written in the order that [`super`] explains.

use std::sync::Arc;

use pki::signer::Signer;
use time::{Duration, OffsetDateTime};
use workflow::certificate::PublicationUrl;

use super::authority::{Authority, ParentCa};
use super::certificate_store::IssuerFiles;
use super::chain::{CertificateInfo, Chain, day};
use super::extensions::{CaExtensions, differences};
use super::keys::{Keys, Kind, NewKey, Role, name_of};
use super::name;
use super::publication;
use super::root_list;
use super::status::{CaStatus, no_ca};
use crate::error::{CliError, OrFail as _};
use crate::progress::ProgressStep;
use crate::stack::Stack;

/// Options of a new CA.
#[derive(Debug, clap::Args)]
pub(crate) struct CaOptions {
    /// Create the key in KMS; always so for a stack with CaKey=kms
    #[arg(long)]
    kms: bool,
    /// Kind of the key
    #[arg(long, value_enum, default_value_t = Kind::EcP256)]
    key: Kind,
    /// Subject, such as "CN=Example CA,O=Example,C=DE" [default: subject of the CA before, or "Countersign ..."]
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Create an issuing CA below a root; no worker may use the key of the root
    #[arg(long)]
    issuing_ca: bool,
    /// Subject of the root above an issuing CA [default: "CN=Countersign Root CA" and the rest of --subject]
    #[arg(long, value_name = "NAME", requires = "issuing_ca")]
    root_subject: Option<String>,
    /// Permit only this domain and its subdomains, and no IP address; can be repeated. A rotation replaces the
    /// permitted domains and keeps all other name constraints
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    permit_dns: Vec<String>,
}

impl CaOptions {
    /// Options of a root with a P-256 key.
    pub(super) fn root(subject: String) -> Self {
        Self {
            kms: false,
            key: Kind::EcP256,
            subject: Some(subject),
            issuing_ca: false,
            root_subject: None,
            permit_dns: Vec::new(),
        }
    }

    fn fits(&self, stack: &Stack) -> Result<(), CliError> {
        if self.kms && !stack.ca_in_kms {
            return Err(CliError::new(
                format!(
                    "the stack {} signs with a key in Secrets Manager, so a key in KMS would not be used",
                    name_of(stack)
                ),
                "Deploy it with the parameter CaKey=kms first (local stack: countersign local --ca-key kms), then run this again.",
            ));
        }
        Ok(())
    }

    /// Adds the limits of the options.
    fn limit(&self, extensions: &mut CaExtensions) -> Result<(), CliError> {
        if self.permit_dns.is_empty() {
            return Ok(());
        }
        extensions.permit_dns(&self.permit_dns).or_fail(|| "cannot limit the CA to these domains".into(), "")
    }

    fn subject_or(&self, default: &str) -> Result<Vec<u8>, CliError> {
        name::encode(self.subject.as_deref().unwrap_or(default))
    }
}

/// Parses a domain for --permit-dns: lower case, without a leading dot or `*.`.
fn domain(text: &str) -> Result<String, String> {
    let name = text.trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() <= 253 && name.split('.').all(label) {
        Ok(name)
    } else {
        Err("not a domain such as example.com; write names beyond ASCII as A-labels (xn--...)".into())
    }
}

/// Options of a rotation.
pub(super) struct Rotation {
    /// Validity of the certificate in years.
    pub(super) years: u8,
    /// True to create a new root above an issuing CA, too.
    pub(super) new_root: bool,
    /// True to go on without what the new certificate cannot have.
    pub(super) accept_loss: bool,
}

/// A root and its key.
struct Root {
    certificate: CertificateInfo,
    signer: Arc<dyn Signer>,
}

/// `countersign ca init`.
pub(super) async fn init(stack: &Stack, shape: &CaOptions, years: u8) -> Result<(), CliError> {
    shape.fits(stack)?;
    let status = CaStatus::of(stack).await?;
    if let (None, Some(chain)) = (&status.current, status.unfinished()) {
        return finish(stack, chain).await;
    }
    if !status.is_empty() {
        let (what, advice) = match &status.current {
            Some(chain) => (
                format!("the stack {} has a CA already: {}", name_of(stack), chain.issuer.subject()),
                "Create a new key and certificate with: countersign ca rotate.",
            ),
            None => (
                format!(
                    "there is a key in {} already, without a certificate",
                    Keys::of(stack).place(Role::Issuer)
                ),
                "Import its certificate with: countersign ca import --replace. Or create a new key and certificate with: countersign ca rotate.",
            ),
        };
        return Err(CliError::new(what, advice));
    }
    let step = ProgressStep::begin("Creating a certificate authority");
    let chain = first(stack, shape, years).await?;
    step.done(chain.issuer.subject());
    tell(stack, &chain);
    Ok(())
}

/// Creates the first CA of a stack.
pub(super) async fn first(stack: &Stack, shape: &CaOptions, years: u8) -> Result<Chain, CliError> {
    let keys = Keys::of(stack);
    let default = if shape.issuing_ca { "Countersign Issuing CA" } else { "Countersign Root CA" };
    let default = name::usual(default, name_of(stack))?;
    let subject = shape.subject_or(&default)?;
    let mut extensions = CaExtensions::new(0);
    shape.limit(&mut extensions)?;
    let root = if shape.issuing_ca {
        let above = match &shape.root_subject {
            Some(text) => name::encode(text)?,
            None => name::of_root_above(shape.subject.as_deref().unwrap_or(&default))?,
        };
        Some(new_root(&keys, shape.key, &above, years, &CaExtensions::new(1)).await?)
    } else {
        None
    };
    name_root(stack.publication_url.as_ref(), &mut extensions, root.as_ref(), None)?;
    let fresh = keys.make(Role::Issuer, shape.key).await?;
    let chain = certify(&subject, &*fresh.signer, root.as_ref(), years, &extensions).await?;
    install(stack, &fresh, &chain).await?;
    Ok(chain)
}

/// `countersign ca rotate`.
pub(super) async fn rotate(stack: &Stack, shape: &CaOptions, how: &Rotation) -> Result<(), CliError> {
    let years = how.years;
    shape.fits(stack)?;
    let status = CaStatus::of(stack).await?;
    if let Some(chain) = status.unfinished() {
        return finish(stack, chain).await;
    }
    let Some(before) = &status.current else {
        if status.signer.is_none() {
            return Err(no_ca(stack));
        }
        let step = ProgressStep::begin("Creating a certificate authority");
        let chain = first(stack, shape, years).await?;
        step.done(chain.issuer.subject());
        tell(stack, &chain);
        return Ok(());
    };
    let mut extensions = successor(before, how)?;
    shape.limit(&mut extensions)?;
    let keys = Keys::of(stack);
    let subject = match &shape.subject {
        Some(text) => name::encode(text)?,
        // A former root keeps its name only while it is a root.
        None if before.certificates.len() == 1 && shape.issuing_ca => {
            name::of_issuing_ca_below(&before.issuer.subject())?
        }
        None => before.own().subject_der.clone(),
    };
    let root = root_for(&keys, shape, before, how, &subject).await?;
    name_root(stack.publication_url.as_ref(), &mut extensions, root.as_ref(), Some(before.top()))?;
    let step = ProgressStep::begin("Creating a new key and certificate");
    let fresh = keys.make(Role::Issuer, shape.key).await?;
    let chain = certify(&subject, &*fresh.signer, root.as_ref(), years, &extensions).await?;
    complete(before, &chain, &extensions, how)?;
    // The certificate before may have been stored by hand, without a file under its key identifier.
    IssuerFiles::of(stack).file(before).await?;
    install(stack, &fresh, &chain).await?;
    step.done(chain.issuer.subject());
    tell(stack, &chain);
    if chain.top().der != before.top().der {
        tell_of_root();
        if extensions.has_carried_addresses() {
            println!(
                "The certificate names the addresses of the old root for its certificate and revocation list. Publish the files of the new root there."
            );
        }
    }
    println!("{}", keys.way_back());
    Ok(())
}

/// `countersign ca finish`.
pub(super) async fn finish_interrupted(stack: &Stack) -> Result<(), CliError> {
    let status = CaStatus::of(stack).await?;
    match (status.unfinished(), status.trouble()) {
        (Some(chain), _) => finish(stack, chain).await,
        (None, Some(trouble)) => Err(CliError::new(format!("there is no change to finish: {trouble}"), "")),
        (None, None) => {
            println!("There is no change to finish: the CA can sign.");
            Ok(())
        }
    }
}

/// Finishes a change whose key is stored already: puts its certificate in force.
pub(super) async fn finish(stack: &Stack, chain: &Chain) -> Result<(), CliError> {
    let step = ProgressStep::begin("Finishing an interrupted change of the CA");
    publication::complete(stack, chain).await?;
    IssuerFiles::of(stack).put_in_force(chain).await?;
    step.done(format!("{} is in force", chain.issuer.subject()));
    Ok(())
}

/// Stores a key and its certificate in the order that [`super`] explains.
pub(super) async fn install(stack: &Stack, fresh: &NewKey, chain: &Chain) -> Result<(), CliError> {
    let store = IssuerFiles::of(stack);
    store.file(chain).await?;
    Keys::of(stack).keep(Role::Issuer, fresh).await?;
    publication::publish(stack, chain, &*fresh.signer).await?;
    store.put_in_force(chain).await
}

/// Returns the extensions of the successor of `before`. Fails with everything that would be lost, unless that is
/// accepted.
fn successor(before: &Chain, how: &Rotation) -> Result<CaExtensions, CliError> {
    // Zero if there was no path length: Countersign issues no CA certificates.
    let mut extensions = carried(before.own(), 0, how)?;
    if !how.new_root {
        return Ok(extensions);
    }
    // A new root is directly above the CA, so limits of CAs between them would be lost.
    let between =
        before.certificates.iter().enumerate().skip(1).take(before.certificates.len().saturating_sub(2));
    for (below, facts) in between {
        let limits = carried(facts, 0, how)?.limits();
        if !limits.is_empty() && !how.accept_loss {
            return Err(lost(&format!("{} of {}", limits.join(", "), facts.subject)));
        }
        if let Some(most) = facts.path_length {
            // RFC 5280 section 4.2.1.9: the path length counts the CAs below, and there are `below` - 1 in between.
            extensions.at_most(most.saturating_sub(u32::try_from(below).unwrap_or(u32::MAX)));
        }
    }
    Ok(extensions)
}

fn carried(facts: &CertificateInfo, path_length: u8, how: &Rotation) -> Result<CaExtensions, CliError> {
    let of_subject = |what: &str| lost(&format!("{what} of {}", facts.subject));
    let extensions = CaExtensions::of_successor(&facts.der, path_length).map_err(|what| of_subject(&what))?;
    match extensions.lost() {
        [] => Ok(extensions),
        _ if how.accept_loss => Ok(extensions),
        what => Err(of_subject(&what.join(", "))),
    }
}

/// Compares the new certificate with the one before, extension by extension, before anything is stored.
fn complete(
    before: &Chain,
    after: &Chain,
    extensions: &CaExtensions,
    how: &Rotation,
) -> Result<(), CliError> {
    let mut differing = differences(&before.own().der, &after.own().der);
    differing.retain(|what| !extensions.replaced().contains(&what.as_str()));
    if differing.is_empty() || how.accept_loss {
        return Ok(());
    }
    Err(lost(&format!("{} of {}", differing.join(", "), before.own().subject)))
}

fn lost(what: &str) -> CliError {
    CliError::new(
        format!("a rotation would lose {what}"),
        "Create the new certificate with another program, then run: countersign ca import --replace. Or go on without it: --accept-loss.",
    )
}

/// Returns the root above the new issuing CA, which is called `own`; `None` if the CA is a root itself.
async fn root_for(
    keys: &Keys<'_>,
    shape: &CaOptions,
    before: &Chain,
    how: &Rotation,
    own: &[u8],
) -> Result<Option<Root>, CliError> {
    let top = before.top();
    let has_root = before.certificates.len() > 1;
    if !has_root && !shape.issuing_ca {
        return Ok(None);
    }
    if has_root && !how.new_root {
        let signer = keys.signer(Role::Root).await?.filter(|signer| signer.spki_der() == top.spki);
        let signer = signer.ok_or_else(|| {
            CliError::new(
                format!("the key of the root {} is not in {}", top.subject, keys.place(Role::Root)),
                "Sign a new certificate with that key and run: countersign ca import --replace. Or create a new root with --new-root.",
            )
        })?;
        if before.certificates.len() > 2 {
            return Err(CliError::new(
                "there are other CAs between the CA and its root",
                "Import a new chain with: countersign ca import --replace.",
            ));
        }
        return Ok(Some(Root { certificate: top.clone(), signer }));
    }
    let extensions = if has_root { carried(top, 1, how)? } else { CaExtensions::new(1) };
    let subject = match (&shape.root_subject, has_root) {
        (Some(text), _) => name::encode(text)?,
        (None, true) => top.subject_der.clone(),
        (None, false) => name::of_root_above(shape.subject.as_deref().unwrap_or(&before.issuer.subject()))?,
    };
    if subject == own {
        return Err(CliError::new(
            "the issuing CA would have the name of its root",
            "Name it with --subject, or the root with --root-subject.",
        ));
    }
    new_root(keys, shape.key, &subject, how.years, &extensions).await.map(Some)
}

/// Names the addresses of the root in the certificate of the issuing CA below it, in place of those of the root before.
fn name_root(
    url: Option<&PublicationUrl>,
    extensions: &mut CaExtensions,
    root: Option<&Root>,
    before: Option<&CertificateInfo>,
) -> Result<(), CliError> {
    let addresses = |root: &CertificateInfo| root_list::addresses(url, root);
    let before = before.filter(|before| root.is_some_and(|root| root.certificate.der != before.der));
    let Some(named) = root.and_then(|root| addresses(&root.certificate)) else { return Ok(()) };
    let named = extensions.name_issuer(&named, before.and_then(addresses).as_ref());
    named.or_fail(|| "cannot name the addresses of the root".into(), "")
}

async fn new_root(
    keys: &Keys<'_>,
    kind: Kind,
    subject: &[u8],
    years: u8,
    extensions: &CaExtensions,
) -> Result<Root, CliError> {
    let fresh = keys.make(Role::Root, kind).await?;
    let (not_before, not_after) = validity(u32::from(years) * 2);
    let root = Authority { name: subject, spki: fresh.signer.spki_der(), not_before, not_after, extensions };
    let own = ParentCa { name: subject, signer: &*fresh.signer, key_identifier: None };
    let der = root.certify(&own).await.or_fail(|| "cannot make the root".into(), "")?;
    keys.keep(Role::Root, &fresh).await?;
    let certificate =
        CertificateInfo::read(der).ok_or_else(|| CliError::new("cannot read the new root", ""))?;
    Ok(Root { certificate, signer: fresh.signer })
}

async fn certify(
    subject: &[u8],
    signer: &dyn Signer,
    root: Option<&Root>,
    years: u8,
    extensions: &CaExtensions,
) -> Result<Chain, CliError> {
    let (not_before, mut not_after) = validity(u32::from(years));
    let above = match root {
        None => ParentCa { name: subject, signer, key_identifier: None },
        Some(root) => {
            // A certificate is not valid longer than its root.
            not_after = not_after.min(root.certificate.not_after);
            ParentCa {
                name: &root.certificate.subject_der,
                signer: &*root.signer,
                key_identifier: root.certificate.key_identifier.clone(),
            }
        }
    };
    let authority = Authority { name: subject, spki: signer.spki_der(), not_before, not_after, extensions };
    let der =
        authority.certify(&above).await.or_fail(|| "cannot make the certificate of the CA".into(), "")?;
    let ders: Vec<Vec<u8>> =
        std::iter::once(der).chain(root.map(|root| root.certificate.der.clone())).collect();
    let chain = Chain::of(&ders).or_fail(|| "the new certificate cannot be used".into(), "")?;
    match chain.unfit(OffsetDateTime::now_utc()) {
        None => Ok(chain),
        Some(why) => Err(CliError::new(
            format!("the new certificate cannot be used: {why}"),
            "Create a new root as well, with --new-root.",
        )),
    }
}

/// Returns the validity; it begins an hour ago, because clocks differ.
fn validity(years: u32) -> (OffsetDateTime, OffsetDateTime) {
    let from = OffsetDateTime::now_utc() - Duration::HOUR;
    (from, from + Duration::days(365 * i64::from(years)))
}

/// Prints the task that a new root leaves to the operator.
pub(super) fn tell_of_root() {
    println!(
        "Distribute the new root to everyone who trusts the CA. It is at /ca.pem of the portal and in each new certificate.zip."
    );
}

fn tell(stack: &Stack, chain: &Chain) {
    let own = chain.own();
    println!("{} is in force until {}.", chain.issuer.subject(), day(own.not_after));
    println!("Its key, {}, is in {}.", own.key, Keys::of(stack).place(Role::Issuer));
    if chain.certificates.len() > 1 {
        println!("The key of the root is in {}. No worker may use it.", Keys::of(stack).place(Role::Root));
    } else if own.is_constrained() {
        println!(
            "Some clients ignore name constraints on a root (RFC 5280 section 6.1.1). Use --issuing-ca to have them enforced."
        );
    }
}

#[cfg(test)]
mod tests;
