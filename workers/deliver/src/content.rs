//! The texts of the mails with the certificate, and about a standing approval.

use pki::certificate::Certificate;
use workflow::approval::{BaseUrl, StatusKey};
use workflow::mail::MailContent;
use workflow::name_list::names_in_short;
use workflow::request::Request;
use workflow::standing::StandingTerms;
use workflow::texts::{Message, Wording};

/// The text of the mail, in the wording of the requester; the zip is attached separately.
pub(crate) fn issued(
    wording: Wording,
    request: &Request,
    certificate: &Certificate,
    base_url: &BaseUrl,
    key: &StatusKey,
) -> MailContent {
    let language = wording.language;
    let names = names_in_short(language, request.names());
    MailContent::new(
        language,
        &Message::new("mail-issued-subject").with("names", names),
        &Message::new("mail-issued-heading"),
    )
    .paragraph(&Message::new("mail-issued"))
    .names(request.names())
    .fact(&Message::new("mail-profile"), request.profile())
    .fact(&Message::new("mail-valid-until"), &wording.instant_of_week(certificate.not_after()))
    .fact(&Message::new("mail-serial"), &certificate.serial().to_string())
    .button(&Message::new("mail-issued-see"), &base_url.status(request.id(), key))
    .link(&Message::new("mail-issued-again"), &base_url.certificate(request.id(), key))
    .link(&Message::new("mail-issued-renew"), &base_url.renewal(request.id(), key))
    .closing(&Message::new("mail-issued-next"))
    .closing(&Message::new("mail-issued-key"))
}

/// The text of the mail to the requester of a standing approval that is in force, in the wording of the requester.
pub(crate) fn granted(
    wording: Wording,
    request: &Request,
    terms: &StandingTerms,
    base_url: &BaseUrl,
    key: &StatusKey,
) -> MailContent {
    let language = wording.language;
    let names = names_in_short(language, &terms.names_as_text());
    let until = request.standing_until().map(|at| wording.instant_of_week(at)).unwrap_or_default();
    MailContent::new(
        language,
        &Message::new("mail-granted-subject").with("names", names),
        &Message::new("mail-granted-heading"),
    )
    .paragraph(&Message::new("mail-granted").with("until", until))
    .terms(terms, request.profile())
    .button(&Message::new("mail-granted-open"), &base_url.status(request.id(), key))
    .closing(&Message::new("mail-granted-credential"))
    .closing(&Message::new("mail-granted-yours"))
}
