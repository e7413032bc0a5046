//! Certificate signing requests, keys, names and certificates: bytes in, typed values out.
//!
//! - [`csr`]: from pasted text to a request whose proof of possession was verified.
//! - [`certificate`]: from contents to a signed certificate; the linter; certificates that are read.
//! - [`issuer`]: an issuer's certificate, its chain, its name constraints.
//! - [`signer`]: the trait of key holders, a key in memory, verifying signatures.
//! - [`key`], [`name`]: public keys and weak ones; names. Below: [`error`], [`text`], and object identifiers, PEM.
//!
//! Invariant: no policy, no sentence for people, no AWS. Errors are small values ([`error`]); words are made where people are
//! met. Public numbers only are compared, so nothing needs constant time.

pub mod certificate;
pub mod csr;
pub mod error;
pub mod issuer;
pub mod key;
mod key_kind;
pub mod name;
mod oid;
mod pem_block;
pub mod signer;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
