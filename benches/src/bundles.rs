//! Bundles of CA certificates, friendly and hostile.

use pki::issuer::{CertificateBundle, ChainError};
use pki::testing::{CaMaker, TestKey, TestKeyPair, sequence, tlv};
use time::OffsetDateTime;

fn ca(name: &str) -> CaMaker {
    CaMaker::new(TestKey::EcP256).named(name)
}

/// An issuing CA, strangers, and its root at the end.
pub fn bundle_of(size: usize) -> Vec<Vec<u8>> {
    let root = ca("Root");
    let mut ders = vec![ca("Issuing").der_below(&root)];
    ders.extend((2..size).map(|at| ca(&format!("Stranger {at}")).root_der()));
    ders.push(root.root_der());
    ders
}

/// Certificates with one name and one key identifier; none signed another.
pub fn hostile_bundle(size: usize) -> Vec<Vec<u8>> {
    let identifier = TestKeyPair::generate(TestKey::EcP256).identifier();
    let own = tlv(4, &identifier);
    let authority = sequence(&[tlv(0x80, &identifier)]);
    let one = |_| {
        let maker = ca("Root").extension("2.5.29.14", false, &own).extension("2.5.29.35", false, &authority);
        maker.der_below(&ca("Root"))
    };
    (0..size).map(one).collect()
}

/// The chain of the first certificate.
///
/// # Errors
/// [`ChainError`] if there is none.
///
/// # Panics
/// If a certificate cannot be read.
pub fn chain_of(ders: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, ChainError> {
    let bundle = CertificateBundle::read(ders.iter().cloned()).expect("certificates");
    bundle.chain(0, OffsetDateTime::now_utc())
}
