//! Calls to the addresses of receivers, over TLS with the public roots.
//!
//! Invariant: one call is one POST within [`TIME_OUT`]. No redirect is followed, and the body of the answer is not read:
//! neither may lead elsewhere or end in a log.

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use rustls::RootCertStore;

use super::https::{CallLimits, HttpsClient, NoAnswer};
use crate::notices::ReceiverAddress;
use crate::ports::{Headers, PortError, WebhookCaller};

const WHAT: &str = "call a receiver";
/// The time for a call. Standard Webhooks advises 15 to 30 seconds, but mails wait in the same batch.
const TIME_OUT: Duration = Duration::from_secs(5);

/// The HTTP client of receivers.
#[derive(Default)]
pub struct HttpsCaller(HttpsClient);

impl HttpsCaller {
    /// A client that trusts these roots in place of the public ones.
    pub fn trusting(roots: RootCertStore) -> Self {
        Self(HttpsClient::trusting(roots))
    }
}

#[async_trait]
impl WebhookCaller for HttpsCaller {
    async fn post(&self, address: &ReceiverAddress, headers: &Headers, body: &str) -> Result<(), PortError> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(address.expose().as_str())
            .header("content-type", "application/json")
            .header("user-agent", "countersign");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|error| PortError::new(WHAT, error))?;
            request = request.header(*name, value);
        }
        let failed = |cause: String| PortError { what: WHAT, cause };
        // The error of a URL could quote it.
        let request = request
            .body(Full::from(body.to_owned()))
            .map_err(|_| failed("its address is no URL of HTTP".into()))?;
        let answer = self.0.call(request, CallLimits { time: TIME_OUT, bytes: 0 }).await;
        let (status, _) = answer.map_err(|no_answer| match no_answer {
            NoAnswer::TooLate => {
                failed(format!("{} did not answer in {} seconds", address.host(), TIME_OUT.as_secs()))
            }
            NoAnswer::Failed(cause) => failed(cause),
        })?;
        match status.is_success() {
            true => Ok(()),
            false => Err(failed(format!("{} answered {}", address.host(), status.as_u16()))),
        }
    }
}
