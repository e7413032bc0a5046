//! The language of mails to a person, and the zone of times: `language`, `languages` and `time_zone` of `[people]`.
//!
//! Invariant: an address wins over its domain, and a domain over the language of the policy. The language of a request or of
//! a page is its reader's own, and wins over all of them.

use std::collections::BTreeMap;

use crate::approver_set::PlusTags;
use crate::email::Email;
use crate::texts::{Language, Wording};

/// The wording of mails by the policy.
#[derive(Clone, Debug)]
pub(super) struct PeopleWording {
    /// For people whom no line names.
    pub(super) usual: Wording,
    pub(super) languages: PersonLanguages,
    pub(super) plus_tags: PlusTags,
}

/// The languages of people and of domains.
#[derive(Clone, Debug, Default)]
pub(super) struct PersonLanguages {
    pub(super) people: Vec<(Email, Language)>,
    /// In lower case. A domain does not cover those below it.
    pub(super) domains: BTreeMap<String, Language>,
}

impl PeopleWording {
    pub(super) fn of(&self, person: &Email) -> Wording {
        let own = self.languages.of(person, self.plus_tags);
        self.usual.in_language(own.unwrap_or(self.usual.language))
    }
}

impl PersonLanguages {
    fn of(&self, person: &Email, plus_tags: PlusTags) -> Option<Language> {
        let own = self.people.iter().find(|(one, _)| plus_tags.same_person(one, person));
        own.map(|(_, language)| *language).or_else(|| {
            let (_, domain) = person.as_str().split_once('@')?;
            self.domains.get(&domain.to_ascii_lowercase()).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    const PROFILE: &str =
        "[profiles.server]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"example.com\"]\n";

    fn policy(people: &str) -> Policy {
        Policy::parse(&format!("[people]\n{people}\n{PROFILE}")).unwrap()
    }

    fn mistakes(people: &str) -> Vec<String> {
        let errors = Policy::parse(&format!("[people]\n{people}\n{PROFILE}")).map(|_| ()).unwrap_err();
        errors.all().iter().map(ToString::to_string).collect()
    }

    fn language(policy: &Policy, person: &str) -> Language {
        policy.wording_for(&person.parse().unwrap()).language
    }

    #[test]
    fn without_a_word_mails_are_english_and_times_utc() {
        let policy = Policy::parse(PROFILE).unwrap();
        assert_eq!(policy.wording(), Wording::default());
        assert_eq!(policy.wording_in(Language::Japanese), Wording::utc(Language::Japanese));
        assert_eq!(language(&policy, "a@example.com"), Language::English);
    }

    #[test]
    fn an_address_wins_over_its_domain_and_a_domain_over_the_policy() {
        let policy = policy(
            "language = \"ja\"\nlanguages = { \"olivia@Example.com\" = \"en\", \"@berlin.example.com\" = \"en\", \"kenji@berlin.example.com\" = \"ja\" }",
        );
        assert_eq!(policy.wording().language, Language::Japanese);
        for (person, is) in [
            ("olivia@example.com", Language::English),
            ("Olivia+ca@EXAMPLE.com", Language::English),
            ("oliviax@example.com", Language::Japanese),
            ("bob@example.com", Language::Japanese),
            ("bob@berlin.example.com", Language::English),
            ("bob@Berlin.Example.COM", Language::English),
            ("bob@north.berlin.example.com", Language::Japanese),
            ("bob@notberlin.example.com", Language::Japanese),
            ("kenji@berlin.example.com", Language::Japanese),
        ] {
            assert_eq!(language(&policy, person), is, "{person}");
        }
    }

    #[test]
    fn a_tag_makes_another_person_where_the_policy_says_so() {
        let policy = policy("plus_tags = \"distinct\"\nlanguages = { \"bob@example.com\" = \"ja\" }");
        assert_eq!(language(&policy, "bob@example.com"), Language::Japanese);
        assert_eq!(language(&policy, "bob+x@example.com"), Language::English);
    }

    #[test]
    fn all_texts_have_the_zone_of_the_policy() {
        let policy = policy("time_zone = \"Asia/Tokyo\"\nlanguages = { \"@example.com\" = \"ja\" }");
        let person = "a@example.com".parse().unwrap();
        let wordings = [policy.wording(), policy.wording_for(&person), policy.wording_in(Language::English)];
        assert_eq!(wordings.map(|one| one.time_zone.name()), ["Asia/Tokyo"; 3]);
    }

    #[test]
    fn a_mistake_is_reported_where_it_stands() {
        for (people, says) in [
            (
                "languages = { \"a@example.com\" = \"fr\" }",
                "line 2: \"fr\" is no language of the pages; write en or ja",
            ),
            (
                "languages = { \"a@example.com\" = 1 }",
                "line 2: expected a text in quotation marks, found the whole number 1",
            ),
            (
                "languages = { \"a b@example.com\" = \"en\" }",
                "line 2: \"a b@example.com\" is no e-mail address",
            ),
            (
                "languages = { \"@example..com\" = \"en\" }",
                "line 2: \"@example..com\" is no domain; write one such as \"@example.com\"",
            ),
            (
                "languages = { \"tokyo.example.com\" = \"ja\" }",
                "line 2: \"tokyo.example.com\" is neither an address nor a domain; write \"olivia@example.com\" or \"@example.com\"; did you mean \"@tokyo.example.com\"?",
            ),
            (
                "languages = { platform = \"ja\" }",
                "line 2: \"platform\" is neither an address nor a domain; write \"olivia@example.com\" or \"@example.com\"",
            ),
            (
                "languages = { \"a@example.com\" = \"en\", \"a+x@example.com\" = \"ja\" }",
                "line 2: the same twice: a@example.com is a+x@example.com",
            ),
            (
                "languages = { \"@Example.com\" = \"en\", \"@example.com\" = \"ja\" }",
                "line 2: the same twice: @example.com is @example.com",
            ),
            ("languages = \"ja\"", "line 2: expected a table, found the text \"ja\""),
            (
                "time_zone = \"Asia/Tokio\"",
                "line 2: \"Asia/Tokio\" is no time zone; write a name of the IANA database, such as Asia/Tokyo, Europe/Berlin or UTC; did you mean \"Asia/Tokyo\"?",
            ),
            (
                "time_zone = \"Berlin\"",
                "line 2: \"Berlin\" is no time zone; write a name of the IANA database, such as Asia/Tokyo, Europe/Berlin or UTC; did you mean \"Europe/Berlin\"?",
            ),
            (
                "time_zone = \"+09:00\"",
                "line 2: \"+09:00\" is no time zone; write a name of the IANA database, such as Asia/Tokyo, Europe/Berlin or UTC",
            ),
        ] {
            assert_eq!(mistakes(people), [says], "{people}");
        }
    }
}
