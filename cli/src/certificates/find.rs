//! Finding one certificate by what a person has at hand.
//!
//! Invariant: reads keys, indexes and the rows found by them; never the whole table.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use pki::certificate::Serial;
use time::OffsetDateTime;
use workflow::aws::DynamoRequests;
use workflow::ids::RequestId;
use workflow::name_list::names_in_short;
use workflow::ports::{NameEntry, Requests as _};
use workflow::request::{Request, Status};
use workflow::store::object_key::CERTIFICATES;
use workflow::texts::Language;

use crate::error::{CliError, OrFail as _};
use crate::moment::TableItem;
use crate::request_id::{SHORTEST_BEGINNING, beginning, with_beginning};
use crate::request_rows::{names_index, unreadable};
use crate::stack::Stack;

/// Most certificates that are read for one text.
const READ: usize = 100;
/// Most certificates that an error lists.
const LISTED: usize = 5;
/// The statuses of requests with a certificate.
pub(super) const WITH_CERTIFICATE: [Status; 3] = [Status::Issued, Status::Delivered, Status::Revoked];

/// Finds the request of the one certificate that `text` means: its serial number (with or without colons) or the id of
/// its request, whole or the beginning of it, or a name in it. Of the certificates with a name, a valid one is meant, if
/// there is one.
pub(crate) async fn find_certificate(stack: &Stack, text: &str) -> Result<Request, CliError> {
    let text = text.trim();
    let prefix = text.replace(':', "").to_ascii_lowercase();
    let mut ids = BTreeSet::new();
    if let Ok(id) = text.parse::<RequestId>() {
        ids.insert(id);
    } else {
        if is_prefix(&prefix) {
            ids.extend(with_serial(stack, &prefix).await?);
        }
        if let Some(beginning) = beginning(text) {
            ids.extend(with_beginning(stack, &WITH_CERTIFICATE, &beginning).await?);
        }
    }
    if ids.is_empty() {
        ids.extend(with_name(stack, text).await?);
    }
    let ids: Vec<RequestId> = ids.into_iter().collect();
    let requests = DynamoRequests::new(&stack.sdk, &stack.requests_table, &stack.audit_table);
    let rows = requests.find_all(&ids).await.or_fail(|| unreadable(stack), "Try again.")?;
    choose(text, rows, OffsetDateTime::now_utc())
}

/// True if the text can be the beginning of a serial number.
fn is_prefix(text: &str) -> bool {
    text.len() >= SHORTEST_BEGINNING && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The one certificate among `rows`. A valid certificate comes before others.
fn choose(text: &str, rows: Vec<Request>, now: OffsetDateTime) -> Result<Request, CliError> {
    let (mut signed, unsigned): (Vec<_>, Vec<_>) = rows.into_iter().partition(Request::is_signed);
    let is_valid = |row: &Request| row.has_live_certificate(now);
    if signed.iter().any(is_valid) {
        signed.retain(is_valid);
    }
    // Those that end last come first.
    signed.sort_by_key(|row| std::cmp::Reverse((row.not_after(), row.id())));
    match (signed.len(), unsigned.as_slice()) {
        (0, [row]) => Err(CliError::new(
            format!("the request {} has no certificate: it is {}", row.id(), row.shown_status()),
            "See what it waits for with: countersign requests show ID.",
        )),
        (0, _) => Err(CliError::new(
            format!("there is no certificate {text:?}"),
            format!(
                "Give a serial number or the id of a request, or at least {SHORTEST_BEGINNING} characters of it, or a name. List certificates with: countersign certificates list."
            ),
        )),
        (1, _) => Ok(signed.remove(0)),
        (many, _) => {
            let listed: Vec<String> = signed.iter().take(LISTED).map(in_short).collect();
            let more = many.saturating_sub(LISTED);
            let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
            Err(CliError::new(
                format!("{text:?} means {many} certificates: {}{rest}", listed.join(", ")),
                "Name one by its serial number.",
            ))
        }
    }
}

fn in_short(row: &Request) -> String {
    let serial = row.serial().map(ToString::to_string).unwrap_or_default();
    let names = names_in_short(Language::English, row.names());
    let end = row.not_after().map(|end| end.date().to_string()).unwrap_or_default();
    format!("{serial} ({names}, until {end})")
}

/// The requests whose certificate in the bucket has a serial number that begins so.
async fn with_serial(stack: &Stack, prefix: &str) -> Result<Vec<RequestId>, CliError> {
    let doing = || format!("cannot list the bucket {}", stack.bucket);
    let list = stack.s3().list_objects_v2().bucket(&stack.bucket).prefix(format!("{CERTIFICATES}{prefix}"));
    let page = list.max_keys(i32::try_from(READ).unwrap_or(i32::MAX)).send().await.or_fail(doing, "")?;
    let serial = |key: &str| key.strip_prefix(CERTIFICATES)?.split_once('/')?.0.parse::<Serial>().ok();
    let mut ids = Vec::new();
    for serial in page.contents().iter().filter_map(|object| serial(object.key()?)) {
        let query = aws_sdk_dynamodb::Client::new(&stack.sdk)
            .query()
            .table_name(&stack.requests_table)
            .index_name("bySerial")
            .key_condition_expression("#serial = :serial")
            .expression_attribute_names("#serial", "serial")
            .expression_attribute_values(":serial", AttributeValue::S(serial.to_string()));
        let answer = query.send().await.or_fail(|| unreadable(stack), "")?;
        ids.extend(answer.items().iter().filter_map(id_of));
    }
    Ok(ids)
}

/// The requests that the index of names lists under a name.
async fn with_name(stack: &Stack, name: &str) -> Result<Vec<RequestId>, CliError> {
    let entries = names_index(stack, name, READ).await?;
    let certificate = |entry: &&NameEntry| matches!(entry, NameEntry::Certificate(..));
    Ok(entries.iter().filter(certificate).filter_map(NameEntry::request).collect())
}

fn id_of(item: &TableItem) -> Option<RequestId> {
    item.get("id")?.as_s().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use time::Duration;
    use workflow::ports::Clock as _;
    use workflow::testing::InMemoryBackend;

    use super::*;

    fn row(status: Status) -> Request {
        InMemoryBackend::new().unsaved_request(&test_pki::csr(&["www.example.com"]), status)
    }

    /// A time at which the certificates of [`row`] are valid.
    fn now() -> OffsetDateTime {
        InMemoryBackend::new().now()
    }

    #[test]
    fn a_prefix_is_of_hexadecimal_digits_and_not_too_short() {
        for good in ["4f74", "0123456789abcdef"] {
            assert!(is_prefix(good), "{good}");
        }
        for bad in ["", "4f7", "5c1b0d9e-8f", "www.example.com", "4f74g"] {
            assert!(!is_prefix(bad), "{bad}");
        }
    }

    #[test]
    fn the_one_certificate_is_found() {
        let delivered = row(Status::Delivered);
        assert_eq!(choose("x", vec![delivered.clone()], now()).unwrap(), delivered);
        // A reservation is no certificate.
        assert_eq!(choose("x", vec![row(Status::Submitted), delivered.clone()], now()).unwrap(), delivered);
    }

    #[test]
    fn a_valid_certificate_comes_before_ended_ones() {
        let valid = row(Status::Delivered);
        let mut ended = row(Status::Delivered);
        ended = ended.altered(|row| row.not_after = Some(now() - Duration::DAY));
        assert_eq!(choose("x", vec![ended.clone(), valid.clone()], now()).unwrap(), valid);
        assert_eq!(choose("x", vec![ended.clone()], now()).unwrap(), ended);
    }

    #[test]
    fn several_certificates_are_listed_in_one_line() {
        let rows: Vec<Request> = (0..7).map(|_| row(Status::Delivered)).collect();
        let listed = choose("www.example.com", rows[..2].to_vec(), now()).unwrap_err().to_string();
        assert!(listed.starts_with("\"www.example.com\" means 2 certificates: "), "{listed}");
        for row in &rows[..2] {
            assert!(listed.contains(&row.serial().unwrap().to_string()), "{listed}");
        }
        let listed = choose("www.example.com", rows, now()).unwrap_err().to_string();
        assert!(listed.contains("), and 2 more. Name one"), "{listed}");
        assert!(!listed.contains('\n'), "{listed}");
    }

    #[test]
    fn a_text_without_a_certificate_says_so() {
        let nothing = choose("nothing", Vec::new(), now()).unwrap_err().to_string();
        assert!(nothing.starts_with("there is no certificate \"nothing\""), "{nothing}");
        let pending = row(Status::PendingApproval);
        let without = choose("x", vec![pending.clone()], now()).unwrap_err().to_string();
        assert!(
            without.starts_with(&format!("the request {} has no certificate: it is pending", pending.id()))
        );
    }
}
