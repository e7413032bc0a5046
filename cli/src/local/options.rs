//! Options of `countersign local`.

use std::path::PathBuf;

use crate::ca::KeyBackend;

/// `countersign local`.
#[derive(Debug, clap::Args)]
pub(crate) struct LocalOptions {
    /// Port of the portal on 127.0.0.1; 0 takes the one of the last time, or any that is free
    #[arg(long, default_value_t = 8080)]
    pub(super) port: u16,
    /// Folder that holds all of the stack's state [default: .local in the repository]
    #[arg(long, value_name = "FOLDER")]
    pub(super) dir: Option<PathBuf>,
    /// Python virtual environment to make or use [default: .local/venv in the repository]
    #[arg(long, value_name = "FOLDER")]
    pub(super) venv: Option<PathBuf>,
    /// Issuance policy to put in force [default: infra/policy.toml where the stack has none yet]
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// How often approvals are expired and stuck requests started again
    #[arg(long, value_name = "MINUTES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub(super) housekeeping_minutes: u32,
    /// Where the key of the CA is
    #[arg(long, value_enum, default_value_t = KeyBackend::Secret)]
    pub(super) ca_key: KeyBackend,
    /// Seconds until a message of a worker that died comes back; six times the functions' time-out without this
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u32).range(30..=43_200))]
    pub(super) visibility_timeout: u32,
    /// Log level of the workers: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = ["error", "warn", "info", "debug", "trace"])]
    pub(super) log_level: String,
    /// For tests: where workers reach AWS, in place of the emulator itself
    #[arg(long, value_name = "URL", hide = true)]
    pub(super) aws_by_way_of: Option<String>,
    /// For tests: where workers deliver mails, in place of the mail catcher itself
    #[arg(long, value_name = "URL", hide = true)]
    pub(super) smtp_by_way_of: Option<String>,
    /// For tests: the parameter with user and password for that
    #[arg(long, value_name = "NAME", hide = true)]
    pub(super) smtp_credentials: Option<String>,
    /// For tests: where people reach the portal, in place of the local proxy itself; without a slash at the end
    #[arg(long, value_name = "URL", hide = true)]
    pub(super) portal_by_way_of: Option<String>,
    /// Build the workers with optimisations
    #[arg(long)]
    pub(super) release: bool,
    #[command(flatten)]
    pub(super) once: OnceOptions,
}

/// The options of `--once`.
#[derive(Debug, clap::Args)]
#[group(id = "once_options")]
pub(crate) struct OnceOptions {
    /// Drives one request through the stack and stops: the CSR to submit, as PEM
    #[arg(long, value_name = "CSR_FILE", requires = "email", requires = "out")]
    pub(super) once: Option<PathBuf>,
    /// With --once: the requester's address
    #[arg(long, requires = "once")]
    pub(super) email: Option<String>,
    /// With --once: where to save the certificate and its chain, as a zip
    #[arg(long, value_name = "ZIP_FILE", requires = "once")]
    pub(super) out: Option<PathBuf>,
    /// With --once: what to tell the approvers
    #[arg(long, requires = "once", default_value = "")]
    pub(super) comment: String,
    /// With --once: the profile to ask for
    #[arg(long, requires = "once")]
    pub(super) profile: Option<String>,
}

impl OnceOptions {
    /// True if `--once` was given.
    pub(super) fn is_wanted(&self) -> bool {
        self.once.is_some()
    }
}
