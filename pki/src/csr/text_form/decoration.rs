//! The same decoration around every line: numbers of lines, signs of a diff, comments, cells of a table, time stamps of
//! a log, the `$` of `cat -A`.
//!
//! One rule: the line of BEGIN shows the decoration, before and behind BEGIN. Every line that has the same decoration
//! loses it; blanks and numbers in it may differ from line to line. Without a BEGIN line, the marks that all lines have in
//! common are the decoration.

use super::super::base64_text::is_base64;
use super::encodings::lines;
use crate::pem_block::BEGIN;

/// The longest decoration.
const MAX_LENGTH: usize = 80;

/// Takes the decoration of the BEGIN line off all lines.
pub(super) fn around_begin(text: &str) -> Option<String> {
    let at = text.find(BEGIN)?;
    let start = text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let prefix = Some(&text[start..at]).filter(|prefix| prefix.len() <= MAX_LENGTH).unwrap_or_default();
    let label = at + BEGIN.len();
    let close = text.get(label..)?.find("-----").filter(|length| *length <= MAX_LENGTH)? + label + 5;
    let line = &text[close..];
    let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
    // All on one line: the gap between BEGIN line and base64 stands between all lines.
    let gap = line.find("MI").map(|end| &line[..end]).filter(|gap| gap.len() <= MAX_LENGTH / 2);
    if let Some(gap) = gap.filter(|gap| !gap.trim().is_empty()) {
        return Some([&text[..close], &between(&text[close..], gap)].concat());
    }
    let suffix = Some(line.trim_end()).filter(|suffix| suffix.len() <= MAX_LENGTH / 2).unwrap_or_default();
    if prefix.trim().is_empty() && suffix.trim().is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..start]);
    let number = prefix.trim_start().parse::<usize>().ok();
    let lines = text[start..].split(['\n', '\r']).filter(|line| !line.trim().is_empty());
    for (index, line) in lines.enumerate() {
        let line = line.trim_end();
        let inside = match number {
            // Numbers without a separator: each line has the next.
            Some(first) => line.trim_start().strip_prefix((first.saturating_add(index)).to_string().as_str()),
            None => without_dashed(line, prefix),
        };
        out.push_str(without_dashed_suffix(inside.unwrap_or(line), suffix));
        out.push('\n');
    }
    Some(out)
}

/// The line without its decoration, whose blanks and numbers may be others.
fn without<'a>(line: &'a str, decoration: &str) -> Option<&'a str> {
    let mut rest = line;
    let mut pattern = decoration.chars().peekable();
    while let Some(c) = pattern.next() {
        let is_digit = |c: char| c.is_ascii_digit();
        if c.is_whitespace() {
            while pattern.next_if(|c| c.is_whitespace()).is_some() {}
            rest = rest.trim_start();
        } else if is_digit(c) {
            while pattern.next_if(|c| is_digit(*c)).is_some() {}
            rest = Some(rest.trim_start_matches(is_digit)).filter(|after| after.len() < rest.len())?;
        } else {
            rest = rest.strip_prefix(c)?;
        }
    }
    Some(rest)
}

/// Like [`without`]. Hyphens at the end of the decoration may belong to the BEGIN line.
fn without_dashed<'a>(line: &'a str, decoration: &str) -> Option<&'a str> {
    let hyphens = decoration.len() - decoration.trim_end_matches('-').len();
    (0..=hyphens).find_map(|left| without(line, &decoration[..decoration.len() - left]))
}

/// The line without a suffix. Hyphens at the beginning of the suffix may belong to the BEGIN line.
fn without_dashed_suffix<'a>(line: &'a str, suffix: &str) -> &'a str {
    let hyphens = suffix.len() - suffix.trim_start_matches('-').len();
    (0..=hyphens).find_map(|left| line.strip_suffix(&suffix[left..])).unwrap_or(line)
}

/// Line breaks in place of a gap.
fn between(text: &str, gap: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let first = gap.trim_start().chars().next();
    while let Some(c) = rest.chars().next() {
        let begins = c.is_whitespace() || Some(c) == first || c.is_ascii_digit();
        match without(rest, gap).filter(|after| begins && after.len() < rest.len()) {
            Some(after) => {
                out.push('\n');
                rest = after;
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// Takes off numbers that count the lines, and the marks that all lines begin or end with.
pub(super) fn around_all(text: &str) -> Option<String> {
    let lines: Vec<&str> = lines(text).filter(|line| !line.is_empty()).collect();
    if let [line] = lines.as_slice() {
        return around_one(line);
    }
    if lines.is_empty() {
        return None;
    }
    let lines = without_numbers(&lines).unwrap_or(lines);
    let prefix = common_prefix(&lines);
    // The last line of a list often ends without the separator.
    let suffix = common_suffix(&lines[..lines.len() - usize::from(lines.len() > 2)]);
    let undone = lines.iter().map(|line| {
        let line = &line[prefix..];
        line.strip_suffix(suffix).unwrap_or(line).trim()
    });
    Some(undone.fold(String::with_capacity(text.len()), |all, line| all + line + "\n"))
        .filter(|undone| !text.lines().map(str::trim).eq(undone.lines()))
}

/// Takes a number off the only line, and marks before and behind it.
fn around_one(line: &str) -> Option<String> {
    let is_mark = |c: char| !c.is_alphanumeric();
    let is_base64 = |c: char| u8::try_from(c).is_ok_and(is_base64);
    let after = line.trim_start_matches(|c: char| c.is_ascii_digit());
    // `30:82:..` is DER.
    let is_number = after.starts_with(is_mark) && !after.trim_start_matches(is_mark).starts_with('8');
    let undone = if is_number { after } else { line };
    let undone = undone.trim_start_matches(is_mark).trim_end_matches(|c| !is_base64(c));
    let undone = undone.strip_suffix("^M").unwrap_or(undone);
    (undone != line).then(|| undone.to_owned())
}

/// The lines without the numbers before them, where these are consecutive.
fn without_numbers<'a>(lines: &[&'a str]) -> Option<Vec<&'a str>> {
    let digits = |line: &str| line.bytes().take_while(u8::is_ascii_digit).count();
    let numbers: Vec<Option<u32>> = lines.iter().map(|line| line[..digits(line)].parse().ok()).collect();
    let follows = |at: usize| {
        let pair = numbers.get(at.checked_sub(1)?)?.zip(*numbers.get(at)?);
        Some(pair.is_some_and(|(a, b)| a.checked_add(1) == Some(b)))
    };
    let is_counted = |at: usize| follows(at) == Some(true) || follows(at + 1) == Some(true);
    let without = |(at, line): (usize, &&'a str)| {
        let number = if is_counted(at) { numbers[at]? } else { return Some(*line) };
        // Numbers without a separator end where the next digits begin.
        line.strip_prefix(number.to_string().as_str()).map(str::trim_start)
    };
    (0..lines.len()).any(is_counted).then(|| lines.iter().enumerate().map(without).collect())?
}

/// The bytes of the marks that all lines begin with: no letters and no digits.
fn common_prefix(lines: &[&str]) -> usize {
    let marks = |line: &str| line.find(char::is_alphanumeric).unwrap_or(line.len());
    let mut prefix = &lines[0][..marks(lines[0])];
    for line in &lines[1..] {
        let common = prefix.chars().zip(line.chars()).take_while(|(a, b)| a == b);
        prefix = &prefix[..common.map(|(c, _)| c.len_utf8()).sum()];
    }
    prefix.len()
}

/// The marks that all lines end with: from a character on that is not base64.
fn common_suffix<'a>(lines: &[&'a str]) -> &'a str {
    let mut suffix = lines[0];
    for line in &lines[1..] {
        let common = suffix.chars().rev().zip(line.chars().rev()).take_while(|(a, b)| a == b);
        let length: usize = common.map(|(c, _)| c.len_utf8()).sum();
        suffix = &suffix[suffix.len() - length..];
    }
    suffix.trim_start_matches(|c| u8::try_from(c).is_ok_and(is_base64))
}
