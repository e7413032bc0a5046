//! The servers for a function on the loopback interface, in a thread of their own: the Runtime API, and a TLS server
//! that answers every call as a successful call of Step Functions.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

use super::runtime_api::Invocation;

/// The servers. They end when this is dropped.
pub struct Servers {
    /// Address of the Runtime API, `host:port`.
    pub runtime_api: String,
    /// URL of the TLS server.
    pub step_functions: String,
    invocation: Arc<Invocation>,
    calls: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    roots: NamedTempFile,
    _runtime: Runtime,
}

impl Servers {
    /// Starts the servers.
    #[must_use]
    pub fn start() -> Servers {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listen = || runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let invocation = Arc::new(Invocation::default());
        let (calls, connections) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (lambda, aws) = (listen(), listen());
        let (tls, roots) = tls();
        let servers = Servers {
            runtime_api: lambda.local_addr().unwrap().to_string(),
            step_functions: format!("https://localhost:{}", aws.local_addr().unwrap().port()),
            invocation: invocation.clone(),
            calls: calls.clone(),
            connections: connections.clone(),
            roots,
            _runtime: runtime,
        };
        servers._runtime.spawn(serve_lambda(lambda, invocation));
        servers._runtime.spawn(serve_aws(aws, tls, calls, connections));
        servers
    }

    pub(super) fn give(&self, event: &Value) {
        self.invocation.give(event);
    }

    /// Waits for the result of the event, up to a time-out.
    pub(super) fn finished(&self, at_most: Duration) -> Option<Result<Instant, String>> {
        self.invocation.finished(at_most)
    }

    /// Number of calls over TLS so far.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Number of connections over TLS so far.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The file with the certificate to trust.
    pub(super) fn roots(&self) -> &Path {
        self.roots.path()
    }
}

/// Accepts a connection. Without Nagle's algorithm: an answer in two writes does not wait for an acknowledgement.
async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    let (stream, _) = listener.accept().await.ok()?;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

async fn serve_lambda(listener: TcpListener, invocation: Arc<Invocation>) {
    while let Some(stream) = accept(&listener).await {
        let invocation = invocation.clone();
        tokio::spawn(async move {
            let service =
                service_fn(|request| async { Ok::<_, Infallible>(invocation.serve(request).await) });
            // A killed function breaks its connection.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn serve_aws(
    listener: TcpListener,
    tls: TlsAcceptor,
    calls: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
) {
    while let Some(stream) = accept(&listener).await {
        connections.fetch_add(1, Ordering::SeqCst);
        let (tls, calls) = (tls.clone(), calls.clone());
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(|request: Request<Incoming>| async {
                let _ = request.into_body().collect().await;
                calls.fetch_add(1, Ordering::SeqCst);
                let answer = Response::builder().header("content-type", "application/x-amz-json-1.0");
                Ok::<_, Infallible>(answer.body(Full::new(Bytes::from_static(b"{}"))).unwrap())
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// TLS for `localhost` with a new P-256 key below a new root, as on AWS, and the file with this root.
fn tls() -> (TlsAcceptor, NamedTempFile) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().unwrap();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), root.self_signed(&root_key).unwrap().pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &Issuer::new(root, root_key))
        .unwrap();
    let private = rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private.into())
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), file)
}
