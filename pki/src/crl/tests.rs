//! Lists are built, signed, read back, and judged by webpki and x509-parser.

use proptest::prelude::*;
use rustls_pki_types::{CertificateDer, UnixTime};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use super::*;
use crate::certificate::Serial;
use crate::issuer::Issuer;
use crate::signer::{LocalKey, Signer as _};
use crate::testing::{CaMaker, TestKey};

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_900_000_000).unwrap()
}

struct Authority {
    issuer: Issuer,
    key: LocalKey,
}

impl Authority {
    fn new(maker: CaMaker) -> Self {
        let ca = maker.self_signed();
        let (issuer, key) = (Issuer::from_pem(&ca.certificate_pem), LocalKey::from_pem(&ca.key_pem));
        Self { issuer: issuer.unwrap(), key: key.unwrap() }
    }

    fn template(&self) -> CrlTemplate<'_> {
        CrlTemplate {
            issuer: &self.issuer,
            algorithm: self.key.algorithm(),
            number: 7,
            this_update: now(),
            next_update: now() + Duration::days(7),
            shard: None,
        }
    }

    async fn list(&self, entries: &[RevokedCertificate]) -> Crl {
        let mut builder = CrlBuilder::new(self.template());
        for entry in entries {
            builder.push(entry).unwrap();
        }
        issue_crl(&self.key, builder.finish().unwrap()).await.unwrap()
    }
}

fn entry(serial: &str, reason: RevocationReason) -> RevokedCertificate {
    RevokedCertificate { serial: serial.parse().unwrap(), revoked_at: now() - Duration::hours(1), reason }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

const KINDS: [TestKey; 5] =
    [TestKey::EcP256, TestKey::EcP384, TestKey::EcP521, TestKey::Ed25519, TestKey::Rsa2048];

#[tokio::test]
async fn a_list_without_entries_has_no_list_of_them() {
    for kind in KINDS {
        let authority = Authority::new(CaMaker::new(kind));
        let crl = authority.list(&[]).await;
        assert_eq!((crl.number(), crl.this_update()), (7, now()));
        assert_eq!(crl.next_update(), now() + Duration::days(7));
        let (rest, read) = CertificateRevocationList::from_der(crl.der()).unwrap();
        assert!(rest.is_empty());
        assert_eq!(read.iter_revoked_certificates().count(), 0);
        assert_eq!(read.issuer().as_raw(), authority.issuer.subject_der());
        assert_eq!(read.extensions().len(), 2);
        assert_eq!(crl.reason_of(&"01".parse().unwrap()), Ok(None));
        assert_eq!(Crl::from_der(crl.der().to_vec()), Ok(crl.clone()));
    }
}

#[tokio::test]
async fn each_reason_is_read_back_and_unspecified_is_left_out() {
    let authority = Authority::new(CaMaker::new(TestKey::EcP256));
    let reasons = RevocationReason::ALL.into_iter().chain([RevocationReason::CaCompromise]);
    let entries: Vec<_> = reasons.map(|reason| entry(&format!("4{}", reason.number()), reason)).collect();
    let crl = authority.list(&entries).await;
    let (_, read) = CertificateRevocationList::from_der(crl.der()).unwrap();
    for (entry, read) in entries.iter().zip(read.iter_revoked_certificates()) {
        assert_eq!(read.raw_serial(), entry.serial.octets());
        assert_eq!(read.revocation_date.timestamp(), entry.revoked_at.unix_timestamp());
        let code = read.reason_code().map(|(critical, code)| (critical, code.0));
        let expected =
            (entry.reason != RevocationReason::Unspecified).then(|| (false, entry.reason.number()));
        assert_eq!(code, expected);
        assert_eq!(crl.reason_of(&entry.serial), Ok(Some(entry.reason)));
        // Requests have certificates that are not of a CA.
        let parsed = (entry.reason != RevocationReason::CaCompromise).then_some(entry.reason);
        assert_eq!(entry.reason.as_str().parse().ok(), parsed);
    }
    assert_eq!(crl.entries(), Ok(entries));
    assert!("keycompromise".parse::<RevocationReason>().is_err());
}

#[tokio::test]
async fn the_part_of_a_list_names_its_distribution_point() {
    let authority = Authority::new(CaMaker::new(TestKey::EcP256));
    let template = CrlTemplate { shard: Some("http://ca.test/crl/a-3.crl"), ..authority.template() };
    let crl = issue_crl(&authority.key, CrlBuilder::new(template).finish().unwrap()).await.unwrap();
    let (_, read) = CertificateRevocationList::from_der(crl.der()).unwrap();
    let point = read.extensions().iter().find(|extension| extension.oid.to_id_string() == "2.5.29.28");
    let point = point.expect("issuingDistributionPoint");
    assert!(point.critical);
    assert!(point.value.windows(26).any(|octets| octets == b"http://ca.test/crl/a-3.crl"));
    assert!(crl.is_shard());
    assert!(!authority.list(&[]).await.is_shard());
}

#[tokio::test]
async fn a_list_says_whose_it_is_and_is_read_back_from_its_pem() {
    let authority = Authority::new(CaMaker::new(TestKey::EcP256));
    let crl = authority.list(&[entry("0a", RevocationReason::Superseded)]).await;
    assert_eq!(crl.authority_key_identifier(), Some(authority.issuer.key_identifier()));
    let pem = crl.to_pem();
    assert_eq!(Crl::from_pem(&pem), Ok(crl));
    for bad in ["", &pem.repeat(2), &pem.replace("X509 CRL", "CERTIFICATE"), &pem.replacen('M', "!", 1)] {
        assert_eq!(Crl::from_pem(bad), Err(CrlReadError::Malformed), "{bad}");
    }
}

#[tokio::test]
async fn only_the_issuers_key_signs_and_only_if_its_certificate_allows_it() {
    let (authority, other) =
        (Authority::new(CaMaker::new(TestKey::EcP256)), Authority::new(CaMaker::new(TestKey::EcP256)));
    let tbs = CrlBuilder::new(authority.template()).finish().unwrap();
    assert_eq!(issue_crl(&other.key, tbs).await, Err(CrlError::WrongKey));
    let crl = authority.list(&[]).await;
    assert_eq!(crl.verify(&other.issuer), Err(CrlReadError::NotSigned));
    // keyUsage: keyCertSign alone.
    let without = Authority::new(CaMaker::new(TestKey::EcP256).extension("2.5.29.15", true, &[3, 2, 2, 4]));
    let tbs = CrlBuilder::new(without.template()).finish().unwrap();
    assert_eq!(issue_crl(&without.key, tbs).await, Err(CrlError::NotAllowed));
}

#[tokio::test]
async fn a_list_with_any_octet_changed_is_not_signed() {
    let authority = Authority::new(CaMaker::new(TestKey::Ed25519));
    let crl = authority.list(&[entry("77", RevocationReason::KeyCompromise)]).await;
    for at in 0..crl.der().len() {
        let mut der = crl.der().to_vec();
        der[at] ^= 1;
        let verified = Crl::from_der(der).and_then(|changed| changed.verify(&authority.issuer));
        assert!(verified.is_err(), "octet {at}");
    }
}

proptest! {
    /// Any entries are read by x509-parser and webpki as they were given.
    #[test]
    fn others_read_what_was_given(
        entries in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 1..=20), 0_i64..4_000_000_000, 0..RevocationReason::ALL.len()),
            0..40,
        )
    ) {
        let entries: Vec<RevokedCertificate> = entries
            .into_iter()
            .filter_map(|(octets, at, reason)| {
                Some(RevokedCertificate {
                    serial: hex::encode(octets).parse::<Serial>().ok()?,
                    revoked_at: OffsetDateTime::from_unix_timestamp(at).unwrap(),
                    reason: RevocationReason::ALL[reason],
                })
            })
            .collect();
        let authority = Authority::new(CaMaker::new(TestKey::Ed25519));
        let crl = block_on(authority.list(&entries));
        let (_, read) = CertificateRevocationList::from_der(crl.der()).unwrap();
        let read: Vec<RevokedCertificate> = read
            .iter_revoked_certificates()
            .map(|entry| RevokedCertificate {
                serial: Serial::from_integer(entry.raw_serial()).unwrap(),
                revoked_at: entry.revocation_date.to_datetime(),
                reason: RevocationReason::ALL
                    .into_iter()
                    .find(|reason| entry.reason_code().map_or(0, |(_, code)| code.0) == reason.number())
                    .unwrap(),
            })
            .collect();
        prop_assert_eq!(read, entries);
    }

    /// A list of which octets were changed, or the end cut off, is refused somewhere, and nowhere with a panic.
    #[test]
    fn a_list_that_was_changed_is_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..6),
        kept in 0..=100_usize,
    ) {
        let authority = Authority::new(CaMaker::new(TestKey::EcP256));
        let entries = [entry("77", RevocationReason::KeyCompromise), entry("78", RevocationReason::Unspecified)];
        let whole = block_on(authority.list(&entries)).der().to_vec();
        let mut der = whole.clone();
        for (at, change) in changes {
            let at = at.index(der.len());
            der[at] ^= change;
        }
        der.truncate((whole.len() * kept).div_ceil(100));
        prop_assume!(der != whole);
        let Ok(crl) = Crl::from_der(der) else { return Ok(()) };
        let _ = crl.reason_of(&entries[0].serial);
        // A signature of ECDSA has no second encoding.
        prop_assert!(crl.verify(&authority.issuer).is_err());
    }

    /// Any octets end in an answer.
    #[test]
    fn any_octets_end_in_an_answer(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(Crl::from_der(octets), Err(CrlReadError::Malformed));
    }
}

/// webpki, as rustls asks it.
#[tokio::test]
async fn webpki_refuses_what_the_list_revokes_and_nothing_else() {
    let maker = CaMaker::new(TestKey::EcP256);
    let leaf =
        |serial| CaMaker::new(TestKey::EcP256).named("leaf").not_a_ca().serial(serial).der_below(&maker);
    let (revoked, good) = (leaf(&[0x55]), leaf(&[0x56]));
    let root = CertificateDer::from(maker.root_der());
    let anchors = [webpki::anchor_from_trusted_cert(&root).unwrap()];
    let authority = Authority::new(maker.clone());
    let crl = authority.list(&[entry("55", RevocationReason::Superseded)]).await;
    let list =
        webpki::CertRevocationList::from(webpki::OwnedCertRevocationList::from_der(crl.der()).unwrap());
    let verify = |leaf: &[u8], at: OffsetDateTime| {
        let lists = [&list];
        let options = webpki::RevocationOptionsBuilder::new(&lists)
            .unwrap()
            .with_expiration_policy(webpki::ExpirationPolicy::Enforce)
            .build();
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at.unix_timestamp() as u64));
        webpki::EndEntityCert::try_from(&CertificateDer::from(leaf))
            .unwrap()
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &anchors,
                &[],
                at,
                webpki::KeyUsage::server_auth(),
                Some(options),
                None,
            )
            .map(|_| ())
    };
    assert_eq!(verify(&good, now()), Ok(()));
    assert_eq!(verify(&revoked, now()), Err(webpki::Error::CertRevoked));
    let late = verify(&good, now() + Duration::days(8));
    assert!(matches!(late, Err(webpki::Error::CrlExpired { .. })), "{late:?}");
}
