//! The CA key in AWS KMS, which signs digests; the key never leaves KMS.
//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html>

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use aws_types::sdk_config::SdkConfig;

use super::issuers::IssuerKeys;
use super::lazy_client::LazyClient;
use super::unavailable;
use crate::ports::PortError;
use pki::signer::{SignatureAlgorithm, Signer, SignerError};

const WHAT: &str = "use the KMS key of the CA";

/// The alias of the former key with a [name](super::key_name): `<alias of the current key>/<name>`. Stack names have no
/// slash, so the aliases of two stacks never collide.
pub fn named_alias(alias: &str, name: &str) -> String {
    format!("{alias}/{name}")
}

/// One asymmetric KMS key.
pub struct KmsKey {
    client: LazyClient<Client>,
    id: String,
}

impl KmsKey {
    /// The key with this id, ARN or alias.
    pub fn new(sdk: &SdkConfig, id: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), id: id.to_owned() }
    }

    /// Loads the signer of the key.
    ///
    /// # Errors
    /// KMS did not answer, or the key cannot sign certificates.
    pub async fn load(&self) -> Result<Arc<dyn Signer>, PortError> {
        let found = self.find(&self.id).await?;
        found.ok_or_else(|| PortError { what: WHAT, cause: format!("there is no KMS key {}", self.id) })
    }

    /// The signer with a key id, ARN or alias; `None` if there is no such key.
    async fn find(&self, id: &str) -> Result<Option<Arc<dyn Signer>>, PortError> {
        let answer = match self.client.get_public_key().key_id(id).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found_exception()) => {
                return Ok(None);
            }
            Err(error) => return Err(unavailable("read the KMS key of the CA")(error)),
        };
        if answer.key_usage() != Some(&KeyUsageType::SignVerify) {
            return Err(PortError { what: WHAT, cause: "its key usage is not SIGN_VERIFY".into() });
        }
        let algorithm = match answer.key_spec() {
            Some(KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096) => SignatureAlgorithm::RsaSha256,
            Some(KeySpec::EccNistP256) => SignatureAlgorithm::EcdsaSha256,
            Some(KeySpec::EccNistP384) => SignatureAlgorithm::EcdsaSha384,
            other => {
                let spec = other.map_or("unknown", KeySpec::as_str);
                return Err(PortError { what: WHAT, cause: format!("its key spec {spec} is not supported") });
            }
        };
        // The answer has the ARN: an alias that is updated later does not change this signer.
        let id = answer.key_id.unwrap_or_else(|| id.to_owned());
        let spki = answer
            .public_key
            .map(Blob::into_inner)
            .ok_or(PortError { what: WHAT, cause: "no public key".into() })?;
        Ok(Some(Arc::new(KmsSigner { client: (*self.client).clone(), id, algorithm, spki })))
    }
}

#[async_trait]
impl IssuerKeys for KmsKey {
    async fn current(&self) -> Result<Arc<dyn Signer>, PortError> {
        self.load().await
    }

    async fn named(&self, name: &str) -> Result<Option<Arc<dyn Signer>>, PortError> {
        self.find(&named_alias(&self.id, name)).await
    }
}

struct KmsSigner {
    client: Client,
    id: String,
    algorithm: SignatureAlgorithm,
    spki: Vec<u8>,
}

#[async_trait]
impl Signer for KmsSigner {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    async fn sign(&self, tbs_der: &[u8]) -> Result<Vec<u8>, SignerError> {
        let (spec, hash) = match self.algorithm {
            SignatureAlgorithm::RsaSha256 => (SigningAlgorithmSpec::RsassaPkcs1V15Sha256, &digest::SHA256),
            SignatureAlgorithm::EcdsaSha256 => (SigningAlgorithmSpec::EcdsaSha256, &digest::SHA256),
            SignatureAlgorithm::EcdsaSha384 => (SigningAlgorithmSpec::EcdsaSha384, &digest::SHA384),
            other => {
                return Err(SignerError::Refused(format!(
                    "the algorithm {other:?} is not supported with KMS"
                )));
            }
        };
        let answer = self
            .client
            .sign()
            .key_id(&self.id)
            .message_type(MessageType::Digest)
            .message(Blob::new(digest::digest(hash, tbs_der).as_ref()))
            .signing_algorithm(spec)
            .send()
            .await
            .map_err(|error| SignerError::Unavailable(unavailable("sign")(error).to_string()))?;
        answer
            .signature
            .map(Blob::into_inner)
            .ok_or_else(|| SignerError::Unavailable("KMS returned no signature".into()))
    }
}
