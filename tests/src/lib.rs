//! Harness of the end-to-end tests: a local stack, a browser, a mailbox, OpenSSL.
//!
//! Invariant: every started process ends with the test process, however that ends, and no key leaves a temporary
//! folder. Failures panic with the awaited event and the place of the logs.

#![allow(clippy::print_stderr, clippy::unwrap_used)]

mod acme_client;
pub mod acme_servers;
mod authenticator;
mod automated;
mod aws_commands;
mod axe;
mod broken;
mod browser;
mod browser_traffic;
pub mod chaos;
mod child_guard;
mod credential;
mod downloads;
mod eventually;
mod exclusive;
pub mod instant_acme_client;
mod look;
mod mailbox;
mod nginx;
mod npm;
mod openid_provider;
mod pki;
mod portal;
mod program;
mod recording_proxy;
mod secret_pieces;
mod smtp_auth_proxy;
mod stack;
pub mod tcp_proxy;
mod tls_front;
mod venv;

pub use acme_client::{AcmeAnswer, TestAcmeClient, finalization, new_order};
pub use automated::Automated;
pub use aws_commands::AwsOutput;
pub use axe::{Axe, Control, Violation, misleading};
pub use broken::Broken;
pub use browser::Browser;
pub use browser_traffic::{BrowserTraffic, Exchange};
pub use child_guard::ChildGuard;
pub use credential::{Credential, approve_standing, ask_for_standing, credential, standing_approval};
pub use eventually::{PATIENCE, eventually};
pub use exclusive::ExclusiveStack;
pub use look::Look;
pub use mailbox::{Mail, Mailbox};
pub use nginx::{Nginx, Shown, certificate_for, free_port};
pub use npm::npm_package;
pub use openid_provider::OpenIdProvider;
pub use pki::{PkiDir, csr_for, files_in_zip, key_and_csr_for, unique_host};
pub use portal::{Answer, Asked, Portal, Submission};
pub use program::{find, needed};
pub use recording_proxy::RecordingProxy;
pub use secret_pieces::{SecretPieces, contains, joined};
pub use smtp_auth_proxy::SmtpAuthProxy;
pub use stack::{Stack, Stopped, binaries, binary, policy, repository};
pub use tls_front::TlsFront;
pub use venv::python_with;
