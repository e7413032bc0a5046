//! Errors in a policy document: every one, each with its place.
//!
//! Invariant: the errors are in the order of their places, no error occurs twice, and each is one line.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use pki::text::is_unfit_to_show;

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The place in bytes.
    pub span: Range<usize>,
    /// The line of its beginning, counted from one.
    pub line: usize,
    /// The character in that line, counted from one.
    pub column: usize,
}

/// The lines of a document.
pub(super) struct LineIndex<'t> {
    text: &'t str,
    /// The first byte of each line.
    starts: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        LineIndex { text, starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// The place of a span.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        let (start, end) = (self.floor(span.start), self.floor(span.end));
        let line = self.starts.partition_point(|first| *first <= start);
        let before = &self.text[self.starts[line - 1]..start];
        Place { span: start..end.max(start), line, column: before.chars().count() + 1 }
    }

    /// The nearest boundary of a character, not after `at`.
    fn floor(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or_default()
    }
}

/// One mistake in a policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The place; `None` if the document lacks something.
    pub place: Option<Place>,
    /// The mistake, and a correct form.
    pub detail: String,
    /// The name that was probably meant.
    pub meant: Option<String>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "line {}: {}", place.line, self.detail)?,
            None => f.write_str(&self.detail)?,
        }
        match &self.meant {
            Some(meant) => write!(f, "; did you mean {meant}?"),
            None => Ok(()),
        }
    }
}

/// The reasons why a policy document cannot be used. `Display` is one line: the first mistake, and the number of others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PolicyErrors(Vec<PolicyError>);

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, others @ ..] = self.0.as_slice() else { return f.write_str("policy") };
        let place = if first.place.is_some() { "policy, " } else { "policy: " };
        write!(f, "{place}{first}")?;
        match others.len() {
            0 => Ok(()),
            others => write!(f, " (and {others} more)"),
        }
    }
}

impl PolicyErrors {
    /// The only mistake of a document.
    pub(super) fn one(detail: String) -> PolicyErrors {
        PolicyErrors(vec![PolicyError { place: None, detail, meant: None }])
    }

    /// The mistakes, in the order of their places; those without a place last.
    #[must_use]
    pub fn all(&self) -> &[PolicyError] {
        &self.0
    }

    /// The line of the first mistake, counted from one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.0.first()?.place.as_ref().map(|place| place.line)
    }
}

/// Collects the mistakes of a document.
pub(super) struct Mistakes<'t> {
    text: &'t str,
    /// In the order of their places. Those without a place are last.
    found: BTreeSet<Mistake>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Mistake {
    is_placeless: bool,
    start: usize,
    end: usize,
    detail: String,
    meant: Option<String>,
}

impl<'t> Mistakes<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Mistakes { text, found: BTreeSet::new() }
    }

    /// The document.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// Adds a mistake; the same one twice counts once.
    pub(super) fn add(&mut self, at: Option<Range<usize>>, detail: impl Into<String>, meant: Option<String>) {
        let (is_placeless, at) = (at.is_none(), at.unwrap_or_default());
        let detail = detail.into().split_whitespace().collect::<Vec<_>>().join(" ");
        let shown =
            |c: char| if is_unfit_to_show(c) { c.escape_unicode().to_string() } else { c.to_string() };
        let detail = detail.chars().map(shown).collect();
        self.found.insert(Mistake { is_placeless, start: at.start, end: at.end, detail, meant });
    }

    /// Adds a mistake at a place.
    pub(super) fn at(&mut self, at: &Range<usize>, detail: impl Into<String>) {
        self.add(Some(at.clone()), detail, None);
    }

    /// The value, if there are no mistakes.
    pub(super) fn or<T>(self, value: Option<T>) -> Result<T, PolicyErrors> {
        let value = value.filter(|_| self.found.is_empty());
        value.ok_or_else(|| {
            let lines = LineIndex::of(self.text);
            let error = |one: Mistake| PolicyError {
                place: (!one.is_placeless).then(|| lines.place(one.start..one.end)),
                detail: one.detail,
                meant: one.meant,
            };
            PolicyErrors(self.found.into_iter().map(error).collect())
        })
    }
}

/// The candidate that a word probably stands for: differs in case or in few letters, or contains the word.
pub(super) fn similar<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const FEWEST_LETTERS: usize = 3;
    let word = word.to_ascii_lowercase();
    let distance = |candidate: &str| {
        let candidate = candidate.to_ascii_lowercase();
        let is_part = word.len() >= FEWEST_LETTERS && candidate.contains(&word);
        if is_part { 1 } else { strsim::damerau_levenshtein(&word, &candidate) }
    };
    let near = |(distance, candidate): &(usize, &str)| distance * 3 <= candidate.len().max(FEWEST_LETTERS);
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(near)
        .min()
        .map(|(_, best)| best)
}
