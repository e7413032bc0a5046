//! `countersign approvals`: the approvers of a request, their votes, and new links in place of lost mails.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;
use workflow::approval::Approval;
use workflow::aws::SqsQueue;
use workflow::decision::Decision;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::ports::WorkerQueue as _;

use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::requests::instant;
use crate::stack::{Stack, StackSelector};
use crate::table;
use crate::wording::count;

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
            show(&find(&which.find().await?, id).await?);
            Ok(())
        }
        ApprovalsCommand::Resend { id, which } => resend(&which.find().await?, id).await,
    }
}

async fn find(stack: &Stack, id: RequestId) -> Result<Approval, CliError> {
    let answer = aws_sdk_dynamodb::Client::new(&stack.sdk)
        .get_item()
        .table_name(&stack.approvals_table)
        .key("key", AttributeValue::S(workflow::store::object_key::approval_key(id)))
        .consistent_read(true)
        .send()
        .await
        .or_fail(|| format!("cannot read the table {}", stack.approvals_table), "")?;
    let item = answer.item.ok_or_else(|| {
        CliError::new(
            format!("no approver was asked about {id} yet"),
            "See its status with: countersign requests show ID.",
        )
    })?;
    from_item(item).or_fail(|| format!("cannot read the approval of {id}"), ROW_OF_ANOTHER_VERSION)
}

fn show(approval: &Approval) {
    let escalated = approval.escalated_at.is_some();
    let rows: Vec<Vec<String>> = approval
        .approver_set
        .voters(escalated)
        .iter()
        .map(|voter| {
            let groups: Vec<&str> = approval
                .approver_set
                .quorums
                .iter()
                .filter(|group| group.members.contains(voter))
                .filter_map(|group| group.group.as_deref())
                .collect();
            let vote = match approval.vote_of(voter) {
                Some(vote) if vote.decision == Decision::Approve => format!("approved {}", instant(vote.at)),
                Some(vote) => format!("rejected {}", instant(vote.at)),
                None if approval.viewed_by.contains(voter) => "opened the review".to_owned(),
                None => String::new(),
            };
            vec![voter.to_string(), groups.join(", "), vote]
        })
        .collect();
    print!("{}", table::aligned(&["APPROVER", "GROUP", "VOTE"], &rows));
    let outcome = match (approval.outcome, approval.withdrawn) {
        (Some(_), true) => "withdrawn by the requester".to_owned(),
        (Some(outcome), false) => outcome.to_string(),
        (None, _) => {
            let missing = approval.missing_approvals().into_iter().map(|missing| {
                let approvals = count(missing.approvals, "approval");
                missing.group.map_or(approvals.clone(), |group| format!("{approvals} from {group}"))
            });
            let missing: Vec<String> = missing.collect();
            format!("open until {}; still needed: {}", instant(approval.expires_at), missing.join(", "))
        }
    };
    println!("\n{outcome}");
}

async fn resend(stack: &Stack, id: RequestId) -> Result<(), CliError> {
    let approval = find(stack, id).await?;
    if let Some(outcome) = approval.outcome {
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
