//! Cleans and wraps text from outside for mails.
//!
//! Invariant: cleaned text has no control characters and no characters that reorder or hide others, so a comment cannot
//! add a header or pass for text of Countersign. Never fails; unfit characters are removed.

use unicode_linebreak::{BreakOpportunity, linebreaks};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::finding::is_unfit_to_show;

/// The most columns of a line in the text part (RFC 5322 section 2.1.1 recommends at most 78). A Japanese character
/// has two columns (UAX #11).
const WIDTH: usize = 72;
/// The most characters of a subject line; mail clients on a phone show about 40.
const MAX_SUBJECT: usize = 120;

/// Makes one line without unfit characters; any white space becomes one space.
pub(super) fn clean(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c })
        .filter(|c| !is_unfit_to_show(*c))
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Makes one line that fits a subject.
pub(super) fn one_line(text: &str) -> String {
    let line = clean(text);
    match line.char_indices().nth(MAX_SUBJECT) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

/// The cleaned lines of a typed text, with at most one empty line in a row.
pub(super) fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in
        text.replace("\r\n", "\n").split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'])
    {
        let line = clean(line);
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Wraps `text` at spaces and, in scripts without spaces, by UAX #14. Writes `first` before the first line, `rest`
/// before the others. A word that is too long for a line, such as a link, stays whole.
pub(super) fn wrap(out: &mut String, first: &str, rest: &str, text: &str) {
    wrap_within(WIDTH, out, first, rest, text);
}

/// Like [`wrap`], within this number of columns.
pub(super) fn wrap_within(most: usize, out: &mut String, first: &str, rest: &str, text: &str) {
    out.push_str(first);
    let mut column = first.width();
    let mut begun = false;
    for word in text.split(' ') {
        let mut space = usize::from(begun);
        for piece in pieces(word) {
            let width = piece.width();
            if begun && column + space + width > most {
                out.push('\n');
                out.push_str(rest);
                column = rest.width();
            } else if space == 1 {
                out.push(' ');
                column += 1;
            }
            out.push_str(piece);
            column += width;
            (begun, space) = (true, 0);
        }
    }
    // A quoted empty line is ">", not "> ".
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

/// Splits a word at line break opportunities next to wide characters, which are written without spaces.
fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let is_wide = |c: Option<char>| c.and_then(UnicodeWidthChar::width) == Some(2);
    let mut from = 0;
    let ends = linebreaks(word).filter(move |(at, opportunity)| {
        *at == word.len()
            || (*opportunity == BreakOpportunity::Allowed
                && (is_wide(word[..*at].chars().next_back()) || is_wide(word[*at..].chars().next())))
    });
    ends.map(move |(at, _)| {
        let piece = &word[from..at];
        from = at;
        piece
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_end_where_we_end_them() {
        assert_eq!(lines("a\r\nb\rc\u{2028}d\n\n\n\n\te  f\n\n"), ["a", "b", "c", "d", "", "e f"]);
        assert!(lines(" \n\u{202e}\n").is_empty());
        assert_eq!(clean("a\u{202e}b\u{0}c"), "ab c");
    }

    #[test]
    fn text_is_wrapped_and_links_stay_whole() {
        let link = format!("https://{}/", "a".repeat(90));
        let mut out = String::new();
        wrap(&mut out, "* ", "  ", &format!("{} {link} end", "word ".repeat(20).trim_end()));
        assert!(out.lines().any(|line| line.trim() == link));
        assert!(out.lines().all(|line| line.contains(&link) || line.chars().count() <= WIDTH));
        assert!(out.starts_with("* word") && out.lines().skip(1).all(|line| line.starts_with("  ")));
    }

    #[test]
    fn japanese_is_wrapped_by_what_is_seen_and_no_line_begins_with_a_full_stop() {
        let link = format!("https://{}/", "a-".repeat(60));
        let text = format!("{}{link} を開く。", "承認者の確認を、お待ちください。".repeat(12));
        let mut out = String::new();
        wrap(&mut out, "", "  ", &text);
        assert!(out.lines().count() > 5);
        for (index, line) in out.lines().enumerate() {
            assert!(line.contains(&link) || line.width() <= WIDTH, "{line}");
            assert!(line.contains(&link) || index < 1 || line.starts_with("  "), "{line}");
            assert!(!line.trim_start().starts_with(['。', '、']), "{line}");
        }
        let unwrapped: String = out.lines().map(str::trim_start).collect();
        assert_eq!(unwrapped, text.replace(" を", "を"), "nothing is lost or added");
    }

    proptest! {
        #[test]
        fn wrapping_loses_nothing(text in any::<String>()) {
            let text = clean(&text);
            let mut out = String::new();
            wrap(&mut out, "", "", &text);
            let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(solid(&out), solid(&text));
        }

        #[test]
        fn a_subject_of_any_text_is_one_short_line(text in any::<String>()) {
            let subject = one_line(&text);
            prop_assert!(!subject.chars().any(|c| c.is_control() || is_unfit_to_show(c)));
            prop_assert!(subject.chars().count() <= MAX_SUBJECT + 1);
        }
    }
}
