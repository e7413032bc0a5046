//! Mistakes and notes of a policy, each with its lines underlined.

use std::io::IsTerminal as _;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use workflow::policy::{Place, PolicyErrors, PolicyNote};

/// A policy document and its name.
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// Every mistake, in the order of the document.
    pub(super) fn mistakes(&self, errors: &PolicyErrors) -> String {
        let of = |error: &workflow::policy::PolicyError| {
            let help = error.meant.as_ref().map(|meant| format!("did you mean {meant}?"));
            self.message(Level::ERROR, error.place.as_ref(), &error.detail, help.as_deref())
        };
        errors.all().iter().map(of).collect()
    }

    /// Every note, in the order of the document.
    pub(super) fn notes(&self, notes: &[PolicyNote]) -> String {
        let of = |note: &PolicyNote| {
            self.message(Level::NOTE, Some(&note.place), &note.detail, Some(&note.advice))
        };
        notes.iter().map(of).collect()
    }

    fn message(&self, level: Level<'_>, place: Option<&Place>, detail: &str, help: Option<&str>) -> String {
        let file = self.file.display().to_string();
        let mut message = match place {
            Some(place) => {
                let underlined = AnnotationKind::Primary.span(place.span.clone());
                let snippet = Snippet::source(self.text).path(file).annotation(underlined);
                Group::with_title(level.primary_title(detail)).element(snippet)
            }
            None => Group::with_title(level.primary_title(detail)),
        };
        if let Some(help) = help {
            message = message.element(Level::HELP.message(help));
        }
        format!("{}\n\n", renderer().render(&[message]))
    }
}

/// Colours are for a terminal, and <https://no-color.org> switches them off.
fn renderer() -> Renderer {
    let is_styled =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    if is_styled && !cfg!(test) { Renderer::styled() } else { Renderer::plain() }
}

#[cfg(test)]
mod tests {
    use workflow::policy::Policy;

    use super::*;

    fn mistakes(text: &str) -> String {
        let errors = Policy::parse(text).unwrap_err();
        Source { file: Path::new("my-policy.toml"), text }.mistakes(&errors)
    }

    /// `COUNTERSIGN_WRITE=1` renews the page.
    #[test]
    fn the_documentation_shows_a_report() {
        let path = crate::checkout::repository().join("docs/policy.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once("```toml mistakes\n").unwrap();
        let (text, rest) = rest.split_once("```\n```text\n").unwrap();
        let (shown, after) = rest.split_once("```\n").unwrap();
        let report = format!("{}\n", mistakes(text).trim_end());
        if std::env::var_os("COUNTERSIGN_WRITE").is_some() {
            let page = format!("{before}```toml mistakes\n{text}```\n```text\n{report}```\n{after}");
            std::fs::write(&path, page).unwrap();
        } else {
            assert_eq!(shown, report);
        }
    }

    const WRONG: &str = r#"defualt = "server"
hourly_limit = "many"

[groups]
security = ["alice@example.com", "bob"]
platform = ["carol@example.com"]

[defaults]
limit = "2d"
reminders = ["1d", "5d"]
keys = ["RSA", "ec-p265"]

[profiles.server]
approval = [{ group = "securty" }, { group = "platfrom", quorum = 0 }]
extended_key_usage = ["serverauth"]
subject = "O=Müller, Country=DE, C=Germany"
names.dns.allow = ["example.com", "*.example.com"]

[profiles.client]
approvers = ["carol@example.com"]
quorum = 2
valdity_days = 90
names.dns.allow = ["example.com"]
escalation = { after = "3d", group = "platform" }
"#;

    #[test]
    fn every_mistake_is_shown_with_its_line_and_a_way_out() {
        insta::assert_snapshot!(mistakes(WRONG));
    }

    #[test]
    fn a_mistake_of_syntax_stands_alone() {
        insta::assert_snapshot!(mistakes("[profiles.server]\napprovers = [\"a@example.com\"\nxyz = 1\n"));
    }

    #[test]
    fn something_that_is_missing_has_no_line() {
        insta::assert_snapshot!(mistakes(""));
    }

    #[test]
    fn every_note_is_shown_with_its_line_and_advice() {
        let text = r#"[people]
requesters = "none"

[groups]
security = ["alice@example.com", "bob@example.com"]

[defaults]
approval = [{ group = "security", quorum = 2 }]
escalation = { after = "1d", group = "security" }
names.dns.allow = ["example.com"]
validity_days = 1000

[profiles.server]
extended_key_usage = ["clientAuth"]

[profiles.web]
validity_days = 400
extended_key_usage = ["serverAuth"]
keys = ["ed25519", "ec-p521"]
rsa_min_bits = 3072
key_usage = ["keyAgreement"]

[profiles.old]
approvers = ["alice@example.com"]
extended_key_usage = ["serverAuth"]
keys = ["rsa"]
rsa_min_bits = 7168
"#;
        let text = format!("default = \"web\"\n{text}");
        let (_, notes) = Policy::parse_with_notes(&text, time::macros::date!(2026 - 01 - 01)).unwrap();
        insta::assert_snapshot!(Source { file: Path::new("my-policy.toml"), text: &text }.notes(&notes));
    }
}
