//! URIs as names (RFC 5280 section 4.2.1.6, and the SPIFFE ID specification for `spiffe:`).
//!
//! Invariant: an accepted URI keeps the syntax of RFC 3986, is unchanged, is absolute, and has a DNS name or IP address as
//! host, written as such (for `spiffe:`, a trust domain).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::dns;
use crate::error::UriError;

/// SPIFFE ID section 2.3: the most bytes; also the limit for other URIs.
pub(super) const MAX_LENGTH: usize = 2048;
/// SPIFFE ID section 2.1: the most bytes of a trust domain.
const MAX_TRUST_DOMAIN: usize = 255;

/// True if the text begins with a scheme (RFC 3986 section 3.1) and a colon.
pub(super) fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// Reads a URI.
pub(super) fn parse(text: &str) -> Result<String, UriError> {
    if text.len() > MAX_LENGTH {
        return Err(UriError::TooLong(text.len()));
    }
    if !text.bytes().all(is_uri_byte) {
        return Err(UriError::Character);
    }
    let (scheme, rest) = text.split_once(':').filter(|_| has_scheme(text)).ok_or(UriError::NoScheme)?;
    let hierarchy = rest.strip_prefix("//").ok_or(UriError::NoHost)?;
    let end = hierarchy.find(['/', '?', '#']).unwrap_or(hierarchy.len());
    let (authority, path) = hierarchy.split_at(end);
    if authority.contains('@') {
        return Err(UriError::User);
    }
    if scheme.eq_ignore_ascii_case("spiffe") {
        return spiffe(scheme, authority, path).map(|()| text.to_owned());
    }
    if !has_valid_escapes(text) || !is_path_query_fragment(path) {
        return Err(UriError::Malformed);
    }
    // The library checks ports and more. It repairs what it reads, so the host is read from the text.
    url::Url::parse(text).map_err(|_| UriError::Malformed)?;
    match host(authority) {
        "" => Err(UriError::NoHost),
        host if is_host(host) => Ok(text.to_owned()),
        _ => Err(UriError::Host),
    }
}

/// RFC 3986 section 2.1: a percent sign and two hexadecimal digits.
fn has_valid_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        matches!(after.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    })
}

/// RFC 3986 sections 3.3 to 3.5: no brackets, and one fragment at most.
fn is_path_query_fragment(text: &str) -> bool {
    !text.contains(['[', ']']) && text.matches('#').count() <= 1
}

/// RFC 3986 section 3.2: the host of an authority without user information.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            host.parse::<Ipv4Addr>().is_ok() || dns::parse(host).is_ok_and(|name| !name.starts_with("*."))
        }
    }
}

/// Checks the trust domain and path of a SPIFFE ID (sections 2.1 and 2.2).
fn spiffe(scheme: &str, trust_domain: &str, path: &str) -> Result<(), UriError> {
    if scheme != "spiffe" {
        return Err(UriError::SpiffeCase);
    }
    if trust_domain.is_empty() || trust_domain.len() > MAX_TRUST_DOMAIN {
        return Err(UriError::SpiffeTrustDomain);
    }
    let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if !trust_domain.bytes().all(lower) {
        return Err(UriError::SpiffeTrustDomainCharacters);
    }
    if path.is_empty() {
        return Ok(());
    }
    if path.contains(['?', '#', '%']) {
        return Err(UriError::SpiffeQuery);
    }
    let segment = |s: &str| {
        !s.is_empty()
            && s != "."
            && s != ".."
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    // The path begins with a slash: queries and fragments were refused above.
    if !path.trim_start_matches('/').is_empty() && path[1..].split('/').all(segment) {
        Ok(())
    } else {
        Err(UriError::SpiffePath)
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
            "https://[2001:db8::1]:8443/",
            "https://www.example.com/%C3%BC?a=%2F#b/c?d",
            "urn-x://host.example.com:8080/",
            "urn-x://192.0.2.1/",
        ] {
            assert_eq!(parse(text).unwrap(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, error) in [
            ("", UriError::NoScheme),
            ("www.example.com", UriError::NoScheme),
            ("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", UriError::NoHost),
            ("https://", UriError::Malformed),
            ("https://localhost/", UriError::Host),
            ("https://user@example.com/", UriError::User),
            ("https://exa mple.com/", UriError::Character),
            ("https://ex%61mple.com/", UriError::Host),
            ("https:///example.com/", UriError::NoHost),
            ("https://0x7f.1/", UriError::Host),
            ("https://2130706433/", UriError::Host),
            ("https://example.com:65536/", UriError::Malformed),
            ("https://example.com/%zz", UriError::Malformed),
            ("https://example.com/%4", UriError::Malformed),
            ("https://example.com/[a]", UriError::Malformed),
            ("https://example.com/#a#b", UriError::Malformed),
            ("https://example.com/\0", UriError::Character),
            ("SPIFFE://example.org/a", UriError::SpiffeCase),
            ("spiffe://Example.org/a", UriError::SpiffeTrustDomainCharacters),
            ("spiffe://example.org/", UriError::SpiffePath),
            ("spiffe://example.org//a", UriError::SpiffePath),
            ("spiffe://example.org/a/", UriError::SpiffePath),
            ("spiffe://example.org/../a", UriError::SpiffePath),
            ("spiffe://example.org/a?b", UriError::SpiffeQuery),
            ("spiffe://example.org/a%20b", UriError::SpiffeQuery),
            ("spiffe://example.org:443/a", UriError::SpiffeTrustDomainCharacters),
            ("spiffe:///a", UriError::SpiffeTrustDomain),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
