//! The wording of texts for a reader: the language, and the zone of times.
//!
//! Invariant: each time in a mail or on a page is rendered here, and shows its zone. Times for programs are in UTC: see
//! [`crate::timestamp`].

use time::OffsetDateTime;

use super::catalogue::{Language, Message};
use crate::time_zone::TimeZone;

/// A language, and a zone. The default is English with times in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// The language of all texts.
    pub language: Language,
    /// The zone of days and times.
    pub time_zone: TimeZone,
}

impl Wording {
    /// Texts in a language, with times in UTC.
    #[must_use]
    pub const fn utc(language: Language) -> Self {
        Self { language, time_zone: TimeZone::UTC }
    }

    /// The same zone in another language.
    #[must_use]
    pub const fn in_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// A day: `1 January 2026`, `2026年1月1日`.
    #[must_use]
    pub fn day(self, at: OffsetDateTime) -> String {
        self.language.say(&Message::day(self.time_zone.local(at).at.date()))
    }

    /// An instant, to the minute: `1 January 2026, 12:00 UTC`, `2026年1月1日 21:00 JST`.
    #[must_use]
    pub fn instant(self, at: OffsetDateTime) -> String {
        self.language.say(&Message::instant(&self.time_zone.local(at)))
    }

    /// An instant with its day of the week, for mails: `Thursday, 1 January 2026, 12:00 UTC`.
    #[must_use]
    pub fn instant_of_week(self, at: OffsetDateTime) -> String {
        self.language.say(&Message::instant_of_week(&self.time_zone.local(at)))
    }

    /// The text of a message.
    #[must_use]
    pub fn say(self, message: &Message) -> String {
        self.language.say(message)
    }

    /// The text of a message without values.
    #[must_use]
    pub fn text(self, id: &'static str) -> String {
        self.language.text(id)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_are_in_the_zone_of_the_reader() {
        let at = datetime!(2026-01-01 12:05 UTC);
        let [english, japanese] = Language::ALL.map(Wording::utc);
        assert_eq!(english.instant(at), "1 January 2026, 12:05 UTC");
        assert_eq!(japanese.instant(at), "2026年1月1日 12:05 UTC");
        assert_eq!(english.instant_of_week(at), "Thursday, 1 January 2026, 12:05 UTC");
        assert_eq!(japanese.instant_of_week(at), "2026年1月1日 (木) 12:05 UTC");
        assert_eq!(english.day(datetime!(2026-01-01 01:00 +9)), "31 December 2025");
        assert_eq!(japanese.day(datetime!(2026-01-01 01:00 +9)), "2025年12月31日");
        let time_zone = TimeZone::named("Asia/Tokyo").unwrap();
        let [english, japanese] = Language::ALL.map(|language| Wording { language, time_zone });
        let at = datetime!(2025-12-31 20:05 UTC);
        assert_eq!(english.instant(at), "1 January 2026, 05:05 JST");
        assert_eq!(japanese.instant(at), "2026年1月1日 05:05 JST");
        assert_eq!(english.instant_of_week(at), "Thursday, 1 January 2026, 05:05 JST");
        assert_eq!(japanese.instant_of_week(at), "2026年1月1日 (木) 05:05 JST");
        assert_eq!(english.day(at), "1 January 2026");
        assert_eq!(japanese.day(at), "2026年1月1日");
    }
}
