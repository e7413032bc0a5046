//! Passkeys of approvers, for tests: enrolled, and signing.

use pki::testing::SoftPasskey;
use pki::webauthn::PasskeyAlgorithm;
use time::OffsetDateTime;

use super::InMemoryBackend;
use crate::approval::BaseUrl;
use crate::approval::passkey::{Passkey, VoteMeaning};
use crate::console::ConsoleTicket;
use crate::decision::{PasskeyEvidence, ReviewDigest};
use crate::email::Email;
use crate::enrolment::{Enrolment, EnrolmentId, Vouch, enrolment_challenge};
use crate::ports::{Clock as _, PeopleWriter as _};
use pki::base64url::Base64Url;

/// The base URL of stacks in tests.
pub fn base_url() -> BaseUrl {
    BaseUrl::parse("https://pki.example.com/").expect("a URL")
}

/// The user handle that an authenticator keeps for an address: the page that sets a passkey up gives it.
pub fn user_handle(address: &str) -> Base64Url {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, address.as_bytes());
    Base64Url(digest.as_ref().to_vec())
}

/// A person with a passkey.
#[derive(Clone)]
pub struct PasskeyHolder {
    /// The address.
    pub address: Email,
    /// The authenticator.
    pub authenticator: SoftPasskey,
}

impl PasskeyHolder {
    /// A person with a new passkey, which nobody has enrolled.
    pub fn new(address: &str) -> Self {
        Self::with(address, PasskeyAlgorithm::Es256)
    }

    /// The same, with a key of this kind.
    pub fn with(address: &str, algorithm: PasskeyAlgorithm) -> Self {
        let authenticator = SoftPasskey::new(algorithm);
        Self { address: address.parse().expect("an address"), authenticator }
    }

    /// The row of the table `people`.
    pub fn passkey(&self, now: OffsetDateTime) -> Passkey {
        Passkey {
            person: self.address.as_str().to_ascii_lowercase(),
            credential_id: Base64Url(self.authenticator.credential_id().to_vec()),
            public_key: Base64Url(self.authenticator.cose_key()),
            counter: 0,
            added_at: now,
            vouched_by: Vec::new(),
        }
    }

    /// Enrols the passkey.
    pub async fn enrol(&self, backend: &InMemoryBackend) {
        backend.add(&self.passkey(backend.now())).await.expect("no fault is planned");
    }

    /// What a browser answers to the page that sets a passkey up.
    pub fn answer(&self, base_url: &BaseUrl) -> (Base64Url, Base64Url) {
        let party = base_url.relying_party().expect("a domain");
        let challenge = enrolment_challenge(base_url.as_str(), &self.address);
        let (client_data, attestation) = self.authenticator.create(&party, &challenge);
        (Base64Url(client_data), Base64Url(attestation))
    }

    /// The enrolment of the passkey.
    pub fn enrolment(&self) -> Enrolment {
        Enrolment {
            address: self.address.clone(),
            credential_id: Base64Url(self.authenticator.credential_id().to_vec()),
            public_key: Base64Url(self.authenticator.cose_key()),
            counter: 0,
        }
    }

    /// The signature over a vote.
    pub fn evidence(&self, meaning: &VoteMeaning<'_>, review_digest: &ReviewDigest) -> PasskeyEvidence {
        let mut evidence = self.unsigned(review_digest.clone());
        let challenge = meaning.challenge(&evidence);
        self.sign(meaning.base_url, &challenge, &mut evidence);
        evidence
    }

    /// The person's vouch for an enrolment.
    pub fn vouch(&self, base_url: &BaseUrl, enrolment: &EnrolmentId) -> Vouch {
        let mut evidence = self.unsigned(ReviewDigest::from_text(enrolment.as_str()));
        let challenge = Vouch::challenge(base_url.as_str(), enrolment, &evidence.nonce);
        self.sign(base_url, &challenge, &mut evidence);
        Vouch { voucher: self.address.clone(), evidence }
    }

    /// The signature that opens the console.
    pub fn opens_console(&self, base_url: &BaseUrl, nonce: &str) -> PasskeyEvidence {
        let ticket = ConsoleTicket::new(nonce.to_owned(), OffsetDateTime::UNIX_EPOCH);
        let mut evidence =
            PasskeyEvidence { nonce: nonce.to_owned(), ..self.unsigned(ReviewDigest::from_text("")) };
        self.sign(base_url, &ticket.challenge(base_url), &mut evidence);
        evidence
    }

    fn unsigned(&self, review_digest: ReviewDigest) -> PasskeyEvidence {
        PasskeyEvidence {
            credential_id: Base64Url(self.authenticator.credential_id().to_vec()),
            nonce: "nonce".into(),
            review_digest,
            authenticator_data: Base64Url::default(),
            client_data_json: Base64Url::default(),
            signature: Base64Url::default(),
        }
    }

    fn sign(&self, base_url: &BaseUrl, challenge: &[u8; 32], evidence: &mut PasskeyEvidence) {
        let party = base_url.relying_party().expect("a domain");
        let assertion = self.authenticator.get(&party, challenge);
        evidence.authenticator_data = Base64Url(assertion.authenticator_data);
        evidence.client_data_json = Base64Url(assertion.client_data_json);
        evidence.signature = Base64Url(assertion.signature);
    }
}
