//! Certificates in S3: `ca-certificate/...` and `signed-certificate/<serial>/certificate.pem`.
//!
//! Invariant: certificates are stored by conditional writes (If-None-Match): one of two writers wins, and both continue
//! with its certificate. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::sdk_config::SdkConfig;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::ports::{CertificateStore, PortError};
use crate::store::object_key::ObjectKey;
use pki::certificate::Serial;

/// A client of buckets.
pub(super) fn client(sdk: &SdkConfig) -> Client {
    // The emulator's endpoint is an IP address: no room for the bucket in the host name.
    Client::from_conf(Builder::from(sdk).force_path_style(sdk.endpoint_url().is_some()).build())
}

/// Reads an object; `None` if it does not exist.
pub(super) async fn object(
    client: &Client,
    bucket: &str,
    key: &str,
    what: &'static str,
) -> Result<Option<GetObjectOutput>, PortError> {
    match client.get_object().bucket(bucket).key(key).send().await {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => Ok(None),
        Err(error) => Err(unavailable(what)(error)),
    }
}

/// The bucket.
pub struct S3Certificates {
    client: LazyClient<Client>,
    bucket: String,
}

impl S3Certificates {
    /// The bucket with this name.
    pub fn new(sdk: &SdkConfig, bucket: &str) -> Self {
        Self { client: LazyClient::new(sdk, client), bucket: bucket.to_owned() }
    }

    pub(super) async fn read(
        &self,
        key: &ObjectKey,
        what: &'static str,
    ) -> Result<Option<String>, PortError> {
        let Some(object) = object(&self.client, &self.bucket, &key.to_string(), what).await? else {
            return Ok(None);
        };
        let bytes = object.body.collect().await.map_err(|error| PortError::new(what, error))?;
        String::from_utf8(bytes.to_vec()).map(Some).map_err(|error| PortError::new(what, error))
    }

    /// The keys of certificates that begin with `prefix`: the first thousand.
    pub(super) async fn list(&self, prefix: &str, what: &'static str) -> Result<Vec<ObjectKey>, PortError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).send();
        let list = list.await.map_err(unavailable(what))?;
        Ok(list.contents().iter().filter_map(|object| object.key()?.parse().ok()).collect())
    }
}

#[async_trait]
impl CertificateStore for S3Certificates {
    async fn store(&self, serial: &Serial, certificate_pem: &str) -> Result<String, PortError> {
        const WHAT: &str = "store the certificate";
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(ObjectKey::Certificate(serial.clone()).to_string())
            .if_none_match("*")
            .content_type("application/x-pem-file")
            .body(ByteStream::from(certificate_pem.as_bytes().to_vec()))
            .send()
            .await;
        match put {
            Ok(_) => Ok(certificate_pem.to_owned()),
            // 412 PreconditionFailed: the object exists. 409 means a concurrent write, an error that is retried.
            Err(error) if error.as_service_error().and_then(|e| e.code()) == Some("PreconditionFailed") => {
                self.certificate(serial)
                    .await?
                    .ok_or(PortError { what: WHAT, cause: "it exists, but cannot be read".into() })
            }
            Err(error) => Err(unavailable(WHAT)(error)),
        }
    }

    async fn certificate(&self, serial: &Serial) -> Result<Option<String>, PortError> {
        self.read(&ObjectKey::Certificate(serial.clone()), "read the certificate").await
    }
}
