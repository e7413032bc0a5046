//! The local stack: the very same template, definition and binaries as on AWS, on an emulator of its own.
//!
//! Invariant: everything belongs to one folder, which one command at a time may use, and nothing outlives the command.
//! The state of the folder survives it; `endpoints.json` is there exactly while the stack can be used.

use crate::error::CliError;

mod catcher;
mod child;
mod deploy;
mod emulator;
mod mailbox;
mod once;
mod options;
mod ports;
mod proxy;
mod running;
mod signals;

pub(crate) use options::LocalOptions;
use running::Local;
use signals::told_to_stop;

/// Runs the stack until it is told to stop, or drives one request through it.
pub(crate) async fn run(options: LocalOptions) -> Result<(), CliError> {
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
