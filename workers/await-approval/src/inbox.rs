//! The mail with an approver's link to everything that waits for them.
//!
//! Invariant: anybody may have typed the address, so nothing is sent unless the policy lists it and something waits; the
//! mail goes to the address in the policy, at most once in [`MIN_INTERVAL`] for the request that waits longest.

use time::Duration;
use workflow::approval::enrolment::may_enrol;
use workflow::approval::inbox::Inbox;
use workflow::approval::{INBOX_LIFETIME, InboxLink, LinkKey};
use workflow::email::Email;
use workflow::mail::MailContent;
use workflow::mail_kind::MailKind;
use workflow::request::Request;
use workflow::request::audit::Origin;
use workflow::runtime::send_once;
use workflow::runtime::step::StepError;
use workflow::texts::{Message, Wording};

use crate::{AwaitApproval, WORKER};

/// The shortest time between two mails, so that a stranger cannot fill the mailbox of an approver.
const MIN_INTERVAL: Duration = Duration::minutes(10);

impl AwaitApproval {
    pub(crate) async fn inbox(&self, asked_for: &Email) -> Result<(), StepError> {
        let (policy, now) = (self.policies.current().await?, self.clock.now());
        let nobody =
            || tracing::info!("an approver's list was asked for, and nothing waits; no mail to send");
        if !may_enrol(&policy, &policy.plus_tags().person(asked_for), now) {
            nobody();
            return Ok(());
        }
        let (requests, approvals) = (&*self.requests, &*self.approvals);
        let inbox = Inbox { requests, approvals, policy: &policy, approver: asked_for, now };
        let Some(oldest) = inbox.oldest().await? else {
            nobody();
            return Ok(());
        };
        // As the policy spells it: the typed address may have another tag.
        let voters = oldest.approval.approver_set.voters_at(true, now);
        let approver = voters.into_iter().find(|one| policy.plus_tags().same_person(one, asked_for));
        let Some(approver) = approver else { return Ok(()) };
        let (id, by) = (oldest.request.id(), Origin::worker(WORKER));
        let kind = MailKind::Inbox { approver: approver.clone() };
        let claim = |row: &mut Request| row.claim_mail_again(&kind, MIN_INTERVAL, now);
        // Before the rest is read: whoever asks again and again costs little.
        if !claim(&mut oldest.request.clone()) {
            return Ok(());
        }
        let count = inbox.waiting().await?.len();
        let send = async {
            let key = LinkKey::random().map_err(|error| StepError::transient(error.to_string()))?;
            self.approvals.add_inbox(&InboxLink::new(&key, &approver, now)).await?;
            let link = self.base_url.inbox(&key);
            let content = content(policy.wording_for(&approver), count, &link, now + INBOX_LIFETIME);
            self.mailer.send(&content.to(id, &kind, &approver)).await.map_err(StepError::from)
        };
        send_once(&*self.requests, id, &by, &kind, now, claim, send).await?;
        Ok(())
    }
}

fn content(wording: Wording, count: usize, link: &str, until: time::OffsetDateTime) -> MailContent {
    let until = wording.instant_of_week(until);
    MailContent::new(
        wording.language,
        &Message::new("mail-inbox-subject").with("count", count),
        &Message::new("mail-inbox-heading").with("count", count),
    )
    .paragraph(&Message::new("mail-inbox").with("until", until))
    .button(&Message::new("mail-inbox-show"), link)
    .closing(&Message::new("mail-link-is-yours"))
    .closing(&Message::new("mail-overview-not-you"))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use workflow::texts::Language;

    use super::*;

    #[test]
    fn the_mail_has_the_number_and_the_link_in_both_languages() {
        let id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
        let bob: Email = "bob@example.com".parse().unwrap();
        for language in Language::ALL {
            let link = "https://ca.example.com/approvals/mine/the-key/";
            let content = content(Wording::utc(language), 3, link, datetime!(2026-01-01 13:00 UTC));
            let mail = content.to(id, &MailKind::Inbox { approver: bob.clone() }, &bob);
            insta::assert_snapshot!(
                format!("inbox.{language}"),
                format!("Subject: {}\n\n{}", mail.subject, mail.text)
            );
        }
    }
}
