//! Rules on DNS names by suffix, as policies and standing approvals write them.
//!
//! Invariant: a suffix covers whole labels. A rule covers a wildcard only if it covers all matching names, and a suffix only if it
//! covers all names below it.

use std::fmt;

use pki::name::Name;

/// `example.com`: this name and all names below it. `.example.com`: only the names below it. `=www.example.com`: this
/// name only. `*`: any name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DnsRule {
    Any,
    AtOrBelow(String),
    Below(String),
    Exactly(String),
}

impl DnsRule {
    pub(crate) fn read(text: &str) -> Result<DnsRule, String> {
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

    /// True if the rule covers every name that matches `name`.
    pub(crate) fn covers(&self, name: &str) -> bool {
        match (self, name.strip_prefix("*.")) {
            (DnsRule::Any, _) => true,
            (DnsRule::AtOrBelow(suffix), None) => name == suffix || is_below(name, suffix),
            (DnsRule::Below(suffix), None) => is_below(name, suffix),
            (DnsRule::Exactly(exact), None) => name == exact,
            // A wildcard matches all names one label below `parent`; a suffix that covers them covers all below those too.
            (_, Some(parent)) => self.covers_below(parent),
        }
    }

    /// True if the rule covers any name that matches `name`.
    pub(crate) fn touches(&self, name: &str) -> bool {
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

    /// True if the rule covers every name below `suffix`.
    pub(crate) fn covers_below(&self, suffix: &str) -> bool {
        match self {
            DnsRule::Any => true,
            DnsRule::AtOrBelow(own) | DnsRule::Below(own) => own == suffix || is_below(suffix, own),
            DnsRule::Exactly(_) => false,
        }
    }

    /// True if the rule covers any name below `suffix`.
    pub(crate) fn touches_below(&self, suffix: &str) -> bool {
        match self {
            DnsRule::Any => true,
            DnsRule::AtOrBelow(own) | DnsRule::Below(own) => {
                self.covers_below(suffix) || is_below(own, suffix)
            }
            DnsRule::Exactly(own) => is_below(own, suffix),
        }
    }
}

/// True if `name` is a name below `suffix`.
fn is_below(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
}

impl fmt::Display for DnsRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DnsRule::Any => f.write_str("*"),
            DnsRule::AtOrBelow(suffix) => f.write_str(suffix),
            DnsRule::Below(suffix) => write!(f, ".{suffix}"),
            DnsRule::Exactly(name) => write!(f, "={name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_cover_whole_labels() {
        let rule = DnsRule::read("Example.com").unwrap();
        assert!(rule.covers("example.com") && rule.covers("a.b.example.com") && rule.covers("*.example.com"));
        assert!(!rule.covers("badexample.com") && !rule.covers("example.com.evil.org"));
        let below = DnsRule::read(".example.com").unwrap();
        assert!(
            !below.covers("example.com") && below.covers("a.example.com") && below.covers("*.example.com")
        );
        let exact = DnsRule::read("=www.example.com").unwrap();
        assert!(
            exact.covers("www.example.com")
                && !exact.covers("a.www.example.com")
                && !exact.covers("*.example.com")
        );
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
    fn everything_below_a_suffix_is_covered_or_touched_by_whole_labels() {
        let suffix = "web.example.com";
        for (rule, covers, touches) in [
            ("*", true, true),
            ("example.com", true, true),
            (".example.com", true, true),
            ("web.example.com", true, true),
            (".web.example.com", true, true),
            ("a.web.example.com", false, true),
            (".a.web.example.com", false, true),
            ("=a.web.example.com", false, true),
            ("=web.example.com", false, false),
            ("b.example.com", false, false),
            ("xweb.example.com", false, false),
            ("=a.xweb.example.com", false, false),
        ] {
            let read = DnsRule::read(rule).unwrap();
            assert_eq!((read.covers_below(suffix), read.touches_below(suffix)), (covers, touches), "{rule}");
        }
    }
}
