//! The mails about a revocation: to the requester, and to those who approved the certificate.
//!
//! Invariant: the requester's mail is the last, so its record says that all of them were sent. No mail names the person
//! who revoked, only the role.

use workflow::approval::BaseUrl;
use workflow::certificate::{reason_text, revoker_text};
use workflow::decision::Decision;
use workflow::email::Email;
use workflow::mail::MailContent;
use workflow::mail_kind::MailKind;
use workflow::name_list::names_in_short;
use workflow::request::Request;
use workflow::runtime::step::{ErrorName, StepError};
use workflow::texts::Message;

use crate::Notify;
use crate::notice::Notice;

impl Notify {
    pub(crate) async fn tell_of_revocation(&self, request: &Request) -> Result<(), StepError> {
        if request.revocation().is_none_or(|revocation| revocation.revoked_at.is_none()) {
            let why = format!("the request is {}, its certificate is not revoked", request.status());
            return Err(StepError::refused(ErrorName::BadMessage, why));
        }
        for approver in approvers(request) {
            let kind = MailKind::RevokedApproval { approver: approver.clone() };
            if !request.was_mailed(&kind) {
                let content = about(request, "mail-revoked-approver")
                    .closing(&Message::new("mail-revoked-approver-closing"));
                self.mailer.send(&content.to(request.id(), &kind, approver)).await?;
                let now = self.clock.now();
                self.note(request, |row| row.mailed(&kind, now)).await?;
                tracing::info!("sent mail {} for request {}", kind.without_recipient(), request.id());
            }
        }
        self.tell(request, Some(Notice::Revoked)).await
    }
}

/// Those who approved the certificate, each once.
fn approvers(request: &Request) -> Vec<&Email> {
    let votes = request.decision().into_iter().flat_map(|decision| &decision.votes);
    let mut approvers: Vec<&Email> =
        votes.filter(|vote| vote.decision == Decision::Approve).map(|vote| &vote.approver).collect();
    approvers.sort_unstable();
    approvers.dedup();
    approvers
}

/// The mail to the requester.
pub(crate) fn to_requester(request: &Request, base_url: &BaseUrl, status_link: &str) -> MailContent {
    about(request, "mail-revoked")
        .button(&Message::new("mail-see-request"), status_link)
        .link(&Message::new("mail-ask-again"), base_url.as_str())
        .closing(&Message::new("mail-revoked-closing"))
}

fn about(request: &Request, paragraph: &'static str) -> MailContent {
    let language = request.language();
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
        .fact(&Message::new("mail-revoked-at"), &language.instant_of_week(at))
        .fact(&Message::new("mail-revoked-by"), &language.text(revoker_text(&revocation.by)))
        .fact(&Message::new("mail-revoked-reason"), &language.text(reason_text(revocation.reason)))
        .quote(&Message::new("mail-revoked-comment"), revocation.comment.as_deref().unwrap_or_default())
}
