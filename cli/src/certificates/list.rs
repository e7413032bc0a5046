//! `certificates list` and `certificates expiring`.

use std::time::Duration;

use pki::issuer::Issuer;
use serde::Serialize;
use time::OffsetDateTime;
use workflow::aws::{AwsIssuers, DynamoNames, DynamoRequests};
use workflow::ids::IssuerId;
use workflow::request::Request;
use workflow::store::CertificateState;
use workflow::store::object_key::ObjectKey;
use workflow::timestamp::rfc3339;

use super::cursor::ListCursor;
use super::find::WITH_CERTIFICATE;
use super::listing::{self, CertificateQuery};
use super::options::{CertificateListOptions, ExpiringOptions};
use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, OutputOptions, Tone, listed_until};
use crate::progress::say;
use crate::request_rows::{self, Selection, SelectionOptions};
use crate::stack::Stack;

/// The JSON of a list: a contract with the programs that read it.
#[derive(Serialize)]
struct CertificatePage<'a> {
    certificates: &'a [Request],
    /// Where the list goes on; `None` at its end.
    next: Option<String>,
}

/// Runs `certificates list`.
pub(super) async fn list(
    stack: &Stack,
    options: &CertificateListOptions,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let now = OffsetDateTime::now_utc();
    let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
    let issuers = AwsIssuers::without_keys(&stack.sdk, &stack.bucket);
    let Some(query) = CertificateQuery::of(options, &issuers, now).await? else {
        return newest(stack, options, limit, output).await;
    };
    let names = DynamoNames::new(&stack.sdk, &stack.names_table);
    let requests = DynamoRequests::new(&stack.sdk, &stack.requests_table, &stack.audit_table);
    let page = query.page(&names, &requests, limit, now).await;
    let page = page.or_fail(|| "cannot list the certificates".to_owned(), "Try again.")?;
    print(&page.rows, page.next.map(ListCursor::Entry).as_ref(), &none(options), output)
}

/// The newest certificates, from the index of requests by their status.
async fn newest(
    stack: &Stack,
    options: &CertificateListOptions,
    limit: usize,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let since = SelectionOptions::since(options.since);
    let mut selection = Selection::signed(&since, &WITH_CERTIFICATE);
    if let Some(cursor) = &options.after {
        selection = selection.after(&request_rows::find(stack, listing::request(cursor)?).await?);
    }
    let found = selection.newest(stack, limit).await?;
    print(&found.rows, found.next().map(ListCursor::Request).as_ref(), &none(options), output)?;
    found.readable()
}

/// Runs `certificates expiring`.
pub(super) async fn expiring(
    stack: &Stack,
    options: ExpiringOptions,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let options = CertificateListOptions::from(options);
    list(stack, &options, output).await?;
    // Beside the list, which has issued certificates only.
    if let Some(within) = options.expiring
        && let Some(ca) = stack.object(&ObjectKey::IssuerInForce(IssuerId::DEFAULT).to_string()).await?
        && let Some(said) = ending_ca(&ca, within, OffsetDateTime::now_utc())
    {
        say(said);
    }
    Ok(())
}

/// What an empty list says to people.
fn none(options: &CertificateListOptions) -> String {
    match options.expiring {
        Some(within) => {
            let hours = within.as_secs() / 3600;
            let time =
                if hours.is_multiple_of(24) { format!("{}d", hours / 24) } else { format!("{hours}h") };
            format!("No valid certificate ends within {time}.")
        }
        None => "No certificates.".to_owned(),
    }
}

/// A sentence about the CA if a certificate of its chain ends within a time.
fn ending_ca(pem: &str, within: Duration, now: OffsetDateTime) -> Option<String> {
    let issuer = Issuer::from_pem(pem).ok()?;
    let end = issuer.not_after();
    (end - now <= within).then(|| {
        let ends = if end <= now { "has ended" } else { "ends" };
        let left = left(end, now);
        let left = if left.is_empty() { left } else { format!(", in {left}") };
        format!(
            "The CA certificate {} {ends} at {}{left}, and no certificate outlasts it. See: countersign ca show",
            issuer.ends_first(),
            rfc3339(end)
        )
    })
}

fn print(
    rows: &[Request],
    next: Option<&ListCursor>,
    none: &str,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let next = next.map(ToString::to_string);
    let none = if next.is_some() { "None so far." } else { none };
    let page = CertificatePage { certificates: rows, next: next.clone() };
    output.print(&document(rows, none, OffsetDateTime::now_utc()), &page)?;
    if let Some(next) = next {
        listed_until(rows.len(), &next);
    }
    Ok(())
}

fn document(rows: &[Request], none: &str, now: OffsetDateTime) -> Document {
    let headings = ["SERIAL", "STATUS", "ENDS", "LEFT", "REQUESTER", "PROFILE", "NAMES"];
    Document::list(&headings, rows.iter().map(|row| cells(row, now)).collect(), none)
}

fn cells(row: &Request, now: OffsetDateTime) -> Vec<Cell> {
    let state = state(row, now);
    vec![
        Cell::serial(row.serial()),
        Cell::state(state, state_tone(state)),
        Cell::day(row.not_after()),
        Cell::text(row.not_after().map(|end| left(end, now)).unwrap_or_default()),
        Cell::text(row.email().as_str()),
        Cell::text(row.profile()),
        Cell::names(row.names()),
    ]
}

/// The state of the certificate of a row in one word.
pub(crate) fn state(row: &Request, now: OffsetDateTime) -> &'static str {
    CertificateState::of(row, now).map_or("none", CertificateState::as_str)
}

/// What the state of a certificate means to an operator.
pub(crate) fn state_tone(state: &str) -> Tone {
    if state == "valid" { Tone::Good } else { Tone::Over }
}

/// The time left until the end: days, or hours of the last two days; nothing after the end.
pub(crate) fn left(end: OffsetDateTime, now: OffsetDateTime) -> String {
    match end - now {
        left if left <= time::Duration::ZERO => String::new(),
        left if left < time::Duration::days(2) => format!("{} h", left.whole_hours()),
        left => format!("{} d", left.whole_days()),
    }
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use workflow::ports::Clock as _;
    use workflow::request::Status;
    use workflow::testing::InMemoryBackend;

    use super::*;

    #[test]
    fn the_end_of_the_root_is_the_end_of_the_ca() {
        use pki::testing::{CaMaker, TestKey};
        let now = OffsetDateTime::now_utc();
        let days = time::Duration::days;
        let maker = |name| CaMaker::new(TestKey::EcP256).named(name);
        let root = maker("Root").valid(now - days(9), now + days(20) + time::Duration::HOUR);
        let ca = root.issuing(maker("Issuing").valid(now - days(9), now + days(900)));
        let said = |within: u64, at| ending_ca(&ca.certificate_pem, Duration::from_secs(within * 86_400), at);
        assert_eq!(said(20, now), None);
        let soon = said(21, now).unwrap();
        assert!(soon.contains("Root ends at ") && soon.contains(", in 20 d, and no certificate"), "{soon}");
        let ended = said(21, now + days(21)).unwrap();
        assert!(ended.contains("Root has ended at ") && !ended.contains(", in"), "{ended}");
    }

    #[test]
    fn a_certificate_is_valid_until_its_end() {
        let backend = InMemoryBackend::new();
        let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Delivered);
        let end = row.not_after().unwrap();
        let second = time::Duration::SECOND;
        assert_eq!([state(&row, end - second), state(&row, end)], ["valid", "ended"]);
        assert_eq!(left(end, end - time::Duration::days(12)), "12 d");
        assert_eq!([left(end, end - time::Duration::hours(47)), left(end, end)], ["47 h", ""]);
        let cells = cells(&row, backend.now());
        assert_eq!(cells[0], Cell::serial(row.serial()));
        assert_eq!(cells[1], Cell::state("valid", Tone::Good));
        assert_eq!(cells[6], Cell::names(row.names()));
    }

    #[test]
    fn names_of_people_are_no_formulas_in_a_spreadsheet() {
        let backend = InMemoryBackend::new();
        let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Delivered);
        for hostile in
            ["=1+1@example.com", "+1@example.com", "-1@example.com", "@example.com", "\t=1", "\r=1"]
        {
            let row = row.clone().altered(|row| {
                row.names = vec![hostile.to_owned(), "a,b\"c".to_owned()];
                row.profile = hostile.to_owned();
            });
            let csv = document(&[row], "", backend.now()).csv();
            let shown = hostile.replace(char::is_control, " ");
            let line = csv.lines().nth(1).unwrap();
            let (before, names) = line.split_once(",\"").unwrap_or_else(|| panic!("{csv}"));
            assert!(before.ends_with(&format!(",'{shown}")), "{csv}");
            assert_eq!(names, format!("'{shown} a,b\"\"c\""), "{csv}");
            assert_eq!(csv.lines().count(), 2, "{csv}");
        }
    }

    #[test]
    fn the_json_of_a_list_has_its_certificates_and_where_it_goes_on() {
        let backend = InMemoryBackend::new();
        let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Delivered);
        let page = |next: Option<&str>| {
            let rows = [row.clone()];
            let page = CertificatePage { certificates: &rows, next: next.map(str::to_owned) };
            serde_json::to_value(page).unwrap()
        };
        assert_eq!(page(Some("x")), serde_json::json!({ "certificates": [row], "next": "x" }));
        assert!(page(None)["next"].is_null() && page(None).as_object().unwrap().contains_key("next"));
    }
}
