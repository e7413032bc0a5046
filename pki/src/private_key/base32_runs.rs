//! Base32 in text: long words, or lines of them.

use crate::digits::{base32_digit, base32_octets};

/// The fewest digits that are decoded together.
const MIN_DIGITS: usize = 40;

/// The shortest line that is joined to others.
const MIN_LINE: usize = 16;

/// Decodes all runs, with a line break between two.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let (mut octets, mut digits) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let length = rest.iter().take_while(|byte| base32_digit(**byte).is_some()).count();
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
        octets.extend(base32_octets(digits));
        octets.push(b'\n');
    }
    digits.clear();
}
