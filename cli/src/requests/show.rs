//! `requests show`: one request in sections, for an operator.

use std::collections::BTreeMap;

use workflow::decision::Vote;
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::name_list::NameList;
use workflow::request::{HistoryEntry, Operation, OperationRecord, Request, Status};
use workflow::texts::{Language, Message};
use workflow::timestamp::rfc3339;

use crate::approval_row;
use crate::error::CliError;
use crate::output::{Cell, Document, FactSheet, OutputOptions, status_tone};
use crate::request_rows::find;
use crate::stack::Stack;
use crate::step::{self, StepFact};
use crate::votes::votes_as_facts;

/// Runs the command.
pub(super) async fn run(stack: &Stack, id: RequestId, output: &OutputOptions) -> Result<(), CliError> {
    let row = find(stack, id).await?;
    if output.is_json() {
        return output.print(&Document::new(), &row);
    }
    let step = step::facts(stack, &row).await;
    let votes = match row.decision() {
        Some(decision) => Ok(decision.votes.clone()),
        None if row.status() == Status::PendingApproval => {
            let approval = approval_row::lookup(stack, id).await;
            approval.map(|approval| approval.map(|approval| approval.votes).unwrap_or_default())
        }
        None => Ok(Vec::new()),
    };
    let votes = votes.map_err(|error| error.to_string());
    output.print(&document(&row, step, &votes), &row)
}

/// The row, with the facts about its step after its status. The error of the votes says why they cannot be read.
fn document(row: &Request, step: Vec<StepFact>, votes: &Result<Vec<Vote>, String>) -> Document {
    let status = row.shown_status();
    let votes = match votes {
        Ok(votes) => FactSheet::titled("Votes").with_all(votes_as_facts(votes)),
        Err(why) => FactSheet::titled("Votes").with("Not known", why.as_str()),
    };
    let history = row.shown_history();
    let history = history.iter().map(|entry| (event(entry), rfc3339(entry.at)));
    Document::new()
        .facts(overview(row, status, step))
        .facts(contents(row))
        .facts(certificate(row))
        .facts(votes)
        .facts(FactSheet::titled("History").with_all(history))
        .facts(FactSheet::titled("Operators").with_all(operations(row)))
        .facts(FactSheet::titled("Messages").with_all(messages(row.mails())))
        .facts(execution(row))
}

/// What operators did at the console, and why.
fn operations(row: &Request) -> Vec<(&'static str, String)> {
    let fact = |one: &OperationRecord| {
        let what = match one.operation {
            Operation::Resend => "New links",
            Operation::Retry => "Continued",
        };
        (what, format!("{}  by {}: {}", rfc3339(one.at), one.by, one.reason))
    };
    row.operations().iter().map(fact).collect()
}

fn overview(row: &Request, status: Status, step: Vec<StepFact>) -> FactSheet {
    let until = row.expires_at().filter(|_| status == Status::PendingApproval);
    FactSheet::new()
        .with("Request", row.id().to_string())
        .with("Status", Cell::state(words(status), status_tone(status)))
        .with_all(step)
        .with_some("Decide by", until.map(rfc3339))
        .with_some("Code", row.code().map(|code| code.to_string()))
        .with_some("Reason", reason(row))
        .with("Requester", row.email().as_str())
        .with("Submitted", rfc3339(row.registration_date()))
        .with("Profile", row.profile())
        .with_some("Comment", Some(row.comment()).filter(|comment| !comment.is_empty()))
}

fn contents(row: &Request) -> FactSheet {
    let under = row.standing().map(|standing| standing.to_string());
    let csr = row.csr();
    FactSheet::titled("Contents")
        .with_all(names(&row.known_names()).into_iter().map(|line| ("Names", line)))
        .with_some("Subject", csr.map(|csr| csr.subject.as_str()))
        .with_some("Key", csr.map(|csr| csr.key.as_str()))
        .with_some("CSR digest", csr.map(|csr| csr.csr_digest.as_str()))
        .with_some("Renews", row.replaces().map(|replaced| replaced.to_string()))
        .with_some("Standing approval", under)
}

fn certificate(row: &Request) -> FactSheet {
    FactSheet::titled("Certificate")
        .with_some("Serial", row.serial().map(ToString::to_string))
        .with_some("Valid from", row.not_before().map(rfc3339))
        .with_some("Valid until", row.not_after().map(rfc3339))
}

fn execution(row: &Request) -> FactSheet {
    FactSheet::titled("Execution")
        .with("Number", row.execution().attempt.to_string())
        .with("ARN", row.execution().arn.as_str())
        .with("Policy", row.policy_version())
}

/// A status in the words of the portal, and as `--status` takes it if they differ. The portal talks to the requester.
fn words(status: Status) -> String {
    let words = match status {
        Status::Unconfirmed => "waiting for the requester to confirm it".to_owned(),
        Status::Failed => "failed".to_owned(),
        _ => Language::English.say(&Message::new("status-in-words").with("status", status.as_str())),
    };
    let mut letters = words.chars();
    let capital: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if words == status.as_str() { capital } else { format!("{capital} ({status})") }
}

/// What happened when a status was entered.
fn event(entry: &HistoryEntry) -> &'static str {
    match entry.status {
        Status::Unconfirmed => "Sent, to be confirmed",
        Status::Submitted => "Received",
        Status::PendingApproval => "Approvers asked",
        Status::Approved => "Approved",
        Status::Issued => "Issued",
        Status::Delivered => "Delivered",
        Status::Refused => "Refused",
        Status::Rejected => "Rejected",
        Status::Withdrawn => "Withdrawn",
        Status::Expired => "Expired",
        Status::Failed => "Failed",
        Status::Revoked => "Revoked",
    }
}

/// Messages that were sent, oldest first: their kind, their time, and their recipient if that is not the requester.
fn messages(mails: &BTreeMap<String, String>) -> Vec<(&'static str, String)> {
    let mut sent: Vec<(&String, &String)> = mails.iter().map(|(name, at)| (at, name)).collect();
    sent.sort_unstable();
    let fact = |(at, name): (&String, &String)| match name.parse::<MailKind>() {
        Ok(kind) => {
            let (what, to) = message(&kind);
            (what, to.map_or_else(|| at.clone(), |to| format!("{at}  to {to}")))
        }
        Err(_) if name == "operators-failed" => ("Alert", format!("{at}  to the operators")),
        // Of a newer version.
        Err(_) => ("Other", format!("{at}  {name}")),
    };
    sent.into_iter().map(fact).collect()
}

fn message(kind: &MailKind) -> (&'static str, Option<String>) {
    let to = |email: &workflow::email::Email| Some(email.to_string());
    match kind {
        MailKind::Confirm => ("Link to confirm", None),
        MailKind::Received => ("Receipt", None),
        MailKind::Refused => ("Refusal", None),
        MailKind::Rejected => ("Rejection", None),
        MailKind::Withdrawn => ("Withdrawal", None),
        MailKind::Expired => ("End of the period", None),
        MailKind::Failed => ("Failure", None),
        MailKind::Issued => ("Certificate", None),
        MailKind::Revoked => ("Revocation", None),
        MailKind::Overview => ("Overview", None),
        MailKind::Enrolment => ("Code for a passkey", None),
        MailKind::Waiting(_) => ("Approvers reminded", None),
        MailKind::Question(_) => ("Question", None),
        MailKind::Expiring(_) => ("Reminder of the end", None),
        MailKind::Statement(_) => ("Statement", None),
        MailKind::Standing(_) => ("Standing approval", None),
        MailKind::Unrenewed { recipient, .. } => ("Not renewed", to(recipient)),
        MailKind::Approval { approver, .. } => ("Link to the review", to(approver)),
        MailKind::Reminder { approver, .. } => ("Reminder", to(approver)),
        MailKind::RevokedApproval { approver } => ("Revocation", to(approver)),
        MailKind::Prompt => ("Reminder by the requester", None),
        MailKind::Inbox { approver } => ("Link to the list", to(approver)),
        MailKind::Answer { approver, .. } => ("Answer", to(approver)),
        MailKind::VoteReceipt { approver } => ("Receipt of the vote", to(approver)),
        MailKind::Posted { receiver, .. } => ("Notice", Some(receiver.to_string())),
    }
}

/// The names, one a line, of many the first ones; JSON has all.
fn names(names: &[String]) -> Vec<String> {
    let list = NameList::of(names);
    let (heading, fold) = (list.heading(Language::English), list.fold(Language::English));
    let fold = fold.map(|fold| format!("{fold}: see --output json"));
    heading.into_iter().chain(list.first.into_iter().map(|name| name.shown)).chain(fold).collect()
}

/// The reason of an ending, for an operator; the row has it in words for the requester.
fn reason(row: &Request) -> Option<String> {
    match row.shown_status() {
        Status::Withdrawn => Some("The requester withdrew the request.".to_owned()),
        _ => row.reason().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use workflow::testing::InMemoryBackend;

    use super::*;

    fn shown(row: &Request) -> String {
        let votes = row.decision().map(|decision| decision.votes.clone()).unwrap_or_default();
        document(row, Vec::new(), &Ok(votes)).plain_text()
    }

    #[test]
    fn a_delivered_request_is_shown_in_sections_with_its_votes() {
        let backend = InMemoryBackend::new();
        let row = backend.request(backend.request_at(Status::Delivered)).unwrap();
        let text = shown(&row);
        let sections: Vec<&str> =
            text.lines().filter(|line| !line.starts_with(' ') && !line.contains("  ")).collect();
        for section in ["Contents", "Certificate", "Votes", "History", "Execution"] {
            assert!(sections.contains(&section), "{section}: {text}");
        }
        assert!(text.contains("  Approved  20") && text.contains("approver@example.com"), "{text}");
        for absent in ["Decide by", "pending_approval", "approval/"] {
            assert!(!text.contains(absent), "{absent}: {text}");
        }
    }

    #[test]
    fn a_status_is_in_words_and_as_the_option_takes_it() {
        assert_eq!(words(Status::PendingApproval), "Waiting for approval (pending_approval)");
        assert_eq!(words(Status::Delivered), "Delivered");
        assert_eq!(words(Status::Unconfirmed), "Waiting for the requester to confirm it (unconfirmed)");
        for status in Status::ALL {
            assert!(words(status).to_lowercase().contains(status.as_str()), "{status}");
            assert!(!words(status).contains("you"), "{status}");
        }
    }

    #[test]
    fn the_requester_withdrew() {
        let backend = InMemoryBackend::new();
        let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Withdrawn);
        let text = shown(&row);
        assert!(text.contains("Reason     The requester withdrew the request."), "{text}");
        assert!(!text.contains("ejected"), "{text}");
    }

    #[test]
    fn messages_are_in_words_and_sorted() {
        let at = |hour| format!("2026-11-30T{hour:02}:00:00Z");
        let mails = [
            ("received", 9),
            ("approval/2/a@example.com", 11),
            ("confirm", 8),
            ("later/1", 12),
            ("operators-failed", 13),
        ];
        let mails = mails.map(|(name, hour)| (name.to_owned(), at(hour))).into();
        let expected = [
            ("Link to confirm", at(8)),
            ("Receipt", at(9)),
            ("Link to the review", format!("{}  to a@example.com", at(11))),
            ("Other", format!("{}  later/1", at(12))),
            ("Alert", format!("{}  to the operators", at(13))),
        ];
        assert_eq!(messages(&mails), expected);
    }

    #[test]
    fn many_names_are_a_few_lines() {
        let owned: Vec<String> = (0..100).map(|n| format!("host-{n}.example.com")).collect();
        let lines = names(&owned);
        assert_eq!(lines.len(), 12);
        assert_eq!(lines[0], "100 names, all in example.com");
        assert_eq!(lines[11], "90 more names: see --output json");
        assert_eq!(names(&owned[..2]), owned[..2]);
    }
}
