//! Any octets are an OCSP request or are refused; what is read stands in the octets, and is bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::ocsp::{OcspRequest, OcspRequestError};

fuzz_target!(|octets: &[u8]| {
    match OcspRequest::from_der(octets) {
        Ok(request) => {
            assert!(octets.len() <= OcspRequest::MAX_BYTES);
            assert!((1..=OcspRequest::MAX_CERTIFICATES).contains(&request.certificates().len()));
            assert!(request.nonce().is_none_or(|nonce| (1..=128).contains(&nonce.len())));
            for serial in request.certificates().iter().filter_map(|certificate| certificate.serial()) {
                assert!(octets.windows(serial.octets().len()).any(|part| part == serial.octets()));
            }
        }
        Err(error) => assert_eq!(error == OcspRequestError::TooLong, octets.len() > OcspRequest::MAX_BYTES),
    }
});
