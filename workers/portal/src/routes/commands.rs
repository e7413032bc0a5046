//! GET `/commands?names=...`: commands for making a key and a CSR with the entered names.
//!
//! Invariant: an input becomes part of a command only if it is a valid name of harmless characters, so no input can
//! inject anything into the shell.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use pki::name::Name;
use url::form_urlencoded;
use workflow::finding::Finding;
use workflow::request::input::private_key;

use crate::locale::Locale;
use crate::pages::{self, CommandsPage};
use crate::state::Portal;

/// Most names in a command.
const MAX_NAMES: usize = 20;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, locale: Locale, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let typed = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "names");
    let typed = typed.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let (typed, (names, findings)) = match private_key("names", &typed) {
        Some(finding) => (String::new(), (Vec::new(), vec![finding])),
        None => {
            let read = read(&typed);
            (typed, read)
        }
    };
    let page = CommandsPage::new(&portal, &locale, &typed, &names, &findings);
    let status = if findings.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    pages::page(status, locale.language, &page)
}

/// The valid names in a typed text, and the errors of the others.
fn read(typed: &str) -> (Vec<Name>, Vec<Finding>) {
    let (mut names, mut findings) = (Vec::new(), Vec::new());
    let words =
        typed.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|word| !word.is_empty());
    for word in words.take(MAX_NAMES) {
        match word.parse::<Name>() {
            Ok(name) if is_harmless(&name) && !names.contains(&name) => names.push(name),
            Ok(_) => {}
            Err(error) => findings.push(error.into()),
        }
    }
    (names, findings)
}

/// True if the name is safe in a command line: URIs and e-mail addresses may contain characters with a meaning for a
/// shell or openssl.
fn is_harmless(name: &Name) -> bool {
    name.to_string().chars().all(|c| c.is_ascii_alphanumeric() || "-._*:@".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pages::commands::{openssl, powershell};

    #[test]
    fn names_become_commands() {
        let (names, findings) = read("www.example.com, 10.0.0.1;me@example.com www.example.com");
        assert_eq!((names.len(), findings.len()), (3, 0));
        insta::assert_snapshot!(format!("{}\n\n{}", openssl(&names), powershell(&names)));
        assert!(openssl(&[]).contains("/CN=www.example.com"));
    }

    proptest! {
        #[test]
        fn nothing_typed_breaks_out_of_a_command(typed in "(?s).{0,60}|[a-z.'\"$`;|&\\\\-]{0,40}") {
            let (names, _) = read(&typed);
            for command in [openssl(&names), powershell(&names)] {
                let inner: Vec<&str> = command.split('\'').skip(1).step_by(2).collect();
                prop_assert_eq!(command.matches('\'').count() % 2, 0);
                prop_assert!(inner.iter().all(|text| !text.contains(['`', '$'])));
            }
        }
    }
}
