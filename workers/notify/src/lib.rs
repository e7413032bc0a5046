//! Notify: tells the requester how the request stands, and the operators what they must look at.
//!
//! Invariant: the row decides what is said; the state only says when. A mail is sent, then noted in the row: so it goes
//! out at least once, and with the same Message-ID should it go out twice. A notice that the row has overtaken is not
//! sent. Mails that somebody asked for in between (a nudge) are claimed in the row first and so go out at most once. Fails for a while where the row, the secret, the mail system or the topic do not answer, and for good where
//! there is nothing to tell.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use workflow::approval::BaseUrl;
use workflow::mail::Letter;
use workflow::message::RecheckMessage;
use workflow::ports::{Clock, Links, Mailer, Operators, Requests};
use workflow::request::audit::Origin;
use workflow::request::{OPERATORS_TOLD, Request, Status};
use workflow::runtime::send_once;
use workflow::runtime::step::{ErrorName, NoOutput, Progress, Step, StepError, Task};
use workflow::store::update_known_request;

mod alert;
mod notice;
mod overview;

use notice::Notice;

/// The name in the audit trail.
const WORKER: &str = "notify";
/// The occasion of the mail with the way to all requests of an address.
const OVERVIEW: &str = "overview";
/// How long its link works.
const OVERVIEW_LIFE: Duration = Duration::hours(1);
/// How soon it can be had again: whoever types somebody else's address cannot fill their mailbox.
const OVERVIEW_PAUSE: Duration = Duration::minutes(10);

/// The step.
pub struct Notify {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// What requesters' links derive from.
    pub links: Arc<dyn Links>,
    /// Who is told of failures.
    pub operators: Arc<dyn Operators>,
    /// The way mails go out.
    pub mailer: Arc<dyn Mailer>,
    /// Where the links lead.
    pub base_url: BaseUrl,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What the state machine says beside the request id.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Input {
    /// NotifyFailed: the error's name.
    pub error: Option<String>,
    /// NotifyFailed: why, in words.
    pub cause: Option<String>,
}

#[async_trait]
impl Step for Notify {
    const STATES: &'static [&'static str] =
        &["NotifyReceived", "NotifyRefused", "NotifyRejected", "NotifyExpired", "NotifyFailed"];
    type Input = Input;
    type Output = NoOutput;

    async fn run(&self, task: Task<Input>) -> Result<Progress<NoOutput>, StepError> {
        let request = self.requests.find(task.request_id).await?;
        if task.state == "NotifyFailed" {
            // Neither waits for the other: a mail system that is down is just what operators must hear of.
            let alerted = self.alert(&task, request.as_ref()).await;
            if let Some(request) = &request {
                self.tell(request, Notice::of_failure(request.status())).await?;
            }
            alerted?;
            return Ok(Progress::Done(NoOutput {}));
        }
        let request = request.ok_or_else(|| StepError::not_found(task.request_id))?;
        let notice = match task.state.as_str() {
            "NotifyReceived" => Notice::of_receipt(request.status()),
            _ => Notice::of_ending(request.status()).map_err(|notice::NotEnded(status)| {
                StepError::refused(
                    ErrorName::BadMessage,
                    format!("a request that is {status} has no ending to tell of"),
                )
            })?,
        };
        self.tell(&request, notice).await?;
        Ok(Progress::Done(NoOutput {}))
    }

    async fn recheck(&self, message: RecheckMessage) -> Result<(), StepError> {
        let request = self.requests.find(message.request_id).await?;
        let request = request.ok_or_else(|| StepError::not_found(message.request_id))?;
        let Some(occasion) = message.occasion else {
            return Err(StepError::refused(ErrorName::BadMessage, "the nudge names no occasion"));
        };
        match occasion.as_str() {
            OVERVIEW => self.overview(&request).await,
            waiting if waiting.starts_with("waiting/") => self.still_waiting(&request, waiting).await,
            _ => Err(StepError::refused(ErrorName::BadMessage, "there is no mail for this occasion")),
        }
    }
}

impl Notify {
    /// Mails the notice, where there is one and it was not mailed before.
    async fn tell(&self, request: &Request, notice: Option<Notice>) -> Result<(), StepError> {
        let Some(notice) = notice else {
            tracing::info!(status = %request.status(), "the request has gone on; there is no mail to send");
            return Ok(());
        };
        let occasion = notice.occasion();
        if request.was_mailed(occasion) {
            tracing::info!(occasion, "mailed before");
            return Ok(());
        }
        let key = self.links.secret().await?.status_key(request.id());
        let letter = notice.letter(request, &self.base_url, &self.base_url.status(request.id(), &key));
        self.mailer.send(&letter.to(request.id(), occasion, request.email())).await?;
        self.note(request, occasion).await?;
        tracing::info!(occasion, "mailed");
        Ok(())
    }

    /// Tells the requester that the approvers were reminded, once an occasion.
    async fn still_waiting(&self, request: &Request, occasion: &str) -> Result<(), StepError> {
        if request.status() != Status::PendingApproval {
            return Ok(());
        }
        let key = self.links.secret().await?.status_key(request.id());
        let letter =
            Notice::Waiting.letter(request, &self.base_url, &self.base_url.status(request.id(), &key));
        self.send_once(request, occasion, |row, now| row.claim_mail(occasion, now), &letter).await
    }

    /// Mails the way to all requests of the address, where that was not done a moment ago.
    async fn overview(&self, request: &Request) -> Result<(), StepError> {
        let now = self.clock.now();
        let key = self.links.secret().await?.overview_key(request.id(), now + OVERVIEW_LIFE);
        let letter = overview::letter(request.language(), &self.base_url.overview(&key), now + OVERVIEW_LIFE);
        let claim = |row: &mut Request, now| row.claim_mail_again(OVERVIEW, OVERVIEW_PAUSE, now);
        self.send_once(request, OVERVIEW, claim, &letter).await
    }

    async fn send_once(
        &self,
        request: &Request,
        occasion: &str,
        claim: impl Fn(&mut Request, OffsetDateTime) -> bool + Send + Sync,
        letter: &Letter,
    ) -> Result<(), StepError> {
        let (now, by) = (self.clock.now(), Origin::worker(WORKER));
        let mail = letter.to(request.id(), occasion, request.email());
        let send = async { self.mailer.send(&mail).await.map_err(StepError::from) };
        let claim = |row: &mut Request| claim(row, now);
        send_once(&*self.requests, request.id(), &by, occasion, now, claim, send).await?;
        Ok(())
    }

    /// Tells the operators of a failure, once for each request that has a row.
    async fn alert(&self, task: &Task<Input>, request: Option<&Request>) -> Result<(), StepError> {
        if request.is_some_and(|request| request.was_mailed(OPERATORS_TOLD)) {
            return Ok(());
        }
        let subject = alert::subject(task.request_id);
        self.operators.tell(&subject, &alert::text(task, request.map(|request| request.status()))).await?;
        if let Some(request) = request {
            self.note(request, OPERATORS_TOLD).await?;
        }
        tracing::info!("the operators were told");
        Ok(())
    }

    async fn note(&self, request: &Request, occasion: &str) -> Result<(), StepError> {
        let now = self.clock.now();
        let note = |row: &mut Request| row.mailed(occasion, now);
        update_known_request(&*self.requests, request, &Origin::worker(WORKER), note).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
