//! The issuance policy: the profiles, their grants, and their approvers.
//!
//! Invariant: preview, submission, validation, the review page and signing all evaluate with [`Policy::evaluate`], so
//! the signed contents are the displayed contents, or signing refuses. A [`Grant`] has only values from the profile,
//! never a value requested in the CSR. Errors in the document are one line with its place; evaluation has findings, no
//! errors.

mod approvers;
mod document;
pub mod evaluate;
mod pointer;
mod rules;
mod rules_of_profile;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use crate::approver_set::{GroupQuorum, PlusTags};
use crate::email::Email;
use crate::finding::{Code, Finding, quoted};
use crate::grant::Grant;
use crate::requester::Requester;
use crate::texts::{Language, Message};
use pki::certificate::Publication;
use pki::csr::Csr;

use document::{Deciders, KeyRule, KeyUsageName, PurposeName, UngrantedAction};
pub use document::{Escalation, LONGEST_LIMIT};
use rules::{Names, Requesters};

pub use pointer::{Pointer, PointerError};

/// A policy document that was read and checked.
#[derive(Clone, Debug)]
pub struct Policy {
    version: String,
    masks_addresses: bool,
    language: Language,
    publication: Publication,
    pending_limit: u32,
    /// SHA-256 of SubjectPublicKeyInfos, sorted: there may be thousands.
    denied_keys: Vec<[u8; 32]>,
    /// The default profile first, then by name.
    profiles: Vec<Profile>,
}

/// The reason why a policy document cannot be used: one line, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PolicyError {
    line: Option<usize>,
    detail: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "policy, line {line}: {}", self.detail),
            None => write!(f, "policy: {}", self.detail),
        }
    }
}

impl PolicyError {
    /// The line in the document, counted from one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl Policy {
    /// Reads a TOML document of at most [`Policy::MAX_BYTES`]. Unknown fields, rules that cannot be read, and profiles
    /// that could never issue are errors.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        Policy::fits(text)?;
        let document = document::read(text)?;
        let version = hex::encode(&digest(&SHA256, text.as_bytes()).as_ref()[..8]);
        Ok(Policy {
            version,
            masks_addresses: document.masks_addresses,
            language: document.language,
            publication: document.publication,
            pending_limit: document.pending_limit,
            denied_keys: document.denied_keys,
            profiles: document.profiles,
        })
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

    /// True if requesters see the addresses of approvers only in part.
    #[must_use]
    pub fn masks_addresses(&self) -> bool {
        self.masks_addresses
    }

    /// The language of mails to approvers.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The addresses of revocation lists and issuer certificates, written into every certificate.
    #[must_use]
    pub fn publication(&self) -> &Publication {
        &self.publication
    }

    /// The limit of undecided requests per address; intake rejects further requests.
    #[must_use]
    pub fn pending_limit(&self) -> usize {
        usize::try_from(self.pending_limit).unwrap_or(usize::MAX)
    }

    /// Returns the grant, and every finding. A call without a requester is a preview: violations of rules on requesters
    /// are then warnings.
    #[must_use]
    pub fn evaluate(&self, csr: &Csr, profile: &Profile, requester: Option<&Requester>) -> Evaluation {
        rules_of_profile::evaluate(self, csr, profile, requester)
    }
}

/// One kind of certificate.
#[derive(Clone, Debug)]
pub struct Profile {
    name: String,
    description: String,
    descriptions: BTreeMap<Language, String>,
    keys: Vec<KeyRule>,
    rsa_min_bits: u32,
    key_usage: Vec<KeyUsageName>,
    extended_key_usage: Vec<PurposeName>,
    validity_days: u32,
    max_names: usize,
    wildcards: bool,
    names: Names,
    requesters: Vec<Requesters>,
    ungranted: UngrantedAction,
    subject: String,
    deciders: Deciders,
}

impl Profile {
    /// Its name in requests.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The purpose of the profile in one sentence; falls back to the first description if there is none in this
    /// language.
    #[must_use]
    pub fn description(&self, language: Language) -> &str {
        self.descriptions.get(&language).unwrap_or(&self.description)
    }

    /// The groups of approvers, each with its quorum.
    #[must_use]
    pub fn quorums(&self) -> &[GroupQuorum] {
        &self.deciders.quorums
    }

    /// The rule for addresses of one person among the approvers.
    #[must_use]
    pub fn plus_tags(&self) -> PlusTags {
        self.deciders.plus_tags
    }

    /// The approval period.
    #[must_use]
    pub fn limit(&self) -> Duration {
        self.deciders.limit
    }

    /// Times after which approvers who have not voted are reminded, ascending, all before [`Profile::limit`].
    #[must_use]
    pub fn reminders(&self) -> &[Duration] {
        &self.deciders.reminders
    }

    /// Escalation approvers, if the request stays undecided for some time.
    #[must_use]
    pub fn escalation(&self) -> Option<&Escalation> {
        self.deciders.escalation.as_ref()
    }

    /// True if the policy still lets `person` vote on requests of this profile.
    #[must_use]
    pub fn lets_vote(&self, person: &Email, escalated: bool) -> bool {
        let escalation_approvers = self.escalation().filter(|_| escalated).map(|one| one.members.as_slice());
        let members = self.quorums().iter().map(|group| group.members.as_slice());
        members.chain(escalation_approvers).flatten().any(|one| self.plus_tags().same_person(one, person))
    }

    /// The validity of a certificate in days, unless the issuer ends earlier.
    #[must_use]
    pub fn validity_days(&self) -> u32 {
        self.validity_days
    }

    /// [`Profile::validity_days`] as a duration.
    #[must_use]
    pub fn validity(&self) -> Duration {
        Duration::from_secs(u64::from(self.validity_days) * 86_400)
    }

    /// The allowed names, for people: one sentence per kind of name.
    #[must_use]
    pub fn allowed_names(&self) -> Vec<String> {
        self.allowed_names_in(Language::English)
    }

    /// [`Profile::allowed_names`] in a language.
    #[must_use]
    pub fn allowed_names_in(&self, language: Language) -> Vec<String> {
        self.names.describe().iter().map(|line| language.say(line)).collect()
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
