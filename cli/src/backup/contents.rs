//! Contents of an export, checked in full before anything is written.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::path::Path;

use pki::certificate::{Certificate, Serial};
use pki::issuer::Issuer;
use time::OffsetDateTime;
use workflow::backup::{ExportError, Header, Manifest, ObjectKey, Reader, Record};
use workflow::ids::RequestId;

use crate::error::{CliError, OrFail as _};
use crate::wording::{broken_trails, count};

/// A complete export.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) header: Header,
    pub(super) manifest: Manifest,
    /// Ids of all requests.
    pub(super) ids: HashSet<RequestId>,
    /// Number of requests that have not ended.
    pub(super) in_flight: usize,
    /// The policy, as TOML.
    pub(super) policy: Option<String>,
    /// Certificate in force of the CA and its chain, as PEM.
    pub(super) issuer: Option<String>,
    /// The key identifiers of the CAs whose lists verifiers may ask for: not ended, and allowed to sign lists.
    pub(super) issuers: BTreeSet<String>,
    /// Number of certificates that no CA certificate of the export verifies.
    pub(super) unverified: usize,
}

/// Counts the certificates that no CA certificate verifies. The CA certificates come before the others.
#[derive(Default)]
pub(super) struct ChainCheck {
    issuers: Vec<Issuer>,
    pub(super) unverified: usize,
}

impl ChainCheck {
    /// Takes an object of an export: a CA certificate, or a certificate to check.
    pub(super) fn object(&mut self, key: &ObjectKey, text: &str) {
        match key {
            ObjectKey::Certificate(_) => match Certificate::from_pem(text) {
                Ok(certificate) => self.check(&certificate),
                Err(_) => self.unverified += 1,
            },
            _ => self.issuers.extend(Issuer::from_pem(text)),
        }
    }

    fn check(&mut self, certificate: &Certificate) {
        let is_verified = self.issuers.iter().any(|issuer| issuer.verify(certificate.der()).is_ok());
        self.unverified += usize::from(!is_verified);
    }

    /// Returns a warning if there are certificates without a chain.
    pub(super) fn warning(unverified: usize) -> Option<String> {
        (unverified > 0).then(|| {
            format!(
                "No CA certificate of the export verifies {}: the zip of a request with one cannot be made.",
                count(unverified, "certificate")
            )
        })
    }
}

impl Contents {
    /// Reads and checks a file.
    pub(super) fn of(file: &Path, accept_broken_trails: bool) -> Result<Self, CliError> {
        let mut reader = open(file)?;
        let (mut ids, mut in_flight, mut policy, mut issuer) = (HashSet::new(), 0, None, None);
        let mut chains = ChainCheck::default();
        let (mut issued, mut stored) = (HashSet::<Serial>::new(), HashSet::<Serial>::new());
        while let Some(record) = reader.record().map_err(|error| damaged(file, error))? {
            match record {
                Record::Policy(document) => policy = Some(document),
                Record::Request(row) => {
                    let row = row.value();
                    ids.insert(row.id());
                    in_flight += usize::from(row.status().is_in_flow());
                    let certified = row.has_certificate();
                    issued.extend(row.serial().filter(|_| certified).cloned());
                }
                Record::Object(key @ (ObjectKey::IssuerInForce(_) | ObjectKey::Issuer(_)), text) => {
                    chains.object(&key, &text);
                    if matches!(key, ObjectKey::IssuerInForce(_)) {
                        issuer = Some(text);
                    }
                }
                Record::Object(key @ ObjectKey::IssuerChain { .. }, text) => {
                    let read = Issuer::from_pem(&text).ok();
                    let read =
                        read.filter(|issuer| ObjectKey::of_issuer(issuer) == key).ok_or_else(|| {
                            CliError::new(
                                format!("{}: the CA certificate {key} has another SHA-256", file.display()),
                                "The export was altered; take another one.",
                            )
                        })?;
                    chains.issuers.push(read);
                }
                Record::Object(ObjectKey::Certificate(serial), text) => {
                    let certificate = Certificate::from_pem(&text).ok();
                    let certificate = certificate.filter(|one| *one.serial() == serial).ok_or_else(|| {
                        CliError::new(
                            format!("{}: the certificate {serial} has another serial number", file.display()),
                            "The export was altered; take another one.",
                        )
                    })?;
                    chains.check(&certificate);
                    stored.insert(serial);
                }
                _ => {}
            }
        }
        if let Some(serial) = issued.difference(&stored).next() {
            return Err(CliError::new(
                format!(
                    "{} does not contain the issued certificate with the serial {serial}",
                    file.display()
                ),
                "Take another export.",
            ));
        }
        if let (Some(first), false) = (reader.broken().first(), accept_broken_trails) {
            let wrong = first.wrong.first().map(ToString::to_string).unwrap_or_default();
            return Err(CliError::new(
                format!(
                    "{}: {}, for the first time in {}: {wrong}",
                    file.display(),
                    broken_trails(reader.broken().len()),
                    first.request_id
                ),
                "Compare it with an earlier export, or add --accept-broken-trails.",
            ));
        }
        let header = reader.header().clone();
        let manifest = reader.manifest().cloned();
        let manifest =
            manifest.ok_or_else(|| CliError::new(format!("{} has no manifest", file.display()), ""))?;
        let now = OffsetDateTime::now_utc();
        let listing =
            chains.issuers.iter().filter(|issuer| issuer.may_sign_crls() && issuer.not_after() > now);
        let issuers = listing.map(Issuer::key_identifier).collect();
        Ok(Self { header, manifest, ids, in_flight, policy, issuer, issuers, unverified: chains.unverified })
    }
}

/// Opens an export at its beginning.
pub(crate) fn open(file: &Path) -> Result<Reader<File>, CliError> {
    let input = File::open(file).or_fail(|| format!("cannot read {}", file.display()), "")?;
    Reader::open(input).map_err(|error| damaged(file, error))
}

/// Turns an error of the reader into one line with advice.
pub(crate) fn damaged(file: &Path, error: ExportError) -> CliError {
    let advice = match error {
        ExportError::Format(_) => "Import it with the version of countersign that wrote it.",
        _ => "Nothing was imported. Take another export.",
    };
    CliError::new(format!("{}: {error}", file.display()), advice)
}

#[cfg(test)]
mod tests {
    use pki::testing::{CaMaker, TestKey, pem};

    use super::*;

    #[test]
    fn certificates_without_a_chain_are_counted() {
        let ca = |name: &str| CaMaker::new(TestKey::EcP256).named(name);
        let (root, leaf) = (ca("Root"), ca("Leaf"));
        let renamed = ca("New Root").key(root.key_pair());
        let issuer = |maker: &CaMaker| pem("CERTIFICATE", &maker.root_der());
        let certificate = pem("CERTIFICATE", &leaf.der_below(&root));
        let key = ObjectKey::Certificate("4f01".parse().unwrap());
        let unverified = |issuers: &[&CaMaker]| {
            let mut chains = ChainCheck::default();
            for maker in issuers {
                chains.object(&ObjectKey::Issuer("00".into()), &issuer(maker));
            }
            chains.object(&key, &certificate);
            chains.unverified
        };
        assert_eq!(unverified(&[&renamed]), 1);
        assert_eq!(unverified(&[&renamed, &root]), 0);
        assert!(ChainCheck::warning(1).unwrap().contains("verifies 1 certificate:"));
        assert_eq!(ChainCheck::warning(0), None);
    }
}
