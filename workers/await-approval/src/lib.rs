//! AwaitApproval: stores the task token, mails each approver their own link, sends reminders, and reports the outcome.
//!
//! Invariant: the approval in its table decides; this worker only copies its outcome to the request's row and then
//! reports it to the state machine, in this order. Idempotent. The token is stored before any link is mailed. If links
//! may exist already, the task ends in [`AwaitApproval::settle`], like a re-check (after a vote, or from housekeeping),
//! so the last of the two reports. The token never leaves the table except in the call that reports the outcome.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use workflow::approval::Approval;
use workflow::approval::BaseUrl;
use workflow::approver_set::ApproverSet;
use workflow::decision::{ApprovalDigest, Outcome};
use workflow::grant::CsrSummary;
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::message::TaskToken;
use workflow::policy::{Policy, Profile};
use workflow::ports::{
    Approvals, Clock, Issuers, Mailer, Metrics, NameIndex, Policies, Requests, Saved, Tasks, WorkerQueue,
};
use workflow::request::audit::Origin;
use workflow::request::metric::Measure;
use workflow::request::renewal::approver_set;
use workflow::request::{Request, Status};
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step, StepError, Task};
use workflow::store::{
    UpdateError, Updated, replaced_request, update_approval, update_known_request, update_request,
};

mod asking;
mod inbox;
mod mail;
mod questions;
mod receipt;

/// The name in the audit trail.
const WORKER: &str = "await-approval";

/// The step.
pub struct AwaitApproval {
    /// The rows of the requests.
    pub requests: Arc<dyn Requests>,
    /// The index of names: the mails say what is new or unusual.
    pub names: Arc<dyn NameIndex>,
    /// The approvals and their links.
    pub approvals: Arc<dyn Approvals>,
    /// The policy, which lists the approvers.
    pub policies: Arc<dyn Policies>,
    /// The CA certificate: the mails list names that violate its name constraints.
    pub issuers: Arc<dyn Issuers>,
    /// Reports outcomes to the state machine.
    pub tasks: Arc<dyn Tasks>,
    /// The queue of notify, for mails to the requester while the request is undecided.
    pub notify_queue: Arc<dyn WorkerQueue>,
    /// Sends the mails to approvers.
    pub mailer: Arc<dyn Mailer>,
    /// The base URL of the links.
    pub base_url: BaseUrl,
    /// Measures the time from the request to the decision.
    pub metrics: Arc<dyn Metrics>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The decision of the approvers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The outcome.
    pub outcome: Outcome,
}

/// The state with tasks for this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwaitApprovalState {
    /// `AwaitApproval`.
    AwaitApproval,
}

workflow::wire_names!(AwaitApprovalState: "state" { AwaitApproval => "AwaitApproval" });

#[async_trait]
impl Step for AwaitApproval {
    type State = AwaitApprovalState;
    type Input = NoInput;
    type Output = Decided;

    async fn run(&self, task: Task<AwaitApprovalState, NoInput>) -> Result<Progress<Decided>, StepError> {
        let request = self.request(task.request_id).await?;
        if let Some(outcome) = settled(&request) {
            return Ok(Progress::Done(Decided { outcome }));
        }
        if request.standing().is_some() {
            // Only an execution of an earlier definition of the flow comes here. Nobody is asked.
            let (now, origin) = (self.clock.now(), Origin::worker(WORKER));
            update_known_request(&*self.requests, &request, &origin, |row| row.cover(now)).await?;
            return Ok(Progress::Done(Decided { outcome: Outcome::Approved }));
        }
        let csr = request
            .csr()
            .ok_or_else(|| StepError::refused(ErrorName::BadMessage, "the row has no summary of the CSR"))?;
        let policy = self.policies.for_request(&request).await?;
        let asked = self.ask(&request, csr, &policy, &task.token).await?;
        self.mail_links(&asked.request, csr, &policy, &asked.approval).await?;
        if asked.just_now {
            // The token was stored before the first link existed: the re-check after a vote reports the outcome.
            return Ok(Progress::Waiting);
        }
        Ok(match self.settle(task.request_id).await? {
            Some((outcome, _)) => Progress::Done(Decided { outcome }),
            None => Progress::Waiting,
        })
    }

    async fn recheck(&self, message: RecheckMessage) -> Result<(), StepError> {
        if let (Some(MailKind::Inbox { .. }), Some(approver)) = (&message.mail, &message.requester) {
            return self.inbox(approver).await;
        }
        let id = message.request_id;
        let Some((outcome, approval)) = self.settle(id).await? else {
            let request = self.request(id).await?;
            if let Some(generation) = message.links {
                return self.renew_links(&request, generation).await;
            }
            let Some(approval) = self.approvals.find(id).await? else { return Ok(()) };
            self.send_receipts(&request, &approval).await?;
            if message.mail == Some(MailKind::Prompt) {
                return self.prompt(&request, &approval).await;
            }
            return self.chase(&request, approval).await;
        };
        let output = serde_json::json!({ "outcome": outcome });
        for token in approval.tokens() {
            let reported = self.tasks.succeed(token, &output).await?;
            tracing::info!(%outcome, ?reported, "reported outcome {outcome} of request {id}");
        }
        // A spent token is a secret of no use. A task that began in the meantime reports by itself.
        let known: Vec<TaskToken> = approval.tokens().cloned().collect();
        update_approval(&*self.approvals, id, |approval| {
            approval.tokens().all(|token| known.contains(token)) && approval.forget_tokens()
        })
        .await?;
        let request = self.request(id).await?;
        self.send_receipts(&request, &approval).await
    }
}

/// The outcome in the row, if the row is past the decision.
fn settled(request: &Request) -> Option<Outcome> {
    match request.status() {
        Status::Approved | Status::Issued | Status::Delivered => Some(Outcome::Approved),
        Status::Rejected | Status::Withdrawn => Some(Outcome::Rejected),
        Status::Expired => Some(Outcome::Expired),
        _ => request.decision().map(|decision| decision.outcome),
    }
}

/// A request in its approval period.
struct Asked {
    request: Request,
    approval: Approval,
    /// True if this task created the approval.
    just_now: bool,
}

impl AwaitApproval {
    async fn request(&self, id: RequestId) -> Result<Request, StepError> {
        self.requests.find(id).await?.ok_or_else(|| StepError::not_found(id))
    }

    /// Creates the approval if there is none, adds the token of this task, and sets the row to pending.
    async fn ask(
        &self,
        request: &Request,
        csr: &CsrSummary,
        policy: &Policy,
        token: &TaskToken,
    ) -> Result<Asked, StepError> {
        let (approval, just_now) = match self.approvals.find(request.id()).await? {
            Some(_) => (self.keep(request.id(), token).await?, false),
            None => {
                let profile = policy
                    .profile(Some(request.profile()))
                    .map_err(|finding| StepError::refused(ErrorName::Refused, finding.code.as_str()))?;
                let replaced = replaced_request(&*self.requests, request).await?;
                let approver_set = approver_set(policy, &request.renewal_terms(csr), replaced.as_ref())
                    .map_err(|error| StepError::refused(ErrorName::NotApproved, error.to_string()))?;
                let mut approval = fresh(request, csr, profile, approver_set, self.clock.now());
                approval.keep(token);
                match self.approvals.create(&approval).await? {
                    Saved::Yes => (approval, true),
                    Saved::Conflict => (self.keep(request.id(), token).await?, false),
                }
            }
        };
        let (expires_at, now) = (approval.expires_at, self.clock.now());
        let asked = update_known_request(&*self.requests, request, &Origin::worker(WORKER), |row| {
            row.ask_approvers(expires_at, now)
        })
        .await?;
        Ok(Asked { request: asked.row, approval, just_now })
    }

    /// Stores the token, so that the outcome is reported to this task too. Idempotent.
    async fn keep(&self, id: RequestId, token: &TaskToken) -> Result<Approval, StepError> {
        match update_approval(&*self.approvals, id, |approval| approval.keep(token)).await {
            Ok(kept) => Ok(kept.row),
            Err(UpdateError::Missing(_)) => {
                Err(StepError::transient("the approval was deleted since it was read"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Expires an overdue approval and copies a final outcome to the row. `None` while undecided.
    async fn settle(&self, id: RequestId) -> Result<Option<(Outcome, Approval)>, StepError> {
        let now = self.clock.now();
        let settled = update_approval(&*self.approvals, id, |approval| {
            approval.expire(now);
            approval.decision()
        })
        .await;
        let (approval, decision) = match settled {
            Ok(Updated { row, value: Some(decision) }) => (row, decision),
            Ok(Updated { value: None, .. }) | Err(UpdateError::Missing(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let outcome = decision.outcome;
        let recorded = update_request(&*self.requests, id, &Origin::worker(WORKER), |row| {
            let first = row.decision().is_none();
            match row.record_decision(decision.clone(), now) {
                // The request has ended in another way; the next step reads that from the row.
                Err(_) if row.status().is_terminal() => Ok(false),
                other => other.map(|()| first),
            }
        })
        .await?;
        // An expiry is no decision: its duration would only repeat the approval period of the policy.
        if recorded.value && outcome != Outcome::Expired {
            self.metrics.record(Measure::Decided(now - recorded.row.registration_date()));
        }
        Ok(Some((outcome, approval)))
    }
}

fn fresh(
    request: &Request,
    csr: &CsrSummary,
    profile: &Profile,
    approver_set: ApproverSet,
    now: time::OffsetDateTime,
) -> Approval {
    let digest = ApprovalDigest::of(request.id(), request.profile(), csr, request.replaces());
    Approval::ask(request.id(), digest, approver_set, now, now + profile.limit())
}
