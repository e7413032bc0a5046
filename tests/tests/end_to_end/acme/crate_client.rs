//! The client of the crate instant-acme.

use std::borrow::Cow;

use end_to_end::csr_for;
use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, ExternalAccountKey, Identifier,
    NewAccount, NewOrder, OrderStatus, RetryPolicy, RevocationReason, RevocationRequest,
};
use pki::acme::RenewalCertId;
use pki::base64url::Base64Url;
use pki::certificate::Certificate;
use rustls::pki_types::CertificateDer;

use super::servers::Access;

/// Has a certificate made and replaced, and revokes the first. Tells the server what is replaced, if it `knows_renewal`.
pub(super) async fn run(access: &Access, host: &str, knows_renewal: bool) {
    let builder = Account::builder_with_root(&access.authority).unwrap();
    let hmac_key = Base64Url::from_text(&access.credential.hmac_key).unwrap();
    let external = ExternalAccountKey::new(access.credential.key_id.clone(), hmac_key.octets());
    let new = NewAccount {
        contact: &["mailto:you@example.com"],
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let (account, _) = builder.create(&new, access.directory.clone(), Some(&external)).await.unwrap();
    let names = [Identifier::Dns(host.to_owned())];
    let first = issue(&account, &NewOrder::new(&names), host).await;
    let mut renewal = NewOrder::new(&names);
    if knows_renewal {
        let id = RenewalCertId::of(&first).unwrap().to_string();
        let (issuer, serial) = id.split_once('.').unwrap();
        let [authority_key_identifier, serial] = [issuer, serial].map(|text| Cow::Owned(text.to_owned()));
        renewal = renewal.replaces(CertificateIdentifier { authority_key_identifier, serial });
    }
    issue(&account, &renewal, host).await;
    let certificate = &CertificateDer::from(first.der().to_vec());
    let reason = Some(RevocationReason::Superseded);
    account.revoke(&RevocationRequest { certificate, reason }).await.unwrap();
}

async fn issue(account: &Account, new: &NewOrder<'_>, host: &str) -> Certificate {
    let mut order = account.new_order(new).await.unwrap();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.unwrap();
        if authorization.status == AuthorizationStatus::Pending {
            authorization.challenge(ChallengeType::Http01).unwrap().set_ready().await.unwrap();
        }
    }
    assert_eq!(order.poll_ready(&RetryPolicy::default()).await.unwrap(), OrderStatus::Ready);
    let csr = csr_for(&[host]);
    let csr = x509_parser::pem::parse_x509_pem(csr.as_bytes()).unwrap().1.contents;
    order.finalize_csr(&csr).await.unwrap();
    Certificate::from_pem(&order.poll_certificate(&RetryPolicy::default()).await.unwrap()).unwrap()
}
