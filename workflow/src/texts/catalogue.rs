//! The catalogue of all texts for people: one Fluent file per language (`workflow/texts/*.ftl`), parsed once a process.
//! A [`Message`] is an id with values; a [`Language`] renders it. Another language needs a file and an entry here.
//!
//! Invariant: rendering never fails, and never panics in release builds: English replaces missing texts, and
//! `tests/texts.rs` checks that all files have the same ids and values. Values are inserted unchanged: pages escape
//! them, mails clean them (see [`crate::finding::quoted`]).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde::{Deserialize, Serialize};
use time::Date;
use unic_langid::LanguageIdentifier;

use super::quality::preferences;
use crate::time_zone::LocalTime;

/// A language of the texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "Cow<'_, str>")]
pub enum Language {
    /// `en`, the source of all translations.
    #[default]
    English,
    /// `ja`.
    Japanese,
}

impl Language {
    /// Every language, English first.
    pub const ALL: [Language; 2] = [Language::English, Language::Japanese];

    /// The code, and the file of the texts.
    const fn entry(self) -> (&'static str, &'static str) {
        match self {
            Language::English => ("en", include_str!("../../texts/en.ftl")),
            Language::Japanese => ("ja", include_str!("../../texts/ja.ftl")),
        }
    }

    /// The language tag (RFC 5646), in rows and in `lang=`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.entry().0
    }

    /// The language of a tag such as `ja` or `ja-JP`; `None` if there are no texts in it.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or(tag).trim();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// The best language for an `Accept-Language` header (RFC 9110 section 12.5.4), by lookup (RFC 4647 section 3.4:
    /// `ja-JP` finds `ja`); of two with equal quality, the first in the header; English if none matches.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Self {
        let mut named = [None::<(u16, usize)>; Self::ALL.len()];
        let mut any = None::<(u16, usize)>;
        for (place, (tag, quality)) in preferences(accept_language).enumerate() {
            let best = match Self::from_tag(tag) {
                Some(language) => &mut named[language as usize],
                None if tag == "*" => &mut any,
                None => continue,
            };
            if best.is_none_or(|(before, _)| quality > before) {
                *best = Some((quality, place));
            }
        }
        let suits = |language: Self| named[language as usize].or(any).filter(|(quality, _)| *quality > 0);
        Self::ALL
            .into_iter()
            .filter_map(|language| suits(language).map(|(quality, place)| (quality, place, language)))
            .min_by_key(|(quality, place, language)| (std::cmp::Reverse(*quality), *place, *language))
            .map_or_else(Self::default, |(_, _, language)| language)
    }

    /// The name of the language in itself: `English`, `日本語`.
    #[must_use]
    pub fn name_in_itself(self) -> String {
        self.text("language-name")
    }

    /// The text of a message without values.
    #[must_use]
    pub fn text(self, id: &'static str) -> String {
        self.say(&Message::new(id))
    }

    /// The text of a message; in English if this language lacks it.
    #[must_use]
    pub fn say(self, message: &Message) -> String {
        let said = self.find(message);
        debug_assert!(said.is_some(), "{message:?} is not in the catalogue, or lacks a value");
        said.unwrap_or_else(|| {
            tracing::error!(text = %message.id, "the catalogue has no text for a message");
            message.id.clone().into_owned()
        })
    }

    /// The text of a message that may be older than the catalogue, such as a message in a row. `None` if its id is
    /// unknown or a value is missing.
    #[must_use]
    pub fn find(self, message: &Message) -> Option<String> {
        self.own(message).or_else(|| Self::English.own(message))
    }

    fn own(self, message: &Message) -> Option<String> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(&message.id)?.value()?;
        let mut values = FluentArgs::new();
        for (name, value) in &message.values {
            values.set(name.as_ref(), value.to_fluent(self)?);
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&values), &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: [OnceLock<FluentBundle<FluentResource>>; Language::ALL.len()] =
            [const { OnceLock::new() }; Language::ALL.len()];
        BUNDLES[self as usize].get_or_init(|| {
            let (code, source) = self.entry();
            // Uses the readable part of a file; a test checks that all of it is readable.
            let texts = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(texts, _)| texts);
            let tag = code.parse::<LanguageIdentifier>().unwrap_or_default();
            let mut bundle = FluentBundle::new_concurrent(vec![tag]);
            // Isolation marks around values would end up in copied text.
            bundle.set_use_isolating(false);
            bundle.add_resource_overriding(texts);
            bundle
        })
    }
}

impl From<Language> for &'static str {
    fn from(language: Language) -> Self {
        language.code()
    }
}

/// The text is not the code of a [`Language`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a language of the catalogue; use one of {}", Language::ALL.map(Language::code).join(", "))]
pub struct UnknownLanguage;

impl TryFrom<Cow<'_, str>> for Language {
    type Error = UnknownLanguage;

    fn try_from(code: Cow<'_, str>) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.code() == code).ok_or(UnknownLanguage)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A message with the parts of a date as values.
fn dated(id: &'static str, date: Date) -> Message {
    Message::new(id)
        .with("year", i64::from(date.year()))
        .with("month", u8::from(date.month()))
        .with("day", date.day())
}

/// A message with the parts of a date, the time and its zone as values.
fn timed(id: &'static str, local: &LocalTime) -> Message {
    let at = local.at;
    dated(id, at.date())
        .with("time", format!("{:02}:{:02}", at.hour(), at.minute()))
        .with("zone", local.label.as_str())
}

/// A message in no language yet: an id of the catalogue, and its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    id: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<Cow<'static, str>, Value>,
}

impl Message {
    /// The message with an id.
    #[must_use]
    pub fn new(id: &'static str) -> Self {
        Self { id: Cow::Borrowed(id), values: BTreeMap::new() }
    }

    /// A day, also as a value of another message.
    #[must_use]
    pub fn day(date: Date) -> Self {
        dated("date-day", date)
    }

    /// An instant, to the minute, also as a value of another message.
    #[must_use]
    pub fn instant(local: &LocalTime) -> Self {
        timed("date-instant", local)
    }

    /// An instant with its day of the week.
    #[must_use]
    pub(super) fn instant_of_week(local: &LocalTime) -> Self {
        timed("mail-moment", local).with("weekday", local.at.weekday().number_from_monday())
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.insert(Cow::Borrowed(name), value.into());
        self
    }

    /// Changes every text among the values, for example by escaping.
    #[must_use]
    pub fn map_texts(mut self, change: impl Fn(&str) -> String) -> Self {
        self.change_texts(&change);
        self
    }

    fn change_texts(&mut self, change: &dyn Fn(&str) -> String) {
        for value in self.values.values_mut() {
            match value {
                Value::Number(_) => {}
                Value::Text(text) => *text = change(text),
                Value::Said(message) => message.change_texts(change),
            }
        }
    }

    /// The text that is the value of this name, if there is one.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Like [`Message::text_of`], but also of the messages among its values.
    #[must_use]
    pub fn text_within(&self, name: &str) -> Option<&str> {
        self.text_of(name).or_else(|| {
            self.values.values().find_map(|value| match value {
                Value::Said(message) => message.text_within(name),
                Value::Number(_) | Value::Text(_) => None,
            })
        })
    }

    /// The id in the catalogue.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// A message without values.
impl From<&'static str> for Message {
    fn from(id: &'static str) -> Self {
        Message::new(id)
    }
}

/// A value of a message: a number (a text may depend on it), a text, or another message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A count, or a part of a date.
    Number(i64),
    /// A text.
    Text(String),
    /// Another message, rendered in the same language.
    Said(Box<Message>),
}

impl Value {
    /// The value in a language; `None` if the language lacks its text.
    fn to_fluent(&self, language: Language) -> Option<FluentValue<'_>> {
        Some(match self {
            Value::Number(number) => FluentValue::from(*number),
            Value::Text(text) => FluentValue::from(text.as_str()),
            Value::Said(message) => FluentValue::from(language.own(message)?),
        })
    }

    /// Joins values by nesting the message `id`: each value but the last is `first`, the joined remainder is `rest`.
    #[must_use]
    pub fn list(
        id: &'static str,
        values: impl IntoIterator<Item = Value, IntoIter: DoubleEndedIterator>,
    ) -> Self {
        let joined = values
            .into_iter()
            .rev()
            .reduce(|rest, first| Value::from(Message::new(id).with("first", first).with("rest", rest)));
        joined.unwrap_or_else(|| Value::Text(String::new()))
    }
}

impl From<Message> for Value {
    fn from(message: Message) -> Self {
        Value::Said(Box::new(message))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(number)
    }
}

impl From<u8> for Value {
    fn from(number: u8) -> Self {
        Value::Number(number.into())
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Value::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Value::Number(number.into())
    }
}

/// A count of things in memory; always fits.
impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Value::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// For templates, which pass references.
impl<T: Clone> From<&T> for Value
where
    Value: From<T>,
{
    fn from(value: &T) -> Self {
        Value::from(value.clone())
    }
}

#[cfg(test)]
mod tests;
