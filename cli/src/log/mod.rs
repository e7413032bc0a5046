//! `countersign log`: shows and checks the log of certificates, and changes its key.

use std::path::PathBuf;

use pki::tlog::NoteVerifier;

use crate::error::CliError;
use crate::output::OutputOptions;
use crate::stack::StackSelector;

mod audit;
mod compare;
mod keys;
mod read;
mod show;

pub(crate) use keys::public_keys;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum LogCommand {
    /// Shows name, size, root and public keys of the log
    Show {
        /// Print the signed checkpoint alone, to keep it outside of the stack
        #[arg(long)]
        checkpoint: bool,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Checks the log against its checkpoint, the certificates, the requests and their approvals
    Audit {
        /// An earlier checkpoint, kept outside of the stack: find a log that was set back or rewritten since
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Makes another key for the log; receipts of the former key stay valid
    RotateKey {
        /// Public key of the log, if its private key was lost
        #[arg(long, value_name = "KEY")]
        lost: Vec<NoteVerifier>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign log`.
pub(crate) async fn run(command: LogCommand) -> Result<(), CliError> {
    match command {
        LogCommand::Show { checkpoint, output, which } => {
            show::run(&which.find().await?, checkpoint, &output).await
        }
        LogCommand::Audit { since, output, which } => {
            // The file is read first: a file that cannot be read costs no read of a table.
            let since = since.as_deref().map(audit::EarlierCheckpoint::read).transpose()?;
            audit::run(&which.find().await?, since, &output).await
        }
        LogCommand::RotateKey { lost, yes, which } => keys::rotate(&which.find().await?, &lost, yes).await,
    }
}
