//! Countersign end to end, from the CSR to a certificate in use, on the local stack: the template, the state machine
//! and the Lambda binaries that run on AWS.
//!
//! Invariant: tests on the shared stack use random requesters and hosts, and change nothing that other tests read.
//! The first one starts the stack, which builds the workers.

#![allow(clippy::unwrap_used)]

mod accessible;
mod acme;
mod approvals;
mod backup;
mod bad_input;
mod ca;
mod certificates;
mod chaos;
mod command;
mod connect;
mod console;
mod credentials;
mod deployment;
mod documented;
mod engines;
mod failures;
mod front;
mod grants;
mod history;
mod keyboard;
mod leaks;
mod least_privilege;
mod local;
mod log;
mod looked_at;
mod new;
mod nginx;
mod notices;
mod ocsp;
mod options;
mod outcomes;
mod passkeys;
mod policy;
mod recovery;
mod requesters;
mod restart;
mod revocation;
mod secrets;
mod sign_ins;
mod smtp;
mod standing;

/// The approver of every profile of the shipped policy.
const APPROVER: &str = "approver@example.com";
