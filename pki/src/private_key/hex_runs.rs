//! Hexadecimal in text: one long word, words with blanks, colons or commas, `0x30, 0x82`, and the dumps of xxd, hexdump
//! and od.

use crate::digits::hex_octet;

/// The shortest word that stands for a line by itself.
const LONG_WORD: usize = 16;

/// The fewest octets on a line of short words.
const MIN_OCTETS: usize = 6;

/// The octets on a line of a dump; the readable column follows them.
const DUMP_OCTETS: usize = 16;

/// Decodes the hexadecimal words of all lines, with a line break between blocks.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len() / 2 + 1);
    let (mut is_inside, mut at) = (false, 0);
    let mut words = Vec::new();
    while at < text.len() {
        let start = at;
        at += collect_words(&text[start..], &mut words);
        let line = &text[start..at];
        at += 1;
        if line.is_empty() {
            continue;
        }
        let before = octets.len();
        push_line(line, &words, is_inside, &mut octets);
        let has_words = octets.len() > before;
        if is_inside && !has_words {
            octets.push(b'\n');
        }
        is_inside = has_words;
    }
    octets
}

/// Decodes the words of a line. The last line of a block may be short.
fn push_line(line: &[u8], words: &[&[u8]], is_inside: bool, octets: &mut Vec<u8>) {
    if words.is_empty() || push_dumped(line, words, octets) {
        return;
    }
    if words.iter().any(|word| word.len() >= LONG_WORD) {
        words.iter().filter(|word| word.len() >= LONG_WORD).for_each(|word| push(word, octets));
        return;
    }
    let words = &words[usize::from(begins_with_number(line, words))..];
    let least = if is_inside { 1 } else { MIN_OCTETS };
    if words.iter().map(|word| word.len() / 2).sum::<usize>() >= least {
        words.iter().for_each(|word| push(word, octets));
    }
}

const HEX_DIGIT: u8 = 1;
const OTHER_ALPHANUMERIC: u8 = 2;
const LINE_END: u8 = 4;

/// The kind of a byte; 0 for a separator of words.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'\n' | b'\r' => LINE_END,
            _ if byte.is_ascii_hexdigit() => HEX_DIGIT,
            _ if byte.is_ascii_alphanumeric() => OTHER_ALPHANUMERIC,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

/// The hexadecimal words of the first line, without their `0x`, and the length of the line.
fn collect_words<'a>(text: &'a [u8], words: &mut Vec<&'a [u8]>) -> usize {
    words.clear();
    let (mut start, mut seen) = (0, 0);
    for (at, byte) in text.iter().enumerate() {
        let kind = KINDS[usize::from(*byte)];
        if kind & (HEX_DIGIT | OTHER_ALPHANUMERIC) != 0 {
            seen |= kind;
            continue;
        }
        words.extend(hex_word(&text[start..at], seen));
        if kind == LINE_END {
            return at;
        }
        (start, seen) = (at + 1, 0);
    }
    words.extend(hex_word(&text[start..], seen));
    text.len()
}

/// The hexadecimal digits of a word, if it consists of them. `seen` has the kinds of its bytes.
fn hex_word(word: &[u8], seen: u8) -> Option<&[u8]> {
    let digits = match word {
        [b'0', b'x' | b'X', digits @ ..] if digits.iter().all(u8::is_ascii_hexdigit) => digits,
        _ if seen == HEX_DIGIT => word,
        _ => return None,
    };
    (digits.len() >= 2).then_some(digits)
}

/// The place behind a word of a line.
fn end_of(line: &[u8], word: &[u8]) -> usize {
    word.as_ptr() as usize - line.as_ptr() as usize + word.len()
}

/// True if the first word is the number of the line: another separator follows it than the other words.
fn begins_with_number(line: &[u8], words: &[&[u8]]) -> bool {
    let separator = |word: &[u8]| line.get(end_of(line, word)).copied();
    match words {
        [first, second, third, ..] => {
            separator(second) == separator(third) && separator(first) != separator(second)
        }
        _ => false,
    }
}

/// Decodes a line of xxd, hexdump or od: an address, words of equal width, and a readable column. A prefix may stand in
/// front. False if it is another line.
fn push_dumped(line: &[u8], words: &[&[u8]], octets: &mut Vec<u8>) -> bool {
    let is_address = |at: &usize| {
        matches!(words.get(*at..*at + 2), Some([address, word]) if (6..LONG_WORD).contains(&address.len())
            && matches!(word.len(), 2 | 4) )
    };
    let Some(at) = (0..2).find(is_address) else { return false };
    let (end, width) = (end_of(line, words[at]), words[at + 1].len());
    let mut rest = line[end..].strip_prefix(b":").unwrap_or(&line[end..]);
    let most = octets.len() + DUMP_OCTETS;
    while octets.len() < most {
        let blanks = rest.iter().take(3).take_while(|byte| matches!(byte, b' ' | b'+' | b'\t')).count();
        let word = &rest[blanks..];
        let length = word.iter().take(width + 1).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if blanks == 0 || length != width {
            break;
        }
        push(&word[..width], octets);
        rest = &word[width..];
    }
    true
}

fn push(word: &[u8], octets: &mut Vec<u8>) {
    octets
        .extend(word.as_chunks::<2>().0.iter().map(|[high, low]| hex_octet(*high, *low).unwrap_or_default()));
}
