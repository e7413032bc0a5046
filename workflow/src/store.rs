//! Conditional writes over the ports: a row is read, edited, and written only if its version is unchanged.
//!
//! Invariant: an update of a request and the audit events of that update are written in one transaction.
//! Errors: [`UpdateError`].

// Concurrency
// -----------
// Workers, the portal and the operator's command write the same two rows of a request, and SQS may deliver one message
// to two workers at once. There are no locks. Each row has a version, and each write has the condition "the version is
// unchanged since it was read" (DynamoDB: a condition expression on `version`):
//
//        A: find (version 4)            B: find (version 4)
//        A: edit                        B: edit
//        A: save if version = 4: Yes, the row has version 5
//                                       B: save if version = 4: Conflict
//                                       B: find (version 5), edit, save if version = 5: Yes
//
// So an edit may run several times, each time on a newly read row; only its last run counts. Three rules follow.
//
// 1. An edit is idempotent and has no effect outside the row. A call that timed out may have taken effect; the retry
//    then reads its own write, and must recognise it.
// 2. An edit that changes nothing is not written: no new version, no audit event.
// 3. The approval has the decision, the request has the status. They are separate rows, so that votes do not conflict
//    with records of mails. Only an audited update of the approval writes both, in one transaction.

use std::convert::Infallible;

use crate::ids::RequestId;
use crate::ports::PortError;

mod acme;
mod approvals;
mod inventory;
mod issuers;
mod lists;
mod log;
pub mod object_key;
mod people;
mod renewals;
mod requests;
mod responders;
mod retrying;
mod revocations;
mod standing;

pub use acme::{update_acme_account, update_acme_order};
pub use approvals::{update_approval, update_approval_audited};
pub use inventory::{CertificateState, EndPart, InventoryPage, inventory_by_end, inventory_page};
pub use issuers::issuer_of;
pub use lists::{LIFETIME, ListPublisher, PublishError, RENEWAL, next_list_number};
pub use log::{CertificateLog, LogError};
pub use people::{keys_of_provider, passkeys_of_voters, vote_proof};
pub use renewals::replaced_request;
pub use requests::{update_known_request, update_request};
pub use responders::{RenewResponderError, renew_responder};
pub use retrying::{NotRetried, Retried, retry_request};
pub use revocations::record_revocation;
pub use standing::{StandingEnding, count_use, end_standing, standing_uses};

/// The most attempts of an update that conflicts with other writers.
const MAX_WRITE_ATTEMPTS: usize = 8;

/// A row as it was written, or as it was read if the edit changed nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Updated<R, T> {
    /// The row.
    pub row: R,
    /// The value that the edit returned.
    pub value: T,
}

/// The cause of an update that did not take place.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E> {
    /// There is no such row.
    #[error("there is no request {0}")]
    Missing(RequestId),
    /// The edit rejected the row.
    #[error(transparent)]
    Rejected(E),
    /// The table did not answer, or every attempt conflicted with another writer.
    #[error(transparent)]
    Port(PortError),
}

impl<E> From<PortError> for UpdateError<E> {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

/// The return type of an edit: a plain value, or a [`Result`] if the edit may reject the row.
pub trait EditResult {
    /// The value of an accepted edit.
    type Value;
    /// The cause of a rejected edit.
    type Rejection;
    /// Both as a result.
    fn into_result(self) -> Result<Self::Value, Self::Rejection>;
}

impl<T, E> EditResult for Result<T, E> {
    type Value = T;
    type Rejection = E;
    fn into_result(self) -> Self {
        self
    }
}

macro_rules! plain_edit_results {
    ($(($($generics:ident),*) $plain:ty),+) => {$(
        impl<$($generics),*> EditResult for $plain {
            type Value = Self;
            type Rejection = Infallible;
            fn into_result(self) -> Result<Self, Infallible> {
                Ok(self)
            }
        }
    )+};
}

plain_edit_results!(() (), () bool, (T) Option<T>, (T, U) (T, U));

fn contended(what: &'static str) -> PortError {
    PortError { what, cause: format!("{MAX_WRITE_ATTEMPTS} attempts conflicted with other writers") }
}

#[cfg(test)]
mod tests;
