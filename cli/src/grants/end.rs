//! `grants end`: an operator ends a standing approval, and revokes what was issued under it if asked to.
//!
//! Invariant: the end comes first, so no certificate is signed after those that are revoked were listed, except one that was being
//! signed at that moment: the command says so. A command that was interrupted is repeated, and goes on.

use pki::crl::RevocationReason;
use time::OffsetDateTime;
use workflow::approval::standing::StandingApproval;
use workflow::aws::{DynamoStandingEnds, StepFunctions};
use workflow::certificate::revoking::{RevocationIntake, RevokedUnder};
use workflow::name_list::names_in_short;
use workflow::ports::SystemClock;
use workflow::request::RevocationOrder;
use workflow::request::audit::Origin;
use workflow::request::input::unfit_text;
use workflow::store::{StandingEnding, UpdateError, end_standing};
use workflow::texts::Language;
use workflow::timestamp::rfc3339;

use super::{requests_table, table};
use crate::confirm::confirmed;
use crate::error::CliError;
use crate::progress::ProgressStep;
use crate::stack::{Stack, whoami};
use crate::wording::count;

const REVOKED_AS: RevocationReason = RevocationReason::CessationOfOperation;

/// Runs `grants end`.
pub(super) async fn end(
    stack: &Stack,
    approval: &StandingApproval,
    reason: &str,
    revoke: bool,
    yes: bool,
) -> Result<(), CliError> {
    let reason = checked(reason)?;
    let id = approval.id();
    if approval.ended().is_none() || revoke {
        confirmed(&question(approval, revoke), yes)?;
    }
    let requests = requests_table(stack);
    let (standing, by) = (table(stack), Origin::operator(&whoami()));
    let writer =
        DynamoStandingEnds::new(&stack.sdk, &stack.grants_table, &stack.requests_table, &stack.audit_table);
    let ports = StandingEnding { standing: &standing, requests: &requests, writer: &writer };
    let ended = end_standing(ports, id, &by, reason, OffsetDateTime::now_utc()).await.map_err(|error| {
        let advice = match &error {
            UpdateError::Missing(_) => "The row of its request is missing: see countersign audit verify.",
            UpdateError::Rejected(_) => "See what the id belongs to with: countersign requests show ID.",
            UpdateError::Port(_) => "Try again: a repetition changes nothing.",
        };
        CliError::new(error.to_string(), advice)
    })?;
    println!("{}", outcome(&ended, approval.ended().is_some()));
    if !revoke {
        return Ok(());
    }
    let executions = StepFunctions::new(&stack.sdk, &stack.revocation_state_machine_arn);
    let intake = RevocationIntake { requests: &requests, executions: &executions, clock: &SystemClock };
    let order = RevocationOrder { reason: REVOKED_AS, comment: Some(reason.to_owned()) };
    let step = ProgressStep::begin("Revoking what was issued under it".to_owned());
    let under = intake.revoke_under(&standing, id, &order, &[REVOKED_AS], &by).await;
    let under = under.map_err(|error| {
        CliError::new(error.to_string(), "Repeat the command: it goes on with those that are left.")
    })?;
    step.done("");
    under.revoked.iter().for_each(|request| println!("Revoked the certificate of request {request}."));
    println!("{}", revoked(&under));
    match under.pending.as_slice() {
        [] => Ok(()),
        pending => Err(being_signed(&pending.iter().map(ToString::to_string).collect::<Vec<_>>())),
    }
}

/// The reason without spaces around it.
fn checked(reason: &str) -> Result<&str, CliError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(CliError::new("--reason is empty", "Say why: it is kept with the end."));
    }
    match unfit_text("--reason", reason) {
        Some(finding) => Err(CliError::new(finding.detail, finding.advice)),
        None => Ok(reason),
    }
}

fn question(approval: &StandingApproval, revoke: bool) -> String {
    let names = names_in_short(Language::English, &approval.terms().names_as_text());
    let about = format!("{} ({names}, of {})", approval.id(), approval.requester());
    let under = count(usize::try_from(approval.used()).unwrap_or(usize::MAX), "certificate");
    match revoke {
        true => format!(
            "End the standing approval {about} and revoke what was issued under it, {under}? It can't be undone."
        ),
        false => format!(
            "End the standing approval {about}? It can't be undone. What was issued under it stays valid: {under}."
        ),
    }
}

fn outcome(ended: &StandingApproval, before: bool) -> String {
    let id = ended.id();
    match ended.ended() {
        Some(end) if before => {
            format!("{id} was ended already: {}, by {}: {}", rfc3339(end.at), end.by, end.reason)
        }
        Some(end) => format!("{id} ended at {}. Nothing more is signed under it.", rfc3339(end.at)),
        None => format!("{id} has not ended."),
    }
}

fn revoked(under: &RevokedUnder) -> String {
    let RevokedUnder { revoked, revoked_before, ended, without_certificate, .. } = under;
    let others: Vec<String> = [
        (*revoked_before, "revoked before"),
        (*ended, "ended by themselves"),
        (*without_certificate, "requests without a certificate"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} {what}"))
    .collect();
    let others = if others.is_empty() { String::new() } else { format!(" Others: {}.", others.join(", ")) };
    let lists = if revoked.is_empty() { "" } else { " The lists have them within a minute." };
    format!("{} revoked.{lists}{others}", count(revoked.len(), "certificate"))
}

/// The error for requests that were counted before the end, and have no certificate yet.
fn being_signed(requests: &[String]) -> CliError {
    CliError::new(
        format!("not signed yet, or being signed: {}", requests.join(", ")),
        "Repeat the command in a minute: it revokes what was signed meanwhile.",
    )
}

#[cfg(test)]
mod tests {
    use workflow::ids::RequestId;
    use workflow::ports::Clock as _;
    use workflow::request::audit::Actor;
    use workflow::testing::InMemoryBackend;
    use workflow::testing::fixtures::standing_policy;

    use super::*;

    fn approval() -> StandingApproval {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let terms = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":5}"#;
        let mut approval = backend.standing_approval(terms);
        approval.count(RequestId::random(), &backend.policy(), backend.now()).unwrap();
        approval
    }

    #[test]
    fn a_reason_is_needed_and_harmless() {
        assert_eq!(checked("  The shop closes. ").unwrap(), "The shop closes.");
        for wrong in ["", "  ", "a\u{1b}[2J", &"x".repeat(5_000)] {
            assert!(checked(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_question_says_what_becomes_of_the_certificates() {
        let approval = approval();
        assert!(question(&approval, false).ends_with("What was issued under it stays valid: 1 certificate."));
        assert!(question(&approval, true).contains("and revoke what was issued under it, 1 certificate?"));
    }

    #[test]
    fn the_outcome_names_the_first_end() {
        let mut approval = approval();
        approval.end(&Actor::operator("olivia"), "Over.", approval.from());
        assert!(outcome(&approval, false).ends_with("Nothing more is signed under it."));
        assert!(
            outcome(&approval, true)
                .ends_with("was ended already: 2026-01-01T12:00:00Z, by operator:olivia: Over.")
        );
    }

    #[test]
    fn what_was_revoked_is_counted_with_all_others() {
        let none = RevokedUnder::default();
        assert_eq!(revoked(&none), "0 certificates revoked.");
        let some = RevokedUnder {
            revoked: vec![RequestId::random()],
            revoked_before: 2,
            ended: 3,
            pending: Vec::new(),
            without_certificate: 4,
        };
        assert_eq!(
            revoked(&some),
            "1 certificate revoked. The lists have them within a minute. Others: 2 revoked before, 3 ended by themselves, 4 requests without a certificate."
        );
    }
}
