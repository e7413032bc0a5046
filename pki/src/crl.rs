//! Certificate revocation lists (RFC 5280 section 5).
//!
//! Invariant: a list is of version 2, has a number and an authority key identifier, and names its issuer byte for byte as
//! the issuer's certificates do. It is signed only by the key of its issuer, and only if the issuer's certificate allows it
//! (cRLSign). Before a signed list is handed out, `webpki`, which took no part in making it, reads every entry, and the
//! signature is verified. Entries are encoded as they come, so that a million of them need about twice the size of the
//! list.

mod build;
mod issue;
mod read;
mod reason;

pub use build::{CrlBuilder, CrlTemplate, RevokedCertificate, TbsCrl};
pub use issue::{CrlError, issue_crl};
pub use read::{Crl, CrlReadError};
pub use reason::{ReasonError, RevocationReason};

#[cfg(test)]
mod tests;
