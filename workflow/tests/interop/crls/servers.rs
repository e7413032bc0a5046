//! TLS servers that check the certificates of clients, and curl, which checks that of a server: one process of each server for
//! all questions, which go to a virtual host each.

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::cases::Case;
use crate::panel::text;
use crate::question::Answer;

#[allow(dead_code, unreachable_pub)]
#[path = "../../../../tests/src/child_guard.rs"]
mod child_guard;
use child_guard::ChildGuard;

const PATIENCE: Duration = Duration::from_secs(30);

/// A server with a virtual host for each case, `case-NUMBER.test`.
struct Server {
    _process: ChildGuard,
    port: u16,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    fn start(program: &str, arguments: &[&str], port: u16, log: &Path) -> Server {
        let mut process = ChildGuard::start(Path::new(program), arguments, log);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let said = || fs::read_to_string(log).unwrap_or_default();
            assert!(process.ended().is_none(), "{program} ended: {}", said());
            assert!(begun.elapsed() < PATIENCE, "{program} does not listen: {}", said());
            std::thread::sleep(Duration::from_millis(10));
        }
        Server { _process: process, port }
    }

    /// Whether it lets in a client with the certificate of the case.
    fn admits(&self, number: usize, case: &Case) -> Answer {
        let mut command = Command::new("curl");
        command.arg("--insecure").arg("--cert").arg(&case.files.bundle).arg("--key").arg(&case.key);
        self.ask(command, &format!("case-{number}.test"))
    }

    /// Accepted if the answer is 204, which no error has.
    fn ask(&self, mut command: Command, host: &str) -> Answer {
        let port = self.port;
        command.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--write-out"]);
        command.args(["\n%{http_code}", "--resolve", &format!("{host}:{port}:127.0.0.1")]);
        let output = command.arg(format!("https://{host}:{port}/")).output().unwrap();
        let said = text(&output);
        if output.status.success() && said.trim().ends_with("204") {
            Ok(())
        } else {
            Err(said.split_whitespace().collect::<Vec<_>>().join(" "))
        }
    }

    fn admits_each(&self, cases: &[Case]) -> Vec<Answer> {
        cases.iter().enumerate().map(|(number, case)| self.admits(number, case)).collect()
    }
}

fn room(folder: &Path, name: &str) -> PathBuf {
    let room = folder.join(name);
    fs::create_dir_all(&room).unwrap();
    room
}

fn start_nginx(room: &Path, servers: &str, port: u16) -> Server {
    let state = room.display();
    let mut paths = String::new();
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(paths, "{kind}_temp_path {state}/{kind};").unwrap();
    }
    let conf = format!(
        "daemon off;\nworker_processes 1;\npid {state}/nginx.pid;\nerror_log stderr crit;\n\
         events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\nserver_names_hash_bucket_size 128;\n\
         {paths}{servers}}}\n"
    );
    let file = room.join("nginx.conf");
    fs::write(&file, conf).unwrap();
    // As root, nginx would change the owner of its folders to a user without access to the parent folder.
    let (prefix, file) = (state.to_string(), file.display().to_string());
    let mut arguments = vec!["-e", "stderr", "-p", &prefix, "-c", &file];
    if is_root() {
        arguments.extend(["-g", "user root;"]);
    }
    Server::start("nginx", &arguments, port, &room.join("log"))
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    text(&output).trim() == "0"
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
            "server {{ listen 127.0.0.1:{port} ssl; server_name case-{number}.test;\n\
             ssl_certificate {leaf}; ssl_certificate_key {key};\n\
             ssl_client_certificate {root}; ssl_verify_client on; ssl_verify_depth 3; ssl_crl {lists};\n\
             return 204; }}"
        )
        .unwrap();
    }
    start_nginx(&room, &servers, port).admits_each(cases)
}

/// `SSLCARevocationFile` with `SSLCARevocationCheck leaf`: lists of the issuer alone.
pub(super) fn apache(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let (room, port) = (room(folder, "apache"), free_port());
    let state = room.display();
    let mut conf = format!(
        "ServerRoot {state}\nServerName localhost\nListen 127.0.0.1:{port}\nPidFile {state}/pid\n\
         ErrorLog /dev/stderr\nLogLevel crit\nDefaultRuntimeDir {state}\nMutex posixsem\n\
         StartServers 1\n"
    );
    for module in ["mpm_event", "authz_core", "alias", "ssl"] {
        writeln!(conf, "LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so").unwrap();
    }
    conf += "SSLSessionCache none\nRedirect 204 /\n";
    if is_root() {
        conf += "User nobody\nGroup nogroup\n";
    }
    for (number, case) in cases.iter().enumerate() {
        let (leaf, key) = (case.files.leaf.display(), case.key.display());
        let (root, lists) = (case.files.root.display(), case.pem.display());
        writeln!(
            conf,
            "<VirtualHost *:{port}>\nServerName case-{number}.test\nSSLEngine on\n\
             SSLCertificateFile {leaf}\nSSLCertificateKeyFile {key}\nSSLCACertificateFile {root}\n\
             SSLVerifyClient require\nSSLVerifyDepth 3\nSSLCARevocationFile {lists}\nSSLCARevocationCheck leaf\n\
             </VirtualHost>"
        )
        .unwrap();
    }
    let file = room.join("httpd.conf");
    fs::write(&file, conf).unwrap();
    let file = file.display().to_string();
    let arguments = ["-f", &file, "-D", "FOREGROUND"];
    Server::start("apache2", &arguments, port, &room.join("log")).admits_each(cases)
}

/// `crl-file`: lists of the whole chain.
pub(super) fn haproxy(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let (room, port) = (room(folder, "haproxy"), free_port());
    let mut hosts = String::new();
    for (number, case) in cases.iter().enumerate() {
        let pair = room.join(format!("{number}.pem"));
        let [leaf, key] = [&case.files.leaf, &case.key].map(|path| fs::read_to_string(path).unwrap());
        fs::write(&pair, leaf + &key).unwrap();
        writeln!(
            hosts,
            "{} [verify required ca-file {} crl-file {}] case-{number}.test",
            pair.display(),
            case.files.root.display(),
            case.chain_pem.display()
        )
        .unwrap();
    }
    let list = room.join("hosts.txt");
    fs::write(&list, hosts).unwrap();
    let conf = format!(
        "global\n    nbthread 1\ndefaults\n    mode http\n    timeout connect 30s\n    timeout client 30s\n    \
         timeout server 30s\nfrontend clients\n    bind 127.0.0.1:{port} ssl crt-list {}\n    \
         http-request return status 204\n",
        list.display()
    );
    let file = room.join("haproxy.cfg");
    fs::write(&file, conf).unwrap();
    let file = file.display().to_string();
    Server::start("haproxy", &["-db", "-f", &file], port, &room.join("log")).admits_each(cases)
}

/// `--crlfile`: curl as client, with lists of the whole chain; nginx shows the certificate of each case.
pub(super) fn curl(cases: &[Case], folder: &Path) -> Vec<Answer> {
    let (room, port) = (room(folder, "curl"), free_port());
    let mut servers = std::collections::BTreeMap::new();
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
