//! Publication of a CA: its certificate, the list of the root above it, the bundle of all living CAs, its first revocation list, and its first
//! OCSP responder. The sign worker renews the list and the responder of the CA.
//!
//! Invariant: all are there before the certificate is in force, so that the addresses in the first certificate
//! answer. A list that exists is left alone, and so is a responder that is not due.

use std::collections::BTreeSet;

use pki::certificate::to_pem;
use pki::issuer::Issuer;
use pki::signer::Signer;
use time::OffsetDateTime;
use workflow::aws::{DynamoRevocations, S3Publication, SsmResponders};
use workflow::certificate::ListName;
use workflow::ports::RevocationLists as _;
use workflow::store::{ListPublisher, renew_responder};

use super::certificate_store::IssuerFiles;
use super::chain::Chain;
use super::keys::{Keys, Role};
use super::root_list;
use crate::error::{CliError, OrFail as _};
use crate::progress::say;
use crate::stack::Stack;

const AGAIN: &str = "Run the same command again to continue.";

/// Publishes the certificate of a CA and its first list, and makes its first responder.
pub(super) async fn publish(stack: &Stack, chain: &Chain, signer: &dyn Signer) -> Result<(), CliError> {
    let issuer = &chain.issuer;
    let doing = || format!("cannot publish the certificate and the revocation list of {}", issuer.subject());
    let published = S3Publication::new(&stack.sdk, &stack.bucket);
    published.publish_issuer(issuer).await.or_fail(doing, AGAIN)?;
    let filed = IssuerFiles::of(stack).filed().await?;
    root_list::publish(stack, chain, &filed).await?;
    publish_bundle(stack, chain, &filed).await?;
    if let Some(warning) = warning(issuer) {
        say(warning);
        return Ok(());
    }
    if published.list(&ListName::whole(issuer.key_identifier())).await.or_fail(doing, AGAIN)?.is_none() {
        let revocations = DynamoRevocations::new(&stack.sdk, &stack.revocations_table);
        let publisher = ListPublisher { revocations: &revocations, lists: &published, url: None };
        publisher.publish(signer, issuer, OffsetDateTime::now_utc()).await.or_fail(doing, AGAIN)?;
    }
    let doing = || format!("cannot make the OCSP responder of {}", issuer.subject());
    let responders = SsmResponders::new(&stack.sdk, &stack.ocsp_parameters());
    renew_responder(&responders, signer, issuer, OffsetDateTime::now_utc()).await.or_fail(doing, AGAIN)?;
    Ok(())
}

/// Publishes the bundle of all CAs that are to be trusted.
pub(super) async fn publish_bundle(stack: &Stack, chain: &Chain, filed: &[Chain]) -> Result<(), CliError> {
    let revoked = root_list::revoked(stack, chain, filed).await?;
    let bundle = trust_bundle(chain, filed, &revoked, OffsetDateTime::now_utc());
    let published = S3Publication::new(&stack.sdk, &stack.bucket);
    let doing = || "cannot publish the bundle of CA certificates".to_owned();
    published.publish_trust_bundle(&bundle).await.or_fail(doing, AGAIN)
}

/// The certificates of a CA and of the former ones that have neither ended nor been revoked, each with those above it, as PEM. API Gateway wants
/// whole chains: <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html>
fn trust_bundle(chain: &Chain, filed: &[Chain], revoked: &BTreeSet<String>, now: OffsetDateTime) -> String {
    let mut seen = BTreeSet::new();
    let living = filed
        .iter()
        .filter(|former| former.issuer.not_after() > now && !revoked.contains(&former.own().sha256));
    let all = [chain].into_iter().chain(living).flat_map(|chain| &chain.certificates);
    all.filter(|one| seen.insert(&one.sha256)).map(|one| to_pem(&one.der)).collect()
}

/// The warning for a CA that cannot sign revocation lists.
fn warning(issuer: &Issuer) -> Option<&'static str> {
    (!issuer.may_sign_crls()).then_some(
        "Warning: this CA cannot sign revocation lists, because the keyUsage of its certificate lacks cRLSign. Clients cannot see that one of its certificates is revoked. To change that, import a CA certificate with cRLSign.",
    )
}

/// Publishes what a CA in force lacks: stacks of versions before published nothing.
pub(super) async fn complete(stack: &Stack, chain: &Chain) -> Result<(), CliError> {
    match Keys::of(stack).signer(Role::Issuer).await? {
        Some(signer) if signer.spki_der() == chain.issuer.spki_der() => publish(stack, chain, &*signer).await,
        // `ca show` and `doctor` say that the CA cannot sign.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};

    use pki::testing::{CaMaker, TestKey};
    use time::Duration;

    use super::*;

    #[test]
    fn the_bundle_has_each_certificate_of_living_cas_once_and_the_new_one_first() {
        let maker = |name| CaMaker::new(TestKey::EcP256).named(name);
        let root = maker("Root");
        let root_der = root.root_der();
        let below = |name| Chain::of(&[maker(name).der_below(&root), root_der.clone()]).unwrap();
        let (old, new) = (below("Old"), below("New"));
        let now = OffsetDateTime::now_utc();
        let aged = maker("Aged").valid(now - Duration::days(10), now - Duration::DAY);
        let ended = Chain::of(&[aged.root_der()]).unwrap();
        let leaked = below("Leaked");
        let filed = [old.clone(), ended, leaked.clone(), new.clone()];
        let bundle = trust_bundle(&new, &filed, &BTreeSet::from([leaked.own().sha256.clone()]), now);
        let wanted = [&new.own().der, &root_der, &old.own().der];
        assert_eq!(bundle, wanted.map(|der| to_pem(der)).concat());
    }

    #[test]
    fn only_a_ca_whose_key_usage_lacks_crl_sign_is_warned_of() {
        use KeyUsagePurpose::{CrlSign, KeyCertSign};
        for (usages, is_warned) in
            [(vec![KeyCertSign], true), (vec![KeyCertSign, CrlSign], false), (vec![], false)]
        {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = usages;
            let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            let issuer = Issuer::from_pem(&ca.pem()).unwrap();
            assert_eq!(warning(&issuer).is_some_and(|text| text.contains("lacks cRLSign")), is_warned);
        }
    }
}
