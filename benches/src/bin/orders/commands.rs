//! Clients that are commands, each with an account of its own at one server.

use std::process::{Command, Stdio};

use end_to_end::acme_servers::Access;
use end_to_end::{PkiDir, find, free_port};

/// A client that is a command.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    Lego,
    Certbot,
    Dehydrated,
}

impl Program {
    pub(crate) const ALL: [Self; 3] = [Self::Lego, Self::Certbot, Self::Dehydrated];

    /// The program, and Debian's package of it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lego => "lego",
            Self::Certbot => "certbot",
            Self::Dehydrated => "dehydrated",
        }
    }
}

/// A client with its folder at one server.
pub(crate) struct CommandClient {
    program: Program,
    access: Access,
    folder: PkiDir,
    /// The port on which it waits for a challenge.
    port: u16,
}

impl CommandClient {
    /// Makes its account, and a first certificate for this host.
    pub(crate) fn start(program: Program, access: Access, host: &str) -> Self {
        let client = Self { program, access, folder: PkiDir::new(), port: free_port() };
        if let Program::Dehydrated = program {
            let Access { directory, credential, .. } = &client.access;
            let config = format!(
                "CA={directory}\nEAB_KID={}\nEAB_HMAC_KEY={}\nCONTACT_EMAIL=you@example.com
KEY_ALGO=prime256v1\nBASEDIR=$PWD\nWELLKNOWN=$PWD\n",
                credential.key_id, credential.hmac_key
            );
            client.folder.write("config", config);
            client.run("--config config --register --accept-terms");
        }
        client.issue(host);
        client
    }

    /// Has a certificate made for a host.
    pub(crate) fn issue(&self, host: &str) {
        let Self { access: Access { directory, credential, .. }, port, .. } = self;
        let (key_id, hmac_key) = (&credential.key_id, &credential.hmac_key);
        self.run(&match self.program {
            Program::Lego => format!(
                "--server {directory} --eab --kid {key_id} --hmac {hmac_key} --email you@example.com --accept-tos
                 --http --http.port :{port} --domains {host} run"
            ),
            Program::Certbot => format!(
                "certonly --non-interactive --agree-tos --email you@example.com --standalone --http-01-port {port}
                 --config-dir le --work-dir le-work --logs-dir le-logs
                 --server {directory} --eab-kid {key_id} --eab-hmac-key {hmac_key} -d {host}"
            ),
            Program::Dehydrated => format!("--config config --cron --domain {host}"),
        });
    }

    /// Runs the program with these arguments, between which there are blanks.
    fn run(&self, arguments: &str) {
        let (name, folder) = (self.program.name(), self.folder.path(""));
        let mut command = Command::new(find(name).unwrap_or_else(|| panic!("apt-get install {name}")));
        command.args(arguments.split_whitespace()).current_dir(&folder).stdin(Stdio::null());
        command.env("HOME", folder).env("NO_PROXY", "localhost");
        for variable in ["REQUESTS_CA_BUNDLE", "LEGO_CA_CERTIFICATES", "CURL_CA_BUNDLE", "SSL_CERT_FILE"] {
            command.env(variable, &self.access.authority);
        }
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "{name}: {}", said.concat());
    }
}
