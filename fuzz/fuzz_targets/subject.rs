//! Any text as a subject: reading never panics, and an accepted one is DER whose text reads back as the same subject.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::name::Subject;

fuzz_target!(|text: &str| {
    match Subject::read(text) {
        Ok(subject) => {
            let again = Subject::read(&subject.to_string()).expect("its own text");
            assert_eq!(again, subject);
            assert_eq!(again.to_der(), subject.to_der());
        }
        Err(error) => assert!(text.get(error.at).is_some()),
    }
});
