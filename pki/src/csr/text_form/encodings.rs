//! Base64, base64url, base32, hexadecimal and decimal octets, of a text or of the DER of a request.
//!
//! Invariant: every run of such digits in the text is decoded: a text with two requests still has two afterwards. A run
//! that holds neither text nor a whole SEQUENCE of DER is left out.

use base64::Engine;

use super::super::base64_text::{BASE64, is_base64};
use super::octets::text_of;
use crate::digits::{base32_digit, base32_octets};

/// The shortest run that is decoded, in octets.
const SHORTEST: usize = 32;

/// Stands between the texts of two runs. It is no line of base64, so the runs stay apart.
const BETWEEN: &str = "\n.\n";

/// The lines of a text, however they end.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r']).map(str::trim)
}

/// The texts of all runs; `None` if there is none.
fn joined(runs: impl IntoIterator<Item = Vec<u8>>) -> Option<String> {
    let texts: Vec<String> =
        runs.into_iter().filter(|run| run.len() >= SHORTEST).filter_map(text_of).collect();
    (!texts.is_empty()).then(|| texts.join(BETWEEN))
}

/// Base64 or base64url, as in `spec.request` of a Kubernetes CertificateSigningRequest or in a `data:` URL.
pub(super) fn base64(text: &str) -> Option<String> {
    /// The shortest word that begins a run.
    const SHORTEST_WORD: usize = 40;
    let mut runs: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in lines(text).filter(|line| !line.is_empty()) {
        if is_digits_line(line) {
            if !is_open {
                runs.push(String::new());
            }
            if let Some(run) = runs.last_mut() {
                line.split_whitespace().for_each(|word| run.push_str(word));
            }
            is_open = !line.ends_with('=');
            continue;
        }
        is_open = false;
        for word in line.split(|c| !u8::try_from(c).is_ok_and(is_digit)) {
            // `key=value`, with the padding of the value.
            let padded = word.trim_end_matches('=');
            let word = &word[padded.rfind('=').map_or(0, |at| at + 1)..];
            if word.len() >= SHORTEST_WORD {
                runs.push(word.to_owned());
                is_open = !word.ends_with('=') && line.ends_with(word);
            }
        }
    }
    joined(runs.into_iter().filter_map(|run| {
        let digits = run.trim_end_matches('=').replace('-', "+").replace('_', "/");
        // A run that is cut off.
        let whole = digits.len() - usize::from(digits.len() % 4 == 1);
        BASE64.decode(&digits[..whole]).ok()
    }))
}

/// A digit of base64 or base64url.
fn is_digit(b: u8) -> bool {
    is_base64(b) || matches!(b, b'-' | b'_')
}

/// True for one word of base64, or several long ones (line breaks that turned into blanks); false for a sentence.
fn is_digits_line(line: &str) -> bool {
    const SHORTEST_WORD: usize = 16;
    let is_word = |word: &str| word.bytes().all(is_digit) && word.bytes().any(|b| b.is_ascii_alphanumeric());
    let mut words = line.split_whitespace().rev();
    words.next().is_some_and(is_word) && words.all(|word| word.len() >= SHORTEST_WORD && is_word(word))
}

/// Base32 (RFC 4648 section 6), as the whole text or in long words.
pub(super) fn base32(text: &str) -> Option<String> {
    const LONG_WORD: usize = 64;
    let is_digit = |b: u8| base32_digit(b).is_some();
    let octets = |text: &str| {
        let digits: Vec<u8> = text.bytes().filter(|b| is_digit(*b)).collect();
        let mut octets = Vec::new();
        base32_octets(&digits, &mut octets);
        octets
    };
    if text.bytes().all(|b| is_digit(b) || b.is_ascii_whitespace() || b == b'=') {
        return joined([octets(text)]);
    }
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= LONG_WORD);
    joined(words.filter(|word| word.bytes().all(is_digit)).map(octets))
}

/// Hexadecimal octets: in one word or several, with `0x` or `\x`, between any separators.
pub(super) fn hex(text: &str) -> Option<String> {
    /// The shortest word among others that stands for octets alone.
    const LONG_WORD: usize = 64;
    let mut runs: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in lines(text) {
        let words = || line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        if words().next().is_none() {
            continue;
        }
        let is_hex_line = words().all(|word| hex_digits(word).is_some());
        if is_hex_line && !is_open {
            runs.push(String::new());
        }
        is_open = is_hex_line;
        for word in words() {
            let Some((digits, is_octet)) = hex_digits(word) else { continue };
            if !is_hex_line {
                if digits.len() < LONG_WORD {
                    continue;
                }
                runs.push(String::new());
            }
            if let Some(run) = runs.last_mut() {
                if is_octet && digits.len() == 1 {
                    run.push('0');
                }
                run.push_str(digits);
            }
        }
    }
    joined(runs.into_iter().filter_map(|run| hex::decode(run).ok()))
}

/// The hexadecimal digits of a word, and whether they had a mark such as `0x`.
fn hex_digits(word: &str) -> Option<(&str, bool)> {
    let marked = ["0x", "0X", "x"].into_iter().find_map(|mark| word.strip_prefix(mark));
    let digits = marked.unwrap_or(word);
    let is_hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then_some((digits, marked.is_some()))
}

/// Decimal octets, as a program prints an array of bytes, signed or not.
pub(super) fn decimal(text: &str) -> Option<String> {
    let mut runs: Vec<Vec<u8>> = vec![Vec::new()];
    let mut at = 0;
    while let Some(from) = text[at..].find(|c: char| c.is_ascii_alphanumeric()).map(|start| at + start) {
        let length = text[from..].find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len() - from);
        let sign = if text[..from].ends_with('-') { -1 } else { 1 };
        let word = &text[from..from + length];
        match word.parse::<i16>().map(|number| number * sign) {
            Ok(number @ -128..=255) if word.len() <= 3 => {
                let octet = u8::try_from(number & 0xff).unwrap_or_default();
                runs.last_mut().into_iter().for_each(|run| run.push(octet));
            }
            _ if runs.last().is_some_and(Vec::is_empty) => {}
            _ => runs.push(Vec::new()),
        }
        at = from + length;
    }
    joined(runs)
}
