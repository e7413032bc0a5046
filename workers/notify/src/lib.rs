//! Notify: mails the requester about the state of the request, alerts the operators of failures, and tells chats and
//! programs of events ([`receivers`]).
//!
//! Invariant: the row decides which mail is sent; the state only triggers it. The mail of a state is sent, then
//! recorded in the row: it is sent at least once, with the same Message-ID each time. A mail on demand
//! ([`RecheckMessage`]) is recorded first, except a question: it is sent at most once. An outdated mail is not sent. Transient if the
//! table, the link secret, the mail system or the topic does not answer; refused if there is no such mail.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use workflow::approval::{BaseUrl, LinkGiven};
use workflow::email::Email;
use workflow::mail::MailContent;
use workflow::mail_kind::MailKind;
use workflow::message::{QuestionText, RecheckMessage};
use workflow::ports::{
    Clock, EnrolmentCodes, LinkSecrets, Mailer, NameIndex, Operators, Policies, Requests, StandingApprovals,
};
use workflow::request::audit::Origin;
use workflow::request::{Request, Status};
use workflow::runtime::send_once;
use workflow::runtime::step::{ErrorName, NoOutput, Progress, Step, StepError, Task};
use workflow::store::update_known_request;

mod alert;
mod confirmation;
mod enrolment;
mod expiry;
mod notice;
mod overview;
mod question;
mod receivers;
mod requester_links;
mod revocation;
mod standing_news;
mod statement;

use notice::Notice;
pub use receivers::{Failures, Receivers};
use requester_links::RequesterLinks;

/// The name in the audit trail.
const WORKER: &str = "notify";
/// Lifetime of the link of the overview.
const OVERVIEW_LINK_LIFETIME: Duration = Duration::hours(1);
/// Shortest time between two mails of the overview, so that a stranger cannot fill the mailbox of an address.
const OVERVIEW_MIN_INTERVAL: Duration = Duration::minutes(10);

/// The step.
pub struct Notify {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// The standing approvals, for their statements.
    pub standing: Arc<dyn StandingApprovals>,
    /// The index of names, for certificates that replace others.
    pub names: Arc<dyn NameIndex>,
    /// The policy, for reminders, languages and the zone of times.
    pub policies: Arc<dyn Policies>,
    /// The link secret.
    pub links: Arc<dyn LinkSecrets>,
    /// Sends alerts to the operators.
    pub operators: Arc<dyn Operators>,
    /// Sends the mails.
    pub mailer: Arc<dyn Mailer>,
    /// The codes that confirm new passkeys.
    pub codes: Arc<dyn EnrolmentCodes>,
    /// Chats, webhooks and the event bus.
    pub receivers: Receivers,
    /// The base URL of the links.
    pub base_url: BaseUrl,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The input of a state, besides the request id.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct NotifyInput {
    /// NotifyFailed: the error's name.
    pub error: Option<String>,
    /// NotifyFailed: the cause, as text.
    pub cause: Option<String>,
}

/// The states with tasks for this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyState {
    /// The request has been stored.
    NotifyReceived,
    /// The policy does not allow the request.
    NotifyRefused,
    /// An approver rejected the request, or the requester withdrew it.
    NotifyRejected,
    /// The approval period is over.
    NotifyExpired,
    /// A step failed for good.
    NotifyFailed,
    /// The certificate was revoked.
    NotifyRevoked,
}

workflow::wire_names!(NotifyState: "state" {
    NotifyReceived => "NotifyReceived",
    NotifyRefused => "NotifyRefused",
    NotifyRejected => "NotifyRejected",
    NotifyExpired => "NotifyExpired",
    NotifyFailed => "NotifyFailed",
    NotifyRevoked => "NotifyRevoked",
});

#[async_trait]
impl Step for Notify {
    type State = NotifyState;
    type Input = NotifyInput;
    type Output = NoOutput;

    async fn run(&self, task: Task<NotifyState, NotifyInput>) -> Result<Progress<NoOutput>, StepError> {
        let request = self.requests.find(task.request_id).await?;
        match task.state {
            NotifyState::NotifyFailed => {
                // An error of the alert does not stop the mail, nor the reverse: the operators need the alert if mail
                // is down.
                let alerted = self.alert(&task, request.as_ref()).await;
                if let Some(request) = &request {
                    self.tell(request, Notice::of_failure(request.status())).await?;
                }
                alerted?;
            }
            NotifyState::NotifyReceived => {
                let request = request.ok_or_else(|| StepError::not_found(task.request_id))?;
                self.tell(&request, Notice::of_receipt(&request)).await?;
            }
            NotifyState::NotifyRevoked => {
                let request = request.ok_or_else(|| StepError::not_found(task.request_id))?;
                self.tell_of_revocation(&request).await?;
            }
            NotifyState::NotifyRefused | NotifyState::NotifyRejected | NotifyState::NotifyExpired => {
                let request = request.ok_or_else(|| StepError::not_found(task.request_id))?;
                let notice = Notice::of_ending(request.status()).map_err(|notice::NotEnded(status)| {
                    StepError::refused(
                        ErrorName::BadMessage,
                        format!("a request that is {status} has not ended, so there is no final e-mail"),
                    )
                })?;
                self.tell(&request, notice).await?;
            }
        }
        Ok(Progress::Done(NoOutput {}))
    }

    async fn recheck(&self, message: RecheckMessage) -> Result<(), StepError> {
        if let (Some(MailKind::Overview), Some(requester)) = (&message.mail, &message.requester) {
            return self.overview(requester).await;
        }
        if let (Some(MailKind::Enrolment), Some(enrolment)) = (&message.mail, &message.enrolment) {
            return self.enrolment_code(enrolment).await;
        }
        let request = self.requests.find(message.request_id).await?;
        let request = request.ok_or_else(|| StepError::not_found(message.request_id))?;
        if let Some(notice) = &message.notice {
            return self.tell_receiver(&request, notice).await;
        }
        match message.mail {
            Some(MailKind::Confirm) => self.confirmation(&request).await,
            // An earlier version's message names a request of the address.
            Some(MailKind::Overview) => self.overview(request.email()).await,
            Some(MailKind::Question(number)) => match &message.question {
                Some(text) => self.question(&request, number, text).await,
                None => Err(StepError::refused(ErrorName::BadMessage, "the message has no question")),
            },
            Some(MailKind::Waiting(number)) => self.still_waiting(&request, number).await,
            // What is due, and to whom, is decided anew.
            Some(MailKind::Expiring(_)) => self.remind(&request).await,
            Some(MailKind::Unrenewed { recipient, .. }) => self.escalate(&recipient).await,
            Some(MailKind::Statement(_)) => self.statement(&request).await,
            Some(MailKind::Standing(notice)) => self.standing_news(&request, notice).await,
            // The steps send these mails, on a task of the state machine.
            Some(
                kind @ (MailKind::Received
                | MailKind::Refused
                | MailKind::Rejected
                | MailKind::Withdrawn
                | MailKind::Expired
                | MailKind::Failed
                | MailKind::Issued
                | MailKind::Revoked
                | MailKind::Enrolment
                | MailKind::RevokedApproval { .. }
                | MailKind::Approval { .. }
                | MailKind::Reminder { .. }
                | MailKind::VoteReceipt { .. }
                | MailKind::Answer { .. }
                | MailKind::Inbox { .. }
                | MailKind::Posted { .. }
                | MailKind::Prompt),
            ) => Err(StepError::refused(
                ErrorName::BadMessage,
                format!("the mail {kind} is not sent on demand"),
            )),
            None => Err(StepError::refused(ErrorName::BadMessage, "the message has no kind of mail")),
        }
    }
}

impl Notify {
    /// Mails the notice, unless there is none or it was mailed before.
    async fn tell(&self, request: &Request, notice: Option<Notice>) -> Result<(), StepError> {
        let Some(notice) = notice else {
            let (id, status) = (request.id(), request.status());
            tracing::info!(%status, "request {id} is {status}; no mail to send");
            return Ok(());
        };
        let kind = notice.kind();
        if request.was_mailed(&kind) {
            tracing::info!(mail = %kind, "mail {kind} for request {} was already sent", request.id());
            return Ok(());
        }
        let key = self.links.secret().await?.status_key(request.id(), LinkGiven::ByMail);
        let wording = self.policies.wording_in(request.language()).await;
        let content = notice.content(wording, request, &RequesterLinks::of(&self.base_url, request, &key));
        self.mailer.send(&content.to(request.id(), &kind, request.email())).await?;
        let now = self.clock.now();
        self.note(request, |row| row.mailed(&kind, now)).await?;
        tracing::info!(mail = %kind, "sent mail {kind} for request {}", request.id());
        Ok(())
    }

    /// Mails those who approved the certificate and then the requester that it is revoked. The requester's mail is the
    /// last, so its record says that all of them were sent.
    async fn tell_of_revocation(&self, request: &Request) -> Result<(), StepError> {
        if request.revocation().is_none_or(|revocation| revocation.revoked_at.is_none()) {
            let why = format!("the request is {}, its certificate is not revoked", request.status());
            return Err(StepError::refused(ErrorName::BadMessage, why));
        }
        for approver in revocation::approvers(request) {
            let kind = MailKind::RevokedApproval { approver: approver.clone() };
            if !request.was_mailed(&kind) {
                let wording = self.policies.wording_for(approver).await;
                let mail = revocation::to_approver(wording, request).to(request.id(), &kind, approver);
                self.mailer.send(&mail).await?;
                let now = self.clock.now();
                self.note(request, |row| row.mailed(&kind, now)).await?;
                tracing::info!("sent mail {} for request {}", kind.without_recipient(), request.id());
            }
        }
        self.tell(request, Some(Notice::Revoked)).await
    }

    /// Mails the link that confirms the request, unless it is confirmed or has lapsed. Not recorded: a submission of a
    /// stranger must not cost a second write, and a repetition has the same Message-ID.
    async fn confirmation(&self, request: &Request) -> Result<(), StepError> {
        if request.status() != Status::Unconfirmed || request.is_lapsed(self.clock.now()) {
            return Ok(());
        }
        let (id, kind) = (request.id(), MailKind::Confirm);
        let key = self.links.secret().await?.status_key(id, LinkGiven::ByMail);
        let policy = self.policies.current().await?;
        let (wording, proof) = (policy.wording_in(request.language()), policy.requester_proof());
        let link = self.base_url.confirmation(id, &key);
        let content = confirmation::content(wording, request, &link, proof);
        self.mailer.send(&content.to(id, &kind, request.email())).await?;
        tracing::info!(mail = %kind, "sent mail {kind} for request {id}");
        Ok(())
    }

    /// Mails the requester that the approvers were reminded; once for each reminder.
    async fn still_waiting(&self, request: &Request, number: u32) -> Result<(), StepError> {
        if request.status() != Status::PendingApproval {
            return Ok(());
        }
        let key = self.links.secret().await?.status_key(request.id(), LinkGiven::ByMail);
        let notice = Notice::Waiting(number);
        let wording = self.policies.wording_in(request.language()).await;
        let content = notice.content(wording, request, &RequesterLinks::of(&self.base_url, request, &key));
        let kind = notice.kind();
        self.send_once(request, &kind, |row, now| row.claim_mail(&kind, now), &content).await
    }

    /// Mails a question of an approver to the requester, at least once, while the request is undecided.
    async fn question(&self, request: &Request, number: u32, text: &QuestionText) -> Result<(), StepError> {
        let (id, kind) = (request.id(), MailKind::Question(number));
        if request.status() != Status::PendingApproval || request.was_mailed(&kind) {
            return Ok(());
        }
        let key = self.links.secret().await?.status_key(id, LinkGiven::ByMail);
        let content = question::content(request, text, &self.base_url.status(id, &key));
        self.mailer.send(&content.to(id, &kind, request.email())).await?;
        let now = self.clock.now();
        self.note(request, |row| row.mailed(&kind, now)).await?;
        tracing::info!(mail = %kind, "sent mail {kind} for request {id}");
        Ok(())
    }

    /// Mails the link to all requests of the address, at most once per [`OVERVIEW_MIN_INTERVAL`]. The claim is in the
    /// first request that the reader of the mailbox confirmed: a stranger who submits in the name of the address starts
    /// no new interval, and makes no address known.
    async fn overview(&self, requester: &Email) -> Result<(), StepError> {
        let first = match self.requests.first_confirmed_of(requester).await? {
            Some(id) => self.requests.find(id).await?,
            None => None,
        };
        let Some(request) = &first else {
            tracing::info!(
                "an overview was asked for an address without confirmed requests; no mail to send"
            );
            return Ok(());
        };
        let now = self.clock.now();
        let key = self.links.secret().await?.overview_key(request.id(), now + OVERVIEW_LINK_LIFETIME);
        let content = overview::content(
            self.policies.wording_in(request.language()).await,
            &self.base_url.overview(&key),
            now + OVERVIEW_LINK_LIFETIME,
        );
        let claim =
            |row: &mut Request, now| row.claim_mail_again(&MailKind::Overview, OVERVIEW_MIN_INTERVAL, now);
        self.send_once(request, &MailKind::Overview, claim, &content).await
    }

    async fn send_once(
        &self,
        request: &Request,
        kind: &MailKind,
        claim: impl Fn(&mut Request, OffsetDateTime) -> bool + Send + Sync,
        content: &MailContent,
    ) -> Result<(), StepError> {
        let (now, origin) = (self.clock.now(), Origin::worker(WORKER));
        let mail = content.to(request.id(), kind, request.email());
        let send = async { self.mailer.send(&mail).await.map_err(StepError::from) };
        let claim = |row: &mut Request| claim(row, now);
        send_once(&*self.requests, request.id(), &origin, kind, now, claim, send).await?;
        Ok(())
    }

    /// Alerts the operators of a failure, once for each request that has a row.
    async fn alert(
        &self,
        task: &Task<NotifyState, NotifyInput>,
        request: Option<&Request>,
    ) -> Result<(), StepError> {
        if request.is_some_and(Request::has_notified_operators) {
            return Ok(());
        }
        let subject = alert::subject(task.request_id);
        self.operators.tell(&subject, &alert::text(task, request.map(|request| request.status()))).await?;
        if let Some(request) = request {
            let now = self.clock.now();
            self.note(request, |row| row.operators_notified(now)).await?;
        }
        tracing::info!("alerted the operators of the failure of request {}", task.request_id);
        Ok(())
    }

    async fn note(&self, request: &Request, note: impl FnMut(&mut Request) + Send) -> Result<(), StepError> {
        update_known_request(&*self.requests, request, &Origin::worker(WORKER), note).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
