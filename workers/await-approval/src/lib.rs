//! AwaitApproval: keeps the task token, mails each approver their own link, and reports the outcome once it stands.
//!
//! Invariant: the approval in its table decides; this worker only carries its outcome to the request's row and then to
//! the state machine, in this order, as often as anybody asks. A nudge (after a vote, or from housekeeping) and the
//! task itself both end in [`AwaitApproval::settle`], so whichever comes last reports. The token never leaves the
//! table but for the call that spends it.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use workflow::approval::{Approval, Electorate, Link, LinkKey};
use workflow::decision::{ApprovalDigest, Outcome};
use workflow::finding::Finding;
use workflow::link::BaseUrl;
use workflow::policy::Profile;
use workflow::ports::{
    Approvals, Clock, Mailer, Policies, Requests, Saved, TaskToken, Tasks, change, change_approval,
};
use workflow::request::{Facts, Illegal, Request, RequestId, Status};
use workflow::step::{ErrorName, Fault, NoInput, Progress, Step, Task};

mod mail;

/// The step.
pub struct AwaitApproval {
    /// The rows of the requests.
    pub requests: Arc<dyn Requests>,
    /// The approvals and their links.
    pub approvals: Arc<dyn Approvals>,
    /// Who approves.
    pub policies: Arc<dyn Policies>,
    /// Where outcomes go.
    pub tasks: Arc<dyn Tasks>,
    /// How approvers are asked.
    pub mailer: Arc<dyn Mailer>,
    /// Where the links lead.
    pub base_url: BaseUrl,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What the approvers decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The outcome.
    pub outcome: Outcome,
}

#[async_trait]
impl Step for AwaitApproval {
    const STATES: &'static [&'static str] = &["AwaitApproval"];
    type Input = NoInput;
    type Output = Decided;

    async fn run(&self, task: Task<NoInput>) -> Result<Progress<Decided>, Fault> {
        let request = self.request(task.request_id).await?;
        if let Some(outcome) = settled(&request) {
            return Ok(Progress::Done(Decided { outcome }));
        }
        let facts = request
            .facts()
            .ok_or_else(|| Fault::refused(ErrorName::BadMessage, "nothing is known of the CSR"))?;
        let approval = self.ask(&request, &facts).await?;
        self.keep(task.request_id, &task.token).await?;
        self.mail_links(&request, &facts, &approval).await?;
        Ok(match self.settle(task.request_id).await? {
            Some(outcome) => Progress::Done(Decided { outcome }),
            None => Progress::Waiting,
        })
    }

    async fn nudged(&self, id: RequestId) -> Result<(), Fault> {
        let Some(outcome) = self.settle(id).await? else {
            return Ok(());
        };
        let Some(approval) = self.approvals.find(id).await? else {
            return Ok(());
        };
        let output = serde_json::json!({ "outcome": outcome });
        for token in approval.tokens() {
            let reported = self.tasks.succeed(token, &output).await?;
            tracing::info!(%outcome, ?reported, "reported");
        }
        Ok(())
    }
}

/// The outcome as the row has it, where the row is past the decision.
fn settled(request: &Request) -> Option<Outcome> {
    match request.status {
        Status::Approved | Status::Issued | Status::Delivered => Some(Outcome::Approved),
        Status::Rejected => Some(Outcome::Rejected),
        Status::Expired => Some(Outcome::Expired),
        _ => request.decision.as_ref().map(|decision| decision.outcome),
    }
}

impl AwaitApproval {
    async fn request(&self, id: RequestId) -> Result<Request, Fault> {
        self.requests.find(id).await?.ok_or_else(|| Fault::not_found(id))
    }

    /// The approval of the request, made where there is none, and the request waiting for it.
    async fn ask(&self, request: &Request, facts: &Facts) -> Result<Approval, Fault> {
        let approval = match self.approvals.find(request.id).await? {
            Some(approval) => approval,
            None => {
                let policy = self.policies.current().await?;
                let profile = policy
                    .profile(Some(&request.profile))
                    .map_err(|finding| Fault::refused(ErrorName::Refused, finding.code.as_str()))?;
                let approval = fresh(request, facts, profile, self.clock.now())?;
                match self.approvals.create(&approval).await? {
                    Saved::Yes => approval,
                    Saved::Conflict => {
                        let standing = self.approvals.find(request.id).await?;
                        standing.ok_or_else(|| Fault::transient("the approval was there and is gone"))?
                    }
                }
            }
        };
        let (expires_at, now) = (approval.expires_at, self.clock.now());
        change(&*self.requests, request.id, |row| row.ask_approvers(expires_at, now)).await?;
        Ok(approval)
    }

    /// Keeps the token, so that the outcome is reported to this task too.
    async fn keep(&self, id: RequestId, token: &TaskToken) -> Result<(), Fault> {
        change_approval(&*self.approvals, id, |approval| {
            approval.keep(token);
            Ok::<_, std::convert::Infallible>(())
        })
        .await?;
        Ok(())
    }

    /// Mails every approver who has no link yet. A link whose mail was not noted is made again: the first may never
    /// have left, and its key is known to nobody here. Both work.
    async fn mail_links(&self, request: &Request, facts: &Facts, approval: &Approval) -> Result<(), Fault> {
        let findings = self.findings(request).await?;
        for approver in &approval.approvers {
            let occasion = format!("approval/{approver}");
            if request.was_mailed(&occasion) || approval.outcome.is_some() {
                continue;
            }
            let key = LinkKey::random().map_err(|error| Fault::transient(error.to_string()))?;
            let now = self.clock.now();
            self.approvals
                .add_link(&Link {
                    digest: key.digest(),
                    request_id: request.id,
                    approver: approver.clone(),
                    created_at: workflow::request::whole_seconds(now),
                })
                .await?;
            let link = self.base_url.approval(&key);
            self.mailer
                .send(&mail::ask(request, facts, &findings, approver, &link, approval.expires_at))
                .await?;
            change(&*self.requests, request.id, |row| {
                row.mailed(&occasion, now);
                Ok::<_, Illegal>(())
            })
            .await?;
        }
        Ok(())
    }

    async fn findings(&self, request: &Request) -> Result<Vec<Finding>, Fault> {
        let policy = self.policies.current().await?;
        Ok(request.judged_by(&policy).map_or_else(|refusal| refusal.0, |judged| judged.findings))
    }

    /// Ends an approval whose time is over and carries a standing outcome to the row. `None` while undecided.
    async fn settle(&self, id: RequestId) -> Result<Option<Outcome>, Fault> {
        let now = self.clock.now();
        let settled = change_approval(&*self.approvals, id, |approval| {
            approval.expire(now);
            Ok::<_, std::convert::Infallible>(approval.decision())
        })
        .await?;
        let Some(Ok((_, Some(decision)))) = settled else {
            return Ok(None);
        };
        let outcome = decision.outcome;
        change(&*self.requests, id, |row| {
            match row.record_decision(decision.clone(), now) {
                // It ended otherwise meanwhile; the state machine will find that out by itself.
                Err(_) if row.status.is_terminal() => Ok(()),
                other => other,
            }
        })
        .await?;
        Ok(Some(outcome))
    }
}

fn fresh(
    request: &Request,
    facts: &Facts,
    profile: &Profile,
    now: time::OffsetDateTime,
) -> Result<Approval, Fault> {
    let electorate = Electorate::of(profile, &request.email)
        .map_err(|error| Fault::refused(ErrorName::NotApproved, error.to_string()))?;
    let digest = ApprovalDigest::of(request.id, &request.profile, facts);
    Ok(Approval::ask(request.id, digest, electorate, now, now + profile.limit()))
}
