//! The policy at the console: what it says by now, in words.

use askama::Template;
use workflow::approver_set::Identity;
use workflow::email::Email;
use workflow::policy::{ConsolePeople, Policy, Profile};
use workflow::texts::Message;

use super::super::{Site, seats};
use super::frame::ConsoleFrame;
use crate::locale::Locale;
use crate::state::Portal;

/// What a profile says.
struct ProfileFacts {
    name: String,
    description: String,
    /// Who approves, and within which time.
    approval: String,
    /// The people of each group.
    groups: Vec<(String, String)>,
    identity: String,
    validity: String,
    names: Vec<String>,
    standing: Option<String>,
}

#[derive(Template)]
#[template(path = "console/policy.html")]
pub(crate) struct ConsolePolicyPage {
    site: Site,
    frame: ConsoleFrame,
    version: String,
    operators: String,
    auditors: String,
    profiles: Vec<ProfileFacts>,
}

impl ConsolePolicyPage {
    pub(crate) fn new(portal: &Portal, locale: &Locale, frame: ConsoleFrame, policy: &Policy) -> Self {
        let site = Site::of(portal, locale);
        let people = |people: Option<&ConsolePeople>| {
            let named = people.into_iter().flat_map(|one| {
                one.people.iter().map(ToString::to_string).chain(one.oidc_groups.iter().cloned())
            });
            let named: Vec<String> = named.collect();
            if named.is_empty() { site.text("none") } else { named.join(&site.text("list-separator")) }
        };
        let console = policy.console();
        Self {
            frame,
            version: policy.version().to_owned(),
            operators: people(console.map(|rules| rules.operators())),
            auditors: people(console.map(|rules| rules.auditors())),
            profiles: policy.profiles().map(|profile| facts(&site, profile)).collect(),
            site,
        }
    }
}

fn facts(site: &Site, profile: &Profile) -> ProfileFacts {
    let separator = site.text("list-separator");
    let listed =
        |people: &[Email]| people.iter().map(ToString::to_string).collect::<Vec<_>>().join(&separator);
    let group = |group: Option<&String>| group.cloned().unwrap_or_else(|| site.text("console-approvers"));
    let mut groups: Vec<(String, String)> =
        profile.quorums().iter().map(|one| (group(one.group.as_ref()), listed(&one.members))).collect();
    groups.extend(profile.escalation().map(|one| (site.text("console-escalation"), listed(&one.members))));
    ProfileFacts {
        name: profile.name().to_owned(),
        description: profile.description(site.language).to_owned(),
        approval: seats::in_words(site, profile.quorums(), profile.limit()),
        groups,
        identity: site.text(match profile.identity() {
            Identity::Mail => "console-identity-mail",
            Identity::Passkey => "console-identity-passkey",
            Identity::Oidc => "console-identity-oidc",
        }),
        validity: site.say(Message::new("days").with("days", profile.validity_days())),
        names: profile.allowed_names_in(site.language),
        standing: profile.standing().map(|rules| {
            site.say(
                Message::new("console-standing-bounds")
                    .with("days", rules.max_days)
                    .with("certificates", rules.most),
            )
        }),
    }
}
