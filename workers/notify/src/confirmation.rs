//! The mail with the link to the page that confirms a request.
//!
//! Invariant: pure. Opening the link decides nothing, since mail scanners open every link; where requesters sign in, the
//! link is the way back to the page and proves nothing. A stranger may have typed the
//! address, so the mail has no text of the sender: the comment is on the page only.

use workflow::mail::MailContent;
use workflow::name_list::names_in_short;
use workflow::policy::RequesterProof;
use workflow::request::Request;
use workflow::texts::{Message, Wording};

/// The content of the mail.
pub(crate) fn content(wording: Wording, request: &Request, link: &str, proof: RequesterProof) -> MailContent {
    let language = wording.language;
    let names = request.requested_names();
    let subject = Message::new("mail-confirm-subject").with("names", names_in_short(language, &names));
    let until = wording.instant_of_week(request.confirm_until());
    let (text, button) = match proof {
        RequesterProof::Oidc => ("mail-confirm-sign-in", "mail-confirm-sign-in-open"),
        RequesterProof::Mail | RequesterProof::None => ("mail-confirm", "mail-confirm-open"),
    };
    MailContent::new(language, &subject, &Message::new("mail-confirm-heading"))
        .paragraph(&request.kind().message(text).with("until", until))
        .names(&names)
        .fact(&Message::new("mail-profile"), request.profile())
        .button(&Message::new(button), link)
        .closing(&Message::new("mail-confirm-not-you"))
}
