//! The client of the crate instant-acme.

use end_to_end::acme_servers::Access;
use end_to_end::instant_acme_client::{account, issue};
use instant_acme::{RevocationReason, RevocationRequest};
use rustls::pki_types::CertificateDer;

/// Has a certificate made and replaced, and revokes the first. Tells the server what is replaced, if it `knows_renewal`.
pub(super) async fn run(access: &Access, host: &str, knows_renewal: bool) {
    let account = account(access).await;
    let first = issue(&account, host, None).await.certificate;
    issue(&account, host, knows_renewal.then_some(&first)).await;
    let certificate = &CertificateDer::from(first.der().to_vec());
    let reason = Some(RevocationReason::Superseded);
    account.revoke(&RevocationRequest { certificate, reason }).await.unwrap();
}
