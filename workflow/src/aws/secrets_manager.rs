//! A secret in Secrets Manager, read when it is first needed and kept for the life of the process.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_types::sdk_config::SdkConfig;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::ca_key::LoadedSigner;
use super::lazily::Lazily;
use super::unavailable;
use crate::approval::LinkSecret;
use crate::ports::{CaKey, Links, PortError};
use pki::signer::{LocalKey, Signer};

/// One secret.
pub struct SecretsManager {
    client: Lazily<Client>,
    id: String,
    links: OnceCell<LinkSecret>,
    signer: LoadedSigner,
}

impl SecretsManager {
    /// The secret of this id or ARN.
    pub fn new(sdk: &SdkConfig, id: &str) -> Self {
        Self {
            client: Lazily::new(sdk, Client::new),
            id: id.to_owned(),
            links: OnceCell::new(),
            signer: LoadedSigner::default(),
        }
    }

    /// The text of the secret, read now.
    ///
    /// # Errors
    /// [`PortError`] where Secrets Manager does not give it.
    pub async fn text(&self) -> Result<Zeroizing<String>, PortError> {
        const WHAT: &str = "read the secret";
        let answer =
            self.client.get_secret_value().secret_id(&self.id).send().await.map_err(unavailable(WHAT))?;
        answer
            .secret_string
            .map(Zeroizing::new)
            .ok_or(PortError { what: WHAT, cause: "it holds no text".into() })
    }
}

#[async_trait]
impl Links for SecretsManager {
    async fn secret(&self) -> Result<&LinkSecret, PortError> {
        const WHAT: &str = "use the link secret";
        self.links
            .get_or_try_init(|| async {
                LinkSecret::new(&self.text().await?).map_err(|cause| PortError { what: WHAT, cause })
            })
            .await
    }
}

#[async_trait]
impl CaKey for SecretsManager {
    async fn signer(&self, issuer_spki: &[u8]) -> Result<Arc<dyn Signer>, PortError> {
        self.signer
            .of(issuer_spki, || async {
                let key = LocalKey::from_pem(&self.text().await?)
                    .map_err(|error| PortError::new("use the key of the CA", error))?;
                Ok(Arc::new(key) as Arc<dyn Signer>)
            })
            .await
    }
}
