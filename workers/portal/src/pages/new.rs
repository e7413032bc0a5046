//! The page that makes a key in the browser (docs/decisions/0157).

use askama::Template;
use pki::key::KeyKind;
use workflow::policy::{Policy, Profile};

use super::Site;
use super::assets::Paths;
use crate::forms::submission::fresh_key;
use crate::locale::Locale;
use crate::state::Portal;

/// The fewest bits of an RSA key that the page makes: NIST SP 800-57 part 1, table 2, for keys in use after 2030.
const RSA_BITS: u32 = 3072;
/// The sizes that every browser makes are multiples of this.
const RSA_STEP: u32 = 256;
/// The most characters of the names that a profile allows; the preview has the whole answer.
const MAX_ALLOWED: usize = 300;

/// A profile to choose, and what the script needs of it.
struct KeyProfile {
    name: String,
    description: String,
    /// The allowed names, a sentence for each kind of name.
    allowed: Vec<String>,
    /// The kinds of key in the words of the script, separated by spaces.
    kinds: String,
    rsa_bits: u32,
    selected: bool,
}

impl KeyProfile {
    fn of(site: &Site, profile: &Profile, is_default: bool) -> Self {
        let kinds = profile.key_kinds();
        let fewest = kinds.iter().find_map(|kind| match kind {
            KeyKind::Rsa { bits } => Some(*bits),
            _ => None,
        });
        let words: Vec<&str> = kinds.into_iter().filter_map(word).collect();
        Self {
            name: profile.name().to_owned(),
            description: profile.description(site.language).to_owned(),
            allowed: profile.allowed_names_in(site.language).into_iter().map(shortened).collect(),
            kinds: words.join(" "),
            rsa_bits: fewest.unwrap_or(RSA_BITS).max(RSA_BITS).next_multiple_of(RSA_STEP),
            selected: is_default,
        }
    }
}

/// The word of the script for a kind of key; `None` for one that the page does not offer.
fn word(kind: KeyKind) -> Option<&'static str> {
    match kind {
        KeyKind::Rsa { .. } => Some("rsa"),
        KeyKind::EcP256 => Some("ec-p256"),
        KeyKind::EcP384 => Some("ec-p384"),
        KeyKind::Ed25519 => Some("ed25519"),
        _ => None,
    }
}

fn shortened(mut sentence: String) -> String {
    if let Some((end, _)) = sentence.char_indices().nth(MAX_ALLOWED) {
        sentence.truncate(end);
        sentence.push('…');
    }
    sentence
}

#[derive(Template)]
#[template(path = "new.html")]
pub(crate) struct MakeKeyPage {
    site: Site,
    /// The path of the module, and of those that it imports.
    script: String,
    imports: Vec<String>,
    idempotency_key: String,
    profiles: Vec<KeyProfile>,
}

impl MakeKeyPage {
    pub(crate) fn new(portal: &Portal, locale: &Locale, policy: &Policy) -> Self {
        // The page has no parameters for the links to other languages to repeat.
        let site = Site::of(portal, &locale.without_query());
        let default = policy.profile(None).ok().map(Profile::name);
        let profiles = policy
            .profiles()
            .map(|profile| KeyProfile::of(&site, profile, default == Some(profile.name())))
            .collect();
        Self {
            script: site.assets.new.clone(),
            imports: Paths::imports_of_new(&site.base),
            idempotency_key: fresh_key(),
            profiles,
            site,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_allowed_names_is_cut_off() {
        assert_eq!(shortened("example.com".into()), "example.com");
        assert_eq!(shortened("あ".repeat(400)).chars().count(), MAX_ALLOWED + 1);
    }
}
