//! `certificates revoke`: an operator revokes a certificate.
//!
//! Invariant: goes the way of every revocation: it is accepted in the row, and the state machine does the rest. If the
//! command ends in between, housekeeping starts the execution.

use std::time::Duration;

use pki::crl::RevocationReason;
use time::OffsetDateTime;
use tokio::time::Instant;
use workflow::aws::{DynamoRequests, StepFunctions};
use workflow::certificate::revoking::{RevocationError, RevocationIntake};
use workflow::name_list::names_in_short;
use workflow::policy::RevocationRules;
use workflow::ports::SystemClock;
use workflow::request::audit::Origin;
use workflow::request::input::unfit_text;
use workflow::request::{Request, RevocationOrder};
use workflow::texts::Language;
use workflow::timestamp::rfc3339;

use crate::confirm::confirmed;
use crate::error::CliError;
use crate::progress::ProgressStep;
use crate::request_rows::find;
use crate::revocation_reason::one_of;
use crate::stack::{Stack, whoami};

/// How long the command waits for the list. Workers need some seconds, and minutes if a call is retried.
const WAIT: Duration = Duration::from_secs(120);
/// Interval of reading the row: DynamoDB tells nobody of a change.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// Reads a reason.
pub(super) fn reason(text: &str) -> Result<RevocationReason, String> {
    one_of(&RevocationRules::OPERATOR, text)
}

/// Runs `certificates revoke`.
pub(super) async fn revoke(
    stack: &Stack,
    row: &Request,
    order: RevocationOrder,
    yes: bool,
) -> Result<(), CliError> {
    let serial = row.serial().map(ToString::to_string).unwrap_or_default();
    if let Some(revocation) = row.revocation() {
        let at = rfc3339(revocation.revoked_at.unwrap_or(revocation.accepted_at));
        println!("{serial} is revoked already: {at}, {}. Nothing was changed.", revocation.reason);
        return Ok(());
    }
    if let Some(finding) = order.comment.as_deref().and_then(|text| unfit_text("--comment", text)) {
        return Err(CliError::new(finding.detail, finding.advice));
    }
    let names = names_in_short(Language::English, row.names());
    let until = row.not_after().map(rfc3339).unwrap_or_default();
    confirmed(
        &format!("Revoke {serial} ({names}, of {}, valid until {until})? It can't be undone.", row.email()),
        yes,
    )?;
    let requests = DynamoRequests::new(&stack.sdk, &stack.requests_table, &stack.audit_table);
    let executions = StepFunctions::new(&stack.sdk, &stack.revocation_state_machine_arn);
    let intake = RevocationIntake { requests: &requests, executions: &executions, clock: &SystemClock };
    let step = ProgressStep::begin(format!("Revoking {serial}"));
    let accepted = intake.revoke(row, &order, &RevocationRules::OPERATOR, &Origin::operator(&whoami())).await;
    accepted.map_err(refused)?;
    let row = wait(stack, row).await?;
    step.done("");
    println!("{}", outcome(&serial, &row));
    Ok(())
}

/// Waits until a list has the certificate; returns the row as it is after [`WAIT`].
async fn wait(stack: &Stack, row: &Request) -> Result<Request, CliError> {
    let end = Instant::now() + WAIT;
    loop {
        let row = find(stack, row.id()).await?;
        let listed = row.revocation().is_some_and(|revocation| revocation.listed_at.is_some());
        if listed || Instant::now() >= end {
            return Ok(row);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn outcome(serial: &str, row: &Request) -> String {
    let at = |time: Option<OffsetDateTime>| time.map(rfc3339).unwrap_or_default();
    match row.revocation() {
        Some(it) if it.is_without_list() => format!(
            "{serial} is revoked since {}. No list will have it: its CA certificate lacks cRLSign. Have it removed from its servers, because clients cannot see that it is revoked.",
            at(it.revoked_at)
        ),
        Some(it) if it.listed_at.is_some() => {
            format!(
                "{serial} is revoked since {}, and on the list since {}.",
                at(it.revoked_at),
                at(it.listed_at)
            )
        }
        Some(it) if it.revoked_at.is_some() => format!(
            "{serial} is revoked since {}. No list has it yet: see the execution {}.",
            at(it.revoked_at),
            it.execution_arn
        ),
        Some(it) => {
            format!(
                "The revocation of {serial} is accepted and goes on: see the execution {}.",
                it.execution_arn
            )
        }
        None => format!("{serial} is not revoked."),
    }
}

fn refused(error: RevocationError) -> CliError {
    let advice = match &error {
        RevocationError::NoCertificate(_) => "List certificates with: countersign certificates list.",
        RevocationError::Ended(_) => "Nobody accepts it any more, so nothing has to be done.",
        RevocationError::NotAllowed(_) => "Give another reason.",
        RevocationError::Port(_) => "Try again: a repetition changes nothing.",
    };
    CliError::new(error.to_string(), advice)
}

#[cfg(test)]
mod tests {
    use workflow::testing::InMemoryBackend;

    use super::*;

    #[test]
    fn reasons_are_read_in_any_case_and_a_hold_is_none() {
        assert_eq!(reason("keycompromise"), Ok(RevocationReason::KeyCompromise));
        for wrong in ["certificateHold", "", "1", "key"] {
            assert!(reason(wrong).unwrap_err().contains("keyCompromise"), "{wrong}");
        }
    }

    #[test]
    fn the_outcome_says_how_far_it_is() {
        let backend = InMemoryBackend::new();
        let id = backend.accepted_revocation(RevocationReason::Superseded);
        let mut row = backend.request(id).unwrap();
        let now = row.signed_date().unwrap();
        assert!(outcome("0a", &row).contains("is accepted and goes on"));
        row.revoked("00ff", now).unwrap();
        assert!(outcome("0a", &row).contains("No list has it yet"));
        row.revocation_listed(7, now).unwrap();
        assert!(outcome("0a", &row).contains("and on the list since"));
    }

    #[test]
    fn the_outcome_says_that_no_list_will_have_it() {
        let backend = InMemoryBackend::new();
        let id = backend.revoked_request(RevocationReason::Superseded);
        let mut row = backend.request(id).unwrap();
        row.revocation_listed(0, row.signed_date().unwrap()).unwrap();
        assert!(outcome("0a", &row).contains("No list will have it: its CA certificate lacks cRLSign"));
    }
}
