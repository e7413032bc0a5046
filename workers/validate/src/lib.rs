//! Validate: reads the CSR of a request, proves possession of the key, and applies the policy.
//!
//! Invariant: the input is hostile, and the worker has no write access; its output is no more than two digests, of the
//! CSR and of the policy. A decided request is not evaluated here again; Sign evaluates it under the policy then in
//! force.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use workflow::ids::IssuerId;
use workflow::ports::{Issuers, Policies, Requests};
use workflow::request::{Request, Status};
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step, StepError, Task};

/// The step.
pub struct Validate {
    /// The rows, with the CSR.
    pub requests: Arc<dyn Requests>,
    /// The policy.
    pub policies: Arc<dyn Policies>,
    /// The CA certificate, whose name constraints limit the names.
    pub issuers: Arc<dyn Issuers>,
}

/// The result of the validation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Validated {
    /// Lower-case hex SHA-256 of the CSR's DER.
    pub csr_digest: String,
    /// The version of the applied policy.
    pub policy_version: String,
}

/// The state that sends to this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidateState {
    /// `Validate`.
    Validate,
}

workflow::wire_names!(ValidateState: "state" { Validate => "Validate" });

#[async_trait]
impl Step for Validate {
    type State = ValidateState;
    type Input = NoInput;
    type Output = Validated;

    async fn run(&self, task: Task<ValidateState, NoInput>) -> Result<Progress<Validated>, StepError> {
        let id = task.request_id;
        let request = self.requests.find(id).await?.ok_or_else(|| StepError::not_found(id))?;
        match request.status() {
            Status::Submitted => self.judge(&request).await.map(Progress::Done),
            Status::Refused => {
                Err(StepError::refused(ErrorName::Refused, request.reason().unwrap_or_default()))
            }
            // For operators: the history of an execution that was started only to notify the requester shows this
            // reason.
            Status::Failed => {
                let why = request.reason().unwrap_or_default();
                Err(StepError::refused(ErrorName::Ended, format!("the request is failed. {why}")))
            }
            Status::Revoked => Err(StepError::refused(ErrorName::Ended, "the request is revoked")),
            _ => match request.csr().map(|csr| csr.csr_digest.clone()) {
                Some(csr_digest) => Ok(Progress::Done(Validated {
                    csr_digest,
                    policy_version: request.policy_version().to_owned(),
                })),
                None => {
                    Err(StepError::refused(ErrorName::Ended, format!("{} without facts", request.status())))
                }
            },
        }
    }
}

impl Validate {
    async fn judge(&self, request: &Request) -> Result<Validated, StepError> {
        let policy = self.policies.current().await?;
        let issuer = self.issuers.in_force(&IssuerId::DEFAULT).await?;
        let judged = request.evaluate(&policy, issuer.as_ref())?;
        tracing::info!(policy.version = policy.version(), "valid");
        Ok(Validated { csr_digest: judged.csr.digest(), policy_version: policy.version().to_owned() })
    }
}
