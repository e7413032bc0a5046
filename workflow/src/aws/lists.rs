//! Revocation lists and issuers' certificates in S3: `crl/<key identifier>.crl` and `.pem`, its shards
//! `crl/<key identifier>-<k>of<n>.crl`, `issuer/<key identifier>.cer`, `issuer/trust.pem`.
//!
//! Invariant: a list takes the place of the one that was read, by a conditional write (If-Match), so no list takes the
//! place of a newer one; nor does its PEM file, whose ETag is read before the list is written. Published
//! objects are encrypted with S3's own key: CloudFront and anonymous readers cannot use the key of the bucket.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::sdk_config::SdkConfig;
use pki::crl::Crl;
use pki::issuer::Issuer;
use time::OffsetDateTime;

use super::lazy_client::LazyClient;
use super::{s3, unavailable};
use crate::certificate::{LISTS, ListName, issuer_certificate_path};
use crate::ports::{ListVersion, PortError, PublishedList, RevocationLists, Saved};

/// Seconds for which caches may keep what is published: a revocation is to be seen within a minute.
const MAX_AGE: u32 = 30;

const PUBLISH: &str = "publish the revocation list";

/// The certificates of all living CAs, for services that take a bundle from the bucket.
pub const TRUST_BUNDLE: &str = "issuer/trust.pem";

/// What the bucket publishes.
pub struct S3Publication {
    client: LazyClient<Client>,
    bucket: String,
}

impl S3Publication {
    /// The bucket with this name.
    pub fn new(sdk: &SdkConfig, bucket: &str) -> Self {
        Self { client: LazyClient::new(sdk, s3::client), bucket: bucket.to_owned() }
    }

    /// Publishes the certificate of an issuer, in place of an earlier one with the same key.
    ///
    /// # Errors
    /// [`PortError`] if S3 fails, or the issuer's chain cannot be read.
    pub async fn publish_issuer(&self, issuer: &Issuer) -> Result<(), PortError> {
        const WHAT: &str = "publish the certificate of the CA";
        let der = issuer.certificate_der().ok_or(PortError { what: WHAT, cause: "it is missing".into() })?;
        let key = issuer_certificate_path(&issuer.key_identifier());
        // RFC 2585 section 4.1
        let put = self.put(&key, "application/pkix-cert", der);
        put.send().await.map(|_| ()).map_err(unavailable(WHAT))
    }

    /// Publishes the bundle of CA certificates (PEM), unless it is there already: each version is one that services ask to be
    /// told of.
    ///
    /// # Errors
    /// [`PortError`] if S3 fails.
    pub async fn publish_trust_bundle(&self, pem: &str) -> Result<(), PortError> {
        const WHAT: &str = "publish the bundle of CA certificates";
        if let Some(object) = s3::object(&self.client, &self.bucket, TRUST_BUNDLE, WHAT).await? {
            let before = object.body.collect().await.map_err(|error| PortError::new(WHAT, error))?;
            if before.to_vec() == pem.as_bytes() {
                return Ok(());
            }
        }
        let put = self.put(TRUST_BUNDLE, "application/x-pem-file", pem.as_bytes().to_vec());
        put.send().await.map(|_| ()).map_err(unavailable(WHAT))
    }

    /// Publishes a list as DER alone, in place of the one that was read.
    ///
    /// # Errors
    /// [`PortError`] if S3 fails.
    pub async fn publish_without_pem(
        &self,
        name: &ListName,
        crl: &Crl,
        replaces: Option<&ListVersion>,
    ) -> Result<Saved, PortError> {
        // RFC 2585 section 4.2
        let list = self.put(&name.path(), "application/pkix-crl", crl.der().to_vec());
        replace(list, replaces.map(|version| version.0.as_str())).await
    }

    async fn etag(&self, key: &str) -> Result<Option<String>, PortError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(object) => Ok(object.e_tag),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found()) => Ok(None),
            Err(error) => Err(unavailable(PUBLISH)(error)),
        }
    }

    fn put(&self, key: &str, content_type: &str, octets: Vec<u8>) -> PutObjectFluentBuilder {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .server_side_encryption(ServerSideEncryption::Aes256)
            .cache_control(format!("max-age={MAX_AGE}"))
            .content_type(content_type)
            .body(ByteStream::from(octets))
    }
}

/// Writes an object in place of the one with this ETag, or as the first one.
async fn replace(put: PutObjectFluentBuilder, etag: Option<&str>) -> Result<Saved, PortError> {
    let put = match etag {
        Some(etag) => put.if_match(etag),
        None => put.if_none_match("*"),
    };
    match put.send().await {
        Ok(_) => Ok(Saved::Yes),
        // 412: another one was written meanwhile. 404: the one that was read is gone. 409: another write is under way, an
        // error that is retried.
        Err(error)
            if matches!(
                error.as_service_error().and_then(|e| e.code()),
                Some("PreconditionFailed" | "NoSuchKey")
            ) =>
        {
            Ok(Saved::Conflict)
        }
        Err(error) => Err(unavailable(PUBLISH)(error)),
    }
}

#[async_trait]
impl RevocationLists for S3Publication {
    async fn list(&self, name: &ListName) -> Result<Option<PublishedList>, PortError> {
        const WHAT: &str = "read the revocation list";
        let Some(object) = s3::object(&self.client, &self.bucket, &name.path(), WHAT).await? else {
            return Ok(None);
        };
        let version = object.e_tag.clone().ok_or(PortError { what: WHAT, cause: "it has no ETag".into() })?;
        let octets = object.body.collect().await.map_err(|error| PortError::new(WHAT, error))?.to_vec();
        let crl = Crl::from_der(octets).map_err(|error| PortError::new(WHAT, error))?;
        Ok(Some(PublishedList { crl, version: ListVersion(version) }))
    }

    async fn publish(
        &self,
        name: &ListName,
        crl: &Crl,
        replaces: Option<&ListVersion>,
    ) -> Result<Saved, PortError> {
        if name.shard.is_some() {
            return self.publish_without_pem(name, crl, replaces).await;
        }
        // For programs that read no DER. Shards are for programs that fetch the address in a certificate.
        let pem_key = format!("{LISTS}{}.pem", name.key_identifier);
        let pem_before = self.etag(&pem_key).await?;
        if self.publish_without_pem(name, crl, replaces).await? == Saved::Conflict {
            return Ok(Saved::Conflict);
        }
        // A writer that is ahead has written its PEM file after this one read the ETag: a conflict. After an error or a
        // conflict the caller publishes again, so that both files have the same list in the end.
        let pem = self.put(&pem_key, "application/x-pem-file", crl.to_pem().into());
        replace(pem, pem_before.as_deref()).await
    }

    async fn published(&self) -> Result<Vec<(ListName, OffsetDateTime)>, PortError> {
        const WHAT: &str = "list the revocation lists";
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let page =
                self.client.list_objects_v2().bucket(&self.bucket).prefix(LISTS).set_continuation_token(next);
            let page = page.send().await.map_err(unavailable(WHAT))?;
            for object in page.contents() {
                let name = object.key().and_then(ListName::from_path);
                let at =
                    object.last_modified().and_then(|at| OffsetDateTime::from_unix_timestamp(at.secs()).ok());
                all.extend(name.zip(at));
            }
            next = page.next_continuation_token().map(str::to_owned);
            if next.is_none() {
                return Ok(all);
            }
        }
    }
}
