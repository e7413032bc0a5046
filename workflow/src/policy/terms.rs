//! The evaluation of the terms of a standing approval by a profile.
//!
//! Invariant: a name of the terms is allowed by the function that allows a name of a CSR. A standing approval only
//! saves the question to the approvers: the policy in force evaluates each certificate under it, like any other.

use pki::issuer::Issuer;
use pki::name::Name;

use super::evaluate::beyond_name;
use super::rules_of_profile::{name, not_for_requester, requester_finding};
use super::{Policy, Profile, StandingRules};
use crate::finding::{Code, Finding};
use crate::requester::Requester;
use crate::standing::{StandingName, StandingTerms};
use crate::texts::Message;

impl Policy {
    /// Every finding about a standing approval with these terms, by this profile and by the issuer that would sign. Refusals
    /// only: there is no part of the terms that is left out.
    #[must_use]
    pub fn evaluate_standing(
        &self,
        terms: &StandingTerms,
        profile: &Profile,
        issuer: Option<&Issuer>,
        requester: &Requester,
    ) -> Vec<Finding> {
        let Some(rules) = profile.standing() else {
            let detail = Message::new("finding-standing-none")
                .with("field", "profile")
                .with("profile", profile.name());
            return vec![Finding::refused(
                Code::BadRequest,
                detail,
                Message::new("finding-standing-none-advice"),
            )];
        };
        let mut findings: Vec<Finding> = exceeded(rules, terms, profile).collect();
        findings.extend(requester_finding(profile, Some(requester)));
        for scope in terms.names() {
            findings.extend(name(scope, profile));
            findings.extend(not_for_requester(scope, profile, requester));
            findings.extend(issuer.and_then(|issuer| beyond(issuer, scope)));
        }
        findings
    }
}

/// The bounds that the terms exceed.
fn exceeded(rules: StandingRules, terms: &StandingTerms, profile: &Profile) -> impl Iterator<Item = Finding> {
    let finding = |detail: Message, most: u32| {
        let detail = detail.with("profile", profile.name()).with("most", most);
        Finding::refused(Code::TooLarge, detail, Message::new("finding-standing-bound-advice"))
    };
    let days = (terms.days() > rules.max_days).then(|| {
        let detail = Message::new("finding-standing-days").with("field", "days").with("days", terms.days());
        finding(detail, rules.max_days)
    });
    let certificates = (terms.certificates() > rules.most).then(|| {
        let detail = Message::new("finding-standing-certificates")
            .with("field", "certificates")
            .with("certificates", terms.certificates());
        finding(detail, rules.most)
    });
    days.into_iter().chain(certificates)
}

/// The violation of the issuer's name constraints. Of the names below a suffix, the wildcard is judged: a constraint for some of
/// them only is found when their certificate is requested.
fn beyond(issuer: &Issuer, scope: &StandingName) -> Option<Finding> {
    match scope {
        StandingName::Exactly(name) => beyond_name(issuer, name),
        StandingName::Below(suffix) => beyond_name(issuer, &Name::Dns(format!("*.{suffix}"))),
    }
}

#[cfg(test)]
mod tests;
