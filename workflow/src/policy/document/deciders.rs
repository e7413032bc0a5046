//! Approvers in a policy document: people, groups, times, and their relations.
//!
//! Invariant: a profile with too few approvers for its seats is an error, so no request waits in vain. A contradiction
//! is reported where its later value stands; one whose values all stand in `[defaults]` is reported there, once.

use std::ops::Range;
use std::time::Duration;

use super::groups::{self, UsedGroup};
use super::keys::{Field, PlacedValue};
use super::settings::{ApprovalLine, Common, Settings};
use super::values::{Approver, Limit};
use crate::approver_set::{ApproverSet, GroupQuorum, Identity, OidcGroup, PlusTags};
use crate::email::Email;
use crate::policy::error::Mistakes;

/// The approval period if the document sets none.
pub(super) const USUAL_LIMIT: Duration = Duration::from_secs(7 * 86_400);

/// The approvers of one profile, and their times.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Deciders {
    pub(in crate::policy) quorums: Vec<GroupQuorum>,
    pub(in crate::policy) plus_tags: PlusTags,
    pub(in crate::policy) identity: Identity,
    /// The groups of the identity provider among these.
    pub(in crate::policy) oidc_groups: Vec<OidcGroup>,
    pub(in crate::policy) limit: Duration,
    pub(in crate::policy) reminders: Vec<Duration>,
    pub(in crate::policy) escalation: Option<Escalation>,
}

/// The approvers who may vote too if a request stays undecided for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// The time from the start of the approval period until escalation.
    pub after: Duration,
    /// The name of their group.
    pub group: String,
    /// The members of the group.
    pub members: Vec<Email>,
}

/// The seats of a section, and the place to point to if they cannot be filled.
struct Seats {
    lines: Vec<ApprovalLine>,
    at: Range<usize>,
}

impl Seats {
    fn quorums(&self) -> Vec<GroupQuorum> {
        let quorum = |line: &ApprovalLine| GroupQuorum {
            group: line.group.name.clone(),
            members: line.group.members(),
            quorum: line.quorum,
        };
        self.lines.iter().map(quorum).collect()
    }
}

/// Collects the approvers of the profile `name`, and their times. Reports contradictions; `None` if there are any.
pub(super) fn deciders(
    name: &str,
    own: &Settings,
    defaults: &Settings,
    common: &Common,
    mistakes: &mut Mistakes<'_>,
) -> Option<Deciders> {
    let plus_tags = common.people.plus_tags();
    let is_one_way = one_way(&format!("the profile {name}"), own, mistakes);
    let seats = seats(name, own, defaults, mistakes).filter(|_| is_one_way);
    let can_decide = seats.as_ref().map(|seats| can_decide(seats, plus_tags, mistakes));
    let escalation_field = own.escalation.or(&defaults.escalation);
    let times = times(own, defaults, mistakes);
    let (limit, reminders, escalation) = times?;
    can_decide?.then_some(())?;
    let identity =
        own.identity.or(&defaults.identity).or(&common.people.identity).or_usual(Identity::Mail)?;
    let seats = seats?;
    let escalation_group =
        escalation_field.get().map(|one| one.group.clone()).filter(|_| escalation.is_some());
    let used: Vec<UsedGroup> =
        seats.lines.iter().map(|line| line.group.clone()).chain(escalation_group).collect();
    let oidc_groups = groups::oidc_groups(name, &used, (identity, plus_tags), &seats.at, mistakes)?;
    Some(Deciders {
        quorums: seats.quorums(),
        plus_tags,
        identity,
        oidc_groups,
        limit,
        reminders,
        escalation,
    })
}

/// Rejects a section with both forms of naming approvers: one form would be ignored silently.
pub(super) fn one_way(section: &str, settings: &Settings, mistakes: &mut Mistakes<'_>) -> bool {
    let is_both =
        settings.approval.is_given() && (settings.approvers.is_given() || settings.quorum.is_given());
    if is_both {
        let at = settings.approval.placed().map_or(&settings.at, |approval| &approval.at);
        mistakes.at(
            at,
            format!("{section} has approval and also approvers or quorum; write one way or the other"),
        );
    }
    !is_both
}

/// The seats of a profile; `None` if there are none or if their mistake is reported.
fn seats(name: &str, own: &Settings, defaults: &Settings, mistakes: &mut Mistakes<'_>) -> Option<Seats> {
    // The profile's own value takes precedence over the defaults, in either form.
    let own_list = own.approvers.is_given() || own.quorum.is_given();
    let approval = if own_list { &own.approval } else { own.approval.or(&defaults.approval) };
    if !approval.is_absent() {
        return by_groups(approval);
    }
    match own.approvers.or(&defaults.approvers) {
        Field::Absent => {
            let detail =
                format!("the profile {name} has no approvers; write approvers = [\"security@example.com\"]");
            mistakes.at(&own.at, detail);
            None
        }
        approvers => by_list(approvers, own.quorum.or(&defaults.quorum), mistakes),
    }
}

fn by_groups(approval: &Field<Vec<PlacedValue<ApprovalLine>>>) -> Option<Seats> {
    let PlacedValue { value: lines, at } = approval.placed()?;
    Some(Seats { lines: lines.iter().map(|line| line.value.clone()).collect(), at: at.clone() })
}

fn by_list(
    approvers: &Field<Vec<PlacedValue<Approver>>>,
    quorum: &Field<usize>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Seats> {
    let list = approvers.placed()?;
    if list.value.is_empty() {
        mistakes.at(&list.at, "there are no approvers; write approvers = [\"security@example.com\"]");
        return None;
    }
    let members = list.value.iter().map(|one| one.value.0.clone()).collect();
    let at = quorum.placed().map_or(&list.at, |quorum| &quorum.at).clone();
    let group = UsedGroup::listed(members);
    Some(Seats { lines: vec![ApprovalLine { group, quorum: quorum.or_usual(1)? }], at })
}

/// Checks that all approvers together can fill the seats.
fn can_decide(seats: &Seats, plus_tags: PlusTags, mistakes: &mut Mistakes<'_>) -> bool {
    let (quorums, at) = (seats.quorums(), &seats.at);
    if quorums.is_empty() {
        mistakes.at(at, "there are no approvers; write approval = [{ group = \"security\" }]");
        return false;
    }
    let approver_set = ApproverSet {
        quorums: quorums.clone(),
        escalation_approvers: Vec::new(),
        plus_tags,
        identity: Identity::Mail,
        stand_ins: Vec::new(),
        requester: None,
        oidc_groups: seats.lines.iter().filter_map(|line| line.group.oidc().cloned()).collect(),
    };
    let approvers = approver_set.approvers();
    let is_twice = quorums.len() == 1 && approvers.len() != quorums[0].members.len();
    if is_twice {
        // In a list of the section itself, the second one is reported already.
        if let Some(group) = &quorums[0].group {
            mistakes.at(at, format!("the group {group} has the same approver twice"));
        }
        return false;
    }
    let is_enough = approver_set.never_filled().is_empty();
    if !is_enough {
        let (approvers, quorum) = (approvers.len(), approver_set.quorum());
        let people = if approvers == 1 { "1 approver".to_owned() } else { format!("{approvers} approvers") };
        mistakes.at(
            at,
            format!("{people} and a quorum of {quorum}: nobody could decide; name more approvers, or lower the quorum"),
        );
    }
    is_enough
}

type ApprovalTimes = (Duration, Vec<Duration>, Option<Escalation>);

/// The times of a profile. Those of `[defaults]` apply only to profiles with a longer approval period.
fn times(own: &Settings, defaults: &Settings, mistakes: &mut Mistakes<'_>) -> Option<ApprovalTimes> {
    let limit_field = own.limit.or(&defaults.limit);
    let limit = limit_field.or_usual(Limit(USUAL_LIMIT)).map(|limit| limit.0);
    if let Some(limit) = limit {
        for late in times_of(own).filter(|time| time.value.0 >= limit) {
            too_late(late, limit_field, limit, mistakes);
        }
    }
    let (limit, reminders, escalation) =
        (limit?, own.reminders.or(&defaults.reminders), own.escalation.or(&defaults.escalation));
    let mut reminders: Vec<Duration> = reminders
        .or_usual(Vec::new())?
        .iter()
        .map(|one| one.value.0)
        .filter(|after| *after < limit)
        .collect();
    reminders.sort();
    reminders.dedup();
    let escalation = match escalation {
        Field::Absent => None,
        field => Some(field.get()?).filter(|one| one.after.value.0 < limit).map(|one| Escalation {
            after: one.after.value.0,
            group: one.group.name.clone().unwrap_or_default(),
            members: one.group.members(),
        }),
    };
    Some((limit, reminders, escalation))
}

/// The times of a section that have to be before its limit.
fn times_of(settings: &Settings) -> impl Iterator<Item = &PlacedValue<Limit>> {
    let reminders = settings.reminders.get().into_iter().flatten();
    reminders.chain(settings.escalation.get().map(|escalation| &escalation.after))
}

fn too_late(late: &PlacedValue<Limit>, limit: &Field<Limit>, period: Duration, mistakes: &mut Mistakes<'_>) {
    let text = mistakes.text();
    let written = |at: &Range<usize>| text.get(at.clone()).unwrap_or_default().to_owned();
    let of_limit = match limit.placed() {
        Some(limit) => format!("the limit {}", written(&limit.at)),
        None => format!("the usual limit of {} days", period.as_secs() / 86_400),
    };
    let detail = format!("{} is not before {of_limit}; write a shorter time", written(&late.at));
    mistakes.at(&late.at, detail);
}

/// Reports contradictions among the values of `[defaults]`, unless a profile resolves them by a value of its own: then
/// they are of use there.
pub(super) fn contradictions_of_defaults(
    defaults: &Settings,
    profiles: &[(String, Settings)],
    common: &Common,
    mistakes: &mut Mistakes<'_>,
) {
    one_way("[defaults]", defaults, mistakes);
    let limit_of = |settings: &Settings| {
        settings.limit.or(&defaults.limit).or_usual(Limit(USUAL_LIMIT)).map(|limit| limit.0)
    };
    let Some(limit) = limit_of(defaults) else { return };
    let reminders = defaults.reminders.get().into_iter().flatten().map(|time| (time, true));
    let escalation = defaults.escalation.get().map(|escalation| (&escalation.after, false));
    for (time, is_reminder) in reminders.chain(escalation).filter(|(time, _)| time.value.0 >= limit) {
        let is_of_use = |(_, own): &(String, Settings)| {
            let is_taken = if is_reminder { own.reminders.is_absent() } else { own.escalation.is_absent() };
            is_taken && limit_of(own).is_none_or(|limit| time.value.0 < limit)
        };
        if !profiles.iter().any(is_of_use) {
            too_late(time, &defaults.limit, limit, mistakes);
        }
    }
    let is_resolved = |(_, own): &(String, Settings)| own.approvers.is_absent() != own.quorum.is_absent();
    let seats = match (&defaults.approval, &defaults.approvers) {
        (Field::Is(_), Field::Absent) => by_groups(&defaults.approval),
        (Field::Absent, Field::Is(approvers)) if !approvers.value.is_empty() => {
            by_list(&defaults.approvers, &defaults.quorum, mistakes)
                .filter(|_| !profiles.iter().any(is_resolved))
        }
        _ => None,
    };
    if let Some(seats) = seats {
        can_decide(&seats, common.people.plus_tags(), mistakes);
    }
}
