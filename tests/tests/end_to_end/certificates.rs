//! Issued certificates, verified and used by other implementations.

use std::net::TcpListener;
use std::path::Path;

use end_to_end::{Asked, ChildGuard, PATIENCE, PkiDir, Stack, Submission, eventually, needed, unique_host};

use crate::APPROVER;

const EC: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RSA: &[&str] = &["-newkey", "rsa:2048"];
const ED25519: &[&str] = &["-newkey", "ed25519"];
const SERVER: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT: &str = "1.3.6.1.5.5.7.3.2";

/// Requests and approves a certificate for a new `key.pem` in `dir`, and unpacks the mailed zip.
pub(crate) async fn issue(
    stack: &Stack,
    dir: &PkiDir,
    openssl: &Path,
    key: &[&str],
    host: &str,
    more: &[&str],
    profile: &str,
) -> Asked {
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let csr = dir.openssl_csr(openssl, key, host, more);
    let asked = portal.ask(&Submission::of(&csr).with_profile(profile)).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    let mail = mailbox.mail(&asked.id, &asked.email, "Your certificate").await;
    dir.unzip(mail.attachment("certificate.zip"));
    asked
}

/// nginx on a free port with `fullchain.pem` and `key.pem` of `dir`, for www.example.com.
pub(crate) async fn serve(dir: &PkiDir, nginx: &Path, more: &str) -> (ChildGuard, u16) {
    // If another process takes the port first, nginx reports it in its log.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    dir.write("nginx.conf", nginx_configuration(port, more));
    let prefix = format!("{}/", dir.path("").display().to_string().trim_end_matches('/'));
    let arguments = ["-p", &prefix, "-c", "nginx.conf", "-e", "error.log"];
    let mut server = ChildGuard::start(nginx, &arguments, &dir.path("nginx.log"));
    eventually("nginx to listen", PATIENCE, async || {
        assert!(server.ended().is_none(), "nginx ended: {} {}", dir.read("nginx.log"), dir.read("error.log"));
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    })
    .await;
    (server, port)
}

#[tokio::test]
async fn openssl_accepts_every_kind_of_key_for_its_purpose_and_no_other() {
    let Some([openssl]) = needed([("openssl", "openssl")]) else {
        return;
    };
    let stack = Stack::shared().await;
    let names = "subjectAltName=DNS:www.example.com,DNS:www.example.org,IP:10.1.2.3,IP:fc00::1";
    for (key, profile) in [(EC, "server"), (RSA, "server-client"), (ED25519, "client")] {
        let dir = PkiDir::new();
        issue(stack, &dir, &openssl, key, "www.example.com", &["-addext", names], profile).await;
        for (purpose, of) in
            [("sslserver", ["server", "server-client"]), ("sslclient", ["client", "server-client"])]
        {
            let verify =
                ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.pem", "certificate.pem"];
            if of.contains(&profile) {
                assert!(dir.succeed(&openssl, &verify).contains("certificate.pem: OK"));
            } else {
                assert!(!dir.run(&openssl, &verify).status.success(), "{profile} is accepted for {purpose}");
            }
        }
        for option in
            [["-verify_hostname", "www.example.org"], ["-verify_ip", "10.1.2.3"], ["-verify_ip", "fc00::1"]]
        {
            let verify =
                ["verify", "-x509_strict", option[0], option[1], "-CAfile", "ca.pem", "certificate.pem"];
            dir.succeed(&openssl, &verify);
        }
        contents(&dir, &openssl);
        // The certificate is for the requester's key.
        let key = dir.succeed(&openssl, &["pkey", "-in", "key.pem", "-pubout"]);
        let certified = dir.succeed(&openssl, &["x509", "-in", "certificate.pem", "-noout", "-pubkey"]);
        assert_eq!(key, certified);
    }
}

/// Asserts the contents of every certificate.
fn contents(dir: &PkiDir, openssl: &Path) {
    let text = dir.succeed(openssl, &["x509", "-in", "certificate.pem", "-noout", "-text"]);
    for part in [
        "X509v3 Basic Constraints: critical\n                CA:FALSE",
        "X509v3 Key Usage: critical",
        "X509v3 Extended Key Usage:",
        "X509v3 Subject Key Identifier:",
        "X509v3 Authority Key Identifier:",
        "DNS:www.example.com, DNS:www.example.org, IP Address:10.1.2.3",
        "Version: 3 (0x2)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let serial = dir.succeed(openssl, &["x509", "-in", "certificate.pem", "-noout", "-serial"]);
    let serial = serial.trim().trim_start_matches("serial=").trim_start_matches('0');
    assert!(serial.len() >= 30, "{serial}");
    // Valid for 365 days.
    dir.succeed(openssl, &["x509", "-in", "certificate.pem", "-noout", "-checkend", "31000000"]);
    assert!(
        !dir.run(openssl, &["x509", "-in", "certificate.pem", "-noout", "-checkend", "31540000"])
            .status
            .success()
    );
}

#[tokio::test]
async fn gnutls_accepts_the_certificate() {
    let Some([openssl, certtool]) = needed([("openssl", "openssl"), ("certtool", "gnutls-bin")]) else {
        return;
    };
    let stack = Stack::shared().await;
    for (key, profile, purpose) in [(EC, "server", SERVER), (RSA, "client", CLIENT)] {
        let (dir, host) = (PkiDir::new(), unique_host());
        issue(stack, &dir, &openssl, key, &host, &[], profile).await;
        let verify = ["--verify", "--load-ca-certificate", "ca.pem", "--infile", "certificate.pem"];
        let said = dir.succeed(
            &certtool,
            &[&verify[..], &["--verify-purpose", purpose, "--verify-hostname", &host]].concat(),
        );
        assert!(said.contains("Verified. The certificate is trusted."), "{said}");
        assert!(
            !dir.run(&certtool, &[&verify[..], &["--verify-hostname", "www.example.org"]].concat())
                .status
                .success()
        );
    }
}

#[tokio::test]
async fn nginx_serves_it_to_a_client_that_trusts_the_issuer_and_to_no_other() {
    let programs = [("openssl", "openssl"), ("nginx", "nginx"), ("curl", "curl")];
    let Some([openssl, nginx, curl]) = needed(programs) else {
        return;
    };
    let (stack, dir) = (Stack::shared().await, PkiDir::new());
    issue(stack, &dir, &openssl, EC, "www.example.com", &[], "server").await;

    let (_server, port) = serve(&dir, &nginx, "").await;

    let (url, host) =
        (format!("https://www.example.com:{port}/"), format!("www.example.com:{port}:127.0.0.1"));
    let usual = ["--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--resolve", &host, &url];
    let trusting = [&usual[..], &["--cacert", "ca.pem"]].concat();
    assert_eq!(dir.succeed(&curl, &trusting), "It works.\n");

    let distrusting = dir.run(&curl, &usual);
    assert_eq!(distrusting.status.code(), Some(60), "{}", String::from_utf8_lossy(&distrusting.stderr));
    let other_host =
        trusting.iter().map(|part| part.replace("www.example.com", "www.example.org")).collect::<Vec<_>>();
    let other_host = dir.run(&curl, &other_host.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(other_host.status.code(), Some(60), "{}", String::from_utf8_lossy(&other_host.stderr));
}

/// A server with certificate and key of the folder, and further lines.
fn nginx_configuration(port: u16, more: &str) -> String {
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log error.log;
         events {{ }}
         http {{
           access_log off;
           client_body_temp_path tmp-body; proxy_temp_path tmp-proxy; fastcgi_temp_path tmp-fastcgi;
           uwsgi_temp_path tmp-uwsgi; scgi_temp_path tmp-scgi;
           server {{
             listen 127.0.0.1:{port} ssl;
             server_name www.example.com;
             ssl_certificate fullchain.pem;
             ssl_certificate_key key.pem;
             {more}
             location / {{ default_type text/plain; return 200 \"It works.\\n\"; }}
           }}
         }}\n"
    )
}
