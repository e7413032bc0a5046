//! Notify: tells the requester how the request stands, and the operators what they must look at.
//!
//! Invariant: the row decides what is said; the state only says when. A mail is sent, then noted in the row: so it goes
//! out at least once, and with the same Message-ID should it go out twice. A notice that the row has overtaken is not
//! sent. Fails for a while where the row, the secret, the mail system or the topic do not answer, and for good where
//! there is nothing to tell.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use workflow::link::BaseUrl;
use workflow::ports::{Clock, Links, Mailer, Operators, Requests, change};
use workflow::request::{Illegal, OPERATORS_TOLD, Request, RequestId};
use workflow::step::{ErrorName, Fault, NoOutput, Progress, Step, Task};

mod alert;
mod notice;

use notice::Notice;

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

    async fn run(&self, task: Task<Input>) -> Result<Progress<NoOutput>, Fault> {
        let request = self.requests.find(task.request_id).await?;
        if task.state == "NotifyFailed" {
            // Neither waits for the other: a mail system that is down is just what operators must hear of.
            let alerted = self.alert(&task, request.as_ref()).await;
            if let Some(request) = &request {
                self.tell(request, Notice::of_failure(request.status)).await?;
            }
            alerted?;
            return Ok(Progress::Done(NoOutput {}));
        }
        let request = request.ok_or_else(|| Fault::not_found(task.request_id))?;
        let notice = match task.state.as_str() {
            "NotifyReceived" => Notice::of_receipt(request.status),
            _ => Notice::of_ending(request.status).map_err(|notice::NotEnded(status)| {
                Fault::refused(
                    ErrorName::BadMessage,
                    format!("a request that is {status} has no ending to tell of"),
                )
            })?,
        };
        self.tell(&request, notice).await?;
        Ok(Progress::Done(NoOutput {}))
    }
}

impl Notify {
    /// Mails the notice, where there is one and it was not mailed before.
    async fn tell(&self, request: &Request, notice: Option<Notice>) -> Result<(), Fault> {
        let Some(notice) = notice else {
            tracing::info!(status = %request.status, "the request has gone on; there is no mail to send");
            return Ok(());
        };
        let occasion = notice.occasion();
        if request.was_mailed(occasion) {
            tracing::info!(occasion, "mailed before");
            return Ok(());
        }
        let key = self.links.secret().await?.status_key(request.id);
        let letter = notice.letter(request, &self.base_url, &self.base_url.status(request.id, &key));
        self.mailer.send(&letter.to(request.id, occasion, &request.email)).await?;
        self.note(request.id, occasion).await?;
        tracing::info!(occasion, "mailed");
        Ok(())
    }

    /// Tells the operators of a failure, once for each request that has a row.
    async fn alert(&self, task: &Task<Input>, request: Option<&Request>) -> Result<(), Fault> {
        if request.is_some_and(|request| request.was_mailed(OPERATORS_TOLD)) {
            return Ok(());
        }
        let subject = alert::subject(task.request_id);
        self.operators.tell(&subject, &alert::text(task, request.map(|request| request.status))).await?;
        if request.is_some() {
            self.note(task.request_id, OPERATORS_TOLD).await?;
        }
        tracing::info!("the operators were told");
        Ok(())
    }

    async fn note(&self, id: RequestId, occasion: &str) -> Result<(), Fault> {
        let now = self.clock.now();
        change(&*self.requests, id, |row| {
            row.mailed(occasion, now);
            Ok::<_, Illegal>(())
        })
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
