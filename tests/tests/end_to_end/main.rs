//! The whole of Countersign, from the CSR to a certificate in use, on the local stack: the template, the state machine and
//! the Lambda binaries that run on AWS.
//!
//! Most tests share one stack and run beside each other, each with requesters and hosts of its own. The first one that
//! needs it starts it, which builds the workers.

#![allow(clippy::unwrap_used)]

mod accessible;
mod approvals;
mod backup;
mod bad_input;
mod ca;
mod certificates;
mod connect;
mod deployment;
mod engines;
mod failures;
mod front;
mod history;
mod keyboard;
mod leaks;
mod least_privilege;
mod local;
mod nginx;
mod options;
mod outcomes;
mod policy;
mod recovery;
mod restart;
mod secrets;
mod smtp;

/// The approver of every profile of the shipped policy.
const APPROVER: &str = "approver@example.com";
