//! Base32 in text: long words, or lines of them.

use crate::digits::{base32_digit, base32_octets};

/// The fewest digits that are decoded together.
const MIN_DIGITS: usize = 40;

/// The shortest line that is joined to others.
const MIN_LINE: usize = 16;

/// True if a line that is joined to others may be in the text. A run of so many digits has one at a place that is looked
/// at, so most texts are passed over in long steps.
fn has_line(text: &[u8]) -> bool {
    (MIN_LINE - 1..text.len()).step_by(MIN_LINE).any(|at| {
        let in_front = text[..at].iter().rev().take(MIN_LINE).take_while(|byte| is_digit(byte)).count();
        let behind = text[at..].iter().take(MIN_LINE).take_while(|byte| is_digit(byte)).count();
        behind > 0 && in_front + behind >= MIN_LINE
    })
}

fn is_digit(byte: &u8) -> bool {
    base32_digit(*byte).is_some()
}

/// Decodes all runs, with a line break between two.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let (mut octets, mut digits) = (Vec::new(), Vec::new());
    if !has_line(text) {
        return octets;
    }
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let length = rest.iter().take_while(|byte| is_digit(byte)).count();
        let ends_line = matches!(rest.get(length), None | Some(b'\n' | b'\r' | b'=' | b' '));
        // Letters and digits around it make it a word of another kind.
        let is_word = !rest.get(length).is_some_and(u8::is_ascii_alphanumeric);
        if length >= MIN_LINE && is_word {
            digits.extend_from_slice(&rest[..length]);
            at += length;
            if ends_line {
                at += rest[length..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                continue;
            }
        } else if length > 0 && is_word && ends_line && !digits.is_empty() {
            // The last line of a block.
            digits.extend_from_slice(&rest[..length]);
            at += length;
        } else {
            at += rest[length..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count() + length;
        }
        flush(&mut digits, &mut octets);
        at += 1;
    }
    flush(&mut digits, &mut octets);
    octets
}

fn flush(digits: &mut Vec<u8>, octets: &mut Vec<u8>) {
    if digits.len() >= MIN_DIGITS {
        base32_octets(digits, octets);
        octets.push(b'\n');
    }
    digits.clear();
}
