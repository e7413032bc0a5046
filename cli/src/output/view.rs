//! How standard output is read: by a person at a terminal of some width, or by a program.

use std::io::IsTerminal as _;

use time::OffsetDateTime;

/// The width of a terminal that does not tell its own.
const USUAL_WIDTH: u16 = 80;

/// What a table may show.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutputView {
    /// The columns of the terminal; `None` if lines may be of any length.
    pub(super) width: Option<usize>,
    /// True if ids are shortened and times are relative.
    pub(super) short: bool,
    /// True if a status has a colour.
    pub(super) colour: bool,
    /// The time from which relative times count.
    pub(super) now: OffsetDateTime,
}

impl OutputView {
    /// For a program: everything whole, in any width, without colour.
    pub(super) fn plain() -> Self {
        Self { width: None, short: false, colour: false, now: OffsetDateTime::now_utc() }
    }

    /// For the present standard output. `wide` shows everything whole on a terminal, too.
    pub(super) fn of_standard_output(wide: bool) -> Self {
        let out = std::io::stdout();
        let columns = out.is_terminal().then(|| {
            let told = rustix::termios::tcgetwinsize(&out).map(|size| size.ws_col).unwrap_or_default();
            if told == 0 { USUAL_WIDTH } else { told }
        });
        Self::of(columns, wide, |name| std::env::var(name).ok())
    }

    /// For a terminal with this many columns, or for no terminal.
    fn of(columns: Option<u16>, wide: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let Some(columns) = columns else { return Self::plain() };
        // https://no-color.org: any value but an empty one.
        let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = variable("TERM").is_some_and(|value| value == "dumb");
        Self {
            width: (!wide).then_some(columns.into()),
            short: !wide,
            colour: !refused && !dumb,
            ..Self::plain()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(columns: Option<u16>, wide: bool, variables: &[(&str, &str)]) -> OutputView {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name);
        OutputView::of(columns, wide, |name| value(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_program_gets_everything_whole_and_without_colour() {
        let piped = view(None, false, &[("TERM", "xterm")]);
        assert_eq!((piped.width, piped.short, piped.colour), (None, false, false));
    }

    #[test]
    fn a_terminal_has_its_width_unless_everything_is_wanted() {
        let narrow = view(Some(80), false, &[]);
        assert_eq!((narrow.width, narrow.short, narrow.colour), (Some(80), true, true));
        let wide = view(Some(80), true, &[]);
        assert_eq!((wide.width, wide.short, wide.colour), (None, false, true));
    }

    #[test]
    fn colour_is_refused_by_its_variable_and_by_a_dumb_terminal() {
        let colour = |variables: &[(&str, &str)]| view(Some(80), false, variables).colour;
        assert!(!colour(&[("NO_COLOR", "1")]) && !colour(&[("TERM", "dumb")]));
        assert!(colour(&[("NO_COLOR", "")]) && colour(&[("TERM", "xterm-256color")]));
    }
}
