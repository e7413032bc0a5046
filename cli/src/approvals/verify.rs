//! `approvals verify`: computes anew what an approval covers, and checks the passkey signature of each vote.
//!
//! Reads only. The same check as Sign's, for whoever wants to see it.

use workflow::approval::passkey::{NotProven, check_vote};
use workflow::aws::DynamoPeople;
use workflow::decision::{ApprovalDigest, DecisionRecord, Vote};
use workflow::ids::RequestId;
use workflow::ports::People as _;
use workflow::request::Request;

use crate::error::{CliError, OrFail as _};
use crate::requests::instant;
use crate::stack::Stack;
use crate::{policy, requests, table};

/// Runs `approvals verify`. Fails if anything does not agree.
pub(super) async fn run(stack: &Stack, id: RequestId) -> Result<(), CliError> {
    let request = requests::find(stack, id).await?;
    let decision = request.decision().ok_or_else(|| {
        CliError::new(
            format!("{id} is not decided"),
            format!("See its approvers with: countersign approvals show {id}."),
        )
    })?;
    let policy = policy::in_force(stack).await?;
    let base_url = stack.base_url()?;
    let people = DynamoPeople::new(&stack.sdk, &stack.people_table);
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    for vote in &decision.votes {
        let person = policy.plus_tags().person(&vote.approver);
        let passkeys = people.passkeys(&person).await.or_fail(|| "cannot read the passkeys".into(), "")?;
        let proven = check_vote(&base_url, id, &decision.digest, vote, &passkeys);
        faults.extend(fault(vote, proven));
        rows.push(row(vote, proven));
    }
    println!("Outcome   {}", decision.outcome);
    println!("Digest    {}", decision.digest);
    print!("{}", table::aligned(&["APPROVER", "VOTE", "PROOF"], &rows));
    faults.extend(other_digest(&request, decision));
    match faults.first() {
        None => {
            println!("\nThe digest is that of the request. Each passkey signature above is right.");
            Ok(())
        }
        Some(fault) => Err(CliError::new(fault.clone(), "See docs/passkeys.md.")),
    }
}

fn row(vote: &Vote, proven: Result<(), NotProven>) -> Vec<String> {
    let proof = match (proven, &vote.evidence) {
        (Ok(()), Some(evidence)) => format!("signed by passkey {}", evidence.credential_id),
        (Err(NotProven::NoEvidence), _) | (Ok(()), None) => "a link in a mail".to_owned(),
        (Err(error), _) => format!("WRONG: {error}"),
    };
    vec![vote.approver.to_string(), format!("{} {}", vote.decision, instant(vote.at)), proof]
}

/// Evidence that is wrong. A vote without evidence is not: the policy of its time asked for none.
fn fault(vote: &Vote, proven: Result<(), NotProven>) -> Option<String> {
    match proven {
        Ok(()) | Err(NotProven::NoEvidence) => None,
        Err(error) => Some(format!("the vote of {} is not proven: {error}", vote.approver)),
    }
}

fn other_digest(request: &Request, decision: &DecisionRecord) -> Option<String> {
    let csr = request.csr()?;
    let digest = ApprovalDigest::of(request.id(), request.profile(), csr, request.replaces());
    (digest != decision.digest).then(|| format!("the request has another digest than the approval: {digest}"))
}
