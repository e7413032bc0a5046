//! HTTP for every route: negotiation, bodies, headers, problems, and API Gateway in front.

pub(crate) mod bearer;
pub(crate) mod client_addr;
pub(crate) mod cookie;
pub(crate) mod cross_site;
pub(crate) mod fields;
pub mod gateway;
pub(crate) mod headers;
pub(crate) mod negotiate;
pub(crate) mod own_throttle;
pub(crate) mod passkey_fields;
pub(crate) mod problem;
pub(crate) mod review_path;
pub(crate) mod sign_in_cookie;
pub(crate) mod sign_in_fields;
