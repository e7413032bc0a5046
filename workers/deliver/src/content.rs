//! The text of the mail with the certificate.

use pki::certificate::Certificate;
use workflow::approval::{BaseUrl, StatusKey};
use workflow::mail::MailContent;
use workflow::name_list::names_in_short;
use workflow::request::Request;
use workflow::texts::Message;

/// The text of the mail, in the requester's language; the zip is attached separately.
pub(crate) fn issued(
    request: &Request,
    certificate: &Certificate,
    base_url: &BaseUrl,
    key: &StatusKey,
) -> MailContent {
    let language = request.language();
    let names = names_in_short(language, request.names());
    MailContent::new(
        language,
        &Message::new("mail-issued-subject").with("names", names),
        &Message::new("mail-issued-heading"),
    )
    .paragraph(&Message::new("mail-issued"))
    .names(request.names())
    .fact(&Message::new("mail-profile"), request.profile())
    .fact(&Message::new("mail-valid-until"), &language.instant_of_week(certificate.not_after()))
    .fact(&Message::new("mail-serial"), &certificate.serial().to_string())
    .button(&Message::new("mail-issued-see"), &base_url.status(request.id(), key))
    .link(&Message::new("mail-issued-again"), &base_url.certificate(request.id(), key))
    .link(&Message::new("mail-issued-renew"), &base_url.renewal(request.id(), key))
    .closing(&Message::new("mail-issued-next"))
    .closing(&Message::new("mail-issued-key"))
}
