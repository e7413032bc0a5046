//! Requests under standing approvals, by the intake of all requests.

use std::sync::Arc;

use async_trait::async_trait;
use workflow::approval::BaseUrl;
use workflow::ids::IssuerId;
use workflow::ports::{
    Clock, Executions, Issuers, LinkSecrets, People, Policies, PortError, Requests, StandingApprovals,
    WorkerQueue,
};
use workflow::request::intake::{InputError, Intake, IntakeError, NewRequest, OpenedStanding};
use workflow::texts::Language;

use crate::issuance::{StandingIntake, StandingOrder, SubmissionResult};

/// The ports of intake.
pub struct StandingRequests {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// Standing approvals.
    pub standing: Arc<dyn StandingApprovals>,
    /// The policy.
    pub policies: Arc<dyn Policies>,
    /// Issuers.
    pub issuers: Arc<dyn Issuers>,
    /// Starts executions.
    pub executions: Arc<dyn Executions>,
    /// The queue of notify: a requester confirms an extension. Nothing is sent to it for a request under a standing approval.
    pub notify_queue: Arc<dyn WorkerQueue>,
    /// The link secret.
    pub links: Arc<dyn LinkSecrets>,
    /// The keys of the identity provider. None are read for a request under a standing approval.
    pub people: Arc<dyn People>,
    /// The public base URL.
    pub base_url: BaseUrl,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl StandingRequests {
    pub(crate) fn intake(&self) -> Intake<'_> {
        Intake {
            requests: &*self.requests,
            executions: &*self.executions,
            notify_queue: &*self.notify_queue,
            links: &*self.links,
            people: &*self.people,
            base_url: &self.base_url,
            clock: &*self.clock,
        }
    }
}

#[async_trait]
impl StandingIntake for StandingRequests {
    async fn submit(&self, order: &StandingOrder) -> Result<SubmissionResult, PortError> {
        let gone = || PortError { what: "read the standing approval", cause: "the row is gone".into() };
        let approval = self.standing.find(order.standing).await?.ok_or_else(gone)?;
        let policy = self.policies.for_csr(&order.csr).await?;
        let issuer = self.issuers.in_force(&IssuerId::DEFAULT).await?;
        // The account that ordered is bound by a credential of the standing approval, or of the one that it extends.
        let opened = OpenedStanding { approval, at: self.clock.now() };
        let new = NewRequest::under(opened, order.csr.clone(), Language::default());
        let checked = match new.check(&policy, issuer.as_ref()) {
            Ok(checked) => checked.with_id(order.request_id),
            Err(errors) => return Ok(SubmissionResult::Refused(in_words(&errors))),
        };
        match self.intake().submit(checked, &policy, &order.by).await {
            Ok(_) => Ok(SubmissionResult::Stored),
            Err(IntakeError::Port(error)) => Err(error),
            Err(error @ IntakeError::Contended) => {
                Err(PortError::new("submit the request of an order", error))
            }
            Err(
                error @ (IntakeError::TooManyUndecided { .. }
                | IntakeError::TooManyInAnHour { .. }
                | IntakeError::KeyReused(_)
                | IntakeError::StandingOver(_)),
            ) => Ok(SubmissionResult::Refused(error.to_string())),
        }
    }
}

/// The findings about a submission, in English.
pub(crate) fn in_words(errors: &[InputError]) -> String {
    let details: Vec<&str> = errors.iter().map(|error| error.finding.detail.as_str()).collect();
    details.join(" ")
}
