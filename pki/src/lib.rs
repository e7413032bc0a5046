//! Certificate signing requests, keys, names and certificates: bytes in, typed values out.
//!
//! - [`csr`]: from pasted text to a request with verified proof of possession.
//! - [`certificate`]: from contents to a signed certificate; the linter; parsed certificates.
//! - [`crl`]: certificate revocation lists.
//! - [`ocsp`]: answers about the status of certificates.
//! - [`private_key`]: private keys in submitted text, to refuse them.
//! - [`issuer`]: an issuer's certificate, its chain, its name constraints; chains found in bundles. [`pkcs7`]: files of
//!   certificates.
//! - [`signer`]: the trait of key holders, a key in memory, the verification of signatures.
//! - [`jose`]: JSON Web Signatures and Keys. [`id_token`]: ID tokens of OpenID Connect, and the keys of their issuers.
//! - [`acme`]: the wire protocol of an ACME server.
//! - [`tlog`]: Merkle logs, and what a log signs.
//! - [`webauthn`]: registrations and assertions of passkeys.
//! - [`key`], [`name`]: public keys and weak ones; names. Below: [`error`], [`text`], [`base64url`], object identifiers,
//!   PEM, digits, SHA-256.
//!
//! Invariant: no policy, no text for requesters, no AWS. Errors are small values ([`error`]). All compared numbers are
//! public, so nothing needs constant time.

pub mod acme;
pub mod base64url;
pub mod certificate;
pub mod crl;
pub mod csr;
mod digits;
pub mod error;
pub mod id_token;
pub mod issuer;
pub mod jose;
pub mod key;
mod key_kind;
pub mod name;
pub mod ocsp;
mod oid;
mod pem_block;
pub mod pkcs7;
pub mod private_key;
mod sha256;
pub mod signer;
mod strict_der;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod tlog;
pub mod webauthn;
