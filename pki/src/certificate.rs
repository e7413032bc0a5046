//! Making certificates: from their contents to the bytes that are signed (RFC 5280 section 4).
//!
//! Invariant: only what [`lint`] let through can be signed, and the linter reads the encoded bytes, not the values behind
//! them. A certificate is built from its contents, the issuer, and the key of the request; of the request nothing
//! else enters. The same inputs give the same bytes. Each part fails with its own small error; none of them names key
//! material.

mod issue;
mod lint;
mod parsed;
mod serial;
mod strict;
mod tbs;
mod template;
mod validity;

pub use crate::pem_block::to_pem;
pub use issue::{IssueError, issue};
pub use lint::{LintError, Linted, lint};
pub use parsed::{Certificate, CertificateError};
pub use serial::{Serial, SerialError};
pub use tbs::{BuildError, TbsFields, signed_certificate};
pub use template::{CertificateContents, Publication, TbsCertificate, Template};
pub use validity::{Validity, ValidityError};

#[cfg(test)]
mod tests;
