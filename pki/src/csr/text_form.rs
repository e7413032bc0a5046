//! Forms in which the text of a request arrives when a program on its way rewrote it, and how each is undone.
//!
//! Invariant: undoing a form never loses a private key from sight: the caller looks at each result as at the first text.
//! Every form takes one pass over the text. Where blanks may stand for two things, only a reading that is one whole
//! value of DER counts.

use base64::Engine;
use zeroize::Zeroizing;

use super::base64_text::{BASE64, is_base64};
use crate::error::TextForm;
use crate::strict_der;

const BEGIN: &str = "-----BEGIN ";

/// Undoes the first form that the text shows; `None` if it shows none.
pub(super) fn undo(text: &str) -> Option<(TextForm, Zeroizing<String>)> {
    type Undo = fn(&str) -> Option<String>;
    const ALL: [(TextForm, Undo); 8] = [
        (TextForm::Invisible, invisible),
        (TextForm::Escapes, escapes),
        (TextForm::HtmlEntities, html),
        (TextForm::PercentEncoding, percent),
        (TextForm::QuotedPrintable, quoted_printable),
        (TextForm::Base64OfPem, base64_of_pem),
        (TextForm::Quotes, quotes),
        (TextForm::LostPlus, lost_plus),
    ];
    ALL.iter().find_map(|(form, undo)| {
        let undone = Zeroizing::new(undo(text)?);
        (*undone != text).then_some((*form, undone))
    })
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

/// Percent-encoding, as in the body of a form (`+` is a blank) or in a link (`+` is a plus).
fn percent(text: &str) -> Option<String> {
    let is_encoded = |mark: &str| text.contains(mark) || text.contains(&mark.to_ascii_lowercase());
    if !["%0A", "%0D", "%20", "%2B", "%2F", "%3D"].into_iter().any(is_encoded) && !text.contains("BEGIN+") {
        return None;
    }
    let blanks = text.contains("BEGIN+");
    let octets = text.as_bytes();
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(octet) = octets.get(at) {
        let decoded = (*octet == b'%').then(|| hex_octet(octets, at + 1)).flatten();
        match (octet, decoded) {
            (_, Some(decoded)) => {
                out.push(decoded);
                at += 2;
            }
            (b'+', None) if blanks => out.push(b' '),
            (octet, None) => out.push(*octet),
        }
        at += 1;
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// Two hexadecimal digits at `at`.
fn hex_octet(octets: &[u8], at: usize) -> Option<u8> {
    let digits = std::str::from_utf8(octets.get(at..at + 2)?).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

/// Quoted-printable (RFC 2045 section 6.7): `=3D`, and lines that end in `=`.
fn quoted_printable(text: &str) -> Option<String> {
    if !["=3D", "=2D", "=2B", "=20", "=0A"].into_iter().any(|mark| text.contains(mark)) {
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

/// Base64 of a PEM text, as in `spec.request` of a Kubernetes CertificateSigningRequest; once or twice.
fn base64_of_pem(text: &str) -> Option<String> {
    // Base64 of "-----BEGIN ", and base64 of that.
    let at = ["LS0tLS1CRUdJTi", "TFMwdExTMUNSVWRKVG"].iter().find_map(|start| text.find(start))?;
    let mut lines = text[at..].lines();
    let first = lines.next()?;
    let end = first.bytes().position(|b| !is_base64(b)).unwrap_or(first.len());
    let mut dense = Zeroizing::new(first[..end].to_owned());
    if first[end..].trim().is_empty() {
        let lines = lines.map(str::trim).take_while(|line| line.bytes().all(is_base64));
        lines.for_each(|line| dense.push_str(line));
    }
    let whole = match dense.find('=') {
        Some(padding) => &dense[..padding],
        None => &dense,
    };
    let whole = &whole[..whole.len() - usize::from(whole.len() % 4 == 1)];
    let decoded = Zeroizing::new(BASE64.decode(whole).ok()?);
    Some(String::from_utf8_lossy(&decoded).into_owned())
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
    Some(text.lines().map(line).fold(String::with_capacity(text.len()), |mut all, line| {
        all.push_str(&line);
        all.push('\n');
        all
    }))
    .filter(|undone| !text.lines().map(str::trim).eq(undone.lines()))
}

/// A form that was decoded twice: blanks in place of `+`. Blanks that stand for line breaks are told from them by the
/// columns of PEM and MIME.
fn lost_plus(text: &str) -> Option<String> {
    let body = match text.find(BEGIN) {
        Some(at) => {
            let from = at + BEGIN.len() + text[at + BEGIN.len()..].find("-----")? + 5;
            from..from + text[from..].find("-----END ").unwrap_or(text[from..].len())
        }
        None if text.bytes().all(|b| is_base64(b) || b.is_ascii_whitespace()) => 0..text.len(),
        None => return None,
    };
    let lines = || text[body.clone()].lines().map(|line| line.trim_end_matches('\r'));
    if !lines().any(|line| line.trim().contains(' ')) {
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
    let undone = readings.into_iter().map(joined).find(whole)?;
    Some([&text[..body.start], "\n", &undone, "\n", &text[body.end..]].concat())
}

/// Removes the blank after each line of `columns` characters of a text that lost its line breaks.
fn without_columns(line: &str, columns: usize) -> String {
    let kept = line.char_indices().filter(|(at, c)| *c != ' ' || at % (columns + 1) != columns);
    kept.map(|(_, c)| c).collect()
}
