//! Octets that JSON and tables hold as base64url without padding, as WebAuthn does. The type is of pki, which reads them too.

pub use pki::base64url::Base64Url;
