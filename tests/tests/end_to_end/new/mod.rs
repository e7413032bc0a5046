//! Keys made in the browser: the page `/new`, and the key file on the status page.
//!
//! Invariant: the files that the pages make are judged by programs that others wrote.

mod bad_input;
mod film;
mod judges;
mod kept;
mod making;
mod modules;
mod visit;

const PROGRAMS: [(&str, &str); 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];
/// A passphrase that any program reads.
const PASSPHRASE: &str = "correct horse 3 Battery/staple";
