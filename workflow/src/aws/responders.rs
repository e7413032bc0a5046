//! OCSP responders in SSM: a SecureString parameter for each issuer, with the key and the certificate in PEM.
//!
//! Invariant: parameters are below `/countersign/<stack>/ocsp/`, by the subject key identifier of the issuer, so that a role
//! is limited to them.

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;
use aws_types::sdk_config::SdkConfig;
use zeroize::Zeroizing;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::certificate::Responder;
use crate::ports::{OcspResponders, PortError};

/// The parameters of the responders.
pub struct SsmResponders {
    client: LazyClient<Client>,
    path: String,
}

impl SsmResponders {
    /// The parameters below this path, such as `/countersign/NAME/ocsp`.
    pub fn new(sdk: &SdkConfig, path: &str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), path: path.trim_end_matches('/').to_owned() }
    }

    fn parameter(&self, key_identifier: &str) -> String {
        format!("{}/{key_identifier}", self.path)
    }
}

#[async_trait]
impl OcspResponders for SsmResponders {
    async fn responder(&self, key_identifier: &str) -> Result<Option<Responder>, PortError> {
        const WHAT: &str = "read the OCSP responder";
        let name = self.parameter(key_identifier);
        let answer = match self.client.get_parameter().name(&name).with_decryption(true).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => {
                return Ok(None);
            }
            Err(error) => return Err(unavailable(WHAT)(error)),
        };
        let pem = Zeroizing::new(answer.parameter.and_then(|one| one.value).unwrap_or_default());
        match Responder::from_pem(pem) {
            Ok(responder) => Ok(Some(responder)),
            Err(error) => {
                tracing::error!(%error, "the parameter {name} has no OCSP responder: {error}");
                Ok(None)
            }
        }
    }

    async fn store_responder(&self, key_identifier: &str, responder: &Responder) -> Result<(), PortError> {
        let put = self
            .client
            .put_parameter()
            .name(self.parameter(key_identifier))
            .r#type(ParameterType::SecureString)
            .overwrite(true)
            .value(responder.pem().expose().as_str());
        put.send().await.map(|_| ()).map_err(unavailable("store the OCSP responder"))
    }
}
