//! TLS servers that ask about the certificates of clients, and servers that staple.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::cases::Case;
use crate::panel::text;
use crate::question::Answer;
use crate::servers::{Server, free_port, haproxy_pair, room, start_apache, start_haproxy, start_nginx};

fn admits_each(server: &Server, cases: &[Case]) -> Vec<Answer> {
    cases.iter().map(|case| server.admits(&case.host, &case.files, &case.key)).collect()
}

/// nginx with a virtual server for each case.
fn nginx_with(cases: &[Case], folder: &Path, name: &str, settings: impl Fn(&Case) -> String) -> Server {
    let (room, port) = (room(folder, name), free_port());
    let mut servers = String::new();
    for case in cases {
        let (host, key) = (&case.host, case.key.display());
        writeln!(
            servers,
            "server {{ listen 127.0.0.1:{port} ssl; server_name {host};\n\
             ssl_certificate_key {key};\n{}\nreturn 204; }}",
            settings(case)
        )
        .unwrap();
    }
    start_nginx(&room, &servers, port)
}

/// nginx that admits clients with the status good.
fn nginx_asks(cases: &[Case], folder: &Path, name: &str, settings: impl Fn(&Case) -> String) -> Vec<Answer> {
    let settings = |case: &Case| {
        format!(
            "ssl_certificate {};\nssl_client_certificate {}; ssl_verify_client on; ssl_verify_depth 3;\n{}",
            case.files.bundle.display(),
            case.files.root.display(),
            settings(case)
        )
    };
    admits_each(&nginx_with(cases, folder, name, settings), cases)
}

/// `ssl_ocsp leaf`: about the certificate alone, at its own address.
pub(super) fn nginx(cases: &[Case], folder: &Path) -> Vec<Answer> {
    nginx_asks(cases, folder, "nginx", |_| "ssl_ocsp leaf;".to_owned())
}

/// `ssl_ocsp on`: about each certificate below the root, at an address in the configuration.
pub(super) fn nginx_chain(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let settings = |case: &Case| format!("ssl_ocsp on; ssl_ocsp_responder {};", case.url);
    nginx_asks(cases, folder, "nginx-chain", settings)
}

/// Apache that admits clients with the status good.
fn apache_asks(
    cases: &[Case],
    folder: &Path,
    name: &str,
    trusted: fn(&Case) -> &Path,
    settings: impl Fn(&Case) -> String,
) -> Vec<Answer> {
    let (room, port) = (room(folder, name), free_port());
    let mut hosts = String::new();
    for case in cases {
        let (leaf, key) = (case.files.leaf.display(), case.key.display());
        let (host, trusted) = (&case.host, trusted(case).display());
        writeln!(
            hosts,
            "<VirtualHost *:{port}>\nServerName {host}\nSSLEngine on\n\
             SSLCertificateFile {leaf}\nSSLCertificateKeyFile {key}\nSSLCACertificateFile {trusted}\n\
             SSLVerifyClient require\nSSLVerifyDepth 3\n{}\n</VirtualHost>",
            settings(case)
        )
        .unwrap();
    }
    admits_each(&start_apache(&room, &hosts, port), cases)
}

/// `SSLOCSPEnable leaf`: about the certificate alone, at its own address.
pub(super) fn apache(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let settings = |_: &Case| "SSLOCSPEnable leaf".to_owned();
    apache_asks(cases, folder, "apache", |case| &case.authorities, settings)
}

/// The same without the issuing CAs in `SSLCACertificateFile`.
pub(super) fn apache_with_roots_only(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let settings = |_: &Case| "SSLOCSPEnable leaf".to_owned();
    apache_asks(cases, folder, "apache-roots", |case| &case.files.root, settings)
}

/// `SSLOCSPEnable on`: about each certificate below the root, at an address in the configuration.
pub(super) fn apache_chain(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let settings = |case: &Case| {
        format!("SSLOCSPEnable on\nSSLOCSPDefaultResponder {}\nSSLOCSPOverrideResponder on", case.url)
    };
    apache_asks(cases, folder, "apache-chain", |case| &case.authorities, settings)
}

/// `--cert-status`: curl reads the answer that nginx staples from a file; nginx does not check it.
fn curl_reads(cases: &[Case], folder: &Path, name: &str, shown: fn(&Case) -> Vec<&Path>) -> Vec<Answer> {
    let bundles = room(folder, &format!("{name}-bundles"));
    let settings = |case: &Case| {
        let bundle = bundles.join(&case.host);
        let certificates = shown(case).into_iter().map(|path| fs::read(path).unwrap());
        fs::write(&bundle, certificates.collect::<Vec<_>>().concat()).unwrap();
        let (bundle, stapled) = (bundle.display(), case.stapled.display());
        format!("ssl_certificate {bundle}; ssl_stapling on; ssl_stapling_file {stapled};")
    };
    let server = nginx_with(cases, folder, name, settings);
    let asked = cases.iter().map(|case| {
        let mut command = Command::new("curl");
        command.arg("--cert-status").arg("--cacert").arg(&case.files.root);
        server.ask(command, &case.host)
    });
    asked.collect()
}

/// The server shows the root too.
pub(super) fn curl(cases: &[Case], folder: &Path) -> Vec<Answer> {
    curl_reads(cases, folder, "curl", |case| vec![&case.files.bundle, &case.files.root])
}

/// The server shows its certificate and the CAs between it and the root.
pub(super) fn curl_without_roots(cases: &[Case], folder: &Path) -> Vec<Answer> {
    curl_reads(cases, folder, "curl-rootless", |case| vec![&case.files.bundle])
}

/// Faults of the answers that HAProxy staples.
pub(super) fn haproxy_staples(cases: &[Case], folder: &Path) -> Vec<String> {
    let (room, port) = (room(folder, "haproxy"), free_port());
    let mut hosts = String::new();
    for case in cases {
        let pair = haproxy_pair(&room, &case.host, &case.files, &case.key);
        let beside = |ending: &str| format!("{}.{ending}", pair.display());
        fs::copy(&case.issuer, beside("issuer")).unwrap();
        fs::copy(&case.stapled, beside("ocsp")).unwrap();
        writeln!(hosts, "{} {}", pair.display(), case.host).unwrap();
    }
    let _server = start_haproxy(&room, &hosts, port);
    let mut faults = Vec::new();
    for case in cases {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-servername", &case.host]);
        command.args(["-status", "-CAfile"]).arg(&case.files.root).stdin(std::process::Stdio::null());
        let said = text(&command.output().unwrap());
        let expected =
            ["OCSP Response Status: successful", "Cert Status: good", "Verify return code: 0 (ok)"];
        for line in expected.iter().filter(|line| !said.contains(**line)) {
            faults.push(format!(
                "{}: {}: {line} is missing: {said}",
                case.expected.authority, case.expected.kind
            ));
        }
    }
    faults
}
