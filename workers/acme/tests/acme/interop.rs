//! Real clients over TLS: certbot, and the library that it is made of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use acme::answer;
use axum::Router;
use axum::extract::Request;
use axum::serve::Listener;
use http_body_util::BodyExt as _;
use lambda_http::Body;
use pki::base64url::Base64Url;
use pki::crl::RevocationReason;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use workflow::approval::BaseUrl;

use crate::missing::{say, skip};
use crate::stand::{Credential, Stand, TERMS};
use crate::venv;

const PROGRAM: &str = include_str!("client.py");

/// Connections with TLS. Those whose handshake fails are left out.
struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A server on loopback, and the folder with the certificate that its clients trust.
struct Served {
    stand: Arc<Stand>,
    credential: Credential,
    directory: String,
    folder: TempDir,
    python: PathBuf,
}

impl Served {
    /// None if the Python programs are not there.
    async fn start(what: &str) -> Option<Self> {
        let python = match tokio::task::spawn_blocking(venv::python).await.unwrap() {
            Ok(python) => python,
            Err(missing) => {
                skip(what, &missing, false);
                return None;
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("trusted.pem"), made.cert.pem()).unwrap();
        let base_url = format!("https://localhost:{}/live/", listener.local_addr().unwrap().port());
        let mut stand = Stand::new();
        stand.server.base_url = BaseUrl::parse(&base_url).unwrap();
        // Clients look at the clock of the machine.
        stand.backend.set_now(OffsetDateTime::now_utc());
        let stand = Arc::new(stand);
        let credential = stand.grant(TERMS).await;
        let listener = TlsListener { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
        let served = stand.clone();
        let handler = move |request: Request| handle(served.clone(), request);
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        Some(Self { stand, credential, directory: format!("{base_url}acme/directory"), folder, python })
    }

    fn mac_key(&self) -> String {
        Base64Url(self.credential.mac_key.clone()).to_string()
    }

    /// Runs a program of the virtual environment, and returns what it prints.
    async fn run(&self, program: &Path, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(program);
        command.args(arguments).env("REQUESTS_CA_BUNDLE", self.folder.path().join("trusted.pem"));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let (printed, complained) = (said(&output.stdout), said(&output.stderr));
        if output.status.success() { Ok(printed) } else { Err(format!("{printed}{complained}")) }
    }
}

/// Answers a request of axum as one of Lambda.
async fn handle(stand: Arc<Stand>, request: Request) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let body = Body::Binary(body.collect().await.unwrap().to_bytes().to_vec());
    let (parts, body) = answer(&stand.server, http::Request::from_parts(parts, body)).await.into_parts();
    http::Response::from_parts(parts, axum::body::Body::from(body.as_ref().to_vec()))
}

fn reasons(stand: &Stand) -> Vec<RevocationReason> {
    let requests = stand.requests();
    requests.iter().filter_map(|request| request.revocation().map(|revocation| revocation.reason)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certbots_library_does_everything_that_it_can() {
    let Some(served) = Served::start("an ACME client").await else { return };
    let arguments = ["-c", PROGRAM, &served.directory, &served.credential.key_id, &served.mac_key()];
    let printed = served.run(&served.python, &arguments).await.unwrap_or_else(|error| panic!("{error}"));
    let steps: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    let expected = [
        "directory",
        "no binding",
        "wrong binding",
        "account",
        "again",
        "contact",
        "order",
        "certificate",
        "renewal",
        "names outside",
        "profile",
        "revoked",
        "revoked again",
        "given up",
        "deactivated",
        "afterwards",
    ];
    assert_eq!(names, expected, "{printed}");
    assert_eq!(served.stand.backend.certificates().len(), 1);
    assert_eq!(reasons(&served.stand), [RevocationReason::Superseded]);
    say(&format!("certbot's library: {} steps", steps.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certbot_gets_renews_and_revokes_a_certificate() {
    let Some(served) = Served::start("certbot").await else { return };
    let certbot = served.python.with_file_name("certbot");
    let folder = |name: &str| served.folder.path().join(name).to_str().unwrap().to_owned();
    let (config, work, logs) = (folder("config"), folder("work"), folder("logs"));
    let common = [
        "--non-interactive",
        "--config-dir",
        &config,
        "--work-dir",
        &work,
        "--logs-dir",
        &logs,
        "--server",
        &served.directory,
    ];
    let run = async |arguments: &[&str]| {
        let arguments: Vec<&str> = arguments.iter().chain(&common).copied().collect();
        served.run(&certbot, &arguments).await
    };
    let mac_key = served.mac_key();
    let binding = ["--eab-kid", &served.credential.key_id, "--eab-hmac-key", &mac_key];
    // Everything is refused in words that certbot prints.
    let outside = run(&[
        &[
            "certonly",
            "--standalone",
            "--agree-tos",
            "--email",
            "alice@example.com",
            "-d",
            "shop.example.com",
        ][..],
        &binding,
    ]
    .concat())
    .await;
    let said = outside.unwrap_err();
    assert!(said.contains("shop.example.com") && said.contains("not in the standing approval"), "{said}");
    // The account of the first attempt is used from here on.
    let get = [
        "certonly",
        "--standalone",
        "-d",
        "www.example.com",
        "-d",
        "a.web.example.com",
        "--cert-name",
        "shop",
    ];
    run(&get).await.unwrap_or_else(|error| panic!("{error}"));
    let live = |file: &str| fs::read_to_string(format!("{config}/live/shop/{file}")).unwrap();
    let (first, chain) = (live("cert.pem"), live("chain.pem"));
    assert!(first.contains("BEGIN CERTIFICATE") && chain.contains("BEGIN CERTIFICATE"));
    run(&["renew", "--force-renewal", "--no-random-sleep-on-renew"])
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    assert_ne!(live("cert.pem"), first, "another certificate");
    run(&["update_account", "--email", "bob@example.com"]).await.unwrap_or_else(|error| panic!("{error}"));
    let contacts: Vec<String> =
        served.stand.backend.acme_accounts().iter().flat_map(|account| account.contact().to_vec()).collect();
    assert_eq!(contacts, ["mailto:bob@example.com"]);
    run(&["revoke", "--cert-name", "shop", "--reason", "superseded", "--no-delete-after-revoke"])
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    // By the key of the certificate, with the reason that certbot sends by itself.
    let (certificate, key) =
        (format!("{config}/archive/shop/cert1.pem"), format!("{config}/archive/shop/privkey1.pem"));
    run(&["revoke", "--cert-path", &certificate, "--key-path", &key, "--no-delete-after-revoke"])
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let mut revoked = reasons(&served.stand);
    revoked.sort_by_key(|reason| reason.number());
    assert_eq!(revoked, [RevocationReason::Unspecified, RevocationReason::Superseded]);
    run(&["unregister"]).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(served.stand.backend.acme_accounts()[0].status(), pki::acme::AccountStatus::Deactivated);
    say("certbot: registered, refused, issued, renewed, contact changed, revoked twice, unregistered");
}
