//! `countersign export` and `countersign import`: the data of a stack in one file.
//!
//! Invariant: an import never overwrites, and checks everything that it can check before its first write. Rows of
//! requests are written last, since housekeeping and the portal find all other rows through them. An interrupted
//! import is finished by running it again, also if the stack has continued some of its requests. The CA key is never
//! exported; the link secret is written to a file of its own, on request only.

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
pub(crate) use source::ExportSource;

/// `countersign export`.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportOptions {
    /// File to write; it must not exist yet
    file: PathBuf,
    /// File to write the secret that requesters' links derive from; - means standard output
    #[arg(long, value_name = "FILE")]
    link_secret: Option<PathBuf>,
    /// Read tables that were restored beside the stack's own: the suffix of their names
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    tables_suffix: Option<String>,
    #[command(flatten)]
    which: StackSelector,
}

/// `countersign import`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportOptions {
    /// File of countersign export
    file: PathBuf,
    /// SHA-256 that the export printed; any other export is refused
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// File with the secret that requesters' links derive from; - means standard input
    #[arg(long, value_name = "FILE")]
    link_secret: Option<PathBuf>,
    /// Keep the CA of the stack if it differs; it then signs the requests in flight
    #[arg(long)]
    keep_ca: bool,
    /// Keep the policy of the stack if it differs
    #[arg(long, conflicts_with = "replace_policy")]
    keep_policy: bool,
    /// Replace the policy of the stack with the policy of the export if they differ
    #[arg(long)]
    replace_policy: bool,
    /// Import requests with a broken audit trail, too
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
