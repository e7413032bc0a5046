//! Advice about keys.

use pki::key::MAX_RSA_BITS;

use crate::texts::Message;

/// Advice to make a new key.
pub(crate) fn new_key() -> Message {
    Message::new("finding-new-key")
        .with("command", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem")
}

/// The supported kinds of keys, with advice to make one.
pub(super) fn supported_keys() -> Message {
    Message::new("finding-supported-keys").with("most", MAX_RSA_BITS).with("advice", new_key())
}
