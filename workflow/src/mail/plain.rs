//! Text from outside made fit for a mail: lines that end where we end them, and characters that show what they are.
//!
//! Invariant: nothing that comes out of here holds a control character or one that reorders or hides its neighbours,
//! so a comment can neither add a header nor pass for words of ours. Never fails; what is unfit is left out.

use crate::finding::is_unfit_to_show;

/// The longest line of the text part, in characters (RFC 5322 section 2.1.1 recommends at most 78).
const WIDTH: usize = 72;
/// The longest subject, in characters; mail clients on a phone show about 40.
const MAX_SUBJECT: usize = 120;

/// One line without unfit characters; any white space becomes one space.
pub(super) fn clean(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c })
        .filter(|c| !is_unfit_to_show(*c))
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line that fits a subject.
pub(super) fn one_line(text: &str) -> String {
    let line = clean(text);
    match line.char_indices().nth(MAX_SUBJECT) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

/// The lines of a text that somebody typed: each one clean, never more than one empty line in a row.
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

/// Writes `text` wrapped at spaces, the first line after `first`, the others after `rest`. A word that is too long
/// for a line, such as a link, stays in one piece.
pub(super) fn wrap(out: &mut String, first: &str, rest: &str, text: &str) {
    out.push_str(first);
    let mut column = first.chars().count();
    let mut begun = false;
    for word in text.split(' ') {
        let width = word.chars().count();
        if begun && column + 1 + width > WIDTH {
            out.push('\n');
            out.push_str(rest);
            column = rest.chars().count();
        } else if begun {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
        begun = true;
    }
    // A quoted empty line is ">", not "> ".
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
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

    proptest! {
        #[test]
        fn whatever_it_was_made_of_a_subject_is_one_short_line(text in any::<String>()) {
            let subject = one_line(&text);
            prop_assert!(!subject.chars().any(|c| c.is_control() || is_unfit_to_show(c)));
            prop_assert!(subject.chars().count() <= MAX_SUBJECT + 1);
        }
    }
}
