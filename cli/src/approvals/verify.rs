//! `approvals verify`: computes anew what an approval covers, and checks the passkey signature or the ID token of each vote, and
//! the ID token of a requester who signed in.
//!
//! Reads only. The same check as Sign's, for whoever wants to see it.

use serde::Serialize;
use serde_json::json;
use workflow::approval::passkey::NotProven;
use workflow::approval::sign_in::{Provider, ProviderKey, SignInError};
use workflow::aws::DynamoPeople;
use workflow::decision::{DecisionRecord, Evidence, Vote};
use workflow::email::Email;
use workflow::ids::RequestId;
use workflow::policy::Policy;
use workflow::ports::People as _;
use workflow::request::{Request, Status};
use workflow::store::vote_proof;
use workflow::timestamp::rfc3339;

use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, FactSheet, OutputOptions, Tone};
use crate::stack::Stack;
use crate::{policy, request_rows};

/// Runs `approvals verify`. Fails if anything does not agree.
pub(super) async fn run(stack: &Stack, id: RequestId, output: &OutputOptions) -> Result<(), CliError> {
    let request = request_rows::find(stack, id).await?;
    let decision = request.decision().ok_or_else(|| match request.standing() {
        Some(standing) => CliError::new(
            format!("{id} is under the standing approval {standing}, and has no votes of its own"),
            format!("Check those of the standing approval: countersign approvals verify {standing}."),
        ),
        None => CliError::new(
            format!("{id} is not decided"),
            format!("See its approvers with: countersign approvals show {id}."),
        ),
    })?;
    let policy = policy::in_force(stack).await?;
    let base_url = stack.base_url()?;
    let people = DynamoPeople::new(&stack.sdk, &stack.people_table);
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    for vote in &decision.votes {
        let proven = vote_proof(&people, &policy, &base_url, id, (&decision.digest, vote)).await;
        let proven = proven.or_fail(|| "cannot read the passkeys".into(), "")?;
        if proven == Err(SignInError::NoProvider.into()) {
            return Err(no_provider(&vote.approver));
        }
        faults.extend(fault(vote, proven));
        rows.push(ProofView::of(vote, proven));
    }
    let requester = match request.requester_evidence().zip(request.entered(Status::Submitted)) {
        None => "did not sign in".to_owned(),
        Some((evidence, at)) => {
            let keys = provider_keys(&policy, &people).await?;
            let provider = Provider::of(&policy, &keys).map_err(|_| no_provider(request.email()))?;
            match evidence.check(&base_url, &request, at, provider) {
                Ok(()) => "signed in at the identity provider".to_owned(),
                Err(error) => {
                    faults.push(format!("the sign-in of the requester proves nothing: {error}"));
                    format!("WRONG: {error}")
                }
            }
        }
    };
    faults.extend(other_digest(&request, decision));
    let cells = rows.iter().map(ProofView::cells).collect();
    let facts = FactSheet::new()
        .with("Requester", format!("{} {requester}", request.email()))
        .with("Outcome", decision.outcome.as_str())
        .with("Digest", decision.digest.as_str());
    let mut document = Document::new().facts(facts).table(&["APPROVER", "VOTE", "PROOF"], cells);
    if faults.is_empty() {
        document = document.line("The digest is that of the request. Each proof above is right.");
    }
    let value = json!({
        "request": id,
        "requester": { "email": request.email(), "proof": requester },
        "outcome": decision.outcome,
        "digest": decision.digest,
        "votes": rows,
        "faults": faults,
    });
    output.print(&document, &value)?;
    match faults.first() {
        None => Ok(()),
        Some(fault) => Err(CliError::new(fault.clone(), "See docs/passkeys.md and docs/sign-in.md.")),
    }
}

/// The keys of the provider of the policy, as the workers saw them; none without a provider.
async fn provider_keys(policy: &Policy, people: &DynamoPeople) -> Result<Vec<ProviderKey>, CliError> {
    let Some(settings) = policy.oidc() else { return Ok(Vec::new()) };
    let keys = people.provider_keys(&settings.issuer).await;
    keys.or_fail(|| "cannot read the keys of the identity provider".into(), "")
}

fn no_provider(person: &Email) -> CliError {
    CliError::new(
        format!("{person} signed in, and the policy names no identity provider"),
        "Put [people.oidc] of the policy of that time in force.",
    )
}

/// A vote and what proves it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofView {
    approver: String,
    vote: String,
    proof: String,
    wrong: bool,
}

impl ProofView {
    fn of(vote: &Vote, proven: Result<(), NotProven>) -> Self {
        let wrong = fault(vote, proven).is_some();
        let proof = match (proven, &vote.evidence) {
            (Ok(()), Some(Evidence::Passkey(evidence))) => {
                format!("signed by passkey {}", evidence.credential_id)
            }
            (Ok(()), Some(Evidence::IdToken(_))) => "signed in at the identity provider".to_owned(),
            (Err(NotProven::NoEvidence), _) | (Ok(()), None) => "a link in a mail".to_owned(),
            (Err(error), _) => format!("WRONG: {error}"),
        };
        let said = format!("{} {}{}", vote.decision, rfc3339(vote.at), vote.in_place_of());
        Self { approver: vote.approver.to_string(), vote: said, proof, wrong }
    }

    fn cells(&self) -> Vec<Cell> {
        let tone = if self.wrong { Tone::Bad } else { Tone::Good };
        vec![
            Cell::text(self.approver.as_str()),
            Cell::text(self.vote.as_str()),
            Cell::state(self.proof.as_str(), tone),
        ]
    }
}

/// Evidence that is wrong. A vote without evidence is not: the policy of its time asked for none.
fn fault(vote: &Vote, proven: Result<(), NotProven>) -> Option<String> {
    match proven {
        Ok(()) | Err(NotProven::NoEvidence) => None,
        Err(error) => Some(format!("the vote of {} is not proven: {error}", vote.approver)),
    }
}

fn other_digest(request: &Request, decision: &DecisionRecord) -> Option<String> {
    let digest = request.approval_digest()?;
    (digest != decision.digest).then(|| format!("the request has another digest than the approval: {digest}"))
}
