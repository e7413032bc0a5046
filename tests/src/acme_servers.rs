//! The servers that ACME clients are run against, over TLS: a local stack, and Pebble.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::{
    Asked, ChildGuard, Credential, PATIENCE, PkiDir, Portal, Stack, TlsFront, certificate_for, credential,
    eventually, find, free_port, standing_approval, tcp_proxy,
};

/// What a server has done for a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Certificates.
    pub issued: usize,
    /// Those of them that are revoked.
    pub revoked: usize,
}

/// What a client needs to know of a server.
#[derive(Clone)]
pub struct Access {
    /// The URL of the directory.
    pub directory: String,
    /// The certificate of the authority that the client has to trust.
    pub authority: PathBuf,
    /// The key for the external account binding.
    pub credential: Credential,
}

/// A local stack behind TLS, with a standing approval that two people approved.
pub struct SecureStack {
    /// The stack.
    pub stack: Stack,
    /// TLS in front of its portal.
    pub front: TlsFront,
    portal: Portal,
    granted: Asked,
}

impl SecureStack {
    /// Starts one with these options of `countersign local`, whose standing approval is for so many certificates below
    /// `example.com`.
    pub async fn start(name: &str, certificates: u32, options: &[&str]) -> Self {
        let folder = Stack::folder(name);
        let front = TlsFront::start(&folder);
        let url = front.url();
        let stack = Stack::start_in(folder, &[&["--portal-by-way-of", &url], options].concat()).await;
        let port = tcp_proxy::port_of(stack.path(), "portal").unwrap();
        let portal = Portal::new(&format!("http://localhost:{port}/")).with_mailbox(stack.mailbox());
        let portal = portal.known_as(&format!("{}/", front.url()));
        let granted = standing_approval(&stack, &portal, ".example.com", certificates).await;
        Self { stack, front, portal, granted }
    }

    /// With a credential of its own, which has no account yet.
    pub async fn access(&self) -> Access {
        Access {
            directory: format!("{}/acme/directory", self.front.url()),
            authority: self.front.authority.clone(),
            credential: credential(&self.portal, &self.granted).await,
        }
    }

    /// Waits until this was done for a host: a revocation is recorded some seconds after it was accepted.
    pub async fn until(&self, host: &str, wanted: Done) {
        let what = format!("{host} to have {wanted:?}");
        eventually(&what, PATIENCE, async || (self.done(host) == wanted).then_some(())).await;
    }

    fn done(&self, host: &str) -> Done {
        let shown = self.stack.countersign_json(&["grants", "show", &self.granted.id, "--json"]);
        let uses: Vec<&Value> = shown["uses"].as_array().unwrap().iter().collect();
        let mine: Vec<_> =
            uses.iter().filter(|one| one["names"].as_array().unwrap().contains(&json!(host))).collect();
        let signed = mine.iter().filter(|one| one["serial"].is_string());
        let revoked = mine.iter().filter(|one| one["status"] == "revoked");
        Done { issued: signed.count(), revoked: revoked.count() }
    }
}

/// Pebble, the test server of Let's Encrypt, whose challenges always succeed.
pub struct Pebble {
    _process: ChildGuard,
    folder: PkiDir,
    port: u16,
    management: u16,
}

impl Pebble {
    /// Starts one, with no certificates.
    pub async fn start() -> Self {
        let (folder, port, management) = (PkiDir::new(), free_port(), free_port());
        let (authority, certificate, key) = certificate_for("localhost");
        folder.write("authority.pem", authority);
        let configuration = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.write("certificate.pem", certificate),
            "privateKey": folder.write("key.pem", key),
            "httpPort": free_port(),
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": true,
            "externalAccountMACKeys": { "kid-1": KEY },
        } });
        let file = folder.write("pebble.json", configuration.to_string()).display().to_string();
        // Its own random refusals of nonces are left out: some clients do not try again.
        let variables = ["PEBBLE_VA_ALWAYS_VALID=1", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0"];
        let mut arguments = variables.to_vec();
        arguments.extend(["pebble", "-config", &file]);
        let process = ChildGuard::start(&find("env").unwrap(), &arguments, &folder.path("pebble.log"));
        eventually("Pebble to listen", PATIENCE, async || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(|_| ())
        })
        .await;
        Self { _process: process, folder, port, management }
    }

    /// With its only credential, which takes any number of accounts.
    pub fn access(&self) -> Access {
        let credential =
            Credential { key_id: "kid-1".to_owned(), hmac_key: KEY.to_owned(), ..Credential::default() };
        Access {
            directory: format!("https://localhost:{}/dir", self.port),
            authority: self.folder.path("authority.pem"),
            credential,
        }
    }

    /// The serial numbers of all certificates so far.
    pub fn serials(&self) -> BTreeSet<String> {
        let log = self.folder.read("pebble.log");
        let issued = log.split("Issued certificate serial ").skip(1);
        issued.filter_map(|rest| Some(rest.split_once(' ')?.0.to_owned())).collect()
    }

    /// What it has done since it had these certificates.
    pub fn done_since(&self, before: &BTreeSet<String>) -> Done {
        let new: Vec<String> = self.serials().difference(before).cloned().collect();
        let revoked = new.iter().filter(|serial| self.is_revoked(serial)).count();
        Done { issued: new.len(), revoked }
    }

    fn is_revoked(&self, serial: &str) -> bool {
        let url = format!("https://localhost:{}/cert-status-by-serial/{serial}", self.management);
        let authority = self.folder.path("authority.pem");
        let mut curl = Command::new(find("curl").unwrap());
        let answer =
            curl.args(["-sS", "--noproxy", "*", "--cacert"]).arg(authority).arg(&url).output().unwrap();
        let said: Value = serde_json::from_slice(&answer.stdout).unwrap();
        said["Status"] == "Revoked"
    }
}

/// A key of Pebble's own documentation.
const KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
