//! TLS servers that check the certificates of clients, and curl, which checks that of a server.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::cases::Case;
use crate::question::Answer;
use crate::servers::{Server, free_port, haproxy_pair, host, room, start_apache, start_haproxy, start_nginx};

fn admits_each(server: &Server, cases: &[Case]) -> Vec<Answer> {
    let asked = cases.iter().enumerate();
    asked.map(|(number, case)| server.admits(&host(number), &case.files, &case.key)).collect()
}

/// `ssl_crl`: lists of the whole chain.
pub(super) fn nginx(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let (room, port) = (room(folder, "nginx"), free_port());
    let mut servers = String::new();
    for (number, case) in cases.iter().enumerate() {
        let (leaf, key) = (case.files.leaf.display(), case.key.display());
        let (root, lists) = (case.files.root.display(), case.chain_pem.display());
        writeln!(
            servers,
            "server {{ listen 127.0.0.1:{port} ssl; server_name {};\n\
             ssl_certificate {leaf}; ssl_certificate_key {key};\n\
             ssl_client_certificate {root}; ssl_verify_client on; ssl_verify_depth 3; ssl_crl {lists};\n\
             return 204; }}",
            host(number)
        )
        .unwrap();
    }
    admits_each(&start_nginx(&room, &servers, port), cases)
}

/// `SSLCARevocationFile` with `SSLCARevocationCheck leaf`: lists of the issuer alone.
pub(super) fn apache(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let (room, port) = (room(folder, "apache"), free_port());
    let mut hosts = String::new();
    for (number, case) in cases.iter().enumerate() {
        let (leaf, key) = (case.files.leaf.display(), case.key.display());
        let (root, lists) = (case.files.root.display(), case.pem.display());
        writeln!(
            hosts,
            "<VirtualHost *:{port}>\nServerName {}\nSSLEngine on\n\
             SSLCertificateFile {leaf}\nSSLCertificateKeyFile {key}\nSSLCACertificateFile {root}\n\
             SSLVerifyClient require\nSSLVerifyDepth 3\nSSLCARevocationFile {lists}\nSSLCARevocationCheck leaf\n\
             </VirtualHost>",
            host(number)
        )
        .unwrap();
    }
    admits_each(&start_apache(&room, &hosts, port), cases)
}

/// `crl-file`: lists of the whole chain.
pub(super) fn haproxy(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let (room, port) = (room(folder, "haproxy"), free_port());
    let mut hosts = String::new();
    for (number, case) in cases.iter().enumerate() {
        writeln!(
            hosts,
            "{} [verify required ca-file {} crl-file {}] {}",
            haproxy_pair(&room, &host(number), &case.files, &case.key).display(),
            case.files.root.display(),
            case.chain_pem.display(),
            host(number)
        )
        .unwrap();
    }
    admits_each(&start_haproxy(&room, &hosts, port), cases)
}

/// `--crlfile`: curl as client, with lists of the whole chain; nginx shows the certificate of each case.
pub(super) fn curl(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let (room, port) = (room(folder, "curl"), free_port());
    let mut servers = BTreeMap::new();
    for case in cases {
        let (host, bundle, key) = (&case.host, case.files.bundle.display(), case.key.display());
        servers.entry(host).or_insert_with(|| {
            format!(
                "server {{ listen 127.0.0.1:{port} ssl; server_name {host};\n\
                 ssl_certificate {bundle}; ssl_certificate_key {key}; return 204; }}\n"
            )
        });
    }
    let server = start_nginx(&room, &servers.into_values().collect::<String>(), port);
    let ask = |case: &Case| {
        let mut command = Command::new("curl");
        command.arg("--cacert").arg(&case.files.root).arg("--crlfile").arg(&case.chain_pem);
        server.ask(command, &case.host)
    };
    cases.iter().map(ask).collect()
}
