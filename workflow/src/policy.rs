//! The issuance policy: the profiles, their grants, and their approvers.
//!
//! Invariant: preview, submission, validation, the review page and signing all evaluate with [`Policy::evaluate`], so
//! the signed contents are the displayed contents, or signing refuses. A [`Grant`] has only values from the profile,
//! never a value requested in the CSR. Errors in the document are reported all at once, each with its place; evaluation
//! has findings, no errors.

mod approvers;
mod console;
mod document;
mod error;
pub mod evaluate;
mod explain;
pub mod key_list;
mod lifecycle;
mod oidc;
mod pointer;
mod profile;
mod renewal;
mod rules;
mod rules_of_profile;
mod standing;
mod terms;
mod wording;

use aws_lc_rs::digest::{SHA256, digest};
use time::Date;

use crate::approver_set::PlusTags;
use crate::email::Email;
use crate::finding::{Code, Finding, quoted};
use crate::grant::Grant;
use crate::receiver::ReceiverName;
use crate::stand_in::StandIn;
use crate::texts::{Language, Message, Wording};
use key_list::KeyListDigest;
use pki::certificate::Publication;
use pki::key::PublicKey;
use wording::PeopleWording;

pub use console::{ConsolePeople, ConsoleRole, ConsoleRules};
pub use document::{
    EnrolmentRule, Escalation, LONGEST_LIMIT, MAX_LIST_SHARDS, PolicyNote, Receiver, RequesterProof,
    RevocationRules,
};
pub use error::{Place, PolicyError, PolicyErrors};
pub use explain::{ExplainedRule, Explanation, RuleOutcome};
pub use lifecycle::Lifecycle;
pub use oidc::{IssuerUrl, OidcSettings};
pub use pointer::{Pointer, PointerError};
pub use profile::Profile;
pub use renewal::{RenewalRules, SameKeyAction};
pub use standing::StandingRules;

/// A policy document that was read and checked.
#[derive(Clone, Debug)]
pub struct Policy {
    version: String,
    masks_addresses: bool,
    plus_tags: PlusTags,
    wording: PeopleWording,
    enrolment: EnrolmentRule,
    console: Option<ConsoleRules>,
    oidc: Option<OidcSettings>,
    publication: Publication,
    list_shards: u16,
    revocation: RevocationRules,
    lifecycle: Lifecycle,
    renewal: RenewalRules,
    receivers: Vec<Receiver>,
    pending_limit: u32,
    hourly_limit: u32,
    requesters: RequesterProof,
    /// SHA-256 of SubjectPublicKeyInfos, sorted: there may be thousands.
    denied_keys: Vec<[u8; 32]>,
    denied_key_list: Option<KeyListDigest>,
    stand_ins: Vec<StandIn>,
    /// The default profile first, then by name.
    profiles: Vec<Profile>,
}

impl Policy {
    /// Reads a TOML document of at most [`Policy::MAX_BYTES`]. Unknown fields, rules that cannot be read, and profiles
    /// that could never issue are errors.
    ///
    /// # Errors
    /// [`PolicyErrors`] with every mistake.
    pub fn parse(text: &str) -> Result<Policy, PolicyErrors> {
        Policy::read(text, None).map(|(policy, _)| policy)
    }

    /// Like [`Policy::parse`], with the notes on parts that are legal, but unwise or over as of `today` (UTC).
    ///
    /// # Errors
    /// [`PolicyErrors`] with every mistake.
    pub fn parse_with_notes(text: &str, today: Date) -> Result<(Policy, Vec<PolicyNote>), PolicyErrors> {
        Policy::read(text, Some(today))
    }

    fn read(text: &str, today: Option<Date>) -> Result<(Policy, Vec<PolicyNote>), PolicyErrors> {
        Policy::fits(text)?;
        let document = document::read(text, today)?;
        let version = hex::encode(&digest(&SHA256, text.as_bytes()).as_ref()[..8]);
        let policy = Policy {
            version,
            masks_addresses: document.masks_addresses,
            plus_tags: document.plus_tags,
            wording: document.wording,
            enrolment: document.enrolment,
            console: document.console,
            oidc: document.oidc,
            publication: document.publication,
            list_shards: document.list_shards,
            revocation: document.revocation,
            lifecycle: document.lifecycle,
            renewal: document.renewal,
            receivers: document.receivers,
            pending_limit: document.pending_limit,
            hourly_limit: document.hourly_limit,
            requesters: document.requesters,
            denied_keys: document.denied_keys,
            denied_key_list: document.denied_key_list,
            stand_ins: document.stand_ins,
            profiles: document.profiles,
        };
        Ok((policy, document.notes))
    }

    /// The first 16 hex digits of the SHA-256 of the document.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The profile of that name, or the default one. Fails with code `unknown_profile`.
    pub fn profile(&self, name: Option<&str>) -> Result<&Profile, Finding> {
        let found = match name {
            None => self.profiles.first(),
            Some(name) => self.profiles.iter().find(|profile| profile.name == name),
        };
        found.ok_or_else(|| {
            let known: Vec<&str> = self.profiles.iter().map(|profile| profile.name.as_str()).collect();
            Finding::refused(
                Code::UnknownProfile,
                Message::new("finding-unknown-profile").with("profile", quoted(name.unwrap_or_default())),
                Message::new("finding-unknown-profile-advice").with("known", known.join(", ")),
            )
        })
    }

    /// All profiles, the default one first.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.iter()
    }

    /// All stand-ins, in the order of the document, those included whose days are over or to come.
    #[must_use]
    pub fn stand_ins(&self) -> &[StandIn] {
        &self.stand_ins
    }

    /// True if requesters see the addresses of approvers only in part.
    #[must_use]
    pub fn masks_addresses(&self) -> bool {
        self.masks_addresses
    }

    /// The wording of texts to nobody in particular, such as messages to a channel.
    #[must_use]
    pub fn wording(&self) -> Wording {
        self.wording.usual
    }

    /// The wording of a mail to a person whose language no request tells: an approver, an operator, an auditor.
    #[must_use]
    pub fn wording_for(&self, person: &Email) -> Wording {
        self.wording.of(person)
    }

    /// The wording for a reader whose language is known: the requester of a request, or the reader of a page.
    #[must_use]
    pub fn wording_in(&self, language: Language) -> Wording {
        self.wording.usual.in_language(language)
    }

    /// Who confirms an approver's first passkey.
    #[must_use]
    pub fn enrolment(&self) -> EnrolmentRule {
        self.enrolment
    }

    /// Who may open the console; `None` if there is none.
    #[must_use]
    pub fn console(&self) -> Option<&ConsoleRules> {
        self.console.as_ref()
    }

    /// The identity provider at which approvers sign in.
    #[must_use]
    pub fn oidc(&self) -> Option<&OidcSettings> {
        self.oidc.as_ref()
    }

    /// The addresses of revocation lists and issuer certificates, written into every certificate.
    #[must_use]
    pub fn publication(&self) -> &Publication {
        &self.publication
    }

    /// The number of shards of a revocation list that new certificates name; 1 for none.
    pub fn list_shards(&self) -> u16 {
        self.list_shards
    }

    /// Who may revoke a certificate, and for which reasons.
    #[must_use]
    pub fn revocation(&self) -> &RevocationRules {
        &self.revocation
    }

    /// The rule for addresses of one person.
    #[must_use]
    pub fn plus_tags(&self) -> PlusTags {
        self.plus_tags
    }

    /// The rules on renewals.
    #[must_use]
    pub fn renewal(&self) -> &RenewalRules {
        &self.renewal
    }

    /// The limit of undecided requests per address; intake rejects further requests.
    #[must_use]
    pub fn pending_limit(&self) -> usize {
        usize::try_from(self.pending_limit).unwrap_or(usize::MAX)
    }

    /// The limit of requests per address and hour, ended ones included; intake rejects further requests.
    #[must_use]
    pub fn hourly_limit(&self) -> usize {
        usize::try_from(self.hourly_limit).unwrap_or(usize::MAX)
    }

    /// The list of further keys that are never certified: too long for a policy.
    #[must_use]
    pub fn denied_key_list(&self) -> Option<&KeyListDigest> {
        self.denied_key_list.as_ref()
    }

    /// The policy, with one key more among those that are never certified.
    #[must_use]
    pub fn denying(&self, key: &PublicKey) -> Policy {
        let mut policy = self.clone();
        policy.denied_keys.push(key.spki_digest());
        policy.denied_keys.sort_unstable();
        policy
    }

    /// Who is told of events of requests, by name.
    #[must_use]
    pub fn receivers(&self) -> &[Receiver] {
        &self.receivers
    }

    /// The receiver of this name.
    #[must_use]
    pub fn receiver(&self, name: &ReceiverName) -> Option<&Receiver> {
        self.receivers.iter().find(|receiver| receiver.name == *name)
    }

    /// How a requester proves that an address is theirs.
    #[must_use]
    pub fn requester_proof(&self) -> RequesterProof {
        self.requesters
    }
}

/// The outcome of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// All errors, warnings and requested values that are not granted.
    pub findings: Vec<Finding>,
    /// The contents of the certificate to issue; `None` if any finding refuses.
    pub grant: Option<Grant>,
}

impl Evaluation {
    /// The code of the first refusal.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.findings.iter().find(|finding| finding.is_refusal()).map(|finding| finding.code)
    }
}

#[cfg(test)]
mod tests;
