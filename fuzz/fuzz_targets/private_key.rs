//! Any octets as a text with or without a private key: the search never panics and stays within its budget.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::private_key::{self, MAX_EXTRA_BYTES, MAX_RATIO};

fuzz_target!(|data: &[u8]| {
    let search = private_key::search(data);
    assert!(search.layer_bytes <= data.len() * MAX_RATIO + MAX_EXTRA_BYTES);
    assert_eq!(search, private_key::search(data));
});
