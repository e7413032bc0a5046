//! The local stack: template, definition and binaries of AWS, on an emulator.
//!
//! Invariant: all state is in one folder, used by one command at a time. Every process ends with the command; the state
//! stays. `endpoints.json` exists exactly while the stack can be used.

use crate::error::CliError;
use crate::progress::say;

mod atomic;
mod catcher;
mod child;
mod deploy;
mod disk;
mod emulator;
mod mailbox;
mod once;
mod options;
mod ports;
mod proxy;
mod running;
mod saved;
mod signals;

pub(crate) use options::LocalOptions;
use running::Local;
use signals::told_to_stop;

/// Runs the stack until a signal to stop, or drives one request through it.
pub(crate) async fn run(options: LocalOptions) -> Result<(), CliError> {
    if options.once.is_wanted() {
        return once::run(&options).await;
    }
    let mut local = Local::start(&options).await?;
    println!("\n  Portal   {}\n  Mailbox  {}", local.endpoints.portal, local.endpoints.mailbox_url);
    println!(
        "  State    {}\n\nCtrl-C stops it and keeps the state. The next start continues.",
        local.folder.display()
    );
    let folder = local.folder.clone();
    let broken = tokio::select! {
        failure = local.broken() => Some(failure),
        never = disk::watch(&folder) => match never {},
        () = told_to_stop() => None,
    };
    let stopped = local.stop().await;
    match (broken, stopped) {
        (Some(broken), Err(unsaved)) => {
            say(unsaved.to_string());
            Err(broken)
        }
        (Some(broken), Ok(())) => Err(broken),
        (None, stopped) => stopped,
    }
}
