//! CA certificates: encoded and signed (RFC 5280 section 4).
//!
//! Invariant: a CA certificate has critical basicConstraints and keyUsage, a subject key identifier, the other
//! extensions of [`CaExtensions`], and a serial of 20 random octets. Names and keys are copied as DER.

use aws_lc_rs::rand::SystemRandom;
use der::asn1::{AnyRef, BitStringRef, GeneralizedTime, OctetString, UintRef, UtcTime};
use der::{DateTime, Decode as _, Encode as _, Sequence};
use pki::certificate::Serial;
use pki::key::PublicKey;
use pki::signer::Signer;
use time::OffsetDateTime;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use x509_cert::time::Time;

use super::extensions::{
    AUTHORITY_KEY_IDENTIFIER, CaExtensions, EncodingError, SUBJECT_KEY_IDENTIFIER, extension,
};

/// The CA that signs: the CA itself for a root, else its parent.
pub(super) struct ParentCa<'a> {
    /// Its subject, as DER.
    pub(super) name: &'a [u8],
    /// Its key.
    pub(super) signer: &'a dyn Signer,
    /// Subject key identifier of its certificate; `None` for a root that signs itself.
    pub(super) key_identifier: Option<Vec<u8>>,
}

/// Contents of a CA certificate.
pub(super) struct Authority<'a> {
    /// Its subject, as DER.
    pub(super) name: &'a [u8],
    /// Its SubjectPublicKeyInfo, as DER.
    pub(super) spki: &'a [u8],
    /// Beginning of the validity.
    pub(super) not_before: OffsetDateTime,
    /// End of the validity.
    pub(super) not_after: OffsetDateTime,
    /// Its extensions except the key identifiers.
    pub(super) extensions: &'a CaExtensions,
}

/// An error of [`Authority::certify`].
#[derive(Debug, thiserror::Error)]
pub(super) enum CertifyError {
    /// A value that does not fit into its field.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The key cannot be used.
    #[error(transparent)]
    Signer(#[from] pki::signer::SignerError),
}

/// TBSCertificate (RFC 5280 section 4.1) without the unique identifiers.
#[derive(Sequence)]
struct CaTbs<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial_number: UintRef<'a>,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    validity: CaValidity,
    subject: AnyRef<'a>,
    subject_public_key_info: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct CaValidity {
    not_before: Time,
    not_after: Time,
}

#[derive(Sequence)]
struct SignedCertificate<'a> {
    tbs: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
}

impl Authority<'_> {
    /// Signs the certificate; returns it as DER.
    pub(super) async fn certify(&self, above: &ParentCa<'_>) -> Result<Vec<u8>, CertifyError> {
        let serial = Serial::random(&SystemRandom::new()).map_err(|_| EncodingError("serial"))?;
        let algorithm = above.signer.algorithm().identifier_der();
        let tbs = CaTbs {
            // v3
            version: 2,
            serial_number: UintRef::new(serial.octets()).map_err(|_| EncodingError("serial"))?,
            signature: any(algorithm, "algorithm")?,
            issuer: any(above.name, "name of the issuer")?,
            validity: CaValidity { not_before: at(self.not_before)?, not_after: at(self.not_after)? },
            subject: any(self.name, "subject")?,
            subject_public_key_info: any(self.spki, "public key")?,
            extensions: self.extensions(above)?,
        };
        let tbs = tbs.to_der().map_err(|_| EncodingError("certificate"))?;
        let signature = above.signer.sign(&tbs).await?;
        let signed = SignedCertificate {
            tbs: any(&tbs, "certificate")?,
            algorithm: any(algorithm, "algorithm")?,
            signature: BitStringRef::from_bytes(&signature).map_err(|_| EncodingError("signature"))?,
        };
        Ok(signed.to_der().map_err(|_| EncodingError("certificate"))?)
    }

    fn extensions(&self, above: &ParentCa<'_>) -> Result<Vec<Extension>, EncodingError> {
        let key = PublicKey::from_spki(self.spki).map_err(|_| EncodingError("public key"))?;
        let octets = |octets: &[u8]| OctetString::new(octets).map_err(|_| EncodingError("key identifier"));
        let mut extensions = self.extensions.encode()?;
        // RFC 5280 section 4.2.1.2, RFC 7093 section 2 method 1
        extensions.push(extension(
            SUBJECT_KEY_IDENTIFIER,
            false,
            &SubjectKeyIdentifier(octets(&key.identifier())?),
        )?);
        if let Some(identifier) = &above.key_identifier {
            // RFC 5280 section 4.2.1.1: may be omitted in a self-signed certificate.
            let identifier = AuthorityKeyIdentifier {
                key_identifier: Some(octets(identifier)?),
                authority_cert_issuer: None,
                authority_cert_serial_number: None,
            };
            extensions.push(extension(AUTHORITY_KEY_IDENTIFIER, false, &identifier)?);
        }
        Ok(extensions)
    }
}

fn any<'a>(der: &'a [u8], what: &'static str) -> Result<AnyRef<'a>, EncodingError> {
    AnyRef::from_der(der).map_err(|_| EncodingError(what))
}

/// RFC 5280 section 4.1.2.5: UTCTime up to 2049, GeneralizedTime from 2050 on.
fn at(time: OffsetDateTime) -> Result<Time, EncodingError> {
    const WHAT: EncodingError = EncodingError("validity");
    let seconds = u64::try_from(time.unix_timestamp()).map_err(|_| WHAT)?;
    let date = DateTime::from_unix_duration(std::time::Duration::from_secs(seconds)).map_err(|_| WHAT)?;
    if date.year() < 2050 {
        UtcTime::from_date_time(date).map(Time::UtcTime).map_err(|_| WHAT)
    } else {
        Ok(Time::GeneralTime(GeneralizedTime::from_date_time(date)))
    }
}

#[cfg(test)]
mod tests;
