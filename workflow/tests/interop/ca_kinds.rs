//! The kinds of CA below which revocation lists and OCSP answers are tried.

use pki::testing::{CaMaker, TestKey};

/// A kind of CA.
pub(crate) struct CaKind {
    pub(crate) label: &'static str,
    pub(crate) key: TestKey,
    /// The key of the root, for an issuing CA.
    above: Option<TestKey>,
}

pub(crate) const CA_KINDS: [CaKind; 4] = [
    CaKind { label: "root P-256", key: TestKey::EcP256, above: None },
    CaKind { label: "root RSA 2048", key: TestKey::Rsa2048, above: None },
    CaKind { label: "root P-384", key: TestKey::EcP384, above: None },
    CaKind { label: "root P-384, issuing P-256", key: TestKey::EcP256, above: Some(TestKey::EcP384) },
];

impl CaKind {
    /// The CA itself.
    pub(crate) fn ca(&self, name: &str) -> CaMaker {
        CaMaker::new(self.key).named(name)
    }

    /// The root above an issuing CA.
    pub(crate) fn root(&self, name: &str) -> Option<CaMaker> {
        self.above.map(|key| CaMaker::new(key).named(name))
    }

    /// True if the CA is below a root.
    pub(crate) fn is_issuing_ca(&self) -> bool {
        self.above.is_some()
    }

    /// The label, as part of a file's name.
    pub(crate) fn file_name(&self) -> String {
        self.label.replace([' ', ','], "-")
    }
}
