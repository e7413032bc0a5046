//! `countersign grants`: standing approvals, what was issued under them, and their end.
//!
//! Invariant: the list and the uses are queries. Only the list of all, and the search for the beginning of an id, read the whole
//! table of standing approvals.

mod end;
mod list;
mod show;
mod view;

use workflow::approval::standing::StandingApproval;
use workflow::aws::{DynamoRequests, DynamoStanding};
use workflow::ids::RequestId;
use workflow::ports::StandingApprovals as _;

use crate::error::{CliError, OrFail as _};
use crate::output::OutputOptions;
use crate::request_id::{SHORTEST_BEGINNING, beginning, one_of};
use crate::request_rows;
use crate::stack::{Stack, StackSelector};

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum GrantsCommand {
    /// Lists standing approvals that are not over: of whom, for what, how many certificates, until when
    List {
        /// Also those that are over
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Shows one standing approval: its terms, who approved it, and what was issued under it
    Show {
        /// Id of the standing approval, whole or the beginning of it
        #[arg(value_name = "ID")]
        grant: String,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Ends a standing approval: nothing more is signed under it, and it cannot be undone
    End {
        /// Id of the standing approval, whole or the beginning of it
        #[arg(value_name = "ID")]
        grant: String,
        /// Reason, which is kept with the end; with --revoke also the comment of each revocation
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Also revoke every valid certificate under it, as cessationOfOperation
        #[arg(long)]
        revoke: bool,
        /// End it without asking
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign grants`.
pub(crate) async fn run(command: GrantsCommand) -> Result<(), CliError> {
    match command {
        GrantsCommand::List { all, output, which } => list::list(&which.find().await?, all, &output).await,
        GrantsCommand::Show { grant, output, which } => {
            let stack = which.find().await?;
            show::show(&stack, &find(&stack, &grant).await?, &output).await
        }
        GrantsCommand::End { grant, reason, revoke, yes, which } => {
            let stack = which.find().await?;
            end::end(&stack, &find(&stack, &grant).await?, &reason, revoke, yes).await
        }
    }
}

fn table(stack: &Stack) -> DynamoStanding {
    DynamoStanding::new(&stack.sdk, &stack.grants_table)
}

fn requests_table(stack: &Stack) -> DynamoRequests {
    DynamoRequests::new(&stack.sdk, &stack.requests_table, &stack.audit_table)
}

fn unreadable(stack: &Stack) -> String {
    format!("cannot read the table {}", stack.grants_table)
}

/// Finds a standing approval by its id, or by the beginning of it.
async fn find(stack: &Stack, text: &str) -> Result<StandingApproval, CliError> {
    let text = text.trim().to_ascii_lowercase();
    if let Ok(id) = text.parse::<RequestId>() {
        let found = table(stack).find(id).await.or_fail(|| unreadable(stack), "")?;
        return match found {
            Some(approval) => Ok(approval),
            None => Err(not_granted(stack, id).await?),
        };
    }
    let beginning = beginning(&text).ok_or_else(|| missing(&text))?;
    choose(&beginning, table(stack).all().await.or_fail(|| unreadable(stack), "")?)
}

/// The error for the id of a request that has no standing approval.
async fn not_granted(stack: &Stack, id: RequestId) -> Result<CliError, CliError> {
    Ok(match request_rows::lookup(stack, id).await? {
        Some(Ok(row)) if row.terms().is_some() => CliError::new(
            format!("the request {id} is {}, and has no standing approval", row.shown_status()),
            format!("See what it waits for with: countersign requests show {id}."),
        ),
        Some(_) => CliError::new(
            format!("the request {id} asks for no standing approval"),
            "List them with: countersign grants list.",
        ),
        None => missing(&id.to_string()),
    })
}

fn missing(text: &str) -> CliError {
    CliError::new(
        format!("there is no standing approval {text:?}"),
        format!(
            "Give its id, or at least {SHORTEST_BEGINNING} characters of it. List them with: countersign grants list --all."
        ),
    )
}

/// The one standing approval whose id begins so.
fn choose(beginning: &str, mut all: Vec<StandingApproval>) -> Result<StandingApproval, CliError> {
    all.retain(|approval| approval.id().to_string().starts_with(beginning));
    if all.is_empty() {
        return Err(missing(beginning));
    }
    let one = one_of(beginning, all.iter().map(StandingApproval::id).collect(), "standing approval", "")?;
    all.into_iter().find(|approval| approval.id() == one).ok_or_else(|| missing(beginning))
}

#[cfg(test)]
mod tests {
    use workflow::testing::InMemoryBackend;
    use workflow::testing::fixtures::standing_policy;

    use super::*;

    fn approvals(ids: &[&str]) -> Vec<StandingApproval> {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let terms = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":5}"#;
        let approval = backend.standing_approval(terms);
        ids.iter().map(|id| approval.altered(|row| row["id"] = (*id).into())).collect()
    }

    const ONE: &str = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d";
    const TWO: &str = "5c1b1d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d";

    #[test]
    fn the_beginning_of_an_id_means_one_or_is_refused() {
        assert_eq!(choose("5c1b0", approvals(&[ONE, TWO])).unwrap().id().to_string(), ONE);
        let many = choose("5c1b", approvals(&[ONE, TWO])).unwrap_err().to_string();
        assert!(many.contains(ONE) && many.contains(TWO) && many.ends_with("Give more of it."), "{many}");
        let none = choose("ffff", approvals(&[ONE])).unwrap_err().to_string();
        assert!(none.starts_with("there is no standing approval \"ffff\""), "{none}");
    }
}
