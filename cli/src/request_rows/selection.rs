//! Rows by their status, requester or name, newest first.
//!
//! Invariant: reads indexes and the rows that they name, never the whole table. What no index knows is compared row by row, up
//! to [`EXAMINED`] rows, and the caller learns whether there are more.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use time::OffsetDateTime;
use workflow::aws::DynamoNames;
use workflow::email::Email;
use workflow::ids::RequestId;
use workflow::ports::{NameEntry, NameIndex as _};
use workflow::request::{Request, Status};
use workflow::timestamp::rfc3339;

use super::{FoundRow, id_of, of_ids};
use crate::arguments;
use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::moment::TableItem;
use crate::output::{cut, cut_off};
use crate::stack::Stack;
use crate::wording::count;

/// The most rows that are compared with a selection, unless the list may be longer.
const EXAMINED: usize = 2_000;
/// Rows that are read at once: the limit of BatchGetItem.
const BATCH: usize = 100;
/// The end of every list by time: the index has texts, which sort by time up to the year 9999.
const LAST_INSTANT: &str = "9999-12-31T23:59:59Z";

/// Options that choose among rows.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Which")]
pub(crate) struct SelectionOptions {
    /// Only with this name: a DNS name, an address or another name of a certificate, in full
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Only of this requester
    #[arg(long, value_name = "ADDRESS", value_parser = arguments::address)]
    email: Option<Email>,
    /// Only with this profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Only requests since this time: 12h or 30d ago, a day as in 2026-11-30, or a time as in 2026-11-30T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = arguments::since)]
    since: Option<OffsetDateTime>,
}

/// The rows that are wanted.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    options: &'a SelectionOptions,
    /// Statuses that people see; see [`Request::shown_status`].
    statuses: &'a [Status],
    signed: bool,
    /// The registration and the id of the row after which the list begins.
    after: Option<(String, RequestId)>,
}

/// The ids of rows that may be wanted, and whether they are all.
struct Candidates {
    ids: Vec<RequestId>,
    complete: bool,
    /// True if they are in the order of the list.
    in_order: bool,
}

/// The wanted rows, at most as many as the caller asked for.
#[derive(Debug)]
pub(crate) struct FoundRows {
    pub(crate) rows: Vec<Request>,
    unreadable: Vec<String>,
    rest: Rest,
    /// The last row that was looked at, if there are others.
    next: Option<RequestId>,
}

/// What a list does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Nothing,
    /// More wanted rows.
    More,
    /// Rows that were not compared with the selection, after this many.
    NotCompared(usize),
}

impl SelectionOptions {
    /// Rows since a time.
    pub(crate) fn since(since: Option<OffsetDateTime>) -> Self {
        Self { since, ..Self::default() }
    }
}

impl FoundRows {
    /// The row after which the list goes on; `None` at its end.
    pub(crate) fn next(&self) -> Option<RequestId> {
        self.next
    }

    /// Says on standard error what is not shown. Fails if a row cannot be read.
    pub(crate) fn end(self) -> Result<(), CliError> {
        match self.rest {
            Rest::Nothing => {}
            Rest::More => cut_off(self.rows.len()),
            Rest::NotCompared(number) => eprintln!(
                "{} shown, of the first {number} that were looked at. Narrow the list with --email or --name to see others.",
                self.rows.len()
            ),
        }
        self.readable()
    }

    /// Fails if a row cannot be read.
    pub(crate) fn readable(self) -> Result<(), CliError> {
        match self.unreadable.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(CliError::new(
                format!("{} cannot be read, the first of {first}", count(self.unreadable.len(), "row")),
                ROW_OF_ANOTHER_VERSION,
            )),
        }
    }
}

impl<'a> Selection<'a> {
    /// Requests with one of these statuses.
    pub(crate) fn of(options: &'a SelectionOptions, statuses: &'a [Status]) -> Self {
        Self { options, statuses, signed: false, after: None }
    }

    /// Certificates: requests with one of these statuses and a certificate.
    pub(crate) fn signed(options: &'a SelectionOptions, statuses: &'a [Status]) -> Self {
        Self { signed: true, ..Self::of(options, statuses) }
    }

    /// Those that come after this row in a list of the newest ones.
    pub(crate) fn after(self, row: &Request) -> Self {
        Self { after: Some((rfc3339(row.registration_date()), row.id())), ..self }
    }

    /// The newest rows, at most `limit`.
    pub(crate) async fn newest(&self, stack: &Stack, limit: usize) -> Result<FoundRows, CliError> {
        let most = self.most(limit);
        let candidates = match (&self.options.name, &self.options.email) {
            (Some(name), _) => with_name(stack, name, most).await?,
            (None, Some(email)) => {
                let keys = self.keys(stack, "byEmail", ("email", email.as_str()), most).await?;
                merged(vec![keys], most)
            }
            (None, None) => {
                // In the order of the flow: a row that goes on meanwhile is met twice and not missed.
                let mut keys = Vec::new();
                for status in indexed(self.statuses) {
                    keys.push(self.keys(stack, "byStatus", ("status", status.as_str()), most).await?);
                }
                merged(keys, most)
            }
        };
        let newest = |row: &Request| Reverse((row.registration_date(), row.id()));
        let order = |one: &Request, other: &Request| newest(one).cmp(&newest(other));
        read(stack, candidates, limit, |row| self.wants(row), order).await
    }

    /// The most candidates that are looked at.
    fn most(&self, limit: usize) -> usize {
        let one_more = limit.saturating_add(1);
        let SelectionOptions { name, email, profile, .. } = self.options;
        // Rows of version 0.1.0 have a withdrawal as a rejection.
        let one_of_two = [Status::Withdrawn, Status::Rejected].iter().any(|one| self.statuses.contains(one));
        let compared = name.is_some() || email.is_some() || profile.is_some() || self.signed;
        let compared = compared || (one_of_two && self.statuses.len() < Status::ALL.len());
        if compared { one_more.max(EXAMINED) } else { one_more }
    }

    /// True if the row is wanted.
    fn wants(&self, row: &Request) -> bool {
        let SelectionOptions { name: _, email, profile, since } = self.options;
        self.statuses.contains(&row.shown_status())
            && email.as_ref().is_none_or(|email| row.email() == email)
            && profile.as_ref().is_none_or(|profile| row.profile() == profile)
            && since.is_none_or(|since| row.registration_date() >= since)
            && (!self.signed || row.is_signed())
    }

    /// The keys of an index since the chosen time, newest first, about `most`.
    async fn keys(
        &self,
        stack: &Stack,
        index: &str,
        (column, value): (&str, &str),
        most: usize,
    ) -> Result<Vec<(String, RequestId)>, CliError> {
        let table = &stack.requests_table;
        let since = rfc3339(self.options.since.unwrap_or(OffsetDateTime::UNIX_EPOCH));
        let until = self.after.as_ref().map_or(LAST_INSTANT, |(at, _)| at);
        if since.as_str() > until {
            return Ok(Vec::new());
        }
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let query = aws_sdk_dynamodb::Client::new(&stack.sdk)
            .query()
            .table_name(table)
            .index_name(index)
            .key_condition_expression("#column = :value AND registrationDate BETWEEN :since AND :until")
            .projection_expression("id, registrationDate")
            .expression_attribute_names("#column", column)
            .expression_attribute_values(":value", text(value))
            .expression_attribute_values(":since", text(&since))
            .expression_attribute_values(":until", text(until))
            .scan_index_forward(false);
        let (mut pages, mut keys) = (query.into_paginator().items().send(), Vec::new());
        while let Some(key) = pages.next().await {
            let key: TableItem = key.or_fail(|| unreadable(stack), "")?;
            let at = key.get("registrationDate").and_then(|at| at.as_s().ok()).cloned().unwrap_or_default();
            if is_enough(&keys, &at, most) {
                break;
            }
            let key = (at, id_of(table, &key)?);
            if self.after.as_ref().is_none_or(|after| key < *after) {
                keys.push(key);
            }
        }
        Ok(keys)
    }
}

/// True if there are `most` keys, and the next one is of another second: the index has no order of the requests of one second.
fn is_enough(keys: &[(String, RequestId)], next: &str, most: usize) -> bool {
    keys.len() >= most && keys.last().is_some_and(|(last, _)| last != next)
}

/// Reads candidates until there are more than `limit` wanted rows.
async fn read(
    stack: &Stack,
    candidates: Candidates,
    limit: usize,
    wanted: impl Fn(&Request) -> bool,
    order: impl Fn(&Request, &Request) -> Ordering,
) -> Result<FoundRows, CliError> {
    let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
    for ids in candidates.ids.chunks(BATCH) {
        for (id, row) in of_ids(stack, ids).await? {
            match row {
                Ok(row) if wanted(&row) => rows.push(row),
                Ok(_) => {}
                Err(why) => unreadable.push(format!("{id}: {why}")),
            }
        }
        if candidates.in_order && rows.len() > limit {
            break;
        }
    }
    rows.sort_by(order);
    let (rest, next) = match cut(&mut rows, limit) {
        true => (Rest::More, rows.last().map(Request::id)),
        false if candidates.complete => (Rest::Nothing, None),
        false => (Rest::NotCompared(candidates.ids.len()), candidates.ids.last().copied()),
    };
    Ok(FoundRows { rows, unreadable, rest, next })
}

/// The statuses of rows that may have one of these for people: rows of version 0.1.0 have a withdrawal as a rejection.
fn indexed(statuses: &[Status]) -> Vec<Status> {
    let is_wanted = |status: &Status| {
        statuses.contains(status) || (*status == Status::Rejected && statuses.contains(&Status::Withdrawn))
    };
    Status::ALL.into_iter().filter(is_wanted).collect()
}

/// The newest of these keys, each once.
fn merged(keys: Vec<Vec<(String, RequestId)>>, most: usize) -> Candidates {
    let mut complete = keys.iter().all(|keys| keys.len() < most);
    let mut keys = keys.concat();
    keys.sort_by(|one, other| other.cmp(one));
    let mut met = BTreeSet::new();
    keys.retain(|(_, id)| met.insert(*id));
    complete &= keys.len() <= most;
    Candidates { ids: keys.into_iter().take(most).map(|(_, id)| id).collect(), complete, in_order: true }
}

/// The requests that the index of names lists under a name.
async fn with_name(stack: &Stack, name: &str, most: usize) -> Result<Candidates, CliError> {
    let entries = names_index(stack, name, most).await?;
    let complete = entries.len() < most;
    let ids: BTreeSet<RequestId> = entries.iter().filter_map(NameEntry::request).collect();
    Ok(Candidates { ids: ids.into_iter().collect(), complete, in_order: false })
}

/// The entries of the index of names under a name, in whatever spelling it is typed. Certificates come first.
pub(crate) async fn names_index(stack: &Stack, name: &str, most: usize) -> Result<Vec<NameEntry>, CliError> {
    let name = name.trim();
    if name.is_empty() {
        return Ok(Vec::new());
    }
    // The index has each name in one spelling.
    let name = name.parse::<pki::name::Name>().map_or_else(|_| name.to_owned(), |name| name.to_string());
    let names = DynamoNames::new(&stack.sdk, &stack.names_table);
    names.of(&name, most).await.or_fail(|| format!("cannot read the table {}", stack.names_table), "")
}

/// Every row of one status, newest first.
pub(crate) async fn of_status(stack: &Stack, status: Status) -> Result<Vec<FoundRow>, CliError> {
    let options = SelectionOptions::default();
    let selection = Selection::of(&options, &[]);
    let keys = selection.keys(stack, "byStatus", ("status", status.as_str()), usize::MAX).await?;
    let ids: Vec<RequestId> = keys.into_iter().map(|(_, id)| id).collect();
    let mut rows = of_ids(stack, &ids).await?;
    // A row goes on between the index and the table.
    rows.retain(|(_, row)| row.as_ref().map_or(true, |row| row.status() == status));
    Ok(rows)
}

/// What is said if the table of requests does not answer.
pub(crate) fn unreadable(stack: &Stack) -> String {
    format!("cannot read the table {}", stack.requests_table)
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use time::Duration;
    use workflow::testing::InMemoryBackend;

    use super::*;

    fn row(status: Status) -> Request {
        InMemoryBackend::new().unsaved_request(&test_pki::csr(&["www.example.com"]), status)
    }

    fn wants(options: &SelectionOptions, row: &Request) -> bool {
        Selection::of(options, &Status::ALL).wants(row)
    }

    #[test]
    fn each_option_narrows_the_list() {
        let row = row(Status::Delivered);
        assert!(wants(&SelectionOptions::default(), &row));
        let other =
            SelectionOptions { email: Some("other@example.com".parse().unwrap()), ..Default::default() };
        let profile = SelectionOptions { profile: Some("client".into()), ..Default::default() };
        let late = row.registration_date() + Duration::SECOND;
        let since = SelectionOptions { since: Some(late), ..Default::default() };
        for options in [other, profile, since] {
            assert!(!wants(&options, &row), "{options:?}");
        }
        let own = SelectionOptions {
            name: None,
            email: Some(row.email().clone()),
            profile: Some(row.profile().to_owned()),
            since: Some(row.registration_date()),
        };
        assert!(wants(&own, &row));
    }

    #[test]
    fn a_withdrawal_of_version_1_is_listed_as_withdrawn() {
        let options = SelectionOptions::default();
        let old = row(Status::Withdrawn).altered(|row| row.status = Status::Rejected);
        let wants = |statuses: &[Status]| Selection::of(&options, statuses).wants(&old);
        assert!(wants(&[Status::Withdrawn]) && !wants(&[Status::Rejected]));
        assert_eq!(indexed(&[Status::Withdrawn]), [Status::Rejected, Status::Withdrawn]);
        assert_eq!(indexed(&[Status::Failed]), [Status::Failed]);
    }

    #[test]
    fn rows_are_read_on_where_no_index_knows_what_is_wanted() {
        let plain = SelectionOptions::default();
        let profile = SelectionOptions { profile: Some("client".into()), ..Default::default() };
        let most =
            |options: &SelectionOptions, statuses: &[Status]| Selection::of(options, statuses).most(50);
        assert_eq!(most(&plain, &Status::ALL), 51);
        assert_eq!(most(&plain, &[Status::Failed]), 51);
        assert_eq!(most(&plain, &[Status::Rejected]), EXAMINED);
        assert_eq!(most(&profile, &Status::ALL), EXAMINED);
        assert_eq!(Selection::of(&profile, &Status::ALL).most(usize::MAX), usize::MAX);
    }

    #[test]
    fn the_requests_of_one_second_are_read_together() {
        let keys = ["2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z"];
        let keys = keys.map(|at| (at.to_owned(), RequestId::random()));
        assert!(!is_enough(&keys, "2026-11-01T00:00:00Z", 2));
        assert!(is_enough(&keys, "2026-10-31T00:00:00Z", 2));
        assert!(!is_enough(&keys, "2026-10-31T00:00:00Z", 3));
    }

    #[test]
    fn keys_of_several_statuses_are_merged_newest_first() {
        let ids: Vec<RequestId> = (0..4).map(|_| RequestId::random()).collect();
        let key = |day: usize, id: usize| (format!("2026-11-{day:02}T00:00:00Z"), ids[id]);
        let found = merged(vec![vec![key(9, 0), key(7, 1)], vec![key(8, 2), key(7, 1)]], 3);
        assert_eq!(found.ids, [ids[0], ids[2], ids[1]]);
        assert!(found.complete);
        let cut = merged(vec![vec![key(9, 0), key(7, 1)], vec![key(8, 2)]], 2);
        assert_eq!((cut.ids, cut.complete), (vec![ids[0], ids[2]], false));
    }
}
