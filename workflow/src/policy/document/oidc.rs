//! `[people.oidc]`: the identity provider.
//!
//! Invariant: wherever the document asks for `identity = "oidc"` or `requesters = "oidc"`, it names a provider.

use super::keys::{Field, TableKeys, needed};
use super::values::{FromText, Limit, WrongValue};
use crate::policy::error::Mistakes;
use crate::policy::oidc::{IssuerUrl, OidcSettings};

pub(super) const KEYS: &[&str] =
    &["issuer", "client_id", "claim", "groups_claim", "scope", "max_age", "confidential"];

impl FromText for IssuerUrl {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        IssuerUrl::parse(text)
            .map_err(|why| format!("{why}; write the issuer as the provider's metadata has it").into())
    }
}

/// Reads the section; its mistakes are reported.
pub(super) fn of(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Option<OidcSettings> {
    let issuer: Field<IssuerUrl> = needed(keys, "issuer", mistakes);
    let client_id: Field<String> = needed(keys, "client_id", mistakes);
    let client_id = client_id.checked(mistakes, |text| one_word("client_id", text));
    let claim: Field<String> = keys.field("claim", mistakes);
    let claim = claim.checked(mistakes, |text| one_word("claim", text));
    let groups_claim: Field<String> = keys.field("groups_claim", mistakes);
    let groups_claim = groups_claim.checked(mistakes, |text| one_word("groups_claim", text));
    let scope: Field<String> = keys.field("scope", mistakes);
    let scope = scope.checked(mistakes, |text| scopes(text));
    let max_age: Field<Limit> = keys.field("max_age", mistakes);
    let confidential: Field<bool> = keys.field("confidential", mistakes);
    let max_age = match max_age {
        Field::Absent => None,
        field => Some(field.get()?.0),
    };
    Some(OidcSettings {
        issuer: issuer.get()?.clone(),
        client_id: client_id.get()?.clone(),
        claim: claim.or_usual(OidcSettings::EMAIL.to_owned())?,
        groups_claim: groups_claim.or_usual(OidcSettings::GROUPS.to_owned())?,
        scope: scope.or_usual(String::new())?,
        max_age,
        is_confidential: confidential.or_usual(false)?,
    })
}

/// RFC 6749 section 3.3, with one space between the scopes.
fn scopes(text: &str) -> Result<(), String> {
    const MAX_BYTES: usize = 256;
    let is_scope = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
    };
    if text.len() > MAX_BYTES || !text.split(' ').all(is_scope) {
        return Err(format!(
            "{text:?} is no scope; write words with one space between them, as in \"groups\""
        ));
    }
    Ok(())
}

fn one_word(key: &str, text: &str) -> Result<(), String> {
    const MAX_BYTES: usize = 256;
    if text.is_empty() || text.len() > MAX_BYTES || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!("{text:?} is no {key}; write it as the provider does, without spaces"));
    }
    Ok(())
}

/// Reports a key whose value `oidc` needs a provider, in a document without one.
pub(super) fn needs_provider<T: PartialEq>(
    key: &str,
    field: &Field<T>,
    oidc: T,
    mistakes: &mut Mistakes<'_>,
) {
    if let Some(asked) = field.placed().filter(|asked| asked.value == oidc) {
        let detail =
            format!("{key} = \"oidc\" needs a provider; write [people.oidc] with issuer and client_id");
        mistakes.at(&asked.at, detail);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::policy::Policy;

    const SERVER: &str =
        "[profiles.server]\nnames.dns.allow = [\"example.com\"]\napprovers = [\"a@example.com\"]\n";

    fn with(people: &str) -> String {
        format!("[people]\n{people}\n{SERVER}")
    }

    fn mistakes(text: &str) -> Vec<String> {
        let errors = Policy::parse(text).map(|_| ()).unwrap_err();
        errors.all().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_provider_is_read_with_usual_values() {
        let policy = with("oidc = { issuer = \"https://id.example.com\", client_id = \"c\" }");
        let read = Policy::parse(&policy).unwrap();
        let oidc = read.oidc().unwrap();
        assert_eq!((oidc.issuer.as_str(), oidc.client_id.as_str()), ("https://id.example.com", "c"));
        assert_eq!((oidc.claim.as_str(), oidc.max_age, oidc.is_confidential), ("email", None, false));
        let more = "claim = \"upn\", max_age = \"5m\", confidential = true }";
        let read = Policy::parse(&policy.replace(" }", &format!(", {more}"))).unwrap();
        let oidc = read.oidc().unwrap();
        assert_eq!((oidc.claim.as_str(), oidc.max_age), ("upn", Some(Duration::from_secs(300))));
        assert!(oidc.is_confidential);
        assert!(Policy::parse(&with("plus_tags = \"same\"")).unwrap().oidc().is_none());
    }

    #[test]
    fn each_mistake_is_told_once_and_where_it_stands() {
        for (people, line, said) in [
            ("identity = \"oidc\"", 2, "needs a provider; write [people.oidc] with issuer and client_id"),
            ("requesters = \"oidc\"", 2, "requesters = \"oidc\" needs a provider; write [people.oidc]"),
            ("oidc = { client_id = \"c\" }", 2, "the key `issuer` is missing"),
            ("oidc = { issuer = \"https://id.example.com\" }", 2, "the key `client_id` is missing"),
            ("oidc = { issuer = \"http://id.example.com\", client_id = \"c\" }", 2, "is no https URL"),
            ("oidc = { issuer = \"id.example.com\", client_id = \"c\" }", 2, "is no URL"),
            ("oidc = { issuer = \"https://a/?b\", client_id = \"c\" }", 2, "has a query"),
            ("oidc = { issuer = \"https://a\", client_id = \"\" }", 2, "is no client_id"),
            ("oidc = { issuer = \"https://a\", client_id = \"c d\" }", 2, "is no client_id"),
            ("oidc = { issuer = \"https://a\", client_id = \"c\", claim = \"\" }", 2, "is no claim"),
            ("oidc = { issuer = \"https://a\", client_id = \"c\", max_age = 5 }", 2, "expected a text"),
            (
                "oidc = { issuer = \"https://a\", client_id = \"c\", confidential = \"x\" }",
                2,
                "expected true",
            ),
            ("oidc = { isuer = \"https://a\", client_id = \"c\" }", 2, "did you mean `issuer`"),
            ("oidc = \"https://a\"", 2, "expected a table"),
        ] {
            let found = mistakes(&with(people));
            assert_eq!(found.len(), 1, "{people}: {found:?}");
            assert!(
                found[0].contains(said) && found[0].contains(&format!("line {line}")),
                "{people}: {found:?}"
            );
        }
        let in_profile = format!("{SERVER}identity = \"oidc\"\n");
        let found = mistakes(&in_profile);
        assert!(found.len() == 1 && found[0].contains("line 4"), "{found:?}");
    }
}
