//! Escapes in text: percent-encoding, backslashes, character references, and quoted-printable.
//!
//! One pass removes one level of all but the last; escaped escapes are the next layer.

use memchr::memchr3;

use super::KeyEncoding;
use super::places::Places;
use crate::digits::{hex_digit, hex_octet};

/// The text with one level of escapes removed, and the most frequent kind of them. `None` if there are none.
pub(super) fn decode(text: &[u8]) -> Option<(Vec<u8>, KeyEncoding)> {
    let first = memchr3(b'%', b'\\', b'&', text)?;
    let mut octets = Vec::with_capacity(text.len());
    let (mut done, mut at, mut counts) = (0, first, [0usize; 3]);
    // A step for each byte: a search for the next mark costs more where they are dense.
    while let Some(mark) = text.get(at) {
        let (kind, found) = match mark {
            b'%' => (0, percent(&text[at + 1..])),
            b'\\' => (1, backslash(&text[at + 1..])),
            b'&' => (2, character_reference(&text[at + 1..])),
            _ => {
                at += 1;
                continue;
            }
        };
        let Some((length, code)) = found else {
            at += 1;
            continue;
        };
        counts[kind] += 1;
        if done < at {
            octets.extend_from_slice(&text[done..at]);
        }
        match code {
            None => {}
            // Escapes are also used for octets.
            Some(code @ 0..=0xff) => octets.push(code as u8),
            Some(code) => {
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                octets.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        at += 1 + length;
        done = at;
    }
    octets.extend_from_slice(&text[done..]);
    let kinds = [KeyEncoding::Percent, KeyEncoding::Backslash, KeyEncoding::CharacterReferences];
    let (count, kind) = counts.into_iter().zip(kinds).max_by_key(|(count, _)| *count)?;
    (count > 0).then_some((octets, kind))
}

/// The text with the blanks of a form (`+`), if it may be one: percent-encoded, and without other blanks.
pub(super) fn with_blanks_of_form(text: &[u8], decoded: &[u8]) -> Option<Vec<u8>> {
    let is_form = memchr::memchr(b'+', text).is_some()
        && memchr::memchr(b' ', text).is_none()
        && memchr::memmem::find(text, b"%20").is_none();
    // A form writes `+` itself as %2B: it is in the text decoded without blanks.
    let spaced = || text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect::<Vec<u8>>();
    let (octets, _) = is_form.then(|| decode(&spaced())).flatten()?;
    (octets != decoded).then_some(octets)
}

/// A length after the escaping character, and the character; `None` for a line continuation.
type Escape = Option<(usize, Option<u32>)>;

fn percent(rest: &[u8]) -> Escape {
    let [high, low, ..] = rest else { return None };
    hex_octet(*high, *low).map(|octet| (2, Some(octet.into())))
}

fn backslash(rest: &[u8]) -> Escape {
    Some(match rest {
        [b'n', ..] => (1, Some(b'\n'.into())),
        [b'r', ..] => (1, Some(b'\r'.into())),
        [b't', ..] => (1, Some(b'\t'.into())),
        [b'\r', b'\n', ..] => (2, None),
        [b'\n', ..] => (1, None),
        [b'x', high, low, ..] => (3, Some(hex_octet(*high, *low)?.into())),
        [b'u', b'{', digits @ ..] => {
            let length = digits.iter().take(7).take_while(|byte| byte.is_ascii_hexdigit()).count();
            (length + 3, Some(hex(&digits[..length]).filter(|_| digits.get(length) == Some(&b'}'))?))
        }
        [b'u', a, b, c, d, ..] => (5, Some(hex(&[*a, *b, *c, *d])?)),
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
            (3, Some((u32::from(a - b'0') << 6) | (u32::from(b - b'0') << 3) | u32::from(c - b'0')))
        }
        [mark @ (b'\\' | b'/' | b'"' | b'\'' | b'+' | b'=' | b' ' | b'-'), ..] => (1, Some((*mark).into())),
        _ => return None,
    })
}

/// The number of some hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u32> {
    let add = |number: u32, byte: &u8| Some(number.checked_mul(16)? | u32::from(hex_digit(*byte)?));
    (!digits.is_empty()).then(|| digits.iter().try_fold(0, add))?
}

fn character_reference(rest: &[u8]) -> Escape {
    let is_inside = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'#';
    let length = rest.iter().take(9).take_while(is_inside).count();
    if rest.get(length) != Some(&b';') {
        return None;
    }
    let code = match &rest[..length] {
        [b'#', b'x' | b'X', digits @ ..] => hex(digits)?,
        [b'#', digits @ ..] if !digits.is_empty() => digits.iter().try_fold(0u32, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
        })?,
        b"amp" => b'&'.into(),
        b"lt" => b'<'.into(),
        b"gt" => b'>'.into(),
        b"quot" => b'"'.into(),
        b"apos" => b'\''.into(),
        b"nbsp" => b' '.into(),
        b"NewLine" => b'\n'.into(),
        b"Tab" => b'\t'.into(),
        b"plus" => b'+'.into(),
        b"sol" => b'/'.into(),
        b"equals" => b'='.into(),
        b"lowbar" => b'_'.into(),
        b"hyphen" | b"dash" => b'-'.into(),
        b"colon" => b':'.into(),
        _ => return None,
    };
    Some((length + 1, Some(code)))
}

/// The text with quoted-printable removed. `None` if it has none; the padding of base64 is none.
pub(super) fn decode_quoted_printable(text: &[u8]) -> Option<Vec<u8>> {
    let is_used = Places::of([b'='], text).any(|at| match &text[at + 1..] {
        [b'\r', b'\n', next, ..] | [b'\n', next, ..] => !matches!(next, b'-' | b'\r' | b'\n'),
        [high @ b'0'..=b'9' | high @ b'A'..=b'F', low @ b'0'..=b'9' | low @ b'A'..=b'F', ..] => {
            matches!(
                (high, low),
                (b'0', b'9' | b'A' | b'D') | (b'2', b'0' | b'B' | b'D' | b'F') | (b'3', b'D')
            ) || *high >= b'8'
        }
        _ => false,
    });
    if !is_used {
        return None;
    }
    let mut prefix = None;
    let mut prefix_of = |line: &[u8]| prefix.get_or_insert_with(|| Prefix::of(text)).length(line);
    let mut octets = Vec::with_capacity(text.len());
    let (mut done, mut at) = (0, 0);
    while let Some(byte) = text.get(at) {
        at += 1;
        if *byte != b'=' {
            continue;
        }
        let (length, decoded) = match &text[at..] {
            [b'\r', b'\n', rest @ ..] => (2 + prefix_of(rest), None),
            [b'\n', rest @ ..] => (1 + prefix_of(rest), None),
            [high, low, ..] => match hex_octet(*high, *low) {
                Some(decoded) => (2, Some(decoded)),
                None => continue,
            },
            _ => continue,
        };
        if done < at - 1 {
            octets.extend_from_slice(&text[done..at - 1]);
        }
        octets.extend(decoded);
        at += length;
        done = at;
    }
    octets.extend_from_slice(&text[done..]);
    Some(octets)
}

/// The beginning of continued lines that does not belong to them.
enum Prefix {
    /// This many octets on every line: `> `.
    Fixed(usize),
    /// The number of the line.
    Number,
}

impl Prefix {
    /// The prefix of the first continued lines.
    fn of(text: &[u8]) -> Prefix {
        const MAX_LINES: usize = 8;
        const MAX_PREFIX: usize = 16;
        // The mark of an escape begins what the line says.
        let is_prefix =
            |byte: &&u8| !byte.is_ascii_alphanumeric() && !matches!(**byte, b'=' | b'%' | b'\\' | b'&');
        let breaks = Places::of([b'='], text).map(|at| &text[at + 1..]);
        let lines: Vec<&[u8]> = breaks
            .filter_map(|rest| rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n")))
            .take(MAX_LINES)
            .collect();
        let [first, others @ ..] = lines.as_slice() else { return Prefix::Fixed(0) };
        if others.is_empty() {
            return Prefix::Fixed(0);
        }
        if lines.iter().all(|line| number(line) > 0) {
            return Prefix::Number;
        }
        let longest = first.iter().take(MAX_PREFIX).take_while(is_prefix).count();
        let common = |line: &&[u8]| line.iter().zip(&first[..longest]).take_while(|(a, b)| a == b).count();
        Prefix::Fixed(others.iter().map(common).min().unwrap_or_default())
    }

    fn length(&self, line: &[u8]) -> usize {
        match self {
            Prefix::Fixed(length) => (*length).min(line.len()),
            Prefix::Number => number(line),
        }
    }
}

/// The length of a number in front of a line, with its blanks; 0 if there is none.
fn number(line: &[u8]) -> usize {
    let blanks = line.iter().take(8).take_while(|byte| **byte == b' ').count();
    let digits = line[blanks..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    match line.get(blanks + digits) {
        Some(b'\t') if digits > 0 => blanks + digits + 1,
        _ => 0,
    }
}
