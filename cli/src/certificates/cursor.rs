//! The place at which a list of certificates goes on, as a text that a shell takes as it is.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use workflow::ids::RequestId;
use workflow::ports::ListedCertificate;

/// What comes before the rest of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ListCursor {
    /// An entry of a list by name or by end.
    Entry(ListedCertificate),
    /// A request of the list of the newest certificates.
    Request(RequestId),
}

impl fmt::Display for ListCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // An entry has tabs between its parts.
            Self::Entry(entry) => f.write_str(&URL_SAFE_NO_PAD.encode(entry.to_string())),
            Self::Request(id) => id.fmt(f),
        }
    }
}

impl FromStr for ListCursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(id) = text.parse() {
            return Ok(Self::Request(id));
        }
        let entry = URL_SAFE_NO_PAD.decode(text).ok().and_then(|octets| String::from_utf8(octets).ok());
        let entry = entry.and_then(|entry| entry.parse().ok()).map(Self::Entry);
        entry.ok_or_else(|| "not a place in a list; copy the whole of what the list printed".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const ID: &str = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d";

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let entry = |under: &str| {
            let (id, not_after) = (ID.parse().unwrap(), datetime!(2027-01-01 0:00 UTC));
            ListCursor::Entry(ListedCertificate { under: under.to_owned(), not_after, id })
        };
        for cursor in [entry(""), entry("*.example.com"), ListCursor::Request(ID.parse().unwrap())] {
            let text = cursor.to_string();
            assert_eq!(text.parse(), Ok(cursor), "{text}");
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_cursor_of_this_text_or_refused_in_one_line(text in "\\PC{0,80}|[A-Za-z0-9_-]{0,80}") {
            match text.parse::<ListCursor>() {
                Ok(ListCursor::Entry(entry)) => {
                    prop_assert_eq!(ListCursor::Entry(entry).to_string(), text.trim());
                }
                Ok(ListCursor::Request(_)) => {}
                Err(why) => prop_assert!(why.starts_with("not a place in a list") && !why.contains('\n')),
            }
        }

        #[test]
        fn a_cut_cursor_is_refused(cut in 1_usize..40) {
            let entry = ListedCertificate {
                under: "www.example.com".to_owned(),
                not_after: datetime!(2027-01-01 0:00 UTC),
                id: ID.parse().unwrap(),
            };
            let text = ListCursor::Entry(entry).to_string();
            prop_assert!(text[..text.len() - cut].parse::<ListCursor>().is_err());
        }
    }
}
