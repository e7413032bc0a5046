//! The ports of a step: traits with typed values, free of SDK types.
//!
//! Invariant: every [`PortError`] may be retried; final answers ("there is no such row", "the row has another version")
//! are part of the results. A failed call may have taken effect, so each caller is idempotent.

mod acme;
mod error;
mod flow;
mod identity;
mod inventory;
mod issuers;
mod lists;
mod log;
mod names;
mod notices;
mod outside;
mod people;
mod relay;
mod responders;
mod revocations;
mod standing;
mod storage;

pub use acme::{AcmeStore, OrderName, OrdersPage};
pub use error::PortError;
pub use flow::{
    ExecutionHistory, ExecutionState, Executions, Queue, Reported, StateVisit, Tasks, WorkerQueue,
};
pub use identity::{AuthorizationCode, IdentityProvider, ProviderMetadata, Redeemed};
pub use inventory::{
    CertificateList, CertificateListing, ListPart, ListedCertificate, ListedCertificateError, PartStart,
    domain_order,
};
pub use issuers::Issuers;
pub use lists::{ListVersion, PublishedList, RevocationLists};
pub use log::{LogFile, LogFiles, LogKeys, Receipts};
pub(crate) use names::LISTED;
pub use names::{NameEntry, NameIndex, NameRow, look_alike};
pub use notices::{EventBus, Headers, ReceiverParameters, WebhookCaller};
pub use outside::{
    Clock, CompromisedKeys, KeyLists, LinkSecrets, Mailer, Metrics, Operators, Policies, SystemClock,
};
pub use people::{EnrolmentCodes, People, PeopleWriter};
pub use relay::{ListFile, ListFiles, ObjectVersion, TrustAnchorCrl, TrustAnchorCrls, TrustStoreCrls};
pub use responders::OcspResponders;
pub use revocations::{RevocationPage, RevocationWriter, Revocations};
pub use standing::{StandingApprovals, StandingEndWriter, StandingUsePage};
pub use storage::{
    Approvals, AuditTrails, CertificateStore, EndingCertificate, ListedRequest, Requests, Saved,
};
