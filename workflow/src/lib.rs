//! The library of all workers of Countersign, in layers that depend one way.
//!
//! - [`runtime`]: the shell of a worker; turns queue messages into tasks, runs the step, reports the result.
//! - `aws`: the ports on AWS. The only layer that uses an SDK.
//! - [`store`]: conditional writes over the ports.
//! - [`ports`]: traits for everything outside: tables, bucket, queues, mail, keys, time.
//! - [`ocsp`]: answers about the status of certificates.
//! - [`mail`]: mails and the zip, as values.
//! - [`backup`]: export and import.
//! - [`notices`]: what chats, webhooks and EventBridge are told.
//! - [`acme`]: the accounts and orders of the ACME server.
//! - [`approval`]: votes and links. [`certificate`]: certificates after they were issued. [`request`]: the row, its rules, its audit trail, and intake.
//! - [`console`]: who opens the console, and their sessions.
//! - [`transparency`]: the log of certificates, and receipts.
//! - [`policy`]: the policy document and its evaluation.
//! - Below: [`decision`], [`enrolment`], [`grant`], [`approver_set`], [`stand_in`], [`standing`], [`message`], [`mail_kind`], [`finding`],
//!   [`texts`], [`name_list`], [`receiver`], [`requester`], [`email`], [`ids`], [`secret`], [`time_zone`],
//!   [`timestamp`], [`wire_name`].
//!
//! Invariant: a layer uses only layers below it; raw text becomes a typed value at the edge.

pub mod acme;
pub mod approval;
pub mod approver_set;
#[cfg(feature = "aws")]
pub mod aws;
pub mod backup;
pub mod certificate;
pub mod console;
pub mod decision;
mod dns_rule;
pub mod email;
pub mod enrolment;
pub mod environment;
pub mod finding;
mod framed_hash;
pub mod grant;
pub mod ids;
pub mod mail;
pub mod mail_kind;
pub mod message;
pub mod name_list;
pub mod notices;
pub mod ocsp;
pub mod policy;
pub mod ports;
pub mod receiver;
pub mod request;
pub mod requester;
pub mod runtime;
pub mod secret;
pub mod stand_in;
pub mod standing;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod texts;
pub mod time_zone;
pub mod timestamp;
pub mod transparency;
mod web_url;
pub mod wire_name;
