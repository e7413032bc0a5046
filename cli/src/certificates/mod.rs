//! `countersign certificates`: issued certificates, read by the indexes of the table.

mod find;
mod get;
mod list;
mod revoke;
mod show;

use std::time::Duration;

pub(crate) use find::find_certificate;
use list::Order;
pub(crate) use list::{left, state};
use pki::crl::RevocationReason;
use workflow::request::RevocationOrder;

use crate::arguments;
use crate::error::CliError;
use crate::output::OutputOptions;
use crate::request_rows::SelectionOptions;
use crate::stack::StackSelector;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum CertificatesCommand {
    /// Lists certificates, newest first, or valid ones by their end
    List {
        /// Order of the list
        #[arg(long, value_enum, default_value_t = Order::Newest, help_heading = "Which")]
        by: Order,
        #[command(flatten)]
        selection: SelectionOptions,
        /// Maximum number of certificates in the list
        #[arg(long, default_value_t = 50, allow_negative_numbers = true, help_heading = "Which")]
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Lists valid certificates that end soon, the first to end first
    Expiring {
        /// Time until the end, as in 12h or 30d
        #[arg(long, value_name = "TIME", default_value = "30d", value_parser = arguments::length)]
        #[arg(help_heading = "Which")]
        within: Duration,
        #[command(flatten)]
        selection: SelectionOptions,
        /// Maximum number of certificates in the list
        #[arg(long, default_value_t = 1000, allow_negative_numbers = true, help_heading = "Which")]
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        output: OutputOptions,
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
        CertificatesCommand::List { by, selection, limit, output, which } => {
            list::list(&which.find().await?, by, &selection, as_limit(limit), &output).await
        }
        CertificatesCommand::Expiring { within, selection, limit, output, which } => {
            list::expiring(&which.find().await?, within, &selection, as_limit(limit), &output).await
        }
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

fn as_limit(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
