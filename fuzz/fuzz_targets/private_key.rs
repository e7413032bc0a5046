//! Any octets as a text with or without a private key: the search never panics and stays within its budget.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::private_key;

fuzz_target!(|data: &[u8]| {
    let search = private_key::search(data);
    assert!(search.layer_bytes <= private_key::budget(data.len()));
    assert_eq!(search, private_key::search(data));
});
