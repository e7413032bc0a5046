//! Dumps of a file in lines of an offset, octets and perhaps a readable column: xxd, `hexdump`, `od`, `certutil
//! -encodehex` and `Format-Hex`.

use super::encodings::lines;
use super::octets::text_of_padded;

/// The most octets on a line.
const MAX_WIDTH: usize = 64;

/// A line: its offset, whether a colon follows it, and the rest.
struct DumpLine<'a> {
    offset: &'a str,
    has_colon: bool,
    rest: &'a str,
}

impl DumpLine<'_> {
    fn of(line: &str) -> Option<DumpLine<'_>> {
        let end = line.bytes().position(|b| !b.is_ascii_hexdigit()).unwrap_or(line.len());
        let (offset, rest) = line.split_at(end);
        let (has_colon, rest) = match rest.strip_prefix(':') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let is_offset =
            (4..=16).contains(&offset.len()) && (rest.is_empty() || rest.starts_with([' ', '\t']));
        is_offset.then_some(DumpLine { offset, has_colon, rest })
    }

    /// The octets of the line, at most `most`: words of one width, until another text. Returns the column of their end.
    fn octets(&self, most: usize, all: &mut Vec<u8>) -> usize {
        let mut column = 0;
        let words = self.rest.split_ascii_whitespace();
        let width = words.clone().next().map_or(0, str::len);
        let mut left = most;
        for word in words {
            let octets = match self.word(word, width) {
                Some(octets) if octets.len() <= left => octets,
                _ => break,
            };
            left -= octets.len();
            all.extend(octets);
            column = word.as_ptr() as usize - self.rest.as_ptr() as usize + word.len();
        }
        column
    }

    /// The line up to this column.
    fn up_to(&self, column: usize) -> DumpLine<'_> {
        DumpLine { rest: self.rest.get(..column).unwrap_or(self.rest), ..*self }
    }

    /// The octets of a word. Numbers of several octets are as a small-endian machine reads them, except for xxd.
    fn word(&self, word: &str, width: usize) -> Option<Vec<u8>> {
        let is_last = self.has_colon && word.len() < width && word.len().is_multiple_of(2);
        if word.len() != width && !is_last {
            return None;
        }
        match width {
            // `od -b` and `od`: octal numbers.
            3 => u8::from_str_radix(word, 8).ok().map(|octet| vec![octet]),
            6 => u16::from_str_radix(word, 8).ok().map(|number| number.to_le_bytes().to_vec()),
            2 | 4 | 8 => {
                let mut octets = hex::decode(word).ok()?;
                if !self.has_colon {
                    octets.reverse();
                }
                Some(octets)
            }
            _ => None,
        }
    }
}

/// The text of the octets of a dump.
pub(super) fn undo(text: &str) -> Option<String> {
    let lines: Vec<DumpLine> = lines(text).filter_map(DumpLine::of).collect();
    let [first, second, ..] = lines.as_slice() else { return None };
    let mut available = Vec::new();
    _ = first.octets(MAX_WIDTH, &mut available);
    // Offsets are hexadecimal, octal or decimal.
    let step = |radix| {
        let offset = |line: &DumpLine| usize::from_str_radix(line.offset, radix).ok();
        offset(second)?.checked_sub(offset(first)?)
    };
    let steps = [16, 8, 10].into_iter().filter_map(step);
    let width = steps.filter(|width| (1..=available.len()).contains(width)).max()?;
    let mut octets = Vec::with_capacity(lines.len() * width);
    // The readable column of a short line begins where that of the others does.
    let column = first.octets(width, &mut Vec::new());
    for line in &lines {
        line.up_to(column).octets(width, &mut octets);
    }
    text_of_padded(octets)
}
