//! The console of operators and auditors: who opens it, and their sessions.
//!
//! Invariant: a session says only who proved what, and when. What the person may do is read from the policy in force at each call, so
//! whoever leaves the policy is out at once. Decision 0160.

mod sealed;
mod session;
mod sign_in;

pub use session::{ConsoleInvitation, ConsoleSession};
pub use sign_in::{ConsoleTicket, ConsoleVisitor, sign_in_nonce};
