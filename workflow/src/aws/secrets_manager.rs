//! A secret in Secrets Manager. The link secret is read once per process, at its first use.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_types::sdk_config::SdkConfig;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::issuers::IssuerKeys;
use super::lazy_client::LazyClient;
use super::unavailable;
use crate::approval::LinkSecret;
use crate::ports::{LinkSecrets, PortError};
use pki::signer::{LocalKey, Signer};

/// The staging label of the version with the former key [name](super::key_name). Secrets Manager never deletes a
/// version with a label.
pub fn key_label(name: &str) -> String {
    format!("key-{name}")
}

/// Returns the name of a secret from its ARN: the six characters that Secrets Manager adds are left out. Any other id stays as it is.
///
/// A secret that was deleted and made again has the same name and another ARN.
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html>
#[must_use]
pub fn secret_name(id: &str) -> &str {
    let name = id.split_once(":secret:").and_then(|(_, resource)| resource.rsplit_once('-'));
    name.filter(|(_, suffix)| suffix.len() == 6).map_or(id, |(name, _)| name)
}

/// One secret.
pub struct SecretsManager {
    client: LazyClient<Client>,
    id: String,
    links: OnceCell<LinkSecret>,
}

impl SecretsManager {
    /// The secret with this id or ARN.
    pub fn new(sdk: &SdkConfig, id: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), id: id.to_owned(), links: OnceCell::new() }
    }

    /// Reads the text of the secret.
    ///
    /// # Errors
    /// [`PortError`] if Secrets Manager fails or the secret has no text.
    pub async fn text(&self) -> Result<Zeroizing<String>, PortError> {
        const WHAT: &str = "read the secret";
        let answer =
            self.client.get_secret_value().secret_id(&self.id).send().await.map_err(unavailable(WHAT))?;
        answer
            .secret_string
            .map(Zeroizing::new)
            .ok_or(PortError { what: WHAT, cause: "it has no text".into() })
    }

    /// Reads the text of the version with a staging label; `None` if no version has it.
    async fn staged(&self, label: &str) -> Result<Option<Zeroizing<String>>, PortError> {
        match self.client.get_secret_value().secret_id(&self.id).version_stage(label).send().await {
            Ok(answer) => Ok(answer.secret_string.map(Zeroizing::new)),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(unavailable("read a former version of the secret")(error)),
        }
    }
}

#[async_trait]
impl LinkSecrets for SecretsManager {
    async fn secret(&self) -> Result<&LinkSecret, PortError> {
        const WHAT: &str = "use the link secret";
        self.links
            .get_or_try_init(|| async {
                let unfit = |cause| PortError { what: WHAT, cause };
                let current = LinkSecret::new(&self.text().await?).map_err(unfit)?;
                // A secret that was replaced leaves its links valid until the next replacement.
                Ok(match self.staged("AWSPREVIOUS").await? {
                    Some(text) => current.with_previous(LinkSecret::new(&text).map_err(unfit)?),
                    None => current,
                })
            })
            .await
    }
}

fn local(pem: &str) -> Result<Arc<dyn Signer>, PortError> {
    match LocalKey::from_pem(pem) {
        Ok(key) => Ok(Arc::new(key)),
        Err(error) => Err(PortError::new("use the key of the CA", error)),
    }
}

#[async_trait]
impl IssuerKeys for SecretsManager {
    async fn current(&self) -> Result<Arc<dyn Signer>, PortError> {
        local(&self.text().await?)
    }

    /// The version with the name as staging label, else AWSPREVIOUS: versions before 0.2 set no other label.
    async fn named(&self, name: &str) -> Result<Option<Arc<dyn Signer>>, PortError> {
        let label = key_label(name);
        for stage in [label.as_str(), "AWSPREVIOUS"] {
            if let Some(pem) = self.staged(stage).await? {
                return local(&pem).map(Some);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_same_name_after_it_was_made_again() {
        let arn =
            |suffix: &str| format!("arn:aws:secretsmanager:eu-central-1:1:secret:LinkSecret-ab12{suffix}");
        for (id, name) in [
            (arn("-XyZ123"), "LinkSecret-ab12"),
            (arn("-abcdef"), "LinkSecret-ab12"),
            // A partial ARN, without the suffix.
            (arn(""), &arn("")),
            ("countersign/ca/link".into(), "countersign/ca/link"),
        ] {
            assert_eq!(secret_name(&id), name, "{id}");
        }
    }
}
