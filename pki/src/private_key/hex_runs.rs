//! Hexadecimal in text: one long word, words with blanks, colons or commas, `0x30, 0x82`, and the dumps of xxd, hexdump
//! and od.

/// The shortest word that stands for a line by itself.
const LONG_WORD: usize = 16;

/// The fewest octets on a line of short words.
const MIN_OCTETS: usize = 6;

/// The octets on a line of a dump; the readable column follows them.
const DUMP_OCTETS: usize = 16;

/// Decodes the hexadecimal words of all lines, with a line break between blocks.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len() / 2 + 1);
    let mut is_inside = false;
    let mut words = Vec::new();
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty()) {
        let before = octets.len();
        words.clear();
        words.extend(line.split(|byte| !byte.is_ascii_alphanumeric()).map(without_radix));
        words.retain(|word| is_hex(word));
        // The last line of a block may be short.
        let least = if is_inside { 1 } else { MIN_OCTETS };
        let line_number = usize::from(begins_with_number(line, &words));
        if let Some(dumped) = dumped(line, &words) {
            octets.extend(dumped);
        } else if words.iter().any(|word| word.len() >= LONG_WORD) {
            words.iter().filter(|word| word.len() >= LONG_WORD).for_each(|word| push(word, &mut octets));
        } else if words.iter().skip(line_number).map(|word| word.len() / 2).sum::<usize>() >= least {
            words.iter().skip(line_number).for_each(|word| push(word, &mut octets));
        }
        let has_words = octets.len() > before;
        if is_inside && !has_words {
            octets.push(b'\n');
        }
        is_inside = has_words;
    }
    octets
}

/// True if the first word is the number of the line: another separator follows it than the other words.
fn begins_with_number(line: &[u8], words: &[&[u8]]) -> bool {
    let separator = |word: &&[u8]| {
        let end = word.as_ptr() as usize - line.as_ptr() as usize + word.len();
        line.get(end).copied()
    };
    match words {
        [first, second, third, ..] => {
            separator(second) == separator(third) && separator(first) != separator(second)
        }
        _ => false,
    }
}

/// The octets on a line of xxd, hexdump or od: an address, words of equal width, and a readable column. A prefix may
/// stand in front.
fn dumped(line: &[u8], words: &[&[u8]]) -> Option<Vec<u8>> {
    let is_address = |at: &usize| {
        matches!(words.get(*at..*at + 2), Some([address, word]) if (6..LONG_WORD).contains(&address.len())
            && matches!(word.len(), 2 | 4) )
    };
    let at = (0..2).find(is_address)?;
    let (address, width) = (words[at], words[at + 1].len());
    let end = memchr::memmem::find(line, address)? + address.len();
    let mut rest = line[end..].strip_prefix(b":").unwrap_or(&line[end..]);
    let mut octets = Vec::with_capacity(DUMP_OCTETS);
    while octets.len() < DUMP_OCTETS {
        let blanks = rest.iter().take(3).take_while(|byte| matches!(byte, b' ' | b'+' | b'\t')).count();
        let word = &rest[blanks..];
        let length = word.iter().take(width + 1).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if blanks == 0 || length != width {
            break;
        }
        push(&word[..width], &mut octets);
        rest = &word[width..];
    }
    Some(octets)
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
