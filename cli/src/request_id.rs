//! The id of a request as it is typed: whole, or its beginning.

use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _};
use workflow::ids::RequestId;
use workflow::request::Status;

use crate::error::{CliError, OrFail as _};
use crate::moment::TableItem;
use crate::stack::Stack;

/// The fewest characters of an id.
pub(crate) const SHORTEST_BEGINNING: usize = 4;
/// The characters of an id.
const LENGTH: usize = 36;
/// The lengths of the groups of an id, between its hyphens (RFC 9562 section 4).
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
/// The most ids with a beginning that are read.
const READ: usize = 100;
/// The most ids that an error lists.
const LISTED: usize = 5;

/// The argument of a command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RequestIdArgument {
    /// The id.
    Whole(RequestId),
    /// Its first characters, in the spelling of ids.
    Beginning(String),
}

impl FromStr for RequestIdArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = text.trim().parse() {
            return Ok(Self::Whole(id));
        }
        beginning(text).map(Self::Beginning).ok_or_else(|| {
            format!(
                "not a request id; it has {LENGTH} characters, of which {SHORTEST_BEGINNING} or more from the beginning are enough. List requests with: countersign requests list"
            )
        })
    }
}

impl RequestIdArgument {
    /// The id that is meant. Of a whole id nothing is read.
    pub(crate) async fn find(&self, stack: &Stack) -> Result<RequestId, CliError> {
        match self {
            Self::Whole(id) => Ok(*id),
            Self::Beginning(beginning) => {
                let found = with_beginning(stack, &Status::ALL, beginning).await?;
                one_of(beginning, found, "request", "List them with: countersign requests list.")
            }
        }
    }
}

/// The beginning of an id in the spelling of ids; `None` if no id can begin so, or if it is too short.
pub(crate) fn beginning(text: &str) -> Option<String> {
    let text = text.trim();
    let hexadecimal = |c: char| c.is_ascii_hexdigit() || c == '-';
    if text.starts_with('-') || !text.chars().all(hexadecimal) {
        return None;
    }
    let digits: Vec<char> = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    if !(SHORTEST_BEGINNING..=GROUPS.iter().sum()).contains(&digits.len()) {
        return None;
    }
    let (mut rest, mut groups) = (digits.as_slice(), Vec::new());
    for length in GROUPS {
        let (group, after) = rest.split_at(length.min(rest.len()));
        if !group.is_empty() {
            groups.push(group.iter().collect::<String>());
        }
        rest = after;
    }
    Some(groups.join("-"))
}

/// The requests with one of these statuses whose id begins so. Compares the keys of an index, about 100 bytes for each
/// request.
pub(crate) async fn with_beginning(
    stack: &Stack,
    statuses: &[Status],
    beginning: &str,
) -> Result<Vec<RequestId>, CliError> {
    let of_status = |status: Status| async move {
        let mut items = aws_sdk_dynamodb::Client::new(&stack.sdk)
            .query()
            .table_name(&stack.requests_table)
            .index_name("byStatus")
            .key_condition_expression("#status = :status")
            .filter_expression("begins_with(#id, :beginning)")
            .projection_expression("#id")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#id", "id")
            .expression_attribute_values(":status", AttributeValue::S(status.to_string()))
            .expression_attribute_values(":beginning", AttributeValue::S(beginning.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut ids = Vec::new();
        while ids.len() < READ
            && let Some(item) = items.next().await
        {
            ids.extend(id_of(
                &item.or_fail(|| format!("cannot read the table {}", stack.requests_table), "")?,
            ));
        }
        Ok::<_, CliError>(ids)
    };
    let found = futures_util::stream::iter(statuses.iter().copied()).map(of_status);
    let mut ids: Vec<RequestId> = found.buffered(statuses.len().max(1)).try_concat().await?;
    // A request that goes on meanwhile is met twice.
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn id_of(item: &TableItem) -> Option<RequestId> {
    item.get("id")?.as_s().ok()?.parse().ok()
}

/// The one id that begins so; the error names the others.
pub(crate) fn one_of<Id: Clone + ToString>(
    beginning: &str,
    ids: Vec<Id>,
    noun: &str,
    advice: &str,
) -> Result<Id, CliError> {
    match ids.as_slice() {
        [] => Err(CliError::new(format!("there is no {noun} {beginning:?}"), advice)),
        [id] => Ok(id.clone()),
        many => {
            let listed: Vec<String> = many.iter().take(LISTED).map(Id::to_string).collect();
            let more = many.len().saturating_sub(LISTED);
            let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
            Err(CliError::new(
                format!("{beginning:?} is the beginning of {} ids: {}{rest}", many.len(), listed.join(", ")),
                "Give more of it.",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d";

    #[test]
    fn an_id_is_whole_or_its_beginning() {
        let read = |text: &str| text.parse::<RequestIdArgument>();
        assert_eq!(read(ID), Ok(RequestIdArgument::Whole(ID.parse().unwrap())));
        assert_eq!(read("5C1B0D9E"), Ok(RequestIdArgument::Beginning("5c1b0d9e".into())));
        assert_eq!(read("5c1b0d9e-8f"), Ok(RequestIdArgument::Beginning("5c1b0d9e-8f".into())));
        assert_eq!(read("5c1b0d9e8f"), Ok(RequestIdArgument::Beginning("5c1b0d9e-8f".into())));
        for wrong in ["", "5c1", "www.example.com", "-c1b0", "5c1b0g", "--help", "5c1b 0d9e"] {
            let said = read(wrong).unwrap_err();
            assert!(said.starts_with("not a request id"), "{wrong}: {said}");
        }
    }

    #[test]
    fn one_id_is_meant_or_the_error_lists_them() {
        let ids: Vec<RequestId> = (0..7).map(|_| RequestId::random()).collect();
        assert_eq!(one_of("5c1b", vec![ids[0]], "request", "").unwrap(), ids[0]);
        let none = one_of("5c1b", Vec::<RequestId>::new(), "request", "List them.").unwrap_err().to_string();
        assert_eq!(none, "there is no request \"5c1b\". List them.");
        let many = one_of("5c1b", ids.clone(), "request", "").unwrap_err().to_string();
        assert!(many.contains("the beginning of 7 ids: ") && many.contains(&ids[0].to_string()), "{many}");
        assert!(many.ends_with(", and 2 more. Give more of it."), "{many}");
    }

    proptest! {
        #[test]
        fn every_beginning_of_an_id_is_read_as_it_is(length in SHORTEST_BEGINNING..LENGTH, upper: bool) {
            let id = RequestId::random().to_string();
            let typed = if upper { id[..length].to_uppercase() } else { id[..length].to_owned() };
            let read = beginning(&typed).unwrap();
            prop_assert!(id.starts_with(&read), "{typed}: {read}");
            prop_assert_eq!(read.replace('-', ""), id[..length].replace('-', ""));
        }

        #[test]
        fn no_text_is_more_than_an_error(text in "\\PC{0,40}") {
            if let Some(read) = beginning(&text) {
                prop_assert!(read.len() <= LENGTH && read.chars().all(|c| c.is_ascii_hexdigit() || c == '-'));
            }
        }
    }
}
