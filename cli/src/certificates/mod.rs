//! `countersign certificates`: issued certificates, read by the indexes of the table.

mod cursor;
mod find;
mod get;
mod index;
mod list;
mod listing;
mod options;
mod revoke;
mod show;

pub(crate) use find::find_certificate;
pub(crate) use index::{enter_lists, list_entries};
pub(crate) use list::{left, state};
use options::{CertificateListOptions, ExpiringOptions};
use pki::crl::RevocationReason;
use workflow::request::RevocationOrder;

use crate::error::CliError;
use crate::output::OutputOptions;
use crate::stack::StackSelector;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum CertificatesCommand {
    /// Lists certificates: the newest ones, or those with a name, of a person, of a profile, of a CA or in a state, by name or end
    List {
        #[command(flatten)]
        options: CertificateListOptions,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Lists valid certificates that end soon, the first to end first
    Expiring {
        #[command(flatten)]
        options: ExpiringOptions,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Enters the certificates of earlier versions into the lists, once after an update
    Index {
        #[command(flatten)]
        which: StackSelector,
    },
    /// Revokes a certificate: it cannot be undone
    Revoke {
        /// Serial number or id of the request, whole or the beginning of it, or a name in the certificate
        #[arg(value_name = "SERIAL|ID|NAME")]
        certificate: String,
        /// Reason, by its name in RFC 5280: keyCompromise, superseded, cessationOfOperation, affiliationChanged, privilegeWithdrawn or unspecified
        #[arg(long, value_name = "NAME", value_parser = revoke::reason)]
        reason: RevocationReason,
        /// Comment for the requester and those who approved
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
        /// Revoke it without asking
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Prints or saves one certificate in PEM, or the zip with its chain and receipt
    Get {
        /// Serial number or id of the request, whole or the beginning of it, or a name in the certificate
        #[arg(value_name = "SERIAL|ID|NAME")]
        certificate: String,
        #[command(flatten)]
        options: get::GetOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Shows one certificate: its names, its issuer, its validity and its request
    Show {
        /// Serial number or id of the request, whole or the beginning of it, or a name in the certificate
        #[arg(value_name = "SERIAL|ID|NAME")]
        certificate: String,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign certificates`.
pub(crate) async fn run(command: CertificatesCommand) -> Result<(), CliError> {
    match command {
        CertificatesCommand::List { options, output, which } => {
            list::list(&which.find().await?, &options, &output).await
        }
        CertificatesCommand::Expiring { options, output, which } => {
            list::expiring(&which.find().await?, options, &output).await
        }
        CertificatesCommand::Index { which } => index::run(&which.find().await?).await,
        CertificatesCommand::Get { certificate, options, which } => {
            let stack = which.find().await?;
            get::get(&stack, &find_certificate(&stack, &certificate).await?, &options).await
        }
        CertificatesCommand::Revoke { certificate, reason, comment, yes, which } => {
            let stack = which.find().await?;
            let row = find_certificate(&stack, &certificate).await?;
            revoke::revoke(&stack, &row, RevocationOrder { reason, comment }, yes).await
        }
        CertificatesCommand::Show { certificate, output, which } => {
            let stack = which.find().await?;
            show::show(&stack, &find_certificate(&stack, &certificate).await?, &output).await
        }
    }
}
