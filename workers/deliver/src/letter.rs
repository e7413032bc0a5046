//! The words of the mail that brings the certificate.

use workflow::issuance::Certificate;
use workflow::link::{BaseUrl, StatusKey};
use workflow::mail::{Letter, names_in_short, with_time};
use workflow::request::Request;

/// The mail in words; the zip goes with it.
pub(crate) fn issued(
    request: &Request,
    certificate: &Certificate,
    base_url: &BaseUrl,
    key: &StatusKey,
) -> Letter {
    let names = names_in_short(&request.names);
    Letter::new(&format!("Your certificate for {names}"), "Your certificate is ready")
        .paragraph(
            "Your request was approved. The attached certificate.zip holds the certificate, the CA that issued it, and \
             a README.txt that says how to install and test it.",
        )
        .names(&request.names)
        .fact("Profile", &request.profile)
        .fact("Valid until", &with_time(certificate.not_after()))
        .fact("Serial", &certificate.serial().to_string())
        .button("See your request", &base_url.status(request.id, key))
        .link("Download certificate.zip again", &base_url.certificate(request.id, key))
        .closing("Ask for the next certificate some weeks before this one ends.")
        .closing("The private key stays where you made it: it was never sent to us, and nobody will ask you for it.")
}
