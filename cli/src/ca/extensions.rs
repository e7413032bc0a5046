//! Extensions of a CA certificate that do not depend on its key, and how a rotation carries them over.
//!
//! Invariant: a successor has every extension of its predecessor with the same octets, except the key identifiers
//! (new) and basicConstraints and keyUsage (encoded again with the same limits). [`CaExtensions::lost`] names every other
//! extension that cannot be carried over, and [`differences`] compares the finished certificate with its predecessor.

use std::collections::BTreeSet;

use der::asn1::{AnyRef, Ia5String, ObjectIdentifier, OctetString};
use der::flagset::FlagSet;
use der::{Decode as _, Encode, Sequence};
use pki::certificate::Publication;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

pub(super) const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
pub(super) const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
const KEY_USAGE: &str = "2.5.29.15";
const PRIVATE_KEY_USAGE_PERIOD: &str = "2.5.29.16";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
/// The name of nameConstraints in [`differences`].
const NAME_CONSTRAINTS_NAME: &str = "nameConstraints";

/// Extensions of one certificate or one key without limits, which a successor omits: Certificate Transparency time
/// stamps (RFC 6962 section 3.3) and key numbers of AD CS.
const OF_ONE_CERTIFICATE: [&str; 3] =
    ["1.3.6.1.4.1.11129.2.4.2", "1.3.6.1.4.1.311.21.1", "1.3.6.1.4.1.311.21.2"];

/// Extensions with their names and purposes.
const CARRIED: [(&str, &str, Purpose); 14] = [
    ("2.5.29.9", "subjectDirectoryAttributes", Purpose::Information),
    ("2.5.29.17", "subjectAltName", Purpose::Information),
    ("2.5.29.18", "issuerAltName", Purpose::Information),
    (NAME_CONSTRAINTS, NAME_CONSTRAINTS_NAME, Purpose::Limit),
    ("2.5.29.31", "cRLDistributionPoints", Purpose::IssuerAddress),
    ("2.5.29.32", "certificatePolicies", Purpose::Limit),
    ("2.5.29.33", "policyMappings", Purpose::Limit),
    ("2.5.29.36", "policyConstraints", Purpose::Limit),
    ("2.5.29.37", "extKeyUsage", Purpose::Limit),
    ("2.5.29.46", "freshestCRL", Purpose::IssuerAddress),
    ("2.5.29.54", "inhibitAnyPolicy", Purpose::Limit),
    ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess", Purpose::IssuerAddress),
    ("1.3.6.1.5.5.7.1.11", "subjectInfoAccess", Purpose::Information),
    ("1.3.6.1.5.5.7.1.24", "TLS feature", Purpose::Limit),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Limit,
    /// Addresses of the issuer's certificate and revocation lists.
    IssuerAddress,
    Information,
}

/// A value that does not fit into its field.
#[derive(Debug, thiserror::Error)]
#[error("the {0} cannot be encoded")]
pub(super) struct EncodingError(pub(super) &'static str);

/// Extensions of a CA certificate except its key identifiers.
#[derive(Clone, Debug)]
pub(super) struct CaExtensions {
    /// pathLenConstraint: maximum number of CA certificates below it in a chain.
    path_length: u8,
    key_usage: FlagSet<KeyUsages>,
    /// Extensions of the predecessor, octet for octet.
    carried: Vec<Extension>,
    /// Extensions of the predecessor that cannot be carried over, with the reason.
    lost: Vec<String>,
    /// Extensions of the predecessor that others take the place of on purpose, by the names of [`differences`].
    replaced: Vec<&'static str>,
}

impl CaExtensions {
    /// Extensions of a new CA.
    pub(super) fn new(path_length: u8) -> Self {
        let key_usage = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
        Self { path_length, key_usage, carried: Vec::new(), lost: Vec::new(), replaced: Vec::new() }
    }

    /// Returns the extensions of the successor of the certificate `der`; `path_length` applies if `der` has none.
    /// Fails if it cannot be read.
    pub(super) fn of_successor(der: &[u8], path_length: u8) -> Result<Self, String> {
        let Ok(([], certificate)) = X509Certificate::from_der(der) else {
            return Err("the certificate, which cannot be read".into());
        };
        // RFC 5280 section 4.2.1.3: cRLSign, since the issuing CA signs its revocation lists.
        let mut new = Self::new(path_length);
        let mut seen = BTreeSet::new();
        for extension in certificate.extensions() {
            let oid = extension.oid.to_id_string();
            let lost = |why: &str| format!("{} ({why})", described(&oid, extension.critical));
            // RFC 5280 section 4.2: at most one instance of an extension.
            if !seen.insert(oid.clone()) {
                new.lost.push(lost("it occurs twice"));
                continue;
            }
            match oid.as_str() {
                SUBJECT_KEY_IDENTIFIER | AUTHORITY_KEY_IDENTIFIER => {}
                BASIC_CONSTRAINTS => match BasicConstraints::from_der(extension.value) {
                    Ok(constraints) => {
                        new.path_length = constraints.path_len_constraint.unwrap_or(path_length)
                    }
                    Err(_) => new.lost.push(lost("its path length cannot be read")),
                },
                KEY_USAGE => match KeyUsage::from_der(extension.value) {
                    Ok(usage) => new.key_usage |= usage.0,
                    Err(_) => new.lost.push(lost("it cannot be read")),
                },
                other if OF_ONE_CERTIFICATE.contains(&other) => {}
                // X.509 section 9.2.2.5: a period of the old key.
                PRIVATE_KEY_USAGE_PERIOD => new.lost.push(lost("it belongs to the old key")),
                other if extension.critical && known(other).is_none() => {
                    new.lost.push(lost("critical and unknown"));
                }
                other => match raw(other, extension.critical, extension.value.to_vec()) {
                    Ok(extension) => new.carried.push(extension),
                    Err(_) => new.lost.push(lost("it cannot be encoded")),
                },
            }
        }
        Ok(new)
    }

    /// Limits the path length to `most`.
    pub(super) fn at_most(&mut self, most: u32) {
        self.path_length = self.path_length.min(u8::try_from(most).unwrap_or(u8::MAX));
    }

    /// Permits these domains and their subdomains in place of the domains permitted before. All other constraints stay.
    /// Excludes IP addresses if no constraint mentions them: RFC 5280 permits any name of a type without constraints.
    pub(super) fn permit_dns(&mut self, domains: &[String]) -> Result<(), EncodingError> {
        const WHAT: EncodingError = EncodingError("name constraint");
        let at = self.carried.iter().position(|extension| extension.extn_id.to_string() == NAME_CONSTRAINTS);
        let (before, critical) = match at.map(|at| self.carried.remove(at)) {
            Some(extension) => (extension.extn_value.into_bytes().into_vec(), extension.critical),
            // RFC 5280 section 4.2.1.10: critical.
            None => (EMPTY_SEQUENCE.to_vec(), true),
        };
        let before = Subtrees::from_der(&before).map_err(|_| WHAT)?;
        let (old_permitted, old_excluded) =
            (before.permitted.unwrap_or_default(), before.excluded.unwrap_or_default());
        let domains = domains
            .iter()
            .map(|name| subtree(GeneralName::DnsName(Ia5String::new(name).map_err(|_| WHAT)?)))
            .collect::<Result<Vec<_>, EncodingError>>()?;
        let every_address = [IPV4_CONSTRAINT_BYTES, IPV6_CONSTRAINT_BYTES]
            .into_iter()
            .map(|length| {
                subtree(GeneralName::IpAddress(OctetString::new(vec![0; length]).map_err(|_| WHAT)?))
            })
            .collect::<Result<Vec<_>, EncodingError>>()?;

        let mut permitted = domains.iter().map(|der| any(der)).collect::<Result<Vec<_>, _>>()?;
        permitted.extend(old_permitted.iter().filter(|subtree| kind(subtree) != Some(DNS_NAME)));
        let mut excluded = old_excluded.clone();
        if !old_permitted.iter().chain(&old_excluded).any(|subtree| kind(subtree) == Some(IP_ADDRESS)) {
            excluded.extend(every_address.iter().map(|der| any(der)).collect::<Result<Vec<_>, _>>()?);
        }
        let value = Subtrees { permitted: some(permitted), excluded: some(excluded) };
        let value = value.to_der().map_err(|_| WHAT)?;
        self.carried.push(raw(NAME_CONSTRAINTS, critical, value)?);
        self.replaced.push(NAME_CONSTRAINTS_NAME);
        Ok(())
    }

    /// Names the addresses of the CA above, in place of those `before` of another one. Addresses that somebody else chose
    /// stay.
    pub(super) fn name_issuer(
        &mut self,
        addresses: &Publication,
        before: Option<&Publication>,
    ) -> Result<(), EncodingError> {
        const WHAT: EncodingError = EncodingError("address");
        let of = |addresses: &Publication| addresses.extensions().map_err(|_| WHAT);
        let before = before.map(of).transpose()?.unwrap_or_default();
        self.carried.retain(|carried| !before.contains(carried));
        for new in of(addresses)? {
            if self.carried.iter().any(|carried| carried.extn_id == new.extn_id) {
                continue;
            }
            self.replaced.extend(known(&new.extn_id.to_string()).map(|(name, _)| name));
            self.carried.push(new);
        }
        Ok(())
    }

    /// The extensions of the predecessor that others take the place of on purpose, by the names of [`differences`].
    pub(super) fn replaced(&self) -> &[&'static str] {
        &self.replaced
    }

    /// Returns the extensions of the predecessor that cannot be carried over, each with the reason.
    pub(super) fn lost(&self) -> &[String] {
        &self.lost
    }

    /// Returns the names of the extensions that limit the CA, without the path length.
    pub(super) fn limits(&self) -> Vec<String> {
        let limiting = self.carried.iter().filter(|extension| {
            known(&extension.extn_id.to_string()).is_some_and(|(_, purpose)| purpose == Purpose::Limit)
        });
        limiting.map(|extension| described(&extension.extn_id.to_string(), false)).collect()
    }

    /// True if an extension of the predecessor has addresses of the issuer's certificate or revocation lists.
    pub(super) fn has_carried_addresses(&self) -> bool {
        self.carried.iter().any(|extension| {
            known(&extension.extn_id.to_string()).is_some_and(|(name, purpose)| {
                purpose == Purpose::IssuerAddress && !self.replaced.contains(&name)
            })
        })
    }

    /// Encodes all extensions.
    pub(super) fn encode(&self) -> Result<Vec<Extension>, EncodingError> {
        let mut all = vec![
            // RFC 5280 section 4.2.1.9: critical in certificates of CAs.
            extension(
                BASIC_CONSTRAINTS,
                true,
                &BasicConstraints { ca: true, path_len_constraint: Some(self.path_length) },
            )?,
            // RFC 5280 section 4.2.1.3: critical.
            extension(KEY_USAGE, true, &KeyUsage(self.key_usage))?,
        ];
        all.extend(self.carried.iter().cloned());
        Ok(all)
    }
}

/// Returns the names of the extensions of the certificate `before` that its successor `after` lacks or has with a wider
/// meaning. It knows no list of extensions: whatever is not expressly new must be the same, octet for octet.
pub(super) fn differences(before: &[u8], after: &[u8]) -> Vec<String> {
    let (Ok((_, before)), Ok((_, after))) =
        (X509Certificate::from_der(before), X509Certificate::from_der(after))
    else {
        return vec!["the certificate, which cannot be read".into()];
    };
    let mut all = Vec::new();
    for old in before.extensions() {
        let oid = old.oid.to_id_string();
        let new = after.extensions().iter().find(|new| new.oid == old.oid);
        let is_kept = match oid.as_str() {
            // Of the new key, or of the old certificate.
            SUBJECT_KEY_IDENTIFIER | AUTHORITY_KEY_IDENTIFIER => true,
            other if OF_ONE_CERTIFICATE.contains(&other) => true,
            BASIC_CONSTRAINTS => new.is_some_and(|new| is_no_longer_path(old.value, new.value)),
            KEY_USAGE => new.is_some_and(|new| has_usages_of(old.value, new.value)),
            _ => new.is_some_and(|new| new.value == old.value && new.critical == old.critical),
        };
        let name = described(&oid, old.critical);
        if !is_kept && !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// True if the new basicConstraints allow no more certificates below the CA than the old ones.
fn is_no_longer_path(old: &[u8], new: &[u8]) -> bool {
    match (BasicConstraints::from_der(old), BasicConstraints::from_der(new)) {
        (Ok(old), Ok(new)) => {
            new.ca == old.ca
                && new
                    .path_len_constraint
                    .is_some_and(|most| old.path_len_constraint.is_none_or(|before| most <= before))
        }
        _ => false,
    }
}

/// True if the new keyUsage has every usage of the old one.
fn has_usages_of(old: &[u8], new: &[u8]) -> bool {
    match (KeyUsage::from_der(old), KeyUsage::from_der(new)) {
        (Ok(old), Ok(new)) => new.0.contains(old.0),
        _ => false,
    }
}

/// NameConstraints (RFC 5280 section 4.2.1.10) with each GeneralSubtree as DER.
#[derive(Sequence)]
struct Subtrees<'a> {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    permitted: Option<Vec<AnyRef<'a>>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    excluded: Option<Vec<AnyRef<'a>>>,
}

const EMPTY_SEQUENCE: [u8; 2] = [0x30, 0];
/// Octets of an address and its mask.
const IPV4_CONSTRAINT_BYTES: usize = 8;
const IPV6_CONSTRAINT_BYTES: usize = 32;
/// Tags of GeneralName (RFC 5280 section 4.2.1.6).
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// Returns the tag of the name in a GeneralSubtree.
fn kind(subtree: &AnyRef<'_>) -> Option<u8> {
    subtree.value().first().copied()
}

fn subtree(base: GeneralName) -> Result<Vec<u8>, EncodingError> {
    GeneralSubtree { base, minimum: 0, maximum: None }.to_der().map_err(|_| EncodingError("name constraint"))
}

/// RFC 5280 section 4.2.1.10: an empty list is omitted.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn any(der: &[u8]) -> Result<AnyRef<'_>, EncodingError> {
    AnyRef::from_der(der).map_err(|_| EncodingError("name constraint"))
}

fn known(oid: &str) -> Option<(&'static str, Purpose)> {
    CARRIED.iter().find(|(known, ..)| *known == oid).map(|(_, name, purpose)| (*name, *purpose))
}

fn described(oid: &str, critical: bool) -> String {
    match (known(oid), oid) {
        (Some((name, _)), _) => name.to_owned(),
        (None, BASIC_CONSTRAINTS) => "basicConstraints".to_owned(),
        (None, KEY_USAGE) => "keyUsage".to_owned(),
        (None, PRIVATE_KEY_USAGE_PERIOD) => "privateKeyUsagePeriod".to_owned(),
        (None, _) if critical => format!("the critical extension {oid}"),
        (None, _) => format!("the extension {oid}"),
    }
}

/// Encodes an extension.
pub(super) fn extension(oid: &str, critical: bool, value: &impl Encode) -> Result<Extension, EncodingError> {
    let value = value.to_der().map_err(|_| EncodingError("extension"))?;
    raw(oid, critical, value)
}

fn raw(oid: &str, critical: bool, value: Vec<u8>) -> Result<Extension, EncodingError> {
    const WHAT: EncodingError = EncodingError("extension");
    Ok(Extension {
        extn_id: ObjectIdentifier::new(oid).map_err(|_| WHAT)?,
        critical,
        extn_value: OctetString::new(value).map_err(|_| WHAT)?,
    })
}
