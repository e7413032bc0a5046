//! From what an authority shall be to its certificate (RFC 5280 section 4).
//!
//! Invariant: a certificate of an authority has basicConstraints with a path length, keyUsage, and nameConstraints where
//! there are any, all critical; a subject key identifier; a serial of 20 random octets. Names and keys are copied as DER.

use aws_lc_rs::rand::SystemRandom;
use der::asn1::{
    AnyRef, BitStringRef, GeneralizedTime, Ia5String, ObjectIdentifier, OctetString, UintRef, UtcTime,
};
use der::{DateTime, Decode as _, Encode, Sequence};
use pki::certificate::Serial;
use pki::key::PublicKey;
use pki::signer::Signer;
use time::OffsetDateTime;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::constraints::name::{GeneralSubtree, NameConstraints};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::time::Time;

/// Who signs: the authority itself, or the one above it.
pub(super) struct Above<'a> {
    /// Its subject, as DER.
    pub(super) name: &'a [u8],
    /// Its key.
    pub(super) signer: &'a dyn Signer,
    /// How its own certificate identifies its key; nothing for an authority that signs its own.
    pub(super) key_identifier: Option<Vec<u8>>,
}

/// What an authority shall be.
pub(super) struct Authority<'a> {
    /// Its subject, as DER.
    pub(super) name: &'a [u8],
    /// Its SubjectPublicKeyInfo, as DER.
    pub(super) spki: &'a [u8],
    /// From when.
    pub(super) not_before: OffsetDateTime,
    /// Until when.
    pub(super) not_after: OffsetDateTime,
    /// How many authorities may stand below it.
    pub(super) path_length: u8,
    /// The domains it may issue for; none means all.
    pub(super) permitted_dns: &'a [String],
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum CertifyError {
    /// A value that does not fit into its field.
    #[error("the {0} cannot be encoded")]
    Encoding(&'static str),
    /// The key could not be used.
    #[error(transparent)]
    Signer(#[from] pki::signer::SignerError),
}

/// RFC 5280 section 4.1, without the unique identifiers.
#[derive(Sequence)]
struct Tbs<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial_number: UintRef<'a>,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    validity: Times,
    subject: AnyRef<'a>,
    subject_public_key_info: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Times {
    not_before: Time,
    not_after: Time,
}

#[derive(Sequence)]
struct Signed<'a> {
    tbs: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
}

impl Authority<'_> {
    /// Its certificate, as DER.
    pub(super) async fn certify(&self, above: &Above<'_>) -> Result<Vec<u8>, CertifyError> {
        let serial = Serial::random(&SystemRandom::new()).map_err(|_| CertifyError::Encoding("serial"))?;
        let algorithm = above.signer.algorithm().identifier_der();
        let tbs = Tbs {
            // v3
            version: 2,
            serial_number: UintRef::new(serial.octets()).map_err(|_| CertifyError::Encoding("serial"))?,
            signature: any(algorithm, "algorithm")?,
            issuer: any(above.name, "name of the issuer")?,
            validity: Times { not_before: at(self.not_before)?, not_after: at(self.not_after)? },
            subject: any(self.name, "subject")?,
            subject_public_key_info: any(self.spki, "public key")?,
            extensions: self.extensions(above)?,
        };
        let tbs = tbs.to_der().map_err(|_| CertifyError::Encoding("certificate"))?;
        let signature = above.signer.sign(&tbs).await?;
        let signed = Signed {
            tbs: any(&tbs, "certificate")?,
            algorithm: any(algorithm, "algorithm")?,
            signature: BitStringRef::from_bytes(&signature)
                .map_err(|_| CertifyError::Encoding("signature"))?,
        };
        signed.to_der().map_err(|_| CertifyError::Encoding("certificate"))
    }

    fn extensions(&self, above: &Above<'_>) -> Result<Vec<Extension>, CertifyError> {
        let key = PublicKey::from_spki(self.spki).map_err(|_| CertifyError::Encoding("public key"))?;
        let octets =
            |octets: &[u8]| OctetString::new(octets).map_err(|_| CertifyError::Encoding("key identifier"));
        let mut extensions = vec![
            // RFC 5280 section 4.2.1.9: critical in certificates of authorities.
            extension(
                "2.5.29.19",
                true,
                &BasicConstraints { ca: true, path_len_constraint: Some(self.path_length) },
            )?,
            // RFC 5280 section 4.2.1.3: it signs certificates and revocation lists.
            extension("2.5.29.15", true, &KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))?,
            // RFC 5280 section 4.2.1.2, RFC 7093 section 2 method 1
            extension("2.5.29.14", false, &SubjectKeyIdentifier(octets(&key.identifier())?))?,
        ];
        if let Some(identifier) = &above.key_identifier {
            // RFC 5280 section 4.2.1.1: left out where an authority signs its own certificate.
            let identifier = AuthorityKeyIdentifier {
                key_identifier: Some(octets(identifier)?),
                authority_cert_issuer: None,
                authority_cert_serial_number: None,
            };
            extensions.push(extension("2.5.29.35", false, &identifier)?);
        }
        if !self.permitted_dns.is_empty() {
            // RFC 5280 section 4.2.1.10: critical.
            extensions.push(extension("2.5.29.30", true, &constraints(self.permitted_dns)?)?);
        }
        Ok(extensions)
    }
}

/// These domains with all below them, and no IP address at all: a kind of name that is not mentioned is free.
fn constraints(permitted_dns: &[String]) -> Result<NameConstraints, CertifyError> {
    const WHAT: CertifyError = CertifyError::Encoding("name constraint");
    let subtree = |base| GeneralSubtree { base, minimum: 0, maximum: None };
    let permitted = permitted_dns
        .iter()
        .map(|name| Ok(subtree(GeneralName::DnsName(Ia5String::new(name).map_err(|_| WHAT)?))))
        .collect::<Result<Vec<_>, CertifyError>>()?;
    // An address and a mask: all of IPv4, all of IPv6.
    let excluded = [8, 32]
        .into_iter()
        .map(|length| {
            Ok(subtree(GeneralName::IpAddress(OctetString::new(vec![0; length]).map_err(|_| WHAT)?)))
        })
        .collect::<Result<Vec<_>, CertifyError>>()?;
    Ok(NameConstraints { permitted_subtrees: Some(permitted), excluded_subtrees: Some(excluded) })
}

fn any<'a>(der: &'a [u8], what: &'static str) -> Result<AnyRef<'a>, CertifyError> {
    AnyRef::from_der(der).map_err(|_| CertifyError::Encoding(what))
}

fn extension(oid: &str, critical: bool, value: &impl Encode) -> Result<Extension, CertifyError> {
    const WHAT: CertifyError = CertifyError::Encoding("extension");
    let value = value.to_der().map_err(|_| WHAT)?;
    Ok(Extension {
        extn_id: ObjectIdentifier::new(oid).map_err(|_| WHAT)?,
        critical,
        extn_value: OctetString::new(value).map_err(|_| WHAT)?,
    })
}

/// RFC 5280 section 4.1.2.5: UTCTime up to 2049, GeneralizedTime from 2050 on.
fn at(time: OffsetDateTime) -> Result<Time, CertifyError> {
    const WHAT: CertifyError = CertifyError::Encoding("validity");
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
