//! The mail with the link that confirms a request.
//!
//! Invariant: pure. Opening the link decides nothing: mail scanners open every link. The mail goes to an address that a
//! stranger may have typed, so it carries none of the sender's prose: the comment is on the page.

use workflow::mail::{MailContent, names_in_short};
use workflow::request::Request;
use workflow::texts::Message;

/// The content of the mail.
pub(crate) fn content(request: &Request, link: &str) -> MailContent {
    let language = request.language();
    let names = request.requested_names();
    let subject = Message::new("mail-confirm-subject").with("names", names_in_short(language, &names));
    let until = language.instant_of_week(request.confirm_until());
    MailContent::new(language, &subject, &Message::new("mail-confirm-heading"))
        .paragraph(&Message::new("mail-confirm").with("until", until))
        .names(&names)
        .fact(&Message::new("mail-profile"), request.profile())
        .button(&Message::new("mail-confirm-open"), link)
        .closing(&Message::new("mail-confirm-not-you"))
}
