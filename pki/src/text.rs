//! Text from outside, made fit to be shown.

/// A value from outside, fit to stand in a sentence: in quotation marks, control and invisible characters written
/// as `\u{..}`, cut after 80 characters.
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
        if is_unfit_to_show(c) || c == '"' || c == '\\' {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out.push('"');
    out
}

/// Control characters, and characters that change how the text around them is shown (bidirectional controls,
/// zero-width characters, tags).
#[must_use]
pub fn is_unfit_to_show(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
