//! Any bytes as a revocation list: reading never panics, the header is what webpki and x509-parser read, and so is each entry.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::certificate::Serial;
use pki::crl::Crl;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

fuzz_target!(|data: &[u8]| {
    let Ok(crl) = Crl::from_der(data.to_vec()) else { return };
    assert_eq!(crl.der(), data);
    assert!(crl.to_pem().starts_with("-----BEGIN X509 CRL-----\n"));
    let Ok((rest, read)) = CertificateRevocationList::from_der(data) else { return };
    assert!(rest.is_empty());
    assert_eq!(crl.this_update().unix_timestamp(), read.last_update().timestamp());
    assert_eq!(read.next_update().map(|time| time.timestamp()), Some(crl.next_update().unix_timestamp()));
    for entry in read.iter_revoked_certificates().take(3) {
        let Ok(serial) = Serial::from_integer(entry.raw_serial()) else { continue };
        // An entry that cannot be read is an error, never a serial that is not revoked.
        assert_ne!(crl.reason_of(&serial), Ok(None));
    }
});
