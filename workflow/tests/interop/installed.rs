//! README.txt of the zip, its sections about servers and key stores: the blocks are typed as they stand, with other folders
//! and ports, and the servers are asked by a client that trusts the CA.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use pki::testing::{TestKey, TestKeyPair};

use crate::panel::{java, openssl_is_there, skip, text, version_of};
use crate::readme::{HOST, Issued, made};
use crate::servers::{Server, free_port, is_root, room, start_apache, start_haproxy_with, start_nginx};

const PASSWORD: &str = "changeit";

impl Issued {
    /// A block with the folder of the test in place of `/etc/tls`.
    fn block(&self, from: &str, to: &str) -> String {
        self.commands(from, to).replace("/etc/tls", &self.folder.join("tls").display().to_string())
    }

    /// Types a command that asks for a password, without a terminal: it then reads the answers from its input.
    fn answered(&self, commands: &str, answers: usize) {
        let mut shell = Command::new("setsid");
        shell.args(["--wait", "sh", "-ec", commands]).current_dir(&self.folder);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let input = format!("{PASSWORD}\n").repeat(answers);
        shell.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = shell.wait_with_output().unwrap();
        assert!(output.status.success(), "{commands}\n{}", text(&output));
    }

    /// Asks the server as a client of the CA does.
    fn visits(&self, server: &Server) {
        let mut curl = Command::new("curl");
        curl.arg("--cacert").arg(self.folder.join("ca.pem"));
        server.ask(curl, HOST).unwrap();
        let mut stranger = Command::new("curl");
        stranger.args(["--cacert", "/dev/null"]);
        assert!(server.ask(stranger, HOST).is_err());
    }
}

/// The certificates of [`made`], with the files where the README puts them. `None`, aloud, without the programs.
fn on_servers(folder: &Path) -> Option<[Issued; 3]> {
    let needed = [
        openssl_is_there(),
        version_of("nginx", "-v", "nginx"),
        version_of("apache2", "-v", "apache2-bin"),
        version_of("haproxy", "-v", "haproxy"),
        version_of("curl", "-V", "curl"),
    ];
    if let Some(missing) = needed.into_iter().find_map(Result::err) {
        skip("README.txt", &missing, false);
        return None;
    }
    let all = made(folder);
    for issued in &all {
        issued.succeeds(&issued.block("mkdir -p /etc/tls", "chmod 600 /etc/tls/key.pem"));
        assert_eq!(issued.succeeds("stat -c %a tls/key.pem").trim(), "600");
    }
    Some(all)
}

#[test]
fn the_readme_installs_the_certificate_in_nginx() {
    let folder = tempfile::tempdir().unwrap();
    for issued in on_servers(folder.path()).into_iter().flatten() {
        let (room, port) = (room(&issued.folder, "nginx"), free_port());
        let block = issued.block("server {", "}");
        let listens = block.replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port} ssl;\nreturn 204;"));
        assert_ne!(listens, block);
        let server = start_nginx(&room, &listens, port);
        issued.visits(&server);
        let room = room.display();
        let user = if is_root() { "-g 'user root;'" } else { "" };
        let own =
            format!("nginx() {{ command nginx -e stderr -p {room} -c {room}/nginx.conf {user} \"$@\"; }}");
        let said = issued.succeeds(&format!("{own}\n{}", issued.block("nginx -t", "nginx -t")));
        assert!(said.contains("test is successful"), "{said}");
        issued.visits(&server);
    }
}

#[test]
fn the_readme_installs_the_certificate_in_apache() {
    let folder = tempfile::tempdir().unwrap();
    for issued in on_servers(folder.path()).into_iter().flatten() {
        let (room, port) = (room(&issued.folder, "apache"), free_port());
        let block = issued.block("<VirtualHost", "</VirtualHost>").replace("*:443", &format!("*:{port}"));
        let server = start_apache(&room, &block, port);
        issued.visits(&server);
        let httpd = format!("apache2 -f {}/httpd.conf", room.display());
        let own = format!(
            "apachectl() {{ case $1 in configtest) {httpd} -t;; graceful) {httpd} -k graceful;; *) false;; esac; }}"
        );
        let said = issued.succeeds(&format!("{own}\n{}", issued.block("apachectl", "apachectl")));
        assert!(said.contains("Syntax OK"), "{said}");
        issued.visits(&server);
    }
}

#[test]
fn the_readme_installs_the_certificate_in_haproxy() {
    let folder = tempfile::tempdir().unwrap();
    for issued in on_servers(folder.path()).into_iter().flatten() {
        let (room, port) = (room(&issued.folder, "haproxy"), free_port());
        issued.succeeds(&issued.block("(umask 077", "(umask 077"));
        assert_eq!(issued.succeeds("stat -c %a tls/haproxy.pem").trim(), "600");
        let bind = issued.block("bind :443", "bind :443");
        let bind = bind.trim().replace(":443", &format!("127.0.0.1:{port}"));
        let server = start_haproxy_with(&room, &bind, port);
        issued.visits(&server);
        let checks = issued.block("haproxy -c", "haproxy -c");
        let checks = checks.replace("/etc/haproxy", &room.display().to_string());
        issued.succeeds(&format!("systemctl() {{ [ \"$*\" = 'reload haproxy' ]; }}\n{checks}"));
    }
}

#[test]
fn the_readme_makes_key_stores() {
    let needed = [openssl_is_there(), java::version()];
    if let Some(missing) = needed.into_iter().find_map(Result::err) {
        return skip("README.txt", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    for issued in made(folder.path()) {
        let export = issued.commands("openssl pkcs12 -export", "-out certificate.p12");
        issued.answered(&export, 2);
        let open = format!("openssl pkcs12 -in certificate.p12 -passin pass:{PASSWORD} -noenc -info");
        let said = issued.succeeds(&open);
        assert!(said.contains("friendlyName: certificate") && said.contains("PRIVATE KEY"), "{said}");

        // An empty store at first, then one that exists.
        let import = issued.commands("keytool -importkeystore", "-destkeystore");
        issued.answered(&import, 3);
        let list = format!("keytool -list -v -keystore keystore.p12 -storepass {PASSWORD}");
        let said = issued.succeeds(&list);
        let length = if issued.folder.ends_with("root") { 1 } else { 2 };
        for part in ["PrivateKeyEntry", "Alias name: certificate", &format!("chain length: {length}")] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(said.contains("Your keystore contains 1 entry"), "{said}");

        // The form for old programs.
        let old = format!("{} {}", export.trim_end(), issued.commands("-keypbe", "-keypbe"));
        issued.answered(&old, 2);
        let said = issued.succeeds(&open);
        assert!(said.contains("pbeWithSHA1And3-KeyTripleDES-CBC") && said.contains("MAC: sha1"), "{said}");
    }
}

#[test]
fn the_readme_makes_a_secret_of_kubernetes() {
    if let Err(missing) = version_of("kubectl", "--help", "kubernetes-client") {
        return skip("README.txt, Kubernetes", &missing, true);
    }
    let folder = tempfile::tempdir().unwrap();
    for issued in made(folder.path()) {
        let command = issued.commands("kubectl create", "--dry-run=client");
        // There is no cluster: what would be applied is printed.
        let printed = command.replace("| kubectl apply -f -", "");
        assert_ne!(printed, command);
        let said = issued.succeeds(&printed);
        assert!(said.contains("type: kubernetes.io/tls") && said.contains("name: web-tls"), "{said}");
        let key = said.lines().find_map(|line| line.trim().strip_prefix("tls.key: ")).unwrap();
        let same = format!("printf %s '{key}' | base64 -d | cmp - key.pem");
        issued.succeeds(&same);
        fs::write(issued.folder.join("key.pem"), TestKeyPair::generate(TestKey::EcP256).pem()).unwrap();
        assert!(!issued.typed(&printed).0, "kubectl takes the key of another certificate");
    }
}
