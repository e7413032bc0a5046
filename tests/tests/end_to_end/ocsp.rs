//! The OCSP address in delivered certificates: asked by others, by plain http, through the gateway.

use std::path::Path;

use end_to_end::{Asked, PATIENCE, PkiDir, Stack, Submission, eventually, needed, unique_host};

use crate::APPROVER;
use crate::certificates::serve;

/// A delivered certificate in a folder: certificate.pem, ca.pem.
async fn delivered(stack: &Stack, openssl: &Path) -> (PkiDir, Asked) {
    let (dir, portal, mailbox) = (PkiDir::new(), stack.portal(), stack.mailbox());
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let csr = dir.openssl_csr(openssl, &ec, &unique_host(), &[]);
    let asked = portal.ask(&Submission::of(&csr)).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    let mail = mailbox.mail(&asked.id, &asked.email, "Your certificate").await;
    dir.unzip(mail.attachment("certificate.zip"));
    (dir, asked)
}

/// What OpenSSL says about the certificate, with these options.
fn status(dir: &PkiDir, openssl: &Path, options: &[&str]) -> String {
    let usual = ["ocsp", "-issuer", "ca.pem", "-CAfile", "ca.pem", "-cert", "certificate.pem"];
    let output = dir.run(openssl, &[&usual[..], options].concat());
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!said.contains("WARNING"), "{said}");
    said
}

fn is_good(said: &str) -> bool {
    said.contains("Response verify OK") && said.contains("certificate.pem: good")
}

#[tokio::test]
async fn a_delivered_certificate_is_good_until_it_is_revoked() {
    let Some([openssl, curl]) = needed([("openssl", "openssl"), ("curl", "curl")]) else {
        return;
    };
    let stack = Stack::shared().await;
    let (dir, asked) = delivered(stack, &openssl).await;
    let address = dir.succeed(&openssl, &["x509", "-in", "certificate.pem", "-noout", "-ocsp_uri"]);
    let address = address.trim();
    assert!(address.starts_with("http://") && address.ends_with("/ocsp"), "{address}");

    let post = status(&dir, &openssl, &["-url", address]);
    assert!(is_good(&post), "{post}");

    // GET, as each client writes it.
    let file = ["-no_nonce", "-reqout", "request.der"];
    status(&dir, &openssl, &file);
    let plain = dir.succeed(&openssl, &["base64", "-A", "-in", "request.der"]);
    let encoded = plain.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let small = encoded.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d");
    for path in [&encoded, &plain, &format!("/{encoded}"), &small] {
        let url = format!("{address}/{path}");
        let get = ["--silent", "--show-error", "--noproxy", "*", "--path-as-is", "--dump-header", "head.txt"];
        dir.succeed(&curl, &[&get[..], &["--output", "answer.der", &url]].concat());
        let head = dir.read("head.txt").to_lowercase();
        assert!(head.contains("content-type: application/ocsp-response"), "{path}: {head}");
        assert!(head.contains("cache-control: max-age=30, public"), "{path}: {head}");
        let said = status(&dir, &openssl, &["-respin", "answer.der", "-no_nonce"]);
        assert!(is_good(&said), "{path}: {said}");
    }

    let revoke = asked.status_url.replace("?key=", "/revoke?key=");
    stack.portal().post(&revoke, &serde_json::json!({ "reason": "keyCompromise" })).await.expect(200);
    let said = eventually("OCSP to say that the certificate is revoked", PATIENCE, async || {
        let said = status(&dir, &openssl, &["-url", address]);
        said.contains("certificate.pem: revoked").then_some(said)
    })
    .await;
    assert!(said.contains("Response verify OK") && said.contains("Reason: keyCompromise"), "{said}");
}

/// nginx asks by GET, with the address in the certificate, and hands the answer to its clients.
#[tokio::test]
async fn nginx_staples_the_answer() {
    let Some([openssl, nginx]) = needed([("openssl", "openssl"), ("nginx", "nginx")]) else {
        return;
    };
    let (dir, _) = delivered(Stack::shared().await, &openssl).await;
    let staples = "ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate ca.pem;";
    let (_server, port) = serve(&dir, &nginx, staples).await;
    let address = format!("127.0.0.1:{port}");
    // A first handshake has nginx ask; later ones have the answer.
    eventually("a stapled answer", PATIENCE, async || {
        let connect = ["s_client", "-connect", &address, "-servername", "www.example.com", "-status"];
        let said = dir.run(&openssl, &[&connect[..], &["-CAfile", "ca.pem"]].concat());
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        (said.contains("OCSP Response Status: successful") && said.contains("Cert Status: good"))
            .then_some(())
    })
    .await;
}
