//! URIs as names (RFC 5280 section 4.2.1.6, and the SPIFFE ID specification for `spiffe:`).
//!
//! Invariant: an accepted URI is unchanged, is absolute, has a DNS name or IP address as host (for `spiffe:`, a trust
//! domain), and is its own normal form (RFC 3986 section 6.2, and the WHATWG URL standard). So two accepted URIs that
//! any reader takes for the same are the same octets, and no second spelling evades a rule of the policy. The host is read
//! from the text, because the library `url` repairs hosts.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::dns;
use crate::digits::hex_octet;
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
    let (authority, rest) = hierarchy.split_at(end);
    if authority.contains('@') {
        return Err(UriError::User);
    }
    if scheme.eq_ignore_ascii_case("spiffe") {
        return spiffe(scheme, authority, rest).map(|()| text.to_owned());
    }
    if rest.contains('#') {
        return Err(UriError::Fragment);
    }
    // RFC 3986 section 3.2.2: brackets enclose an IPv6 address, and are nowhere else.
    if rest.contains(['[', ']']) {
        return Err(UriError::Character);
    }
    let url = url::Url::parse(text).map_err(|_| UriError::Malformed)?;
    match host(authority) {
        "" => return Err(UriError::NoHost),
        host if is_host(host) => {}
        _ => return Err(UriError::Host),
    }
    // RFC 3986 section 6.2.2.1: case is ignored in scheme and host, so the normal form is in lower case.
    if [scheme, authority].iter().any(|part| part.bytes().any(|b| b.is_ascii_uppercase())) {
        return Err(UriError::UpperCase);
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    percent_encoding(path, true)?;
    percent_encoding(query, false)?;
    segments(path)?;
    // RFC 3986 section 6.2.3: an empty path means "/".
    if path.is_empty() {
        return Err(UriError::NotNormal(format!("{scheme}://{authority}/{rest}")));
    }
    // The standard of browsers rewrites the default port, other forms of an address, and more.
    if url.as_str() != text {
        return Err(UriError::NotNormal(url.into()));
    }
    Ok(text.to_owned())
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

/// RFC 3986 section 6.2.2.2: an unreserved character is not percent-encoded. RFC 3986 section 2.2: an encoded slash is
/// another URI than a slash; servers disagree, so no path has one.
fn percent_encoding(part: &str, is_path: bool) -> Result<(), UriError> {
    for encoded in part.split('%').skip(1) {
        let [high, low, ..] = encoded.as_bytes() else { return Err(UriError::Malformed) };
        let byte = hex_octet(*high, *low).ok_or(UriError::Malformed)?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            return Err(UriError::NeedlessEncoding);
        }
        if byte.is_ascii_control() || is_path && b"/\\".contains(&byte) {
            return Err(UriError::EncodedDelimiter);
        }
        // RFC 3986 section 6.2.2.1.
        if [high, low].iter().any(|digit| digit.is_ascii_lowercase()) {
            return Err(UriError::EncodingCase);
        }
    }
    Ok(())
}

/// RFC 3986 section 6.2.2.3: a path has no dot segments. An empty segment in the middle is another path for one server,
/// and none for the next.
fn segments(path: &str) -> Result<(), UriError> {
    let Some(path) = path.strip_prefix('/') else { return Ok(()) };
    if path.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(UriError::DotSegment);
    }
    // A slash at the end is no empty segment.
    if path.starts_with('/') || path.contains("//") {
        return Err(UriError::EmptySegment);
    }
    Ok(())
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
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::TestRunner;

    use super::*;

    #[test]
    fn uris_with_a_host_are_kept_as_written() {
        for text in [
            "spiffe://example.org",
            "spiffe://example.org/ns/default/sa/web",
            "spiffe://td_1/A.b-c",
            "https://www.example.com/?q=1",
            "https://www.example.com/team/%C3%BC/a:b;c=d?e=%2Ff%20g",
            "https://[2001:db8::1]:8443/team/",
            "https://192.0.2.1/",
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
            ("https://ex%61mple.com/", UriError::Host),
            ("https:///example.com/", UriError::NoHost),
            ("https://0x7f.1/", UriError::Host),
            ("https://2130706433/", UriError::Host),
            ("https://example.com:65536/", UriError::Malformed),
            ("https://example.com/%zz", UriError::Malformed),
            ("https://example.com/%4", UriError::Malformed),
            ("https://example.com/#a#b", UriError::Fragment),
            ("https://example.com/#f", UriError::Fragment),
            ("https://example.com/[a]", UriError::Character),
            ("https://*.example.com/", UriError::Host),
            ("https://www.example.com./", UriError::Host),
            ("https://exa mple.com/", UriError::Character),
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

    #[test]
    fn another_spelling_is_refused_with_its_reason() {
        for (text, error) in [
            ("HTTPS://www.example.com/", UriError::UpperCase),
            ("https://WWW.example.com/", UriError::UpperCase),
            ("urn-x://HOST.example.com/", UriError::UpperCase),
            ("https://[2001:DB8::1]/", UriError::UpperCase),
            ("https://www.example.com/%61dmin", UriError::NeedlessEncoding),
            ("https://www.example.com/%2e%2e/a", UriError::NeedlessEncoding),
            ("https://www.example.com/a?%7Eb", UriError::NeedlessEncoding),
            ("https://www.example.com/a%2Fb", UriError::EncodedDelimiter),
            ("https://www.example.com/a%5Cb", UriError::EncodedDelimiter),
            ("https://www.example.com/a%00", UriError::EncodedDelimiter),
            ("https://www.example.com/a?b=%0A", UriError::EncodedDelimiter),
            ("https://www.example.com/%c3%BC", UriError::EncodingCase),
            ("https://www.example.com/a%", UriError::Malformed),
            ("https://www.example.com/a%4", UriError::Malformed),
            ("https://www.example.com/a%zz", UriError::Malformed),
            ("https://www.example.com/team/../a", UriError::DotSegment),
            ("https://www.example.com/./a", UriError::DotSegment),
            ("urn-x://host.example.com/a/..", UriError::DotSegment),
            ("https://www.example.com//a", UriError::EmptySegment),
            ("https://www.example.com/a//", UriError::EmptySegment),
            ("https://www.example.com", UriError::NotNormal("https://www.example.com/".into())),
            ("urn-x://host.example.com?q", UriError::NotNormal("urn-x://host.example.com/?q".into())),
            ("https://www.example.com:443/", UriError::NotNormal("https://www.example.com/".into())),
            ("https://www.example.com:/", UriError::NotNormal("https://www.example.com/".into())),
            ("https://www.example.com:08443/", UriError::NotNormal("https://www.example.com:8443/".into())),
            ("https://[0::1:2]/", UriError::NotNormal("https://[::1:2]/".into())),
            ("https://www.example.com/?a='", UriError::NotNormal("https://www.example.com/?a=%27".into())),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    /// RFC 3986 sections 6.2.2 and 6.2.3, written a second time: without the library, and without refusals.
    fn normal_form(text: &str) -> String {
        let (scheme, rest) = text.split_once("://").unwrap();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (scheme, authority) = (scheme.to_ascii_lowercase(), plain(&rest[..end]).to_ascii_lowercase());
        let (path, query) = rest[end..].split_once('?').map_or((&rest[end..], None), |(p, q)| (p, Some(q)));
        let port = match scheme.as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => ":",
        };
        let authority = authority.strip_suffix(port).unwrap_or(&authority);
        let authority = authority.strip_suffix(':').unwrap_or(authority);
        let mut kept: Vec<String> = Vec::new();
        let path = plain(path);
        let mut ends_in_a_slash = true;
        for segment in path.split('/').skip(1) {
            ends_in_a_slash = matches!(segment, "" | "." | "..");
            match segment {
                // Servers that drop an empty segment are readers, too.
                "" | "." => {}
                ".." => drop(kept.pop()),
                segment => kept.push(segment.to_owned()),
            }
        }
        let slash = if ends_in_a_slash && !kept.is_empty() { "/" } else { "" };
        let query = query.map(|query| format!("?{}", plain(query))).unwrap_or_default();
        format!("{scheme}://{authority}/{}{slash}{query}", kept.join("/"))
    }

    /// Decodes unreserved characters, and writes the digits of the others in upper case.
    fn plain(text: &str) -> String {
        let mut pieces = text.split('%');
        let mut out = pieces.next().unwrap().to_owned();
        for piece in pieces {
            match piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                    out.push(char::from(byte));
                    out.push_str(&piece[2..]);
                }
                Some(byte) => out.push_str(&format!("%{byte:02X}{}", &piece[2..])),
                None => out.push_str(&format!("%{piece}")),
            }
        }
        out
    }

    #[test]
    fn no_two_accepted_uris_mean_the_same() {
        let one_of = |all: &[&'static str]| proptest::sample::select(all.to_vec());
        let segment =
            ["a", "b", "A", "", ".", "..", "%61", "%2e", "%2E", "%2F", "%2f", "%C3%BC", "%c3%bc", "a%", "~"];
        let uri = (
            one_of(&["https", "HTTPS", "http", "urn-x", "Urn-X", "spiffe"]),
            one_of(&[
                "a.example",
                "A.example",
                "a.example.",
                "%61.example",
                "10.0.0.1",
                "0xa.1",
                "[::a]",
                "[0::A]",
            ]),
            one_of(&["", "", ":", ":443", ":80", ":0443", ":8443"]),
            proptest::collection::vec(one_of(&segment), 0..4),
            one_of(&["", "", "/", "?", "?a", "?%61", "?'", "?%27"]),
        );
        let uri = uri.prop_map(|(scheme, host, port, path, end)| {
            let path: String = path.iter().map(|segment| format!("/{segment}")).collect();
            format!("{scheme}://{host}{port}{path}{end}")
        });
        let mut runner = TestRunner::deterministic();
        // What it means to a reader, and the texts that were accepted for it.
        let mut accepted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let (mut refused, mut spellings) = (0, BTreeSet::new());
        for _ in 0..100_000 {
            let text = uri.new_tree(&mut runner).unwrap().current();
            match parse(&text) {
                Err(_) => {
                    refused += 1;
                    spellings.insert(normal_form(&text));
                }
                Ok(text) => {
                    let url = url::Url::parse(&text).unwrap().to_string();
                    accepted.entry(normal_form(&text)).or_default().insert(text.clone());
                    accepted.entry(format!("url {url}")).or_default().insert(text);
                }
            }
        }
        for (meaning, texts) in &accepted {
            assert_eq!(texts.len(), 1, "{meaning}: {texts:?}");
        }
        let all = accepted.values().flatten().collect::<BTreeSet<_>>().len();
        let with_others = accepted.keys().filter(|meaning| spellings.contains(*meaning)).count();
        println!(
            "{all} URIs accepted, {refused} refused; {with_others} accepted ones were spelt otherwise, too"
        );
        assert!(all > 100 && refused > 1_000 && with_others > 100, "the test sees too little");
    }
}
