//! README.txt of the zip, and docs/trust.md: their commands are typed as they stand, and do what the text says. Those that
//! install the certificate are in [`crate::installed`].

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use pki::certificate::{Certificate, Publication};
use pki::crl::{CrlBuilder, CrlTemplate, RevocationReason, RevokedCertificate, issue_crl};
use pki::csr::Csr;
use pki::signer::Signer as _;
use pki::testing::{CaMaker, CsrMaker, TestKey, root};
use time::{Duration, OffsetDateTime};
use workflow::mail::bundle::certificate_zip;
use workflow::mail::trust;
use workflow::policy::Policy;

use crate::authorities::Authority;
use crate::certificates::issue_granted;
use crate::panel::{java, openssl_is_there, skip, text, version_of};
use crate::servers::{free_port, room, start_nginx};

const PAGE: &str = include_str!("../../../docs/trust.md");
const POLICY: &str = include_str!("../../../infra/policy.toml");
pub(crate) const HOST: &str = "www.example.com";

/// Serves the file at every path of `http://127.0.0.1:PORT`; returns the port.
fn serve(file: PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut head = Vec::new();
            let mut some = [0; 1024];
            while !head.ends_with(b"\r\n\r\n") {
                let count = connection.read(&mut some).unwrap();
                head.extend_from_slice(&some[..count]);
            }
            let body = fs::read(&file).unwrap();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            connection.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    });
    port
}

/// A certificate in a folder with the files of its zip and `key.pem`, and the list that its address serves.
pub(crate) struct Issued {
    pub(crate) folder: PathBuf,
    authority: Authority,
    certificate: Certificate,
    list: PathBuf,
    readme: String,
}

/// Signs a list of an authority.
fn list_of(authority: &Authority, revoked: &[RevokedCertificate]) -> Vec<u8> {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() - Duration::HOUR;
    let mut builder = CrlBuilder::new(CrlTemplate {
        issuer: &authority.issuer,
        algorithm: authority.key.algorithm(),
        number: 7,
        this_update: now,
        next_update: now + Duration::days(7),
        shard: None,
    });
    revoked.iter().for_each(|entry| builder.push(entry).unwrap());
    let signed = issue_crl(&authority.key, builder.finish().unwrap());
    let crl = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(signed).unwrap();
    crl.der().to_vec()
}

impl Issued {
    fn new(ca: &pki::testing::TestCa, folder: PathBuf) -> Issued {
        let authority = Authority::new("CA", ca, folder.join("ca"));
        let list = folder.join("served.crl");
        let address = format!("http://127.0.0.1:{}/crl/0a0b.crl", serve(list.clone()));
        let request = CsrMaker::new(TestKey::EcP256).names(&[HOST]);
        let csr = Csr::read(&request.pem()).unwrap();
        let policy = Policy::parse(POLICY).unwrap();
        let grant = policy.evaluate(&csr, policy.profile(Some("server")).unwrap(), None).grant.unwrap();
        let publication = Publication { crl: vec![address], ..Publication::default() };
        let validity =
            pki::certificate::Validity::choose(OffsetDateTime::now_utc(), 90, &authority.issuer).unwrap();
        let certificate = issue_granted(&authority, &csr, &grant, &publication, &validity).unwrap();
        let zip = certificate_zip(&certificate.pem(), &authority.issuer, &[HOST.to_owned()], None).unwrap();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        zip.extract(&folder).unwrap();
        fs::write(folder.join("key.pem"), request.key().pem()).unwrap();
        let readme = fs::read_to_string(folder.join("README.txt")).unwrap();
        let issued = Issued { folder, authority, certificate, list, readme };
        issued.publish(&[]);
        issued
    }

    fn publish(&self, revoked: &[RevocationReason]) {
        let revoked_at = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() - Duration::HOUR;
        let serial = self.certificate.serial();
        let entry = |reason| RevokedCertificate { serial: serial.clone(), revoked_at, reason };
        let entries: Vec<_> = revoked.iter().map(|reason| entry(*reason)).collect();
        fs::write(&self.list, list_of(&self.authority, &entries)).unwrap();
    }

    /// The commands from the line that begins with `from` to the one that begins with `to`.
    pub(crate) fn commands(&self, from: &str, to: &str) -> String {
        let lines = self
            .readme
            .lines()
            .map(|line| line.get(16..).filter(|_| !line.starts_with("    ")).unwrap_or(line));
        let lines: Vec<&str> = lines.map(str::trim_start).collect();
        let place = |word: &str| lines.iter().position(|line| line.starts_with(word));
        let (first, last) = (place(from), place(to));
        let (Some(first), Some(last)) = (first, last) else {
            panic!("README.txt lacks {from} or {to}:\n{}", self.readme)
        };
        lines[first..=last].join("\n") + "\n"
    }

    /// Types commands in the folder; returns whether they succeeded, and what they printed.
    pub(crate) fn typed(&self, commands: &str) -> (bool, String) {
        let mut shell = Command::new("sh");
        let output = shell.args(["-ec", commands]).current_dir(&self.folder).output().unwrap();
        (output.status.success(), text(&output))
    }

    /// True if the CA is below a root whose list has an address.
    pub(crate) fn has_root_list(&self) -> bool {
        self.folder.ends_with("issuing")
    }

    /// Types the commands of Debian, with folders of this one in place of those of the system.
    fn install_root(&self, debian: &str) {
        let debian = debian.replace("/usr/local/share/ca-certificates", "local").replace(
            "update-ca-certificates",
            "update-ca-certificates --localcertsdir $PWD/local --etccertsdir $PWD/etc --hooksdir $PWD/hooks",
        );
        self.succeeds(&format!("mkdir local etc hooks\nPATH=$PATH:/usr/sbin\n{debian}"));
    }

    pub(crate) fn succeeds(&self, commands: &str) -> String {
        let (succeeded, said) = self.typed(commands);
        assert!(succeeded, "{commands}\n{said}");
        said
    }
}

/// A certificate of a root, of an issuing CA that names the list of its root, and of one that does not.
pub(crate) fn made(folder: &Path) -> [Issued; 3] {
    let (upper, lower) =
        (CaMaker::new(TestKey::EcP384).named("Root"), CaMaker::new(TestKey::EcP256).named("Issuing CA"));
    let above = Authority::new("Root", &upper.clone().self_signed(), folder.join("above"));
    let list = folder.join("root.crl");
    fs::write(&list, list_of(&above, &[])).unwrap();
    let address = format!("http://127.0.0.1:{}/crl/0c0d.crl", serve(list));
    let points = Publication { crl: vec![address], ..Publication::default() }.extensions().unwrap();
    let named = lower.clone().extension("2.5.29.31", false, points[0].extn_value.as_bytes());
    let all = [("root", root()), ("issuing", upper.clone().issuing(named)), ("alone", upper.issuing(lower))];
    all.map(|(name, ca)| Issued::new(&ca, folder.join(name)))
}

#[test]
fn the_commands_of_the_readme_tell_whether_a_certificate_is_revoked() {
    if let Err(missing) = openssl_is_there() {
        return skip("README.txt", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    for issued in made(folder.path()) {
        let commands = issued.commands("curl -sS -o", "openssl verify -crl_check");
        assert!(issued.succeeds(&commands).contains("certificate.pem: OK"));
        issued.publish(&[RevocationReason::KeyCompromise]);
        let (succeeded, said) = issued.typed(&commands);
        assert!(!succeeded && said.contains("certificate revoked"), "{said}");
        // curl checks the whole chain, so it needs the list of the root, which may be at no address.
        assert_eq!(issued.readme.contains("--crlfile"), !issued.folder.ends_with("alone"));
        assert_eq!(issued.readme.contains("root.crl"), issued.has_root_list());
        if issued.has_root_list() {
            issued.publish(&[]);
            issued.succeeds(&commands);
            issued.succeeds(&issued.commands("curl -sS -o root.crl", "openssl crl -inform DER -in root.crl"));
            let whole = "openssl verify -crl_check_all -CAfile ca.pem -CRLfile list.pem certificate.pem";
            assert!(issued.succeeds(whole).contains("certificate.pem: OK"));
        }
    }
}

#[test]
fn the_blocks_of_the_page_about_trust_work() {
    if let Err(missing) = openssl_is_there() {
        return skip("docs/trust.md", &missing, false);
    }
    let blocks: Vec<&str> =
        PAGE.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [root, check, whole_chain, refresh] = blocks[..] else { panic!("{} blocks", blocks.len()) };
    let folder = tempfile::tempdir().unwrap();
    for issued in made(folder.path()) {
        assert!(issued.succeeds(root).contains("sha256 Fingerprint="));
        let said = issued.succeeds(check);
        assert!(said.contains("certificate.pem: OK") && said.contains("nextUpdate="), "{said}");
        if issued.has_root_list() {
            assert!(issued.succeeds(whole_chain).contains("certificate.pem: OK"));
        }
        issued.publish(&[RevocationReason::Superseded]);
        let (succeeded, said) = issued.typed(check);
        assert!(!succeeded && said.contains("certificate revoked"), "{said}");

        let before = fs::read(issued.folder.join("list.pem")).unwrap();
        issued.publish(&[]);
        let list = "\"$(openssl x509 -in certificate.pem -noout -ext crlDistributionPoints | sed -n 's/.*URI://p')\"";
        let refresh = refresh.replace("http://ADDRESS/crl/KEY-IDENTIFIER.crl", list);
        issued.succeeds(&refresh);
        let after = fs::read(issued.folder.join("list.pem")).unwrap();
        assert_ne!(after, before);
        // Of a list that the CA did not sign nothing is taken.
        let mut forged = fs::read(&issued.list).unwrap();
        let last = forged.len() - 1;
        forged[last] ^= 1;
        fs::write(&issued.list, forged).unwrap();
        assert!(!issued.typed(&refresh).0);
        assert_eq!(fs::read(issued.folder.join("list.pem")).unwrap(), after);
    }
}

#[test]
fn the_commands_of_the_readme_make_programs_trust_the_ca() {
    let needed = [openssl_is_there(), java::version(), version_of("certutil", "-H", "libnss3-tools")];
    if let Some(missing) = needed.into_iter().find_map(Result::err) {
        return skip("README.txt", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    for issued in made(folder.path()) {
        issued.succeeds(&issued.commands("sed -n", "sed -n"));
        let said = issued.succeeds("openssl verify -CAfile root.pem -untrusted ca.pem certificate.pem");
        assert!(said.contains("certificate.pem: OK"), "{said}");
        let root = fs::read_to_string(issued.folder.join("root.pem")).unwrap();
        assert_eq!(pem::parse_many(&root).unwrap().len(), 1);
        // PowerShell is not here; its pattern removes all but the root in other engines, too.
        let pattern = issued.commands("(Get-Content -Raw ca.pem)", "Set-Content root.pem");
        let pattern = pattern.split('\'').nth(1).unwrap();
        let python = "import re, sys; print(re.sub(sys.argv[1], '', open('ca.pem').read()), end='')";
        assert_eq!(issued.succeeds(&format!("python3 -c \"{python}\" '{pattern}'")), root);

        issued.install_root(&issued.commands("cp root.pem /usr", "update-ca-certificates"));
        let said = issued.succeeds(
            "openssl verify -no-CApath -CAfile etc/ca-certificates.crt -untrusted ca.pem certificate.pem",
        );
        assert!(said.contains("certificate.pem: OK"), "{said}");

        let java =
            issued.commands("keytool -importcert", "-alias").replace("-cacerts", "-keystore store.p12");
        issued.succeeds(&java);
        let said = issued.succeeds("keytool -list -keystore store.p12 -storepass changeit");
        assert!(said.contains("private-ca") && said.contains("trustedCertEntry"), "{said}");

        let chrome = issued.commands("certutil -A", "-i root.pem");
        issued.succeeds(&format!(
            "HOME=$PWD/home\nmkdir -p home/.pki/nssdb\ncertutil -N -d sql:$HOME/.pki/nssdb --empty-password\n{chrome}"
        ));
        let said = issued.succeeds("certutil -L -d sql:home/.pki/nssdb");
        assert!(said.lines().any(|line| line.starts_with("private-ca") && line.contains("C,,")), "{said}");
    }
}

/// The command of the page for these systems or programs.
fn command_of(systems: &str) -> &'static str {
    let step = trust::STEPS.iter().find(|step| step.systems == systems).unwrap();
    step.command.unwrap()
}

#[test]
fn the_commands_of_the_portals_page_make_programs_trust_the_ca() {
    let needed = [
        openssl_is_there(),
        version_of("nginx", "-v", "nginx"),
        version_of("curl", "-V", "curl"),
        version_of("node", "--version", "nodejs"),
    ];
    if let Some(missing) = needed.into_iter().find_map(Result::err) {
        return skip("the page /trust", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    for issued in made(folder.path()) {
        issued.succeeds(trust::MAKE_ROOT);
        let said = issued.succeeds(trust::FINGERPRINT);
        assert!(said.contains("sha256 Fingerprint="), "{said}");
        issued.install_root(command_of("Debian, Ubuntu"));

        let (room, port, files) = (room(&issued.folder, "nginx"), free_port(), issued.folder.display());
        let server = format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {files}/fullchain.pem; \
             ssl_certificate_key {files}/key.pem; return 204; }}\n"
        );
        let _server = start_nginx(&room, &server, port);
        let python = command_of("Python, curl").replace("/etc/ssl/certs", &format!("{files}/etc"));
        assert_ne!(python, command_of("Python, curl"));
        for (before, program) in [
            (python.as_str(), format!("curl -sS --resolve {HOST}:{port}:127.0.0.1 https://{HOST}:{port}/")),
            (
                python.as_str(),
                format!(
                    "python3 -c 'import socket, ssl; ssl.create_default_context().wrap_socket(socket.create_connection(\
                     (\"127.0.0.1\", {port})), server_hostname=\"{HOST}\")'"
                ),
            ),
            (
                command_of("Node.js"),
                format!(
                    "node -e 'const socket = require(\"tls\").connect({{ host: \"127.0.0.1\", port: {port}, servername: \
                     \"{HOST}\" }}, () => socket.end())'"
                ),
            ),
        ] {
            issued.succeeds(&format!("{before}\n{program}"));
            let (succeeded, said) = issued.typed(&program);
            assert!(!succeeded, "{program} trusts it without the command: {said}");
        }
    }
}
