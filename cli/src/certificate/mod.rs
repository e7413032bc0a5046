//! `countersign certificate`: a certificate for a person at a terminal, who needs no access to AWS.

mod files;
mod request;

use crate::error::CliError;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum CertificateCommand {
    /// Makes a key on this machine, requests a certificate for it, waits for the approvers, and saves the certificate
    Request(request::NewCertificateOptions),
}

/// Runs `countersign certificate`.
pub(crate) async fn run(command: CertificateCommand) -> Result<(), CliError> {
    match command {
        CertificateCommand::Request(options) => request::run(&options).await,
    }
}
