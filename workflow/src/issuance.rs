//! Making certificates: from what was granted to what is signed (RFC 5280 section 4).
//!
//! Invariant: only what [`lint`] let through can be signed, and the linter reads the encoded bytes, not the values they were
//! made from. A certificate is built from the grant, the issuer, and the key of the request; of the request nothing
//! else enters. The same inputs give the same bytes. Each part fails with its own small error; none of them names key
//! material.

mod algorithm;
mod certificate;
mod constraints;
mod issuer;
mod lint;
mod local_key;
mod serial;
mod signer;
mod strict;
mod template;
mod validity;

pub use algorithm::SignatureAlgorithm;
pub use certificate::{Certificate, CertificateError};
pub use issuer::{Issuer, IssuerError};
pub use lint::{LintError, Linted, lint};
pub use local_key::{KeyError, LocalKey};
pub use serial::{Serial, SerialError};
pub use signer::{IssueError, Signer, SignerError, issue};
pub use template::{BuildError, Publication, TbsCertificate, Template};
pub use validity::{Validity, ValidityError};

pub(crate) use template::is_subject;

#[cfg(test)]
mod tests;
