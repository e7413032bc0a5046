//! Any file is a list of keys or is refused; a list is searched right and comes back as it was written.
#![no_main]

use futures_util::FutureExt as _;
use libfuzzer_sys::fuzz_target;
use pki::csr::Csr;
use pki::key::PublicKey;
use pki::testing::{CsrMaker, TestKey};
use std::sync::LazyLock;
use workflow::policy::key_list::{KeyList, has_key};

static KEY: LazyLock<PublicKey> = LazyLock::new(|| {
    let csr = CsrMaker::new(TestKey::EcP256).common_name("www.example.com").pem();
    Csr::read(&csr).expect("a CSR").key().clone()
});

fuzz_target!(|file: &[u8]| {
    let Ok(list) = KeyList::read(file) else { return };
    assert_eq!(KeyList::read(list.as_bytes()).as_ref(), Ok(&list));
    let key = KeyList::read(KEY.digest().as_bytes()).expect("a digest");
    let with_key = KeyList::merged([list.clone(), key]);
    for (list, expected) in [(&list, list.len() == with_key.len()), (&with_key, true)] {
        let found = has_key(list, &KEY).now_or_never().expect("no waiting");
        assert_eq!(found, Ok(expected));
    }
});
