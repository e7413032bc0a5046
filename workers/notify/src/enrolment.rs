//! The mail with the code that confirms an approver's new passkey.
//!
//! Invariant: the code goes only to the address of the enrolment, and only if the policy lists it as an approver. The table
//! has its digest before the mail is sent, so a code that arrives works. A mail that is sent twice has two codes, and
//! both work.

use time::OffsetDateTime;
use workflow::approval::enrolment::{CODE_LIFETIME, may_enrol};
use workflow::enrolment::{EnrolmentCode, EnrolmentMessage};
use workflow::ids::RequestId;
use workflow::mail::MailContent;
use workflow::mail_kind::MailKind;
use workflow::runtime::step::StepError;
use workflow::texts::{Message, Wording};

use crate::Notify;

impl Notify {
    /// Mails a code for the enrolment.
    pub(crate) async fn enrolment_code(&self, message: &EnrolmentMessage) -> Result<(), StepError> {
        let (policy, now) = (self.policies.current().await?, self.clock.now());
        let address = &message.enrolment.address;
        let id = message.enrolment.id(self.base_url.as_str());
        if !may_enrol(&policy, &policy.plus_tags().person(address), now) {
            tracing::warn!(enrolment = %id, "the policy does not list the person of the enrolment {id} as an approver");
            return Ok(());
        }
        let code =
            EnrolmentCode::random().ok_or_else(|| StepError::transient("there are no random bytes"))?;
        self.codes.add_code(&id, &code.digest(&id), now).await?;
        let content = content(policy.wording_for(address), &code, now + CODE_LIFETIME);
        // Each code is a mail of its own, also for mail clients.
        self.mailer.send(&content.to(RequestId::random(), &MailKind::Enrolment, address)).await?;
        tracing::info!(enrolment = %id, "sent the code of the enrolment {id}");
        Ok(())
    }
}

fn content(wording: Wording, code: &EnrolmentCode, until: OffsetDateTime) -> MailContent {
    let until = wording.instant_of_week(until);
    let heading = Message::new("mail-enrolment-heading");
    MailContent::new(wording.language, &Message::new("mail-enrolment-subject"), &heading)
        .paragraph(&Message::new("mail-enrolment").with("until", until))
        .paragraph(&Message::new("mail-enrolment-code").with("code", code.expose()))
        .closing(&Message::new("mail-enrolment-not-you"))
}
