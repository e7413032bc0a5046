//! A profile: one kind of certificate, its grants, and its approvers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::document::{Deciders, Escalation, KeyRule, KeyUsageName, PurposeName, UngrantedAction};
use super::rules::{Names, Requesters};
use super::standing::StandingRules;
use crate::approver_set::{GroupQuorum, Identity, OidcGroup, PlusTags};
use crate::stand_in::StandIn;
use crate::texts::Language;
use pki::certificate::{key_can, serve_a_purpose};
use pki::key::KeyKind;

/// One kind of certificate.
#[derive(Clone, Debug)]
pub struct Profile {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) descriptions: BTreeMap<Language, String>,
    pub(super) keys: Vec<KeyRule>,
    pub(super) rsa_min_bits: u32,
    pub(super) key_usage: Vec<KeyUsageName>,
    pub(super) extended_key_usage: Vec<PurposeName>,
    pub(super) validity_days: u32,
    pub(super) max_names: usize,
    pub(super) wildcards: bool,
    /// True if DNS names that cannot be certified are left out in place of refusing the request.
    pub(super) drop_unusable_names: bool,
    pub(super) names: Names,
    pub(super) requesters: Vec<Requesters>,
    pub(super) ungranted: UngrantedAction,
    pub(super) subject: String,
    pub(super) deciders: Deciders,
    /// `None`: the profile has no standing approvals.
    pub(super) standing: Option<StandingRules>,
    /// Stand-ins for the approvers of this profile.
    pub(super) stand_ins: Vec<StandIn>,
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

    /// The proof without which no vote counts.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.deciders.identity
    }

    /// Stand-ins for approvers and escalation approvers of this profile, each for some days.
    #[must_use]
    pub fn stand_ins(&self) -> &[StandIn] {
        &self.stand_ins
    }

    /// The groups of the identity provider among the approvers and escalation approvers.
    #[must_use]
    pub fn oidc_groups(&self) -> &[OidcGroup] {
        &self.deciders.oidc_groups
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

    /// The bounds of standing approvals; `None` if the profile has none.
    #[must_use]
    pub fn standing(&self) -> Option<StandingRules> {
        self.standing
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

    /// The kinds of key that it certifies for one of its purposes, RSA at its smallest.
    #[must_use]
    pub fn key_kinds(&self) -> Vec<KeyKind> {
        let kinds = self.keys.iter().map(|rule| match rule {
            KeyRule::Rsa => KeyKind::Rsa { bits: self.rsa_min_bits },
            other => other.kind(),
        });
        kinds.filter(|kind| self.has_use_for(*kind)).collect()
    }

    /// The key usages of the profile that a key of this kind can have.
    pub(super) fn key_usage_for(&self, kind: KeyKind) -> Vec<String> {
        let fitting = self.key_usage.iter().map(|usage| usage.0).filter(|usage| key_can(kind, usage));
        fitting.map(str::to_owned).collect()
    }

    /// True if a key of this kind can have a key usage that serves a purpose of the profile.
    pub(super) fn has_use_for(&self, kind: KeyKind) -> bool {
        let purposes = self.extended_key_usage.iter().map(|purpose| purpose.0.as_str());
        let usages = self.key_usage_for(kind);
        serve_a_purpose(&usages.iter().map(String::as_str).collect::<Vec<_>>(), purposes)
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
