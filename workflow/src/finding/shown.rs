//! The parts of a finding that pages and mails set apart: the command at the end of its advice, and what the certificate lacks.
//!
//! Invariant: all of it follows from the messages of the finding. A finding without messages, of an older row, has its sentences only.

use super::{Code, Finding};
use crate::texts::{Language, Message};

/// The message of a detail, its short form, and the value in both.
const LEFT_OUT: [(&str, &str, &str); 6] = [
    ("finding-key-usage", "left-out-key-usage", "usage"),
    ("finding-purpose", "left-out-purpose", "purpose"),
    ("finding-extension", "left-out-extension", "extension"),
    ("finding-attribute", "left-out-attribute", "attribute"),
    ("finding-subject-parts", "left-out-subject", "parts"),
    ("finding-common-name-left-out", "left-out-common-name", "name"),
];

impl Finding {
    /// [`Finding::advice_in`] in two parts: its words, and the command that ends it, if one does.
    #[must_use]
    pub fn advice_and_command(&self, language: Language) -> (String, Option<&str>) {
        let advice = self.advice_in(language);
        let command = self.advice_message().and_then(|advice| advice.text_within("command"));
        match command.and_then(|command| Some((advice.strip_suffix(command)?, command))) {
            Some((words, command)) => (words.trim_end().to_owned(), Some(command)),
            None => (advice.into_owned(), None),
        }
    }

    /// What the certificate lacks by this finding, in a few words of a list; the detail where there are none.
    #[must_use]
    pub fn left_out_in(&self, language: Language) -> String {
        let in_short = || {
            let detail = self.detail_message()?;
            let (_, short, value) = LEFT_OUT.into_iter().find(|(id, ..)| *id == detail.id())?;
            language.find(&Message::new(short).with(value, detail.text_of(value)?))
        };
        in_short().unwrap_or_else(|| self.detail_in(language).into_owned())
    }

    /// The profiles that grant what this one does not, in one text.
    #[must_use]
    pub fn granting_profiles(&self) -> Option<&str> {
        self.advice_message()?.text_within("profiles")
    }

    /// True if the reader needs to know how a CSR is made: there is none, or it has a weak key or no names.
    #[must_use]
    pub fn asks_for_another_csr(&self) -> bool {
        let has_no_names = || {
            let id = self.detail_message().map(Message::id);
            matches!(id, Some("finding-no-names" | "finding-no-san"))
        };
        match self.code {
            Code::NotACsr | Code::WeakKey | Code::UnsupportedKey => true,
            Code::MissingField => self.field() == Some("csrContent"),
            _ => has_no_names(),
        }
    }

    fn detail_message(&self) -> Option<&Message> {
        self.said.as_ref()?.detail.as_ref()
    }

    fn advice_message(&self) -> Option<&Message> {
        self.said.as_ref()?.advice.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::super::csr_text::{AGAIN, choose_file, how_to, not_a_csr};
    use super::super::keys::{new_key, supported_keys};
    use super::*;

    #[test]
    fn a_command_at_the_end_of_an_advice_stands_by_itself() {
        for advice in [how_to(), choose_file(), new_key(), supported_keys()] {
            let finding = not_a_csr("finding-no-csr", advice);
            for language in Language::ALL {
                let (words, command) = finding.advice_and_command(language);
                let command = command.unwrap_or_else(|| panic!("{language}: {words}"));
                assert!(command.starts_with("openssl ") && !words.contains("openssl"), "{words}|{command}");
                assert!(!words.is_empty() && finding.advice_in(language).starts_with(&words), "{words}");
            }
        }
    }

    #[test]
    fn words_around_a_command_stay_whole() {
        let advice =
            Message::new("finding-is-cmc-advice").with("setting", "S").with("command", "certreq -new");
        let plain = Finding::refused(Code::NotACsr, "d", format!("Run: {AGAIN}"));
        for finding in [not_a_csr("finding-is-cmc", advice), plain] {
            for language in Language::ALL {
                let (words, command) = finding.advice_and_command(language);
                assert_eq!((words.as_str(), command), (&*finding.advice_in(language), None));
            }
        }
    }

    #[test]
    fn a_left_out_part_has_a_few_words_or_its_sentence() {
        let without = || Message::new("finding-comes-without");
        let purpose = Message::new("finding-purpose").with("purpose", "clientAuth").with("profile", "server");
        let choose =
            Message::new("finding-choose-for-purpose").with("without", without()).with("profiles", "client");
        let finding = Finding::ignored(Code::ForbiddenExtension, purpose, choose);
        assert_eq!(finding.left_out_in(Language::English), "purpose clientAuth");
        assert_eq!(finding.left_out_in(Language::Japanese), "用途 clientAuth");
        assert_eq!(finding.granting_profiles(), Some("client"));
        for (id, _, value) in LEFT_OUT {
            let detail = Message::new(id).with(value, "VALUE").with("profile", "p").with("key", "k");
            let finding = Finding::ignored(Code::BadName, detail, without());
            for language in Language::ALL {
                let short = finding.left_out_in(language);
                let sentence = finding.detail_in(language);
                assert!(short.contains("VALUE") && short.len() < sentence.len(), "{language}: {short}");
            }
            assert_eq!(finding.granting_profiles(), None);
        }
        let old = Finding::ignored(Code::BadName, "A part is left out.", "It comes without.");
        assert_eq!(old.left_out_in(Language::Japanese), "A part is left out.");
    }

    #[test]
    fn help_is_for_whoever_has_no_usable_csr() {
        let of = |code, detail: &'static str| Finding::refused(code, Message::new(detail), "a");
        assert!(of(Code::NotACsr, "finding-no-csr").asks_for_another_csr());
        assert!(of(Code::BadName, "finding-no-names").asks_for_another_csr());
        assert!(!of(Code::BadName, "finding-not-well-formed").asks_for_another_csr());
        assert!(!Finding::refused(Code::BadName, "d", "a").asks_for_another_csr());
        assert!(!of(Code::UnknownProfile, "finding-no-csr").asks_for_another_csr());
    }
}
