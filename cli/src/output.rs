//! Standard output: the `print!` and `println!` of this crate.
//!
//! Invariant: a reader that stops early, such as `head`, ends the command quietly with the exit code of SIGPIPE, where
//! the macros of the standard library panic. Any other error is one line and exit code 1.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};

/// 128 and the number of SIGPIPE, as shells report it.
const SIGPIPE_EXIT: i32 = 141;

macro_rules! print {
    ($($text:tt)*) => { $crate::output::write(format_args!($($text)*)) };
}

macro_rules! println {
    () => { $crate::output::write(format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::write(format_args!("{}\n", format_args!($($text)*))) };
}

/// Writes to standard output; ends the process if that fails.
pub(crate) fn write(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(SIGPIPE_EXIT),
        Err(error) => {
            eprintln!("countersign: cannot write to standard output: {error}");
            std::process::exit(1)
        }
    }
}
