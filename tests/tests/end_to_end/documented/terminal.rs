//! A shell in which `cargo run --`, `countersign` and `aws` reach a local stack.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use end_to_end::{ChildGuard, Mail, Mailbox, PkiDir, Stack, binary, eventually, find, free_port, repository};

/// A block starts two stacks at most, which may build the workers.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// What `cargo run [-q] -- ARGUMENTS` runs.
const CARGO: &str = r#"#!/bin/bash
[ "$1" = run ] || exit 99
while [ "$1" != -- ]; do shift; done
shift
exec countersign "$@"
"#;

/// Countersign without `--stack` uses the stack in `.local`; here, the one of the test.
const COUNTERSIGN: &str = r#"#!/bin/bash
case " $* " in
*" --dir "* | " policy check "* | " completions "* | " man "*) exec BINARY "$@" ;;
*) exec BINARY "$@" --dir STACK ;;
esac
"#;

pub(crate) struct Terminal {
    dir: PkiDir,
    values: Vec<(&'static str, String)>,
    stack: Option<String>,
    mailbox: Option<Mailbox>,
}

impl Terminal {
    /// A terminal whose commands use this stack, in an empty folder.
    pub(crate) fn new(stack: &Stack, dir: PkiDir) -> Self {
        let python = repository().join(".local/venv/bin/python");
        let aws = format!(
            "#!/bin/bash\nexport AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={} AWS_ENDPOINT_URL={}\n\
             export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_PAGER=\nexec {} -m awscli \"$@\"\n",
            stack.endpoint("region"),
            stack.endpoint("awsEndpoint"),
            python.display()
        );
        let portal = stack.endpoint("portal").to_owned();
        let terminal = Self {
            dir,
            values: vec![("{portal}", portal), ("{port}", free_port().to_string())],
            stack: Some(stack.path().display().to_string()),
            mailbox: Some(stack.mailbox()),
        };
        terminal.program("aws", &aws);
        terminal.programs();
        terminal
    }

    /// A terminal whose commands name their stack themselves.
    pub(crate) fn without_a_stack(dir: PkiDir) -> Self {
        let terminal = Self { dir, values: Vec::new(), stack: None, mailbox: None };
        terminal.programs();
        terminal
    }

    fn programs(&self) {
        self.program("cargo", CARGO);
        let binary = binary().display().to_string();
        let stack = self.stack.as_deref().unwrap_or("/does/not/exist");
        self.program("countersign", &COUNTERSIGN.replace("BINARY", &binary).replace("STACK", stack));
    }

    fn program(&self, name: &str, script: &str) {
        let bin = self.dir.path("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join(name), script).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The lines with values of the stack: `{portal}`, and of a delivered request `{id}` and the `{key}` of its requester's
    /// link.
    pub(crate) fn filled(&self, lines: &str) -> String {
        let mut lines = lines.to_owned();
        for (name, value) in &self.values {
            lines = lines.replace(name, value);
        }
        if lines.contains("{id}") {
            let listed = std::process::Command::new(binary())
                .args([
                    "requests",
                    "list",
                    "--status",
                    "delivered",
                    "--json",
                    "--dir",
                    self.stack.as_deref().unwrap(),
                ])
                .output()
                .unwrap();
            let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
            let id = listed[0]["id"].as_str().unwrap();
            lines = lines.replace("{id}", id);
            if lines.contains("{key}") {
                let mails = self.mailbox.as_ref().unwrap().about(id);
                let begins = format!("/requests/{id}?key=");
                let key = |link: String| Some(link.split_once(&begins)?.1.to_owned());
                let key = mails.iter().flat_map(Mail::links).find_map(key);
                lines = lines.replace("{key}", &key.expect("a link in a mail"));
            }
        }
        lines
    }

    /// Types the lines, each of which must succeed, and returns what they print.
    pub(crate) async fn types(&self, lines: &str) -> String {
        if lines.is_empty() {
            return String::new();
        }
        let bash = find("bash").unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let prelude = format!(
            "set -eo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\nexport PATH='{}:{path}' REPOSITORY='{}'\ncd '{}'\n",
            self.dir.path("bin").display(),
            repository().display(),
            self.dir.path("").display(),
        );
        let log = self.dir.path("terminal.log");
        let mut shell = ChildGuard::start(&bash, &["-c", &format!("{prelude}{lines}")], &log);
        let status = eventually("the shell to end", LIMIT, async || shell.ended()).await;
        let said = fs::read_to_string(&log).unwrap();
        assert!(status.success(), "{status}:\n{lines}\n{said}");
        said
    }
}
