//! Properties of any input.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn any_text_ends_in_a_code(text in "(?s).{0,400}") {
        prop_assert!(!read(&text).unwrap_err().is_empty());
    }

    #[test]
    fn any_bytes_end_in_a_code(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let findings = read(&test_pki::pem("CERTIFICATE REQUEST", &bytes)).unwrap_err();
        prop_assert!(!findings.is_empty());
        prop_assert!(!Csr::from_der(bytes).unwrap_err().is_empty());
    }

    #[test]
    fn a_request_with_any_octet_changed_is_refused_or_the_same(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        static DER: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| maker().der());
        let mut der = DER.clone();
        let at = at.index(der.len());
        let changed = der[at] != to;
        der[at] = to;
        let read = Csr::from_der(der.clone());
        prop_assert_eq!(read.is_err(), changed, "octet {} of {}", at, hex::encode(der));
    }

    #[test]
    fn requests_for_any_valid_names_round_trip(
        hosts in proptest::collection::vec("[a-z0-9]{1,20}(\\.[a-z0-9]{1,10}){0,3}\\.example\\.com", 1..20),
        address: std::net::Ipv4Addr,
    ) {
        let mut wanted = hosts;
        wanted.push(address.to_string());
        let listed: Vec<&str> = wanted.iter().map(String::as_str).collect();
        match read(&CsrMaker::new(TestKey::EcP256).names(&listed).pem()) {
            Ok(csr) => {
                let mut distinct: Vec<String> = Vec::new();
                for name in wanted {
                    if !distinct.contains(&name) { distinct.push(name); }
                }
                prop_assert_eq!(names(&csr), distinct);
            }
            Err(findings) => prop_assert!(findings.iter().all(|finding| finding.code == Code::BadName)),
        }
    }
}
