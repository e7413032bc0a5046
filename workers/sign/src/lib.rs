//! Sign: issues the certificate of an approved request, or creates the standing approval that it asks for ([`terms`]).
//!
//! Invariant: one request has one serial and one certificate, however often a step is repeated or killed. The serial
//! and the validity are reserved in the row before signing. The certificate is stored with a conditional write; a
//! second writer continues with the stored certificate, and the row takes its validity. Its names are in the index of
//! names before the row says that it is issued. The signed contents are the
//! approved contents ([`coverage`]), evaluated again under the policy and the issuer in force, built from the profile, linted,
//! and read back by two other libraries before they are stored. The worker also publishes revocation lists and
//! renews OCSP responders ([`lists`]), since it alone has the CA key, adds passkeys ([`enrolments`]) and the keys of
//! identity providers ([`provider_keys`]), since it relies on them, and ends standing approvals ([`ends`]), since it alone writes
//! their table.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use pki::certificate::{Certificate, CertificateError, Serial, Validity};
use pki::issuer::Issuer;
use serde::Serialize;
use workflow::approval::BaseUrl;
use workflow::approval::coverage::{Covered, Issuing};
use workflow::certificate::{PublicationUrl, Shard, addresses};
use workflow::ids::IssuerId;
use workflow::message::RecheckMessage;
use workflow::policy::Policy;
use workflow::ports::{
    CertificateListing, CertificateStore, Clock, IdentityProvider, Issuers, NameIndex, NameRow,
    OcspResponders, PeopleWriter, Policies, Requests, RevocationLists, Revocations, StandingApprovals,
    StandingEndWriter,
};
use workflow::request::audit::Origin;
use workflow::request::{Request, RequestContent, Reservation, Status};
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step, StepError, Task};
use workflow::store::{ListPublisher, update_known_request};
use workflow::timestamp::rfc3339;

mod coverage;
mod ends;
mod enrolments;
mod lists;
mod provider_keys;
mod terms;

use ends::EndStep;
use enrolments::EnrolmentStep;
use lists::ListStep;
pub use lists::Listed;
use provider_keys::ProviderKeyStep;
pub use terms::Granted;

/// The step.
pub struct Sign {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// Standing approvals and their uses.
    pub standing: Arc<dyn StandingApprovals>,
    /// The ends of standing approvals.
    pub standing_ends: Arc<dyn StandingEndWriter>,
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
    /// The passkeys of approvers, and enrolments.
    pub people: Arc<dyn PeopleWriter>,
    /// The identity provider, for its keys.
    pub provider: Arc<dyn IdentityProvider>,
    /// The public base URL, which passkeys sign.
    pub base_url: BaseUrl,
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
    /// Of `Sign`, for a certificate.
    Signed(Signed),
    /// Of `Sign`, for a standing approval.
    Granted(Granted),
    /// Of `PublishCrl`.
    Listed(Listed),
}

/// The states with tasks for this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignState {
    /// Issues the certificate, or creates the standing approval.
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
            SignState::Sign => match request.content() {
                RequestContent::Certificate(_) => SignOutput::Signed(self.sign(request).await?),
                RequestContent::Standing(_) => SignOutput::Granted(self.grant(&request).await?),
            },
            SignState::PublishCrl => SignOutput::Listed(self.lists().publish_with(&request).await?),
        }))
    }

    async fn recheck(&self, message: RecheckMessage) -> Result<(), StepError> {
        if let Some(proof) = message.enrolment {
            return self.enrolments().check(*proof).await;
        }
        if message.provider_keys {
            return self.provider_keys().fetch().await;
        }
        if message.end_standing {
            return self.ends().end(message.request_id).await;
        }
        let no_issuer = || {
            let why = "this worker handles tasks, lists, enrolments, keys and ends of standing approvals";
            StepError::refused(ErrorName::BadMessage, why)
        };
        self.lists().renew(&message.issuer.ok_or_else(no_issuer)?).await
    }
}

impl Sign {
    fn enrolments(&self) -> EnrolmentStep<'_> {
        EnrolmentStep {
            people: &*self.people,
            policies: &*self.policies,
            base_url: &self.base_url,
            now: self.clock.now(),
        }
    }

    fn ends(&self) -> EndStep<'_> {
        EndStep {
            requests: &*self.requests,
            standing: &*self.standing,
            writer: &*self.standing_ends,
            now: self.clock.now(),
        }
    }

    fn provider_keys(&self) -> ProviderKeyStep<'_> {
        ProviderKeyStep {
            people: &*self.people,
            policies: &*self.policies,
            provider: &*self.provider,
            now: self.clock.now(),
        }
    }

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
        match (request.status(), request.reservation()) {
            (Status::Issued | Status::Delivered | Status::Revoked, Some(reserved)) => {
                return Ok(signed(reserved.serial.clone(), reserved.validity));
            }
            (Status::Approved, _) => {}
            (status, _) => {
                return Err(StepError::refused(ErrorName::NotApproved, format!("the request is {status}")));
            }
        }
        // Signed by an earlier run, whose approval covered it. What changed since is about the next certificate: a refusal now
        // would leave a valid one that nobody knows.
        if let Some(stored) = self.stored(&request).await? {
            return self.finish(&request, &stored).await;
        }
        let policy = self.policies.for_request(&request).await?;
        let issuer = self.issuer().await?;
        let covered = self.covered(&request, &policy, &issuer).await?;
        let (request, Reservation { serial, validity: reserved }) =
            self.reserve(request, &covered, &issuer).await?;
        let pem = match self.certificates.certificate(&serial).await? {
            Some(pem) => pem,
            None => self.make(&policy, &covered, &issuer, &serial, reserved).await?,
        };
        self.finish(&request, &read(&pem)?).await
    }

    /// The certificate of the reserved serial, if it is stored and for the key of the request.
    async fn stored(&self, request: &Request) -> Result<Option<Certificate>, StepError> {
        let Some(reservation) = request.reservation() else { return Ok(None) };
        let Some(pem) = self.certificates.certificate(&reservation.serial).await? else { return Ok(None) };
        let stored = read(&pem)?;
        let is_own = request.csr().is_some_and(|csr| csr.public_key_digest == stored.public_key_digest());
        Ok(is_own.then_some(stored))
    }

    /// Writes a stored certificate into the index of names and into the row.
    async fn finish(&self, request: &Request, stored: &Certificate) -> Result<Signed, StepError> {
        let (id, serial) = (request.id(), stored.serial());
        let (fingerprint, validity) = (stored.fingerprint(), stored.validity());
        let names = stored.names().map_err(unreadable)?;
        // Names before the row: the index has every certificate that a row reports as issued.
        let issuer = stored.authority_key_identifier();
        let listing = CertificateListing {
            names: &names,
            not_after: validity.not_after,
            id,
            requester: request.email(),
            profile: request.profile(),
            issuer: issuer.as_deref(),
        };
        let of_names = NameRow::of_certificate(&names, validity.not_after, id);
        self.names.enter(&[of_names, NameRow::of_lists(&listing)].concat()).await?;
        let now = self.clock.now();
        let issued = |row: &mut Request| row.issued(&fingerprint, validity, now);
        update_known_request(&*self.requests, request, &Origin::worker("sign"), issued).await?;
        tracing::info!(%serial, "issued certificate {serial} for request {id}");
        Ok(signed(serial.clone(), validity))
    }
}

fn read(pem: &str) -> Result<Certificate, StepError> {
    Certificate::from_pem(pem).map_err(unreadable)
}

fn unreadable(error: CertificateError) -> StepError {
    StepError::transient(format!("the stored certificate cannot be read: {error}"))
}

fn signed(serial: Serial, validity: Validity) -> Signed {
    Signed { serial, not_after: rfc3339(validity.not_after) }
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
        covered: &Covered,
        issuer: &Issuer,
    ) -> Result<(Request, Reservation), StepError> {
        if let Some(reservation) = request.reservation().cloned() {
            return Ok((request, reservation));
        }
        let serial =
            Serial::random(&SystemRandom::new()).map_err(|error| StepError::transient(error.to_string()))?;
        let validity = Validity::choose(self.clock.now(), covered.grant().validity_days, issuer)
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
        covered: &Covered,
        issuer: &Issuer,
        serial: &Serial,
        reserved: Validity,
    ) -> Result<String, StepError> {
        let signer = self.issuers.signer(issuer).await?;
        // The CA or the policy may have changed since the reservation.
        let validity = reserved
            .refit(self.clock.now(), covered.grant().validity_days, issuer)
            .map_err(|error| StepError::transient(format!("the validity cannot be chosen: {error}")))?;
        let shard = Shard::of_serial(serial, policy.list_shards());
        self.lists().publish_shards(&*signer, issuer, shard).await?;
        let publication = addresses(policy.publication(), self.publication_url.as_ref(), issuer, shard);
        let issuing = Issuing { issuer, serial, validity: &validity, publication: &publication };
        let certificate = covered.issue(&*signer, issuing).await?;
        Ok(self.certificates.store(serial, &certificate.pem()).await?)
    }
}
