//! Housekeeping: finds requests that stand still and sets them going again. Runs on a schedule.
//!
//! Invariant: it decides nothing and ends nothing that could go on. A request whose execution is gone is started again
//! (the row is the truth, the execution only conducts); one that waits for its approvers is looked at again by
//! await-approval, which ends it when its time is over. Two runs at the same time start one execution: both choose the
//! same name.

use std::sync::Arc;

use serde::Serialize;
use time::Duration;
use tracing::Instrument;
use workflow::audit::By;
use workflow::ports::{ChangeError, Clock, ExecutionState, Executions, Nudges, Requests, change};
use workflow::request::{Ending, Illegal, Request, Status, execution_name};
use workflow::step::Nudge;

/// How many requests of a status one run looks at; the oldest first.
const LIMIT: usize = 500;
/// How long a new request's execution may be missing: the web front stores the row before it starts the execution.
const GRACE: Duration = Duration::seconds(60);
/// How many executions one request gets before an operator must look.
const MAX_ATTEMPTS: u32 = 12;

/// The worker.
pub struct Housekeeping {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// The executions.
    pub executions: Arc<dyn Executions>,
    /// The queue of await-approval.
    pub nudges: Arc<dyn Nudges>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Requests under way that were looked at.
    pub seen: usize,
    /// Executions started anew.
    pub restarted: usize,
    /// Approvals that await-approval was asked to look at.
    pub nudged: usize,
    /// Requests given up after too many executions.
    pub given_up: usize,
    /// Requests that could not be looked at; the next run tries again.
    pub troubled: usize,
}

/// What was done about one request.
enum Done {
    Nothing,
    Restarted,
    Nudged,
    GivenUp,
}

impl Housekeeping {
    /// One run. Trouble with one request does not keep the others waiting.
    pub async fn run(&self) -> Report {
        let mut report = Report::default();
        for status in [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Issued] {
            let rows = match self.requests.list(status, LIMIT).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, %status, "the requests cannot be listed");
                    report.troubled += 1;
                    continue;
                }
            };
            for row in rows {
                report.seen += 1;
                let span = tracing::info_span!("housekeeping", request.id = %row.id, %status);
                match self.look_after(&row).instrument(span.clone()).await {
                    Ok(Done::Nothing) => {}
                    Ok(Done::Restarted) => report.restarted += 1,
                    Ok(Done::Nudged) => report.nudged += 1,
                    Ok(Done::GivenUp) => report.given_up += 1,
                    Err(error) => {
                        span.in_scope(|| tracing::warn!(%error, "the request cannot be looked after"));
                        report.troubled += 1;
                    }
                }
            }
        }
        tracing::info!(?report, "done");
        report
    }

    async fn look_after(&self, listed: &Request) -> Result<Done, ChangeError<Illegal>> {
        let execution = self.executions.state(&listed.execution_arn).await.map_err(ChangeError::Port)?;
        // The index that listed the row is behind, and the execution may have ended properly: only the row as it is now
        // tells whether anything is left to do.
        let Some(row) = self.requests.find(listed.id).await.map_err(ChangeError::Port)? else {
            return Ok(Done::Nothing);
        };
        if row.status.is_terminal() || row.execution_arn != listed.execution_arn {
            return Ok(Done::Nothing);
        }
        match execution {
            ExecutionState::Running if row.status == Status::PendingApproval => {
                self.nudges.nudge(&Nudge::look(row.id)).await.map_err(ChangeError::Port)?;
                Ok(Done::Nudged)
            }
            ExecutionState::Running => Ok(Done::Nothing),
            ExecutionState::Missing if self.clock.now() - row.execution_started < GRACE => Ok(Done::Nothing),
            ExecutionState::Missing | ExecutionState::Ended if row.execution_attempt >= MAX_ATTEMPTS => {
                self.give_up(&row).await
            }
            ExecutionState::Missing | ExecutionState::Ended => self.restart(&row).await,
        }
    }

    async fn restart(&self, row: &Request) -> Result<Done, ChangeError<Illegal>> {
        let attempt = row.execution_attempt + 1;
        let name = execution_name(row.id, attempt);
        // Started before it is noted: a run that dies in between starts the same name again, which changes nothing.
        self.executions.start(&name, row.id).await.map_err(ChangeError::Port)?;
        let (arn, now) = (self.executions.arn(&name), self.clock.now());
        change(&*self.requests, row.id, &By::worker("housekeeping"), |row| {
            row.restarted(attempt, arn.clone(), now);
            Ok::<_, Illegal>(())
        })
        .await?;
        tracing::warn!(attempt, "the execution was gone; started again");
        Ok(Done::Restarted)
    }

    async fn give_up(&self, row: &Request) -> Result<Done, ChangeError<Illegal>> {
        let now = self.clock.now();
        let ending = Ending::because(
            Status::Failed,
            "Something broke on our side, again and again. The operators must look at it.",
        );
        change(&*self.requests, row.id, &By::worker("housekeeping"), |row| row.end(ending.clone(), now))
            .await?;
        tracing::error!(attempts = row.execution_attempt, "given up");
        Ok(Done::GivenUp)
    }
}
