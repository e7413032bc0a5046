//! Responders: who signs OCSP answers for an issuer.
//!
//! Invariant: the key belongs to the certificate. The key is none of the CA's: it signs answers alone, for two weeks.

use aws_lc_rs::rand::SystemRandom;
use pki::certificate::{
    Certificate, CertificateError, ResponderError, ResponderTemplate, Serial, SerialError, Validity,
    ValidityError, issue_responder,
};
use pki::error::KeyError;
use pki::issuer::Issuer;
use pki::key::PublicKey;
use pki::ocsp::OcspResponder;
use pki::signer::{LocalKey, LocalKeyError, Signer, SignerError};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The key and the certificate of an OCSP responder.
#[derive(Debug)]
pub struct Responder {
    pem: Secret<Zeroizing<String>>,
    signer: LocalKey,
    key: PublicKey,
    certificate: Certificate,
}

/// Why a text is no responder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponderPemError {
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] LocalKeyError),
    /// The public key is of another kind.
    #[error(transparent)]
    PublicKey(#[from] KeyError),
    /// The certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate has another key.
    #[error("the key is not the key of the certificate")]
    OtherKey,
}

/// Why no responder was made.
#[derive(Debug, thiserror::Error)]
pub enum NewResponderError {
    /// The key or the serial cannot be made, or the key of the CA cannot be used.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The serial cannot be made.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// The CA certificate is not valid.
    #[error(transparent)]
    Validity(#[from] ValidityError),
    /// The certificate was not issued.
    #[error(transparent)]
    Certificate(#[from] ResponderError),
    /// What was made cannot be read: a bug.
    #[error(transparent)]
    Pem(#[from] ResponderPemError),
}

impl Responder {
    /// Reads a PKCS#8 key and a certificate, both in PEM.
    ///
    /// # Errors
    /// [`ResponderPemError`].
    pub fn from_pem(pem: Zeroizing<String>) -> Result<Self, ResponderPemError> {
        let signer = LocalKey::from_pem(&pem)?;
        let key = PublicKey::from_spki(signer.spki_der())?;
        let certificate = Certificate::from_pem(&pem)?;
        if certificate.public_key_digest() != key.digest() {
            return Err(ResponderPemError::OtherKey);
        }
        Ok(Self { pem: Secret::new(pem), signer, key, certificate })
    }

    /// Makes a key, and has the issuer certify it.
    ///
    /// # Errors
    /// [`NewResponderError`].
    pub async fn make(
        issuer: &Issuer,
        signer: &dyn Signer,
        now: OffsetDateTime,
    ) -> Result<Self, NewResponderError> {
        let mut pem = LocalKey::generate_pem()?;
        let key = LocalKey::from_pem(&pem).map_err(ResponderPemError::from)?;
        let template = ResponderTemplate {
            issuer,
            key: &PublicKey::from_spki(key.spki_der()).map_err(ResponderPemError::from)?,
            serial: &Serial::random(&SystemRandom::new())?,
            validity: &Validity::choose(now, ResponderTemplate::DAYS, issuer)?,
        };
        let certificate = issue_responder(signer, &template).await?;
        // One buffer, so that no copy of the key is left behind.
        let mut both = Zeroizing::new(String::with_capacity(pem.len() + certificate.pem().len()));
        both.push_str(&pem);
        both.push_str(&certificate.pem());
        pem.clear();
        Ok(Self::from_pem(both)?)
    }

    /// The key and the certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> &Secret<Zeroizing<String>> {
        &self.pem
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// True if the responder can answer for the issuer now: the issuer's key signed its certificate, which is valid.
    #[must_use]
    pub fn answers_for(&self, issuer: &Issuer, now: OffsetDateTime) -> bool {
        self.is_valid_at(now) && issuer.verify(self.certificate.der()).is_ok()
    }

    /// True if the certificate is valid at this time.
    #[must_use]
    pub fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        self.certificate.not_before() <= now && now < self.certificate.not_after()
    }

    /// True if another responder is to take this one's place: half of its life has passed, and another one would live longer.
    #[must_use]
    pub fn is_due(&self, issuer: &Issuer, now: OffsetDateTime) -> bool {
        let (from, to) = (self.certificate.not_before(), self.certificate.not_after());
        !self.answers_for(issuer, now) || (to - now < (to - from) / 2 && to < issuer.not_after())
    }

    /// The responder as it signs answers.
    #[must_use]
    pub fn signing(&self) -> OcspResponder<'_> {
        OcspResponder { signer: &self.signer, key_bits: self.key.bits(), certificate: self.certificate.der() }
    }
}

#[cfg(test)]
mod tests {
    use pki::testing::{CaMaker, TestCa, TestKey};
    use time::Duration;

    use super::*;

    fn authority(ca: &TestCa) -> (Issuer, LocalKey) {
        (Issuer::from_pem(&ca.certificate_pem).unwrap(), LocalKey::from_pem(&ca.key_pem).unwrap())
    }

    #[tokio::test]
    async fn a_responder_is_replaced_at_half_of_its_life() {
        let (issuer, signer) = authority(&pki::testing::root());
        let now = OffsetDateTime::now_utc();
        let responder = Responder::make(&issuer, &signer, now).await.unwrap();
        let due = |after: Duration| responder.is_due(&issuer, now + after);
        assert!(!due(Duration::ZERO) && !due(Duration::days(6)));
        assert!(due(Duration::days(7)) && due(Duration::days(13)) && due(Duration::days(20)));
        assert!(responder.answers_for(&issuer, now + Duration::days(13)));
        assert!(!responder.answers_for(&issuer, now + Duration::days(14)));
        let (other, _) = authority(&pki::testing::root());
        assert!(!responder.answers_for(&other, now) && responder.is_due(&other, now));
    }

    #[tokio::test]
    async fn the_last_responder_of_an_issuer_is_left_alone() {
        let ca = CaMaker::new(TestKey::EcP256).lifetime(Duration::days(100), Duration::days(3));
        let (issuer, signer) = authority(&ca.self_signed());
        let now = OffsetDateTime::now_utc();
        let responder = Responder::make(&issuer, &signer, now).await.unwrap();
        assert_eq!(responder.certificate().not_after(), issuer.not_after());
        assert!(!responder.is_due(&issuer, now + Duration::days(2)));
    }

    #[tokio::test]
    async fn what_is_stored_is_read_back_and_never_shown() {
        let (issuer, signer) = authority(&pki::testing::root());
        let now = OffsetDateTime::now_utc();
        let (one, other) =
            (Responder::make(&issuer, &signer, now).await, Responder::make(&issuer, &signer, now).await);
        let (one, other) = (one.unwrap(), other.unwrap());
        let pem = one.pem().expose();
        // A standard parameter of SSM.
        assert!(pem.len() < 4096, "{}", pem.len());
        assert_eq!(Responder::from_pem(pem.clone()).unwrap().certificate(), one.certificate());
        assert!(!format!("{one:?}").contains("PRIVATE"), "{one:?}");
        let end = pem.find("-----BEGIN CERTIFICATE").unwrap();
        let mixed = format!("{}{}", &pem[..end], other.certificate().pem());
        let wrong = |text: &str| Responder::from_pem(Zeroizing::new(text.to_owned())).unwrap_err();
        assert_eq!(wrong(&mixed), ResponderPemError::OtherKey);
        assert_eq!(wrong(&pem[..end]), ResponderPemError::Certificate(CertificateError::Missing));
        assert_eq!(wrong(&pem[end..]), ResponderPemError::Key(LocalKeyError::Missing));
    }
}
