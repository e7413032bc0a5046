//! The PEM files of the published revocation lists, `crl/<key identifier>.pem`, with the versions that S3 keeps.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_types::sdk_config::SdkConfig;
use pki::crl::Crl;

use super::lazy_client::LazyClient;
use super::{s3, unavailable};
use crate::certificate::LISTS;
use crate::ports::{ListFile, ListFiles, ObjectVersion, PortError};

const WHAT: &str = "read the published revocation list";

/// The files in a bucket.
pub struct S3ListFiles {
    client: LazyClient<Client>,
    bucket: String,
}

/// The key of the PEM file of an issuer's list.
pub(super) fn pem_key(key_identifier: &str) -> String {
    format!("{LISTS}{key_identifier}.pem")
}

/// The bucket keeps versions, so each object has one.
fn version(id: Option<&str>) -> Result<ObjectVersion, PortError> {
    let id = id.ok_or(PortError { what: WHAT, cause: "the bucket keeps no versions".into() })?;
    Ok(ObjectVersion(id.to_owned()))
}

impl S3ListFiles {
    /// The bucket with this name.
    pub fn new(sdk: &SdkConfig, bucket: &str) -> Self {
        Self { client: LazyClient::new(sdk, s3::client), bucket: bucket.to_owned() }
    }
}

#[async_trait]
impl ListFiles for S3ListFiles {
    async fn file(&self, key_identifier: &str) -> Result<Option<ListFile>, PortError> {
        let Some(object) = s3::object(&self.client, &self.bucket, &pem_key(key_identifier), WHAT).await?
        else {
            return Ok(None);
        };
        let version = version(object.version_id())?;
        let octets = object.body.collect().await.map_err(|error| PortError::new(WHAT, error))?.to_vec();
        let pem = String::from_utf8(octets).map_err(|error| PortError::new(WHAT, error))?;
        let crl = Crl::from_pem(&pem).map_err(|error| PortError::new(WHAT, error))?;
        Ok(Some(ListFile { crl, pem, version }))
    }

    async fn version(&self, key_identifier: &str) -> Result<Option<ObjectVersion>, PortError> {
        let head = self.client.head_object().bucket(&self.bucket).key(pem_key(key_identifier));
        match head.send().await {
            Ok(object) => version(object.version_id()).map(Some),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(None),
            Err(error) => Err(unavailable(WHAT)(error)),
        }
    }
}
