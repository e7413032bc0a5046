//! The revocation files of a trust store of Application Load Balancers.
//!
//! Invariant: a file is known by its content. The service lists ids and numbers of entries only; it has no names, and does
//! not say from which object a file was copied. It gives the content by a pre-signed URL of S3.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_GetTrustStoreRevocationContent.html>

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{RevocationContent, RevocationType};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_types::sdk_config::SdkConfig;
use pki::crl::Crl;

use super::lazy_client::LazyClient;
use super::list_files::pem_key;
use super::{roots, unavailable};
use crate::ports::{ObjectVersion, PortError, TrustStoreCrls};

const READ: &str = "read a revocation file of the trust store";
/// Of one download. The service takes files of at most 50 MB.
const TIME_OUT: Duration = Duration::from_secs(20);

/// One trust store.
pub struct TrustStoreFiles {
    client: LazyClient<Client>,
    /// For the pre-signed URLs, which are no calls of an AWS API.
    web: OnceLock<Connector>,
    arn: String,
    bucket: String,
}

impl TrustStoreFiles {
    /// The trust store with this ARN, for the lists in this bucket.
    pub fn new(sdk: &SdkConfig, arn: &str, bucket: &str) -> Self {
        let client = LazyClient::new(sdk, Client::new);
        Self { client, web: OnceLock::new(), arn: arn.to_owned(), bucket: bucket.to_owned() }
    }

    async fn download(&self, url: &str) -> Result<String, PortError> {
        let failed = |cause: String| PortError { what: READ, cause };
        let connector = || {
            let provider = Provider::Rustls(CryptoMode::AwsLc);
            Connector::builder().tls_provider(provider).tls_context(roots::trusted()).build()
        };
        let mut request = HttpRequest::new(SdkBody::empty());
        // The URL is a credential for ten minutes: no error quotes it.
        request.set_uri(url).map_err(|_| failed("its location is no URL".into()))?;
        let answer = async {
            let response = self.web.get_or_init(connector).call(request).await;
            let response = response.map_err(|error| PortError::new(READ, error))?;
            let status = response.status();
            if !status.is_success() {
                return Err(failed(format!("its location answered {}", status.as_u16())));
            }
            ByteStream::new(response.into_body()).collect().await.map_err(|error| PortError::new(READ, error))
        };
        let octets =
            tokio::time::timeout(TIME_OUT, answer).await.map_err(|_| failed("time-out".into()))??;
        String::from_utf8(octets.to_vec()).map_err(|_| failed("it is not text".into()))
    }
}

#[async_trait]
impl TrustStoreCrls for TrustStoreFiles {
    async fn ids(&self) -> Result<Vec<i64>, PortError> {
        const WHAT: &str = "list the revocation files of the trust store";
        let mut ids = Vec::new();
        let pages = self.client.describe_trust_store_revocations().trust_store_arn(&self.arn);
        let mut pages = pages.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(unavailable(WHAT))?;
            ids.extend(page.trust_store_revocations().iter().filter_map(|file| file.revocation_id()));
        }
        Ok(ids)
    }

    async fn crl(&self, id: i64) -> Result<Option<Crl>, PortError> {
        let content = self.client.get_trust_store_revocation_content();
        let content = match content.trust_store_arn(&self.arn).revocation_id(id).send().await {
            Ok(content) => content,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_revocation_id_not_found_exception()) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(unavailable(READ)(error)),
        };
        let location =
            content.location().ok_or(PortError { what: READ, cause: "it has no location".into() })?;
        Ok(Crl::from_pem(&self.download(location).await?).ok())
    }

    async fn add(&self, key_identifier: &str, version: &ObjectVersion) -> Result<i64, PortError> {
        const WHAT: &str = "add the revocation list to the trust store";
        let object = RevocationContent::builder()
            .s3_bucket(&self.bucket)
            .s3_key(pem_key(key_identifier))
            .s3_object_version(&version.0)
            .revocation_type(RevocationType::Crl)
            .build();
        let added = self.client.add_trust_store_revocations().trust_store_arn(&self.arn);
        let added = added.revocation_contents(object).send().await.map_err(unavailable(WHAT))?;
        let id = added.trust_store_revocations().first().and_then(|file| file.revocation_id());
        id.ok_or(PortError { what: WHAT, cause: "the answer has no revocation id".into() })
    }

    async fn remove(&self, id: i64) -> Result<(), PortError> {
        let removed = self.client.remove_trust_store_revocations();
        match removed.trust_store_arn(&self.arn).revocation_ids(id).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_revocation_id_not_found_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(unavailable("remove an older revocation list from the trust store")(error)),
        }
    }
}
