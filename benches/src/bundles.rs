//! Bundles of CA certificates, friendly and hostile.

use pki::issuer::{CertificateBundle, ChainError};
use pki::testing::{CaMaker, TestKey, TestKeyPair, sequence, tlv};
use time::{Duration, OffsetDateTime};

fn ca(kind: TestKey, name: &str) -> CaMaker {
    CaMaker::new(kind).named(name)
}

/// An issuing CA, strangers, and its root at the end.
pub fn bundle_of(kind: TestKey, size: usize) -> Vec<Vec<u8>> {
    let root = ca(kind, "Root");
    let mut ders = vec![ca(kind, "Issuing").der_below(&root)];
    let stranger = ca(kind, "Stranger");
    ders.extend((2..size).map(|at| stranger.clone().named(&format!("Stranger {at}")).root_der()));
    ders.push(root.root_der());
    ders
}

/// Certificates with one name and one key identifier; none signed another.
pub fn hostile_bundle(kind: TestKey, size: usize) -> Vec<Vec<u8>> {
    let identifier = TestKeyPair::generate(kind).identifier();
    let own = tlv(4, &identifier);
    let authority = sequence(&[tlv(0x80, &identifier)]);
    let signer = ca(kind, "Root");
    let one = |at| {
        let maker =
            ca(kind, "Root").extension("2.5.29.14", false, &own).extension("2.5.29.35", false, &authority);
        maker.lifetime(Duration::days(1), Duration::days(900 + at)).der_below(&signer)
    };
    (0..size as i64).map(one).collect()
}

/// An issuing CA below the first of several CAs, each of which signed all others, and their roots: shallow ones first.
pub fn mesh_bundle(kind: TestKey, size: usize) -> Vec<Vec<u8>> {
    let count = size.isqrt();
    let all: Vec<CaMaker> = (0..count).map(|at| ca(kind, &format!("CA {at}"))).collect();
    let mut ders = vec![ca(kind, "Issuing").der_below(&all[0])];
    for (at, one) in all.iter().enumerate() {
        let others = all.iter().enumerate().filter(|(other, _)| *other != at);
        ders.extend(others.map(|(_, other)| one.clone().der_below(other)));
    }
    ders.push(all[count - 1].root_der());
    ders
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
