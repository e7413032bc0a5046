//! `certificates list` and `certificates expiring`.

use std::time::Duration;

use pki::issuer::Issuer;
use time::OffsetDateTime;
use workflow::ids::IssuerId;
use workflow::request::{Request, Status};
use workflow::store::object_key::ObjectKey;
use workflow::timestamp::rfc3339;

use super::find::WITH_CERTIFICATE;
use crate::error::CliError;
use crate::output::{Cell, Document, OutputOptions, Tone};
use crate::progress::say;
use crate::request_rows::{FoundRows, Selection, SelectionOptions};
use crate::stack::Stack;

/// The statuses of requests whose certificate is valid until its end.
const VALID: [Status; 2] = [Status::Issued, Status::Delivered];

/// The order of `certificates list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Order {
    /// Newest first
    Newest,
    /// Valid certificates only, the first to end first
    End,
}

/// Runs `certificates list`.
pub(super) async fn list(
    stack: &Stack,
    by: Order,
    options: &SelectionOptions,
    limit: usize,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let found = match by {
        Order::Newest => Selection::signed(options, &WITH_CERTIFICATE).newest(stack, limit).await?,
        Order::End => Selection::signed(options, &VALID).ending(stack, None, limit).await?,
    };
    print(found, output, "No certificates.")
}

/// Runs `certificates expiring`.
pub(super) async fn expiring(
    stack: &Stack,
    within: Duration,
    options: &SelectionOptions,
    limit: usize,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let hours = within.as_secs() / 3600;
    let time = if hours.is_multiple_of(24) { format!("{}d", hours / 24) } else { format!("{hours}h") };
    let length = time::Duration::try_from(within).unwrap_or(time::Duration::MAX);
    let until = OffsetDateTime::now_utc().checked_add(length);
    let found = Selection::signed(options, &VALID).ending(stack, until, limit).await?;
    print(found, output, &format!("No valid certificate ends within {time}."))?;
    // Beside the list, which has issued certificates only.
    if let Some(ca) = stack.object(&ObjectKey::IssuerInForce(IssuerId::DEFAULT).to_string()).await?
        && let Some(said) = ending_ca(&ca, within, OffsetDateTime::now_utc())
    {
        say(said);
    }
    Ok(())
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

fn print(found: FoundRows, output: &OutputOptions, none: &str) -> Result<(), CliError> {
    let now = OffsetDateTime::now_utc();
    let cells = found.rows.iter().map(|row| cells(row, now)).collect();
    let headings = ["SERIAL", "STATUS", "ENDS", "LEFT", "REQUESTER", "PROFILE", "NAMES"];
    output.print(&Document::list(&headings, cells, none), &found.rows)?;
    found.end()
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

/// The state of a certificate in one word.
pub(crate) fn state(row: &Request, now: OffsetDateTime) -> &'static str {
    match row.status() {
        Status::Revoked => "revoked",
        _ if row.not_after().is_some_and(|end| end <= now) => "ended",
        _ => "valid",
    }
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
}
