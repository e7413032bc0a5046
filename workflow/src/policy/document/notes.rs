//! Notes on the legal but unwise parts of a policy: each with its place and with advice.
//!
//! Invariant: a note never changes what is accepted or granted.

use std::collections::BTreeSet;
use std::ops::Range;

use time::Date;

use super::keys::{Field, PlacedValue};
use super::settings::{Common, Settings};
use super::stand_ins::PlacedStandIn;
use super::values::{KeyRule, RequesterProof};
use crate::approver_set::{Approving, GroupQuorum, PlusTags};
use crate::policy::error::{LineIndex, Place};
use crate::policy::profile::Profile;
use crate::policy::standing::StandingRules;
use pki::key::MAX_RSA_BITS;

/// A legal but unwise part of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyNote {
    /// Its place.
    pub place: Place,
    /// The consequence.
    pub detail: String,
    /// The better value.
    pub advice: String,
}

/// The notes on all profiles and stand-ins, in the order of their places. A part of `[defaults]` has one note, not one for each profile.
pub(super) fn of(
    text: &str,
    sections: &[(String, Settings)],
    defaults: &Settings,
    common: &Common,
    profiles: &[Option<Profile>],
    stand_ins: &[PlacedStandIn],
    today: Date,
) -> Vec<PolicyNote> {
    let mut notes = NoteSet::new();
    for ((_, own), profile) in sections.iter().zip(profiles) {
        let Some(profile) = profile else { continue };
        Notes { own, defaults, profile, notes: &mut notes }.all(common);
    }
    for one in stand_ins {
        stand_in(one, profiles, common.people.plus_tags(), today, &mut notes);
    }
    let lines = LineIndex::of(text);
    let note = |(start, end, detail, advice)| PolicyNote { place: lines.place(start..end), detail, advice };
    notes.into_iter().map(note).collect()
}

/// Notes by their places.
type NoteSet = BTreeSet<(usize, usize, String, String)>;

/// Adds the notes on a stand-in: one whose days are over, and one who adds nothing to a profile.
fn stand_in(
    placed: &PlacedStandIn,
    profiles: &[Option<Profile>],
    plus_tags: PlusTags,
    today: Date,
    notes: &mut NoteSet,
) {
    let (one, at) = (placed.stand_in(), placed.at());
    let mut add = |detail: String, advice: &str| {
        notes.insert((at.start, at.end, detail, advice.to_owned()));
    };
    if one.until < today {
        let detail = format!("{} stood in for {} until {}, which is over", one.by, one.person, one.until);
        add(detail, "Remove it, once no request waits or is to be signed with a vote of those days.");
        return;
    }
    for profile in profiles.iter().flatten().filter(|profile| profile.lists(&one.person, false)) {
        // Without the approver who is away, and with the stand-in in their place.
        let mut approver_set = profile.approvers_in_force(&one.person);
        let present: Vec<Approving> = approver_set.approvers().iter().map(Approving::own).collect();
        approver_set.quorums = profile.quorums().to_vec();
        let approver_set = approver_set.of_people();
        let (by, person) = (one.by.clone(), one.person.clone());
        let instead = Approving::also_for(&by, person);
        let is_there = |own: &Approving| plus_tags.same_person(&own.voter, &one.by);
        let with_stand_in: Vec<Approving> =
            present.iter().filter(|own| !is_there(own)).cloned().chain([instead]).collect();
        if !approver_set.missing_beside(&with_stand_in).is_empty() {
            let detail = format!(
                "while {} is away, the approvers of the profile {} and {} cannot fill its seats: {} is one person, with one vote",
                one.person,
                profile.name(),
                one.by,
                one.by
            );
            add(detail, "Name somebody who is not an approver of the profile, or lower the quorum.");
        }
    }
}

/// The longest validity of TLS server certificates on Apple's systems, below roots that users add too.
/// <https://support.apple.com/en-us/103769>
const APPLE_DAYS: u32 = 825;

/// The longest validity of TLS server certificates of public CAs until March 2026. CA/Browser Forum Baseline
/// Requirements section 6.3.2: 200 days since, 100 from March 2027, 47 from March 2029.
const PUBLIC_CA_DAYS: u32 = 398;

/// The largest RSA keys that programs make unless told otherwise.
const COMMON_RSA_BITS: u32 = 4096;

struct Notes<'a> {
    own: &'a Settings,
    defaults: &'a Settings,
    profile: &'a Profile,
    notes: &'a mut NoteSet,
}

impl Notes<'_> {
    fn all(mut self, common: &Common) {
        self.validity();
        self.keys();
        self.key_usage();
        self.purposes();
        self.quorum();
        self.escalation();
        self.requesters(common);
        self.standing();
    }

    fn add(&mut self, at: Range<usize>, detail: impl Into<String>, advice: impl Into<String>) {
        self.notes.insert((at.start, at.end, detail.into(), advice.into()));
    }

    /// The place of a field: in the profile, in `[defaults]`, or the head of the profile if it stands nowhere.
    fn place<T>(&self, of: impl Fn(&Settings) -> &Field<T>) -> Range<usize> {
        of(self.own).or(of(self.defaults)).placed().map_or(&self.own.at, |placed| &placed.at).clone()
    }

    fn serves_tls(&self) -> bool {
        self.profile.extended_key_usage.iter().any(|purpose| purpose.0 == "serverAuth")
    }

    fn validity(&mut self) {
        let days = self.profile.validity_days;
        if !self.serves_tls() || days <= PUBLIC_CA_DAYS {
            return;
        }
        let at = self.place(|settings| &settings.validity_days);
        if days > APPLE_DAYS {
            self.add(
                at,
                format!("{days} days for TLS servers: Apple's systems refuse server certificates of more than {APPLE_DAYS} days, also below roots that users or administrators add"),
                format!("Write at most {APPLE_DAYS}."),
            );
        } else {
            self.add(
                at,
                format!("{days} days for TLS servers is more than public CAs may have ({PUBLIC_CA_DAYS} days until March 2026, 200 since, 47 from March 2029); browsers enforce that for public CAs only, not for a private one"),
                format!("This is allowed. A shorter time limits the use of a stolen key; up to {PUBLIC_CA_DAYS} days there is no note."),
            );
        }
    }

    fn keys(&mut self) {
        let keys = &self.profile.keys;
        let is_common = |rule: &KeyRule| matches!(rule, KeyRule::Rsa | KeyRule::EcP256 | KeyRule::EcP384);
        if !keys.iter().any(is_common) {
            let at = self.place(|settings| &settings.keys);
            let left: Vec<&str> = keys.iter().map(|rule| rule.describe()).collect();
            self.add(
                at,
                format!("only {} keys are certified: RSA, EC P-256 and EC P-384, which programs make unless told otherwise, are refused, and not all browsers take others", left.join(" and ")),
                "Add \"ec-p256\".",
            );
        }
        let (bits, has_rsa) = (self.profile.rsa_min_bits, keys.contains(&KeyRule::Rsa));
        if has_rsa && bits > COMMON_RSA_BITS {
            let at = self.place(|settings| &settings.rsa_min_bits);
            let detail = match bits {
                ..=MAX_RSA_BITS => format!(
                    "RSA keys of 2048, 3072 and {COMMON_RSA_BITS} bits, which programs make, are refused"
                ),
                _ => format!("every RSA key is refused: no more than {MAX_RSA_BITS} bits are read"),
            };
            self.add(at, detail, "Write 3072 or 4096, or leave \"rsa\" out of keys.");
        }
        if let (false, Some(placed)) = (has_rsa, self.own.rsa_min_bits.placed()) {
            let at = placed.at.clone();
            self.add(
                at,
                "rsa_min_bits has no effect: keys has no \"rsa\"",
                "Leave it out, or add \"rsa\" to keys.",
            );
        }
    }

    /// Kinds of keys for which no key usage is left.
    fn key_usage(&mut self) {
        let without: Vec<&str> = self
            .profile
            .keys
            .iter()
            .filter(|rule| !self.profile.has_use_for(rule.kind()))
            .map(|rule| rule.describe())
            .collect();
        if !without.is_empty() {
            let at = self.place(|settings| &settings.key_usage);
            self.add(
                at,
                format!(
                    "every request with a key of kind {} is refused: none of these usages fits such a key",
                    without.join(", ")
                ),
                "Add \"digitalSignature\", or leave these kinds out of keys.",
            );
        }
    }

    fn purposes(&mut self) {
        let is_for_servers = self.profile.name.split('-').any(|word| matches!(word, "server" | "servers"));
        if !is_for_servers || self.serves_tls() {
            return;
        }
        let at = self.place(|settings| &settings.extended_key_usage);
        let name = &self.profile.name;
        let detail = if self.profile.extended_key_usage.is_empty() {
            format!(
                "the profile {name} has no purpose: some clients refuse such server certificates, and others take them for any purpose"
            )
        } else {
            format!("the profile {name} lacks the purpose serverAuth: TLS clients refuse its certificates")
        };
        self.add(at, detail, "Add \"serverAuth\" to extended_key_usage.");
    }

    fn quorum(&mut self) {
        // Escalation approvers may take any seat.
        if self.profile.escalation().is_some_and(|one| !self.is_approvers_only(&one.members)) {
            return;
        }
        // How many members a group of the identity provider has, the policy does not know.
        let full = |group: &&GroupQuorum| {
            group.is_of_people(self.profile.oidc_groups())
                && self.profile.plus_tags().distinct(&group.members).len() == group.quorum
        };
        let Some(group) = self.profile.quorums().iter().find(full) else { return };
        let of = group.group.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let detail = match group.members.as_slice() {
            [only] => format!(
                "{only} is the only approver{of}: one absence blocks every request, and nobody can approve the requests of {only}"
            ),
            members => format!(
                "all {} approvers{of} have to approve: one absence blocks every request",
                members.len()
            ),
        };
        let by_groups = self.profile.quorums().iter().any(|group| group.group.is_some());
        let at = if by_groups {
            self.place(|settings| &settings.approval)
        } else {
            let quorum = self.own.quorum.or(&self.defaults.quorum).placed();
            quorum.map_or_else(|| self.place(|settings| &settings.approvers), |quorum| quorum.at.clone())
        };
        self.add(at, detail, "Name more approvers than the quorum, or an escalation to others.");
    }

    /// True if all of them are approvers of the profile already.
    fn is_approvers_only(&self, members: &[crate::email::Email]) -> bool {
        let tags = self.profile.plus_tags();
        let approvers = || self.profile.quorums().iter().flat_map(|group| &group.members);
        members.iter().all(|member| approvers().any(|approver| tags.same_person(approver, member)))
    }

    fn escalation(&mut self) {
        let Some(escalation) = self.profile.escalation() else { return };
        if !self.is_approvers_only(&escalation.members) {
            return;
        }
        let at = self.place(|settings| &settings.escalation);
        let detail = format!(
            "all members of {} are approvers of the profile already: the escalation asks nobody else",
            escalation.group
        );
        self.add(at, detail, "Name a group with other people, or use reminders.");
    }

    fn standing(&mut self) {
        let Some(StandingRules { max_days, most }) = self.profile.standing() else { return };
        if self.seats() > 1 {
            return;
        }
        let name = &self.profile.name;
        let detail = format!(
            "in the profile {name}, one approval can let {most} certificates be issued in {max_days} days without asking anyone again"
        );
        self.add(
            self.place(|settings| &settings.standing),
            detail,
            "Write a quorum of at least 2, or smaller bounds.",
        );
    }

    /// The number of approvals that a request needs.
    fn seats(&self) -> usize {
        self.profile.quorums().iter().map(|group| group.quorum).sum()
    }

    fn requesters(&mut self, common: &Common) {
        let Field::Is(PlacedValue { value: RequesterProof::None, at }) = &common.people.requesters else {
            return;
        };
        if self.seats() > 1 {
            return;
        }
        let name = &self.profile.name;
        self.add(
            at.clone(),
            format!("addresses of requesters are not proven, and one approval is enough in the profile {name}: one approver can ask in another name and approve it"),
            "Write requesters = \"mail\" or \"oidc\", or a quorum of at least 2.",
        );
    }
}
