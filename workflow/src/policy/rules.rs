//! Rules on names: suffixes of DNS names, networks, mail domains, prefixes of URIs; and on who may ask.
//!
//! Invariant: a name is allowed only if an `allow` rule of its kind covers all of it (for a wildcard: everything it
//! stands for) and no `deny` rule covers any of it.

use std::net::IpAddr;

use serde::{Deserialize, Deserializer, de::Error};

use crate::csr::Name;

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
            Name::Ip(address) => refuse(self.ip.as_ref(), |rule| rule.covers(*address), |rule| rule.touches(*address)),
            Name::Email(text) => refuse(self.email.as_ref(), |rule| rule.covers(text), |rule| rule.covers(text)),
            Name::Uri(text) => refuse(self.uri.as_ref(), |rule| rule.covers(text), |rule| rule.touches(text)),
        }
    }

    /// Whether there are rules for this kind of name at all.
    pub(super) fn knows(&self, name: &Name) -> bool {
        match name {
            Name::Dns(_) => self.dns.is_some(),
            Name::Ip(_) => self.ip.is_some(),
            Name::Email(_) => self.email.is_some(),
            Name::Uri(_) => self.uri.is_some(),
        }
    }

    /// One line a kind, for people.
    pub(super) fn describe(&self) -> Vec<String> {
        fn line<R: ToString>(kind: &str, rules: Option<&Rules<R>>) -> Option<String> {
            let rules = rules?;
            let list = |rules: &[R]| rules.iter().map(R::to_string).collect::<Vec<_>>().join(", ");
            let but = if rules.deny.is_empty() { String::new() } else { format!("; but not {}", list(&rules.deny)) };
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
    let Some(rules) = rules else { return Some("is of a kind that is not certified".to_owned()) };
    if let Some(rule) = rules.deny.iter().find(|rule| touches(rule)) {
        return Some(format!("is excluded by the rule {}", rule.to_string()));
    }
    (!rules.allow.iter().any(covers)).then(|| "is outside of what is allowed".to_owned())
}

/// `example.com`: that name and all below it. `.example.com`: only those below. `=www.example.com`: that name alone.
/// `*`: any name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DnsRule {
    Any,
    AtOrBelow(String),
    Below(String),
    Exactly(String),
}

impl DnsRule {
    fn read(text: &str) -> Result<DnsRule, String> {
        let lower = text.to_ascii_lowercase();
        let (make, name): (fn(String) -> DnsRule, &str) = match lower.as_bytes() {
            b"*" => return Ok(DnsRule::Any),
            [b'.', ..] => (DnsRule::Below, &lower[1..]),
            [b'=', ..] => (DnsRule::Exactly, &lower[1..]),
            _ => (DnsRule::AtOrBelow, &lower),
        };
        if name.starts_with("*.") || Name::dns(&format!("a.{name}")).is_err() {
            return Err(format!(
                "\"{text}\" is no suffix of DNS names; write example.com, .example.com (only below) or =www.example.com (only this)"
            ));
        }
        Ok(make(name.to_owned()))
    }

    /// Whether the rule covers all that `name` stands for.
    fn covers(&self, name: &str) -> bool {
        match (self, name.strip_prefix("*.")) {
            (DnsRule::Any, _) => true,
            (DnsRule::AtOrBelow(suffix), None) => name == suffix || is_below(name, suffix),
            (DnsRule::Below(suffix), None) => is_below(name, suffix),
            (DnsRule::Exactly(exact), None) => name == exact,
            // All names one label below `parent`.
            (DnsRule::AtOrBelow(suffix) | DnsRule::Below(suffix), Some(parent)) => {
                parent == suffix || is_below(parent, suffix)
            }
            (DnsRule::Exactly(_), Some(_)) => false,
        }
    }

    /// Whether the rule covers anything that `name` stands for.
    fn touches(&self, name: &str) -> bool {
        if self.covers(name) {
            return true;
        }
        match (self, name.strip_prefix("*.")) {
            (DnsRule::AtOrBelow(host) | DnsRule::Exactly(host), Some(parent)) => {
                host.split_once('.').is_some_and(|(_, above)| above == parent)
            }
            _ => false,
        }
    }
}

fn is_below(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
}

impl std::fmt::Display for DnsRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DnsRule::Any => f.write_str("*"),
            DnsRule::AtOrBelow(suffix) => f.write_str(suffix),
            DnsRule::Below(suffix) => write!(f, ".{suffix}"),
            DnsRule::Exactly(name) => write!(f, "={name}"),
        }
    }
}

/// A network (RFC 4632 section 3.1, RFC 4291 section 2.3), or a single address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    fn read(text: &str) -> Result<Network, String> {
        let wrong = || format!("\"{text}\" is no network; write 10.0.0.0/8, 2001:db8::/32 or a single address");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(width);
        if prefix > width {
            return Err(wrong());
        }
        let network = Network { address, prefix };
        if bits(address) & !network.mask() != 0 {
            return Err(format!("\"{text}\" has bits set behind its prefix; write the first address of the network"));
        }
        Ok(network)
    }

    fn mask(&self) -> u128 {
        let width = if self.address.is_ipv4() { 32 } else { 128 };
        let all = u128::MAX >> (128 - width);
        all & all.checked_shl(u32::from(width - self.prefix)).unwrap_or(0)
    }

    fn covers(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && bits(address) & self.mask() == bits(self.address)
    }

    /// An IPv4 address written as IPv6 is still that address.
    fn touches(&self, address: IpAddr) -> bool {
        self.covers(address) || self.covers(address.to_canonical())
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// `example.com`: addresses in that domain. `.example.com`: in domains below it. `alice@example.com`: that address. `*`: any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MailRule {
    Address(String),
    Domain(DnsRule),
}

impl MailRule {
    fn read(text: &str) -> Result<MailRule, String> {
        if text.contains('@') {
            return match Name::email(text) {
                Ok(Name::Email(address)) => Ok(MailRule::Address(address)),
                _ => Err(format!("\"{text}\" is no e-mail address")),
            };
        }
        match DnsRule::read(text)? {
            DnsRule::AtOrBelow(domain) | DnsRule::Exactly(domain) => Ok(MailRule::Domain(DnsRule::Exactly(domain))),
            rule => Ok(MailRule::Domain(rule)),
        }
    }

    pub(super) fn covers(&self, address: &str) -> bool {
        let Some((local, domain)) = address.rsplit_once('@') else { return false };
        let domain = domain.to_ascii_lowercase();
        match self {
            MailRule::Address(exact) => *exact == format!("{local}@{domain}"),
            MailRule::Domain(rule) => rule.covers(&domain),
        }
    }
}

impl std::fmt::Display for MailRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MailRule::Address(address) => f.write_str(address),
            MailRule::Domain(DnsRule::Exactly(domain)) => f.write_str(domain),
            MailRule::Domain(rule) => rule.fmt(f),
        }
    }
}

/// `spiffe://example.org/team`: that URI and what lies below it in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UriRule(String);

impl UriRule {
    fn read(text: &str) -> Result<UriRule, String> {
        let without_slash = text.strip_suffix('/').unwrap_or(text);
        match Name::uri(without_slash) {
            Ok(_) => Ok(UriRule(without_slash.to_owned())),
            Err(finding) => Err(format!("\"{text}\" is no URI to begin with: {}", finding.detail)),
        }
    }

    fn covers(&self, uri: &str) -> bool {
        uri.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }

    /// Scheme and host are the same in either case (RFC 3986 section 6.2.2.1), so exclusion ignores it.
    fn touches(&self, uri: &str) -> bool {
        UriRule(self.0.to_ascii_lowercase()).covers(&uri.to_ascii_lowercase())
    }
}

impl std::fmt::Display for UriRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who may ask: people with these mail domains, and for which names where that is less than the profile allows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requesters {
    pub(super) domains: Vec<MailRule>,
    #[serde(default)]
    pub(super) names: Names,
}

macro_rules! read_from_text {
    ($($rule:ty),*) => {$(
        impl<'de> Deserialize<'de> for $rule {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$rule>::read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    )*};
}
read_from_text!(DnsRule, Network, MailRule, UriRule);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_cover_whole_labels() {
        let rule = DnsRule::read("Example.com").unwrap();
        assert!(rule.covers("example.com") && rule.covers("a.b.example.com") && rule.covers("*.example.com"));
        assert!(!rule.covers("badexample.com") && !rule.covers("example.com.evil.org"));
        let below = DnsRule::read(".example.com").unwrap();
        assert!(!below.covers("example.com") && below.covers("a.example.com") && below.covers("*.example.com"));
        let exact = DnsRule::read("=www.example.com").unwrap();
        assert!(exact.covers("www.example.com") && !exact.covers("a.www.example.com") && !exact.covers("*.example.com"));
        assert!(DnsRule::read("internal").unwrap().covers("db.internal"));
        assert!(DnsRule::read("*").unwrap().covers("anything.example.net"));
        for wrong in ["", ".", "=", "*.example.com", "exa mple.com", "10.0.0.0/8"] {
            assert!(DnsRule::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn exclusion_reaches_into_wildcards() {
        assert!(DnsRule::read("secret.example.com").unwrap().touches("*.example.com"));
        assert!(DnsRule::read("=secret.example.com").unwrap().touches("*.example.com"));
        assert!(!DnsRule::read(".secret.example.com").unwrap().touches("*.example.com"));
        assert!(DnsRule::read(".secret.example.com").unwrap().touches("*.secret.example.com"));
        assert!(!DnsRule::read("secret.example.com").unwrap().touches("*.other.example.com"));
    }

    #[test]
    fn networks_cover_their_addresses() {
        let ten = Network::read("10.0.0.0/8").unwrap();
        assert!(ten.covers("10.255.0.1".parse().unwrap()) && !ten.covers("11.0.0.1".parse().unwrap()));
        assert!(!ten.covers("::ffff:10.0.0.1".parse().unwrap()) && ten.touches("::ffff:10.0.0.1".parse().unwrap()));
        assert!(Network::read("::1").unwrap().covers("::1".parse().unwrap()));
        assert!(Network::read("fc00::/7").unwrap().covers("fd00::1".parse().unwrap()));
        assert!(Network::read("0.0.0.0/0").unwrap().covers("192.0.2.1".parse().unwrap()));
        assert!(Network::read("::/0").unwrap().covers("2001:db8::1".parse().unwrap()));
        for wrong in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0/8", "x", "10.0.0.0/-1", "fc00::/129"] {
            assert!(Network::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn mail_and_uri_rules_stop_at_their_borders() {
        let rule = MailRule::read("example.com").unwrap();
        assert!(rule.covers("a@EXAMPLE.com") && !rule.covers("a@sub.example.com") && !rule.covers("a@badexample.com"));
        assert!(MailRule::read(".example.com").unwrap().covers("a@sub.example.com"));
        assert!(MailRule::read("a@example.com").unwrap().covers("a@example.com"));
        let uri = UriRule::read("spiffe://example.org/team/").unwrap();
        assert!(uri.covers("spiffe://example.org/team") && uri.covers("spiffe://example.org/team/web"));
        assert!(!uri.covers("spiffe://example.org/teams"));
        assert!(UriRule::read("https://www.example.com").unwrap().touches("HTTPS://WWW.example.com/x"));
    }
}
