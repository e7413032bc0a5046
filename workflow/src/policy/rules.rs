//! Rules on names (suffixes of DNS names, networks, mail domains, prefixes of URIs), and rules on requesters.
//!
//! Invariant: a name is allowed only if an `allow` rule of its kind covers all of it (for a wildcard: all names
//! that match it; for a suffix: all names below it) and no `deny` rule covers any of it.

mod kinds;

use std::fmt;

use crate::finding::{about_name, about_suffix};
use crate::standing::StandingName;
use crate::texts::Message;
use pki::name::Name;

pub(super) use crate::dns_rule::DnsRule;
pub(super) use kinds::{MailRule, Network, UriRule};

/// The subject of a rule: one name, or every DNS name below a suffix.
#[derive(Clone, Copy, Debug)]
pub(super) enum NameScope<'a> {
    One(&'a Name),
    Below(&'a str),
}

impl<'a> From<&'a Name> for NameScope<'a> {
    fn from(name: &'a Name) -> Self {
        Self::One(name)
    }
}

impl<'a> From<&'a StandingName> for NameScope<'a> {
    fn from(name: &'a StandingName) -> Self {
        match name {
            StandingName::Exactly(name) => Self::One(name),
            StandingName::Below(suffix) => Self::Below(suffix),
        }
    }
}

impl NameScope<'_> {
    /// A message about it, with the values `kind` and `name`.
    pub(super) fn about(self, id: &'static str) -> Message {
        match self {
            Self::One(name) => about_name(id, name),
            Self::Below(suffix) => about_suffix(id, suffix),
        }
    }

    pub(super) fn is_wildcard(self) -> bool {
        matches!(self, Self::One(name) if name.is_wildcard())
    }
}

/// Allow and deny rules of one kind of name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rules<R> {
    pub(super) allow: Vec<R>,
    pub(super) deny: Vec<R>,
}

/// The rules for each kind of name. A kind without rules is not certified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) dns: Option<Rules<DnsRule>>,
    pub(super) ip: Option<Rules<Network>>,
    pub(super) email: Option<Rules<MailRule>>,
    pub(super) uri: Option<Rules<UriRule>>,
}

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        *self == Names::default()
    }

    /// The reason why a name is not allowed; the caller must add the value `profile` to the message.
    pub(super) fn refuse<'n>(&self, scope: impl Into<NameScope<'n>>) -> Option<Message> {
        let scope = scope.into();
        match self.decide(scope) {
            NameDecision::Allowed(_) => None,
            NameDecision::NoRules => Some(scope.about("finding-name-kind")),
            NameDecision::Denied(rule) => {
                Some(scope.about("finding-name-excluded").with("rule", rule.to_string()))
            }
            NameDecision::Outside => Some(scope.about("finding-name-outside")),
        }
    }

    /// The rule that decides about a name.
    pub(super) fn decide<'n>(&self, scope: impl Into<NameScope<'n>>) -> NameDecision<'_> {
        let name = match scope.into() {
            NameScope::One(name) => name,
            NameScope::Below(suffix) => {
                let dns = self.dns.as_ref();
                return decide(dns, |rule| rule.covers_below(suffix), |rule| rule.touches_below(suffix));
            }
        };
        match name {
            Name::Dns(text) => decide(self.dns.as_ref(), |rule| rule.covers(text), |rule| rule.touches(text)),
            Name::Ip(address) => {
                decide(self.ip.as_ref(), |rule| rule.covers(*address), |rule| rule.touches(*address))
            }
            Name::Email(text) => {
                decide(self.email.as_ref(), |rule| rule.covers(text), |rule| rule.touches(text))
            }
            Name::Uri(text) => decide(self.uri.as_ref(), |rule| rule.covers(text), |rule| rule.touches(text)),
        }
    }

    /// One line per kind of name, for people.
    pub(super) fn describe(&self) -> Vec<Message> {
        fn line<R: ToString>(id: &'static str, rules: Option<&Rules<R>>) -> Option<Message> {
            let rules = rules?;
            let list = |rules: &[R]| rules.iter().map(R::to_string).collect::<Vec<_>>().join(", ");
            let allowed = || Message::new(id).with("allow", list(&rules.allow));
            let but = |allowed| match rules.deny.as_slice() {
                [] => allowed,
                deny => Message::new("finding-allowed-but").with("allowed", allowed).with("deny", list(deny)),
            };
            (!rules.allow.is_empty()).then(|| but(allowed()))
        }
        [
            line("finding-allowed-dns", self.dns.as_ref()),
            line("finding-allowed-ip", self.ip.as_ref()),
            line("finding-allowed-mail", self.email.as_ref()),
            line("finding-allowed-uri", self.uri.as_ref()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The rule that decides about a name.
pub(super) enum NameDecision<'r> {
    /// This rule in `allow` covers it.
    Allowed(&'r dyn fmt::Display),
    /// There are no rules for its kind of name.
    NoRules,
    /// This rule in `deny` covers some of it.
    Denied(&'r dyn fmt::Display),
    /// No rule in `allow` covers it.
    Outside,
}

fn decide<R: fmt::Display>(
    rules: Option<&Rules<R>>,
    covers: impl Fn(&R) -> bool,
    touches: impl Fn(&R) -> bool,
) -> NameDecision<'_> {
    let Some(rules) = rules else {
        return NameDecision::NoRules;
    };
    if let Some(rule) = rules.deny.iter().find(|rule| touches(rule)) {
        return NameDecision::Denied(rule);
    }
    let allowing = rules.allow.iter().find(|rule| covers(rule));
    allowing.map_or(NameDecision::Outside, |rule| NameDecision::Allowed(rule))
}

/// A rule for requesters of these mail domains: allows only the names in `names`, among the names allowed by the
/// profile. An empty `names` allows all of them; a kind of name missing in `names` is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requesters {
    pub(super) domains: Vec<MailRule>,
    pub(super) names: Names,
}
