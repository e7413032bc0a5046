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
        // A hyphen begins no run by itself: most are prefixes of diffs and lists.
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
        let run = Run::of(text, start, at, ends_line);
        let gap = &text[last_end..run.start];
        let mut mark = block.mark_of(&run, gap);
        if block.is_in_front_of(&run, gap) || !block.continues(run.digits.len() - mark, gap) {
            block.flush(&mut octets);
            mark = run.mark;
        }
        // It may begin by itself, behind a long word that only looks like a line.
        if !block.digits.len().is_multiple_of(4) {
            decode_digits(&run.digits[run.mark..], &mut octets);
        }
        block.push(run.digits, mark);
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

/// A run. It may begin with the `+` or `-` of a diff or a list, or with the `//` of a comment; all of them are digits too.
struct Run<'a> {
    start: usize,
    /// The digits, and what may be its mark in front of them.
    digits: &'a [u8],
    /// The length of what is a mark if the run is the first of a block: no format of keys and no text begins with these
    /// digits.
    mark: usize,
    /// The number of `=` behind it.
    padding: usize,
    ends_line: bool,
}

impl<'a> Run<'a> {
    /// The run at this place. Hyphens in front of `start` may be a part of it.
    fn of(text: &'a [u8], start: usize, end: usize, ends_line: bool) -> Self {
        let mark = match &text[start..end] {
            [b'+', ..] => 1,
            // UTF-16 begins with FF FE.
            [b'/', b'/', b'4', ..] => 0,
            // A comment, where the number of digits is then possible.
            [b'/', b'/', rest @ ..] if !rest.is_empty() && rest.len().is_multiple_of(4) => 2,
            _ => 0,
        };
        let hyphens = text[..start].iter().rev().take(4).take_while(|byte| **byte == b'-').count();
        // Four hyphens end a label. A digit of base64url is in no text with `+` and `/`.
        let hyphens = if mark > 0 || hyphens == 4 { 0 } else { hyphens };
        let padding = text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
        let start = start - hyphens;
        Self { start, digits: &text[start..end], mark: mark + hyphens, padding, ends_line }
    }
}

fn has_line_end(gap: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', gap).is_some()
}

/// Runs that belong together.
#[derive(Default)]
struct WrappedRuns {
    digits: Vec<u8>,
    /// The number of runs.
    runs: usize,
    first_length: usize,
    last_length: usize,
    /// The mark of the first run.
    mark: Vec<u8>,
    /// True if all runs have it.
    are_all_marked: bool,
}

impl WrappedRuns {
    /// The length of the mark that does not belong to the digits of the next run, if the run continues the block.
    ///
    /// A digit that looks like a mark begins each 64th run, so the other runs decide what it is.
    fn mark_of(&self, run: &Run<'_>, gap: &[u8]) -> usize {
        let length = run.digits.len();
        if self.digits.is_empty() || gap.len() > MAX_GAP {
            return run.mark;
        }
        if !self.mark.is_empty() && run.digits.starts_with(&self.mark) {
            let mark = self.mark.len();
            if has_line_end(gap) {
                return mark;
            }
            // A word within a line has no mark, but the lines of a diff may have been joined with blanks.
            let is_full = length == self.first_length && run.padding == 0;
            let ends_block = length - mark != self.first_length
                && (self.digits.len() + length + run.padding).is_multiple_of(4);
            return if !self.are_all_marked || is_full || ends_block { 0 } else { mark };
        }
        // A diff has its `+` at each line.
        let is_line = self.last_length == self.first_length
            && (length == self.first_length
                || (length < self.first_length && self.runs > 1 && self.is_wrapped() && run.ends_line));
        if is_line || run.digits[0] == b'+' { 0 } else { run.mark }
    }

    /// True if a longer line with a mark follows runs without one: the name of a file, and the first line of its diff.
    fn is_in_front_of(&self, run: &Run<'_>, gap: &[u8]) -> bool {
        let length = run.digits.len();
        self.mark.is_empty()
            && run.mark > 0
            && length > self.first_length
            && !length.is_multiple_of(4)
            && gap.len() <= MAX_GAP
            && has_line_end(gap)
    }

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

    /// Adds the digits behind the mark of a run.
    fn push(&mut self, run: &[u8], mark: usize) {
        let (mark, digits) = run.split_at(mark);
        if self.digits.is_empty() {
            self.first_length = digits.len();
            self.mark.extend_from_slice(mark);
            self.are_all_marked = true;
        }
        self.are_all_marked &= !mark.is_empty();
        self.runs += 1;
        self.last_length = digits.len();
        self.digits.extend_from_slice(digits);
    }

    /// Decodes the digits to `octets`, and begins anew.
    fn flush(&mut self, octets: &mut Vec<u8>) {
        decode_digits(&self.digits, octets);
        self.digits.clear();
        self.mark.clear();
        self.runs = 0;
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
