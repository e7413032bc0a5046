//! Fault injection: no request is lost and none is processed twice.
//!
//! A run sends requests through a local stack whose workers reach AWS and the mail server through proxies that make
//! calls fail ([`aws_proxy`], [`smtp_proxy`]). Meanwhile [`fault_injector`] kills workers and repeats messages, and
//! approvers vote twice and at once ([`clients`]), and ACME clients die and repeat themselves ([`machines`]). Then the faults end, and [`invariants`] compares all records. The
//! seed chooses the fault of each call and the scenario of each request; the scheduling of the processes stays
//! random.

mod aws_proxy;
mod clients;
mod fault_injector;
mod invariants;
mod machines;
mod mail_watcher;
mod root;
mod run;
mod seeded_rng;
mod smtp_proxy;
mod workers;

pub use aws_proxy::{AwsProxy, Call};
pub use mail_watcher::MailWatcher;
pub use root::{InterceptedMessage, Root};
pub use run::{Outcome, run};
pub use workers::{Worker, access_keys, kill, resident, workers};
