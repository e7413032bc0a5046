//! Housekeeping: finds requests that stand still and sets them going again. Runs on a schedule.
//!
//! Invariant: it decides nothing and ends nothing that could go on. A request whose execution is gone (lost, stopped,
//! failed or timed out) is started again, at most once per pause: the row is the truth, the execution only conducts, so a
//! reserved serial gets its certificate and a stored certificate is delivered. One that waits for its approvers, or was
//! approved, is looked at again by await-approval, which ends it when its time is over and reports a decision whose report
//! was lost. One that ended, and whose execution was gone before the requester was told, is started again to tell. Two
//! runs at the same time start one execution: both choose the same name.

use std::sync::Arc;

use futures_util::future::join_all;
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tracing::Instrument;
use workflow::ids::IssuerId;
use workflow::message::RecheckMessage;
use workflow::ports::{Clock, ExecutionState, Executions, Issuers, Metrics, Requests, WorkerQueue};
use workflow::request::audit::Origin;
use workflow::request::metric::{Measure, RequestOutcome};
use workflow::request::{Ending, Request, Status, execution_name};
use workflow::runtime::step::StepError;
use workflow::store::{Updated, update_known_request};

/// How many requests of a status are listed: about 5 KB each, in a function of 256 MB.
const LISTED: usize = 5_000;
/// How many of them one run looks at; the next run goes on with the next ones. DescribeExecution has a quota of 15 a second
/// with a burst of 300. <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
pub const LIMIT: usize = 500;
/// How many are looked at at once.
const AT_ONCE: usize = 8;
/// How long a new request's execution may be missing: the web front stores the row before it starts the execution.
const GRACE: Duration = Duration::seconds(60);
/// The shortest time from one restart of a request to the next; it doubles with every restart.
const FIRST_PAUSE: Duration = Duration::minutes(1);
/// The longest time from one restart of a request to the next.
const LONGEST_PAUSE: Duration = Duration::hours(1);
/// How long it is tried to tell a requester that a request has ended: longer than a weekend.
const TELLS_FOR: Duration = Duration::days(4);
/// How many executions one request gets before an operator must look, and again after each retry by an operator.
const MAX_ATTEMPTS: u32 = 12;

/// The worker.
pub struct Housekeeping {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// The executions.
    pub executions: Arc<dyn Executions>,
    /// The queue of await-approval.
    pub approval_queue: Arc<dyn WorkerQueue>,
    /// Where the certificate of the CA is.
    pub issuers: Arc<dyn Issuers>,
    /// Where it is noted that a run is done, and how long the CA is still valid.
    pub metrics: Arc<dyn Metrics>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Requests under way, and ended ones of which the requester does not know, that were looked at.
    pub seen: usize,
    /// Executions started anew.
    pub restarted: usize,
    /// Approvals that await-approval was asked to look at.
    pub rechecked: usize,
    /// Requests given up after too many executions.
    pub given_up: usize,
    /// Requests that could not be looked at; the next run tries again.
    pub troubled: usize,
}

/// What was done about one request.
enum Done {
    Nothing,
    Restarted,
    Rechecked,
    GivenUp,
}

impl Housekeeping {
    /// One run. Trouble with one request does not keep the others waiting.
    pub async fn run(&self) -> Report {
        let mut report = Report::default();
        let under_way = [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Issued];
        for status in under_way.map(Some).into_iter().chain([None]) {
            let listed = match status {
                Some(status) => self.requests.list(status, LISTED).await,
                None => self.requests.untold(LISTED).await,
            };
            let rows = match listed {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, ?status, "the requests cannot be listed");
                    report.troubled += 1;
                    continue;
                }
            };
            let rows = turn(rows, self.clock.now());
            report.seen += rows.len();
            for rows in rows.chunks(AT_ONCE) {
                let looks = rows.iter().map(|row| async move {
                    let span =
                        tracing::info_span!("housekeeping", request.id = %row.id(), status = %row.status());
                    self.look_after(row).instrument(span).await
                });
                for (row, done) in rows.iter().zip(join_all(looks).await) {
                    match done {
                        Ok(Done::Nothing) => {}
                        Ok(Done::Restarted) => report.restarted += 1,
                        Ok(Done::Rechecked) => report.rechecked += 1,
                        Ok(Done::GivenUp) => report.given_up += 1,
                        Err(error) => {
                            tracing::warn!(request.id = %row.id(), %error, "the request cannot be looked after");
                            report.troubled += 1;
                        }
                    }
                }
            }
        }
        if !self.measure_ca().await {
            report.troubled += 1;
        }
        tracing::info!(?report, "done");
        report
    }

    /// Notes how long the CA is still valid. One alarm looks at the number, and another at whether it comes at all, so it is
    /// noted in every run that came this far, also where there is no CA yet.
    async fn measure_ca(&self) -> bool {
        let left = match self.issuers.in_force(&IssuerId::DEFAULT).await {
            Ok(Some(issuer)) => issuer.not_after() - self.clock.now(),
            Ok(None) => Duration::ZERO,
            Err(error) => {
                tracing::error!(%error, "the certificate of the CA cannot be read");
                return false;
            }
        };
        self.metrics.record(Measure::CaLeft(left));
        true
    }

    async fn look_after(&self, listed: &Request) -> Result<Done, StepError> {
        let execution = self.executions.state(&listed.execution().arn).await?;
        // The index that listed the row is behind, and the execution may have ended properly: only the row as it is now
        // tells whether anything is left to do.
        let Some(row) = self.requests.find(listed.id()).await? else {
            return Ok(Done::Nothing);
        };
        let (ended, now) = (row.status().is_terminal(), self.clock.now());
        if row.execution().arn != listed.execution().arn || (ended && !tells(&row, now)) {
            return Ok(Done::Nothing);
        }
        match execution {
            // An approved request may be one whose task never heard of it; where it did, the report comes to nothing.
            ExecutionState::Running if matches!(row.status(), Status::PendingApproval | Status::Approved) => {
                self.approval_queue.recheck(&RecheckMessage::look(row.id())).await?;
                Ok(Done::Rechecked)
            }
            ExecutionState::Running => Ok(Done::Nothing),
            ExecutionState::Missing if now - row.execution().started < GRACE => Ok(Done::Nothing),
            _ if now - row.execution().started < pause(row.execution().attempt) => Ok(Done::Nothing),
            // One that is missing did not fail: its record is gone, or the request came from another stack.
            ExecutionState::Ended if !ended && row.execution().attempt.is_multiple_of(MAX_ATTEMPTS) => {
                self.give_up(&row).await
            }
            ExecutionState::Missing | ExecutionState::Ended => self.restart(&row).await,
        }
    }

    async fn restart(&self, row: &Request) -> Result<Done, StepError> {
        let attempt = row.execution().attempt + 1;
        let name = execution_name(row.id(), attempt);
        // Started before it is noted: a run that dies in between starts the same name again, which changes nothing.
        self.executions.start(&name, row.id()).await?;
        let (arn, now) = (self.executions.arn(&name), self.clock.now());
        let note = |row: &mut Request| row.restarted(attempt, arn.clone(), now);
        update_known_request(&*self.requests, row, &Origin::worker("housekeeping"), note).await?;
        tracing::warn!(attempt, "the execution was gone; started again");
        Ok(Done::Restarted)
    }

    async fn give_up(&self, row: &Request) -> Result<Done, StepError> {
        let now = self.clock.now();
        let ending = Ending::because(
            Status::Failed,
            "Something broke on our side, again and again. The operators must look at it.",
        );
        let Updated { row: ended, value: before } =
            update_known_request(&*self.requests, row, &Origin::worker("housekeeping"), |row| {
                let before = row.status();
                row.end(ending.clone(), now).map(|()| before)
            })
            .await?;
        if let Some(outcome) = RequestOutcome::between(before, ended.status()) {
            self.metrics.record(Measure::Ended(outcome));
        }
        tracing::error!(attempts = row.execution().attempt, "given up");
        Ok(Done::GivenUp)
    }
}

/// Whether an ended request is to be started again to tell its requester.
fn tells(row: &Request, now: OffsetDateTime) -> bool {
    row.is_untold() && row.history().last().is_some_and(|ended| now - ended.at < TELLS_FOR)
}

/// How long the latest execution of a request is left alone once it is gone. The first one is not: it was never restarted.
fn pause(attempt: u32) -> Duration {
    match attempt.checked_sub(2) {
        None => Duration::ZERO,
        Some(restarts) => (FIRST_PAUSE * 2_i32.pow(restarts.min(8))).min(LONGEST_PAUSE),
    }
}

/// The requests whose turn it is: all of them, or a stretch of [`LIMIT`] that moves on every five minutes, so that many requests
/// that rightly wait do not hide one that stands still.
fn turn(mut rows: Vec<Request>, now: OffsetDateTime) -> Vec<Request> {
    if rows.len() > LIMIT {
        let minutes = usize::try_from(now.unix_timestamp() / 60).unwrap_or_default();
        // Every five minutes, as the schedule runs: the stretches of two runs must meet without a gap.
        let start = (minutes / 5).wrapping_mul(LIMIT) % rows.len();
        rows.rotate_left(start);
        rows.truncate(LIMIT);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_and_ends_at_an_hour() {
        let minutes: Vec<i64> = (1..=9).map(|attempt| pause(attempt).whole_minutes()).collect();
        assert_eq!(minutes, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn nobody_is_hidden_behind_many_who_wait() {
        let backend = workflow::testing::InMemoryBackend::new();
        let row = backend.unsaved_request(&pki::testing::csr(&["www.example.com"]), Status::Submitted);
        let rows: Vec<Request> = (0..1_234)
            .map(|_| row.clone().altered(|row| row.id = workflow::ids::RequestId::random()))
            .collect();
        let begin = backend.now();
        let seen: std::collections::BTreeSet<_> = (0..3)
            .flat_map(|run| turn(rows.clone(), begin + Duration::minutes(5) * run))
            .map(|row| row.id())
            .collect();
        assert_eq!(seen.len(), rows.len());
        assert_eq!(turn(rows[..LIMIT].to_vec(), begin).len(), LIMIT);
    }
}
