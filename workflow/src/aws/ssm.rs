//! Parameters in SSM: the policy, and the credentials and certificates of a mail relay.
//!
//! The policy is in the parameter, or in the bucket if the parameter is a pointer. It is read again when the copy is a
//! minute old.
//!
//! Invariant: fails closed. A policy that cannot be read, does not match its pointer, or is not valid stops the step
//! until an operator corrects it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_types::sdk_config::SdkConfig;
use tokio::sync::Mutex;

use super::key_lists::S3KeyLists;
use super::lazy_client::LazyClient;
use super::smtp::{SmtpCredentials, SmtpSecret, SmtpTrust};
use super::unavailable;
use crate::policy::key_list::KeyListDigest;
use crate::policy::{Pointer, PointerError, Policy};
use crate::ports::{KeyLists, Policies, PortError};
use pki::key::PublicKey;

/// Time after which the parameter of the policy is read again.
const CACHE_TIME: Duration = Duration::from_secs(60);
const WHAT: &str = "read the policy";

/// The parameter and the bucket of the policy document.
pub struct PolicyStore {
    ssm: LazyClient<Client>,
    s3: LazyClient<aws_sdk_s3::Client>,
    parameter: String,
}

impl PolicyStore {
    /// The parameter with this name.
    pub fn new(sdk: &SdkConfig, parameter: &str) -> Self {
        Self {
            ssm: LazyClient::new(sdk, Client::new),
            s3: LazyClient::new(sdk, super::s3::client),
            parameter: parameter.to_owned(),
        }
    }

    /// The value of the parameter: a document or a [`Pointer`]. `None` if there is no such parameter.
    ///
    /// # Errors
    /// [`PortError`] of SSM.
    pub async fn parameter(&self) -> Result<Option<String>, PortError> {
        match self.ssm.get_parameter().name(&self.parameter).send().await {
            Ok(answer) => Ok(answer.parameter.and_then(|parameter| parameter.value)),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => {
                Ok(None)
            }
            Err(error) => Err(unavailable(WHAT)(error)),
        }
    }

    /// The document for a value of the parameter; follows a pointer and verifies its digest.
    ///
    /// # Errors
    /// [`PortError`] of S3, or the object is missing or has another digest.
    pub async fn document(&self, parameter: String) -> Result<String, PortError> {
        let Some(pointer) = Pointer::read(&parameter).map_err(|error| PortError::new(WHAT, error))? else {
            return Ok(parameter);
        };
        let get = self.s3.get_object().bucket(pointer.bucket()).key(pointer.key());
        let object = get.send().await.map_err(|error| {
            let error = unavailable(WHAT)(error);
            PortError { what: WHAT, cause: format!("{pointer}: {}", error.cause) }
        })?;
        let mut body = object.body;
        let mut bytes = Vec::new();
        while let Some(chunk) = body.try_next().await.map_err(|error| PortError::new(WHAT, error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > Policy::MAX_BYTES {
                return Err(PortError::new(WHAT, PointerError::TooLarge(pointer)));
            }
        }
        pointer.open(bytes).map_err(|error| PortError::new(WHAT, error))
    }
}

/// A parsed policy, with the parameter's value and the time of reading.
struct CachedPolicy {
    read: Instant,
    parameter: String,
    policy: Arc<Policy>,
}

/// The policy in force, with a copy in memory.
pub struct SsmPolicies {
    store: PolicyStore,
    key_lists: S3KeyLists,
    cache_time: Duration,
    copy: Mutex<Option<CachedPolicy>>,
}

impl SsmPolicies {
    /// The parameter with this name, and the bucket of the lists of keys.
    pub fn new(sdk: &SdkConfig, parameter: &str, bucket: &str) -> Self {
        // At a local emulator an edited policy applies at once; reading it is free there.
        let cache_time = if sdk.endpoint_url().is_some() { Duration::ZERO } else { CACHE_TIME };
        Self {
            store: PolicyStore::new(sdk, parameter),
            key_lists: S3KeyLists::new(sdk, bucket),
            cache_time,
            copy: Mutex::new(None),
        }
    }
}

#[async_trait]
impl Policies for SsmPolicies {
    async fn current(&self) -> Result<Arc<Policy>, PortError> {
        let mut copy = self.copy.lock().await;
        if let Some(copy) = copy.as_ref()
            && copy.read.elapsed() < self.cache_time
        {
            return Ok(Arc::clone(&copy.policy));
        }
        let read = Instant::now();
        let missing = || PortError { what: WHAT, cause: "the parameter is empty".into() };
        let parameter = self.store.parameter().await?.ok_or_else(missing)?;
        // An unchanged value means an unchanged document: a pointer contains its digest.
        if let Some(copy) = copy.as_mut().filter(|copy| copy.parameter == parameter) {
            copy.read = read;
            return Ok(Arc::clone(&copy.policy));
        }
        let document = self.store.document(parameter.clone()).await?;
        let policy = Arc::new(Policy::parse(&document).map_err(|error| PortError::new(WHAT, error))?);
        *copy = Some(CachedPolicy { read, parameter, policy: Arc::clone(&policy) });
        Ok(policy)
    }
}

#[async_trait]
impl KeyLists for SsmPolicies {
    async fn has(&self, list: &KeyListDigest, key: &PublicKey) -> Result<bool, PortError> {
        self.key_lists.has(list, key).await
    }

    async fn is_compromised(&self, key: &PublicKey) -> Result<bool, PortError> {
        self.key_lists.is_compromised(key).await
    }
}

/// A SecureString parameter with user and password of a mail relay.
pub struct SsmSmtpSecret {
    client: LazyClient<Client>,
    parameter: String,
}

impl SsmSmtpSecret {
    /// The parameter with this name.
    pub fn new(sdk: &SdkConfig, parameter: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), parameter: parameter.to_owned() }
    }
}

#[async_trait]
impl SmtpSecret for SsmSmtpSecret {
    async fn credentials(&self) -> Result<SmtpCredentials, PortError> {
        const WHAT: &str = "read the credentials of the mail relay";
        let answer = self.client.get_parameter().name(&self.parameter).with_decryption(true).send().await;
        let value = answer.map_err(unavailable(WHAT))?.parameter.and_then(|parameter| parameter.value);
        SmtpCredentials::parse(value.as_deref().unwrap_or_default())
            .map_err(|why| PortError { what: WHAT, cause: format!("{}: {why}", self.parameter) })
    }
}

/// A parameter with the certificates of a mail relay's authorities.
pub struct SsmSmtpTrust {
    client: LazyClient<Client>,
    parameter: String,
}

impl SsmSmtpTrust {
    /// The parameter of this name.
    pub fn new(sdk: &SdkConfig, parameter: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), parameter: parameter.to_owned() }
    }
}

#[async_trait]
impl SmtpTrust for SsmSmtpTrust {
    async fn pem(&self) -> Result<String, PortError> {
        const WHAT: &str = "read the certificates of the mail relay";
        let answer = self.client.get_parameter().name(&self.parameter).with_decryption(true).send().await;
        Ok(answer
            .map_err(unavailable(WHAT))?
            .parameter
            .and_then(|parameter| parameter.value)
            .unwrap_or_default())
    }
}
