//! `ca import`: key and certificate of an existing CA, checked before anything is stored.

use std::collections::BTreeMap;
use std::path::PathBuf;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::certificate_store::IssuerFiles;
use super::chain::{CertificateInfo, Chain, day};
use super::keys::{Keys, NewKey, Role, name_of};
use super::status::CaStatus;
use super::{files, make};
use crate::error::{CliError, OrFail as _};
use crate::progress::ProgressStep;
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
    /// Certificate of the key, in PEM or DER
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// CA certificates above it up to the root, if they are not in the same file
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
}

/// A key and a certificate that can be imported.
pub(super) struct CaImport {
    key: Key,
    chain: Chain,
}

enum Key {
    File(Zeroizing<String>),
    Kms(String),
}

impl ImportFiles {
    /// Reads and checks the files.
    pub(super) fn read(&self) -> Result<CaImport, CliError> {
        let mut ders = files::certificates(&self.certificate)?;
        if let Some(chain) = &self.chain {
            ders.extend(files::certificates(chain)?);
        }
        let shown = self.certificate.display();
        let chain = Chain::of(&in_order(ders))
            .or_fail(|| format!("{shown} cannot be the certificate of a CA"), "")?;
        if let Some(why) = chain.unfit(OffsetDateTime::now_utc()) {
            let advice = match chain.top().is_root {
                true => "Import a certificate that can issue now.",
                false => "Add the certificates up to the root with --chain.",
            };
            return Err(CliError::new(format!("{shown} cannot be the certificate of a CA: {why}"), advice));
        }
        let key = match (&self.key, &self.kms_key) {
            (Some(path), _) => {
                let text = files::private_key(path)?;
                belongs(&Keys::from_pem(text.clone())?, &chain, &path.display().to_string())?;
                Key::File(text)
            }
            (None, Some(id)) => Key::Kms(id.clone()),
            (None, None) => {
                return Err(CliError::new("there is no key to import", "Name it with --key or --kms-key."));
            }
        };
        Ok(CaImport { key, chain })
    }
}

/// Runs `ca import`.
pub(super) async fn run(stack: &Stack, candidate: CaImport, replace: bool) -> Result<(), CliError> {
    let keys = Keys::of(stack);
    let fresh = match (candidate.key, stack.ca_in_kms) {
        (Key::File(text), false) => Keys::from_pem(text)?,
        (Key::Kms(id), true) => {
            let fresh = keys.in_kms(&id).await?;
            belongs(&fresh, &candidate.chain, &format!("KMS, {id},"))?;
            fresh
        }
        (Key::File(_), true) => {
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
    let chain = candidate.chain;
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

fn belongs(fresh: &NewKey, chain: &Chain, place: &str) -> Result<(), CliError> {
    if fresh.signer.spki_der() == chain.issuer.spki_der() {
        return Ok(());
    }
    Err(CliError::new(
        format!(
            "the key in {place} is not the key of the certificate {} ({})",
            chain.issuer.subject(),
            chain.own().key
        ),
        "Import a key and its own certificate.",
    ))
}

/// Returns the first certificate, its issuer, and so on; omits certificates outside of the chain.
fn in_order(ders: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut names: BTreeMap<usize, (Vec<u8>, Vec<u8>)> = BTreeMap::new();
    for (at, der) in ders.iter().enumerate() {
        match CertificateInfo::read(der.clone()) {
            Some(facts) => names.insert(at, (facts.subject_der, facts.issuer_der)),
            // Chain::of reports the error.
            None => return ders,
        };
    }
    let mut order = vec![0];
    while let Some((subject, issuer)) = order.last().and_then(|last| names.get(last))
        && subject != issuer
        && let Some((next, _)) =
            names.iter().find(|(at, (subject, _))| subject == issuer && !order.contains(at))
    {
        order.push(*next);
    }
    order.into_iter().filter_map(|at| ders.get(at).cloned()).collect()
}

#[cfg(test)]
mod tests;
