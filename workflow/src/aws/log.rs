//! The log of certificates: files and receipts in the bucket, below `log/`, and the key in a SecureString parameter.
//!
//! Invariant: entries, checkpoints and receipts are written by conditional writes alone. The key is made once.

use async_trait::async_trait;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::sdk_config::SdkConfig;
use pki::certificate::Serial;
use zeroize::Zeroizing;

use super::lazy_client::LazyClient;
use super::{s3, unavailable};
use crate::ports::{LogFile, LogFiles, LogKeys, PortError, Receipts, Saved};
use crate::store::object_key::{LOG, receipt_key};
use crate::transparency::LogKey;

/// The files of the log in the bucket.
pub struct S3Log {
    client: LazyClient<aws_sdk_s3::Client>,
    bucket: String,
}

impl S3Log {
    /// The bucket with this name.
    pub fn new(sdk: &SdkConfig, bucket: &str) -> Self {
        Self { client: LazyClient::new(sdk, s3::client), bucket: bucket.to_owned() }
    }

    async fn object(&self, key: &str, what: &'static str) -> Result<Option<LogFile>, PortError> {
        let Some(object) = s3::object(&self.client, &self.bucket, key, what).await? else {
            return Ok(None);
        };
        let version = object.e_tag.clone().ok_or(PortError { what, cause: "it has no ETag".into() })?;
        let octets = object.body.collect().await.map_err(|error| PortError::new(what, error))?.to_vec();
        Ok(Some(LogFile { octets, version }))
    }

    fn put(&self, key: &str, octets: &[u8]) -> PutObjectFluentBuilder {
        // C2SP tlog-tiles names the types.
        let content_type = match key.rsplit_once('/').map_or(key, |(_, name)| name) {
            "checkpoint" => "text/plain; charset=utf-8",
            name if name.ends_with(".json") => "application/json",
            _ => "application/octet-stream",
        };
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        put.content_type(content_type).body(ByteStream::from(octets.to_vec()))
    }
}

/// The result of a conditional write. 412: the condition fails. 404: the object to replace is gone. 409: another write is under
/// way, an error that is retried.
async fn conditional(put: PutObjectFluentBuilder, what: &'static str) -> Result<Saved, PortError> {
    match put.send().await {
        Ok(_) => Ok(Saved::Yes),
        Err(error)
            if matches!(
                error.as_service_error().and_then(|e| e.code()),
                Some("PreconditionFailed" | "NoSuchKey")
            ) =>
        {
            Ok(Saved::Conflict)
        }
        Err(error) => Err(unavailable(what)(error)),
    }
}

const WRITE: &str = "write the log";

#[async_trait]
impl LogFiles for S3Log {
    async fn read(&self, path: &str) -> Result<Option<LogFile>, PortError> {
        self.object(&format!("{LOG}{path}"), "read the log").await
    }

    async fn create(&self, path: &str, octets: &[u8]) -> Result<Saved, PortError> {
        conditional(self.put(&format!("{LOG}{path}"), octets).if_none_match("*"), WRITE).await
    }

    async fn replace(&self, path: &str, version: &str, octets: &[u8]) -> Result<Saved, PortError> {
        conditional(self.put(&format!("{LOG}{path}"), octets).if_match(version), WRITE).await
    }

    async fn write(&self, path: &str, octets: &[u8]) -> Result<(), PortError> {
        self.put(&format!("{LOG}{path}"), octets).send().await.map(|_| ()).map_err(unavailable(WRITE))
    }
}

#[async_trait]
impl Receipts for S3Log {
    async fn receipt(&self, serial: &Serial) -> Result<Option<String>, PortError> {
        const WHAT: &str = "read the receipt";
        let file = self.object(&receipt_key(serial), WHAT).await?;
        file.map(|file| String::from_utf8(file.octets).map_err(|error| PortError::new(WHAT, error)))
            .transpose()
    }

    async fn store_receipt(&self, serial: &Serial, receipt: &str) -> Result<String, PortError> {
        const WHAT: &str = "store the receipt";
        let put = self.put(&receipt_key(serial), receipt.as_bytes()).if_none_match("*");
        if conditional(put, WHAT).await? == Saved::Yes {
            return Ok(receipt.to_owned());
        }
        let gone = || PortError { what: WHAT, cause: "it exists, but cannot be read".into() };
        self.receipt(serial).await?.ok_or_else(gone)
    }
}

/// The parameter with the key of the log.
pub struct SsmLogKey {
    client: LazyClient<Client>,
    parameter: String,
    /// The beginning of the name of a new log.
    prefix: String,
}

impl SsmLogKey {
    /// The parameter with this name, such as `/countersign/NAME/log/key`. A new log is named after the base URL.
    pub fn new(sdk: &SdkConfig, parameter: &str, base_url: &str) -> Self {
        let host = base_url.split_once("://").map_or(base_url, |(_, rest)| rest).trim_end_matches('/');
        // The name of a note has no plus sign.
        let prefix = format!("{}/log", host.replace('+', "-"));
        Self { client: LazyClient::new(sdk, Client::new), parameter: parameter.to_owned(), prefix }
    }

    /// The key in force; `None` if there is none.
    ///
    /// # Errors
    /// [`PortError`] of SSM, and of a parameter that is no key.
    pub async fn find(&self) -> Result<Option<LogKey>, PortError> {
        const WHAT: &str = "read the key of the log";
        let answer =
            match self.client.get_parameter().name(&self.parameter).with_decryption(true).send().await {
                Ok(answer) => answer,
                Err(error)
                    if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(unavailable(WHAT)(error)),
            };
        let text = Zeroizing::new(answer.parameter.and_then(|one| one.value).unwrap_or_default());
        LogKey::from_text(text).map(Some).map_err(|error| PortError::new(WHAT, error))
    }

    /// Stores a key; with `overwrite` in place of the one there is. Conflicts if there is one, and it is kept.
    ///
    /// # Errors
    /// [`PortError`] of SSM.
    pub async fn store(&self, key: &LogKey, overwrite: bool) -> Result<Saved, PortError> {
        let put = self
            .client
            .put_parameter()
            .name(&self.parameter)
            .r#type(ParameterType::SecureString)
            .overwrite(overwrite)
            .value(key.text().expose().as_str());
        match put.send().await {
            Ok(_) => Ok(Saved::Yes),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_parameter_already_exists()) => {
                Ok(Saved::Conflict)
            }
            Err(error) => Err(unavailable("store the key of the log")(error)),
        }
    }
}

#[async_trait]
impl LogKeys for SsmLogKey {
    async fn log_key(&self) -> Result<LogKey, PortError> {
        const WHAT: &str = "make the key of the log";
        if let Some(key) = self.find().await? {
            return Ok(key);
        }
        let key = LogKey::make(&self.prefix).map_err(|error| PortError::new(WHAT, error))?;
        match self.store(&key, false).await? {
            Saved::Yes => Ok(key),
            // Another worker made one at the same time.
            Saved::Conflict => {
                let gone = || PortError { what: WHAT, cause: "it exists, but cannot be read".into() };
                self.find().await?.ok_or_else(gone)
            }
        }
    }
}
