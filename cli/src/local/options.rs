//! Options of `countersign local`.

use std::path::PathBuf;

use crate::ca::KeyBackend;

/// `countersign local`.
#[derive(Debug, clap::Args)]
pub(crate) struct LocalOptions {
    /// Port of the portal on 127.0.0.1; 0 means the port of the last start, or any free port
    #[arg(long, default_value_t = 8080)]
    pub(super) port: u16,
    /// Folder of the stack's state [env: COUNTERSIGN_DIR] [default: .local in the repository]
    #[arg(long, value_name = "FOLDER")]
    pub(super) dir: Option<PathBuf>,
    /// Python virtual environment to create or use [default: .local/venv in the repository]
    #[arg(long, value_name = "FOLDER")]
    pub(super) venv: Option<PathBuf>,
    /// Issuance policy to activate [default: infra/policy.toml if the stack has no policy yet]
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// Interval of housekeeping, which expires approvals and restarts stuck requests
    #[arg(long, value_name = "MINUTES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub(super) housekeeping_minutes: u32,
    /// Storage of the CA key [default: as at the last start, else secret]
    #[arg(long, value_enum)]
    pub(super) ca_key: Option<KeyBackend>,
    /// Allow --ca-key to leave the key of the last start behind: nothing is signed until "ca rotate" makes a new root
    #[arg(long, requires = "ca_key")]
    pub(super) new_ca_key: bool,
    /// Visibility time-out of the queues: seconds until the message of a crashed worker is delivered again
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u32).range(30..=43_200))]
    pub(super) visibility_timeout: u32,
    /// Log level of the workers
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = ["error", "warn", "info", "debug", "trace"])]
    pub(super) log_level: String,
    /// For tests: AWS endpoint of the workers, in place of the emulator's
    #[arg(long, value_name = "URL", hide = true)]
    pub(super) aws_by_way_of: Option<String>,
    /// For tests: SMTP endpoint of the workers, in place of the mail catcher's
    #[arg(long, value_name = "URL", hide = true)]
    pub(super) smtp_by_way_of: Option<String>,
    /// For tests: name of the parameter with user and password of the SMTP endpoint
    #[arg(long, value_name = "NAME", hide = true)]
    pub(super) smtp_credentials: Option<String>,
    /// For tests: base URL of the portal, in place of the local proxy's; without a slash at the end
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
#[command(next_help_heading = "One request, without a browser")]
#[group(id = "once_options")]
pub(crate) struct OnceOptions {
    /// Drive one request to its certificate and stop: the CSR to submit, as PEM
    #[arg(long, value_name = "CSR_FILE", requires = "email", requires = "out")]
    pub(super) once: Option<PathBuf>,
    /// E-mail address of the requester
    #[arg(long, requires = "once")]
    pub(super) email: Option<String>,
    /// Zip file to save the certificate and its chain in
    #[arg(long, value_name = "ZIP_FILE", requires = "once")]
    pub(super) out: Option<PathBuf>,
    /// Comment for the approvers
    #[arg(long, requires = "once", default_value = "")]
    pub(super) comment: String,
    /// Profile of the certificate
    #[arg(long, requires = "once")]
    pub(super) profile: Option<String>,
}

impl OnceOptions {
    /// True if `--once` was given.
    pub(super) fn is_wanted(&self) -> bool {
        self.once.is_some()
    }
}
