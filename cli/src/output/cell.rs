//! One value of a list or of a fact: whole for programs, and in short for people at a terminal.

use time::{Duration, OffsetDateTime};
use workflow::ids::RequestId;
use workflow::name_list::names_in_short;
use workflow::request::Status;
use workflow::texts::Language;
use workflow::timestamp::rfc3339;

use super::view::OutputView;

/// The characters of an id on a terminal: those before its first hyphen.
const SHORT_ID: usize = 8;
/// The characters of a serial number on a terminal.
const SHORT_SERIAL: usize = 12;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    whole: String,
    look: Look,
}

/// How a person sees a value.
#[derive(Clone, Debug, PartialEq)]
enum Look {
    Text,
    /// A text that is never cut.
    Whole,
    /// Another text, wherever a person reads.
    InShort(String),
    /// On a terminal only the first characters, which are enough to name it.
    Beginning(usize),
    /// On a terminal the time since.
    Since(OffsetDateTime),
    /// On a terminal only the day.
    Day(OffsetDateTime),
    /// On a terminal with a colour.
    State(Tone),
}

/// What a state means to whoever looks at a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As wanted.
    Good,
    /// Something or somebody is waited for.
    Waiting,
    /// Somebody has to look at it.
    Bad,
    /// Over, and nothing is left to do.
    Over,
}

impl Tone {
    /// The parameter of the escape sequence that begins the colour (ECMA-48 section 8.3.117).
    fn code(self) -> u8 {
        match self {
            Self::Good => 32,
            Self::Waiting => 33,
            Self::Bad => 31,
            Self::Over => 2,
        }
    }
}

impl Cell {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { whole: text.into(), look: Look::Text }
    }

    /// A text that is shown whole however long the line gets: what to do, or what went wrong.
    pub(crate) fn uncut(text: impl Into<String>) -> Self {
        Self { whole: text.into(), look: Look::Whole }
    }

    /// A text that people read in short.
    pub(crate) fn in_short(whole: impl Into<String>, short: impl Into<String>) -> Self {
        Self { whole: whole.into(), look: Look::InShort(short.into()) }
    }

    /// The names in a certificate: people read the first one and the number of the others.
    pub(crate) fn names(names: &[String]) -> Self {
        match names {
            [] => Self::text(""),
            names => Self::in_short(names.join(" "), names_in_short(Language::English, names)),
        }
    }

    /// The id of a request.
    pub(crate) fn id(id: RequestId) -> Self {
        Self { whole: id.to_string(), look: Look::Beginning(SHORT_ID) }
    }

    /// A serial number.
    pub(crate) fn serial(serial: Option<impl ToString>) -> Self {
        let whole = serial.map(|serial| serial.to_string()).unwrap_or_default();
        Self { whole, look: Look::Beginning(SHORT_SERIAL) }
    }

    /// A time in the past.
    pub(crate) fn since(at: OffsetDateTime) -> Self {
        Self { whole: rfc3339(at), look: Look::Since(at) }
    }

    /// A time of which the day matters.
    pub(crate) fn day(at: Option<OffsetDateTime>) -> Self {
        at.map_or_else(|| Self::text(""), |at| Self { whole: rfc3339(at), look: Look::Day(at) })
    }

    /// A state.
    pub(crate) fn state(word: impl Into<String>, tone: Tone) -> Self {
        Self { whole: word.into(), look: Look::State(tone) }
    }

    /// The value as programs get it.
    pub(super) fn whole(&self) -> &str {
        &self.whole
    }

    /// The value on one line, with a space for each control character.
    pub(super) fn shown(&self, view: &OutputView) -> String {
        let shown = match &self.look {
            Look::InShort(short) => short.clone(),
            Look::Beginning(characters) if view.short => self.whole.chars().take(*characters).collect(),
            Look::Since(at) if view.short => ago(*at, view.now).unwrap_or_else(|| self.whole.clone()),
            Look::Day(at) if view.short => at.date().to_string(),
            _ => self.whole.clone(),
        };
        without_controls(&shown)
    }

    /// True if a long value may be cut where a line is too long: a text, but neither an id nor a time nor a state.
    pub(super) fn may_be_cut(&self) -> bool {
        matches!(self.look, Look::Text | Look::InShort(_))
    }

    /// The text in the colour of the value.
    pub(super) fn coloured(&self, text: &str, view: &OutputView) -> String {
        match self.look {
            Look::State(tone) if view.colour => format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code()),
            _ => text.to_owned(),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// The text with a space for each control character: a value from outside may hold escape sequences.
pub(super) fn without_controls(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The time since, in its largest unit; the day after two months. `None` for a time that is still to come.
fn ago(at: OffsetDateTime, now: OffsetDateTime) -> Option<String> {
    let since = now - at;
    Some(match since {
        // Clocks differ by seconds.
        since if since < -Duration::MINUTE => return None,
        since if since < Duration::SECOND => "just now".to_owned(),
        since if since < Duration::MINUTE => format!("{} s ago", since.whole_seconds()),
        since if since < Duration::HOUR => format!("{} min ago", since.whole_minutes()),
        since if since < Duration::days(2) => format!("{} h ago", since.whole_hours()),
        since if since < Duration::days(60) => format!("{} d ago", since.whole_days()),
        _ => at.date().to_string(),
    })
}

/// What the status of a request means to an operator.
pub(crate) fn status_tone(status: Status) -> Tone {
    match status {
        Status::Unconfirmed | Status::Submitted | Status::PendingApproval | Status::Approved => Tone::Waiting,
        Status::Issued | Status::Delivered => Tone::Good,
        Status::Failed => Tone::Bad,
        Status::Refused | Status::Rejected | Status::Withdrawn | Status::Expired | Status::Revoked => {
            Tone::Over
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

    fn terminal() -> OutputView {
        OutputView { width: Some(80), short: true, colour: true, now: NOW }
    }

    #[test]
    fn an_id_is_short_on_a_terminal_and_whole_elsewhere() {
        let id: RequestId = "9464cb43-9bce-49f0-a2f0-deadf965ae26".parse().unwrap();
        assert_eq!(Cell::id(id).shown(&terminal()), "9464cb43");
        assert_eq!(Cell::id(id).shown(&OutputView::plain()), id.to_string());
        assert_eq!(Cell::serial(Some("00112233445566778899")).shown(&terminal()), "001122334455");
    }

    #[test]
    fn a_time_is_relative_on_a_terminal_and_exact_elsewhere() {
        let at = NOW - Duration::minutes(3);
        assert_eq!(Cell::since(at).shown(&terminal()), "3 min ago");
        assert_eq!(Cell::since(at).shown(&OutputView::plain()), "2026-11-30T11:57:00Z");
        assert_eq!(Cell::day(Some(at)).shown(&terminal()), "2026-11-30");
        let of = |seconds| ago(NOW - Duration::seconds(seconds), NOW).unwrap();
        assert_eq!([of(-30), of(0), of(59), of(60)], ["just now", "just now", "59 s ago", "1 min ago"]);
        assert_eq!([of(3_600), of(172_799), of(172_800)], ["1 h ago", "47 h ago", "2 d ago"]);
        assert_eq!(of(60 * 86_400), "2026-10-01");
        assert_eq!(ago(NOW + Duration::HOUR, NOW), None);
    }

    #[test]
    fn only_a_state_has_a_colour() {
        let state = Cell::state("failed", Tone::Bad);
        assert_eq!(state.coloured("failed", &terminal()), "\u{1b}[31mfailed\u{1b}[0m");
        assert_eq!(state.coloured("failed", &OutputView::plain()), "failed");
        assert_eq!(Cell::text("failed").coloured("failed", &terminal()), "failed");
    }

    #[test]
    fn a_value_cannot_steer_the_terminal() {
        assert_eq!(Cell::text("a\u{1b}[2J\nb").shown(&terminal()), "a [2J b");
    }
}
