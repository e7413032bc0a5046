//! Programs that a machine lacks. The tests of the worker acme use this file, too.

/// Why a verifier cannot be asked.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    /// The missing program.
    pub(crate) what: String,
    /// The way to install it.
    pub(crate) remedy: String,
}

/// Says that something is left out, or fails where nothing may be.
pub(crate) fn skip(what: &str, missing: &Missing, is_optional: bool) {
    let Missing { what: thing, remedy } = missing;
    let words = format!("SKIPPED {what}: {thing}; {remedy}");
    assert!(is_optional || std::env::var_os("COUNTERSIGN_NO_SKIPS").is_none(), "{words}");
    say(&words);
}

/// Prints one line for the person who runs the tests.
#[allow(clippy::print_stderr)]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}
