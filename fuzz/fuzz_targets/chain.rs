//! Any bytes as PEM or as DER values in a row: finding a chain never panics, verifies a bounded number of signatures, and
//! what is found is a chain.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::certificate::to_pem;
use pki::issuer::{CertificateBundle, Issuer, IssuerError, MAX_SIGNATURE_CHECKS};

/// 1 January 2026.
const NOW: i64 = 1_767_225_600;

/// Splits the bytes into values of two octets of length and as many octets.
fn values(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while let [high, low, rest @ ..] = data {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        all.push(rest[..length].to_vec());
        data = &rest[length..];
    }
    all
}

fuzz_target!(|data: &[u8]| {
    let ders: Vec<Vec<u8>> = match std::str::from_utf8(data) {
        Ok(text) => {
            if let Ok(issuer) = Issuer::from_pem(text) {
                assert!(issuer.is_authority_key(issuer.key()));
                let _ = issuer.strict_objections();
                Issuer::from_pem(issuer.chain_pem()).expect("what was read is read again");
            }
            text.split("-----BEGIN ").map(|block| block.as_bytes().to_vec()).collect()
        }
        Err(_) => values(data),
    };
    let readable = ders.into_iter().filter(|der| CertificateBundle::read([der.clone()]).is_ok());
    let Ok(bundle) = CertificateBundle::read(readable) else { unreachable!("each was read") };
    let now = time::OffsetDateTime::from_unix_timestamp(NOW).expect("a time");
    for at in 0..bundle.len().min(4) {
        let before = bundle.signature_checks();
        let Ok(chain) = bundle.chain(at, now) else { continue };
        assert!(bundle.signature_checks() - before <= MAX_SIGNATURE_CHECKS);
        assert_eq!(chain[0], bundle.der(at));
        // The certificate at its beginning may be unfit; constraints and purposes are read later.
        let above: String = chain[1..].iter().map(|der| to_pem(der)).collect();
        match Issuer::from_pem(&above) {
            Ok(_) | Err(IssuerError::Malformed(_)) => {}
            Err(error) => assert!(chain.len() == 1, "{error}"),
        }
    }
});
