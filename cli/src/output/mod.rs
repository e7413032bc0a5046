//! What the command prints on standard output: one document in the form that the caller chose, and the `print!` and
//! `println!` of this crate.
//!
//! Invariant: a reader that stops early, such as `head`, ends the command quietly with the exit code of SIGPIPE, where
//! the macros of the standard library panic. Any other error is one line and exit code 1.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, StdoutLock, Write as _};

// Before the modules: a macro is known only below its definition.
macro_rules! print {
    ($($text:tt)*) => { $crate::output::write(format_args!($($text)*)) };
}

macro_rules! println {
    () => { $crate::output::write(format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::write(format_args!("{}\n", format_args!($($text)*))) };
}

mod cell;
mod csv;
mod document;
mod options;
mod table;
mod view;

pub(crate) use cell::{Cell, Tone, status_tone};
pub(crate) use document::{Document, FactSheet};
pub(crate) use options::{OutputOptions, cut, cut_off, listed_until};
pub(crate) use table::aligned;

/// 128 and the number of SIGPIPE, as shells report it.
const SIGPIPE_EXIT: i32 = 141;

/// Writes to standard output; ends the process if that fails.
pub(crate) fn write(text: Arguments<'_>) {
    to_standard_output(|out| out.write_fmt(text));
}

/// Like [`write`], for what may be no text.
pub(crate) fn write_octets(octets: &[u8]) {
    to_standard_output(|out| out.write_all(octets));
}

fn to_standard_output(write: impl FnOnce(&mut StdoutLock<'_>) -> io::Result<()>) {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(SIGPIPE_EXIT),
        Err(error) => {
            eprintln!("countersign: cannot write to standard output: {error}");
            std::process::exit(1)
        }
    }
}
