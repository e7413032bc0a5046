//! Addresses and secrets of receivers: SecureString parameters in SSM, below one path.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_types::sdk_config::SdkConfig;
use tokio::sync::Mutex;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::notices::ReceiverParameter;
use crate::ports::{PortError, ReceiverParameters};
use crate::receiver::ReceiverName;

/// Time after which a parameter is read again.
const CACHE_TIME: Duration = Duration::from_secs(60);
const WHAT: &str = "read the address of a receiver";

/// The parameters below one path.
pub struct SsmReceivers {
    client: LazyClient<Client>,
    path: String,
    is_local: bool,
    copies: Mutex<BTreeMap<ReceiverName, (Instant, Arc<ReceiverParameter>)>>,
}

impl SsmReceivers {
    /// The parameters below this path. At a local emulator, loopback is an address too, and a change applies at once.
    pub fn new(sdk: &SdkConfig, path: &str) -> Self {
        Self {
            client: LazyClient::new(sdk, Client::new),
            path: path.to_owned(),
            is_local: sdk.endpoint_url().is_some(),
            copies: Mutex::default(),
        }
    }
}

#[async_trait]
impl ReceiverParameters for SsmReceivers {
    async fn parameter(&self, name: &ReceiverName) -> Result<Option<Arc<ReceiverParameter>>, PortError> {
        let mut copies = self.copies.lock().await;
        if let Some((read, copy)) = copies.get(name)
            && !self.is_local
            && read.elapsed() < CACHE_TIME
        {
            return Ok(Some(Arc::clone(copy)));
        }
        let parameter = format!("{}/{name}", self.path);
        let answer = match self.client.get_parameter().name(&parameter).with_decryption(true).send().await {
            Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => {
                return Ok(None);
            }
            answer => answer.map_err(unavailable(WHAT))?,
        };
        let value = answer.parameter.and_then(|parameter| parameter.value).unwrap_or_default();
        let read = ReceiverParameter::read(&value, self.is_local)
            .map_err(|why| PortError { what: WHAT, cause: format!("{parameter}: {why}") })?;
        let read = Arc::new(read);
        copies.insert(name.clone(), (Instant::now(), Arc::clone(&read)));
        Ok(Some(read))
    }
}
