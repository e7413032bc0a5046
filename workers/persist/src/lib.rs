//! Persist: writes the summary of the validated CSR to the row, once, the ending of a request without a certificate, and
//! revocations. The terms of a standing approval are in the row from the start.
//!
//! Invariant: the summary comes from the CSR in the row, never from a message; the message only names the validated
//! CSR or terms. A recorded ending is never overwritten: a later failure leaves it unchanged.

use std::sync::Arc;

use async_trait::async_trait;
use pki::certificate::Certificate;
use pki::crl::RevocationReason;
use pki::issuer::Issuer;
use serde::{Deserialize, Serialize};
use workflow::approval::standing::StandingError;
use workflow::decision;
use workflow::ids::{IssuerId, RequestId};
use workflow::policy::Policy;
use workflow::policy::evaluate::{GrantedCsr, PolicyRejection};
use workflow::ports::{
    CertificateStore, Clock, CompromisedKeys, Issuers, Metrics, NameIndex, NameRow, Policies, Requests,
    RevocationWriter,
};
use workflow::request::audit::Origin;
use workflow::request::metric::{Measure, RequestOutcome};
use workflow::request::{Ending, InvalidTransition, Request, RequestContent, Status, attempt_of};
use workflow::runtime::step::{ErrorName, Progress, Step, StepError, Task};
use workflow::store::{Updated, record_revocation, replaced_request, update_known_request};
use workflow::texts::Wording;

/// The step.
pub struct Persist {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// The index from names to requests.
    pub names: Arc<dyn NameIndex>,
    /// The policy.
    pub policies: Arc<dyn Policies>,
    /// The CA certificate.
    pub issuers: Arc<dyn Issuers>,
    /// Issued certificates.
    pub certificates: Arc<dyn CertificateStore>,
    /// Compromised keys, which get no certificate again.
    pub compromised_keys: Arc<dyn CompromisedKeys>,
    /// The table of revoked certificates.
    pub revocations: Arc<dyn RevocationWriter>,
    /// Counts endings.
    pub metrics: Arc<dyn Metrics>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The input of a state, besides the request id.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersistInput {
    /// Persist: the digest of the validated CSR, or of the terms.
    pub csr_digest: Option<String>,
    /// RecordFailure: the error's name.
    pub error: Option<String>,
    /// RecordRefusal: the message of the error.
    pub cause: Option<String>,
}

/// The output of a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersistOutput {
    /// Persist: the standing approval above the request, so that no approver is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered_by: Option<RequestId>,
}

/// The states with tasks for this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersistState {
    /// Stores the summary of the validated CSR.
    Persist,
    /// The policy does not allow the request.
    RecordRefusal,
    /// The decision is a rejection by an approver or a withdrawal by the requester.
    RecordRejection,
    /// The approval period is over.
    RecordExpiry,
    /// A step failed for good.
    RecordFailure,
    /// A revocation was accepted.
    RecordRevocation,
}

workflow::wire_names!(PersistState: "state" {
    Persist => "Persist",
    RecordRefusal => "RecordRefusal",
    RecordRejection => "RecordRejection",
    RecordExpiry => "RecordExpiry",
    RecordFailure => "RecordFailure",
    RecordRevocation => "RecordRevocation",
});

#[async_trait]
impl Step for Persist {
    type State = PersistState;
    type Input = PersistInput;
    type Output = PersistOutput;

    async fn run(
        &self,
        task: Task<PersistState, PersistInput>,
    ) -> Result<Progress<PersistOutput>, StepError> {
        let id = task.request_id;
        let request = self.requests.find(id).await?.ok_or_else(|| StepError::not_found(id))?;
        let mut output = PersistOutput::default();
        match task.state {
            PersistState::Persist => {
                self.store(&request, task.input.csr_digest.as_deref()).await?;
                output.covered_by = request.standing();
            }
            PersistState::RecordRefusal => {
                let refusal = self.refusal(&request, task.input.cause.as_deref()).await?;
                self.end(&request, refusal).await?;
            }
            PersistState::RecordRejection => self.end(&request, rejection(&request)).await?,
            PersistState::RecordExpiry => self.end(&request, expiry(&request)).await?,
            // Out of date: the request has been restarted since.
            PersistState::RecordFailure if attempt_of(&task.execution) < request.execution().attempt => {
                tracing::warn!(
                    execution = task.execution,
                    "request {id} has a later execution; the failure of this one is not recorded"
                );
            }
            PersistState::RecordFailure => {
                tracing::error!(cause = task.input.error, "request {id} failed");
                self.end(&request, failure()).await?;
            }
            PersistState::RecordRevocation => self.revoke(&request).await?,
        }
        Ok(Progress::Done(output))
    }
}

impl Persist {
    /// Stores what follows from the content; `validated` is the digest of the content that Validate read.
    async fn store(&self, request: &Request, validated: Option<&str>) -> Result<(), StepError> {
        match request.content() {
            RequestContent::Certificate(_) => self.store_csr(request, validated).await,
            // The row has the terms from the start.
            RequestContent::Standing(_) => ensure_validated(validated, &request.submitted_digest()),
        }
    }

    /// Stores the summary of the CSR, and that nobody is asked if a standing approval is above the request; `validated` is the
    /// digest of the CSR that Validate read.
    async fn store_csr(&self, request: &Request, validated: Option<&str>) -> Result<(), StepError> {
        let (csr, checked_key, policy_version) = match request.csr() {
            Some(csr) => (csr.clone(), None, request.policy_version().to_owned()),
            None => {
                let (policy, evaluated) = self.evaluated(request).await?;
                let evaluated = evaluated?;
                (evaluated.csr_summary(), Some(evaluated.checked_key), policy.version().to_owned())
            }
        };
        ensure_validated(validated, &csr.csr_digest)?;
        // Names before the row: a row with a CSR summary is always in the index of names.
        self.names.enter(&NameRow::of_request(&csr.names, request.id())).await?;
        let now = self.clock.now();
        update_known_request(&*self.requests, request, &Origin::worker("persist"), |row| {
            row.record_csr(csr.clone(), checked_key.clone(), &policy_version, now);
            // In one write: whoever reads the summary knows whether approvers are asked.
            if row.standing().is_some() { row.cover(now) } else { Ok::<_, InvalidTransition>(()) }
        })
        .await?;
        tracing::info!("stored the CSR summary of request {}", request.id());
        Ok(())
    }

    /// The refusal with its texts, computed again from the content of the row: the execution carries codes only. What a
    /// standing approval does not cover is refused by Sign alone, whose cause is one of a few known ones.
    async fn refusal(&self, request: &Request, cause: Option<&str>) -> Result<Ending, StepError> {
        let evaluated = match request.content() {
            RequestContent::Certificate(_) => self.evaluated(request).await?.1.err(),
            RequestContent::Standing(_) => {
                let (policy, issuer) = self.policy_and_issuer(request).await?;
                request.evaluate_terms(&policy, issuer.as_ref()).err()
            }
        };
        let over = request.standing().map(|_| {
            let over = cause.and_then(StandingError::of_text).unwrap_or(StandingError::NotAllowed);
            PolicyRejection(vec![over.finding()])
        });
        let refusal = evaluated.or(over);
        let main = refusal.as_ref().and_then(PolicyRejection::main);
        Ok(Ending {
            status: Status::Refused,
            reason: main.map_or_else(
                || {
                    "The policy in force when the request was checked didn't allow it. Please send it again."
                        .to_owned()
                },
                |finding| finding.detail.clone(),
            ),
            code: main.map(|finding| finding.code),
            findings: refusal.clone().map(|refusal| refusal.0).unwrap_or_default(),
        })
    }

    async fn evaluated(
        &self,
        request: &Request,
    ) -> Result<(Arc<Policy>, Result<GrantedCsr, PolicyRejection>), StepError> {
        let (policy, issuer) = self.policy_and_issuer(request).await?;
        let replaced = replaced_request(&*self.requests, request).await?;
        let evaluated = request.evaluate(&policy, issuer.as_ref(), replaced.as_ref());
        Ok((policy, evaluated))
    }

    async fn policy_and_issuer(&self, request: &Request) -> Result<(Arc<Policy>, Option<Issuer>), StepError> {
        let policy = self.policies.for_request(request).await?;
        Ok((policy, self.issuers.in_force(&IssuerId::DEFAULT).await?))
    }

    async fn end(&self, request: &Request, ending: Ending) -> Result<(), StepError> {
        let status = ending.status;
        let now = self.clock.now();
        let Updated { row, value: before } =
            update_known_request(&*self.requests, request, &Origin::worker("persist"), |row| {
                let before = row.status();
                match row.end(ending.clone(), now) {
                    // The request has already ended; keep the recorded outcome.
                    Err(_) if row.status().is_terminal() => Ok(before),
                    other => other.map(|()| before),
                }
            })
            .await?;
        if let Some(outcome) = RequestOutcome::between(before, row.status()) {
            self.metrics.record(Measure::Ended(outcome));
        }
        tracing::info!(%status, "recorded that request {} is {status}", request.id());
        Ok(())
    }
}

impl Persist {
    /// Records the revocation that the row has accepted.
    async fn revoke(&self, request: &Request) -> Result<(), StepError> {
        let id = request.id();
        let serial = request.serial().filter(|_| request.is_signed()).ok_or_else(|| {
            StepError::refused(ErrorName::BadMessage, "the request has no certificate that could be revoked")
        })?;
        let missing = || StepError::transient(format!("the certificate {serial} is not in the bucket"));
        let pem = self.certificates.certificate(serial).await?.ok_or_else(missing)?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| {
            StepError::transient(format!("the stored certificate cannot be read: {error}"))
        })?;
        let issuer = certificate
            .authority_key_identifier()
            .ok_or_else(|| StepError::transient("the stored certificate has no authority key identifier"))?;
        // Before the revocation: whoever reads that it is done can rely on it.
        if request.revocation().is_some_and(|it| it.reason == RevocationReason::KeyCompromise) {
            self.compromised_keys.record(&certificate.public_key_digest()).await?;
        }
        let (origin, now) = (Origin::worker("persist"), self.clock.now());
        record_revocation(&*self.requests, &*self.revocations, id, &issuer, &origin, now).await?;
        tracing::info!(%serial, "recorded that certificate {serial} of request {id} is revoked");
        Ok(())
    }
}

/// Checks that Validate read the content of the row.
fn ensure_validated(validated: Option<&str>, digest: &str) -> Result<(), StepError> {
    match validated.is_none_or(|validated| validated == digest) {
        true => Ok(()),
        false => {
            let why = "the validated CSR or terms are not those in the row";
            Err(StepError::refused(ErrorName::BadMessage, why))
        }
    }
}

fn rejection(request: &Request) -> Ending {
    let decision = request.decision().filter(|decision| decision.outcome == decision::Outcome::Rejected);
    if request.is_withdrawn() {
        return Ending::because(Status::Withdrawn, "You withdrew the request.");
    }
    let reason = decision.and_then(|decision| decision.rejection_reason());
    Ending::because(Status::Rejected, reason.unwrap_or("The approver gave no reason."))
}

fn expiry(request: &Request) -> Ending {
    let when = request
        .expires_at()
        .map_or_else(|| "in time".to_owned(), |at| format!("by {}", Wording::default().instant_of_week(at)));
    let advice = "Let an approver know you're waiting, then send the request again.";
    Ending::because(Status::Expired, format!("No decision was made {when}. {advice}"))
}

fn failure() -> Ending {
    Ending::because(
        Status::Failed,
        "Something went wrong on our side. The operators have been told and will look into it.",
    )
}
