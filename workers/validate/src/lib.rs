//! Validate: reads the CSR of a request, proves possession of the key, and applies the policy; or applies it to the terms of a
//! standing approval.
//!
//! Invariant: the input is hostile, so the worker has no write access, and its output is only the digest of what it read and
//! the version of the policy. A decided request is not evaluated again here; Sign evaluates it under the policy then in
//! force.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use workflow::ids::IssuerId;
use workflow::ports::{Issuers, Policies, Requests};
use workflow::request::{Request, RequestContent, Status};
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step, StepError, Task};
use workflow::store::replaced_request;

/// The step.
pub struct Validate {
    /// The rows, with the CSR.
    pub requests: Arc<dyn Requests>,
    /// The policy.
    pub policies: Arc<dyn Policies>,
    /// The CA certificate; its name constraints limit the names.
    pub issuers: Arc<dyn Issuers>,
}

/// The result of the validation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Validated {
    /// Lower-case hex SHA-256 of the CSR's DER, or of the terms ([`Request::validated_digest`]).
    pub csr_digest: String,
    /// The version of the applied policy.
    pub policy_version: String,
}

/// The state with tasks for this worker.
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
            Status::Submitted => self.evaluate(&request).await.map(Progress::Done),
            Status::Refused => {
                Err(StepError::refused(ErrorName::Refused, request.reason().unwrap_or_default()))
            }
            // For operators: an execution only for the final notification has this reason in its history.
            Status::Failed => {
                let why = request.reason().unwrap_or_default();
                Err(StepError::refused(ErrorName::Ended, format!("the request has failed. {why}")))
            }
            Status::Revoked => Err(StepError::refused(ErrorName::Ended, "the request is revoked")),
            _ => match request.validated_digest() {
                Some(csr_digest) => Ok(Progress::Done(Validated {
                    csr_digest,
                    policy_version: request.policy_version().to_owned(),
                })),
                None => {
                    let why = format!("the request is {}, but has no CSR summary", request.status());
                    Err(StepError::refused(ErrorName::Ended, why))
                }
            },
        }
    }
}

impl Validate {
    async fn evaluate(&self, request: &Request) -> Result<Validated, StepError> {
        let policy = self.policies.for_request(request).await?;
        let issuer = self.issuers.in_force(&IssuerId::DEFAULT).await?;
        let csr_digest = match request.content() {
            RequestContent::Certificate(_) => {
                let replaced = replaced_request(&*self.requests, request).await?;
                request.evaluate(&policy, issuer.as_ref(), replaced.as_ref())?.csr.digest()
            }
            RequestContent::Standing(_) => {
                request.evaluate_terms(&policy, issuer.as_ref())?;
                request.submitted_digest()
            }
        };
        tracing::info!(policy.version = policy.version(), "validated request {}", request.id());
        Ok(Validated { csr_digest, policy_version: policy.version().to_owned() })
    }
}
