//! Calls of receivers on the wire: a server with TLS on loopback takes what the real client sends.

#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use workflow::aws::HttpsCaller;
use workflow::notices::ReceiverAddress;
use workflow::ports::{PortError, WebhookCaller as _};

/// A receiver on loopback, with a certificate of its own.
struct Receiver {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    roots: RootCertStore,
    port: u16,
}

impl Receiver {
    async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)), roots, port }
    }

    fn address(&self, path: &str) -> ReceiverAddress {
        ReceiverAddress::parse(&format!("https://localhost:{}{path}", self.port), true).unwrap()
    }

    /// Takes one call, and answers it so.
    async fn answer(&self, answer: &str) -> String {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut stream = self.acceptor.accept(stream).await.unwrap();
        let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
        while !read.ends_with(b"}") {
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "the client went away");
            read.extend_from_slice(&buffer[..count]);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8(read).unwrap()
    }
}

async fn post(receiver: &Receiver, answer: &str) -> (Result<(), PortError>, String) {
    let caller = HttpsCaller::trusting(receiver.roots.clone());
    let headers = vec![("webhook-id", "msg_1".to_owned())];
    let address = receiver.address("/services/hidden?sig=hidden");
    tokio::join!(caller.post(&address, &headers, r#"{"a":1}"#), receiver.answer(answer))
}

#[tokio::test]
async fn a_call_is_one_post_of_json() {
    let receiver = Receiver::start().await;
    let (posted, asked) = post(&receiver, "HTTP/1.1 204 No Content\r\n\r\n").await;
    posted.unwrap();
    assert!(asked.starts_with("POST /services/hidden?sig=hidden HTTP/1.1\r\n"), "{asked}");
    for line in ["content-type: application/json", "webhook-id: msg_1", "content-length: 7"] {
        assert!(asked.to_lowercase().contains(&format!("\r\n{line}\r\n")), "{line}: {asked}");
    }
    assert!(asked.ends_with("\r\n\r\n{\"a\":1}"), "{asked}");
}

#[tokio::test]
async fn no_redirect_is_followed_and_each_failure_is_named() {
    let receiver = Receiver::start().await;
    let elsewhere = format!(
        "HTTP/1.1 307 x\r\nlocation: https://localhost:{}/other\r\ncontent-length: 0\r\n\r\n",
        receiver.port
    );
    for (answer, said) in [
        (elsewhere.as_str(), "localhost answered 307"),
        ("HTTP/1.1 404 x\r\ncontent-length: 6\r\n\r\nhidden", "localhost answered 404"),
        ("HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n", "localhost answered 500"),
        ("", "call a receiver: "),
        ("SMTP\r\n\r\n", "call a receiver: "),
    ] {
        let (posted, _) = post(&receiver, answer).await;
        let error = posted.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(!error.contains("hidden"), "an address is a secret: {error}");
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_and_a_closed_port_are_errors() {
    let receiver = Receiver::start().await;
    let address = receiver.address("/hidden");
    let accept = async {
        let (stream, _) = receiver.listener.accept().await.unwrap();
        assert!(receiver.acceptor.accept(stream).await.is_err(), "the client ends the handshake");
    };
    let (public, headers) = (HttpsCaller::default(), Vec::new());
    let (posted, ()) = tokio::join!(public.post(&address, &headers, "{}"), accept);
    let error = posted.unwrap_err().to_string();
    assert!(error.contains("UnknownIssuer") && !error.contains("hidden"), "{error}");
    drop(receiver);
    let error = public.post(&address, &headers, "{}").await.unwrap_err().to_string();
    assert!(error.starts_with("call a receiver: ") && !error.contains("hidden"), "{error}");
}
