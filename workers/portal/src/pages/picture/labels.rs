//! The names of states as they are drawn: short enough, and with a width that is known without a font.

use super::super::shown;

/// Maximum width of a name, in pixels.
const MOST: i32 = 180;

/// A name as it is drawn: what is too long ends in an ellipsis.
pub(super) fn shortened(name: &str) -> String {
    let name = shown(name).replace(['\n', '\t'], " ");
    if width(&name) <= MOST {
        return name;
    }
    let mut short = String::new();
    for c in name.chars() {
        if width(&short) + width_of(c) + width_of('…') > MOST {
            break;
        }
        short.push(c);
    }
    short + "…"
}

/// The width of a text of 14 px, semibold, in a system font; rather more than less.
pub(super) fn width(text: &str) -> i32 {
    text.chars().map(width_of).sum()
}

fn width_of(c: char) -> i32 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '!' | '|' | '\'' | ' ' => 5,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' => 6,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 13,
        'A'..='Z' | '&' => 10,
        ' '..='~' => 8,
        // Greek, Cyrillic and other letters beyond ASCII, with room to spare.
        '\u{a1}'..='\u{10ff}' => 11,
        _ => 15,
    }
}
