//! Sign: issues the certificate of an approved request.
//!
//! Invariant: one request has one serial and one certificate, however often a step is repeated or killed. The serial
//! and the validity are reserved in the row before signing. The certificate is stored with a conditional write; a
//! second writer continues with the stored certificate, and the row takes its validity. Its names are in the index of
//! names before the row says that it is issued. The signed contents are the
//! approved contents, evaluated again under the policy and the issuer in force, built from the profile, linted, and read
//! back by two other libraries before they are stored. The worker also publishes revocation lists and
//! renews OCSP responders ([`lists`]), since it alone has the CA key.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use pki::certificate::{
    Approved, Certificate, LintError, Serial, Template, Validity, cross_check, issue, lint,
};
use pki::issuer::Issuer;
use serde::Serialize;
use workflow::certificate::{PublicationUrl, Shard, addresses};
use workflow::decision::ApprovalDigest;
use workflow::ids::IssuerId;
use workflow::message::RecheckMessage;
use workflow::policy::Policy;
use workflow::policy::evaluate::GrantedCsr;
use workflow::ports::{
    CertificateStore, Clock, Issuers, NameIndex, NameRow, OcspResponders, Policies, Requests,
    RevocationLists, Revocations,
};
use workflow::request::audit::Origin;
use workflow::request::renewal::approvers_in_force;
use workflow::request::{Request, Reservation, Status};
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step, StepError, Task};
use workflow::store::{ListPublisher, replaced_request, update_known_request};
use workflow::timestamp::rfc3339;

mod lists;

use lists::ListStep;
pub use lists::Listed;

/// The step.
pub struct Sign {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// The policy.
    pub policies: Arc<dyn Policies>,
    /// Issued certificates.
    pub certificates: Arc<dyn CertificateStore>,
    /// The index of names.
    pub names: Arc<dyn NameIndex>,
    /// Issuers with their keys.
    pub issuers: Arc<dyn Issuers>,
    /// Revoked certificates.
    pub revocations: Arc<dyn Revocations>,
    /// Published revocation lists.
    pub lists: Arc<dyn RevocationLists>,
    /// OCSP responders.
    pub responders: Arc<dyn OcspResponders>,
    /// The URL of what the stack publishes, for the addresses in certificates.
    pub publication_url: Option<PublicationUrl>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The certificate, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signed {
    /// The serial number in hex.
    pub serial: Serial,
    /// notAfter in RFC 3339.
    pub not_after: String,
}

/// The output of a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SignOutput {
    /// Of `Sign`.
    Signed(Signed),
    /// Of `PublishCrl`.
    Listed(Listed),
}

/// The states with tasks for this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignState {
    /// Issues the certificate.
    Sign,
    /// Publishes a list with the revoked certificate.
    PublishCrl,
}

workflow::wire_names!(SignState: "state" { Sign => "Sign", PublishCrl => "PublishCrl" });

#[async_trait]
impl Step for Sign {
    type State = SignState;
    type Input = NoInput;
    type Output = SignOutput;

    async fn run(&self, task: Task<SignState, NoInput>) -> Result<Progress<SignOutput>, StepError> {
        let id = task.request_id;
        let request = self.requests.find(id).await?.ok_or_else(|| StepError::not_found(id))?;
        Ok(Progress::Done(match task.state {
            SignState::Sign => SignOutput::Signed(self.sign(request).await?),
            SignState::PublishCrl => SignOutput::Listed(self.lists().publish_with(&request).await?),
        }))
    }

    async fn recheck(&self, message: RecheckMessage) -> Result<(), StepError> {
        let no_issuer = || StepError::refused(ErrorName::BadMessage, "this worker handles tasks and lists");
        self.lists().renew(&message.issuer.ok_or_else(no_issuer)?).await
    }
}

impl Sign {
    fn lists(&self) -> ListStep<'_> {
        ListStep {
            requests: &*self.requests,
            certificates: &*self.certificates,
            issuers: &*self.issuers,
            publisher: ListPublisher {
                revocations: &*self.revocations,
                lists: &*self.lists,
                url: self.publication_url.as_ref(),
            },
            responders: &*self.responders,
            now: self.clock.now(),
        }
    }

    async fn sign(&self, request: Request) -> Result<Signed, StepError> {
        let id = request.id();
        match (request.status(), request.reservation()) {
            (Status::Issued | Status::Delivered | Status::Revoked, Some(reserved)) => {
                return Ok(signed(reserved.serial.clone(), reserved.validity));
            }
            (Status::Approved, _) => {}
            (status, _) => {
                return Err(StepError::refused(ErrorName::NotApproved, format!("the request is {status}")));
            }
        }
        let policy = self.policies.for_csr(request.csr_content()).await?;
        let issuer = self.issuer().await?;
        let replaced = replaced_request(&*self.requests, &request).await?;
        let evaluated = approved(&request, replaced.as_ref(), &policy, &issuer)?;
        let (request, Reservation { serial, validity: reserved }) =
            self.reserve(request, &evaluated, &issuer).await?;
        let pem = match self.certificates.certificate(&serial).await? {
            Some(pem) => pem,
            None => self.make(&policy, &evaluated, &issuer, &serial, reserved).await?,
        };
        let stored = Certificate::from_pem(&pem).map_err(|error| {
            StepError::transient(format!("the stored certificate cannot be read: {error}"))
        })?;
        let (fingerprint, validity) = (stored.fingerprint(), stored.validity());
        // Names before the row: the index has every certificate that a row reports as issued.
        let rows = NameRow::of_certificate(&evaluated.grant.names, validity.not_after, id);
        self.names.enter(&rows).await?;
        let now = self.clock.now();
        let issued = |row: &mut Request| row.issued(&fingerprint, validity, now);
        update_known_request(&*self.requests, &request, &Origin::worker("sign"), issued).await?;
        tracing::info!(%serial, "issued certificate {serial} for request {id}");
        Ok(signed(serial, validity))
    }
}

/// The error of a certificate that cannot be signed: final if the request is the cause; transient if the cause is the
/// policy or the CA, which operators can correct before the retry.
fn unsignable(is_of_request: bool, why: String) -> StepError {
    if is_of_request { StepError::refused(ErrorName::Refused, why) } else { StepError::transient(why) }
}

fn signed(serial: Serial, validity: Validity) -> Signed {
    Signed { serial, not_after: rfc3339(validity.not_after) }
}

/// Evaluates the request again under the policy and the issuer in force, and compares the result with the approval.
/// `replaced` is the request that a renewal replaces.
fn approved(
    request: &Request,
    replaced: Option<&Request>,
    policy: &Policy,
    issuer: &Issuer,
) -> Result<GrantedCsr, StepError> {
    let not_approved = |why: &str| StepError::refused(ErrorName::NotApproved, why);
    let decision = request.decision().filter(|decision| decision.is_approval());
    let decision = decision.ok_or_else(|| not_approved("the request has no approval"))?;
    let evaluated = request.evaluate(policy, Some(issuer), replaced)?;
    let csr = evaluated.csr_summary();
    let binds = ApprovalDigest::of(request.id(), &evaluated.grant.profile, &csr, request.replaces());
    if binds != decision.digest {
        return Err(not_approved("the approval does not cover the certificate to be signed"));
    }
    // The policy may have become stricter since, and people may have left it. Escalation is not in the row: whoever voted
    // as an escalation approver was admitted then.
    let in_force = approvers_in_force(policy, &request.renewal_terms(&csr), replaced)
        .map_err(|finding| StepError::refused(ErrorName::Refused, finding.code.as_str()))?;
    if !in_force.missing_approvals(in_force.counted(&decision.votes, true)).is_empty() {
        let why = "the policy in force asks for approvals that the request does not have";
        return Err(StepError::refused(ErrorName::Refused, why));
    }
    Ok(evaluated)
}

impl Sign {
    async fn issuer(&self) -> Result<Issuer, StepError> {
        let issuer = self.issuers.in_force(&IssuerId::DEFAULT).await?;
        issuer.ok_or_else(|| StepError::transient("there is no CA yet; make one with: countersign ca init"))
    }

    /// Returns the row with its serial and validity; reserves them if the row has none.
    async fn reserve(
        &self,
        request: Request,
        evaluated: &GrantedCsr,
        issuer: &Issuer,
    ) -> Result<(Request, Reservation), StepError> {
        if let Some(reservation) = request.reservation().cloned() {
            return Ok((request, reservation));
        }
        let serial =
            Serial::random(&SystemRandom::new()).map_err(|error| StepError::transient(error.to_string()))?;
        let validity = Validity::choose(self.clock.now(), evaluated.grant.validity_days, issuer)
            .map_err(|error| StepError::transient(format!("the validity cannot be chosen: {error}")))?;
        let now = self.clock.now();
        let reserve = |row: &mut Request| row.reserve(serial.clone(), validity, now);
        let updated =
            update_known_request(&*self.requests, &request, &Origin::worker("sign"), reserve).await?;
        Ok((updated.row, updated.value))
    }

    /// Issues and stores the certificate. Returns the stored certificate; an earlier writer may have stored it.
    async fn make(
        &self,
        policy: &Policy,
        evaluated: &GrantedCsr,
        issuer: &Issuer,
        serial: &Serial,
        reserved: Validity,
    ) -> Result<String, StepError> {
        let signer = self.issuers.signer(issuer).await?;
        // The CA or the policy may have changed since the reservation.
        let validity = reserved
            .refit(self.clock.now(), evaluated.grant.validity_days, issuer)
            .map_err(|error| StepError::transient(format!("the validity cannot be chosen: {error}")))?;
        let shard = Shard::of_serial(serial, policy.list_shards());
        self.lists().publish_shards(&*signer, issuer, shard).await?;
        let contents = evaluated.grant.contents();
        let template = Template {
            csr: &evaluated.csr,
            contents: &contents,
            issuer,
            algorithm: signer.algorithm(),
            serial,
            validity: &validity,
            publication: &addresses(policy.publication(), self.publication_url.as_ref(), issuer, shard),
        };
        let tbs = template.build().map_err(|error| {
            unsignable(error.is_of_request(), format!("the certificate cannot be built: {error}"))
        })?;
        let linted = lint(tbs, issuer, &evaluated.csr, &contents).map_err(|errors| {
            let rules: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let why = format!("the certificate does not pass the linter: {}", rules.join("; "));
            // One fault of the request is enough: a retry cannot pass.
            unsignable(errors.iter().any(LintError::is_of_request), why)
        })?;
        let certificate =
            issue(&*signer, linted).await.map_err(|error| StepError::transient(error.to_string()))?;
        let approved =
            Approved { csr: &evaluated.csr, contents: &contents, issuer, serial, validity: &validity };
        cross_check(&certificate, &approved).map_err(|error| {
            let why = format!("the signed certificate is not stored: {error}");
            StepError::refused(ErrorName::NotApproved, why)
        })?;
        Ok(self.certificates.store(serial, &certificate.pem()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_request_is_final_and_one_of_the_configuration_is_not() {
        assert!(matches!(
            unsignable(true, "the public key cannot be encoded".into()),
            StepError::Refused { code: ErrorName::Refused, .. }
        ));
        assert!(matches!(
            unsignable(false, "the address cannot be encoded".into()),
            StepError::Transient { .. }
        ));
    }
}
