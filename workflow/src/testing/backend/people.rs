//! The passkeys and enrolments of [`InMemoryBackend`].

use std::collections::BTreeSet;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::InMemoryBackend;
use crate::approval::passkey::Passkey;
use crate::approval::sign_in::ProviderKey;
use crate::enrolment::{EnrolmentId, EnrolmentProof};
use crate::policy::IssuerUrl;
use crate::ports::{EnrolmentCodes, People, PeopleWriter, PortError};

/// What the table `people` holds.
#[derive(Clone, Default)]
pub(super) struct PeopleRows {
    passkeys: Vec<Passkey>,
    codes: Vec<(EnrolmentId, String, OffsetDateTime)>,
    proofs: Vec<(EnrolmentId, EnrolmentProof)>,
    provider_keys: Vec<ProviderKey>,
}

impl InMemoryBackend {
    /// Whose passkeys there are, the proofs of enrolments, and the keys of identity providers.
    pub fn people(&self) -> BTreeSet<String> {
        let people = &self.state.lock().expect("no test panicked").people;
        let passkeys = people.passkeys.iter().map(|one| format!("{} {:?}", one.person, one.vouched_by));
        let keys = people.provider_keys.iter().map(|key| format!("{} {:?}", key.issuer, key.thumbprint()));
        passkeys.chain(people.proofs.iter().map(|(_, proof)| proof.to_item())).chain(keys).collect()
    }

    /// Removes every passkey, as an operator may.
    pub fn forget_passkeys(&self) {
        self.state.lock().expect("no test panicked").people.passkeys.clear();
    }
}

#[async_trait]
impl People for InMemoryBackend {
    async fn passkeys(&self, person: &str) -> Result<Vec<Passkey>, PortError> {
        self.call("people", "passkeys", |state| {
            state.people.passkeys.iter().filter(|passkey| passkey.person == person).cloned().collect()
        })
    }

    async fn code(&self, enrolment: &EnrolmentId, digest: &str) -> Result<Option<OffsetDateTime>, PortError> {
        self.call("people", "code", |state| {
            let mut all = state.people.codes.iter();
            all.find(|(id, known, _)| id == enrolment && known == digest).map(|(.., at)| *at)
        })
    }

    async fn proofs(&self, enrolment: &EnrolmentId) -> Result<Vec<EnrolmentProof>, PortError> {
        self.call("people", "proofs", |state| {
            let all = state.people.proofs.iter().filter(|(id, _)| id == enrolment);
            all.map(|(_, proof)| proof.clone()).collect()
        })
    }

    async fn provider_keys(&self, issuer: &IssuerUrl) -> Result<Vec<ProviderKey>, PortError> {
        self.call("people", "provider keys", |state| {
            let all = state.people.provider_keys.iter().filter(|key| key.issuer == issuer.as_str());
            all.cloned().collect()
        })
    }
}

#[async_trait]
impl PeopleWriter for InMemoryBackend {
    async fn prove(
        &self,
        enrolment: &EnrolmentId,
        proof: &EnrolmentProof,
        _now: OffsetDateTime,
    ) -> Result<(), PortError> {
        self.call("people", "prove", |state| {
            let new = (enrolment.clone(), proof.clone());
            if !state.people.proofs.contains(&new) {
                state.people.proofs.push(new);
            }
        })
    }

    async fn add(&self, passkey: &Passkey) -> Result<(), PortError> {
        self.call("people", "add", |state| {
            let is_there = state.people.passkeys.iter().any(|known| {
                (&known.person, &known.credential_id) == (&passkey.person, &passkey.credential_id)
            });
            if !is_there {
                state.people.passkeys.push(passkey.clone());
            }
        })
    }

    async fn record_key(&self, key: &ProviderKey) -> Result<(), PortError> {
        self.call("people", "record key", |state| {
            let same =
                |known: &ProviderKey| known.issuer == key.issuer && known.thumbprint() == key.thumbprint();
            state.people.provider_keys.retain(|known| !same(known));
            state.people.provider_keys.push(key.clone());
        })
    }
}

#[async_trait]
impl EnrolmentCodes for InMemoryBackend {
    async fn add_code(
        &self,
        enrolment: &EnrolmentId,
        digest: &str,
        now: OffsetDateTime,
    ) -> Result<(), PortError> {
        self.call("people", "add code", |state| {
            state.people.codes.push((enrolment.clone(), digest.to_owned(), now));
        })
    }
}
