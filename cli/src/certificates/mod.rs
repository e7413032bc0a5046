//! `countersign certificates`: issued certificates, read by the indexes of the table.

mod find;
mod list;
mod revoke;
mod show;

use std::time::Duration;

pub(crate) use find::find_certificate;
use list::Order;
pub(crate) use list::{left, state};
use pki::crl::RevocationReason;
use workflow::request::RevocationOrder;

use crate::error::CliError;
use crate::stack::StackSelector;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum CertificatesCommand {
    /// Lists certificates, newest first, or valid ones by their end
    List {
        /// Order of the list
        #[arg(long, value_enum, default_value_t = Order::Newest)]
        by: Order,
        /// Maximum number of certificates in the list
        #[arg(long, default_value_t = 50, allow_negative_numbers = true)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Lists valid certificates that end soon, the first to end first
    Expiring {
        /// Time until the end, as in 12h or 30d
        #[arg(long, value_name = "TIME", default_value = "30d", value_parser = list::within)]
        within: Duration,
        /// Maximum number of certificates in the list
        #[arg(long, default_value_t = 1000, allow_negative_numbers = true)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
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
    /// Shows one certificate: its names, its issuer, its validity and its request
    Show {
        /// Serial number or id of the request, whole or the beginning of it, or a name in the certificate
        #[arg(value_name = "SERIAL|ID|NAME")]
        certificate: String,
        /// Print the row as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign certificates`.
pub(crate) async fn run(command: CertificatesCommand) -> Result<(), CliError> {
    match command {
        CertificatesCommand::List { by, limit, json, which } => {
            list::list(&which.find().await?, by, limit, json).await
        }
        CertificatesCommand::Expiring { within, limit, json, which } => {
            list::expiring(&which.find().await?, within, limit, json).await
        }
        CertificatesCommand::Revoke { certificate, reason, comment, yes, which } => {
            let stack = which.find().await?;
            let row = find_certificate(&stack, &certificate).await?;
            revoke::revoke(&stack, &row, RevocationOrder { reason, comment }, yes).await
        }
        CertificatesCommand::Show { certificate, json, which } => {
            let stack = which.find().await?;
            show::show(&stack, &find_certificate(&stack, &certificate).await?, json).await
        }
    }
}
