//! The ACME server (RFC 8555, RFC 8738, RFC 9773, draft-ietf-acme-profiles): programs get certificates under a standing
//! approval, without asking again.
//!
//! - [`answer`]: a request of HTTP, and its answer. [`AcmeServer`]: the ports and settings.
//! - `handler`: from a path to its act. `route`, `reply`: paths and answers. `signed`: the checks before anything is done.
//! - `accounts`, `orders`, `finalize`, `certificates`, `revocations`, `renewals`: the acts, one file each.
//! - `approvals`: the standing approval of an order. [`issuance`]: the request behind an order, and [`intake`] that takes it.
//! - [`extension`]: what is said about names outside a standing approval, and [`filing`] of the request for them.
//!
//! Invariant: nothing is done, and nothing told, before signature, URL, nonce and account of a request are right, in this order.
//! Orders are looked up in the account that signed, so nobody finds those of others. No nonce, payload or key is logged.

mod accounts;
mod approvals;
mod certificates;
pub mod extension;
pub mod filing;
mod finalize;
mod handler;
pub mod intake;
pub mod issuance;
mod issuance_state;
mod orders;
mod own_orders;
mod renewals;
mod reply;
mod revocations;
mod route;
mod server;
mod signed;

pub use handler::answer;
pub use server::{AcmeServer, FinalizeWait};
