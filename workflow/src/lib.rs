//! What every worker of Countersign shares.
//!
//! Data goes one way: raw text becomes a typed value at the edge ([`csr`], [`policy`], [`request`], [`approval`]), a
//! [`step`] works on typed values and asks its [`ports`] for whatever lies outside, and [`lambda`] is the one shell
//! that turns a batch of queue messages into steps and their results into task results. Only [`aws`] knows AWS.

pub mod approval;
pub mod audit;
#[cfg(feature = "aws")]
pub mod aws;
pub mod bundle;
pub mod csr;
pub mod decision;
pub mod environment;
pub mod export;
pub mod finding;
pub mod issuance;
pub mod judgement;
#[cfg(feature = "aws")]
pub mod lambda;
pub mod link;
pub mod log;
pub mod mail;
pub mod metric;
pub mod policy;
pub mod ports;
pub mod request;
pub mod step;
pub mod storage_key;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
