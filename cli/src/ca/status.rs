//! Status of the CA of a stack: certificate in force, stored key, and whether they match.

use std::sync::Arc;

use pki::signer::Signer;

use super::certificate_store::IssuerFiles;
use super::chain::Chain;
use super::keys::{Keys, Role};
use crate::error::CliError;
use crate::stack::Stack;

/// Certificates and key of the CA of a stack.
pub(super) struct CaStatus {
    /// The certificate in force.
    pub(super) current: Option<Chain>,
    /// Every certificate that is on file, the youngest first.
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

    /// No CA, nor the beginning of one.
    pub(super) fn is_empty(&self) -> bool {
        self.current.is_none() && self.signer.is_none()
    }

    /// True if the stored key belongs to the certificate in force.
    pub(super) fn signs(&self) -> bool {
        self.has_key_of(self.current.as_ref())
    }

    /// The certificate of the key, where that is on file and another one, or none, is in force.
    pub(super) fn unfinished(&self) -> Option<&Chain> {
        if self.signs() {
            return None;
        }
        self.filed.iter().find(|chain| self.has_key_of(Some(chain)))
    }

    /// Why it cannot sign, in one sentence with what to do.
    pub(super) fn trouble(&self) -> Option<String> {
        let place = &self.place;
        match (&self.current, &self.signer) {
            (None, None) => Some("there is no CA yet; make one with: countersign ca init".into()),
            (Some(_), Some(_)) if self.signs() => None,
            (current, _) if self.unfinished().is_some() => {
                let state = match current {
                    Some(_) => format!("the key in {place} is not the key of the certificate in force"),
                    None => format!("there is a key in {place} and no certificate in force"),
                };
                Some(format!(
                    "{state}, but the certificate of that key is on file: a change was interrupted; finish it with: countersign ca finish"
                ))
            }
            (None, Some(_)) => Some(format!(
                "there is a key in {place} and no certificate: it may be the key of a former stack, whose bucket has the certificate as ca-certificate/current.pem; bring that with: countersign ca import; or replace the key with: countersign ca rotate"
            )),
            (Some(_), None) => Some(format!(
                "there is a certificate, but no key in {place}; make both anew with: countersign ca rotate"
            )),
            (Some(_), Some(_)) => Some(format!(
                "the key in {place} is not the key of the certificate in force; bring the right one with: countersign ca import --replace, or make both anew with: countersign ca rotate"
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
