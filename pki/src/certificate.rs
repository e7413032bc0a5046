//! Making certificates: from their contents to the bytes that are signed (RFC 5280 section 4).
//!
//! Invariant: only a TBSCertificate that passed [`lint`] can be signed, and the linter reads its encoded bytes. A
//! certificate is built from contents, issuer and public key; nothing else of the request enters it. The same inputs
//! give the same bytes. [`cross_check`] reads the signed bytes by libraries that did not build them. Each part has its own error type; no error contains key material.

mod cross_check;
mod issue;
mod issue_responder;
mod lint;
mod parsed;
mod plain_name;
mod responder;
mod serial;
mod strict;
mod tbs;
mod template;
mod usages;
mod validity;

pub use crate::pem_block::{certificate_der, to_pem};
pub use cross_check::{Approved, CrossCheckError, cross_check};
pub use issue::{IssueError, issue};
pub use issue_responder::{ResponderError, issue_responder};
pub use lint::{LintError, Linted, check_subject, is_web_address, lint};
pub use parsed::{Certificate, CertificateError};
pub use responder::ResponderTemplate;
pub use serial::{Serial, SerialError};
pub use tbs::{BuildError, TbsFields, with_signature};
pub(crate) use tbs::{any, time};
pub use template::{CertificateContents, Publication, TbsCertificate, Template};
pub use usages::{key_can, mixes_time_stamping, restricts_agreement_wrongly, serve_a_purpose};
pub use validity::{BACKDATING, Validity, ValidityError};

#[cfg(test)]
mod tests;
