//! Lists of octets as numbers: `[48, 130, -78]` of Java and JSON, `0x30, 0x2` of Go.
//!
//! A comma follows each number but the last, so numbers of lines and other prefixes are none of the list.

use std::borrow::Cow;

use crate::digits::hex_digit;

/// The fewest numbers of a list.
const MIN_NUMBERS: usize = 24;

/// The most characters of a number: `-128`, `0x30`.
const MAX_CHARACTERS: usize = 4;

/// The most characters of a prefix between the lines of a list.
const MAX_PREFIX: usize = 16;

/// Decodes all lists, with a line break between two.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    // Most texts have no list: their commas are too few.
    if memchr::memchr_iter(b',', text).take(MIN_NUMBERS).count() < MIN_NUMBERS {
        return Vec::new();
    }
    let text = without_soft_breaks(text);
    let (mut octets, mut list) = (Vec::new(), NumberList::default());
    let mut at = 0;
    while at < text.len() {
        let word = &text[at..];
        let length = word.iter().take(MAX_CHARACTERS + 1).take_while(|byte| is_of_number(**byte)).count();
        if length == 0 {
            list.pass(text[at], &mut octets);
            at += 1;
            continue;
        }
        at += length;
        let next = text[at..].iter().find(|byte| !matches!(byte, b' ' | b'\t')).copied().unwrap_or_default();
        match number(&word[..length]) {
            Some(number) if next == b',' => list.push(number),
            // A number or a prefix follows the number of a line.
            Some(_) if list.expects_more && (is_of_number(next) || matches!(next, b'"' | b':')) => {}
            Some(number) if list.expects_more => {
                list.push(number);
                list.end(&mut octets);
            }
            _ => list.end(&mut octets),
        }
    }
    list.end(&mut octets);
    octets
}

/// The text without the line breaks that quoted-printable puts into numbers.
fn without_soft_breaks(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(text, b"=\n").is_none() {
        return Cow::Borrowed(text);
    }
    let mut joined = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(text, b"=\n") {
        joined.extend_from_slice(&text[from..at]);
        from = at + 2;
    }
    joined.extend_from_slice(&text[from..]);
    Cow::Owned(joined)
}

/// A list under way.
#[derive(Default)]
struct NumberList {
    octets: Vec<u8>,
    /// True behind a comma.
    expects_more: bool,
    /// Other characters since the last number.
    passed: usize,
    /// True if a decoder of hexadecimal words would miss one of the numbers.
    is_mixed: bool,
}

/// An octet, and whether it is a hexadecimal word of two digits.
type Number = (u8, bool);

impl NumberList {
    fn push(&mut self, (octet, is_hex_word): Number) {
        self.octets.push(octet);
        self.is_mixed |= !is_hex_word;
        (self.expects_more, self.passed) = (true, 0);
    }

    /// Passes over a character between numbers.
    fn pass(&mut self, byte: u8, all: &mut Vec<u8>) {
        if byte.is_ascii_whitespace() || byte == b',' {
            return;
        }
        self.passed += 1;
        if self.passed > MAX_PREFIX {
            self.end(all);
        }
    }

    /// Keeps the list if it is long enough, and begins anew.
    fn end(&mut self, all: &mut Vec<u8>) {
        if self.octets.len() >= MIN_NUMBERS && self.is_mixed {
            all.append(&mut self.octets);
            all.push(b'\n');
        }
        *self = Self { octets: std::mem::take(&mut self.octets), ..Self::default() };
        self.octets.clear();
    }
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'x' | b'X')
}

/// The octet of a number from -128 to 255.
fn number(word: &[u8]) -> Option<Number> {
    let decimal = |digits: &[u8]| {
        let valid = (1..=3).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        valid.then(|| digits.iter().fold(0_u16, |all, digit| all * 10 + u16::from(digit - b'0')))
    };
    match word {
        [b'0', b'x' | b'X', digits @ ..] if (1..=2).contains(&digits.len()) => {
            let value = digits.iter().try_fold(0, |all, digit| Some(all << 4 | hex_digit(*digit)?))?;
            Some((value, digits.len() == 2))
        }
        [b'-', digits @ ..] => match decimal(digits)? {
            // The two's complement of -1 to -128.
            magnitude @ 1..=128 => Some((u8::try_from(256 - magnitude).ok()?, false)),
            _ => None,
        },
        digits => Some((u8::try_from(decimal(digits)?).ok()?, false)),
    }
}
