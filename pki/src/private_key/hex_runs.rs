//! Hexadecimal in text: one long word, words with blanks, colons or commas, `0x30, 0x82`, and the dumps of xxd, hexdump
//! and od.

/// The shortest word that stands for a line by itself.
const LONG_WORD: usize = 16;

/// The fewest octets on a line of short words.
const MIN_OCTETS: usize = 6;

/// Decodes the hexadecimal words of all lines, with a line break between blocks.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len() / 2 + 1);
    let mut is_inside = false;
    let mut words = Vec::new();
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
        if line.is_empty() {
            continue;
        }
        words.clear();
        words.extend(
            line.split(|byte| !byte.is_ascii_alphanumeric()).map(without_radix).filter(|word| is_hex(word)),
        );
        let before = octets.len();
        if words.iter().any(|word| word.len() >= LONG_WORD) {
            words.iter().filter(|word| word.len() >= LONG_WORD).for_each(|word| push(word, &mut octets));
        } else {
            // The address in front of a dump has another width than its words.
            let address = match words.as_slice() {
                [first, second, ..] => first.len() >= 4 && first.len() != second.len(),
                _ => false,
            };
            let words = || words.iter().skip(usize::from(address));
            if words().map(|word| word.len() / 2).sum::<usize>() >= MIN_OCTETS {
                words().for_each(|word| push(word, &mut octets));
            }
        }
        let has_words = octets.len() > before;
        if is_inside && !has_words {
            octets.push(b'\n');
        }
        is_inside = has_words;
    }
    octets
}

fn without_radix(word: &[u8]) -> &[u8] {
    match word {
        [b'0', b'x' | b'X', rest @ ..] => rest,
        _ => word,
    }
}

fn is_hex(word: &[u8]) -> bool {
    word.len() >= 2 && word.iter().all(u8::is_ascii_hexdigit)
}

fn push(word: &[u8], octets: &mut Vec<u8>) {
    octets.extend(word.chunks_exact(2).map(|pair| octet(pair[0], pair[1]).unwrap_or_default()));
}

/// The octet of two hexadecimal digits.
pub(super) fn octet(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(high)? << 4 | digit(low)?)
}
