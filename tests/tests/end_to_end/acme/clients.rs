//! Real clients: the commands of docs/acme.md, typed as they stand against a local stack and against Pebble.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::time::Instant;

use end_to_end::acme_servers::{Access, Done, Pebble, SecureStack};
use end_to_end::{PkiDir, free_port, needed, python_with, repository, unique_host};

use super::instant_acme_client;
use crate::documented::{Terminal, lines};

const PAGE: &str = "docs/acme.md";
const DIRECTORY: &str = "https://ca.example.com/acme/directory";
/// The versions of the certbot that is not Debian's.
const CERTBOT: &str = include_str!("certbot.txt");
/// The version of the client of the npm registry.
const NPM: &str = "acme-client@5.4.0";

/// A client.
struct Client {
    name: &'static str,
    from: &'static str,
    /// Its program and Debian's package.
    program: (&'static str, &'static str),
    /// Files, each with the beginning of its block of text in the page.
    files: &'static [(&'static str, &'static str)],
    /// Typed before the block of the page.
    before: &'static str,
    /// The page with the block of shell.
    page: &'static str,
    /// The beginning of the block; empty if there is none.
    block: &'static str,
    /// Words of block and files, and those that are typed in their place.
    with: &'static [(&'static str, &'static str)],
    /// Typed after the block.
    after: &'static str,
    renews: bool,
    revokes: bool,
}

const CERTBOT_BEFORE: &str = "mkdir -p .config/letsencrypt
printf '%s\\n' config-dir=$PWD/le work-dir=$PWD/le-work logs-dir=$PWD/le-logs http-01-port={port} > .config/letsencrypt/cli.ini";

const CLIENTS: &[Client] = &[
    Client {
        name: "certbot",
        from: "PyPI, 5.8.0",
        program: ("python3", "python3"),
        files: &[],
        before: "export PATH={certbot}:$PATH\nmkdir -p .config/letsencrypt
printf '%s\\n' config-dir=$PWD/le work-dir=$PWD/le-work logs-dir=$PWD/le-logs http-01-port={port} > .config/letsencrypt/cli.ini",
        page: PAGE,
        block: "certbot certonly",
        with: &[],
        after: "",
        renews: true,
        revokes: true,
    },
    Client {
        name: "certbot",
        from: "Debian, 2.1.0",
        program: ("certbot", "certbot"),
        files: &[],
        before: CERTBOT_BEFORE,
        page: PAGE,
        block: "certbot certonly",
        with: &[],
        after: "",
        renews: true,
        revokes: true,
    },
    Client {
        name: "lego",
        from: "Debian, 4.9.1",
        program: ("lego", "lego"),
        files: &[],
        before: "",
        page: PAGE,
        block: "lego ",
        with: &[("--http ", "--http --http.port :{port} ")],
        after: "",
        renews: true,
        revokes: true,
    },
    Client {
        name: "dehydrated",
        from: "Debian, 0.7.0",
        program: ("dehydrated", "dehydrated"),
        files: &[("config", "CA=")],
        before: "",
        page: PAGE,
        block: "dehydrated ",
        with: &[],
        after: "",
        renews: true,
        revokes: true,
    },
    Client {
        name: "uacme",
        from: "Debian, 1.7.4",
        program: ("uacme", "uacme"),
        files: &[],
        before: "",
        page: PAGE,
        block: "uacme ",
        // It trusts the system's authorities and no others, so the test gives it a system of its own.
        with: &[("uacme --confdir", "with_authority uacme --confdir")],
        after: "",
        renews: true,
        revokes: true,
    },
    Client {
        name: "acme-tiny",
        from: "Debian, 5.0.1",
        program: ("acme-tiny", "acme-tiny"),
        files: &[("config", "CA=")],
        before: "dehydrated --config config --register --accept-terms
cp accounts/*/account_key.pem account.pem
openssl req -new -newkey rsa:2048 -nodes -keyout www.key -out www.csr -subj / -addext subjectAltName=DNS:www.example.com",
        page: PAGE,
        block: "acme-tiny ",
        with: &[],
        // It has no other command.
        after: "again",
        renews: true,
        revokes: false,
    },
    Client {
        name: "acmetool",
        from: "Debian, 0.2.2",
        program: ("acmetool", "acmetool"),
        files: &[("config", "CA=")],
        before: "dehydrated --config config --register --accept-terms\ncp accounts/*/account_key.pem account.pem",
        page: PAGE,
        block: "acmetool ",
        with: &[(r"directory\n'", r"directory\n  challenge:\n    http-self-test: false\n'")],
        after: "openssl x509 -in state/live/www.example.com/cert -noout -subject",
        renews: false,
        revokes: false,
    },
    Client {
        name: "Caddy",
        from: "Debian, 2.6.2",
        program: ("caddy", "caddy"),
        files: &[("Caddyfile", "{\n    email")],
        before: "export XDG_DATA_HOME=$PWD XDG_CONFIG_HOME=$PWD
said() { timeout 60 bash -c \"until grep -q '$1' caddy.log; do sleep 0.1; done\" || { cat caddy.log; exit 1; }; }
caddy run --config Caddyfile > caddy.log 2>&1 &
server=$!; said 'certificate obtained successfully' && kill $server && wait $server
caddy adapt --config Caddyfile 2> /dev/null | jq '.apps.tls.automation.policies[].renewal_window_ratio = 1' > due.json
caddy run --config due.json > caddy.log 2>&1 &
server=$!; said 'certificate renewed successfully' && kill $server && wait $server",
        page: PAGE,
        block: "",
        with: &[(
            "{\n    email",
            "{\n    admin off\n    http_port {port}\n    https_port {other}\n    acme_ca_root {authority}\n    email",
        )],
        after: "",
        renews: true,
        revokes: false,
    },
    Client {
        name: "Apache's mod_md",
        from: "Debian, 2.6.10",
        program: ("apache2", "apache2-bin"),
        files: &[("managed.conf", "MDCertificateAuthority")],
        before: "modules=/usr/lib/apache2/modules
cat > httpd.conf << END
ServerRoot $PWD
PidFile $PWD/pid
ErrorLog $PWD/error.log
LogLevel warn md:info
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule ssl_module $modules/mod_ssl.so
LoadModule md_module $modules/mod_md.so
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{other}
ServerName localhost
MDPortMap http:{port} https:{other}
MDCACertificateFile {authority}
Include $PWD/managed.conf
<VirtualHost *:{other}>
ServerName www.example.com
SSLEngine on
</VirtualHost>
END
serve() {
    : > error.log
    apache2 -f $PWD/httpd.conf -DFOREGROUND &
    local server=$!
    timeout 60 bash -c 'until grep -q AH10059 error.log; do sleep 0.1; done' || { cat error.log; exit 1; }
    kill $server && wait $server
}
serve
sed -i 's/^MDomain .*/& api-www.example.com/' managed.conf
serve",
        page: PAGE,
        block: "",
        with: &[],
        after: "",
        // Another certificate, since a name was added: it renews by its clock only.
        renews: true,
        revokes: false,
    },
    Client {
        name: "acme-client",
        from: "npm, 5.4.0",
        program: ("npm", "npm"),
        files: &[],
        before: "cp $REPOSITORY/tests/tests/end_to_end/acme/client.mjs .
ln -s {npm} node_modules
node client.mjs https://ca.example.com/acme/directory \"$KEY_ID\" \"$HMAC_KEY\" www.example.com",
        page: PAGE,
        block: "",
        with: &[],
        after: "",
        renews: true,
        revokes: true,
    },
];

/// The client of the README.
const README: Client = Client {
    name: "lego of the README",
    from: "Debian, 4.9.1",
    program: ("lego", "lego"),
    files: &[],
    before: "",
    page: "README.md",
    block: "lego ",
    with: &[("--http ", "--http --http.port :{port} ")],
    after: "",
    renews: true,
    revokes: false,
};

/// A block of text in the page.
fn text_block(begins: &str) -> String {
    let page = fs::read_to_string(repository().join(PAGE)).unwrap();
    let blocks = page.split("```text\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let mut found = blocks.filter(|block| block.starts_with(begins));
    let block = found.next().unwrap_or_else(|| panic!("{PAGE} has a block that begins with {begins}"));
    assert!(found.next().is_none(), "{PAGE} has one block that begins with {begins}");
    block.to_owned()
}

impl Client {
    /// Runs it against a server, for a host.
    async fn run(&self, access: &Access, host: &str, folders: &Folders) -> String {
        let dir = PkiDir::new();
        let ports = [free_port(), free_port()];
        let filled = |text: &str| {
            let text =
                text.replace("{port}", &ports[0].to_string()).replace("{other}", &ports[1].to_string());
            let text = text.replace("{authority}", &access.authority.display().to_string());
            let text = text.replace("{certbot}", &folders.certbot).replace("{npm}", &folders.npm);
            text.replace(DIRECTORY, &access.directory).replace("www.example.com", host)
        };
        let replaced = |mut text: String| {
            for (from, to) in self.with {
                text = text.replace(from, to);
            }
            filled(&text)
        };
        for (file, begins) in self.files {
            let text = text_block(begins).replace("$KEY_ID", &access.credential.key_id);
            dir.write(file, replaced(text.replace("$HMAC_KEY", &access.credential.hmac_key)));
        }
        let authority = access.authority.display();
        let prelude = format!(
            "export HOME=$PWD DIRECTORY='{}' KEY_ID='{}' HMAC_KEY='{}' NO_PROXY=localhost
export REQUESTS_CA_BUNDLE={authority} LEGO_CA_CERTIFICATES={authority} CURL_CA_BUNDLE={authority}
export SSL_CERT_FILE={authority} NODE_EXTRA_CA_CERTS={authority}
with_authority() {{
    unshare --mount bash -c 'mount --bind {authority} /etc/ssl/certs/ca-certificates.crt && exec \"$@\"' - \"$@\"
}}\n",
            access.directory, access.credential.key_id, access.credential.hmac_key,
        );
        let block = match self.block {
            "" => String::new(),
            begins => replaced(lines(self.page, begins)),
        };
        let after = if self.after == "again" { block.clone() } else { filled(self.after) };
        let typed = format!("{prelude}{}\n{block}\n{after}\n", filled(self.before));
        Terminal::without_a_stack(dir).types(&typed).await
    }
}

/// What is installed once for all clients.
struct Folders {
    /// The programs of the Python environment with certbot.
    certbot: String,
    /// `node_modules`.
    npm: String,
}

impl Folders {
    /// None, with a message, if a program is missing.
    fn installed() -> Option<Self> {
        let python = python_with("certbot", CERTBOT)?;
        let [npm] = needed([("npm", "npm")])?;
        let folder = repository().join("target").join(NPM);
        if !folder.join("node_modules/acme-client/package.json").is_file() {
            fs::create_dir_all(&folder).unwrap();
            let arguments =
                ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
            let install = std::process::Command::new(npm)
                .args(arguments)
                .arg("--prefix")
                .arg(&folder)
                .arg(NPM)
                .output()
                .unwrap();
            assert!(install.status.success(), "{}", String::from_utf8_lossy(&install.stderr));
        }
        let text = |path: &std::path::Path| path.display().to_string();
        Some(Self { certbot: text(python.parent().unwrap()), npm: text(&folder.join("node_modules")) })
    }
}

/// The result of one client at one server, as the page has it.
fn words(done: Done) -> String {
    let mut words = vec!["issued"];
    words.extend((done.issued > 1).then_some("renewed"));
    words.extend((done.revoked > 0).then_some("revoked"));
    words.join(", ")
}

#[tokio::test]
async fn the_documented_commands_of_each_client_issue_renew_and_revoke() {
    let programs = CLIENTS.iter().map(|client| client.program);
    let missing = programs.filter(|program| needed([*program]).is_none()).count();
    let others = needed([("pebble", "pebble"), ("curl", "curl"), ("jq", "jq"), ("unshare", "util-linux")]);
    let (0, Some(_), Some(folders)) = (missing, others, Folders::installed()) else { return };
    let (ours, pebble) = (SecureStack::start("acme", 60, &[]).await, Pebble::start().await);
    let mut table = String::from("| client | from | here | Pebble |\n| --- | --- | --- | --- |\n");
    let mut said = String::new();
    for client in CLIENTS {
        let (host, begun) = (unique_host(), Instant::now());
        client.run(&ours.access().await, &host, &folders).await;
        let here_took = begun.elapsed();
        let wanted = Done { issued: 1 + usize::from(client.renews), revoked: usize::from(client.revokes) };
        ours.until(&host, wanted).await;
        let (before, begun) = (pebble.serials(), Instant::now());
        client.run(&pebble.access(), &host, &folders).await;
        let there = pebble.done_since(&before);
        writeln!(table, "| {} | {} | {} | {} |", client.name, client.from, words(wanted), words(there))
            .unwrap();
        let times = (here_took.as_secs_f64(), begun.elapsed().as_secs_f64());
        writeln!(said, "{:>5.1} s here, {:>5.1} s at Pebble: {}", times.0, times.1, client.name).unwrap();
    }
    let host = unique_host();
    README.run(&ours.access().await, &host, &folders).await;
    ours.until(&host, Done { issued: 2, revoked: 0 }).await;
    let host = unique_host();
    instant_acme_client::run(&ours.access().await, &host, true).await;
    ours.until(&host, Done { issued: 2, revoked: 1 }).await;
    let before = pebble.serials();
    instant_acme_client::run(&pebble.access(), &host, false).await;
    let there = words(pebble.done_since(&before));
    writeln!(table, "| instant-acme | crates.io, 0.8.5 | issued, renewed, revoked | {there} |").unwrap();
    is_refused_nonces(&ours, &folders).await;
    let _ = write!(std::io::stderr(), "{table}{said}");
    ours.stack.end();
    hold(&table);
}

/// The table in the page is this one.
fn hold(table: &str) {
    let file = repository().join(PAGE);
    let page = fs::read_to_string(&file).unwrap();
    let begin = page.find("| client | from |").expect("the table of clients");
    let end = begin + page[begin..].find("\n\n").unwrap() + 1;
    let wanted = format!("{}{table}{}", &page[..begin], &page[end..]);
    if std::env::var_os("COUNTERSIGN_WRITE").is_some() {
        fs::write(file, wanted).unwrap();
    } else {
        assert_eq!(&page[begin..end], table, "the clients of {PAGE}");
    }
}

/// A certbot each of whose requests is refused once, while it orders and renews, goes on.
async fn is_refused_nonces(ours: &SecureStack, folders: &Folders) {
    let host = unique_host();
    ours.front.spoil(10);
    let printed = CLIENTS[0].run(&ours.access().await, &host, folders).await;
    assert_eq!(ours.front.left_to_spoil(), 0, "{printed}");
    ours.until(&host, Done { issued: 2, revoked: 1 }).await;
}
