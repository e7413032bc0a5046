//! The mails about certificates that end: to their requester, and to others if nobody renews them.
//!
//! Invariant: a mail lists only certificates that are valid, not revoked and not replaced, as the rows say when it is
//! sent. Each reminder is recorded in the row of its certificate before the mail is sent, so it is sent at most once
//! (docs/decisions/0125).

use futures_util::future::try_join_all;
use time::{Duration, OffsetDateTime};
use workflow::approval::LinkGiven;
use workflow::email::Email;
use workflow::mail::{CertificateLine, MailContent};
use workflow::mail_kind::MailKind;
use workflow::name_list::names_in_short;
use workflow::policy::{Lifecycle, Policy};
use workflow::ports::{EndingCertificate, PortError};
use workflow::request::audit::Origin;
use workflow::request::expiring::{REMINDS_AHEAD, is_replaced};
use workflow::request::{Request, Status};
use workflow::runtime::step::StepError;
use workflow::runtime::{MailClaim, send_once_for_all};
use workflow::texts::{Language, Message, Wording};

use crate::{Notify, WORKER};

/// Rows read at once.
const BATCH: usize = 100;
/// Most reminders that one mail takes up: each is a conditional write before the mail is sent.
const MAX_CLAIMS: usize = 500;
/// Most certificates in a mail that were reminded before.
const MAX_EARLIER: usize = 100;
/// Certificates looked up at the same time.
const CONCURRENCY: usize = 8;
/// Most certificates of all requesters among which those of an escalation are looked for.
const MAX_LISTED: usize = 20_000;

/// A certificate in a mail.
struct EndingInMail {
    row: Request,
    not_after: OffsetDateTime,
    /// The reminder to record: due, or due soon.
    claim: Option<u32>,
    /// True if the reminder is due now.
    is_due: bool,
}

impl Notify {
    /// Mails the requester everything that ends, if a reminder is due.
    pub(crate) async fn remind(&self, asked: &Request) -> Result<(), StepError> {
        let (now, policy) = (self.clock.now(), self.policies.current().await?);
        let lifecycle = policy.lifecycle();
        let Some(longest) = lifecycle.longest() else { return Ok(()) };
        let ends = self.requests.ending_of(asked.email(), now, now + longest + REMINDS_AHEAD).await?;
        let ending = |row: Request| {
            row.has_live_certificate(now).then_some(())?;
            lifecycle.reached(row.validity()?, now, REMINDS_AHEAD)?;
            let claim = row.due_reminder(lifecycle, now, REMINDS_AHEAD);
            let is_due = row.due_reminder(lifecycle, now, Duration::ZERO).is_some();
            Some(EndingInMail { not_after: row.not_after()?, row, claim, is_due })
        };
        let all = self.collect(ends, lifecycle, now, ending).await?;
        let Some(claims) = claims(&all, MailKind::Expiring) else { return Ok(()) };
        let content = self.expiring(&policy, &all, now).await?;
        self.send_for_all(asked.email(), &claims, &content, now).await
    }

    /// Mails `to` the certificates that nobody renews, if an escalation is due.
    pub(crate) async fn escalate(&self, to: &Email) -> Result<(), StepError> {
        let (now, policy) = (self.clock.now(), self.policies.current().await?);
        let lifecycle = policy.lifecycle();
        let Some(days) = lifecycle.escalation() else { return Ok(()) };
        let until = now + Duration::days(days.into()) + REMINDS_AHEAD;
        let mut ends = Vec::new();
        for status in [Status::Issued, Status::Delivered] {
            ends.extend(self.requests.ending(status, now, until, MAX_LISTED).await?);
        }
        ends.sort_by_key(|end| (end.not_after, end.id));
        let ending = |row: Request| {
            policy.escalation_recipients(row.profile()).contains(to).then_some(())?;
            let claim = row.due_escalation(lifecycle, to, now, REMINDS_AHEAD)?;
            let is_due = row.due_escalation(lifecycle, to, now, Duration::ZERO).is_some();
            Some(EndingInMail { not_after: row.not_after()?, row, claim: Some(claim), is_due })
        };
        let all = self.collect(ends, lifecycle, now, ending).await?;
        let kind = |days| MailKind::Unrenewed { days, recipient: to.clone() };
        let Some(claims) = claims(&all, kind) else { return Ok(()) };
        self.send_for_all(to, &claims, &self.unrenewed(policy.wording_for(to), &all, now), now).await
    }

    /// The rows that `ending` chooses and no younger certificate replaces, the first to end first.
    async fn collect(
        &self,
        ends: Vec<EndingCertificate>,
        lifecycle: &Lifecycle,
        now: OffsetDateTime,
        ending: impl Fn(Request) -> Option<EndingInMail> + Sync,
    ) -> Result<Vec<EndingInMail>, PortError> {
        let (mut all, mut claims): (Vec<EndingInMail>, usize) = (Vec::new(), 0);
        for ends in ends.chunks(BATCH) {
            let ids: Vec<_> = ends.iter().map(|end| end.id).collect();
            let rows = self.requests.find_all(&ids).await?;
            let mut chosen: Vec<EndingInMail> = rows.into_iter().filter_map(&ending).collect();
            while !chosen.is_empty() {
                let rest = chosen.split_off(chosen.len().min(CONCURRENCY));
                let replaced = chosen
                    .iter()
                    .map(|one| is_replaced(&*self.requests, &*self.names, lifecycle, &one.row, now));
                let replaced = try_join_all(replaced).await?;
                for (one, is_replaced) in chosen.into_iter().zip(replaced) {
                    let has_room = match one.claim {
                        Some(_) => claims < MAX_CLAIMS,
                        None => all.len() - claims < MAX_EARLIER,
                    };
                    if !is_replaced && has_room {
                        claims += usize::from(one.claim.is_some());
                        all.push(one);
                    }
                }
                chosen = rest;
            }
        }
        all.sort_by_key(|one| (one.not_after, one.row.id()));
        Ok(all)
    }

    /// Records the reminders and sends the mail.
    async fn send_for_all(
        &self,
        to: &Email,
        claims: &[MailClaim],
        content: &MailContent,
        now: OffsetDateTime,
    ) -> Result<(), StepError> {
        let Some(first) = claims.first() else { return Ok(()) };
        let mail = content.to(first.id, &first.kind, to);
        let send = async { self.mailer.send(&mail).await.map_err(StepError::from) };
        send_once_for_all(&*self.requests, claims, &Origin::worker(WORKER), now, send).await?;
        Ok(())
    }

    /// The mail to a requester, in the language of the newest of the requests.
    async fn expiring(
        &self,
        policy: &Policy,
        all: &[EndingInMail],
        now: OffsetDateTime,
    ) -> Result<MailContent, StepError> {
        let newest = all.iter().max_by_key(|one| one.row.registration_date());
        let language = newest.map(|one| one.row.language()).unwrap_or_default();
        let wording = policy.wording_in(language);
        let links = self.links.secret().await?;
        let key = |one: &EndingInMail| links.status_key(one.row.id(), LinkGiven::ByMail);
        let page = |one: &EndingInMail| self.base_url.status(one.row.id(), &key(one));
        let say = |id: &'static str| about(id, language, all, now);
        let detail = |one: &EndingInMail| {
            let end = wording.instant_of_week(one.not_after);
            language.say(&left(Message::new("mail-expiring-detail"), one, now).with("end", end))
        };
        let content =
            MailContent::new(language, &say("mail-expiring-subject"), &say("mail-expiring-heading"))
                .paragraph(&say("mail-expiring"));
        let content = match all {
            [one] => content
                .names(one.row.names())
                .fact(&Message::new("mail-profile"), one.row.profile())
                .fact(&Message::new("mail-valid-until"), &detail(one))
                .button(&Message::new("mail-issued-renew"), &self.base_url.renewal(one.row.id(), &key(one)))
                .link(&Message::new("mail-expiring-open"), &page(one)),
            all => content.certificates(all.iter().map(|one| CertificateLine {
                names: names_in_short(language, one.row.names()),
                detail: detail(one),
                page: Some(page(one)),
            })),
        };
        Ok(content.closing(&Message::new("mail-expiring-unused")))
    }

    /// The mail to others: without links of the requesters.
    fn unrenewed(&self, wording: Wording, all: &[EndingInMail], now: OffsetDateTime) -> MailContent {
        let language = wording.language;
        let say = |id: &'static str| about(id, language, all, now);
        MailContent::new(language, &say("mail-unrenewed-subject"), &say("mail-unrenewed-heading"))
            .paragraph(&say("mail-unrenewed"))
            .certificates(all.iter().map(|one| {
                let detail = left(Message::new("mail-unrenewed-detail"), one, now)
                    .with("person", one.row.email().as_str())
                    .with("profile", one.row.profile())
                    .with("end", wording.instant_of_week(one.not_after));
                CertificateLine {
                    names: names_in_short(language, one.row.names()),
                    detail: language.say(&detail),
                    page: None,
                }
            }))
            .button(&Message::new("mail-unrenewed-request"), self.base_url.as_str())
            .closing(&Message::new("mail-unrenewed-once"))
    }
}

/// The reminders to record, one that is due first; `None` if none is due.
fn claims(all: &[EndingInMail], kind: impl Fn(u32) -> MailKind) -> Option<Vec<MailClaim>> {
    let claim = |one: &EndingInMail| Some(MailClaim { id: one.row.id(), kind: kind(one.claim?) });
    let Some(first) = all.iter().find(|one| one.is_due).and_then(claim) else {
        tracing::info!("no reminder is due; no mail to send");
        return None;
    };
    let others = all.iter().filter_map(claim).filter(|other| other.id != first.id);
    Some(std::iter::once(first.clone()).chain(others).collect())
}

/// A message about all certificates, with the names and the time left of the first one.
fn about(id: &'static str, language: Language, all: &[EndingInMail], now: OffsetDateTime) -> Message {
    let message = Message::new(id).with("count", all.len());
    match all.first() {
        Some(first) => left(message, first, now).with("names", names_in_short(language, first.row.names())),
        None => message.with("names", "").with("days", 0_i64),
    }
}

/// The message with the whole days left until the end.
fn left(message: Message, one: &EndingInMail, now: OffsetDateTime) -> Message {
    message.with("days", (one.not_after - now).whole_days())
}
