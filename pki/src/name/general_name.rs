//! The subject alternative names of certificates (RFC 5280 section 4.2.1.6).
//!
//! Invariant: a [`Name`] is valid and canonical (DNS names in lower case, IDN as A-labels, addresses as values): equal
//! names mean the same, and the plain text of a [`Name`] reads back as the same name. Fails with a [`NameError`].

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{dns, email, uri};
use crate::error::{CsrWarning, NameError};

/// One subject alternative name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// dNSName in lower case, IDN as A-labels; the leftmost label may be a wildcard.
    Dns(String),
    /// iPAddress.
    Ip(IpAddr),
    /// rfc822Name with the domain in lower case.
    Email(String),
    /// uniformResourceIdentifier, unchanged.
    Uri(String),
}

impl Name {
    /// A DNS name; see [`dns`] for the rules.
    pub fn dns(text: &str) -> Result<Name, NameError> {
        dns::parse(text).map(Name::Dns).map_err(|error| NameError::Dns { name: text.to_owned(), error })
    }

    /// An address from the octets of an iPAddress: 4 for IPv4, 16 for IPv6.
    pub fn ip(octets: &[u8]) -> Result<Name, NameError> {
        let address = if let Ok(v4) = <[u8; 4]>::try_from(octets) {
            IpAddr::from(v4)
        } else if let Ok(v6) = <[u8; 16]>::try_from(octets) {
            IpAddr::from(v6)
        } else {
            return Err(NameError::IpOctets(octets.len()));
        };
        Name::address(address)
    }

    /// An address of one host: not unspecified, multicast or broadcast.
    pub fn address(address: IpAddr) -> Result<Name, NameError> {
        let canonical = address.to_canonical();
        let broadcast = matches!(canonical, IpAddr::V4(v4) if v4.is_broadcast());
        if canonical.is_unspecified() || canonical.is_multicast() || broadcast {
            return Err(NameError::IpNoHost(address));
        }
        Ok(Name::Ip(address))
    }

    /// An e-mail address; see [`email`] for the rules.
    pub fn email(text: &str) -> Result<Name, NameError> {
        email::parse(text).map(Name::Email).map_err(|error| NameError::Email { name: text.to_owned(), error })
    }

    /// A URI; see [`uri`] for the rules.
    pub fn uri(text: &str) -> Result<Name, NameError> {
        uri::parse(text).map(Name::Uri).map_err(|error| NameError::Uri { name: text.to_owned(), error })
    }

    /// The kind in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Name::Dns(_) => "DNS name",
            Name::Ip(_) => "IP address",
            Name::Email(_) => "e-mail address",
            Name::Uri(_) => "URI",
        }
    }

    /// The plain text; it reads back as the same name.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Name::Ip(address) => Cow::Owned(address.to_string()),
            Name::Dns(text) | Name::Email(text) | Name::Uri(text) => Cow::Borrowed(text),
        }
    }

    /// True if the leftmost label is a wildcard.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Name::Dns(name) if name.starts_with("*."))
    }

    /// The name for people: an internationalized DNS name in both forms, any other name unchanged.
    #[must_use]
    pub fn for_people(&self) -> String {
        match self {
            Name::Dns(name) => match dns::unicode(name) {
                Some(unicode) => format!("{name} ({unicode})"),
                None => name.clone(),
            },
            other => other.to_string(),
        }
    }

    /// The skeleton (UTS #39 section 4) of a DNS name in Unicode, without a wildcard: equal for confusable names such
    /// as `paypal.example` and `paypa1.example`. `None` for other kinds of names.
    #[must_use]
    pub fn confusable_skeleton(&self) -> Option<String> {
        let Name::Dns(name) = self else { return None };
        let host = name.strip_prefix("*.").unwrap_or(name);
        let unicode = dns::unicode(host).unwrap_or_else(|| host.to_owned());
        let skeleton: String = unicode_security::skeleton(&unicode.to_lowercase()).collect();
        // Some skeletons of lower-case text have capitals: the skeleton of 0 is O.
        Some(skeleton.to_lowercase())
    }

    /// A warning for approvers, if the name calls for one.
    #[must_use]
    pub fn warning(&self) -> Option<CsrWarning> {
        match self {
            Name::Dns(name) => dns::warning(name),
            Name::Ip(_) | Name::Email(_) | Name::Uri(_) => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// True if the text is the plain text of the name.
impl PartialEq<String> for Name {
    fn eq(&self, text: &String) -> bool {
        self.text() == *text
    }
}

/// Reads the plain text of a name. The four kinds do not overlap: an IP address parses as one, only a URI begins with a
/// scheme and a colon, and of the other two only an e-mail address has an `@`.
impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Name::address(address);
        }
        if uri::has_scheme(text) {
            return Name::uri(text);
        }
        if text.contains('@') {
            return Name::email(text);
        }
        if text.is_empty() {
            return Err(NameError::NotAName(text.to_owned()));
        }
        Name::dns(text)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: NameError| serde::de::Error::custom(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_reads_back_from_its_plain_text() {
        for text in [
            "www.example.com",
            "*.example.com",
            "xn--bcher-kva.example.com",
            "10.0.0.1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "alice@example.com",
            "spiffe://example.org/ns/default/sa/web",
            "https://www.example.com/a@b",
        ] {
            let name: Name = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
            assert_eq!(name.to_string().parse::<Name>().unwrap(), name);
            let json = serde_json::to_string(&name).unwrap();
            assert_eq!(serde_json::from_str::<Name>(&json).unwrap(), name);
        }
    }

    #[test]
    fn addresses_of_no_host_are_bad_names() {
        for text in ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:0.0.0.0"] {
            assert!(matches!(text.parse::<Name>(), Err(NameError::IpNoHost(_))), "{text}");
        }
        assert_eq!(Name::ip(&[10, 0, 0]), Err(NameError::IpOctets(3)));
        assert_eq!(Name::ip(&[10, 0, 0, 0, 255, 0, 0, 0]), Err(NameError::IpOctets(8)));
    }

    #[test]
    fn an_internationalized_name_is_shown_in_both_forms() {
        let name: Name = "xn--bcher-kva.example.com".parse().unwrap();
        assert_eq!(name.for_people(), "xn--bcher-kva.example.com (bücher.example.com)");
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        let key = |text: &str| text.parse::<Name>().unwrap().confusable_skeleton();
        let same = [
            ("paypal.example.com", "paypa1.example.com"),
            ("shop.example.com", "sh0p.example.com"),
            ("modern.example.com", "rnodern.example.com"),
            ("*.example.com", "examp1e.com"),
            ("apple.example.com", "xn--80ak6aa92e.example.com"),
        ];
        for (one, other) in same {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("www.example.com"), key("web.example.com"));
        assert_eq!(key("192.0.2.1"), None);
    }

    /// Runs `check` on each generated text that is a name, and returns their number.
    fn accepted(pattern: &str, check: impl Fn(&str, &Name)) -> u32 {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let strategy = proptest::string::string_regex(pattern).unwrap();
        let mut runner = proptest::test_runner::TestRunner::default();
        let mut accepted = 0;
        for _ in 0..1000 {
            let text = strategy.new_tree(&mut runner).unwrap().current();
            if let Ok(name) = text.parse::<Name>() {
                check(&text, &name);
                accepted += 1;
            }
        }
        accepted
    }

    #[test]
    fn any_text_that_is_a_name_round_trips() {
        let round_trip =
            |_: &str, name: &Name| assert_eq!(name.to_string().parse::<Name>().as_ref(), Ok(name));
        accepted("\\PC{0,80}", round_trip);
        for pattern in
            ["[a-z]{1,5}@[a-z]{1,5}\\.com", "https://[a-z]{1,9}\\.com/\\PC{0,9}", "10\\.0\\.0\\.[0-9]{1,2}"]
        {
            assert!(accepted(pattern, round_trip) > 100, "{pattern}");
        }
    }

    #[test]
    fn plausible_dns_names_are_kept_in_lower_case() {
        let pattern = "(\\*\\.)?([a-zA-Z0-9][a-zA-Z0-9-]{0,10}\\.){1,4}[a-zA-Z]{2,8}";
        let lower = |text: &str, name: &Name| assert_eq!(name.to_string(), text.to_ascii_lowercase());
        assert!(accepted(pattern, lower) > 500, "most of them are names");
    }
}
