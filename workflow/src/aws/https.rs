//! Calls to services outside AWS, over TLS with the public roots (Mozilla's).
//!
//! Invariant: no redirect is followed, so nobody leads a call elsewhere. No connection is kept: Lambda freezes a process
//! between two calls. Plain http is for services on this machine: the types of the addresses have no other.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

use crate::ports::PortError;

/// The client, made at the first call.
#[derive(Default)]
pub(super) struct HttpsClient {
    client: OnceLock<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>,
    roots: Option<RootCertStore>,
}

/// The limits of a call.
#[derive(Clone, Copy)]
pub(super) struct CallLimits {
    /// The time for everything, with the connection and the body.
    pub(super) time: Duration,
    /// The bytes of the body, at most; with 0 it is not read.
    pub(super) bytes: usize,
}

/// The reason why there is no answer.
pub(super) enum NoAnswer {
    /// The time was over.
    TooLate,
    /// The connection failed, or the body is too long: the cause in words, without the address.
    Failed(String),
}

impl HttpsClient {
    /// A client that trusts these roots in place of the public ones.
    pub(super) fn trusting(roots: RootCertStore) -> Self {
        Self { client: OnceLock::new(), roots: Some(roots) }
    }

    /// Sends a request, and reads the answer.
    pub(super) async fn call(
        &self,
        request: Request<Full<Bytes>>,
        limits: CallLimits,
    ) -> Result<(StatusCode, Vec<u8>), NoAnswer> {
        let exchange = async {
            let answer = self.client()?.request(request).await.map_err(failed)?;
            let status = answer.status();
            let body = match limits.bytes {
                0 => Vec::new(),
                bytes => {
                    let body = Limited::new(answer.into_body(), bytes).collect().await;
                    body.map_err(|error| failed(&*error))?.to_bytes().to_vec()
                }
            };
            Ok((status, body))
        };
        tokio::time::timeout(limits.time, exchange).await.map_err(|_| NoAnswer::TooLate)?
    }

    fn client(&self) -> Result<&Client<HttpsConnector<HttpConnector>, Full<Bytes>>, NoAnswer> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let public = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(failed)?
                .with_root_certificates(self.roots.clone().unwrap_or_else(public))
                .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(self.client.get_or_init(|| client))
    }
}

fn failed(error: impl std::error::Error) -> NoAnswer {
    NoAnswer::Failed(PortError::new("", error).cause)
}
