//! What the end-to-end tests share: a local stack, and what its users have at hand: a browser, a mailbox, OpenSSL.
//!
//! Invariant: whatever is started ends with the test process, however that ends, and no key leaves a temporary folder.
//! A harness fails by panicking: the message says what was waited for, and where the logs are.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod automated;
mod axe;
mod broken;
mod browser;
pub mod chaos;
mod doorman;
mod eventually;
mod lifeline;
mod look;
mod mailbox;
mod nginx;
pub mod passage;
mod pki;
mod portal;
mod program;
mod stack;
mod wiretap;

pub use automated::Automated;
pub use axe::{Axe, Violation};
pub use broken::Broken;
pub use browser::Browser;
pub use doorman::Doorman;
pub use eventually::{PATIENCE, eventually};
pub use lifeline::Lifeline;
pub use look::Look;
pub use mailbox::{Mail, Mailbox};
pub use nginx::{Nginx, Shown, certificate_for, free_port};
pub use pki::{Workbench, csr_for, files_in_zip, key_and_csr_for, unique_host};
pub use portal::{Answer, Asked, Portal, Submission};
pub use program::{find, needed};
pub use stack::{Stack, Stopped, binary, policy, repository};
pub use wiretap::Wiretap;
