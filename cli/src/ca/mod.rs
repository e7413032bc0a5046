//! The certificate authority of a stack: its key in Secrets Manager or KMS, its certificate in the bucket.
//!
//! Invariant: a key in Secrets Manager exists in memory and there only; a key in KMS never leaves KMS. A change is made in
//! one order: the certificate under its own key identifier, then the key, then `ca-certificate/current.pem`. So a change
//! that was interrupted either did not happen, or is finished by running the command again; until then the sign worker
//! tries again, since it signs only with the key of the certificate in force.

use crate::error::CliError;
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
mod show;
mod status;

pub(crate) use keys::name_of;
use make::CaOptions;
use status::CaStatus;

/// `countersign ca`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Makes a root, or a root and an issuing CA below it, for a stack that has no CA yet
    Init {
        #[command(flatten)]
        shape: CaOptions,
        /// Years that the certificate is valid; a root above an issuing CA gets twice as many
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=30))]
        years: u8,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Takes a CA that exists: its key and its certificate
    Import {
        #[command(flatten)]
        source: import::ImportFiles,
        /// Take the place of the stack's CA; what that has issued is still delivered with its certificate
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Shows the certificate in force, where its key is, and the issuers before it
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Finishes a change that was interrupted; makes neither a key nor a certificate. Idempotent
    Finish {
        #[command(flatten)]
        which: StackSelector,
    },
    /// Makes a new key and certificate; what was issued before is still delivered with the old certificate
    Rotate {
        #[command(flatten)]
        shape: CaOptions,
        /// Years that the certificate is valid; no longer than its root
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=30))]
        years: u8,
        /// Make a new root too, where an issuing CA stands below one; give it to everyone who trusts the old root
        #[arg(long)]
        new_root: bool,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Where the key of a CA is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum KeyBackend {
    /// In Secrets Manager
    Secret,
    /// In KMS, which it never leaves
    Kms,
}

impl KeyBackend {
    /// The value of the template's parameter `CaKey`.
    pub(crate) fn parameter(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Kms => "kms",
        }
    }
}

/// Runs `countersign ca`.
pub(crate) async fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Init { shape, years, which } => make::init(&which.find().await?, &shape, years).await,
        Command::Import { source, replace, which } => {
            let candidate = source.read()?;
            import::run(&which.find().await?, candidate, replace).await
        }
        Command::Show { json, which } => show::run(&which.find().await?, json).await,
        Command::Finish { which } => make::finish_interrupted(&which.find().await?).await,
        Command::Rotate { shape, years, new_root, which } => {
            make::rotate(&which.find().await?, &shape, years, new_root).await
        }
    }
}

/// Why the CA of a stack cannot sign, where it cannot.
pub(crate) async fn trouble(stack: &Stack) -> Result<Option<String>, CliError> {
    Ok(CaStatus::of(stack).await?.trouble())
}

/// Like [`ensure`], and fails if the CA cannot sign.
pub(crate) async fn create_when_missing(stack: &Stack, organisation: &str) -> Result<(), CliError> {
    match ensure(stack, organisation).await? {
        None => Ok(()),
        Some(trouble) => Err(CliError::new(format!("the CA cannot sign: {trouble}"), "")),
    }
}

/// Makes a root with a P-256 key if the stack has no CA, or finishes an interrupted change. Returns the reason if the CA
/// cannot sign all the same.
pub(crate) async fn ensure(stack: &Stack, organisation: &str) -> Result<Option<String>, CliError> {
    let status = CaStatus::of(stack).await?;
    if status.is_empty() {
        let step = ProgressStep::begin("Making a certificate authority");
        // RFC 5280 A.1: 64 characters at most.
        let organisation: String = organisation.chars().take(64).collect();
        let subject = format!("CN=Countersign Root CA,O={}", name::escape(&organisation));
        make::first(stack, &CaOptions::root(subject), 10).await?;
        step.done("a P-256 root for ten years");
    } else if let Some(chain) = status.unfinished() {
        make::finish(stack, chain).await?;
    } else {
        return Ok(status.trouble());
    }
    Ok(None)
}
