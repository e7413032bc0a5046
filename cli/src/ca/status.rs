//! Status of the CA of a stack: certificate in force and stored key.

use std::sync::Arc;

use pki::signer::Signer;

use super::certificate_store::IssuerFiles;
use super::chain::Chain;
use super::keys::{Keys, Role, name_of};
use crate::error::CliError;
use crate::stack::Stack;

/// Certificates and key of the CA of a stack.
pub(super) struct CaStatus {
    /// The certificate in force.
    pub(super) current: Option<Chain>,
    /// Every stored certificate, youngest first.
    pub(super) filed: Vec<Chain>,
    /// The key that signs.
    pub(super) signer: Option<Arc<dyn Signer>>,
    place: String,
}

impl CaStatus {
    /// Reads the status of a stack's CA.
    pub(super) async fn of(stack: &Stack) -> Result<Self, CliError> {
        let (store, keys) = (IssuerFiles::of(stack), Keys::of(stack));
        Ok(Self {
            current: store.current().await?,
            signer: keys.signer(Role::Issuer).await?,
            filed: store.filed().await?,
            place: keys.place(Role::Issuer),
        })
    }

    /// True if there is neither a certificate nor a key.
    pub(super) fn is_empty(&self) -> bool {
        self.current.is_none() && self.signer.is_none()
    }

    /// True if the stored key belongs to the certificate in force.
    pub(super) fn signs(&self) -> bool {
        self.has_key_of(self.current.as_ref())
    }

    /// Returns the stored certificate of the key if it is not in force: an interrupted change.
    pub(super) fn unfinished(&self) -> Option<&Chain> {
        if self.signs() {
            return None;
        }
        self.filed.iter().find(|chain| self.has_key_of(Some(chain)))
    }

    /// Returns the reason if the CA cannot sign, in one sentence with advice.
    pub(super) fn trouble(&self) -> Option<String> {
        let place = &self.place;
        match (&self.current, &self.signer) {
            (None, None) => Some("there is no CA yet; create one with: countersign ca init".into()),
            (Some(_), Some(_)) if self.signs() => None,
            (current, _) if self.unfinished().is_some() => {
                let state = match current {
                    Some(_) => format!("the key in {place} is not the key of the certificate in force"),
                    None => format!("there is a key in {place} and no certificate in force"),
                };
                Some(format!(
                    "{state}, but the certificate of that key is stored: a change was interrupted; finish it with: countersign ca finish"
                ))
            }
            (None, Some(_)) => Some(format!(
                "there is a key in {place} and no certificate: it may be the key of a former stack, whose bucket has the certificate as ca-certificate/current.pem; bring that with: countersign ca import; or replace the key with: countersign ca rotate"
            )),
            (Some(_), None) => Some(format!(
                "there is a certificate, but no key in {place}; create a new key and certificate with: countersign ca rotate"
            )),
            (Some(_), Some(_)) => Some(format!(
                "the key in {place} is not the key of the certificate in force; import the right key with: countersign ca import --replace, or create a new key and certificate with: countersign ca rotate"
            )),
        }
    }

    fn has_key_of(&self, chain: Option<&Chain>) -> bool {
        match (&self.signer, chain) {
            (Some(signer), Some(chain)) => signer.spki_der() == chain.issuer.spki_der(),
            _ => false,
        }
    }
}

/// The error of a command that needs a CA.
pub(super) fn no_ca(stack: &Stack) -> CliError {
    CliError::new(
        format!("the stack {} has no CA yet", name_of(stack)),
        "Create one with: countersign ca init.",
    )
}
