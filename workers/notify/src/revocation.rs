//! The mails about a revocation: to the requester, and to those who approved the certificate.
//!
//! Invariant: no mail names the person who revoked, only the role.

use workflow::certificate::{reason_text, revoker_text};
use workflow::decision::Decision;
use workflow::email::Email;
use workflow::mail::MailContent;
use workflow::name_list::names_in_short;
use workflow::request::Request;
use workflow::texts::{Message, Wording};

use crate::requester_links::RequesterLinks;

/// Those who approved the certificate, each once.
pub(crate) fn approvers(request: &Request) -> Vec<&Email> {
    let votes = request.decision().into_iter().flat_map(|decision| &decision.votes);
    let mut approvers: Vec<&Email> =
        votes.filter(|vote| vote.decision == Decision::Approve).map(|vote| &vote.approver).collect();
    approvers.sort_unstable();
    approvers.dedup();
    approvers
}

/// The mail to the requester.
pub(crate) fn to_requester(wording: Wording, request: &Request, links: &RequesterLinks) -> MailContent {
    about(
        wording,
        request,
        if request.is_revoked_without_list() { "mail-revoked-without-list" } else { "mail-revoked" },
    )
    .button(&Message::new("mail-see-request"), &links.status)
    .link(&Message::new("mail-ask-again"), &links.again)
    .closing(&Message::new("mail-revoked-closing"))
}

/// The mail to one of those who approved.
pub(crate) fn to_approver(wording: Wording, request: &Request) -> MailContent {
    let paragraph = if request.is_revoked_without_list() {
        "mail-revoked-approver-without-list"
    } else {
        "mail-revoked-approver"
    };
    about(wording, request, paragraph).closing(&Message::new("mail-revoked-approver-closing"))
}

fn about(wording: Wording, request: &Request, paragraph: &'static str) -> MailContent {
    let language = wording.language;
    let names = names_in_short(language, request.names());
    let subject = Message::new("mail-revoked-subject").with("names", &names);
    let content = MailContent::new(language, &subject, &Message::new("mail-revoked-heading"))
        .paragraph(&Message::new(paragraph))
        .names(request.names());
    let Some(revocation) = request.revocation() else { return content };
    let at = revocation.revoked_at.unwrap_or(revocation.accepted_at);
    let serial = request.serial().map(ToString::to_string).unwrap_or_default();
    content
        .fact(&Message::new("mail-serial"), &serial)
        .fact(&Message::new("mail-revoked-at"), &wording.instant_of_week(at))
        .fact(&Message::new("mail-revoked-by"), &language.text(revoker_text(&revocation.by)))
        .fact(&Message::new("mail-revoked-reason"), &language.text(reason_text(revocation.reason)))
        .quote(&Message::new("mail-revoked-comment"), revocation.comment.as_deref().unwrap_or_default())
}
