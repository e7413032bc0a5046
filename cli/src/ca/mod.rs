//! The certificate authority of a stack: its key in Secrets Manager or KMS, its certificate in the bucket.
//!
//! Invariant: a key exists in memory and in Secrets Manager only, or never leaves KMS. A change is written in this
//! order: the certificate under its key identifier and SHA-256, the key, what is published,
//! `ca-certificate/current.pem`. An interrupted change either has no effect or is finished by `ca finish`; until then the
//! sign worker retries, since it signs only with the key of the certificate in force.

use pki::crl::RevocationReason;

use crate::error::CliError;
use crate::output::OutputOptions;
use crate::progress::ProgressStep;
use crate::stack::{Stack, StackSelector};

mod authority;
mod certificate_store;
mod chain;
mod extensions;
mod files;
mod import;
mod keys;
mod make;
mod name;
mod publication;
mod revoke;
mod root_list;
mod show;
mod status;

pub(crate) use keys::name_of;
use make::CaOptions;
use status::CaStatus;

/// `countersign ca`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum CaCommand {
    /// Creates the CA of a stack: a root, or a root and an issuing CA below it
    Init {
        #[command(flatten)]
        shape: CaOptions,
        /// Validity of the certificate in years; a root above an issuing CA is valid for twice as long
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=30))]
        years: u8,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Imports key and certificate of an existing CA
    Import {
        #[command(flatten)]
        source: import::ImportFiles,
        /// Replace the stack's CA; its certificates are still delivered with their chain
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Shows the certificate in force, the place of its key, and earlier certificates
    Show {
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Finishes an interrupted change, without a new key or certificate
    Finish {
        #[command(flatten)]
        which: StackSelector,
    },
    /// Revokes a former issuing CA: it is put on the list of its root
    Revoke {
        /// Key identifier of the CA, or its beginning; `ca show` has it
        #[arg(value_name = "KEY-IDENTIFIER")]
        key_identifier: String,
        /// Reason on the list: cACompromise, superseded, cessationOfOperation
        #[arg(long, value_name = "NAME", value_parser = revoke::reason)]
        reason: RevocationReason,
        /// Revoke it without asking
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Creates a new key and certificate; earlier certificates are still delivered with their chain
    Rotate {
        #[command(flatten)]
        shape: CaOptions,
        /// Validity of the certificate in years; at most that of its root
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=30))]
        years: u8,
        /// Create a new root above an issuing CA, too; distribute it to everyone who trusts the old root
        #[arg(long)]
        new_root: bool,
        /// Go on without what the new certificate cannot have of the one before
        #[arg(long)]
        accept_loss: bool,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Storage of a CA key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum KeyBackend {
    /// In Secrets Manager
    Secret,
    /// In KMS
    Kms,
}

impl KeyBackend {
    /// Returns the value of the template's parameter `CaKey`.
    pub(crate) fn parameter(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Kms => "kms",
        }
    }

    /// Returns the name of the service.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secret => "Secrets Manager",
            Self::Kms => "KMS",
        }
    }
}

/// Runs `countersign ca`.
pub(crate) async fn run(command: CaCommand) -> Result<(), CliError> {
    match command {
        CaCommand::Init { shape, years, which } => make::init(&which.find().await?, &shape, years).await,
        CaCommand::Import { source, replace, which } => {
            let candidate = source.read()?;
            import::run(&which.find().await?, candidate, replace).await
        }
        CaCommand::Show { output, which } => show::run(&which.find().await?, &output).await,
        CaCommand::Finish { which } => make::finish_interrupted(&which.find().await?).await,
        CaCommand::Revoke { key_identifier, reason, yes, which } => {
            revoke::run(&which.find().await?, &key_identifier, reason, yes).await
        }
        CaCommand::Rotate { shape, years, new_root, accept_loss, which } => {
            let how = make::Rotation { years, new_root, accept_loss };
            make::rotate(&which.find().await?, &shape, &how).await
        }
    }
}

/// Returns the reason if the CA of a stack cannot sign.
pub(crate) async fn trouble(stack: &Stack) -> Result<Option<String>, CliError> {
    Ok(CaStatus::of(stack).await?.trouble())
}

/// Completes what versions before did not store: the keys of all authorities in the file of the certificate in force, and
/// what is published.
pub(crate) async fn complete(stack: &Stack) -> Result<(), CliError> {
    let store = certificate_store::IssuerFiles::of(stack);
    store.complete_keys().await?;
    match store.current().await? {
        Some(chain) => publication::complete(stack, &chain).await,
        None => Ok(()),
    }
}

/// Like [`ensure`], and fails if the CA cannot sign.
pub(crate) async fn create_when_missing(stack: &Stack, organisation: &str) -> Result<(), CliError> {
    match ensure(stack, organisation).await? {
        None => Ok(()),
        Some(trouble) => Err(CliError::new(format!("the CA cannot sign: {trouble}"), "")),
    }
}

/// Creates a root with a P-256 key if the stack has no CA, or finishes an interrupted change. Returns the reason if the CA
/// cannot sign all the same.
pub(crate) async fn ensure(stack: &Stack, organisation: &str) -> Result<Option<String>, CliError> {
    let status = CaStatus::of(stack).await?;
    if status.is_empty() {
        let step = ProgressStep::begin("Creating a certificate authority");
        // RFC 5280 appendix A.1: at most 64 characters.
        let organisation: String = organisation.chars().take(64).collect();
        let subject = name::usual("Countersign Root CA", &organisation)?;
        make::first(stack, &CaOptions::root(subject), 10).await?;
        step.done("a P-256 root for ten years");
    } else if let Some(chain) = status.unfinished() {
        make::finish(stack, chain).await?;
    } else {
        complete(stack).await?;
        return Ok(status.trouble());
    }
    Ok(None)
}
