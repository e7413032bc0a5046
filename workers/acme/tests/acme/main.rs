//! The ACME server against the backend in memory: requests of HTTP in, answers out.
#![allow(clippy::unwrap_used, clippy::panic)] // A test may.

mod accounts;
mod certificates;
mod extensions;
mod faults;
mod finalize;
mod floods;
mod intake;
mod interop;
mod malformed;
mod orders;
mod ownership;
mod protocol;
mod revocations;
mod stand;

#[path = "../../../../workflow/tests/interop/missing.rs"]
mod missing;
#[path = "../../../../workflow/tests/interop/venv.rs"]
mod venv;
