//! Certificates after they were issued: where verifiers learn about them.

mod publication;

pub use publication::{ISSUER_CERTIFICATES, LISTS, PublicationUrl, addresses};
