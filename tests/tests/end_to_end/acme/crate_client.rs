//! The client of the crate instant-acme.

use std::borrow::Cow;

use end_to_end::acme_servers::Access;
use end_to_end::crate_client::{account, issue, order_for};
use instant_acme::{CertificateIdentifier, NewOrder, RevocationReason, RevocationRequest};
use pki::acme::RenewalCertId;
use rustls::pki_types::CertificateDer;

/// Has a certificate made and replaced, and revokes the first. Tells the server what is replaced, if it `knows_renewal`.
pub(super) async fn run(access: &Access, host: &str, knows_renewal: bool) {
    let account = account(access).await;
    let names = order_for(host);
    let first = issue(&account, &NewOrder::new(&names), host).await.certificate;
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
