//! Housekeeping: finds stalled requests and restarts them. Runs on a schedule.
//!
//! Invariant: decides nothing, and ends no request that could continue. A request without a running execution (lost,
//! stopped, failed or timed out) gets a new one, at most one per pause. The state is in the row, so a reserved serial
//! still gets its certificate, and a stored certificate is still delivered. Await-approval re-checks pending and
//! approved requests: it expires overdue ones and repeats lost reports. An ended request without a final notification
//! gets an execution that sends it. Two concurrent runs start one execution: both choose the same name.

mod expiry;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use pki::issuer::Issuer;
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tracing::Instrument;
use workflow::ids::IssuerId;
use workflow::message::RecheckMessage;
use workflow::ports::{
    Clock, ExecutionState, Executions, Issuers, ListedRequest, Metrics, NameIndex, Policies, PortError,
    Requests, RevocationLists, StandingApprovals, WorkerQueue,
};
use workflow::request::audit::Origin;
use workflow::request::metric::{Measure, RequestOutcome};
use workflow::request::{
    Ending, Request, RevocationRecord, Status, execution_name, revocation_execution_name,
};
use workflow::runtime::step::StepError;
use workflow::store::{LIFETIME, RENEWAL, Updated, update_known_request};

mod statements;
mod superseding;
mod turns;

pub use statements::looks_at_standing;

/// Most requests listed per status: about 300 bytes each, in a function of 256 MB. Rows are read for those that are
/// checked, and no others.
const SCAN_LIMIT: usize = 100_000;
/// Most requests checked in one run, each by one DescribeExecution. That action has a bucket of 250 calls in most
/// regions, refilled by 10 a second, which the whole account shares: the rest is for operators and other programs.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
pub const REQUESTS_PER_RUN: usize = 150;
/// Most requests in progress and most ended requests without a final notification in one run. Both are few unless
/// something is wrong, and then neither may hide the other, nor the pending requests, which get the rest.
const IN_PROGRESS_PER_RUN: usize = 60;
const UNNOTIFIED_PER_RUN: usize = 40;
/// Requests checked concurrently.
const CONCURRENCY: usize = 8;
/// Grace period for a missing execution: the web front stores the row before it starts the execution.
const START_GRACE: Duration = Duration::seconds(60);
/// The shortest time from one restart of a request to the next; it doubles with every restart.
const MIN_RESTART_BACKOFF: Duration = Duration::minutes(1);
/// The longest time from one restart of a request to the next.
const MAX_RESTART_BACKOFF: Duration = Duration::hours(1);
/// Retry window for the final notification of a requester: longer than a weekend.
const NOTIFY_RETRY_WINDOW: Duration = Duration::days(4);
/// Most executions of a request before it is marked as failed, and again after each retry by an operator.
const MAX_ATTEMPTS: u32 = 12;
/// The age at which a revocation list that was not renewed is an error: two days before it ends.
const OVERDUE: Duration = Duration::days(LIFETIME.whole_days() - 2);

/// The worker.
pub struct Housekeeping {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// The executions.
    pub executions: Arc<dyn Executions>,
    /// The executions of revocations.
    pub revocation_executions: Arc<dyn Executions>,
    /// The queue of await-approval.
    pub approval_queue: Arc<dyn WorkerQueue>,
    /// The CA certificates.
    pub issuers: Arc<dyn Issuers>,
    /// Published revocation lists.
    pub lists: Arc<dyn RevocationLists>,
    /// The queue of sign.
    pub sign_queue: Arc<dyn WorkerQueue>,
    /// The standing approvals, for their statements.
    pub standing: Arc<dyn StandingApprovals>,
    /// The index of names, for certificates that replace others.
    pub names: Arc<dyn NameIndex>,
    /// The policy, for reminders.
    pub policies: Arc<dyn Policies>,
    /// The queue of notify.
    pub notify_queue: Arc<dyn WorkerQueue>,
    /// Records the remaining validity of the CA, which also shows that a run took place, and counts failed requests.
    pub metrics: Arc<dyn Metrics>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The result of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Requests checked: in progress, or ended without a final notification.
    pub checked: usize,
    /// Requests with a new execution.
    pub restarted: usize,
    /// Requests with a re-check sent to await-approval.
    pub rechecked: usize,
    /// Revocation lists that sign was asked to publish.
    pub lists_due: usize,
    /// Mails about certificates that end that notify was asked for.
    pub reminders_due: usize,
    /// Statements of standing approvals that notify was asked for.
    pub statements_due: usize,
    /// News of standing approvals that notify was asked for.
    pub news_due: usize,
    /// Certificates revoked since they were renewed.
    pub superseded: usize,
    /// Requests failed after too many executions.
    pub failed: usize,
    /// Errors of listing or checking requests, and of reading the CA; the next run tries again.
    pub errors: usize,
}

/// The action for one request.
enum Action {
    Nothing,
    Restarted,
    Rechecked,
    Failed,
}

impl Housekeeping {
    /// Runs once. An error of one request does not affect the others.
    pub async fn run(&self) -> Report {
        let mut report = Report::default();
        let groups: [(&[Option<Status>], usize); 3] = [
            (&[Some(Status::Approved), Some(Status::Issued), Some(Status::Submitted)], IN_PROGRESS_PER_RUN),
            // After the requests in progress: a request that they mark as failed is notified in the same run.
            (&[None], UNNOTIFIED_PER_RUN),
            (&[Some(Status::PendingApproval)], REQUESTS_PER_RUN),
        ];
        for (statuses, most) in groups {
            let mut rows = Vec::new();
            for status in statuses {
                rows.append(&mut self.listed(*status, &mut report).await);
            }
            let rows = rotation_window(rows, most.min(REQUESTS_PER_RUN - report.checked), self.clock.now());
            report.checked += rows.len();
            for rows in rows.chunks(CONCURRENCY) {
                let checks = rows.iter().map(|row| async move {
                    let span =
                        tracing::info_span!("housekeeping", request.id = %row.id, status = %row.status);
                    self.reconcile(row).instrument(span).await
                });
                for (row, action) in rows.iter().zip(join_all(checks).await) {
                    match action {
                        Ok(Action::Nothing) => {}
                        Ok(Action::Restarted) => report.restarted += 1,
                        Ok(Action::Rechecked) => report.rechecked += 1,
                        Ok(Action::Failed) => report.failed += 1,
                        Err(error) => {
                            tracing::warn!(request.id = %row.id, %error, "cannot check request {}", row.id);
                            report.errors += 1;
                        }
                    }
                }
            }
        }
        if let Err(error) = self.remind(&mut report).await {
            tracing::error!(%error, "cannot look for certificates that end");
            report.errors += 1;
        }
        self.supersede(&mut report).await;
        if let Err(error) = self.statements(&mut report).await {
            tracing::error!(%error, "cannot look for statements of standing approvals");
            report.errors += 1;
        }
        let in_force = self.issuers.in_force(&IssuerId::DEFAULT).await;
        let issuer = in_force.as_ref().ok().and_then(Option::as_ref);
        let lists_are_fresh = self.renew_lists(issuer, &mut report).await;
        // Without the measure, HousekeepingAlarm goes off.
        if !lists_are_fresh || !self.measure_ca(in_force) {
            report.errors += 1;
        }
        tracing::info!(?report, "checked {} requests", report.checked);
        report
    }

    /// The requests with this status, or without one, those that miss their final notification.
    async fn listed(&self, status: Option<Status>, report: &mut Report) -> Vec<ListedRequest> {
        let rows = match status {
            Some(status) => self.requests.list(status, SCAN_LIMIT).await,
            None => self.requests.unnotified(SCAN_LIMIT).await,
        };
        rows.unwrap_or_else(|error| {
            tracing::error!(%error, ?status, "cannot list requests");
            report.errors += 1;
            Vec::new()
        })
    }

    /// Asks sign to publish each list that is half through its lifetime, and the list of the issuer in force if it is
    /// missing. Returns false if a list is about to end, or if the lists are unknown.
    async fn renew_lists(&self, in_force: Option<&Issuer>, report: &mut Report) -> bool {
        let (now, mut fresh) = (self.clock.now(), true);
        let lists = match self.lists.published().await {
            Ok(lists) => lists,
            Err(error) => {
                tracing::error!(%error, "cannot see the age of the revocation lists, so none is published anew");
                return false;
            }
        };
        // A stack that was updated without `countersign deploy` has no list, and nor has one whose file was removed.
        let missing = in_force.filter(|issuer| issuer.may_sign_crls()).map(Issuer::key_identifier);
        let missing = missing.filter(|identifier| {
            lists.iter().all(|(list, _)| list.shard.is_some() || list.key_identifier != *identifier)
        });
        // Sign publishes all lists of an issuer in one go.
        let mut due: BTreeMap<String, Duration> =
            missing.map(|one| (one, Duration::ZERO)).into_iter().collect();
        for (list, published) in lists {
            let age = now - published;
            if age >= RENEWAL {
                let oldest = due.entry(list.key_identifier).or_default();
                *oldest = age.max(*oldest);
            }
        }
        for (identifier, age) in due {
            match self.renew_list(&identifier).await {
                Ok(false) => {}
                Ok(true) => {
                    report.lists_due += 1;
                    fresh &= age < OVERDUE;
                }
                Err(error) => {
                    tracing::error!(%error, issuer = %identifier, "cannot have a revocation list published anew");
                    fresh = false;
                }
            }
        }
        fresh
    }

    /// Returns false if no certificate of the issuer is valid any more: then nobody needs its list.
    async fn renew_list(&self, identifier: &str) -> Result<bool, PortError> {
        let now = self.clock.now();
        let named = self.issuers.with_key_identifier(identifier).await?;
        if named.iter().all(|issuer| issuer.not_after() <= now) {
            return Ok(false);
        }
        self.sign_queue.recheck(&RecheckMessage::publish_list(identifier.to_owned())).await?;
        Ok(true)
    }

    /// Records the remaining validity of the CA, zero if there is none yet; true on success. One alarm checks the
    /// value, and another its absence, so every run that can read the CA records it.
    fn measure_ca(&self, in_force: Result<Option<Issuer>, PortError>) -> bool {
        let left = match in_force {
            Ok(Some(issuer)) => issuer.not_after() - self.clock.now(),
            Ok(None) => Duration::ZERO,
            Err(error) => {
                tracing::error!(%error, "cannot read the CA certificate");
                return false;
            }
        };
        self.metrics.record(Measure::CaLeft(left));
        true
    }

    async fn reconcile(&self, listed: &ListedRequest) -> Result<Action, StepError> {
        let execution = self.executions.state(&listed.execution_arn).await?;
        // The index lags behind the table, and the execution may have ended properly in the meantime: the decision
        // needs a fresh read of the row.
        let Some(row) = self.requests.find(listed.id).await? else {
            return Ok(Action::Nothing);
        };
        if let Some(revocation) = row.revocation().filter(|_| row.has_open_revocation()) {
            return self.reconcile_revocation(&row, revocation).await;
        }
        let (ended, now) = (row.status().is_terminal(), self.clock.now());
        if row.execution().arn != listed.execution_arn || (ended && !needs_notification(&row, now)) {
            return Ok(Action::Nothing);
        }
        match execution {
            // The task of an approved request may still wait for its report; a second report has no effect.
            ExecutionState::Running if matches!(row.status(), Status::PendingApproval | Status::Approved) => {
                self.approval_queue.recheck(&RecheckMessage::look(row.id())).await?;
                Ok(Action::Rechecked)
            }
            ExecutionState::Running => Ok(Action::Nothing),
            ExecutionState::Missing if now - row.execution().started < START_GRACE => Ok(Action::Nothing),
            _ if now - row.execution().started < backoff(row.execution().attempt) => Ok(Action::Nothing),
            // A missing execution did not fail: its record has been deleted, or the request came from another stack.
            ExecutionState::Ended if !ended && row.execution().attempt.is_multiple_of(MAX_ATTEMPTS) => {
                self.mark_failed(&row).await
            }
            ExecutionState::Missing | ExecutionState::Ended => self.restart(&row).await,
        }
    }

    async fn restart(&self, row: &Request) -> Result<Action, StepError> {
        let attempt = row.execution().attempt + 1;
        let name = execution_name(row.id(), attempt);
        // Start before recording: after a crash in between, the next run starts the same name again. Idempotent.
        self.executions.start(&name, row.id()).await?;
        let (arn, now) = (self.executions.arn(&name), self.clock.now());
        let note = |row: &mut Request| row.restarted(attempt, arn.clone(), now);
        update_known_request(&*self.requests, row, &Origin::worker("housekeeping"), note).await?;
        tracing::warn!(attempt, "restarted request {} as attempt {attempt}", row.id());
        Ok(Action::Restarted)
    }

    /// Starts the execution of a revocation again that ended before all of it was done. One that is recorded and published,
    /// and whose requester cannot be told, is given up after [`NOTIFY_RETRY_WINDOW`].
    async fn reconcile_revocation(
        &self,
        row: &Request,
        revocation: &RevocationRecord,
    ) -> Result<Action, StepError> {
        let now = self.clock.now();
        let execution = self.revocation_executions.state(&revocation.execution_arn).await?;
        let age = now - revocation.execution_started;
        let wait = match execution {
            ExecutionState::Running => return Ok(Action::Nothing),
            ExecutionState::Missing => START_GRACE.max(backoff(revocation.execution_attempt)),
            ExecutionState::Ended => backoff(revocation.execution_attempt),
        };
        let only_untold = revocation.listed_at.is_some_and(|listed| now - listed >= NOTIFY_RETRY_WINDOW);
        if age < wait || only_untold {
            return Ok(Action::Nothing);
        }
        let attempt = revocation.execution_attempt + 1;
        let name = revocation_execution_name(row.id(), attempt);
        // Start before recording, as in `restart`.
        self.revocation_executions.start(&name, row.id()).await?;
        let arn = self.revocation_executions.arn(&name);
        let note = |row: &mut Request| row.revocation_restarted(attempt, arn.clone(), now);
        update_known_request(&*self.requests, row, &Origin::worker("housekeeping"), note).await?;
        tracing::warn!(attempt, "restarted the revocation of request {} as attempt {attempt}", row.id());
        Ok(Action::Restarted)
    }

    async fn mark_failed(&self, row: &Request) -> Result<Action, StepError> {
        let now = self.clock.now();
        let ending = Ending::because(
            Status::Failed,
            "Something went wrong on our side several times. The operators need to look into it.",
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
        let attempts = row.execution().attempt;
        tracing::error!(attempts, "marked request {} as failed after {attempts} executions", row.id());
        Ok(Action::Failed)
    }
}

/// True if an ended request needs an execution to notify its requester.
fn needs_notification(row: &Request, now: OffsetDateTime) -> bool {
    row.is_unnotified() && row.history().last().is_some_and(|ended| now - ended.at < NOTIFY_RETRY_WINDOW)
}

/// Minimum age of an execution before it is replaced; zero for the first one, which was never restarted.
fn backoff(attempt: u32) -> Duration {
    match attempt.checked_sub(2) {
        None => Duration::ZERO,
        Some(restarts) => (MIN_RESTART_BACKOFF * 2_i32.pow(restarts.min(8))).min(MAX_RESTART_BACKOFF),
    }
}

/// The requests of this run: overdue ones, and then all others or a window that advances every five minutes,
/// so that many requests that wait properly do not hide a stalled one. At most `most`.
fn rotation_window(rows: Vec<ListedRequest>, most: usize, now: OffsetDateTime) -> Vec<ListedRequest> {
    let is_overdue = |row: &ListedRequest| {
        row.status == Status::PendingApproval && row.expires_at.is_some_and(|end| end <= now)
    };
    let (mut window, mut others): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_overdue);
    // Even if many are overdue, a part of each run is for the others.
    window.truncate(most.div_ceil(2).max(most.saturating_sub(others.len())));
    let room = most - window.len();
    if others.len() > room {
        let minutes = usize::try_from(now.unix_timestamp() / 60).unwrap_or_default();
        // Five minutes, like the schedule: the windows of two consecutive runs must meet without a gap.
        let start = (minutes / 5).wrapping_mul(room) % others.len();
        others.rotate_left(start);
        others.truncate(room);
    }
    window.append(&mut others);
    window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backoff_grows_and_ends_at_an_hour() {
        let minutes: Vec<i64> = (1..=9).map(|attempt| backoff(attempt).whole_minutes()).collect();
        assert_eq!(minutes, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff(u32::MAX), MAX_RESTART_BACKOFF);
    }

    /// Listed requests with this status.
    fn rows(status: Status, count: usize) -> (OffsetDateTime, Vec<ListedRequest>) {
        let row = |_| ListedRequest {
            id: workflow::ids::RequestId::random(),
            status,
            execution_arn: "arn".into(),
            expires_at: None,
        };
        (OffsetDateTime::UNIX_EPOCH, (0..count).map(row).collect())
    }

    #[test]
    fn every_request_gets_its_turn_when_many_wait() {
        let (begin, rows) = rows(Status::Submitted, 370);
        let checked: std::collections::BTreeSet<_> = (0..3)
            .flat_map(|run| rotation_window(rows.clone(), 150, begin + Duration::minutes(5) * run))
            .map(|row| row.id)
            .collect();
        assert_eq!(checked.len(), rows.len());
        assert_eq!(rotation_window(rows[..150].to_vec(), 150, begin).len(), 150);
        assert_eq!(rotation_window(rows, 0, begin), []);
    }

    #[test]
    fn an_overdue_request_does_not_wait_for_its_turn() {
        let (now, mut rows) = rows(Status::PendingApproval, 1_000);
        rows[777].expires_at = Some(now);
        let window = rotation_window(rows.clone(), 150, now);
        assert_eq!((window.len(), window[0].id), (150, rows[777].id));
        // If all are overdue, no run exceeds its limit.
        rows.iter_mut().for_each(|row| row.expires_at = Some(now));
        assert_eq!(rotation_window(rows, 150, now + Duration::days(30)).len(), 150);
    }
}
