//! The address of a receiver: a bearer secret, since whoever has it can post.
//!
//! Invariant: https, so that a call can reach neither the runtime of Lambda nor a metadata service, which speak http; plain
//! http is for loopback, and only in a local stack. Never printed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use crate::secret::Secret;

/// The longest address. Those of Workflows have some 300 characters.
const LONGEST: usize = 2_000;

/// The address of a receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverAddress(Secret<Url>);

/// The text is no address for a receiver. Without the text, which is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text is no URL.
    #[error("this is no URL; copy all of it, as in https://hooks.example.com/services/...")]
    NoUrl,
    /// The URL is too long.
    #[error("the URL is longer than {LONGEST} characters")]
    TooLong,
    /// The URL has another scheme.
    #[error("the URL does not begin with https://, so anybody on the way could read it")]
    NotHttps,
    /// The URL has a user, a password or a fragment.
    #[error("the URL has a user or a part after #; write them into the path or the query")]
    Parts,
    /// The URL leads to the machine itself, or to its link.
    #[error("the URL leads to the machine itself or to a metadata service")]
    Local,
}

impl ReceiverAddress {
    /// Reads an address. `takes_loopback` is for a local stack.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(text: &str, takes_loopback: bool) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(AddressError::TooLong);
        }
        let url = Url::parse(text).map_err(|_| AddressError::NoUrl)?;
        let host = url.host().ok_or(AddressError::NoUrl)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(AddressError::Parts);
        }
        let is_loopback = is_loopback(&host);
        match url.scheme() {
            "http" if is_loopback && takes_loopback => {}
            "https" if is_loopback && !takes_loopback => return Err(AddressError::Local),
            "https" if is_link_local(&host) => return Err(AddressError::Local),
            "https" => {}
            _ => return Err(AddressError::NotHttps),
        }
        Ok(Self(Secret::new(url)))
    }

    /// The URL, for the call and for the parameter.
    pub fn expose(&self) -> &Url {
        self.0.expose()
    }

    /// The host, which is no secret.
    pub fn host(&self) -> &str {
        self.0.expose().host_str().unwrap_or_default()
    }
}

impl fmt::Debug for ReceiverAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiverAddress(redacted)")
    }
}

fn ip(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
        // An IPv4 address in an IPv6 address leads to the same place.
        Host::Ipv6(ip) => Some(ip.to_ipv4_mapped().map_or(IpAddr::V6(*ip), IpAddr::V4)),
        Host::Domain(_) => None,
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match ip(host) {
        Some(ip) => ip.is_loopback() || ip.is_unspecified(),
        None => {
            let Host::Domain(name) = host else { return false };
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// Link-local addresses: those of metadata services and of the runtime of Lambda.
fn is_link_local(host: &Host<&str>) -> bool {
    match ip(host) {
        Some(IpAddr::V4(ip)) => ip.is_link_local(),
        Some(IpAddr::V6(ip)) => {
            // fd00:ec2::254 is the metadata service of EC2.
            ip.is_unicast_link_local() || ip.segments()[..2] == [0xfd00, 0x0ec2]
        }
        None => false,
    }
}

const _: () = assert!(Ipv4Addr::new(169, 254, 169, 254).is_link_local());

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, AddressError> {
        ReceiverAddress::parse(text, false).map(|address| address.expose().to_string())
    }

    #[test]
    fn an_address_is_https_and_elsewhere() {
        for good in [
            "https://hooks.example.com/services/T0/B0/xyz",
            "https://prod-1.westeurope.example.com:443/workflows/a?sp=%2Ftriggers&sig=x",
            "https://10.1.2.3/hook",
            "https://[2001:db8::1]/hook",
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", AddressError::NoUrl),
            ("hooks.example.com/x", AddressError::NoUrl),
            ("mailto:a@example.com", AddressError::NoUrl),
            ("http://hooks.example.com/x", AddressError::NotHttps),
            ("file:///etc/passwd", AddressError::NoUrl),
            ("ftp://hooks.example.com/x", AddressError::NotHttps),
            ("https://user@hooks.example.com/x", AddressError::Parts),
            ("https://:secret@hooks.example.com/x", AddressError::Parts),
            ("https://hooks.example.com/x#y", AddressError::Parts),
            ("http://127.0.0.1:9001/2018-06-01/runtime/invocation/next", AddressError::NotHttps),
            ("https://127.0.0.1/x", AddressError::Local),
            ("https://localhost/x", AddressError::Local),
            ("https://a.localhost./x", AddressError::Local),
            ("https://0.0.0.0/x", AddressError::Local),
            ("https://2130706433/x", AddressError::Local),
            ("https://0x7f.1/x", AddressError::Local),
            ("https://[::1]/x", AddressError::Local),
            ("https://[::ffff:127.0.0.1]/x", AddressError::Local),
            ("https://169.254.169.254/latest/meta-data", AddressError::Local),
            ("https://[::ffff:169.254.169.254]/x", AddressError::Local),
            ("https://[fd00:ec2::254]/x", AddressError::Local),
            ("https://[fe80::1]/x", AddressError::Local),
        ] {
            assert_eq!(read(bad), Err(why), "{bad}");
        }
        let long = format!("https://hooks.example.com/{}", "a".repeat(LONGEST));
        assert_eq!(read(&long), Err(AddressError::TooLong));
    }

    #[test]
    fn a_local_stack_takes_loopback() {
        for good in ["http://127.0.0.1:8080/hook", "http://localhost:1/x", "http://[::1]:1/x"] {
            assert!(ReceiverAddress::parse(good, true).is_ok(), "{good}");
        }
        for bad in ["http://hooks.example.com/x", "http://10.0.0.1/x"] {
            assert_eq!(ReceiverAddress::parse(bad, true).err(), Some(AddressError::NotHttps), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn neither_an_address_nor_its_error_is_printed(path in "[a-z0-9]{12,40}", scheme in "(https|http|x)", fragment in "#?") {
            let text = format!("{scheme}://hooks.example.com/{path}{fragment}");
            let said = match ReceiverAddress::parse(&text, false) {
                Ok(address) => {
                    prop_assert_eq!(address.host(), "hooks.example.com");
                    format!("{address:?}")
                }
                Err(error) => format!("{error} {error:?}"),
            };
            prop_assert!(!said.contains(&path));
        }

        #[test]
        fn no_text_makes_it_panic_or_leads_inside(text in "\\PC{0,60}", host in "[0-9a-fx.:\\[\\]]{0,24}") {
            for text in [text, format!("https://{host}/x")] {
                let Ok(address) = ReceiverAddress::parse(&text, false) else { continue };
                let url = address.expose();
                prop_assert_eq!(url.scheme(), "https");
                let host = url.host().unwrap();
                prop_assert!(!is_loopback(&host) && !is_link_local(&host));
            }
        }
    }
}
