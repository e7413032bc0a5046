//! The sections of a policy document with the settings of people and profiles.
//!
//! Invariant: unknown fields are errors.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::values::{Approver, FixedSubject, KeyRule, KeyUsageName, Limit, PurposeName, UngrantedAction};
use crate::approver_set::PlusTags;
use crate::policy::rules::{Names, Requesters};
use crate::texts::Language;

/// `[people]`: the reading and display of addresses.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    pub(super) plus_tags: Option<PlusTags>,
    requesters: Option<RequesterProof>,
    shown_to_requesters: Option<Shown>,
    language: Option<Language>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shown {
    Masked,
    Full,
}

/// How a requester proves that an address is theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequesterProof {
    /// By a link mailed to the address: approvers are asked only when the request has been confirmed there.
    #[default]
    Mail,
    /// Not at all: for private networks whose callers are known by other means.
    None,
}

impl People {
    pub(super) fn requesters(&self) -> RequesterProof {
        self.requesters.unwrap_or_default()
    }

    pub(super) fn masks_addresses(&self) -> bool {
        self.shown_to_requesters != Some(Shown::Full)
    }

    pub(super) fn language(&self) -> Language {
        self.language.unwrap_or_default()
    }
}

/// One line of `approval`: a group, and the number of its approvals needed.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalLine {
    pub(super) group: String,
    #[serde(default = "one")]
    pub(super) quorum: usize,
}

fn one() -> usize {
    1
}

/// `escalation`: the escalation approvers, and the time after which they may vote.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EscalationSection {
    pub(super) after: Limit,
    pub(super) group: String,
}

/// The fields of a profile, all optional because `[defaults]` has the same fields.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) description: Option<String>,
    /// The description in other languages.
    pub(super) descriptions: Option<BTreeMap<Language, String>>,
    pub(super) keys: Option<Vec<KeyRule>>,
    pub(super) rsa_min_bits: Option<u32>,
    pub(super) key_usage: Option<Vec<KeyUsageName>>,
    pub(super) extended_key_usage: Option<Vec<PurposeName>>,
    pub(super) validity_days: Option<u32>,
    pub(super) max_names: Option<usize>,
    pub(super) wildcards: Option<bool>,
    pub(super) drop_unusable_names: Option<bool>,
    pub(super) ungranted: Option<UngrantedAction>,
    pub(super) subject: Option<FixedSubject>,
    pub(super) approvers: Option<Vec<Approver>>,
    pub(super) quorum: Option<usize>,
    pub(super) approval: Option<Vec<ApprovalLine>>,
    pub(super) limit: Option<Limit>,
    pub(super) reminders: Option<Vec<Limit>>,
    pub(super) escalation: Option<EscalationSection>,
    #[serde(default)]
    pub(super) names: Names,
    pub(super) requesters: Option<Vec<Requesters>>,
}

impl Settings {
    /// True if the section says who decides.
    pub(super) fn has_deciders(&self) -> bool {
        self.approvers.is_some() || self.approval.is_some()
    }

    /// True if the section has a list of approvers, and the list is empty.
    pub(super) fn lists_no_approvers(&self) -> bool {
        self.approvers.as_ref().is_some_and(Vec::is_empty)
    }
}
