//! nginx with the unchanged infra/private/nginx.conf of the private network, and a second nginx as the API behind TLS.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::{ChildGuard, repository};

/// Configuration of the stand-in for API Gateway: TLS in front of the port `@BEHIND@`.
const GATEWAY: &str = "
worker_processes 1;
pid @STATE@/gateway.pid;
error_log stderr crit;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path @STATE@/gateway-body;
    proxy_temp_path @STATE@/gateway-proxy;
    fastcgi_temp_path @STATE@/gateway-fastcgi;
    uwsgi_temp_path @STATE@/gateway-uwsgi;
    scgi_temp_path @STATE@/gateway-scgi;
    client_max_body_size 20m;
    server {
        listen 127.0.0.1:@PORT@ ssl;
        ssl_certificate @STATE@/certificate.pem;
        ssl_certificate_key @STATE@/key.pem;
        location / {
            proxy_pass http://127.0.0.1:@BEHIND@;
            proxy_http_version 1.1;
            proxy_next_upstream off;
            proxy_read_timeout 60s;
            proxy_set_header X-Seen-Host $host;
            error_page 502 504 = @gone;
        }
        location @gone {
            # Hangs up too.
            return 444;
        }
    }
}
";

/// Certificate of the stand-in for API Gateway.
#[derive(Clone, Copy, PartialEq)]
pub enum Shown {
    /// Trusted by nginx.
    Good,
    /// Issued by a CA that nginx does not trust.
    OfAStranger,
    /// Issued for another name.
    ForAnotherName,
}

/// Both nginx processes. They end when this is dropped.
pub struct Nginx {
    _edge: ChildGuard,
    _gateway: ChildGuard,
    log: PathBuf,
    /// Port of the reverse proxy.
    pub port: u16,
}

/// A free port of loopback, another one at each call: a stack still knows the keys of a provider that had the port before.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap();
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if given.insert(port) {
            return port;
        }
    }
}

/// A CA certificate, a certificate issued by it for `host`, and its key, all as PEM.
pub fn certificate_for(host: &str) -> (String, String, String) {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // With the default name of both, OpenSSL would take the leaf for its own issuer.
    root.distinguished_name.push(DnType::CommonName, "Authority of the tests");
    let root_key = KeyPair::generate().unwrap();
    let authority = root.self_signed(&root_key).unwrap().pem();
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (authority, leaf.pem(), key.serialize_pem())
}

impl Nginx {
    /// Starts them on `port`; requests arrive at `behind`, their paths below `stage`.
    pub fn start(nginx: &Path, folder: &Path, port: u16, behind: u16, stage: &str, shown: Shown) -> Self {
        let gateway_port = free_port();
        let name = if shown == Shown::ForAnotherName { "elsewhere.example" } else { "localhost" };
        let (mut authority, certificate, key) = certificate_for(name);
        if shown == Shown::OfAStranger {
            authority = certificate_for(name).0;
        }
        for (name, text) in [("authority.pem", authority), ("certificate.pem", certificate), ("key.pem", key)]
        {
            fs::write(folder.join(name), text).unwrap();
        }
        let state = folder.display().to_string();
        let conf = fs::read_to_string(repository().join("infra/private/nginx.conf")).unwrap();
        let conf = conf
            .replace("@PORT@", &port.to_string())
            .replace("@RESOLVER@", "127.0.0.1")
            .replace("@UPSTREAM@", &format!("https://127.0.0.1:{gateway_port}"))
            .replace("@UPSTREAM_HOST@", "localhost")
            .replace("@STAGE@", stage)
            .replace("@AUTHORITIES@", &format!("{state}/authority.pem"))
            .replace("@ERRORS@", "stderr")
            .replace("@STATE@", &state);
        let gateway = GATEWAY
            .replace("@PORT@", &gateway_port.to_string())
            .replace("@BEHIND@", &behind.to_string())
            .replace("@STATE@", &state);
        let run = |name: &str, conf: &str| {
            let (file, log) = (folder.join(format!("{name}.conf")), folder.join(format!("{name}.log")));
            fs::write(&file, conf).unwrap();
            // As root, nginx would change the owner of its folders to a user without access to the parent folder.
            let (file, global) = (file.display().to_string(), "daemon off; user root;");
            ChildGuard::start(nginx, &["-e", "stderr", "-p", &state, "-c", &file, "-g", global], &log)
        };
        let (gateway, edge) = (run("gateway", &gateway), run("edge", &conf));
        Self { _edge: edge, _gateway: gateway, log: folder.join("edge.log"), port }
    }

    /// Waits until the reverse proxy accepts connections.
    pub async fn ready(&self) {
        crate::eventually("nginx to listen", crate::PATIENCE, async || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).ok().map(|_| ())
        })
        .await;
    }

    /// Log of the reverse proxy.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}
