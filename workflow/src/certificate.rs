//! Certificates after they were issued: where verifiers learn about them, who answers for them, and revocations.

mod key_proof;
mod publication;
mod responder;
mod revocation;
pub mod revoking;
mod shard;

pub use key_proof::{KeyProofError, ProvenRevocation};
pub use publication::{OCSP, PublicationUrl, addresses, issuer_certificate_path};
pub use responder::{NewResponderError, Responder, ResponderPemError};
pub use revocation::{Revocation, reason_text, revoker_text};
pub use shard::{LISTS, ListName, Shard};
