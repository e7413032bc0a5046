//! Name constraints of CA certificates (RFC 5280 section 4.2.1.10).
//!
//! Invariant: a name complies only if, for every CA in the chain, it lies in a permitted subtree of its kind (if there
//! are any) and in no excluded subtree.

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};

use crate::name::{ComparableName, Name};

/// A violation of name constraints by a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameConstraintViolation {
    /// It lies in an excluded subtree.
    Excluded,
    /// It lies in none of the permitted subtrees of its kind.
    NotPermitted,
}

impl std::fmt::Display for NameConstraintViolation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Excluded => "exclude",
            Self::NotPermitted => "do not permit",
        })
    }
}

/// The name constraints of one CA certificate.
#[derive(Clone, Debug)]
pub(super) struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

#[derive(Clone, Debug)]
enum Subtree {
    Dns(String),
    Email(String),
    Uri(String),
    /// IP address and mask.
    Ip(Vec<u8>, Vec<u8>),
    Directory(ComparableName),
    /// A kind of name that is not supported.
    Other,
}

impl NameConstraints {
    /// Reads the constraints of a certificate; `None` if it has none. Fails if they cannot be read.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Result<Option<NameConstraints>, ()> {
        const NAME_CONSTRAINTS: &str = "2.5.29.30";
        let mut all = certificate
            .extensions()
            .iter()
            .filter(|extension| extension.oid.to_id_string() == NAME_CONSTRAINTS);
        let Some(extension) = all.next() else {
            return Ok(None);
        };
        match extension.parsed_extension() {
            ParsedExtension::NameConstraints(constraints) if all.next().is_none() => {
                let subtrees = |list: &Option<Vec<x509_parser::extensions::GeneralSubtree<'_>>>| {
                    list.iter()
                        .flatten()
                        .map(|subtree| Subtree::read(&subtree.base))
                        .collect::<Result<Vec<_>, ()>>()
                };
                Ok(Some(NameConstraints {
                    permitted: subtrees(&constraints.permitted_subtrees)?,
                    excluded: subtrees(&constraints.excluded_subtrees)?,
                }))
            }
            _ => Err(()),
        }
    }

    /// Checks a name; `None` if it complies.
    pub(super) fn violation(&self, name: &Name) -> Option<NameConstraintViolation> {
        let concerns = |subtree: &Subtree| {
            matches!(
                (subtree, name),
                (Subtree::Dns(_), Name::Dns(_))
                    | (Subtree::Email(_), Name::Email(_))
                    | (Subtree::Uri(_), Name::Uri(_))
                    | (Subtree::Ip(..), Name::Ip(_))
            )
        };
        // RFC 5280 section 4.2.1.10: with constraints on URIs, a URI whose host is an address is rejected.
        if let Name::Uri(uri) = name
            && has_address(uri)
            && self.permitted.iter().chain(&self.excluded).any(&concerns)
        {
            return Some(NameConstraintViolation::NotPermitted);
        }
        self.evaluate(concerns, |subtree| subtree.contains(name), |subtree| subtree.touches(name))
    }

    /// Checks a subject, as the DER of a Name; `None` if it complies. An empty subject always complies.
    pub(super) fn subject_violation(&self, subject_der: &[u8]) -> Option<NameConstraintViolation> {
        let subject = ComparableName::from_der(subject_der)?;
        if subject.is_empty() {
            return None;
        }
        let within =
            |subtree: &Subtree| matches!(subtree, Subtree::Directory(base) if subject.is_within(base));
        self.evaluate(|subtree| matches!(subtree, Subtree::Directory(_)), within, within)
    }

    fn evaluate(
        &self,
        concerns: impl Fn(&Subtree) -> bool,
        contains: impl Fn(&Subtree) -> bool,
        touches: impl Fn(&Subtree) -> bool,
    ) -> Option<NameConstraintViolation> {
        if self.excluded.iter().any(touches) {
            return Some(NameConstraintViolation::Excluded);
        }
        let mut permitted = self.permitted.iter().filter(|subtree| concerns(subtree)).peekable();
        (permitted.peek().is_some() && !permitted.any(contains))
            .then_some(NameConstraintViolation::NotPermitted)
    }
}

impl Subtree {
    fn read(base: &GeneralName<'_>) -> Result<Subtree, ()> {
        Ok(match base {
            GeneralName::DNSName(text) => Subtree::Dns(text.to_ascii_lowercase()),
            GeneralName::RFC822Name(text) => Subtree::Email((*text).to_owned()),
            GeneralName::URI(text) => Subtree::Uri(text.to_ascii_lowercase()),
            GeneralName::IPAddress(octets) if octets.len() == 8 || octets.len() == 32 => {
                let (address, mask) = octets.split_at(octets.len() / 2);
                Subtree::Ip(address.to_vec(), mask.to_vec())
            }
            GeneralName::DirectoryName(name) => Subtree::Directory(ComparableName::of(name)),
            GeneralName::IPAddress(_) | GeneralName::Invalid(..) => return Err(()),
            _ => Subtree::Other,
        })
    }

    /// True if every host or mailbox that `name` matches lies in the subtree.
    fn contains(&self, name: &Name) -> bool {
        match (self, name) {
            (Subtree::Dns(base), Name::Dns(name)) => {
                dns_within(name.strip_prefix("*.").unwrap_or(name), base)
            }
            (Subtree::Email(base), Name::Email(name)) => match (base.contains('@'), name.rsplit_once('@')) {
                (true, _) => base == name,
                (false, Some((_, domain))) => host_within(domain, &base.to_ascii_lowercase()),
                (false, None) => false,
            },
            (Subtree::Uri(base), Name::Uri(name)) => {
                host_of(name).is_some_and(|host| host_within(&host, base))
            }
            (Subtree::Ip(base, mask), Name::Ip(address)) => {
                let octets = match address {
                    IpAddr::V4(v4) => v4.octets().to_vec(),
                    IpAddr::V6(v6) => v6.octets().to_vec(),
                };
                octets.len() == base.len()
                    && octets
                        .iter()
                        .zip(mask)
                        .zip(base)
                        .all(|((octet, mask), base)| octet & mask == base & mask)
            }
            _ => false,
        }
    }

    /// True if a host or mailbox that `name` matches lies in the subtree.
    fn touches(&self, name: &Name) -> bool {
        match (self, name) {
            (Subtree::Dns(base), Name::Dns(text)) if text.starts_with("*.") => {
                let base = base.strip_prefix('.').unwrap_or(base);
                self.contains(name) || base.split_once('.').is_some_and(|(_, parent)| parent == &text[2..])
            }
            _ => self.contains(name),
        }
    }
}

/// RFC 5280 section 4.2.1.10: "Any DNS name that can be constructed by simply adding zero or more labels to the
/// left-hand side". A leading dot, which CAs write although the RFC does not define it, requires one more label.
fn dns_within(name: &str, base: &str) -> bool {
    if base.is_empty() {
        return true;
    }
    match base.strip_prefix('.') {
        Some(parent) => name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
        None => name == base || name.strip_suffix(base).is_some_and(|rest| rest.ends_with('.')),
    }
}

/// RFC 5280 section 4.2.1.10, for e-mail and URIs: the host itself, or with a leading dot any host below it.
fn host_within(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
        None => host == base,
    }
}

/// The host of a URI in lower case, without its port.
fn host_of(uri: &str) -> Option<String> {
    let authority = uri.split_once("://")?.1;
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    let host = match authority[..end].strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => authority[..end].split(':').next()?,
    };
    Some(host.to_ascii_lowercase())
}

fn has_address(uri: &str) -> bool {
    host_of(uri).is_some_and(|host| host.parse::<IpAddr>().is_ok())
}
