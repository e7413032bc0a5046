//! Certificates after they were issued: where verifiers learn about them.

mod publication;

pub use publication::{LISTS, PublicationUrl, addresses, issuer_certificate_path, list_path};
