//! Advice about keys.

use pki::key::MAX_RSA_BITS;

use crate::texts::Message;

/// Advice for every key that has to be made again.
pub(crate) fn new_key() -> Message {
    Message::new("finding-new-key")
        .with("command", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem")
}

/// The kinds of keys that are certified, and how to make one.
pub(super) fn supported_keys() -> Message {
    Message::new("finding-supported-keys").with("most", MAX_RSA_BITS).with("advice", new_key())
}
