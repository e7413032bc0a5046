//! Untrusted text, made safe to show.

/// Quotes an untrusted value for a sentence: in quotation marks, with a backslash in front of inner ones, control and
/// invisible characters as `\u{..}`, cut after 80 characters.
#[must_use]
pub fn quoted(value: &str) -> String {
    const MAX_CHARS: usize = 80;
    let mut out = String::with_capacity(value.len().min(MAX_CHARS) + 2);
    out.push('"');
    for (count, c) in value.chars().enumerate() {
        if count == MAX_CHARS {
            out.push('…');
            break;
        }
        if is_unfit_to_show(c) {
            out.extend(c.escape_unicode());
        } else {
            // Without it, a value could hold an escape, or the end of the quotation.
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out.push('"');
    out
}

/// True for control characters, and for characters that are invisible or change the look of the text around them: those
/// that Unicode calls Default_Ignorable_Code_Point, bidirectional controls, line separators, and blanks that are letters
/// or symbols (U+2800, U+3164). Variation selectors are fit: they belong to the emoji in front of them.
#[must_use]
pub fn is_unfit_to_show(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        )
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}')
        || matches!(c, '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
        || matches!(c, '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_holds_neither_escapes_nor_marks_of_its_own() {
        assert_eq!(quoted(r#"a "b" \u{0}"#), r#""a \"b\" \\u{0}""#);
        assert_eq!(quoted("a\0\u{202e}ü"), r#""a\u{0}\u{202e}ü""#);
        assert_eq!(quoted(&"x".repeat(81)), format!("\"{}…\"", "x".repeat(80)));
    }

    #[test]
    fn invisible_characters_are_unfit_and_emoji_are_not() {
        for c in ['\u{200b}', '\u{2066}', '\u{3164}', '\u{2800}', '\u{e0041}', '\u{115f}', '\u{34f}'] {
            assert!(is_unfit_to_show(c), "{c:?}");
        }
        assert!("naïve 日本語 ❤\u{fe0f} 👩 café".chars().all(|c| !is_unfit_to_show(c)));
    }
}
