//! The issuers of a deployment: certificates in the bucket, keys in Secrets Manager or KMS.
//!
//! Invariant: the signer of an issuer has the public key of the issuer. Each key is loaded once per process. A worker
//! that does not sign has no key backend and needs no permission for one.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use aws_types::sdk_config::SdkConfig;
use pki::issuer::Issuer;
use pki::signer::Signer;
use tokio::sync::Mutex;

use super::s3::S3Certificates;
use crate::ids::IssuerId;
use crate::ports::{Issuers, PortError};
use crate::store::object_key::{ISSUERS, ObjectKey};

/// The name of a former key in its backend: the SHA-256 of its SubjectPublicKeyInfo, in hex.
pub fn key_name(spki_der: &[u8]) -> String {
    hex::encode(digest(&SHA256, spki_der))
}

/// A backend with the keys of the issuer `default`.
#[async_trait]
pub(super) trait IssuerKeys: Send + Sync {
    /// The current key.
    async fn current(&self) -> Result<Arc<dyn Signer>, PortError>;
    /// The key with a [`key_name`]. Callers compare the public key: versions before 0.2 stored keys without a name.
    async fn named(&self, name: &str) -> Result<Option<Arc<dyn Signer>>, PortError>;
}

/// The issuers of a deployment.
pub struct AwsIssuers {
    bucket: S3Certificates,
    keys: Option<LoadedKeys>,
}

impl AwsIssuers {
    /// Issuers with certificates only.
    pub fn without_keys(sdk: &SdkConfig, bucket: &str) -> Self {
        Self { bucket: S3Certificates::new(sdk, bucket), keys: None }
    }

    /// Issuers that can sign.
    pub(super) fn with_keys(sdk: &SdkConfig, bucket: &str, keys: impl IssuerKeys + 'static) -> Self {
        Self { bucket: S3Certificates::new(sdk, bucket), keys: Some(LoadedKeys::new(keys)) }
    }

    async fn read(&self, key: &ObjectKey) -> Result<Option<Issuer>, PortError> {
        let pem = self.bucket.read(key, "read the issuer").await?;
        pem.map(|pem| Issuer::from_pem(&pem))
            .transpose()
            .map_err(|error| PortError::new("read the certificate of the CA", error))
    }
}

#[async_trait]
impl Issuers for AwsIssuers {
    async fn in_force(&self, id: &IssuerId) -> Result<Option<Issuer>, PortError> {
        self.read(&ObjectKey::IssuerInForce(id.clone())).await
    }

    async fn with_key_identifier(&self, key_identifier: &str) -> Result<Vec<Issuer>, PortError> {
        let keys = self.bucket.list(&ObjectKey::issuers_with(key_identifier), "list the issuers").await?;
        let mut all = Vec::new();
        for key in keys.iter().filter(|key| key.is_of_issuer(key_identifier)) {
            match self.read(key).await {
                Ok(issuer) => all.extend(issuer),
                // It hides no other.
                Err(error) if keys.len() > 1 => tracing::error!(%error, "cannot read the issuer {key}"),
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn all(&self) -> Result<Vec<Issuer>, PortError> {
        let keys = self.bucket.list(ISSUERS, "list the issuers").await?;
        let mut all: Vec<Issuer> = Vec::new();
        for key in &keys {
            match self.read(key).await {
                // The one in force is stored under its own name, too.
                Ok(Some(issuer)) if all.iter().any(|one| one.chain_digest() == issuer.chain_digest()) => {}
                Ok(issuer) => all.extend(issuer),
                // It hides no other.
                Err(error) if keys.len() > 1 => tracing::error!(%error, "cannot read the issuer {key}"),
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn signer(&self, issuer: &Issuer) -> Result<Arc<dyn Signer>, PortError> {
        match &self.keys {
            Some(keys) => keys.signer(issuer).await,
            None => Err(PortError { what: WHAT, cause: "this worker has no key backend".into() }),
        }
    }
}

const WHAT: &str = "use the key of the CA";

/// A backend, and the signers loaded from it.
struct LoadedKeys {
    backend: Box<dyn IssuerKeys>,
    loaded: Mutex<Vec<Arc<dyn Signer>>>,
}

impl LoadedKeys {
    fn new(backend: impl IssuerKeys + 'static) -> Self {
        Self { backend: Box::new(backend), loaded: Mutex::default() }
    }

    /// The signer of an issuer: loaded before, else the current key, else a former key.
    async fn signer(&self, issuer: &Issuer) -> Result<Arc<dyn Signer>, PortError> {
        let is_key = |signer: &Arc<dyn Signer>| signer.spki_der() == issuer.spki_der();
        let mut loaded = self.loaded.lock().await;
        if let Some(signer) = loaded.iter().find(|signer| is_key(signer)) {
            return Ok(Arc::clone(signer));
        }
        let current = self.backend.current().await?;
        let found = if is_key(&current) {
            Some(current)
        } else {
            self.backend.named(&key_name(issuer.spki_der())).await?.filter(is_key)
        };
        let signer = found.ok_or_else(|| PortError {
            what: WHAT,
            cause: format!(
                "neither the current key nor a former one is the key of the CA certificate {} (key identifier {}); compare them: countersign ca show",
                issuer.subject(),
                issuer.key_identifier()
            ),
        })?;
        loaded.push(Arc::clone(&signer));
        Ok(signer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use pki::signer::LocalKey;
    use pki::testing as test_pki;

    /// A backend in memory, rotated like by `countersign ca rotate`.
    #[derive(Clone, Default)]
    struct Backend {
        /// Oldest first; the last key is current.
        keys: Arc<std::sync::Mutex<Vec<Arc<dyn Signer>>>>,
        loads: Arc<AtomicUsize>,
    }

    impl Backend {
        fn rotate(&self) -> Issuer {
            let ca = test_pki::CaMaker::new(test_pki::TestKey::EcP256).self_signed();
            let signer: Arc<dyn Signer> = Arc::new(LocalKey::from_pem(&ca.key_pem).unwrap());
            self.keys.lock().unwrap().push(signer);
            Issuer::from_pem(&ca.certificate_pem).unwrap()
        }
    }

    #[async_trait]
    impl IssuerKeys for Backend {
        async fn current(&self) -> Result<Arc<dyn Signer>, PortError> {
            self.loads.fetch_add(1, Ordering::Relaxed);
            self.keys.lock().unwrap().last().cloned().ok_or(PortError { what: WHAT, cause: "no key".into() })
        }

        async fn named(&self, name: &str) -> Result<Option<Arc<dyn Signer>>, PortError> {
            let keys = self.keys.lock().unwrap();
            Ok(keys.iter().find(|key| key_name(key.spki_der()) == name).cloned())
        }
    }

    #[tokio::test]
    async fn every_former_issuer_still_signs_after_two_rotations() {
        let backend = Backend::default();
        let keys = LoadedKeys::new(backend.clone());
        let issuers = [backend.rotate(), backend.rotate(), backend.rotate()];
        for issuer in &issuers {
            let signer = keys.signer(issuer).await.unwrap();
            assert_eq!(signer.spki_der(), issuer.spki_der());
            assert!(!signer.sign(b"a message").await.unwrap().is_empty());
        }
        let loads = backend.loads.load(Ordering::Relaxed);
        for issuer in &issuers {
            keys.signer(issuer).await.unwrap();
        }
        assert_eq!(backend.loads.load(Ordering::Relaxed), loads, "each key is loaded once");
    }

    #[tokio::test]
    async fn an_issuer_without_a_key_is_an_error_in_plain_words() {
        let backend = Backend::default();
        backend.rotate();
        let other = Backend::default().rotate();
        let error = LoadedKeys::new(backend).signer(&other).await.err().unwrap();
        assert!(error.cause.contains("neither the current key nor a former one"), "{error}");
        assert!(error.cause.contains(&other.key_identifier()), "{error}");
        assert!(error.cause.contains("countersign ca show"), "{error}");
    }
}
