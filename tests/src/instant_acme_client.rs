//! The client of the crate instant-acme.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, ExternalAccountKey, Identifier,
    NewAccount, NewOrder, OrderStatus, RetryPolicy,
};
use pki::acme::RenewalCertId;
use pki::base64url::Base64Url;
use pki::certificate::Certificate;

use crate::acme_servers::Access;
use crate::csr_for;

/// A new account, bound to the credential.
pub async fn account(access: &Access) -> Account {
    let builder = Account::builder_with_root(&access.authority).unwrap();
    let hmac_key = Base64Url::from_text(&access.credential.hmac_key).unwrap();
    let external = ExternalAccountKey::new(access.credential.key_id.clone(), hmac_key.octets());
    let new = NewAccount {
        contact: &["mailto:you@example.com"],
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    builder.create(&new, access.directory.clone(), Some(&external)).await.unwrap().0
}

/// A certificate, and when the client got how far, from the beginning of the order.
pub struct Issued {
    /// The certificate.
    pub certificate: Certificate,
    /// The order is ready: its authorizations are valid.
    pub ready: Duration,
    /// finalize is answered.
    pub finalized: Duration,
    /// The certificate is there.
    pub downloaded: Duration,
}

/// Has a certificate made for a host, and tells the server which one it replaces.
pub async fn issue(account: &Account, host: &str, replaced: Option<&Certificate>) -> Issued {
    let names = [Identifier::Dns(host.to_owned())];
    let mut new = NewOrder::new(&names);
    if let Some(replaced) = replaced {
        let id = RenewalCertId::of(replaced).unwrap().to_string();
        let (issuer, serial) = id.split_once('.').unwrap();
        let [authority_key_identifier, serial] = [issuer, serial].map(|text| Cow::Owned(text.to_owned()));
        new = new.replaces(CertificateIdentifier { authority_key_identifier, serial });
    }
    let csr = csr_for(&[host]);
    let csr = x509_parser::pem::parse_x509_pem(csr.as_bytes()).unwrap().1.contents;
    let begun = Instant::now();
    let mut order = account.new_order(&new).await.unwrap();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.unwrap();
        if authorization.status == AuthorizationStatus::Pending {
            authorization.challenge(ChallengeType::Http01).unwrap().set_ready().await.unwrap();
        }
    }
    assert_eq!(order.poll_ready(&RetryPolicy::default()).await.unwrap(), OrderStatus::Ready);
    let ready = begun.elapsed();
    order.finalize_csr(&csr).await.unwrap();
    let finalized = begun.elapsed();
    let pem = order.poll_certificate(&RetryPolicy::default()).await.unwrap();
    let downloaded = begun.elapsed();
    Issued { certificate: Certificate::from_pem(&pem).unwrap(), ready, finalized, downloaded }
}
