//! `certificates list` and `certificates expiring`.

use std::time::Duration;

use pki::issuer::Issuer;
use time::OffsetDateTime;
use workflow::aws::DynamoRequests;
use workflow::ids::IssuerId;
use workflow::name_list::names_in_short;
use workflow::ports::Requests as _;
use workflow::request::{Request, Status};
use workflow::store::object_key::ObjectKey;
use workflow::texts::Language;

use super::find::WITH_CERTIFICATE;
use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::progress::say;
use crate::requests::{instant, of_status, print_json};
use crate::stack::Stack;
use crate::table;

/// The longest `--within`, in days.
const MAX_WITHIN_DAYS: u64 = 36_500;
/// Characters of a serial number in a list: enough for `certificates show`.
const SHORT_SERIAL: usize = 12;

/// The order of `certificates list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Order {
    /// Newest first
    Newest,
    /// Valid certificates only, the first to end first
    End,
}

/// Reads a length of time: hours or days.
pub(super) fn within(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time; write hours or days, as in 12h or 30d");
    let (number, hours) = match text.strip_suffix('d') {
        Some(days) => (days, 24),
        None => (text.strip_suffix('h').ok_or_else(wrong)?, 1),
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = Some(number).filter(|_| digits).and_then(|number| number.parse::<u64>().ok());
    let hours = number.and_then(|number| number.checked_mul(hours)).ok_or_else(wrong)?;
    if (1..=MAX_WITHIN_DAYS * 24).contains(&hours) {
        Ok(Duration::from_secs(hours * 3600))
    } else {
        Err(format!("{text} is out of range; write 1h to {MAX_WITHIN_DAYS}d"))
    }
}

/// Runs `certificates list`.
pub(super) async fn list(stack: &Stack, by: Order, limit: u32, json: bool) -> Result<(), CliError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let rows = match by {
        Order::Newest => newest(stack, limit).await?,
        Order::End => ending(stack, None, limit).await?,
    };
    print(rows, json, "No certificates.")
}

/// Runs `certificates expiring`.
pub(super) async fn expiring(
    stack: &Stack,
    within: Duration,
    limit: u32,
    json: bool,
) -> Result<(), CliError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let hours = within.as_secs() / 3600;
    let time = if hours.is_multiple_of(24) { format!("{}d", hours / 24) } else { format!("{hours}h") };
    let rows = ending(stack, Some(within), limit).await?;
    print(rows, json, &format!("No valid certificate ends within {time}."))?;
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
            instant(end)
        )
    })
}

/// The certificates of the newest requests.
async fn newest(stack: &Stack, limit: usize) -> Result<Vec<Request>, CliError> {
    let mut rows = Vec::new();
    for status in WITH_CERTIFICATE {
        for (id, row) in of_status(stack, status, limit).await? {
            rows.push(row.map_err(|why| {
                CliError::new(format!("the row of {id} cannot be read: {why}"), ROW_OF_ANOTHER_VERSION)
            })?);
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.signed_date()));
    rows.truncate(limit);
    Ok(rows)
}

/// The valid certificates that end within a time, the first to end first.
async fn ending(stack: &Stack, within: Option<Duration>, limit: usize) -> Result<Vec<Request>, CliError> {
    let unreadable = || format!("cannot read the table {}", stack.requests_table);
    let now = OffsetDateTime::now_utc();
    let within = within.unwrap_or(Duration::from_secs(MAX_WITHIN_DAYS * 86_400));
    // The index has texts, which sort by time up to the year 9999.
    let until =
        now.checked_add(within.try_into().unwrap_or(time::Duration::MAX)).filter(|at| at.year() < 9999);
    let until = until.unwrap_or(time::macros::datetime!(9999-12-31 23:59:59 UTC));
    let requests = DynamoRequests::new(&stack.sdk, &stack.requests_table, &stack.audit_table);
    let mut ends = Vec::new();
    for status in [Status::Issued, Status::Delivered] {
        ends.extend(requests.ending(status, now, until, limit).await.or_fail(unreadable, "")?);
    }
    ends.sort_by_key(|end| end.not_after);
    ends.truncate(limit);
    let ids: Vec<_> = ends.into_iter().map(|end| end.id).collect();
    let mut rows = requests.find_all(&ids).await.or_fail(unreadable, "Try again.")?;
    rows.sort_by_key(|row| (row.not_after(), row.id()));
    Ok(rows)
}

fn print(rows: Vec<Request>, json: bool, none: &str) -> Result<(), CliError> {
    if json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        println!("{none}");
        return Ok(());
    }
    let now = OffsetDateTime::now_utc();
    let cells: Vec<Vec<String>> = rows.iter().map(|row| cells(row, now)).collect();
    let headings = ["SERIAL", "STATUS", "ENDS", "LEFT", "REQUESTER", "PROFILE", "NAMES"];
    print!("{}", table::aligned(&headings, &cells));
    Ok(())
}

fn cells(row: &Request, now: OffsetDateTime) -> Vec<String> {
    let serial = row.serial().map(ToString::to_string).unwrap_or_default();
    vec![
        serial.chars().take(SHORT_SERIAL).collect(),
        state(row, now).to_owned(),
        row.not_after().map(instant).unwrap_or_default(),
        row.not_after().map(|end| left(end, now)).unwrap_or_default(),
        row.email().to_string(),
        row.profile().to_owned(),
        names_in_short(Language::English, row.names()),
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
    fn a_time_is_hours_or_days() {
        let hours = |text: &str| within(text).map(|time| time.as_secs() / 3600);
        assert_eq!([hours("1h"), hours("48h"), hours("30d")], [Ok(1), Ok(48), Ok(720)]);
        assert_eq!(hours("36500d"), Ok(876_000));
        for bad in ["", "d", "30", "-1d", "+1d", "1.5d", "30 d", "2w"] {
            assert!(within(bad).unwrap_err().contains("is no length of time"), "{bad}");
        }
        for bad in ["0d", "0h", "36501d"] {
            assert!(within(bad).unwrap_err().contains("is out of range"), "{bad}");
        }
    }

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
        assert_eq!((cells[0].len(), cells[6].as_str()), (SHORT_SERIAL, "www.example.com"));
        assert!(row.serial().unwrap().to_string().starts_with(&cells[0]));
    }
}
