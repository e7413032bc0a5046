//! Calls to the addresses of receivers, over TLS with the public roots.
//!
//! Invariant: one call is one POST within [`TIME_OUT`]. No redirect is followed, and the body of the answer is not read:
//! neither may lead elsewhere or end in a log. No connection is kept: Lambda freezes a process between two calls.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

use crate::notices::ReceiverAddress;
use crate::ports::{Headers, PortError, WebhookCaller};

const WHAT: &str = "call a receiver";
/// The time for a call. Standard Webhooks advises 15 to 30 seconds, but mails wait in the same batch.
const TIME_OUT: Duration = Duration::from_secs(5);

/// The HTTP client of receivers.
#[derive(Default)]
pub struct HttpsCaller {
    client: OnceLock<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>,
    roots: Option<RootCertStore>,
}

impl HttpsCaller {
    /// A client that trusts these roots in place of the public ones.
    pub fn trusting(roots: RootCertStore) -> Self {
        Self { client: OnceLock::new(), roots: Some(roots) }
    }

    fn client(&self) -> Result<&Client<HttpsConnector<HttpConnector>, Full<Bytes>>, PortError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let public = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|error| PortError::new(WHAT, error))?
                .with_root_certificates(self.roots.clone().unwrap_or_else(public))
                .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // Plain http is for a receiver on loopback: ReceiverAddress has no other.
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(self.client.get_or_init(|| client))
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
        // The error of a URL could quote it.
        let request = request
            .body(Full::from(body.to_owned()))
            .map_err(|_| PortError { what: WHAT, cause: "its address is no URL of HTTP".into() })?;
        let call = self.client()?.request(request);
        let answer = tokio::time::timeout(TIME_OUT, call).await.map_err(|_| PortError {
            what: WHAT,
            cause: format!("{} did not answer in {} seconds", address.host(), TIME_OUT.as_secs()),
        })?;
        let status = answer.map_err(|error| PortError::new(WHAT, error))?.status();
        if status.is_success() {
            return Ok(());
        }
        let cause = format!("{} answered {}", address.host(), status.as_u16());
        Err(PortError { what: WHAT, cause })
    }
}
