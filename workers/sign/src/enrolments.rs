//! Proofs of enrolments, and the passkeys that they add.
//!
//! Invariant: whoever can send messages to this worker adds no passkey by that: a code is looked up among those that notify
//! mailed, and a vouch is verified. Idempotent. A proof that is wrong is dropped with a line in the log: the portal
//! has told the person, and another try sends another message.

use time::OffsetDateTime;
use workflow::approval::BaseUrl;
use workflow::approval::enrolment::{CODE_LIFETIME, EnrolmentNeeds, lists, may_enrol, needs};
use workflow::enrolment::{EnrolmentId, EnrolmentMessage, EnrolmentProof};
use workflow::policy::Policy;
use workflow::ports::{PeopleWriter, Policies};
use workflow::runtime::step::StepError;

/// The part of the worker that checks enrolments.
pub(crate) struct EnrolmentStep<'a> {
    pub(crate) people: &'a dyn PeopleWriter,
    pub(crate) policies: &'a dyn Policies,
    pub(crate) base_url: &'a BaseUrl,
    pub(crate) now: OffsetDateTime,
}

impl EnrolmentStep<'_> {
    /// Checks a proof, keeps it, and adds the passkey once nothing is missing.
    pub(crate) async fn check(&self, message: EnrolmentMessage) -> Result<(), StepError> {
        let policy = self.policies.current().await?;
        let enrolment = &message.enrolment;
        let id = enrolment.id(self.base_url.as_str());
        let person = policy.plus_tags().person(&enrolment.address);
        if !may_enrol(&policy, &person, self.now) {
            tracing::warn!(enrolment = %id, "the policy does not list the person of the enrolment {id} as an approver");
            return Ok(());
        }
        let existing = self.people.passkeys(&person).await?;
        if existing.iter().any(|passkey| passkey.credential_id == enrolment.credential_id) {
            return Ok(());
        }
        match self.proof(&policy, &id, &message).await? {
            Some(proof) => self.people.prove(&id, &proof, self.now).await?,
            None => return Ok(()),
        }
        let proofs = self.people.proofs(&id).await?;
        if needs(&policy, enrolment, &existing, &proofs) != EnrolmentNeeds::Nothing {
            tracing::info!(enrolment = %id, "the enrolment {id} needs another proof");
            return Ok(());
        }
        let vouched_by = proofs.iter().filter_map(EnrolmentProof::voucher).collect();
        self.people.add(&enrolment.passkey(policy.plus_tags(), vouched_by, self.now)).await?;
        tracing::info!(enrolment = %id, "added a passkey by the enrolment {id}");
        Ok(())
    }

    /// The proof in a message; `None` if it proves nothing.
    async fn proof(
        &self,
        policy: &Policy,
        id: &EnrolmentId,
        message: &EnrolmentMessage,
    ) -> Result<Option<EnrolmentProof>, StepError> {
        if let Some(code) = &message.code {
            let mailed_at = self.people.code(id, &code.digest(id)).await?;
            if mailed_at.is_some_and(|at| self.now < at + CODE_LIFETIME) {
                return Ok(Some(EnrolmentProof::Code));
            }
            tracing::warn!(enrolment = %id, "a code of the enrolment {id} is wrong or too old");
            return Ok(None);
        }
        let Some(vouch) = &message.vouch else { return Ok(None) };
        let voucher = policy.plus_tags().person(&vouch.voucher);
        let person = policy.plus_tags().person(&message.enrolment.address);
        let passkeys = self.people.passkeys(&voucher).await?;
        match vouch.check(self.base_url, id, &passkeys) {
            // A stand-in vouches for nobody else.
            Ok(()) if lists(policy, &voucher) || voucher == person => {
                Ok(Some(EnrolmentProof::Vouch(voucher)))
            }
            Ok(()) => {
                tracing::warn!(enrolment = %id, "who vouches for the enrolment {id} is no approver");
                Ok(None)
            }
            Err(error) => {
                tracing::warn!(enrolment = %id, %error, "a vouch for the enrolment {id} proves nothing: {error}");
                Ok(None)
            }
        }
    }
}
