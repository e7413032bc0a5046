//! The state of the ACME server (RFC 8555): accounts and orders, as rows of the table `acme`, and the only rules for their
//! changes.
//!
//! - [`AcmeAccount`]: a key that is bound to a standing approval. [`AcmeOrder`]: a certificate that an account asks for.
//! - [`AcmeExtensions`]: the standing approvals with more names that follow a standing approval.
//! - [`OrderLimits`]: how many orders an account may make. [`AcmeAccountId`], [`AcmeOrderId`]: their ids.
//!
//! Invariant: authorizations and challenges are no rows: they follow from an order. An order is born `ready`, since a standing
//! approval decided before it (section 7.4.1); it has one request id, so at most one certificate. Nothing here is trusted by
//! Sign, which checks the standing approval itself. Decision 0154.

mod account;
mod extension;
mod id;
mod limits;
mod order;

pub use account::AcmeAccount;
pub use extension::{
    AcmeExtensions, AskedExtension, DeclinedExtension, ExtensionPause, ExtensionProgress, OTHER_NAMES_PAUSE,
    SAME_NAMES_PAUSE,
};
pub use id::{AcmeAccountId, AcmeOrderId};
pub use limits::{OrderLimitError, OrderLimits};
pub use order::{
    AcmeOrder, FinalizeError, ORDER_LIFETIME, OrderFailure, OrderState, OrderSummary, OrderTerms,
};
