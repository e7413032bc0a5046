//! `ca import`: key and certificate of an existing CA, checked before anything is stored.

use std::path::PathBuf;

use pki::issuer::CertificateBundle;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::certificate_store::IssuerFiles;
use super::chain::{CertificateInfo, Chain, day};
use super::keys::{Keys, NewKey, Role, name_of};
use super::status::CaStatus;
use super::{files, make};
use crate::error::{CliError, OrFail as _};
use crate::progress::{ProgressStep, say};
use crate::stack::Stack;

/// Places of key and certificate.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportFiles {
    /// Private key, in PEM or DER: PKCS#8, PKCS#1 or SEC 1
    #[arg(long, value_name = "FILE", required_unless_present = "kms_key", conflicts_with = "kms_key")]
    key: Option<PathBuf>,
    /// Key in KMS, by its id, ARN or alias
    #[arg(long, value_name = "ID")]
    kms_key: Option<String>,
    /// Certificate of the key, in PEM, DER or PKCS#7; other certificates may be in the file, in any order
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// CA certificates above it up to the root, if they are not in the same file
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
}

/// A key and certificates to import.
pub(super) struct CaImport {
    key: Key,
    certificates: ImportedCertificates,
}

enum Key {
    /// The key, and the chain of its certificate.
    File(Zeroizing<String>, Box<Chain>),
    Kms(String),
}

/// The certificates of the files.
struct ImportedCertificates {
    bundle: CertificateBundle,
    /// The certificates of --certificate: one of them is that of the key.
    own: Vec<Vec<u8>>,
    /// The file, for people.
    shown: String,
}

impl ImportFiles {
    /// Reads and checks the files.
    pub(super) fn read(&self) -> Result<CaImport, CliError> {
        let certificates = self.certificates()?;
        certificates.can_be_a_ca()?;
        let key = match (&self.key, &self.kms_key) {
            (Some(path), _) => {
                let text = files::private_key(path)?;
                let chain = certificates.of(&Keys::from_pem(text.clone())?, &path.display().to_string())?;
                Key::File(text, Box::new(chain))
            }
            (None, Some(id)) => Key::Kms(id.clone()),
            (None, None) => {
                return Err(CliError::new("there is no key to import", "Name it with --key or --kms-key."));
            }
        };
        Ok(CaImport { key, certificates })
    }

    fn certificates(&self) -> Result<ImportedCertificates, CliError> {
        let own = files::certificates(&self.certificate)?;
        let above = self.chain.as_deref().map(files::certificates).transpose()?.unwrap_or_default();
        let bundle = CertificateBundle::read(own.iter().chain(&above).cloned()).map_err(|number| {
            let (file, number) = match (&self.chain, number.checked_sub(own.len())) {
                (Some(chain), Some(beyond)) if beyond > 0 => (chain, beyond),
                _ => (&self.certificate, number),
            };
            CliError::new(
                format!("certificate {number} in {} is not well formed", file.display()),
                "Export it again, in PEM or DER.",
            )
        })?;
        Ok(ImportedCertificates { bundle, own, shown: self.certificate.display().to_string() })
    }
}

impl ImportedCertificates {
    /// Fails if no certificate of the file can be that of a CA, whatever the key.
    fn can_be_a_ca(&self) -> Result<(), CliError> {
        let mut first = None;
        for der in &self.own {
            match Chain::of(std::slice::from_ref(der)) {
                Ok(_) => return Ok(()),
                Err(error) => _ = first.get_or_insert(error),
            }
        }
        first.map_or(Ok(()), Err).or_fail(|| self.doing(), "")
    }

    fn doing(&self) -> String {
        format!("{} cannot be the certificate of a CA", self.shown)
    }

    /// Returns the chain of the certificate that has the key, wherever it is in the file.
    fn of(&self, key: &NewKey, place: &str) -> Result<Chain, CliError> {
        let now = OffsetDateTime::now_utc();
        let mut candidates = self.bundle.with_key(key.signer.spki_der(), now);
        candidates.retain(|at| self.own.iter().any(|der| der == self.bundle.der(*at)));
        let mut first = None;
        for at in candidates {
            match self.chain(at, now) {
                Ok(chain) => return Ok(chain),
                Err(error) => _ = first.get_or_insert(error),
            }
        }
        Err(first.unwrap_or_else(|| self.of_another_key(place)))
    }

    fn chain(&self, at: usize, now: OffsetDateTime) -> Result<Chain, CliError> {
        let doing = || self.doing();
        // Faults of the certificate itself before those of its chain.
        Chain::of(&[self.bundle.der(at).to_vec()]).or_fail(doing, "")?;
        let ders = self.bundle.chain(at, now).map_err(|why| {
            CliError::new(format!("{}: {why}", doing()), "Add the certificates up to the root with --chain.")
        })?;
        let chain = Chain::of(&ders).or_fail(doing, "")?;
        match chain.unfit(now) {
            None => Ok(chain),
            Some(why) => {
                Err(CliError::new(format!("{}: {why}", doing()), "Import a certificate that can issue now."))
            }
        }
    }

    fn of_another_key(&self, place: &str) -> CliError {
        let infos: Vec<CertificateInfo> =
            self.own.iter().cloned().filter_map(CertificateInfo::read).collect();
        let named = |info: &CertificateInfo| format!("{} ({})", info.subject, info.key);
        let what = match &infos[..] {
            [one] => format!("the key in {place} is not the key of the certificate {}", named(one)),
            more => {
                let all = more.iter().map(named).collect::<Vec<_>>().join(", ");
                format!("the key in {place} is not the key of any certificate in {}: {all}", self.shown)
            }
        };
        CliError::new(what, "Import a key and its own certificate.")
    }
}

/// Runs `ca import`.
pub(super) async fn run(stack: &Stack, candidate: CaImport, replace: bool) -> Result<(), CliError> {
    let keys = Keys::of(stack);
    let (fresh, chain) = match (candidate.key, stack.ca_in_kms) {
        (Key::File(text, chain), false) => (Keys::from_pem(text)?, *chain),
        (Key::Kms(id), true) => {
            let fresh = keys.in_kms(&id).await?;
            let chain = candidate.certificates.of(&fresh, &format!("KMS, {id},"))?;
            (fresh, chain)
        }
        (Key::File(..), true) => {
            return Err(CliError::new(
                format!(
                    "the stack {} signs with a key in KMS, so a key from a file would not be used",
                    name_of(stack)
                ),
                "Name a KMS key with --kms-key, or deploy the stack with the parameter CaKey=secret.",
            ));
        }
        (Key::Kms(_), false) => {
            return Err(CliError::new(
                format!(
                    "the stack {} signs with a key in Secrets Manager, so a key in KMS would not be used",
                    name_of(stack)
                ),
                "Deploy it with the parameter CaKey=kms first.",
            ));
        }
    };
    let status = CaStatus::of(stack).await?;
    let same =
        status.current.as_ref().is_some_and(|current| current.issuer.chain_pem() == chain.issuer.chain_pem());
    if same && status.signs() {
        println!("{} is in force already.", chain.issuer.subject());
        return Ok(());
    }
    if let Some(current) = status.current.as_ref().filter(|_| !replace && !same) {
        return Err(CliError::new(
            format!("the stack {} has a CA already: {}", name_of(stack), current.issuer.subject()),
            "Add --replace to replace it. Its certificates are still delivered with their chain.",
        ));
    }
    if let Some(current) = &status.current {
        IssuerFiles::of(stack).file(current).await?;
    }
    chain.reservations().iter().for_each(|reservation| say(format!("Warning: {reservation}.")));
    let step = ProgressStep::begin("Importing the certificate authority");
    make::install(stack, &fresh, &chain).await?;
    step.done(chain.issuer.subject());
    println!("{} is in force until {}.", chain.issuer.subject(), day(chain.own().not_after));
    println!("Its key, {}, is in {}.", chain.own().key, keys.place(Role::Issuer));
    if status.current.as_ref().is_some_and(|current| current.top().der != chain.top().der) {
        make::tell_of_root();
    }
    if status.signer.is_some() && status.current.is_some() {
        println!("{}", keys.way_back());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
