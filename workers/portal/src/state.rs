//! The ports and settings of all handlers.

use std::sync::Arc;

use workflow::approval::BaseUrl;
use workflow::approval::credentials::ProgramCredentials;
use workflow::approval::ending::EndOrders;
use workflow::approval::questions::Questions;
use workflow::approval::resending::LinkResending;
use workflow::approval::voting::Voting;
use workflow::approval::withdrawal::Withdrawal;
use workflow::certificate::revoking::RevocationIntake;
use workflow::ports::{
    Approvals, AuditTrails, CertificateStore, Clock, ExecutionHistory, Executions, IdentityProvider, Issuers,
    LinkSecrets, Metrics, NameIndex, People, Policies, Receipts, Requests, RevocationLists,
    StandingApprovals, WorkerQueue,
};
use workflow::request::download::CertificateDownload;
use workflow::request::intake::Intake;

/// The ports and settings of the web front.
pub struct Portal {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// The index from names to requests.
    pub names: Arc<dyn NameIndex>,
    /// Standing approvals. The portal reads them, and sign writes them.
    pub standing: Arc<dyn StandingApprovals>,
    /// Links and votes.
    pub approvals: Arc<dyn Approvals>,
    /// Issued certificates.
    pub certificates: Arc<dyn CertificateStore>,
    /// Issuers, in force and former.
    pub issuers: Arc<dyn Issuers>,
    /// The receipts of certificates.
    pub receipts: Arc<dyn Receipts>,
    /// Audit trails, for the console.
    pub trails: Arc<dyn AuditTrails>,
    /// Published revocation lists, for the console. The portal reads them, and sign publishes them.
    pub lists: Arc<dyn RevocationLists>,
    /// Histories of executions, for the console.
    pub history: Arc<dyn ExecutionHistory>,
    /// The policy.
    pub policies: Arc<dyn Policies>,
    /// The link secret.
    pub links: Arc<dyn LinkSecrets>,
    /// The base URL of the web front.
    pub base_url: BaseUrl,
    /// Starts executions.
    pub executions: Arc<dyn Executions>,
    /// Starts executions of revocations.
    pub revocation_executions: Arc<dyn Executions>,
    /// The queue of await-approval: a re-check after each vote.
    pub approval_queue: Arc<dyn WorkerQueue>,
    /// The queue of notify: mails on demand.
    pub notify_queue: Arc<dyn WorkerQueue>,
    /// The queue of sign: proofs of enrolments, the keys of the identity provider, and ends of standing approvals.
    pub sign_queue: Arc<dyn WorkerQueue>,
    /// The passkeys of approvers.
    pub people: Arc<dyn People>,
    /// The identity provider at which approvers and requesters sign in.
    pub provider: Arc<dyn IdentityProvider>,
    /// Counts submissions.
    pub metrics: Arc<dyn Metrics>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Portal {
    /// The intake of requests.
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

    /// The credentials of standing approvals.
    pub(crate) fn credentials(&self) -> ProgramCredentials<'_> {
        ProgramCredentials {
            requests: &*self.requests,
            standing: &*self.standing,
            policies: &*self.policies,
            links: &*self.links,
            clock: &*self.clock,
        }
    }

    /// Ends of standing approvals by their requesters.
    pub(crate) fn end_orders(&self) -> EndOrders<'_> {
        EndOrders {
            requests: &*self.requests,
            standing: &*self.standing,
            sign_queue: &*self.sign_queue,
            clock: &*self.clock,
        }
    }

    /// New links by operators.
    pub(crate) fn resending(&self) -> LinkResending<'_> {
        LinkResending {
            requests: &*self.requests,
            approvals: &*self.approvals,
            trails: &*self.trails,
            approval_queue: &*self.approval_queue,
            clock: &*self.clock,
        }
    }

    /// Withdrawals by requesters.
    pub(crate) fn withdrawal(&self) -> Withdrawal<'_> {
        Withdrawal {
            requests: &*self.requests,
            approvals: &*self.approvals,
            approval_queue: &*self.approval_queue,
            clock: &*self.clock,
        }
    }

    /// Revocations of certificates.
    pub(crate) fn revocations(&self) -> RevocationIntake<'_> {
        RevocationIntake {
            requests: &*self.requests,
            executions: &*self.revocation_executions,
            clock: &*self.clock,
        }
    }

    /// CertificateDownload of certificates.
    pub(crate) fn downloads(&self) -> CertificateDownload<'_> {
        CertificateDownload {
            requests: &*self.requests,
            certificates: &*self.certificates,
            issuers: &*self.issuers,
            receipts: &*self.receipts,
            clock: &*self.clock,
        }
    }

    /// Questions of approvers, and the answers.
    pub(crate) fn questions(&self) -> Questions<'_> {
        Questions {
            requests: &*self.requests,
            approvals: &*self.approvals,
            approval_queue: &*self.approval_queue,
            clock: &*self.clock,
        }
    }

    /// Voting by links.
    pub(crate) fn voting(&self) -> Voting<'_> {
        Voting {
            requests: &*self.requests,
            names: &*self.names,
            approvals: &*self.approvals,
            issuers: &*self.issuers,
            policies: &*self.policies,
            people: &*self.people,
            base_url: &self.base_url,
            approval_queue: &*self.approval_queue,
            clock: &*self.clock,
        }
    }
}
