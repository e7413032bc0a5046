//! Clients that are commands, each with an account of its own at one server.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use end_to_end::acme_servers::Access;
use end_to_end::{PkiDir, find, free_port};

/// The clients that are commands: name and Debian's package, which is the program too.
pub(crate) const COMMANDS: [&str; 3] = ["lego", "certbot", "dehydrated"];

/// A client with its folder at one server.
pub(crate) struct CommandClient {
    program: &'static str,
    access: Access,
    folder: PkiDir,
    /// The port on which it waits for a challenge.
    port: u16,
}

impl CommandClient {
    /// Makes its account, and a first certificate for this host.
    pub(crate) fn start(program: &'static str, access: Access, host: &str) -> Self {
        let client = Self { program, access, folder: PkiDir::new(), port: free_port() };
        if program == "dehydrated" {
            let Credential { key_id, hmac_key } = client.credential();
            let folder = client.folder();
            let folder = folder.display();
            let config = format!(
                "CA={}\nEAB_KID={key_id}\nEAB_HMAC_KEY={hmac_key}\nCONTACT_EMAIL=you@example.com
KEY_ALGO=prime256v1\nBASEDIR={folder}\nWELLKNOWN={folder}\n",
                client.access.directory
            );
            client.folder.write("config", config);
            client.run(&["--config", "config", "--register", "--accept-terms"]);
        }
        client.issue(host);
        client
    }

    /// Has a certificate made for a host.
    pub(crate) fn issue(&self, host: &str) {
        let Credential { key_id, hmac_key } = self.credential();
        let (directory, port) = (&*self.access.directory, self.port.to_string());
        match self.program {
            "lego" => {
                let port = format!(":{port}");
                self.run(
                    &["--server", directory, "--eab", "--kid", key_id, "--hmac", hmac_key]
                        .into_iter()
                        .chain(["--email", "you@example.com", "--accept-tos", "--http", "--http.port", &port])
                        .chain(["--domains", host, "run"])
                        .collect::<Vec<_>>(),
                );
            }
            "certbot" => {
                let folders = ["--config-dir", "le", "--work-dir", "le-work", "--logs-dir", "le-logs"];
                self.run(
                    &["certonly", "--non-interactive", "--agree-tos", "--email", "you@example.com"]
                        .into_iter()
                        .chain(folders)
                        .chain(["--standalone", "--http-01-port", &port, "--server", directory])
                        .chain(["--eab-kid", key_id, "--eab-hmac-key", hmac_key, "-d", host])
                        .collect::<Vec<_>>(),
                );
            }
            _ => self.run(&["--config", "config", "--cron", "--domain", host]),
        }
    }

    fn credential(&self) -> Credential<'_> {
        let credential = &self.access.credential;
        Credential { key_id: &credential.key_id, hmac_key: &credential.hmac_key }
    }

    fn folder(&self) -> PathBuf {
        self.folder.path("")
    }

    fn run(&self, arguments: &[&str]) {
        let program = find(self.program).unwrap_or_else(|| panic!("apt-get install {}", self.program));
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder()).stdin(Stdio::null());
        command.env("HOME", self.folder()).env("NO_PROXY", "localhost");
        for variable in ["REQUESTS_CA_BUNDLE", "LEGO_CA_CERTIFICATES", "CURL_CA_BUNDLE", "SSL_CERT_FILE"] {
            command.env(variable, &self.access.authority);
        }
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "{}: {}", self.program, said.concat());
    }
}

struct Credential<'a> {
    key_id: &'a str,
    hmac_key: &'a str,
}
