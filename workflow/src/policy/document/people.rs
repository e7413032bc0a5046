//! `[people]`: the reading and display of addresses, and the wording of mails.
//!
//! Invariant: a key of `languages` is one address or one domain, and nobody is listed twice.

use super::keys::{Field, PlacedValue, TableKeys, read};
use super::oidc;
use super::values::{Approver, EnrolmentRule, FromText, RequesterProof, Shown, WrongValue};
use crate::approver_set::{Identity, PlusTags};
use crate::email::Email;
use crate::policy::error::{Mistakes, similar};
use crate::policy::oidc::OidcSettings;
use crate::policy::wording::{PeopleWording, PersonLanguages};
use crate::texts::{Language, Wording};
use crate::time_zone::TimeZone;

/// The section.
#[derive(Clone, Default)]
pub(super) struct PeopleSection {
    plus_tags: Field<PlusTags>,
    pub(super) requesters: Field<RequesterProof>,
    shown_to_requesters: Field<Shown>,
    language: Field<Language>,
    languages: Field<PersonLanguages>,
    time_zone: Field<TimeZone>,
    pub(super) identity: Field<Identity>,
    enrol: Field<EnrolmentRule>,
    pub(super) oidc: Field<OidcSettings>,
}

impl PeopleSection {
    pub(super) const KEYS: &[&str] = &[
        "requesters",
        "plus_tags",
        "shown_to_requesters",
        "language",
        "languages",
        "time_zone",
        "identity",
        "enrol",
        "oidc",
    ];

    pub(super) fn of(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> PeopleSection {
        let plus_tags: Field<PlusTags> = keys.field("plus_tags", mistakes);
        PeopleSection {
            languages: languages(keys, plus_tags.get().copied().unwrap_or_default(), mistakes),
            plus_tags,
            requesters: keys.field("requesters", mistakes),
            shown_to_requesters: keys.field("shown_to_requesters", mistakes),
            language: keys.field("language", mistakes),
            time_zone: keys.field("time_zone", mistakes),
            identity: keys.field("identity", mistakes),
            enrol: keys.field("enrol", mistakes),
            oidc: keys.table("oidc", oidc::KEYS, mistakes, oidc::of),
        }
    }

    pub(super) fn plus_tags(&self) -> PlusTags {
        self.plus_tags.get().copied().unwrap_or_default()
    }

    pub(super) fn requesters(&self) -> RequesterProof {
        self.requesters.get().copied().unwrap_or_default()
    }

    pub(super) fn masks_addresses(&self) -> bool {
        self.shown_to_requesters.get() != Some(&Shown::Full)
    }

    pub(super) fn enrolment(&self) -> EnrolmentRule {
        self.enrol.get().copied().unwrap_or_default()
    }

    pub(super) fn wording(&self) -> PeopleWording {
        PeopleWording {
            usual: Wording {
                language: self.language.get().copied().unwrap_or_default(),
                time_zone: self.time_zone.get().copied().unwrap_or_default(),
            },
            languages: self.languages.get().cloned().unwrap_or_default(),
            plus_tags: self.plus_tags(),
        }
    }
}

fn languages(
    keys: &TableKeys<'_>,
    plus_tags: PlusTags,
    mistakes: &mut Mistakes<'_>,
) -> Field<PersonLanguages> {
    let named = match keys.named("languages", mistakes) {
        Field::Is(named) => named,
        Field::Absent => return Field::Absent,
        Field::Wrong => return Field::Wrong,
    };
    let mut all = PersonLanguages::default();
    let mut is_right = true;
    for (key, language) in named.value {
        let language: Option<Language> = read(language, mistakes);
        let reader = match LanguageReader::from_text(&key.value) {
            Ok(reader) => reader,
            Err(wrong) => {
                mistakes.add(Some(key.at), wrong.detail, wrong.meant);
                is_right = false;
                continue;
            }
        };
        let Some(language) = language else {
            is_right = false;
            continue;
        };
        let earlier = match reader {
            LanguageReader::Person(address) => {
                let is_same = |(one, _): &&(Email, Language)| plus_tags.same_person(one, &address);
                let earlier = all.people.iter().find(is_same).map(|(one, _)| one.to_string());
                all.people.push((address, language));
                earlier
            }
            LanguageReader::Domain(domain) => {
                all.domains.insert(domain.clone(), language).map(|_| format!("@{domain}"))
            }
        };
        if let Some(earlier) = earlier {
            mistakes.at(&key.at, format!("the same twice: {} is {earlier}", key.value));
            is_right = false;
        }
    }
    if is_right { Field::Is(PlacedValue { value: all, at: named.at }) } else { Field::Wrong }
}

/// A key of `languages`.
enum LanguageReader {
    Person(Email),
    /// In lower case, without `@`.
    Domain(String),
}

impl FromText for LanguageReader {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        let is_domain = |domain: &str| Approver::from_text(&format!("a@{domain}")).is_ok();
        if let Some(domain) = text.strip_prefix('@') {
            return match is_domain(domain) {
                true => Ok(Self::Domain(domain.to_ascii_lowercase())),
                false => Err(format!("\"{text}\" is no domain; write one such as \"@example.com\"").into()),
            };
        }
        if text.contains('@') {
            return Approver::from_text(text).map(|address| Self::Person(address.0));
        }
        Err(WrongValue {
            detail: format!(
                "\"{text}\" is neither an address nor a domain; write \"olivia@example.com\" or \"@example.com\""
            ),
            meant: (text.contains('.') && is_domain(text)).then(|| format!("\"@{text}\"")),
            within: None,
        })
    }
}

impl FromText for TimeZone {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        TimeZone::named(text).ok_or_else(|| WrongValue {
            detail: format!(
                "\"{text}\" is no time zone; write a name of the IANA database, such as Asia/Tokyo, Europe/Berlin or UTC"
            ),
            meant: similar(text, TimeZone::all().map(TimeZone::name)).map(|meant| format!("\"{meant}\"")),
            within: None,
        })
    }
}
