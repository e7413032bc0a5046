//! News of a standing approval: to its requester, that it was ended, that nothing is signed under it at present, that it ends, or
//! that most of its certificates are used.
//!
//! Invariant: each is told once, and is looked at again before it is told: what is no longer so is not told
//! (`workflow::approval::standing_news`).

use workflow::approval::LinkGiven;
use workflow::approval::standing::{StandingApproval, StandingBounds};
use workflow::approval::standing_news::{StopReason, standing_news};
use workflow::mail::MailContent;
use workflow::mail_kind::{MailKind, StandingNotice};
use workflow::name_list::names_in_short;
use workflow::policy::Policy;
use workflow::request::Request;
use workflow::request::audit::ActorRole;
use workflow::runtime::step::StepError;
use workflow::texts::Message;

use crate::Notify;

impl Notify {
    /// Mails the news, if it is still so and was not told.
    pub(crate) async fn standing_news(
        &self,
        request: &Request,
        notice: StandingNotice,
    ) -> Result<(), StepError> {
        let (id, now) = (request.id(), self.clock.now());
        let Some(approval) = self.standing.find(id).await? else { return Ok(()) };
        let policy = self.policies.current().await?;
        let is_due =
            request.has_open_standing() && standing_news(request, &approval, &policy, now).contains(&notice);
        if !is_due {
            tracing::info!(request.id = %id, "the news {notice} of the standing approval {id} is not due");
            return Ok(());
        }
        let content = self.news_content(request, &approval, &policy, notice).await?;
        let kind = MailKind::Standing(notice);
        self.send_claimed(request, &kind, now, |row| row.claim_mail(&kind, now), &content).await
    }

    async fn news_content(
        &self,
        request: &Request,
        approval: &StandingApproval,
        policy: &Policy,
        notice: StandingNotice,
    ) -> Result<MailContent, StepError> {
        let (id, wording) = (request.id(), policy.wording_in(request.language()));
        let language = wording.language;
        let by_terms = StandingBounds { until: approval.until(), most: approval.terms().certificates() };
        let StandingBounds { until, most } = approval.bounds(policy).unwrap_or(by_terms);
        let until = wording.instant_of_week(approval.ended().map_or(until, |end| end.at));
        let names = names_in_short(language, &approval.terms().names_as_text());
        let about = |id: &'static str| {
            let message = Message::new(id).with("notice", notice.as_str()).with("names", names.as_str());
            message.with("used", approval.used()).with("most", most)
        };
        let text = match notice {
            StandingNotice::Ended => {
                let by = approval.ended().and_then(|end| end.by.role());
                let by = if by == Some(ActorRole::Requester) { "requester" } else { "operator" };
                Message::new("mail-standing-ended").with("by", by)
            }
            StandingNotice::Stopped => {
                let why =
                    StopReason::of(approval, policy, self.clock.now()).map_or("policy", StopReason::as_str);
                Message::new("mail-standing-stopped").with("why", why)
            }
            StandingNotice::Ending => Message::new("mail-standing-ending"),
            StandingNotice::NearlyUsed => Message::new("mail-standing-nearly-used"),
        };
        let used = Message::new("mail-statement-used-of").with("used", approval.used()).with("most", most);
        let ends = if approval.ended().is_some() { "mail-statement-ended" } else { "mail-statement-until" };
        let key = self.links.secret().await?.status_key(id, LinkGiven::ByMail);
        let content =
            MailContent::new(language, &about("mail-standing-subject"), &about("mail-standing-heading"))
                .paragraph(&text)
                .fact(&Message::new("mail-statement-names"), &names)
                .fact(&Message::new("mail-statement-used"), &language.say(&used))
                .fact(&Message::new(ends), &until);
        let content = match approval.ended() {
            Some(end) => content.quote_start(&Message::new("mail-standing-reason"), &end.reason),
            None => content,
        };
        Ok(content
            .button(&Message::new("mail-statement-open"), &self.base_url.status(id, &key))
            .closing(&Message::new("mail-standing-next")))
    }
}
