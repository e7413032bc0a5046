//! The signer that a process has loaded: once, and again only when the CA was given another key.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::ports::PortError;
use pki::signer::Signer;

/// Empty until the first certificate is signed.
#[derive(Default)]
pub(super) struct LoadedSigner(Mutex<Option<Arc<dyn Signer>>>);

impl LoadedSigner {
    /// The loaded signer if it has this public key; else the one that `load` gives, if that has it.
    pub(super) async fn of<F>(
        &self,
        spki: &[u8],
        load: impl FnOnce() -> F,
    ) -> Result<Arc<dyn Signer>, PortError>
    where
        F: Future<Output = Result<Arc<dyn Signer>, PortError>>,
    {
        let mut loaded = self.0.lock().await;
        if let Some(signer) = loaded.as_ref().filter(|signer| signer.spki_der() == spki) {
            return Ok(Arc::clone(signer));
        }
        let signer = load().await?;
        if signer.spki_der() != spki {
            return Err(PortError {
                what: "use the key of the CA",
                cause: "it is not the key of the CA certificate; look at both with: countersign ca show"
                    .into(),
            });
        }
        *loaded = Some(Arc::clone(&signer));
        Ok(signer)
    }
}
