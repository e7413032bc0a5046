//! URIs as names: RFC 5280 section 4.2.1.6, and the SPIFFE ID specification for `spiffe:`.
//!
//! Invariant: an accepted URI is kept as it was written, is absolute, and has a host that is a DNS name or an address
//! (for `spiffe:`, a trust domain).

use super::dns;
use crate::finding::{Code, Finding, quoted};
use crate::texts::Message;

/// SPIFFE ID section 2.3; long enough for any other URI as well.
const LONGEST: usize = 2048;
/// SPIFFE ID section 2.1.
const LONGEST_TRUST_DOMAIN: usize = 255;

/// Whether the text begins as a URI does: a scheme (RFC 3986 section 3.1) and a colon.
pub(super) fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// Reads a URI.
pub(super) fn parse(text: &str) -> Result<String, Finding> {
    let because = |detail: Message| {
        Err(Finding::refused(
            Code::BadName,
            detail.with("name", quoted(text)),
            Message::new("finding-uri-advice")
                .with("first", "spiffe://example.org/service/web")
                .with("second", "https://www.example.com/"),
        ))
    };
    let refused = |id| because(Message::new(id));
    if text.len() > LONGEST {
        return because(Message::new("finding-uri-long").with("count", text.len()).with("most", LONGEST));
    }
    if !text.bytes().all(is_uri_byte) {
        return refused("finding-uri-character");
    }
    let Some((scheme, rest)) = text.split_once(':').filter(|_| has_scheme(text)) else {
        return refused("finding-uri-no-scheme");
    };
    let Some(hierarchy) = rest.strip_prefix("//") else {
        return refused("finding-uri-no-host");
    };
    let end = hierarchy.find(['/', '?', '#']).unwrap_or(hierarchy.len());
    let (authority, path) = hierarchy.split_at(end);
    if authority.contains('@') {
        return refused("finding-uri-user");
    }
    if scheme.eq_ignore_ascii_case("spiffe") {
        return match spiffe(scheme, authority, path) {
            Ok(()) => Ok(text.to_owned()),
            Err(id) => refused(id),
        };
    }
    let Ok(url) = url::Url::parse(text) else {
        return refused("finding-uri-malformed");
    };
    let host_is_valid = match url.host() {
        Some(url::Host::Domain(domain)) => dns::parse(domain).is_ok_and(|name| !name.starts_with("*.")),
        Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
        None => false,
    };
    if !host_is_valid {
        return refused("finding-uri-host");
    }
    Ok(text.to_owned())
}

/// SPIFFE ID sections 2.1 and 2.2. Fails with the id of what is wrong.
fn spiffe(scheme: &str, trust_domain: &str, path: &str) -> Result<(), &'static str> {
    if scheme != "spiffe" {
        return Err("finding-uri-scheme-case");
    }
    if trust_domain.is_empty() || trust_domain.len() > LONGEST_TRUST_DOMAIN {
        return Err("finding-uri-trust-domain");
    }
    let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if !trust_domain.bytes().all(lower) {
        return Err("finding-uri-trust-domain-characters");
    }
    if path.is_empty() {
        return Ok(());
    }
    if path.contains(['?', '#', '%']) {
        return Err("finding-uri-query");
    }
    let segment = |s: &str| {
        !s.is_empty()
            && s != "."
            && s != ".."
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    // The path begins with a slash here: neither ? nor # is left.
    if !path.trim_start_matches('/').is_empty() && path[1..].split('/').all(segment) {
        Ok(())
    } else {
        Err("finding-uri-path")
    }
}

/// RFC 3986 section 2: unreserved, reserved, or the percent sign.
fn is_uri_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_with_a_host_are_kept_as_written() {
        for text in [
            "spiffe://example.org",
            "spiffe://example.org/ns/default/sa/web",
            "spiffe://td_1/A.b-c",
            "https://www.example.com/?q=1#f",
            "https://192.0.2.1/",
            "urn-x://host.example.com:8080/",
        ] {
            assert_eq!(parse(text).unwrap(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "www.example.com",
            "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "https://",
            "https://localhost/",
            "https://user@example.com/",
            "https://exa mple.com/",
            "https://example.com/\0",
            "SPIFFE://example.org/a",
            "spiffe://Example.org/a",
            "spiffe://example.org/",
            "spiffe://example.org//a",
            "spiffe://example.org/a/",
            "spiffe://example.org/../a",
            "spiffe://example.org/a?b",
            "spiffe://example.org/a%20b",
            "spiffe://example.org:443/a",
            "spiffe:///a",
        ] {
            assert_eq!(parse(text).unwrap_err().code, Code::BadName, "{text}");
        }
    }
}
