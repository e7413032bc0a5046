//! `countersign approvals`: the approvers of a request, their votes, and new links in place of lost mails.

use time::OffsetDateTime;
use workflow::approval::Approval;
use workflow::aws::SqsQueue;
use workflow::decision::Decision;
use workflow::email::Email;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::policy::Policy;
use workflow::ports::WorkerQueue as _;

use crate::error::{CliError, OrFail as _};
use crate::requests::instant;
use crate::stack::{Stack, StackSelector};
use crate::wording::count;
use crate::{approval_row, policy, requests, table};

mod verify;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ApprovalsCommand {
    /// Shows the approvers and their votes
    Show {
        /// The request's id
        id: RequestId,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Computes the digest of a decision anew, and checks the passkey signature or ID token of each vote
    Verify {
        /// The request's id
        id: RequestId,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Sends new links to the approvers of the current policy; earlier links stop working
    Resend {
        /// The request's id
        id: RequestId,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign approvals`.
pub(crate) async fn run(command: ApprovalsCommand) -> Result<(), CliError> {
    match command {
        ApprovalsCommand::Show { id, which } => {
            let stack = which.find().await?;
            let approval = find(&stack, id).await?;
            show(&approval, &removed_approvers(&stack, &approval).await?, OffsetDateTime::now_utc());
            Ok(())
        }
        ApprovalsCommand::Verify { id, which } => verify::run(&which.find().await?, id).await,
        ApprovalsCommand::Resend { id, which } => resend(&which.find().await?, id).await,
    }
}

async fn find(stack: &Stack, id: RequestId) -> Result<Approval, CliError> {
    approval_row::lookup(stack, id).await?.ok_or_else(|| {
        CliError::new(
            format!("no approver was asked about {id} yet"),
            "See its status with: countersign requests show ID.",
        )
    })
}

/// Approvers whose links no longer work, since the policy in force does not list them; none once there is an outcome.
async fn removed_approvers(stack: &Stack, approval: &Approval) -> Result<Vec<Email>, CliError> {
    if approval.outcome.is_some() {
        return Ok(Vec::new());
    }
    let request = requests::find(stack, approval.request_id).await?;
    // Without a readable policy, no link works and no approver was removed.
    let policy = policy::document(stack).await?.and_then(|text| Policy::parse(&text).ok());
    Ok(policy
        .map(|policy| policy::removed_approvers(&policy, &request, approval, OffsetDateTime::now_utc()))
        .unwrap_or_default())
}

fn show(approval: &Approval, removed: &[Email], now: OffsetDateTime) {
    let (set, escalated) = (&approval.approver_set, approval.is_escalated());
    // Also those who have voted as stand-ins, and whose days are over.
    let mut voters = set.voters_at(escalated, now);
    let have_voted = approval.votes.iter().map(|vote| &vote.approver);
    let others: Vec<Email> = have_voted
        .filter(|one| !voters.iter().any(|it| set.plus_tags.same_person(it, one)))
        .cloned()
        .collect();
    voters.extend(others);
    let rows: Vec<Vec<String>> = voters
        .iter()
        .map(|voter| {
            let groups = set.quorums.iter().filter(|group| group.members.contains(voter));
            let groups = groups.filter_map(|group| group.group.clone());
            let stands_in = set.stand_ins_of(voter, escalated, now);
            let stands_in =
                stands_in.iter().map(|one| format!("stands in for {} until {}", one.person, one.until));
            let groups: Vec<String> = groups.chain(stands_in).collect();
            let vote = match approval.vote_of(voter) {
                Some(vote) if vote.decision == Decision::Approve => {
                    format!("approved {}{}", instant(vote.at), vote.in_place_of())
                }
                Some(vote) => format!("rejected {}{}", instant(vote.at), vote.in_place_of()),
                None if removed.contains(voter) => {
                    "no longer in the policy, the link does not work".to_owned()
                }
                None if approval.viewed_by.contains(voter) => "opened the review".to_owned(),
                None => String::new(),
            };
            vec![voter.to_string(), groups.join(", "), vote]
        })
        .collect();
    print!("{}", table::aligned(&["APPROVER", "GROUP", "VOTE"], &rows));
    let outcome = match outcome(approval) {
        Some(outcome) => outcome.to_owned(),
        None => {
            let missing = approval.missing_approvals(&approval.approver_set).into_iter().map(|missing| {
                let approvals = count(missing.approvals, "approval");
                missing.group.map_or(approvals.clone(), |group| format!("{approvals} from {group}"))
            });
            let missing: Vec<String> = missing.collect();
            format!("open until {}; still needed: {}", instant(approval.expires_at), missing.join(", "))
        }
    };
    println!("\n{outcome}");
    if !removed.is_empty() {
        println!(
            "Ask the approvers of the policy in force with: countersign approvals resend {}.",
            approval.request_id
        );
    }
}

/// The outcome in words: the record of a withdrawal is a rejection.
fn outcome(approval: &Approval) -> Option<&'static str> {
    let outcome = approval.outcome?.as_str();
    Some(if approval.withdrawn { "withdrawn by the requester" } else { outcome })
}

async fn resend(stack: &Stack, id: RequestId) -> Result<(), CliError> {
    let approval = find(stack, id).await?;
    if let Some(outcome) = outcome(&approval) {
        return Err(CliError::new(
            format!("the request is already {outcome}"),
            "Its links decide nothing any more.",
        ));
    }
    let generation = approval.generation + 1;
    // The worker sends the mails. Naming the generation makes a repeated message harmless.
    SqsQueue::new(&stack.sdk, &stack.await_approval_queue)
        .recheck(&RecheckMessage::links(id, generation))
        .await
        .or_fail(|| "cannot reach the queue of await-approval".into(), "Try again.")?;
    println!("New links (generation {generation}) are being sent. Earlier links stop working.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use workflow::request::Status;
    use workflow::testing::InMemoryBackend;

    use super::*;

    #[test]
    fn a_withdrawn_request_is_not_called_rejected() {
        let backend = InMemoryBackend::new();
        for (status, words) in [
            (Status::PendingApproval, None),
            (Status::Withdrawn, Some("withdrawn by the requester")),
            (Status::Rejected, Some("rejected")),
            (Status::Approved, Some("approved")),
        ] {
            let approval = backend.approval(backend.request_at(status)).unwrap();
            assert_eq!(outcome(&approval), words, "{status}");
        }
    }
}
