//! The rules of RFC 5280 for one CA certificate, and for two that follow each other in a chain.

use std::collections::BTreeSet;

use der::asn1::ObjectIdentifier;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;

use crate::key::{KeyKind, PublicKey};
use crate::name::{ComparableName, render_distinguished_name};
use crate::signer::{Scheme, verify};
use crate::text::quoted;

/// The fields that make a certificate one of a CA. `Err` if an extension cannot be read or occurs twice.
#[derive(Clone, Debug)]
pub(super) struct CaFields {
    has_subject: bool,
    /// cA and pathLenConstraint.
    basic_constraints: Result<Option<(bool, Option<u32>)>, ()>,
    /// True if keyUsage is absent or has keyCertSign.
    may_sign: Result<bool, ()>,
    /// True if keyUsage is absent or has cRLSign (RFC 5280 section 4.2.1.3).
    pub(super) may_sign_crls: bool,
    /// The public key, or why it is not supported.
    pub(super) key: Result<PublicKey, String>,
}

impl CaFields {
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        Self {
            has_subject: certificate.subject().iter_rdn().next().is_some(),
            basic_constraints: match certificate.basic_constraints() {
                Ok(Some(found)) => Ok(Some((found.value.ca, found.value.path_len_constraint))),
                Ok(None) => Ok(None),
                Err(_) => Err(()),
            },
            may_sign: match certificate.key_usage() {
                Ok(usage) => Ok(usage.is_none_or(|usage| usage.value.key_cert_sign())),
                Err(_) => Err(()),
            },
            may_sign_crls: certificate
                .key_usage()
                .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.crl_sign())),
            key: PublicKey::from_spki(certificate.public_key().raw).map_err(|error| error.to_string()),
        }
    }
}

/// Checks that a certificate may issue with `below` CA certificates under it that are not self-issued, and returns its
/// public key.
pub(super) fn fit_to_issue(fields: &CaFields, below: usize) -> Result<&PublicKey, String> {
    // RFC 5280 section 4.1.2.4: the issuer field is not empty.
    if !fields.has_subject {
        return Err("its subject is empty".to_owned());
    }
    // RFC 5280 section 4.2.1.9: cA and pathLenConstraint.
    let path_length = match fields.basic_constraints {
        Ok(Some((true, path_length))) => path_length,
        Ok(_) => return Err("it is not a CA (basicConstraints CA:TRUE is missing)".to_owned()),
        Err(()) => return Err("its basicConstraints cannot be read".to_owned()),
    };
    if let Some(most) = path_length
        && usize::try_from(most).unwrap_or(usize::MAX) < below
    {
        return Err(format!("it allows {most} CA certificates below it, but there are {below}"));
    }
    // RFC 5280 section 4.2.1.3: keyCertSign.
    match fields.may_sign {
        Ok(true) => {}
        Ok(false) => return Err("its keyUsage lacks keyCertSign".to_owned()),
        Err(()) => return Err("its keyUsage cannot be read".to_owned()),
    }
    let key = fields.key.as_ref().map_err(String::clone)?;
    match key.kind() {
        KeyKind::Rsa { bits } if bits < 2048 => {
            Err(format!("its RSA key has {bits} bits; at least 2048 are needed"))
        }
        _ => Ok(key),
    }
}

/// Checks that `upper` issued `lower`.
pub(super) fn linked(
    lower: &X509Certificate<'_>,
    upper: &X509Certificate<'_>,
    upper_key: &PublicKey,
) -> Result<(), String> {
    if ComparableName::of(lower.issuer()) != ComparableName::of(upper.subject()) {
        return Err(format!(
            "the next certificate is not its issuer: it names {}, and the next is {}",
            quoted(&render_distinguished_name(lower.issuer())),
            quoted(&render_distinguished_name(upper.subject()))
        ));
    }
    signed_by(lower, upper_key)
}

/// Checks that a certificate is signed by a key, with a digest that is still secure.
pub(super) fn signed_by(certificate: &X509Certificate<'_>, key: &PublicKey) -> Result<(), String> {
    let scheme = Scheme::read(&certificate.signature_algorithm)
        .map_err(|_| "its signature algorithm is weak or unknown".to_owned())?;
    verify(key, scheme, certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
        .map_err(|_| "it is not signed by the next certificate".to_owned())
}

/// True if subject and issuer are the same name (RFC 5280 section 3.2).
pub(crate) fn is_self_issued(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
        || ComparableName::of(certificate.subject()) == ComparableName::of(certificate.issuer())
}

/// The purposes of a certificate; `None` if it allows any. Fails if they cannot be read.
pub(super) fn purposes(certificate: &X509Certificate<'_>) -> Result<Option<BTreeSet<ObjectIdentifier>>, ()> {
    use der::Decode as _;
    const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
    let mut extensions = certificate
        .extensions()
        .iter()
        .filter(|extension| crate::oid::dotted(&extension.oid) == EXTENDED_KEY_USAGE);
    let Some(extension) = extensions.next() else { return Ok(None) };
    if extensions.next().is_some() {
        return Err(());
    }
    let all: BTreeSet<_> =
        Vec::<ObjectIdentifier>::from_der(extension.value).map_err(|_| ())?.into_iter().collect();
    Ok(if all.contains(&ANY) { None } else { Some(all) })
}

pub(super) fn subject_key_identifier(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
        _ => None,
    })
}

pub(super) fn authority_key_identifier(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(identifier) => {
            identifier.key_identifier.as_ref().map(|octets| octets.0.to_vec())
        }
        _ => None,
    })
}
