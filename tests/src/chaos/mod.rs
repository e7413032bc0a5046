//! Never lost, never twice: shown by breaking everything that may break, and then counting.
//!
//! A run sends requests through a local stack whose workers reach AWS and the mail server through proxies that let calls
//! fail ([`aws_proxy`], [`smtp_proxy`]), while a injector kills workers, delivers messages twice and late, and approvers
//! vote twice and at once. Then everything is left in peace, and [`invariants`] holds the observed against each other. The seed
//! decides which call gets which fault and who plays which part; how the processes interleave is the machine's affair.

mod aws_proxy;
mod fault_injector;
mod invariants;
mod mail_watcher;
mod players;
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
