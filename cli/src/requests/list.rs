//! `requests list`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use workflow::request::{Request, Status};

use crate::error::CliError;
use crate::output::{Cell, Document, OutputOptions, status_tone};
use crate::request_rows::{Selection, SelectionOptions};
use crate::stack::Stack;

/// Reads a status.
pub(super) fn statuses() -> impl TypedValueParser<Value = Status> {
    PossibleValuesParser::new(Status::ALL.map(Status::as_str)).try_map(|text| text.parse::<Status>())
}

/// Runs the command.
pub(super) async fn run(
    stack: &Stack,
    status: Option<Status>,
    options: &SelectionOptions,
    limit: usize,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let one = status.map(|status| [status]);
    let statuses: &[Status] = match &one {
        Some(one) => one,
        None => &Status::ALL,
    };
    let found = Selection::of(options, statuses).newest(stack, limit).await?;
    let none = match status {
        Some(status) => format!("No requests with the status {status}."),
        None => "No requests.".to_owned(),
    };
    let headings = ["ID", "STATUS", "SUBMITTED", "REQUESTER", "PROFILE", "NAMES"];
    let document = Document::list(&headings, found.rows.iter().map(cells).collect(), &none);
    output.print(&document, &found.rows)?;
    found.end()
}

fn cells(row: &Request) -> Vec<Cell> {
    let status = row.shown_status();
    vec![
        Cell::id(row.id()),
        Cell::state(status.as_str(), status_tone(status)),
        Cell::since(row.registration_date()),
        Cell::text(row.email().as_str()),
        Cell::text(row.profile()),
        Cell::names(&row.known_names()),
    ]
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use workflow::testing::InMemoryBackend;

    use super::*;

    fn row(names: &[&str], status: Status) -> Request {
        InMemoryBackend::new().unsaved_request(&test_pki::csr(names), status)
    }

    #[test]
    fn a_withdrawn_request_is_withdrawn_in_the_list() {
        let withdrawn = row(&["www.example.com"], Status::Withdrawn);
        let of_version_1 = withdrawn.clone().altered(|row| row.status = Status::Rejected);
        for row in [withdrawn, of_version_1] {
            assert_eq!(cells(&row)[1], Cell::state("withdrawn", status_tone(Status::Withdrawn)));
        }
        let rejected = row(&["www.example.com"], Status::Rejected);
        assert_eq!(cells(&rejected)[1], Cell::state("rejected", status_tone(Status::Rejected)));
    }

    #[test]
    fn many_names_are_one_cell_for_people_and_all_of_them_for_programs() {
        let owned: Vec<String> = (0..100).map(|n| format!("host-{n}.example.com")).collect();
        let many: Vec<&str> = owned.iter().map(String::as_str).collect();
        let pending = row(&many, Status::PendingApproval);
        assert_eq!(cells(&pending)[5], Cell::in_short(owned.join(" "), "host-0.example.com and 99 more"));
        assert_eq!(cells(&row(&many, Status::Submitted))[5], Cell::text(""));
    }
}
