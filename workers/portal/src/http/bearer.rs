//! The credential of a program in `Authorization: Bearer ...` (RFC 6750 section 2.1).
//!
//! Invariant: whatever the header holds is a credential to be checked, no credential, or a refusal; its text is never logged.
//! A header of another scheme counts as none: a proxy on the way may have put it there for itself.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use workflow::finding::Code;
use workflow::secret::Secret;

use crate::http::problem::Problem;

/// The scheme; RFC 9110 section 11.1: in any letter case.
const SCHEME: &[u8] = b"bearer";

/// The text of the bearer credential; `None` if there is none.
///
/// # Errors
/// 401, if there are several, or the header has no text that could be one.
pub(crate) fn credential(headers: &HeaderMap) -> Result<Option<Secret<String>>, Problem> {
    let mut found = headers.get_all(AUTHORIZATION).iter().filter_map(|value| of_scheme(value.as_bytes()));
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(text), None) if !text.is_empty() => match std::str::from_utf8(text) {
            Ok(text) => Ok(Some(Secret::new(text.to_owned()))),
            Err(_) => Err(refused()),
        },
        (Some(_), _) => Err(refused()),
    }
}

/// The one answer to every credential that opens nothing.
pub(crate) fn refused() -> Problem {
    Problem::new(Code::CredentialRefused, "problem-credential-refused")
}

/// What follows the scheme `Bearer`; `None` for another one.
fn of_scheme(value: &[u8]) -> Option<&[u8]> {
    let value = value.trim_ascii();
    let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    let (scheme, rest) = value.split_at(end);
    scheme.eq_ignore_ascii_case(SCHEME).then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use workflow::approval::credential::BearerCredential;
    use workflow::ids::RequestId;

    use super::*;

    /// The text that these headers hold: `Err` if they are refused.
    fn read(values: &[&[u8]]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).map_err(|_| ())?);
        }
        credential(&headers).map(|text| text.map(|text| text.expose().clone())).map_err(|_| ())
    }

    #[test]
    fn the_scheme_is_read_in_any_letter_case_and_other_schemes_are_none() {
        for value in ["Bearer abc", "bearer abc", "BEARER   abc ", " Bearer\tabc"] {
            assert_eq!(read(&[value.as_bytes()]), Ok(Some("abc".to_owned())), "{value:?}");
        }
        for value in ["Basic YTpi", "Bearers abc", "abc", "", "Negotiate Bearer abc"] {
            assert_eq!(read(&[value.as_bytes()]), Ok(None), "{value:?}");
        }
        for value in ["Bearer", "Bearer ", "bearer\t"] {
            assert_eq!(read(&[value.as_bytes()]), Err(()), "{value:?}");
        }
        assert_eq!(read(&[b"Bearer a", b"Bearer b"]), Err(()), "which one?");
        assert_eq!(
            read(&[b"Basic YTpi", b"Bearer b"]),
            Ok(Some("b".to_owned())),
            "a proxy's and the program's"
        );
        assert_eq!(read(&[b"Bearer \xff\xfe"]), Err(()));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(value in proptest::collection::vec(any::<u8>(), 0..120)) {
            let is_bearer = value.trim_ascii().to_ascii_lowercase().starts_with(SCHEME);
            prop_assert!(is_bearer || matches!(read(&[&value]), Ok(None) | Err(())));
        }

        #[test]
        fn a_credential_is_read_as_it_was_made_and_in_no_other_spelling(
            octets in any::<[u8; 16]>(),
            blanks in "[ \t]{1,5}",
            upper in any::<[bool; 6]>(),
            place in any::<proptest::sample::Index>(),
            other in "[ -~]",
        ) {
            let made = BearerCredential::make(RequestId::from_hash(octets)).unwrap();
            let scheme: String = "bearer".chars().zip(upper).map(|(c, is_upper)| if is_upper { c.to_ascii_uppercase() } else { c }).collect();
            let text = made.expose();
            let read_text = read(&[format!("{scheme}{blanks}{text}").as_bytes()]).unwrap().unwrap();
            prop_assert_eq!(BearerCredential::parse(&read_text).unwrap().digest(), made.digest());
            let place = place.index(text.len());
            let altered = format!("{}{other}{}", &text[..place], &text[place + 1..]);
            if altered != text {
                let opened = read(&[format!("{scheme} {altered}").as_bytes()]).ok().flatten();
                let opened = opened.and_then(|text| BearerCredential::parse(&text));
                let is_same = |one: BearerCredential| (one.standing(), one.digest()) == (made.standing(), made.digest());
                prop_assert!(!opened.is_some_and(is_same), "{}", altered);
            }
        }
    }
}
