//! `countersign export` and `countersign import`: the whole of a stack in one file, and a stack made of it.
//!
//! Invariant: an import never overwrites, and makes every check that needs no write before its first write.
//! Rows of requests come last, since housekeeping and the web front find everything by them: what they lead to is there by
//! then. So an import that was interrupted is finished by running it again, also after the stack has gone on with what had
//! come already. The CA key is neither exported nor imported, and the link secret goes into a file of its own, where asked for.

use std::path::PathBuf;

use crate::error::CliError;
use crate::stack::StackSelector;

mod contents;
mod export;
mod import;
mod link_secret;
mod source;
mod target;

pub(crate) use contents::{damaged, open};

/// `countersign export`.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportOptions {
    /// The file to write; it must not exist yet
    file: PathBuf,
    /// Write the secret that requesters' links derive from into this file; - means standard output
    #[arg(long, value_name = "FILE")]
    link_secret: Option<PathBuf>,
    /// Read tables that were restored beside the stack's own: those whose names have this at their end
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    tables_suffix: Option<String>,
    #[command(flatten)]
    which: StackSelector,
}

/// `countersign import`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportOptions {
    /// A file that countersign export wrote
    file: PathBuf,
    /// The SHA-256 that the export printed; another export is refused
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// The file with the secret that requesters' links derive from; - means standard input
    #[arg(long, value_name = "FILE")]
    link_secret: Option<PathBuf>,
    /// Where the stack has another CA in force, keep it; requests in flight are then signed by it
    #[arg(long)]
    keep_ca: bool,
    /// Where the stack has another policy in force, keep it
    #[arg(long, conflicts_with = "replace_policy")]
    keep_policy: bool,
    /// Where the stack has another policy in force, put the one of the export in its place
    #[arg(long)]
    replace_policy: bool,
    /// Take requests whose audit trail was broken when they were exported
    #[arg(long)]
    accept_broken_trails: bool,
    #[command(flatten)]
    which: StackSelector,
}

/// Runs `countersign export`.
pub(crate) async fn export(options: ExportOptions) -> Result<(), CliError> {
    export::run(&options).await
}

/// Runs `countersign import`.
pub(crate) async fn import(options: ImportOptions) -> Result<(), CliError> {
    import::run(&options).await
}
