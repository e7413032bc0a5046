//! Keys, requests and CAs for tests, made anew each time: no file contains key material.
//!
//! Encoded by hand, not by the code under test, so that requests can be wrong in every way. Panics on errors.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

mod acme;
mod authority;
mod cbor;
mod encode;
mod hostile_text;
mod jose;
mod key;
mod non_canonical_key;
mod ocsp;
mod passkey;
mod provider;
mod request;
mod shapes;

pub use acme::AcmeClient;
pub use authority::{CaMaker, TestCa, root, root_with};
#[cfg(test)]
pub(crate) use cbor::{cbor_array, cbor_bytes, cbor_integer, cbor_map, cbor_text};
pub use encode::{date_at, distinguished_name, oid, pem, pkcs7, sequence, tlv};
pub use hostile_text::{hostile_pairs, hostile_texts};
pub use jose::mac_jws;
pub use key::{TestKey, TestKeyPair};
pub use non_canonical_key::csrs_with_non_canonical_keys;
pub use ocsp::{OcspHash, OcspSaid, ocsp_request, ocsp_said, ocsp_single};
pub use passkey::SoftPasskey;
pub use provider::ProviderKeyPair;
pub use request::{
    CsrMaker, csr, csr_with, csr_with_bad_signature, csr_with_rsa, csr_with_rsa_bits, csr_with_sha1, rsa_spki,
};
pub use shapes::{csr_shapes, csrs_with_unruly_attributes};
