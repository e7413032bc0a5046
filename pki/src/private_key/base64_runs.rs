//! Base64 and base64url in text: quoted, indented, numbered, wrapped at any width, or among other words.
//!
//! The longest words of lines are joined; the prefixes between them (`> `, `+`, `12: `, `"`) are skipped.

/// The shortest run of digits that is joined to others.
const MIN_RUN: usize = 16;

/// The fewest digits that are decoded together.
const MIN_DIGITS: usize = 24;

/// The most bytes between two runs that belong together: the end of a line, and the prefix of the next one.
const MAX_GAP: usize = 64;

/// Two-digit words that suggest a dump in hexadecimal.
const MIN_HEX_WORDS: usize = 12;

/// The shortest word of hexadecimal digits only that is decoded as such.
const MIN_HEX_RUN: usize = 32;

/// The decoded runs.
pub(super) struct DecodedRuns {
    /// The octets, run after run, with line breaks between them.
    pub(super) octets: Vec<u8>,
    /// True if there are enough hexadecimal words to decode them too.
    pub(super) has_hex: bool,
}

const NOT_A_DIGIT: u16 = 0x80;
const NOT_HEX: u16 = 0x40;
const HYPHEN: u16 = 0x100;

/// The value of a digit in six bits, with [`NOT_HEX`] unless it is one of hexadecimal numbers too; or
/// [`NOT_A_DIGIT`].
const VALUES: [u16; 256] = values();

const fn values() -> [u16; 256] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NOT_A_DIGIT; 256];
    let mut value = 0;
    while value < 64 {
        let digit = DIGITS[value as usize];
        let flag = if digit.is_ascii_hexdigit() { 0 } else { NOT_HEX };
        values[digit as usize] = value | flag;
        value += 1;
    }
    values[b'-' as usize] = 62 | NOT_HEX | HYPHEN;
    values[b'_' as usize] = 63 | NOT_HEX;
    values
}

/// The length of the word of digits at the start, and the flags of its digits together.
#[inline]
fn word_of(text: &[u8]) -> (usize, u16) {
    let mut seen = 0;
    for (at, byte) in text.iter().enumerate() {
        let value = VALUES[usize::from(*byte)];
        // Four hyphens begin or end a label.
        if value >= NOT_A_DIGIT && (value & HYPHEN == 0 || text[at..].starts_with(b"----")) {
            return (at, seen);
        }
        seen |= value;
    }
    (text.len(), seen)
}

/// Decodes all runs of digits.
pub(super) fn decode(text: &[u8]) -> DecodedRuns {
    let mut octets = Vec::with_capacity(text.len() * 3 / 4 + 4);
    let mut block = WrappedRuns::default();
    let (mut hex_words, mut has_hex) = (0, false);
    let (mut at, mut last_end) = (0, 0);
    while at < text.len() {
        // A hyphen begins no run: it is a prefix of diffs and lists.
        if VALUES[usize::from(text[at])] >= NOT_A_DIGIT {
            at += 1;
            continue;
        }
        let start = at;
        // The `+` of a diff is no digit of a hexadecimal word.
        at += usize::from(text[at] == b'+');
        let word = at;
        let (length, seen) = word_of(&text[at..]);
        at += length;
        if seen & NOT_HEX == 0 {
            let is_word = length.is_multiple_of(2) && matches!(length, 2..=8);
            hex_words += usize::from(is_word && !is_escaped(text, start));
            has_hex |= length >= MIN_HEX_RUN;
        } else if length >= 4 && text[word] == b'0' && text[word + 1] == b'x' {
            hex_words += 1;
            has_hex |= length >= MIN_HEX_RUN;
        } else if length >= MIN_HEX_RUN {
            has_hex |= is_dashed(&text[word..at]);
        }
        let ends_line = matches!(text.get(at), None | Some(b'\n' | b'\r' | b'=' | b'"' | b'\\'));
        if length < MIN_RUN && !(length > 1 && ends_line && block.is_wrapped()) {
            continue;
        }
        let mut run = without_comment(&text[start..at]);
        if !block.continues(run.len() - usize::from(block.has_plus && run[0] == b'+'), &text[last_end..start])
        {
            block.flush(&mut octets);
        }
        // No format of keys and no text begins with this digit: it is the prefix of a diff.
        if run[0] == b'+' && (block.digits.is_empty() || block.has_plus) {
            block.has_plus = true;
            run = &run[1..];
        }
        // It may begin by itself, behind a long word that only looks like a line.
        if !block.digits.len().is_multiple_of(4) {
            decode_digits(run, &mut octets);
        }
        block.push(run);
        last_end = at;
    }
    block.flush(&mut octets);
    DecodedRuns { octets, has_hex: has_hex || hex_words >= MIN_HEX_WORDS }
}

/// True for a number behind the mark of an escape: escapes are another layer.
fn is_escaped(text: &[u8], at: usize) -> bool {
    at > 0 && matches!(text[at - 1], b'%' | b'=' | b'#' | b'{')
}

/// True for octets with hyphens between them, as .NET writes them: `30-82-04`.
fn is_dashed(word: &[u8]) -> bool {
    let is_octet = |octet: &[u8]| octet.iter().all(u8::is_ascii_hexdigit);
    word[..8].split(|byte| *byte == b'-').all(|octet| octet.len() == 2 && is_octet(octet))
}

/// Removes the `//` of a comment, where the number of digits is then possible.
fn without_comment(run: &[u8]) -> &[u8] {
    match run {
        [b'/', b'/', rest @ ..] if !rest.is_empty() && rest.len().is_multiple_of(4) => rest,
        _ => run,
    }
}

/// Runs that belong together.
#[derive(Default)]
struct WrappedRuns {
    digits: Vec<u8>,
    first_length: usize,
    last_length: usize,
    /// True if the `+` of a diff begins each run.
    has_plus: bool,
}

impl WrappedRuns {
    /// True if a run of this length continues the block after this gap.
    fn continues(&self, length: usize, gap: &[u8]) -> bool {
        let is_padded = gap.first() == Some(&b'=');
        let is_wrapped = self.last_length == self.first_length && length <= self.first_length;
        !is_padded && gap.len() <= MAX_GAP && (self.digits.len().is_multiple_of(4) || is_wrapped)
    }

    /// True if the block consists of full lines; the next may be a short one.
    fn is_wrapped(&self) -> bool {
        const MIN_LINE: usize = 56;
        self.first_length >= MIN_LINE && self.last_length == self.first_length && !self.digits.is_empty()
    }

    fn push(&mut self, run: &[u8]) {
        if self.digits.is_empty() {
            self.first_length = run.len();
        }
        self.last_length = run.len();
        self.digits.extend_from_slice(run);
    }

    /// Decodes the digits to `octets`, and begins anew.
    fn flush(&mut self, octets: &mut Vec<u8>) {
        decode_digits(&self.digits, octets);
        self.digits.clear();
        self.has_plus = false;
    }
}

/// Decodes digits that begin at a whole octet. Skips a few.
fn decode_digits(digits: &[u8], octets: &mut Vec<u8>) {
    if digits.len() < MIN_DIGITS {
        return;
    }
    let value = |digit: u8| u32::from(VALUES[usize::from(digit)] & 0x3f);
    let (quads, rest) = digits.as_chunks::<4>();
    let start = octets.len();
    octets.resize(start + quads.len() * 3, 0);
    for (quad, three) in quads.iter().zip(octets[start..].as_chunks_mut::<3>().0) {
        let bits = value(quad[0]) << 18 | value(quad[1]) << 12 | value(quad[2]) << 6 | value(quad[3]);
        let [_, octets @ ..] = bits.to_be_bytes();
        *three = octets;
    }
    let bits = rest.iter().fold(0, |bits, digit| bits << 6 | value(*digit)) << (6 * (4 - rest.len()));
    octets.extend_from_slice(&bits.to_be_bytes()[1..][..(rest.len() * 6) / 8]);
    octets.push(b'\n');
}
