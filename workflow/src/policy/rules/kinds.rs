//! The rules, one type per kind of name: their syntax, and the names they cover.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use pki::name::{Name, embedded_ipv4};

use crate::approver_set::PlusTags;
use crate::dns_rule::DnsRule;
use crate::email::Email;
use crate::finding::Finding;

/// A network (RFC 4632 section 3.1, RFC 4291 section 2.3), or a single address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Network(IpNet);

impl Network {
    pub(in crate::policy) fn read(text: &str) -> Result<Network, String> {
        let wrong =
            || format!("\"{text}\" is no network; write 10.0.0.0/8, 2001:db8::/32 or a single address");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let network = match prefix {
            Some(prefix) => IpNet::new(address, prefix).map_err(|_| wrong())?,
            None => IpNet::from(address),
        };
        if network != network.trunc() {
            return Err(format!(
                "\"{text}\" has bits set behind its prefix; write the first address of the network"
            ));
        }
        Ok(Network(network))
    }

    pub(super) fn covers(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// An IPv6 address counts as the IPv4 addresses in it, too.
    pub(super) fn touches(&self, address: IpAddr) -> bool {
        let embedded = match address {
            IpAddr::V4(_) => Vec::new(),
            IpAddr::V6(v6) => embedded_ipv4(v6),
        };
        self.covers(address) || embedded.into_iter().any(|v4| self.covers(v4.into()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `example.com`: addresses in this domain. `.example.com`: addresses in domains below it. `alice@example.com`: this
/// address. `*`: any address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) enum MailRule {
    Address(String),
    Domain(DnsRule),
}

impl MailRule {
    pub(in crate::policy) fn read(text: &str) -> Result<MailRule, String> {
        if text.contains('@') {
            return match Name::email(text) {
                Ok(Name::Email(address)) => Ok(MailRule::Address(address)),
                _ => Err(format!("\"{text}\" is no e-mail address")),
            };
        }
        match DnsRule::read(text)? {
            DnsRule::AtOrBelow(domain) | DnsRule::Exactly(domain) => {
                Ok(MailRule::Domain(DnsRule::Exactly(domain)))
            }
            rule => Ok(MailRule::Domain(rule)),
        }
    }

    pub(in crate::policy) fn covers(&self, address: &str) -> bool {
        let Some((local, domain)) = address.rsplit_once('@') else {
            return false;
        };
        let domain = domain.to_ascii_lowercase();
        match self {
            MailRule::Address(exact) => *exact == format!("{local}@{domain}"),
            MailRule::Domain(rule) => rule.covers(&domain),
        }
    }
}

impl MailRule {
    /// Ignores letter case and the label after a plus sign: a denied person has no other spelling.
    pub(in crate::policy) fn touches(&self, address: &str) -> bool {
        match self {
            MailRule::Address(denied) => match (denied.parse::<Email>(), address.parse::<Email>()) {
                (Ok(denied), Ok(address)) => PlusTags::Same.same_person(&denied, &address),
                _ => denied.eq_ignore_ascii_case(address),
            },
            MailRule::Domain(_) => self.covers(address),
        }
    }
}

impl fmt::Display for MailRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MailRule::Address(address) => f.write_str(address),
            MailRule::Domain(DnsRule::Exactly(domain)) => f.write_str(domain),
            MailRule::Domain(rule) => rule.fmt(f),
        }
    }
}

/// `spiffe://example.org/team`: this URI and all URIs below it in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct UriRule(String);

impl UriRule {
    pub(in crate::policy) fn read(text: &str) -> Result<UriRule, String> {
        let without_slash = text.strip_suffix('/').unwrap_or(text);
        // An empty path is written as a slash (RFC 3986 section 6.2.3), but not in a SPIFFE ID.
        match Name::uri(without_slash)
            .or_else(|error| Name::uri(&format!("{without_slash}/")).map_err(|_| error))
        {
            Ok(_) => Ok(UriRule(without_slash.to_owned())),
            Err(error) => Err(format!("\"{text}\" is no URI to begin with: {}", Finding::from(error).detail)),
        }
    }

    pub(super) fn covers(&self, uri: &str) -> bool {
        uri.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }

    /// Ignores letter case, since scheme and host are case-insensitive (RFC 3986 section 6.2.2.1).
    pub(super) fn touches(&self, uri: &str) -> bool {
        UriRule(self.0.to_ascii_lowercase()).covers(&uri.to_ascii_lowercase())
    }
}

impl fmt::Display for UriRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_cover_their_addresses() {
        let ten = Network::read("10.0.0.0/8").unwrap();
        assert!(ten.covers("10.255.0.1".parse().unwrap()) && !ten.covers("11.0.0.1".parse().unwrap()));
        assert!(
            !ten.covers("::ffff:10.0.0.1".parse().unwrap())
                && ten.touches("::ffff:10.0.0.1".parse().unwrap())
        );
        for hidden in ["::10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::"] {
            let address: IpAddr = hidden.parse().unwrap();
            assert!(ten.touches(address) && !ten.covers(address), "{hidden}");
        }
        assert!(!ten.touches("2001:db8::a00:1".parse().unwrap()));
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
        assert!(
            rule.covers("a@EXAMPLE.com")
                && !rule.covers("a@sub.example.com")
                && !rule.covers("a@badexample.com")
        );
        assert!(MailRule::read(".example.com").unwrap().covers("a@sub.example.com"));
        let address = MailRule::read("a@example.com").unwrap();
        assert!(address.covers("a@example.com") && !address.covers("A@example.com"));
        for denied in ["a@example.com", "A@EXAMPLE.com", "a+x@example.com"] {
            assert!(address.touches(denied), "{denied}");
        }
        assert!(!address.touches("b@example.com") && !address.touches("a@example.org"));
        let uri = UriRule::read("spiffe://example.org/team/").unwrap();
        assert!(uri.covers("spiffe://example.org/team") && uri.covers("spiffe://example.org/team/web"));
        assert!(!uri.covers("spiffe://example.org/teams"));
        for site in ["https://www.example.com", "https://www.example.com/"] {
            let site = UriRule::read(site).unwrap();
            assert!(site.covers("https://www.example.com/") && site.touches("https://www.example.com/X?y"));
        }
        assert!(UriRule::read("https://www.example.com/A").unwrap().touches("https://www.example.com/a"));
        for wrong in
            ["HTTPS://www.example.com", "https://www.example.com/a/../b", "https://www.example.com:443"]
        {
            assert!(UriRule::read(wrong).is_err(), "{wrong}");
        }
    }
}
