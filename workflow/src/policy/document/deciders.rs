//! Approvers in a policy document: people, groups, times, and their relations.
//!
//! Invariant: a profile with too few approvers for its seats is an error, so no request waits in vain.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;

use super::settings::{People, Settings};
use super::values::Approver;
use crate::approver_set::{ApproverSet, GroupQuorum, PlusTags};
use crate::email::Email;
use crate::policy::error::{PolicyError, line_of};

/// The approval period if the document sets none.
const USUAL_LIMIT: Duration = Duration::from_secs(7 * 86_400);

/// Values shared by all profiles.
pub(super) struct Common {
    pub(super) groups: BTreeMap<String, Vec<Email>>,
    pub(super) people: People,
}

/// The approvers of one profile, and their times.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Deciders {
    pub(in crate::policy) quorums: Vec<GroupQuorum>,
    pub(in crate::policy) plus_tags: PlusTags,
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

/// Reads `[groups]`.
pub(super) fn groups(
    groups: BTreeMap<String, Spanned<Vec<Approver>>>,
    text: &str,
) -> Result<BTreeMap<String, Vec<Email>>, PolicyError> {
    groups
        .into_iter()
        .map(|(name, members)| {
            let line = Some(line_of(text, members.span().start));
            match addresses(members.into_inner()) {
                members if members.is_empty() => {
                    Err(PolicyError { line, detail: format!("the group {name} has no members") })
                }
                members => Ok((name, members)),
            }
        })
        .collect()
}

fn addresses(list: Vec<Approver>) -> Vec<Email> {
    list.into_iter().map(|one| one.0).collect()
}

/// Rejects a section with both forms of naming approvers: one form would be ignored silently.
pub(super) fn one_way(section: &str, settings: &Settings) -> Result<(), String> {
    if settings.approval.is_some() && (settings.approvers.is_some() || settings.quorum.is_some()) {
        return Err(format!(
            "{section} has approval and also approvers or quorum; write one way or the other"
        ));
    }
    Ok(())
}

/// Collects the approvers of the profile `name`, and their times.
pub(super) fn deciders(
    name: &str,
    own: &Settings,
    defaults: &Settings,
    common: &Common,
) -> Result<Deciders, String> {
    let plus_tags = common.people.plus_tags.unwrap_or_default();
    let group = |of: &str| {
        common.groups.get(of).cloned().ok_or_else(|| {
            format!(
                "the profile {name} names the group \"{of}\"; write it as [groups] {of} = [\"a@example.com\"]"
            )
        })
    };
    one_way(&format!("the profile {name}"), own)?;
    // The profile's own value takes precedence over the defaults, in either form.
    let by_groups = own
        .approval
        .as_ref()
        .or_else(|| defaults.approval.as_ref().filter(|_| own.approvers.is_none() && own.quorum.is_none()));
    let quorums = match by_groups {
        Some(lines) => lines
            .iter()
            .map(|line| {
                Ok(GroupQuorum {
                    group: Some(line.group.clone()),
                    members: group(&line.group)?,
                    quorum: line.quorum,
                })
            })
            .collect::<Result<Vec<_>, String>>()?,
        None => {
            let approvers =
                own.approvers.as_ref().or(defaults.approvers.as_ref()).cloned().unwrap_or_default();
            let quorum = own.quorum.or(defaults.quorum).unwrap_or(1);
            vec![GroupQuorum { group: None, members: addresses(approvers), quorum }]
        }
    };
    let limit = own.limit.or(defaults.limit).map_or(USUAL_LIMIT, |limit| limit.0);
    let escalation = own
        .escalation
        .as_ref()
        .or(defaults.escalation.as_ref())
        .map(|one| {
            let members = group(&one.group)?;
            Ok::<_, String>(Escalation { after: one.after.0, group: one.group.clone(), members })
        })
        .transpose()?;
    let mut reminders: Vec<Duration> = own
        .reminders
        .as_ref()
        .or(defaults.reminders.as_ref())
        .map(|list| list.iter().map(|one| one.0).collect())
        .unwrap_or_default();
    reminders.sort();
    reminders.dedup();
    let is_late = |after: &Duration| *after >= limit;
    let own_late = own.reminders.is_some() && reminders.iter().any(is_late)
        || own.escalation.is_some() && escalation.iter().any(|one| is_late(&one.after));
    if own_late {
        return Err(format!("the profile {name} reminds or escalates when its limit is over already"));
    }
    // Times of the defaults apply only to profiles with a longer approval period.
    reminders.retain(|after| !is_late(after));
    let escalation = escalation.filter(|one| !is_late(&one.after));
    can_decide(name, &quorums, plus_tags)?;
    Ok(Deciders { quorums, plus_tags, limit, reminders, escalation })
}

/// Checks that all approvers together can fill the seats.
fn can_decide(name: &str, quorums: &[GroupQuorum], plus_tags: PlusTags) -> Result<(), String> {
    if quorums.iter().all(|group| group.members.is_empty()) {
        return Err(format!(
            "the profile {name} has no approvers; write approvers = [\"security@example.com\"]"
        ));
    }
    let approver_set = ApproverSet { quorums: quorums.to_vec(), escalation_approvers: Vec::new(), plus_tags };
    let approvers = approver_set.approvers();
    if quorums.len() == 1 && approvers.len() != quorums[0].members.len() {
        return Err(format!("the profile {name} has the same approver twice"));
    }
    if quorums.iter().any(|group| group.quorum == 0) {
        return Err(format!("the profile {name} has {} approvers and a quorum of 0", approvers.len()));
    }
    if approver_set.missing_approvals(&approvers).is_empty() {
        return Ok(());
    }
    Err(format!(
        "the profile {name} has {} approvers and a quorum of {}",
        approvers.len(),
        approver_set.quorum()
    ))
}
