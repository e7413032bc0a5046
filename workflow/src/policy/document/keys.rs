//! Reading tables of the document key by key, so that one mistake hides no other.
//!
//! Invariant: every key that is not known is a mistake, and so is every value that cannot be read; each is reported
//! once, where it stands. A field with a reported mistake is [`Field::Wrong`], so that no second mistake is reported
//! for it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::values::{FromToml, type_of};
use crate::policy::error::{Mistakes, similar};

/// A value, and its place.
#[derive(Clone, Debug)]
pub(super) struct PlacedValue<T> {
    pub(super) value: T,
    pub(super) at: Range<usize>,
}

/// A field of a table.
#[derive(Clone, Debug, Default)]
pub(super) enum Field<T> {
    #[default]
    Absent,
    /// Its mistake is reported.
    Wrong,
    Is(PlacedValue<T>),
}

impl<T> Field<T> {
    /// This field, or `fallback` if it is absent.
    pub(super) fn or<'a>(&'a self, fallback: &'a Field<T>) -> &'a Field<T> {
        if self.is_absent() { fallback } else { self }
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Field::Absent)
    }

    /// True if the document has the key, with a right or a wrong value.
    pub(super) fn is_given(&self) -> bool {
        !self.is_absent()
    }

    pub(super) fn is_wrong(&self) -> bool {
        matches!(self, Field::Wrong)
    }

    pub(super) fn get(&self) -> Option<&T> {
        self.placed().map(|placed| &placed.value)
    }

    pub(super) fn placed(&self) -> Option<&PlacedValue<T>> {
        match self {
            Field::Is(placed) => Some(placed),
            Field::Absent | Field::Wrong => None,
        }
    }

    /// The value, or `usual` if the field is absent; `None` if it is wrong.
    pub(super) fn or_usual(&self, usual: T) -> Option<T>
    where
        T: Clone,
    {
        match self {
            Field::Is(placed) => Some(placed.value.clone()),
            Field::Absent => Some(usual),
            Field::Wrong => None,
        }
    }

    /// Reports a value that does not pass the check.
    pub(super) fn checked(
        self,
        mistakes: &mut Mistakes<'_>,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Self {
        match self {
            Field::Is(placed) => match check(&placed.value) {
                Ok(()) => Field::Is(placed),
                Err(detail) => {
                    mistakes.at(&placed.at, detail);
                    Field::Wrong
                }
            },
            other => other,
        }
    }
}

impl<T> Field<Vec<PlacedValue<T>>> {
    /// The values without their places.
    pub(super) fn values(&self) -> Option<Vec<T>>
    where
        T: Clone,
    {
        self.get().map(|list| list.iter().map(|one| one.value.clone()).collect())
    }
}

/// The keys of one table.
pub(super) struct TableKeys<'d> {
    pub(super) at: Range<usize>,
    table: &'d DeTable<'d>,
    /// Known keys that were probably meant by unknown ones.
    misspelt: Vec<&'static str>,
}

impl<'d> TableKeys<'d> {
    /// Begins to read a table, and reports its unknown keys.
    pub(super) fn of(
        table: &'d DeTable<'d>,
        at: Range<usize>,
        known: &'static [&'static str],
        mistakes: &mut Mistakes<'_>,
    ) -> Self {
        let mut misspelt = Vec::new();
        for (key, _) in table {
            let word = key.get_ref().as_ref();
            if known.contains(&word) {
                continue;
            }
            let absent = known.iter().copied().filter(|known| table.get(*known).is_none());
            let meant = similar(word, absent);
            misspelt.extend(meant);
            let known = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            let detail = match meant {
                Some(_) => format!("unknown key `{word}`"),
                None => format!("unknown key `{word}`, expected one of {known}"),
            };
            mistakes.add(Some(key.span()), detail, meant.map(|meant| format!("`{meant}`")));
        }
        TableKeys { at, table, misspelt }
    }

    /// The value of a key as it stands.
    pub(super) fn value(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.table.get(key)
    }

    /// Reads the field `key` with `read`, which reports its mistake and returns `None`.
    fn with<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&'d Spanned<DeValue<'d>>) -> Option<T>,
    ) -> Field<T> {
        match self.value(key) {
            Some(value) => read(value)
                .map_or(Field::Wrong, |read| Field::Is(PlacedValue { value: read, at: value.span() })),
            None if self.misspelt.contains(&key) => Field::Wrong,
            None => Field::Absent,
        }
    }

    /// A single value.
    pub(super) fn field<T: FromToml>(&self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Field<T> {
        self.with(key, |value| read(value, mistakes))
    }

    /// A list, read element by element.
    pub(super) fn list<T: FromToml>(
        &self,
        key: &'static str,
        mistakes: &mut Mistakes<'_>,
    ) -> Field<Vec<PlacedValue<T>>> {
        self.list_with(key, mistakes, |value, mistakes| read(value, mistakes))
    }

    /// A list of tables.
    pub(super) fn tables<T>(
        &self,
        key: &'static str,
        known: &'static [&'static str],
        mistakes: &mut Mistakes<'_>,
        read: impl Fn(&TableKeys<'d>, &mut Mistakes<'_>) -> Option<T>,
    ) -> Field<Vec<PlacedValue<T>>> {
        self.list_with(key, mistakes, |value, mistakes| {
            let table = table(value, mistakes)?;
            read(&TableKeys::of(table, value.span(), known, mistakes), mistakes)
        })
    }

    fn list_with<T>(
        &self,
        key: &'static str,
        mistakes: &mut Mistakes<'_>,
        read: impl Fn(&'d Spanned<DeValue<'d>>, &mut Mistakes<'_>) -> Option<T>,
    ) -> Field<Vec<PlacedValue<T>>> {
        self.with(key, |value| elements(value, mistakes, read))
    }

    /// A table of known keys.
    pub(super) fn table<T>(
        &self,
        key: &'static str,
        known: &'static [&'static str],
        mistakes: &mut Mistakes<'_>,
        read: impl FnOnce(&TableKeys<'d>, &mut Mistakes<'_>) -> Option<T>,
    ) -> Field<T> {
        self.with(key, |value| {
            let table = table(value, mistakes)?;
            read(&TableKeys::of(table, value.span(), known, mistakes), mistakes)
        })
    }

    /// A table whose keys are names of the writer: each key with its value.
    pub(super) fn named(
        &self,
        key: &'static str,
        mistakes: &mut Mistakes<'_>,
    ) -> Field<Vec<(PlacedValue<String>, &'d Spanned<DeValue<'d>>)>> {
        self.with(key, |value| {
            let name = |key: &Spanned<std::borrow::Cow<'d, str>>| PlacedValue {
                value: key.get_ref().to_string(),
                at: key.span(),
            };
            Some(table(value, mistakes)?.iter().map(|(key, value)| (name(key), value)).collect())
        })
    }
}

/// Reports a key that has to be there.
pub(super) fn missing(keys: &TableKeys<'_>, key: &str, mistakes: &mut Mistakes<'_>) {
    mistakes.at(&keys.at, format!("the key `{key}` is missing"));
}

/// A single value that has to be there.
pub(super) fn needed<T: FromToml>(
    keys: &TableKeys<'_>,
    key: &'static str,
    mistakes: &mut Mistakes<'_>,
) -> Field<T> {
    let field = keys.field(key, mistakes);
    if field.is_absent() {
        missing(keys, key, mistakes);
    }
    field
}

/// The table that a value is, or a report that it is none.
pub(super) fn table<'d>(
    value: &'d Spanned<DeValue<'d>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<&'d DeTable<'d>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        other => {
            mistakes.at(&value.span(), format!("expected a table, found {}", type_of(other)));
            None
        }
    }
}

/// Reads every element of a list, or reports all mistakes.
pub(super) fn elements<'d, T>(
    value: &'d Spanned<DeValue<'d>>,
    mistakes: &mut Mistakes<'_>,
    read: impl Fn(&'d Spanned<DeValue<'d>>, &mut Mistakes<'_>) -> Option<T>,
) -> Option<Vec<PlacedValue<T>>> {
    let DeValue::Array(array) = value.get_ref() else {
        mistakes.at(&value.span(), format!("expected a list, found {}", type_of(value.get_ref())));
        return None;
    };
    // Not lazily: every element is read.
    let all: Vec<Option<PlacedValue<T>>> = array
        .iter()
        .map(|one| read(one, mistakes).map(|value| PlacedValue { value, at: one.span() }))
        .collect();
    all.into_iter().collect()
}

/// Reads a value, or reports its mistake.
pub(super) fn read<T: FromToml>(value: &Spanned<DeValue<'_>>, mistakes: &mut Mistakes<'_>) -> Option<T> {
    let wrong = match T::from_toml(value.get_ref()) {
        Ok(read) => return Some(read),
        Err(wrong) => wrong,
    };
    let at = value.span();
    let written = mistakes.text().get(at.clone()).unwrap_or_default();
    // A place inside of a text is known if the text is written without escapes.
    let inner = written
        .get(1..written.len().saturating_sub(1))
        .filter(|inner| Some(*inner) == value.get_ref().as_str());
    let place = match (wrong.within, inner) {
        (Some(within), Some(_)) if !within.is_empty() => {
            at.start + 1 + within.start..at.start + 1 + within.end
        }
        _ => at,
    };
    mistakes.add(Some(place), wrong.detail, wrong.meant);
    None
}
