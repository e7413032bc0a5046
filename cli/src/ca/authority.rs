//! CA certificates: encoded and signed (RFC 5280 section 4).
//!
//! Invariant: a CA certificate has critical basicConstraints and keyUsage, a subject key identifier, the other
//! extensions of [`CaExtensions`], and a serial of 20 random octets. Names and keys are copied as DER.

use aws_lc_rs::rand::SystemRandom;
use der::asn1::OctetString;
use pki::certificate::{BuildError, Serial, TbsFields, Validity, with_signature};
use pki::key::PublicKey;
use pki::signer::Signer;
use time::OffsetDateTime;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};

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
    /// A field that cannot be encoded.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The key cannot be used.
    #[error(transparent)]
    Signer(#[from] pki::signer::SignerError),
}

impl Authority<'_> {
    /// Signs the certificate; returns it as DER.
    pub(super) async fn certify(&self, above: &ParentCa<'_>) -> Result<Vec<u8>, CertifyError> {
        let serial = Serial::random(&SystemRandom::new()).map_err(|_| EncodingError("serial"))?;
        let algorithm = above.signer.algorithm();
        let fields = TbsFields {
            serial: &serial,
            algorithm,
            issuer: above.name,
            validity: Validity { not_before: self.not_before, not_after: self.not_after },
            subject: self.name,
            spki: self.spki,
            extensions: self.extensions(above)?,
        };
        let tbs = fields.into_der()?;
        let signature = above.signer.sign(&tbs).await?;
        Ok(with_signature(&tbs, algorithm, &signature)?)
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

#[cfg(test)]
mod tests;
