//! Rules on names: suffixes of DNS names, networks, mail domains, prefixes of URIs; and on who may ask.
//!
//! Invariant: a name is allowed only if an `allow` rule of its kind covers all of it (for a wildcard: everything it
//! stands for) and no `deny` rule covers any of it.

mod kinds;

use serde::Deserialize;

use crate::csr::Name;

use kinds::{DnsRule, MailRule, Network, UriRule};

/// Allow and deny rules of one kind of name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, bound = "R: Deserialize<'de>")]
pub(super) struct Rules<R> {
    #[serde(default = "Vec::new")]
    allow: Vec<R>,
    #[serde(default = "Vec::new")]
    deny: Vec<R>,
}

/// The rules for each kind of name. A kind without rules is not certified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    pub(super) dns: Option<Rules<DnsRule>>,
    pub(super) ip: Option<Rules<Network>>,
    pub(super) email: Option<Rules<MailRule>>,
    pub(super) uri: Option<Rules<UriRule>>,
}

impl Names {
    /// These rules, and those of `fallback` for the kinds that have none here.
    pub(super) fn or(self, fallback: Names) -> Names {
        Names {
            dns: self.dns.or(fallback.dns),
            ip: self.ip.or(fallback.ip),
            email: self.email.or(fallback.email),
            uri: self.uri.or(fallback.uri),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Names::default()
    }

    /// Why a name is not allowed: a short clause, to follow the name.
    pub(super) fn refuse(&self, name: &Name) -> Option<String> {
        match name {
            Name::Dns(text) => refuse(self.dns.as_ref(), |rule| rule.covers(text), |rule| rule.touches(text)),
            Name::Ip(address) => {
                refuse(self.ip.as_ref(), |rule| rule.covers(*address), |rule| rule.touches(*address))
            }
            Name::Email(text) => {
                refuse(self.email.as_ref(), |rule| rule.covers(text), |rule| rule.covers(text))
            }
            Name::Uri(text) => refuse(self.uri.as_ref(), |rule| rule.covers(text), |rule| rule.touches(text)),
        }
    }

    /// One line a kind, for people.
    pub(super) fn describe(&self) -> Vec<String> {
        fn line<R: ToString>(kind: &str, rules: Option<&Rules<R>>) -> Option<String> {
            let rules = rules?;
            let list = |rules: &[R]| rules.iter().map(R::to_string).collect::<Vec<_>>().join(", ");
            let but = if rules.deny.is_empty() {
                String::new()
            } else {
                format!("; but not {}", list(&rules.deny))
            };
            (!rules.allow.is_empty()).then(|| format!("{kind}: {}{but}", list(&rules.allow)))
        }
        [
            line("DNS names in", self.dns.as_ref()),
            line("IP addresses in", self.ip.as_ref()),
            line("e-mail addresses in", self.email.as_ref()),
            line("URIs below", self.uri.as_ref()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn refuse<R: ToString>(
    rules: Option<&Rules<R>>,
    covers: impl Fn(&R) -> bool,
    touches: impl Fn(&R) -> bool,
) -> Option<String> {
    let Some(rules) = rules else {
        return Some("is of a kind that is not certified".to_owned());
    };
    if let Some(rule) = rules.deny.iter().find(|rule| touches(rule)) {
        return Some(format!("is excluded (rule {})", rule.to_string()));
    }
    (!rules.allow.iter().any(covers)).then(|| "is outside of what is allowed".to_owned())
}

/// Who may ask: people with these mail domains, for which of the names that the profile allows. Without names, for all of
/// them; with some, for no kind that is not listed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requesters {
    pub(super) domains: Vec<MailRule>,
    #[serde(default)]
    pub(super) names: Names,
}
