//! The local stack: the very same template, definition and binaries as on AWS, on an emulator of its own.
//!
//! Invariant: everything belongs to one folder, which one command at a time may use, and nothing outlives the command.
//! The state of the folder survives it; `endpoints.json` is there exactly while the stack can be used.

use std::path::PathBuf;

use crate::failure::Failure;

mod catcher;
mod child;
mod deploy;
mod emulator;
mod mailbox;
mod once;
mod ports;
mod proxy;
mod running;

use running::Local;

/// `countersign local`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Port of the portal on 127.0.0.1; 0 takes the one of the last time, or any that is free
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Folder that holds all of the stack's state [default: .local in the repository]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Python virtual environment to make or use [default: .local/venv in the repository]
    #[arg(long, value_name = "FOLDER")]
    venv: Option<PathBuf>,
    /// Issuance policy to put in force [default: infra/policy.toml where the stack has none yet]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// How often approvals are expired and stuck requests started again
    #[arg(long, value_name = "MINUTES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1440))]
    housekeeping_minutes: u32,
    /// Where the key of the CA is
    #[arg(long, value_enum, default_value_t = crate::ca::Keeper::Secret)]
    ca_key: crate::ca::Keeper,
    /// Seconds until a message of a worker that died comes back; six times the functions' time-out without this
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u32).range(30..=43_200))]
    visibility_timeout: u32,
    /// What the workers log: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = ["error", "warn", "info", "debug", "trace"])]
    log_level: String,
    /// For tests: where workers reach AWS, in place of the emulator itself
    #[arg(long, value_name = "URL", hide = true)]
    aws_by_way_of: Option<String>,
    /// For tests: where workers deliver mails, in place of the mail catcher itself
    #[arg(long, value_name = "URL", hide = true)]
    smtp_by_way_of: Option<String>,
    /// For tests: the parameter with user and password for that
    #[arg(long, value_name = "NAME", hide = true)]
    smtp_credentials: Option<String>,
    /// For tests: where people reach the portal, in place of the local proxy itself; without a slash at the end
    #[arg(long, value_name = "URL", hide = true)]
    portal_by_way_of: Option<String>,
    /// Build the workers with optimisations
    #[arg(long)]
    release: bool,
    #[command(flatten)]
    once: once::Options,
}

/// Runs the stack until it is told to stop, or drives one request through it.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    if options.once.is_wanted() {
        return once::run(&options).await;
    }
    let mut local = Local::start(&options).await?;
    println!("\n  Portal   {}\n  Mailbox  {}", local.endpoints.portal, local.endpoints.mailbox_url);
    println!(
        "  State    {}\n\nCtrl-C stops it and keeps the state; starting again carries on.",
        local.folder.display()
    );
    let broken = tokio::select! {
        failure = local.broken() => Some(failure),
        () = told_to_stop() => None,
    };
    let stopped = local.stop().await;
    broken.map_or(stopped, Err)
}

/// Completes on Ctrl-C, SIGTERM, or when the terminal is closed.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let wait = |kind| async move {
        match signal(kind) {
            Ok(mut signals) => _ = signals.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => (),
        () = wait(SignalKind::terminate()) => (),
        () = wait(SignalKind::hangup()) => (),
    }
}

/// The result of `work`, unless we are told to stop before it is there.
async fn unless_stopped<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        () = told_to_stop() => {
            Err(Failure::new("stopped before it was done", "What was installed, built and stored is kept."))
        }
    }
}
