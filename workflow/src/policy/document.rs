//! The TOML document behind a policy.
//!
//! Invariant: unknown fields are errors, so a misspelt rule cannot be overlooked; a value missing in a profile comes
//! from `[defaults]`, and a value missing there from a constant here. Errors are one line with its number.

mod deciders;
mod settings;
mod values;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::Deserialize;
use toml::Spanned;

use super::error::{PolicyError, line_of};
use super::profile::Profile;
use crate::texts::Language;
use pki::certificate::Publication;

pub(super) use deciders::Deciders;
pub use deciders::Escalation;
use deciders::{Common, deciders, groups, one_way};
pub use settings::RequesterProof;
use settings::{People, Settings};
pub use values::LONGEST_LIMIT;
use values::{Approver, KeyDigest, WebAddress};
pub(super) use values::{KeyRule, KeyUsageName, PurposeName, UngrantedAction};

/// The limit of undecided requests per address if the document sets none.
const USUAL_PENDING_LIMIT: u32 = 200;

/// The limit of requests per address and hour if the document sets none.
const USUAL_HOURLY_LIMIT: u32 = 60;

/// The checked contents of the document.
pub(super) struct Checked {
    pub(super) masks_addresses: bool,
    pub(super) language: Language,
    pub(super) publication: Publication,
    pub(super) pending_limit: u32,
    pub(super) hourly_limit: u32,
    pub(super) requesters: RequesterProof,
    pub(super) denied_keys: Vec<[u8; 32]>,
    pub(super) profiles: Vec<Profile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyDocument {
    default: Option<Spanned<String>>,
    pending_limit: Option<NonZeroU32>,
    hourly_limit: Option<NonZeroU32>,
    #[serde(default)]
    publication: PublicationSection,
    #[serde(default)]
    denied_keys: Vec<KeyDigest>,
    #[serde(default)]
    people: People,
    #[serde(default)]
    groups: BTreeMap<String, Spanned<Vec<Approver>>>,
    defaults: Option<Spanned<Settings>>,
    profiles: BTreeMap<String, Spanned<Settings>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicationSection {
    #[serde(default)]
    crl: Vec<WebAddress>,
    #[serde(default)]
    issuer: Vec<WebAddress>,
    #[serde(default)]
    ocsp: Vec<WebAddress>,
}

/// Reads and checks a document.
pub(super) fn read(text: &str) -> Result<Checked, PolicyError> {
    let document: PolicyDocument = toml::from_str(text).map_err(|error| PolicyError {
        line: error.span().map(|span| line_of(text, span.start)),
        detail: error.message().split_whitespace().collect::<Vec<_>>().join(" "),
    })?;
    let common = Common { groups: groups(document.groups, text)?, people: document.people };
    let mut defaults_line = None;
    let defaults = match document.defaults {
        None => Settings::default(),
        Some(defaults) => {
            let line = Some(line_of(text, defaults.span().start));
            let defaults = defaults.into_inner();
            one_way("[defaults]", &defaults).map_err(|detail| PolicyError { line, detail })?;
            defaults_line = line;
            defaults
        }
    };
    let mut profiles = Vec::new();
    for (name, settings) in document.profiles {
        // A profile without deciders of its own has those of `[defaults]`, so an empty list there is the mistake.
        let has_own = settings.get_ref().has_deciders();
        let of_defaults = defaults_line.filter(|_| !has_own && defaults.lists_no_approvers());
        let line = of_defaults.unwrap_or_else(|| line_of(text, settings.span().start));
        let profile = profile(name, settings.into_inner(), &defaults, &common);
        profiles.push(profile.map_err(|detail| PolicyError { line: Some(line), detail })?);
    }
    if profiles.is_empty() {
        return Err(PolicyError {
            line: None,
            detail: "there is no profile; write one as [profiles.server]".to_owned(),
        });
    }
    let default = match document.default {
        Some(default) => {
            let line = Some(line_of(text, default.span().start));
            let name = default.into_inner();
            let at = profiles.iter().position(|profile| profile.name == name);
            at.ok_or_else(|| PolicyError {
                line,
                detail: format!("default: there is no profile \"{name}\""),
            })?
        }
        None if profiles.len() == 1 => 0,
        None => {
            let detail =
                "there are several profiles; say which one is the default, as in default = \"server\"";
            return Err(PolicyError { line: None, detail: detail.to_owned() });
        }
    };
    profiles[..=default].rotate_right(1);
    let addresses = |list: Vec<WebAddress>| list.into_iter().map(|address| address.0).collect();
    let mut denied_keys: Vec<[u8; 32]> = document.denied_keys.into_iter().map(|key| key.0).collect();
    denied_keys.sort_unstable();
    Ok(Checked {
        masks_addresses: common.people.masks_addresses(),
        language: common.people.language(),
        publication: Publication {
            crl: addresses(document.publication.crl),
            issuer: addresses(document.publication.issuer),
            ocsp: addresses(document.publication.ocsp),
        },
        pending_limit: document.pending_limit.map_or(USUAL_PENDING_LIMIT, NonZeroU32::get),
        hourly_limit: document.hourly_limit.map_or(USUAL_HOURLY_LIMIT, NonZeroU32::get),
        requesters: common.people.requesters(),
        denied_keys,
        profiles,
    })
}

/// Fills in missing values, and checks values that depend on each other.
fn profile(name: String, own: Settings, defaults: &Settings, common: &Common) -> Result<Profile, String> {
    const FEWEST_RSA_BITS: u32 = 2048;
    const LONGEST_NAME: usize = 32;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_name) {
        return Err(format!(
            "\"{name}\" is no name for a profile; use a-z, 0-9 and hyphens, at most {LONGEST_NAME}"
        ));
    }
    let defaults = defaults.clone();
    let deciders = deciders(&name, &own, &defaults, common)?;
    let validity_days = own.validity_days.or(defaults.validity_days).unwrap_or(365);
    if !(1..=36_500).contains(&validity_days) {
        return Err(format!("the profile {name} has a validity of {validity_days} days; write 1 to 36500"));
    }
    let rsa_min_bits = own.rsa_min_bits.or(defaults.rsa_min_bits).unwrap_or(FEWEST_RSA_BITS);
    if rsa_min_bits < FEWEST_RSA_BITS {
        return Err(format!(
            "the profile {name} has rsa_min_bits = {rsa_min_bits}; at least {FEWEST_RSA_BITS} are needed"
        ));
    }
    let names = own.names.or(defaults.names);
    if names.is_empty() {
        return Err(format!("the profile {name} allows no names; write names.dns.allow = [\"example.com\"]"));
    }
    let keys = own.keys.or(defaults.keys).unwrap_or_else(|| KeyRule::ALL.to_vec());
    let key_usage =
        own.key_usage.or(defaults.key_usage).unwrap_or_else(|| vec![KeyUsageName("digitalSignature")]);
    if keys.is_empty() || key_usage.is_empty() {
        return Err(format!("the profile {name} needs at least one of keys and one of key_usage"));
    }
    Ok(Profile {
        description: own.description.or(defaults.description).unwrap_or_default(),
        descriptions: own.descriptions.or(defaults.descriptions).unwrap_or_default(),
        keys,
        rsa_min_bits,
        key_usage,
        extended_key_usage: own.extended_key_usage.or(defaults.extended_key_usage).unwrap_or_default(),
        validity_days,
        max_names: own.max_names.or(defaults.max_names).unwrap_or(100),
        wildcards: own.wildcards.or(defaults.wildcards).unwrap_or(false),
        drop_unusable_names: own.drop_unusable_names.or(defaults.drop_unusable_names).unwrap_or(false),
        names,
        requesters: own.requesters.or(defaults.requesters).unwrap_or_default(),
        ungranted: own.ungranted.or(defaults.ungranted).unwrap_or(UngrantedAction::Ignored),
        subject: own.subject.or(defaults.subject).map(|subject| subject.0).unwrap_or_default(),
        deciders,
        name,
    })
}
