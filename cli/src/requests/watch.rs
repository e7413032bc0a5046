//! `requests watch`: prints the changes of a request until it ends.
//!
//! Invariant: reads only.

use std::time::Duration;

use tokio::time::Instant;
use workflow::ids::RequestId;
use workflow::request::{Request, Status};
use workflow::timestamp::rfc3339;

use crate::error::CliError;
use crate::request_rows::find;
use crate::stack::Stack;

/// Interval of reading the row: DynamoDB tells nobody of a change.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Runs the command. Fails if the request ends without what it asked for, or has not ended in time.
pub(super) async fn run(stack: &Stack, id: RequestId, timeout: Option<u32>) -> Result<(), CliError> {
    let end = timeout.map(|seconds| Instant::now() + Duration::from_secs(seconds.into()));
    let mut shown = 0;
    loop {
        let row = find(stack, id).await?;
        let lines = lines(&row);
        for line in lines.iter().skip(shown) {
            println!("{line}");
        }
        shown = lines.len();
        if row.status().is_terminal() {
            return verdict(&row);
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return Err(CliError::new(
                format!("the request {id} is still {}", row.shown_status()),
                format!("See what it waits for with: countersign requests show {id}."),
            ));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// One line for each status that the request entered.
fn lines(row: &Request) -> Vec<String> {
    row.shown_history().iter().map(|entry| format!("{}  {}", rfc3339(entry.at), entry.status)).collect()
}

/// The end of a request as the result of the command.
fn verdict(row: &Request) -> Result<(), CliError> {
    match row.shown_status() {
        Status::Delivered | Status::Revoked => Ok(()),
        status => Err(CliError::new(
            format!("the request {} is {status}", row.id()),
            format!("See why with: countersign requests show {}.", row.id()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use workflow::testing::InMemoryBackend;

    use super::*;

    #[test]
    fn only_a_request_that_got_what_it_asked_for_ends_well() {
        let backend = InMemoryBackend::new();
        let csr = test_pki::csr(&["www.example.com"]);
        for status in Status::ALL.into_iter().filter(|status| status.is_terminal()) {
            let ended = verdict(&backend.unsaved_request(&csr, status));
            assert_eq!(ended.is_ok(), status.has_certificate(), "{status}: {ended:?}");
        }
    }

    #[test]
    fn each_status_is_a_line() {
        let backend = InMemoryBackend::new();
        let row = backend.request(backend.request_at(Status::Delivered)).unwrap();
        let lines = lines(&row);
        assert_eq!(lines.len(), row.history().len());
        assert!(lines.last().unwrap().ends_with("Z  delivered"), "{lines:?}");
    }
}
