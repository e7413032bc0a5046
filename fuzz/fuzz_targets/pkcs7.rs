//! Any bytes as PKCS#7: reading never panics, and each certificate found is a part of the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::pkcs7::{is_pkcs7, pkcs7_certificates};

fuzz_target!(|data: &[u8]| {
    let Ok(all) = pkcs7_certificates(data) else { return };
    assert!(is_pkcs7(data));
    assert!(all.iter().map(Vec::len).sum::<usize>() <= data.len());
    for one in all {
        assert!(data.windows(one.len()).any(|part| part == one));
    }
});
