//! Forms in which the text of a request arrives when a program on its way rewrote it, and how each is undone.
//!
//! Invariant: undoing a form never loses a private key from sight: the caller looks at each result as at the first text.
//! Every form takes one pass over the text. Where blanks may stand for two things, only a reading that is one whole
//! value of DER counts.

mod armor;
mod decoration;
mod dump;
mod encodings;
mod octets;

use base64::Engine;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::base64_text::{BASE64, is_base64};
use crate::digits;
use crate::error::TextForm;
use crate::pem_block::BEGIN;
use crate::strict_der;

/// Undoes each form that the text shows, one at a time. Forms that show themselves clearly come first.
pub(super) fn undone(text: &str) -> impl Iterator<Item = (TextForm, Zeroizing<String>)> {
    type Undo = fn(&str) -> Option<String>;
    const ALL: [(TextForm, Undo); 18] = [
        (TextForm::Invisible, invisible),
        (TextForm::OtherCharacters, compatible),
        (TextForm::Hexadecimal, encodings::hex),
        (TextForm::Escapes, strings),
        (TextForm::Escapes, escapes),
        (TextForm::HtmlEntities, html),
        (TextForm::PercentEncoding, percent_with_blanks),
        (TextForm::PercentEncoding, percent),
        (TextForm::QuotedPrintable, quoted_printable),
        (TextForm::Hexadecimal, dump::undo),
        (TextForm::Numbers, encodings::decimal),
        (TextForm::Base32, encodings::base32),
        (TextForm::Base64OfPem, encodings::base64),
        (TextForm::Quotes, quotes),
        (TextForm::Quotes, decoration::around_begin),
        (TextForm::Quotes, decoration::around_all),
        (TextForm::OtherBegin, armor::undo),
        (TextForm::LostPlus, lost_plus),
    ];
    ALL.iter().filter_map(move |(form, undo)| {
        let undone = Zeroizing::new(undo(text)?);
        let is_another = *undone != text && (!has_controls(&undone) || has_controls(text));
        is_another.then_some((*form, undone))
    })
}

/// True for octets that are no text.
fn has_controls(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\0' | '\t' | '\n' | '\r'))
}

/// Characters that are others in appearance only, such as full-width letters (UAX #15, NFKC).
fn compatible(text: &str) -> Option<String> {
    (!text.is_ascii()).then(|| text.nfkc().collect())
}

/// Invisible characters: the NULs of UTF-16 that was read as UTF-8, and what editors and mail programs insert.
fn invisible(text: &str) -> Option<String> {
    let is_invisible =
        |c| matches!(c, '\0' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fffd}');
    text.contains(is_invisible).then(|| text.replace(is_invisible, ""))
}

/// A string of JSON, YAML, a shell or a program, with `\n` in place of line breaks.
fn escapes(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(next) = rest.chars().next() else { break };
        rest = &rest[next.len_utf8()..];
        let code = |digits: Option<&str>| u32::from_str_radix(digits?, 16).ok().and_then(char::from_u32);
        match next {
            'n' => out.push('\n'),
            'r' => {}
            't' => out.push(' '),
            'u' | 'x' => {
                let length = if next == 'u' { 4 } else { 2 };
                if let Some(character) = code(rest.get(..length)) {
                    out.push(character);
                    rest = &rest[length..];
                }
            }
            // A line that continues in the next.
            '\n' => {}
            '\r' => rest = rest.strip_prefix('\n').unwrap_or(rest),
            other => out.push(other),
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The strings of a list or a concatenation, or the one long string of an object of JSON; still with their escapes.
fn strings(text: &str) -> Option<String> {
    const LONG: usize = 100;
    let mut previous = '\0';
    let is_mark = |c: char| {
        let is_mark = c == '"' && previous != '\\';
        // Two backslashes are one that escapes nothing.
        previous = if previous == '\\' { '\0' } else { c };
        is_mark
    };
    let parts: Vec<&str> = text.split(is_mark).collect();
    let is_joint = |part: &&str| part.chars().all(|c| c.is_whitespace() || "[](){},;+.&".contains(c));
    if parts.len() > 2 && parts.iter().step_by(2).all(is_joint) {
        return Some(parts.iter().skip(1).step_by(2).copied().collect::<Vec<_>>().join("\n"));
    }
    let mut long = parts.iter().filter(|part| part.len() >= LONG);
    match (parts.len(), long.next(), long.next()) {
        (3.., Some(only), None) => Some((*only).to_owned()),
        _ => None,
    }
}

/// HTML: entities, and tags that break lines.
fn html(text: &str) -> Option<String> {
    /// The longest entity or tag that is looked for.
    const MAX_LENGTH: usize = 80;
    if !text.contains(['&', '<']) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(&rest[..at]);
        let is_tag = rest.as_bytes()[at] == b'<';
        let from = &rest[at + 1..];
        let end = from.bytes().take(MAX_LENGTH).position(|b| b == if is_tag { b'>' } else { b';' });
        let undone = end.and_then(|end| {
            let inside = &from[..end];
            let undone = if is_tag { tag(inside)? } else { entity(inside)?.into() };
            rest = &from[end + 1..];
            Some(undone)
        });
        match undone {
            Some(undone) => out.push_str(&undone),
            None => {
                out.push_str(&rest[at..=at]);
                rest = from;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The text that stands for a tag; `None` if it is none.
fn tag(inside: &str) -> Option<String> {
    let name = inside.trim_start_matches('/');
    let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
    let breaks = ["br", "p", "div", "li", "tr", "td", "pre", "blockquote"];
    match name.to_ascii_lowercase().as_str() {
        "" => None,
        name if breaks.contains(&name) => Some("\n".to_owned()),
        _ => Some(String::new()),
    }
}

/// The character of an entity; `None` if it is none that a request would hold.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32);
    }
    Some(match name {
        "plus" => '+',
        "sol" => '/',
        "equals" => '=',
        "hyphen" | "dash" | "ndash" | "mdash" | "minus" => '-',
        "NewLine" => '\n',
        "nbsp" | "ensp" | "emsp" | "thinsp" | "Tab" => ' ',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// Percent-encoding, as in the body of a form: `+` is a blank.
fn percent_with_blanks(text: &str) -> Option<String> {
    text.contains('+').then(|| percent(&text.replace('+', " ")))?
}

/// Percent-encoding, as in a link: `+` is a plus. Decodes the values of `key=value&key=value`, each on lines of its own.
fn percent(text: &str) -> Option<String> {
    const MAX_KEY: usize = 40;
    let fields = text.split('&').map(|field| match field.split_once('=') {
        Some((key, value)) if key.len() <= MAX_KEY && !key.contains(['\n', ' ']) => value,
        _ => field,
    });
    let values = fields.collect::<Vec<_>>().join("\n");
    let octets = values.as_bytes();
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(octet) = octets.get(at) {
        let decoded = (*octet == b'%').then(|| hex_octet(octets, at + 1)).flatten();
        out.push(decoded.unwrap_or(*octet));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    (out.len() < octets.len()).then(|| String::from_utf8_lossy(&out).into_owned())
}

/// The octet of the two hexadecimal digits at `at`.
fn hex_octet(octets: &[u8], at: usize) -> Option<u8> {
    let [high, low, ..] = octets.get(at..)? else { return None };
    digits::hex_octet(*high, *low)
}

/// Quoted-printable (RFC 2045 section 6.7): `=3D`, and lines that end in `=`.
fn quoted_printable(text: &str) -> Option<String> {
    // RFC 2045: a line has at most 76 characters; a long one is broken after an equals sign.
    let is_broken = |line: &str| line.len() > 70 && line.trim_end_matches('\r').ends_with('=');
    let is_encoded = |octets: &[u8]| octets[0] == b'=' && hex_octet(octets, 1).is_some();
    if !text.as_bytes().windows(3).any(is_encoded) && !text.split('\n').any(is_broken) {
        return None;
    }
    let octets = text.as_bytes();
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(octet) = octets.get(at) {
        at += 1;
        if *octet != b'=' {
            out.push(*octet);
        } else if let Some(decoded) = hex_octet(octets, at) {
            out.push(decoded);
            at += 2;
        } else if octets[at..].starts_with(b"\r\n") {
            at += 2;
        } else if octets[at..].starts_with(b"\n") {
            at += 1;
        } else {
            out.push(*octet);
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// Marks around or before each line: quotation of mails and comments, quotation marks, a key of YAML.
fn quotes(text: &str) -> Option<String> {
    /// No other value that follows a colon is that long.
    const SHORTEST: usize = 32;
    let line = |line: &str| {
        let line = line.trim().trim_start_matches(['>', '|', '#', '*', ' ', '\u{a0}']).trim();
        let marks = ['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'];
        let line = match (line.find(marks), line.rfind(marks)) {
            // What follows the last mark joins or ends strings: `" +`, `",`, `";`.
            (Some(0), Some(last)) if last > 0 => line[..last].trim_matches(marks),
            (Some(_), Some(last)) if line[last..].len() <= 4 => &line[..last],
            _ => line.trim_matches(marks),
        };
        let line = line.trim().trim_end_matches([',', ';', '\\']).trim_end();
        match line.rsplit_once([':', '"', '\'']) {
            Some((_, value)) if value.trim().len() >= SHORTEST && value.trim().bytes().all(is_base64) => {
                value.trim().to_owned()
            }
            _ => line.to_owned(),
        }
    };
    let strings = separate_strings(text);
    let text_of_strings = strings.as_deref().unwrap_or(text);
    Some(text_of_strings.lines().map(line).fold(String::with_capacity(text.len()), |mut all, line| {
        all.push_str(&line);
        all.push('\n');
        all
    }))
    .filter(|undone| !text.lines().map(str::trim).eq(undone.lines()))
}

/// Line breaks in place of the joints between strings or the items of a list: `", "`, `" + "`, `' . '`.
fn separate_strings(text: &str) -> Option<String> {
    /// The longest joint.
    const MAX_JOINT: usize = 16;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'']) {
        let mark = char::from(rest.as_bytes()[at]);
        let after = &rest[at + 1..];
        let is_joint = |b: u8| b.is_ascii_whitespace() || matches!(b, b',' | b'+' | b'.' | b'&');
        let joint = after.bytes().take(MAX_JOINT).take_while(|b| is_joint(*b)).count();
        if joint > 0 && after[joint..].starts_with(mark) {
            out.push_str(&rest[..at]);
            out.push('\n');
            rest = &after[joint + 1..];
        } else {
            out.push_str(&rest[..=at]);
            rest = after;
        }
    }
    out.push_str(rest);
    (rest.len() < text.len()).then_some(out)
}

/// A form that was decoded twice: blanks in place of `+`. Blanks that stand for line breaks are told from them by the
/// columns of PEM and MIME.
fn lost_plus(text: &str) -> Option<String> {
    let body = match text.find(BEGIN) {
        Some(at) => {
            let from = at + BEGIN.len() + text[at + BEGIN.len()..].find("-----")? + 5;
            from..from + text[from..].find("-----END ").unwrap_or(text[from..].len())
        }
        None => digits_and_blanks(text)?,
    };
    let lines = || text[body.clone()].lines().map(|line| line.trim_end_matches('\r'));
    // More blanks at an end of a line are an indentation.
    let is_lost = |blanks: usize| (1..=2).contains(&blanks);
    let has_lost_end = |line: &str| {
        is_lost(line.len() - line.trim_end_matches(' ').len())
            || is_lost(line.len() - line.trim_start_matches(' ').len())
    };
    if !lines().any(|line| line.trim().contains(' ') || has_lost_end(line)) {
        return None;
    }
    let joined = |line: fn(&str) -> String| lines().map(line).collect::<Vec<_>>().join("\n");
    let readings: [fn(&str) -> String; 4] = [
        |line| line.replace(' ', "+"),
        |line| line.trim().replace(' ', "+"),
        |line| without_columns(line.trim(), 64).replace(' ', "+"),
        |line| without_columns(line.trim(), 76).replace(' ', "+"),
    ];
    let whole = |body: &String| {
        let dense: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        BASE64.decode(dense).is_ok_and(|der| strict_der::check(&der).is_ok())
    };
    // The last digit may be one that was lost, too: it is among the blanks at the end.
    let with_last = |body: String| [format!("{body}+"), body].into_iter().rev();
    let undone = readings.into_iter().map(joined).flat_map(with_last).find(whole)?;
    Some([&text[..body.start], "\n", &undone, "\n", &text[body.end..]].concat())
}

/// The lines of base64 and blanks in a text, if they follow each other.
fn digits_and_blanks(text: &str) -> Option<std::ops::Range<usize>> {
    const SHORTEST: usize = 40;
    let is_digits =
        |line: &&str| line.len() >= SHORTEST && line.bytes().all(|b| is_base64(b) || b.is_ascii_whitespace());
    let mut lines = text.split_inclusive('\n').skip_while(|line| !is_digits(line)).peekable();
    let start = lines.peek()?.as_ptr() as usize - text.as_ptr() as usize;
    // The last line may be short.
    let is_inside = |line: &&str| line.bytes().all(|b| is_base64(b) || b.is_ascii_whitespace());
    let length: usize = lines.by_ref().take_while(is_inside).map(str::len).sum();
    (!lines.any(|line| is_digits(&line))).then_some(start..start + length)
}

/// Removes the blank after each line of `columns` characters of a text that lost its line breaks.
fn without_columns(line: &str, columns: usize) -> String {
    let kept = line.char_indices().filter(|(at, c)| *c != ' ' || at % (columns + 1) != columns);
    kept.map(|(_, c)| c).collect()
}
