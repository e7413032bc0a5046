//! TLS in front of a local stack, as API Gateway has it: ACME clients refuse plain HTTP.
//!
//! Invariant: a test that spoils nonces alters nothing else of an answer.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{certificate_for, tcp_proxy};

/// The running server. It ends with the process, on a thread of its own: tests of several runtimes use it.
pub struct TlsFront {
    /// Its port of loopback.
    pub port: u16,
    /// The certificate of the authority that clients have to trust, as PEM.
    pub authority: PathBuf,
    spoilt: Arc<AtomicU32>,
}

impl TlsFront {
    /// Starts it for the stack in `folder`, which may start later.
    pub fn start(folder: &Path) -> Self {
        let (authority, certificate, key) = certificate_for("localhost");
        let file = folder.join("tls-authority.pem");
        std::fs::write(&file, authority).unwrap();
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let spoilt = Arc::new(AtomicU32::new(0));
        let behind = Behind { folder: folder.to_owned(), http: client(), spoilt: spoilt.clone() };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(listener, TlsAcceptor::from(Arc::new(config)), Arc::new(behind)));
        });
        Self { port, authority: file, spoilt }
    }

    /// The base URL of the stack behind it, without a slash at the end.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Makes as many nonces wrong, of answers to a POST that succeeded: clients try a refused request again once, with the nonce of
    /// the refusal or with one that they ask for.
    pub fn spoil(&self, nonces: u32) {
        self.spoilt.store(nonces, Ordering::SeqCst);
    }

    /// How many nonces are still to be made wrong.
    pub fn left_to_spoil(&self) -> u32 {
        self.spoilt.load(Ordering::SeqCst)
    }
}

struct Behind {
    folder: PathBuf,
    http: reqwest::Client,
    spoilt: Arc<AtomicU32>,
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn serve(listener: std::net::TcpListener, acceptor: TlsAcceptor, behind: Arc<Behind>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, behind) = (acceptor.clone(), behind.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(|request| {
                let answer = behind.answer(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            let server = hyper::server::conn::http1::Builder::new();
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Behind {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let Some(port) = tcp_proxy::port_of(&self.folder, "portal") else { return tcp_proxy::unanswered() };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let (url, is_post) = (format!("http://127.0.0.1:{port}{path}"), parts.method == Method::POST);
        let answer = tcp_proxy::forward(&self.http, &url, parts.method, parts.headers, body).await;
        let mut answer = answer.unwrap_or_else(tcp_proxy::unanswered);
        let is_done = is_post && answer.status().is_success();
        if let Some(nonce) = answer.headers_mut().get_mut("replay-nonce").filter(|_| is_done) {
            let one_less = |left: u32| left.checked_sub(1);
            if self.spoilt.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
                *nonce = HeaderValue::from_static("c3BvaWx0");
            }
        }
        answer
    }
}
