//! The policy in an SSM parameter, read again when the copy is a minute old.
//!
//! Fails closed: a policy that cannot be read or is not valid stops the step until an operator mends it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_types::sdk_config::SdkConfig;
use tokio::sync::Mutex;

use super::unavailable;
use crate::policy::Policy;
use crate::ports::{Policies, PortError};

const FRESH: Duration = Duration::from_secs(60);

/// The parameter.
pub struct SsmPolicies {
    client: Client,
    parameter: String,
    fresh: Duration,
    copy: Mutex<Option<(Instant, Arc<Policy>)>>,
}

impl SsmPolicies {
    /// The parameter of this name.
    pub fn new(sdk: &SdkConfig, parameter: &str) -> Self {
        // Locally one edits the policy and expects it to hold at once; it costs nothing there.
        let fresh = if sdk.endpoint_url().is_some() { Duration::ZERO } else { FRESH };
        Self { client: Client::new(sdk), parameter: parameter.to_owned(), fresh, copy: Mutex::new(None) }
    }
}

#[async_trait]
impl Policies for SsmPolicies {
    async fn current(&self) -> Result<Arc<Policy>, PortError> {
        const WHAT: &str = "read the policy";
        let mut copy = self.copy.lock().await;
        if let Some((read, policy)) = copy.as_ref()
            && read.elapsed() < self.fresh
        {
            return Ok(Arc::clone(policy));
        }
        let answer =
            self.client.get_parameter().name(&self.parameter).send().await.map_err(unavailable(WHAT))?;
        let text = answer
            .parameter
            .and_then(|parameter| parameter.value)
            .ok_or(PortError { what: WHAT, cause: "the parameter is empty".into() })?;
        let policy = Arc::new(Policy::parse(&text).map_err(|error| PortError::new(WHAT, error))?);
        *copy = Some((Instant::now(), Arc::clone(&policy)));
        Ok(policy)
    }
}
