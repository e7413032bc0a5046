//! The pages of the console.
//!
//! Invariant: a page has no key of a link, no token, and no button that approves.

mod action;
mod certificates;
mod frame;
mod grants;
mod issuers;
mod overview;
mod policy;
mod request;
mod requests;
mod rows;
mod sign_in;

pub(crate) use action::ConsoleAction;
pub(crate) use certificates::{CertificateSearch, ConsoleCertificatesPage, SearchBy, SearchMistake};
pub(crate) use frame::ConsoleFrame;
pub(crate) use grants::ConsoleGrantsPage;
pub(crate) use issuers::{ConsoleIssuersPage, IssuerAtConsole};
pub(crate) use overview::{ConsoleOverview, ConsoleOverviewPage, CountedCertificates};
pub(crate) use policy::ConsolePolicyPage;
pub(crate) use request::{ConsoleRequestPage, RequestAtConsole};
pub(crate) use requests::{ConsoleRequestsPage, RequestsInStatus};
pub(crate) use sign_in::{ConsoleSignInPage, ConsoleSignedInPage};
