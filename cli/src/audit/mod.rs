//! `countersign audit`: verifies and prints the audit trails.

use std::path::PathBuf;

use workflow::ids::RequestId;

use crate::error::{CliError, OrFail as _};
use crate::output::OutputOptions;
use crate::request_id::RequestIdArgument;
use crate::stack::{Stack, StackSelector};

mod earlier;
mod read;
mod verify;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum AuditCommand {
    /// Verifies that the audit trails are complete and unaltered, and that each row agrees with its trail
    Verify {
        /// Id of a request, or its beginning [default: all requests]
        id: Option<RequestIdArgument>,
        /// Also read each certificate from the bucket; for one request this is always done
        #[arg(long)]
        certificates: bool,
        /// An earlier export, kept outside of the stack: find trails that were set back or removed since
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Prints events as JSON lines, oldest first within each request
    Export {
        /// Id of a request, or its beginning [default: all requests]
        id: Option<RequestIdArgument>,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign audit`.
pub(crate) async fn run(command: AuditCommand) -> Result<(), CliError> {
    match command {
        AuditCommand::Verify { id, certificates, against, output, which } => {
            // The file is read first: a file that cannot be read costs no read of a table.
            let earlier = against.as_deref().map(earlier::heads).transpose()?;
            let stack = which.find().await?;
            let id = found(&stack, id).await?;
            verify::run(&stack, id, certificates, earlier, &output).await
        }
        AuditCommand::Export { id, which } => {
            let stack = which.find().await?;
            let trails = match found(&stack, id).await? {
                Some(id) => vec![(id, read::trail(&stack, id).await?)],
                None => read::trails(&stack).await?.into_iter().collect(),
            };
            let mut unreadable = Vec::new();
            for (id, trail) in trails {
                for event in &trail.events {
                    let line = serde_json::to_string(event).or_fail(|| "cannot write JSON".into(), "")?;
                    println!("{line}");
                }
                unreadable.extend(trail.unreadable.map(|why| format!("{id}: {why}")));
            }
            match unreadable.as_slice() {
                [] => Ok(()),
                [first, ..] => Err(CliError::new(
                    format!("{} events cannot be read, the first of {first}", unreadable.len()),
                    "The others were printed. See: countersign audit verify.",
                )),
            }
        }
    }
}

/// The id that was typed, if one was.
async fn found(stack: &Stack, id: Option<RequestIdArgument>) -> Result<Option<RequestId>, CliError> {
    match id {
        Some(id) => id.find(stack).await.map(Some),
        None => Ok(None),
    }
}
