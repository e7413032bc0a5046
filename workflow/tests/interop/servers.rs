//! Real servers on the loopback interface: nginx, Apache and HAProxy, one process of each for all questions, which go to a
//! virtual host each.
//!
//! Invariant: a server ends with its [`Server`], also if the test fails.

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::panel::text;
use crate::question::{Answer, Files};

#[allow(dead_code, unreachable_pub)]
#[path = "../../../tests/src/child_guard.rs"]
mod child_guard;
use child_guard::ChildGuard;

const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub(crate) struct Server {
    _process: ChildGuard,
    port: u16,
}

/// Name of the virtual host of a case.
pub(crate) fn host(number: usize) -> String {
    format!("case-{number}.test")
}

pub(crate) fn free_port() -> u16 {
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

    /// Asks by TLS as a client with this certificate and key. Accepted if the host lets the client in.
    pub(crate) fn admits(&self, host: &str, files: &Files, key: &Path) -> Answer {
        let mut command = Command::new("curl");
        command.arg("--insecure").arg("--cert").arg(&files.bundle).arg("--key").arg(key);
        self.ask(command, host)
    }

    /// Runs curl with this command for a page of the host. Accepted if the answer is 204, which no error has.
    pub(crate) fn ask(&self, mut command: Command, host: &str) -> Answer {
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
}

/// A folder for the files of a server.
pub(crate) fn room(folder: &Path, name: &str) -> PathBuf {
    let room = folder.join(name);
    fs::create_dir_all(&room).unwrap();
    room
}

/// nginx with these virtual servers.
pub(crate) fn start_nginx(room: &Path, servers: &str, port: u16) -> Server {
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

pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    text(&output).trim() == "0"
}

/// Apache with these virtual hosts.
pub(crate) fn start_apache(room: &Path, hosts: &str, port: u16) -> Server {
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
    conf += hosts;
    let file = room.join("httpd.conf");
    fs::write(&file, conf).unwrap();
    let file = file.display().to_string();
    Server::start("apache2", &["-f", &file, "-D", "FOREGROUND"], port, &room.join("log"))
}

/// HAProxy with this list of certificates (`crt-list`).
pub(crate) fn start_haproxy(room: &Path, certificates: &str, port: u16) -> Server {
    let list = room.join("hosts.txt");
    fs::write(&list, certificates).unwrap();
    start_haproxy_with(room, &format!("bind 127.0.0.1:{port} ssl crt-list {}", list.display()), port)
}

/// HAProxy with a frontend that listens as this line says.
pub(crate) fn start_haproxy_with(room: &Path, bind: &str, port: u16) -> Server {
    let conf = format!(
        "global\n    nbthread 1\ndefaults\n    mode http\n    timeout connect 30s\n    timeout client 30s\n    \
         timeout server 30s\nfrontend clients\n    {bind}\n    http-request return status 204\n"
    );
    let file = room.join("haproxy.cfg");
    fs::write(&file, conf).unwrap();
    let file = file.display().to_string();
    Server::start("haproxy", &["-db", "-f", &file], port, &room.join("log"))
}

/// Writes the certificate and the key of a host into one file, as HAProxy reads them.
pub(crate) fn haproxy_pair(room: &Path, host: &str, files: &Files, key: &Path) -> PathBuf {
    let pair = room.join(format!("{host}.pem"));
    let [bundle, key] = [&files.bundle, key].map(|path| fs::read_to_string(path).unwrap());
    fs::write(&pair, bundle + &key).unwrap();
    pair
}
