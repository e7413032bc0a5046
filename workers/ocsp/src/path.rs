//! The request in the path of a GET: `{url}/{url-encoding of base-64 encoding of the request}` (RFC 6960 appendix A.1).
//!
//! Invariant: each spelling that clients write, and each that gateways and caches make of it, is read as the same octets;
//! the alphabet of base64 is such that none of them is read as others.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use workflow::certificate::OCSP;

/// Clients leave padding out, since `=` would have to be encoded.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The most characters of a path. API Gateway takes no longer ones.
const MAX_LENGTH: usize = 10_240;
/// How often a path is decoded: by a client, and by a proxy that encodes what is encoded.
const MAX_ROUNDS: usize = 3;

/// The octets of the request in a path; `None` if there is none.
pub(crate) fn request(path: &str) -> Option<Vec<u8>> {
    let (_, encoded) = path.split_once(&format!("/{OCSP}/")).filter(|_| path.len() <= MAX_LENGTH)?;
    let mut text = Cow::Borrowed(encoded);
    for _ in 0..MAX_ROUNDS {
        match percent_decoded(&text) {
            Some(decoded) => text = Cow::Owned(decoded),
            None => break,
        }
    }
    // The address may end in a slash, to which a client adds its own. A request begins with 0x30, that is with an M.
    let text: String = text.trim_start_matches('/').chars().map(standard).collect();
    decoded(&text).or_else(|| collapsed(&text))
}

/// A character of base64. Forms write `+` as a blank; some clients use the alphabet for URLs.
fn standard(c: char) -> char {
    match c {
        ' ' | '-' => '+',
        '_' => '/',
        c => c,
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let octets = BASE64.decode(text).ok()?;
    is_whole(&octets).then_some(octets)
}

/// A gateway may make one slash of two. The length in the request says where that was, but for a serial with several
/// slashes: then the CertID in the answer is another one, which clients refuse.
fn collapsed(text: &str) -> Option<Vec<u8>> {
    let slashes = text.match_indices('/').map(|(at, _)| at);
    slashes.take(MAX_ROUNDS * 8).find_map(|at| decoded(&format!("{}/{}", &text[..at], &text[at..])))
}

/// True if the octets are one element of DER, by its length.
fn is_whole(octets: &[u8]) -> bool {
    match octets {
        [0x30, length, rest @ ..] if *length < 0x80 => rest.len() == usize::from(*length),
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, 0x82, high, low, rest @ ..] => rest.len() == usize::from(*high) << 8 | usize::from(*low),
        _ => false,
    }
}

/// The text with its percent-encoded octets decoded; `None` if it has none, or they are no ASCII.
fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let octet = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok())?;
        decoded.push_str(before);
        decoded.push(char::from(octet.is_ascii().then_some(octet)?));
        rest = &after[2..];
    }
    decoded.push_str(rest);
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD as PLAIN, STANDARD_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    /// An element whose base64 has `+`, `/`, `//` and padding.
    fn octets() -> Vec<u8> {
        PLAIN.decode("MA4+abcd//efgh+/ijklmA==").unwrap()
    }

    #[test]
    fn each_spelling_of_a_request_is_read() {
        let plain = PLAIN.encode(octets());
        let encoded = plain.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        for (what, path) in [
            ("url-encoded", encoded.clone()),
            ("in small letters", encoded.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")),
            ("as it is", plain.clone()),
            ("without padding", STANDARD_NO_PAD.encode(octets())),
            ("with a second slash", format!("/{plain}")),
            ("with a second slash, encoded", format!("%2F{encoded}")),
            ("encoded twice", encoded.replace('%', "%25")),
            ("a plus as a blank", plain.replace('+', " ")),
            ("a plus as an encoded blank", plain.replace('+', "%20")),
            ("only slashes encoded", plain.replace('/', "%2f")),
            ("in the alphabet for URLs", plain.replace('+', "-").replace('/', "_")),
        ] {
            for prefix in ["/ocsp/", "/live/ocsp/"] {
                assert_eq!(request(&format!("{prefix}{path}")), Some(octets()), "{what}: {path}");
            }
        }
        for (what, path) in [
            ("nothing", String::new()),
            ("no base64", "a*b".into()),
            ("half an octet", encoded.replace("%3D", "%3")),
            ("octets that are no characters", format!("{plain}%ff")),
            ("another element behind it", PLAIN.encode([octets(), vec![5, 0]].concat())),
            ("a path that is too long", "A".repeat(MAX_LENGTH)),
        ] {
            assert_eq!(request(&format!("/ocsp/{path}")), None, "{what}");
        }
        assert_eq!(request("/requests"), None);
    }

    #[test]
    fn two_slashes_that_became_one_are_two_again() {
        let plain = PLAIN.encode(octets());
        assert_eq!(request(&format!("/ocsp/{}", plain.replacen("//", "/", 1))), Some(octets()));
    }

    proptest! {
        #[test]
        fn any_path_ends_in_octets_or_none(path in "/ocsp/[-A-Za-z0-9+/=%_ ]{0,200}") {
            if let Some(octets) = request(&path) {
                prop_assert!(is_whole(&octets));
            }
        }

        #[test]
        fn every_request_is_read_in_every_spelling(content in prop::collection::vec(any::<u8>(), 0..250)) {
            let length = u8::try_from(content.len()).unwrap();
            let header = if length < 0x80 { vec![0x30, length] } else { vec![0x30, 0x81, length] };
            let octets = [header, content].concat();
            let plain = PLAIN.encode(&octets);
            let encoded = plain.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
            for path in [&plain, &encoded, &STANDARD_NO_PAD.encode(&octets)] {
                let read = request(&format!("/ocsp/{path}"));
                prop_assert_eq!(read.as_ref(), Some(&octets));
            }
        }
    }
}
