//! `countersign approvals`: the approvers of a request, their votes, and new links in place of lost mails.

use serde::Serialize;
use time::OffsetDateTime;
use workflow::approval::Approval;
use workflow::aws::SqsQueue;
use workflow::decision::Decision;
use workflow::email::Email;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::policy::Policy;
use workflow::ports::WorkerQueue as _;
use workflow::timestamp::rfc3339;

use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, OutputOptions, Tone};
use crate::request_id::RequestIdArgument;
use crate::stack::{Stack, StackSelector};
use crate::wording::count;
use crate::{approval_row, policy, request_rows};

mod verify;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ApprovalsCommand {
    /// Shows the approvers and their votes
    Show {
        /// The request's id, or its beginning
        id: RequestIdArgument,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Computes the digest of a decision anew, and checks the passkey signature or ID token of each vote
    Verify {
        /// The request's id, or its beginning
        id: RequestIdArgument,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Sends new links to the approvers of the current policy; earlier links stop working
    Resend {
        /// The request's id, or its beginning
        id: RequestIdArgument,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign approvals`.
pub(crate) async fn run(command: ApprovalsCommand) -> Result<(), CliError> {
    match command {
        ApprovalsCommand::Show { id, output, which } => {
            let stack = which.find().await?;
            let approval = find(&stack, id.find(&stack).await?).await?;
            let removed = removed_approvers(&stack, &approval).await?;
            let view = ApprovalsView::of(&approval, &removed, OffsetDateTime::now_utc());
            output.print(&view.document(), &view)
        }
        ApprovalsCommand::Verify { id, output, which } => {
            let stack = which.find().await?;
            verify::run(&stack, id.find(&stack).await?, &output).await
        }
        ApprovalsCommand::Resend { id, which } => {
            let stack = which.find().await?;
            resend(&stack, id.find(&stack).await?).await
        }
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
    let request = request_rows::find(stack, approval.request_id).await?;
    // Without a readable policy, no link works and no approver was removed.
    let policy = policy::document(stack).await?.and_then(|text| Policy::parse(&text).ok());
    Ok(policy
        .map(|policy| policy::removed_approvers(&policy, &request, approval, OffsetDateTime::now_utc()))
        .unwrap_or_default())
}

/// One approver, for people and programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApproverView {
    approver: String,
    groups: Vec<String>,
    /// People in whose place the approver may vote, and until when.
    stands_in_for: Vec<String>,
    decision: Option<Decision>,
    #[serde(with = "time::serde::rfc3339::option")]
    voted_at: Option<OffsetDateTime>,
    /// People in whose place the vote was cast.
    voted_for: Vec<String>,
    reason: Option<String>,
    opened: bool,
    /// True if the policy in force no longer lists the approver: the link does not work.
    removed: bool,
}

/// The approvers of a request, without tokens and links.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApprovalsView {
    request: RequestId,
    /// `None` while the request waits.
    outcome: Option<&'static str>,
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
    digest: String,
    approvers: Vec<ApproverView>,
    missing: Vec<String>,
}

impl ApprovalsView {
    fn of(approval: &Approval, removed: &[Email], now: OffsetDateTime) -> Self {
        let (set, escalated) = (&approval.approver_set, approval.is_escalated());
        // Also those who have voted as stand-ins, and whose days are over.
        let mut voters = set.voters_at(escalated, now);
        let have_voted = approval.votes.iter().map(|vote| &vote.approver);
        let others: Vec<Email> = have_voted
            .filter(|one| !voters.iter().any(|it| set.plus_tags.same_person(it, one)))
            .cloned()
            .collect();
        voters.extend(others);
        let view = |voter: &Email| {
            let groups = set.quorums.iter().filter(|group| group.members.contains(voter));
            let stands_in = set.stand_ins_of(voter, escalated, now);
            let vote = approval.vote_of(voter);
            ApproverView {
                approver: voter.to_string(),
                groups: groups.filter_map(|group| group.group.clone()).collect(),
                stands_in_for: stands_in
                    .iter()
                    .map(|one| format!("{} until {}", one.person, one.until))
                    .collect(),
                decision: vote.map(|vote| vote.decision),
                voted_at: vote.map(|vote| vote.at),
                voted_for: vote
                    .map(|vote| vote.stands_in_for.iter().map(ToString::to_string).collect())
                    .unwrap_or_default(),
                reason: vote.and_then(|vote| vote.reason.clone()),
                opened: approval.viewed_by.contains(voter),
                removed: removed.contains(voter),
            }
        };
        let outcome = outcome(approval);
        let missing = approval.missing_approvals(set).into_iter().map(|missing| {
            let approvals = count(missing.approvals, "approval");
            missing.group.map_or(approvals.clone(), |group| format!("{approvals} from {group}"))
        });
        Self {
            request: approval.request_id,
            outcome,
            until: approval.expires_at,
            digest: approval.digest.to_string(),
            approvers: voters.iter().map(view).collect(),
            missing: if outcome.is_some() { Vec::new() } else { missing.collect() },
        }
    }

    fn document(&self) -> Document {
        let cells = self.approvers.iter().map(ApproverView::cells).collect();
        let document = Document::new().table(&["APPROVER", "GROUP", "VOTE"], cells);
        let document = document.line(match self.outcome {
            Some(outcome) => outcome.to_owned(),
            None => format!("open until {}; still needed: {}", rfc3339(self.until), self.missing.join(", ")),
        });
        if self.approvers.iter().any(|one| one.removed) {
            let id = self.request;
            return document.line(format!(
                "Ask the approvers of the policy in force with: countersign approvals resend {id}."
            ));
        }
        document
    }
}

impl ApproverView {
    fn cells(&self) -> Vec<Cell> {
        let stands_in = self.stands_in_for.iter().map(|one| format!("stands in for {one}"));
        let groups: Vec<String> = self.groups.iter().cloned().chain(stands_in).collect();
        let at = self.voted_at.map(rfc3339).unwrap_or_default();
        let place = match self.voted_for.as_slice() {
            [] => String::new(),
            people => format!(" for {}", people.join(", ")),
        };
        let reason = self.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let vote = match self.decision {
            Some(Decision::Approve) => Cell::state(format!("approved {at}{place}{reason}"), Tone::Good),
            Some(Decision::Reject) => Cell::state(format!("rejected {at}{place}{reason}"), Tone::Over),
            None if self.removed => Cell::state("no longer in the policy, the link does not work", Tone::Bad),
            None if self.opened => Cell::state("opened the review", Tone::Waiting),
            None => Cell::text(""),
        };
        vec![Cell::text(self.approver.as_str()), Cell::text(groups.join(", ")), vote]
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
    fn approvers_are_shown_without_tokens_and_links() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Approved);
        let approval = backend.approval(id).unwrap();
        let view = ApprovalsView::of(&approval, &[], approval.created_at);
        let json = serde_json::to_value(&view).unwrap();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["approvers", "digest", "missing", "outcome", "request", "until"]);
        let text = view.document().plain_text();
        assert!(text.contains("approved 20") && text.ends_with("\n\napproved\n"), "{text}");
        let open = backend.approval(backend.request_at(Status::PendingApproval)).unwrap();
        let removed = open.approver_set.voters_at(false, open.created_at);
        let text = ApprovalsView::of(&open, &removed, open.created_at).document().plain_text();
        assert!(text.contains("still needed: 1 approval"), "{text}");
        assert!(text.contains(&format!("countersign approvals resend {}.", open.request_id)), "{text}");
    }

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
