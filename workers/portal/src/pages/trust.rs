//! The page that tells how to trust the CA.

use askama::Template;
use workflow::mail::trust::{
    FINGERPRINT, MAKE_ROOT, MAKE_ROOT_IN_POWERSHELL, ROOTS_OF_FEDORA, STEPS, TrustStep,
};
use workflow::texts::Message;

use super::{Instant, Markup, Site};
use crate::locale::Locale;
use crate::state::Portal;
use crate::trusted::TrustedRoot;

/// The command of an operator that shows the fingerprint.
const OPERATORS_COMMAND: &str = "countersign ca show";
/// Octets of a fingerprint between two places at which a line may break.
const OCTETS_A_LINE: usize = 8;

struct RootView {
    subject: String,
    /// The subjects of the issuers below it.
    issuers: String,
    until: Instant,
    /// The SHA-256 as OpenSSL and browsers show it, in parts that stay in one line.
    parts: Vec<String>,
    /// The SHA-256 as `countersign` shows it.
    fingerprint: String,
    path: String,
    file: String,
    is_in_force: bool,
}

struct StepView {
    systems: &'static str,
    words: Option<String>,
    command: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "trust.html")]
pub(crate) struct TrustPage {
    site: Site,
    roots: Vec<RootView>,
    printed: String,
    make_root: &'static str,
    make_root_in_powershell: &'static str,
    compare: Markup,
    show_fingerprint: &'static str,
    steps: Vec<StepView>,
}

impl TrustPage {
    pub(crate) fn new(portal: &Portal, locale: &Locale, roots: &[TrustedRoot]) -> Self {
        // The page has no parameters for the links to other languages to repeat.
        let site = Site::of(portal, &locale.without_query());
        let shown = |id| Message::new(id).with("command", OPERATORS_COMMAND);
        Self {
            roots: roots.iter().map(|root| RootView::of(&site, root)).collect(),
            printed: site.say(shown("trust-printed")),
            make_root: MAKE_ROOT,
            make_root_in_powershell: MAKE_ROOT_IN_POWERSHELL,
            show_fingerprint: FINGERPRINT,
            compare: site.markup(shown("trust-compare")),
            steps: STEPS.iter().map(|step| StepView::of(&site, step)).collect(),
            site,
        }
    }
}

impl RootView {
    fn of(site: &Site, root: &TrustedRoot) -> Self {
        let fingerprint = root.certificate.fingerprint();
        let path = match root.is_in_force {
            true => format!("{}ca.pem{}", site.base, site.only_lang),
            false => format!("{}ca.pem?root={fingerprint}{}", site.base, site.also_lang),
        };
        Self {
            subject: root.certificate.subject().to_owned(),
            issuers: root.issuers.join(&site.text("list-separator")),
            until: site.instant(root.not_after),
            parts: parts(&fingerprint),
            file: site.say(Message::new("trust-file").with("count", root.chain_length)),
            is_in_force: root.is_in_force,
            fingerprint,
            path,
        }
    }
}

impl StepView {
    fn of(site: &Site, step: &TrustStep) -> Self {
        Self {
            systems: step.systems,
            words: step.words.map(|id| site.say(Message::new(id).with("file", ROOTS_OF_FEDORA))),
            command: step.command,
        }
    }
}

/// `AB:CD:`, ...: pairs of digits with colons between them, some in each part.
fn parts(fingerprint: &str) -> Vec<String> {
    let digits = fingerprint.to_ascii_uppercase();
    let pairs: Vec<_> = digits.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
    let lines: Vec<String> = pairs.chunks(OCTETS_A_LINE).map(|line| line.join(":")).collect();
    let last = lines.len().saturating_sub(1);
    lines.into_iter().enumerate().map(|(at, line)| if at < last { line + ":" } else { line }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_fingerprint_are_that_of_openssl() {
        let fingerprint = "0a".repeat(32);
        assert_eq!(parts(&fingerprint).concat(), vec!["0A"; 32].join(":"));
        assert_eq!(parts(&fingerprint).len(), 4);
    }
}
