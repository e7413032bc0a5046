//! Every block of shell in the documentation: how it is typed here, or why it is not. `.ci/commands` and the tests of the
//! CLI parse all of them.

/// A block of a page.
pub(super) struct Block {
    pub(super) page: &'static str,
    /// Its first words, or all of it with its last line break.
    pub(super) begins: &'static str,
    pub(super) how: How,
}

#[derive(Clone, Copy)]
pub(super) enum How {
    /// Typed, after `before`, with other words in place of those that a reader replaces.
    Typed {
        before: &'static str,
        with: &'static [(&'static str, &'static str)],
        /// True if what it printed is right. Each line has exit code 0.
        check: fn(&str) -> bool,
    },
    /// Not typed here, with the reason.
    Not(&'static str),
}

const fn typed(
    page: &'static str,
    begins: &'static str,
    before: &'static str,
    check: fn(&str) -> bool,
) -> Block {
    with(page, begins, before, &[], check)
}

const fn with(
    page: &'static str,
    begins: &'static str,
    before: &'static str,
    with: &'static [(&'static str, &'static str)],
    check: fn(&str) -> bool,
) -> Block {
    Block { page, begins, how: How::Typed { before, with, check } }
}

const fn not(page: &'static str, begins: &'static str, why: &'static str) -> Block {
    Block { page, begins, how: How::Not(why) }
}

const README: &str = "README.md";
const ACME: &str = "docs/acme.md";
const API: &str = "docs/api.md";
const START: &str = "docs/getting-started.md";
const ISSUANCE: &str = "docs/issuance.md";
const OPERATIONS: &str = "docs/operations/README.md";
const BACKUP: &str = "docs/operations/backup.md";
const CA: &str = "docs/operations/ca.md";
const COMMAND: &str = "docs/operations/command.md";
const DEPLOY: &str = "docs/operations/deploy.md";
const FIRST_HOUR: &str = "docs/operations/first-hour.md";
const NETWORK: &str = "docs/operations/private-network.md";

const NOTICES: &str = "docs/notices.md";
const PASSKEYS: &str = "docs/passkeys.md";
const POLICY: &str = "docs/policy.md";
const SIGN_IN: &str = "docs/sign-in.md";
const STANDING: &str = "docs/standing-approvals.md";
const TRANSPARENCY: &str = "docs/transparency.md";
const TRUST: &str = "docs/trust.md";

const NO_CONSUMERS: &str =
    "needs IAM Roles Anywhere, or a load balancer or API with mutual TLS, which the emulator lacks";

const CLIENTS: &str = "acme/clients.rs types it, against this server and against Pebble, behind TLS";

const RECEIVERS: &str = "notices/mod.rs runs each of these commands, with receivers of its own";

/// The whole page is for an account of AWS: it is there to be typed where the emulator has nothing to show.
const HOUR: &str = "an hour in a sandbox account of AWS; deployment.rs types the parts that the emulator has";

const ISSUE_AND_MAKE_NEW_CSR: &str =
    "cargo run -q -- local --once www.csr --email you@example.com --out certificate.zip
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout new.key -out new.csr \
    -subj /CN=www.example.com -addext subjectAltName=DNS:www.example.com";
const COPY_POLICY: &str = "cp \"$REPOSITORY/infra/policy.toml\" my-policy.toml";
const MAKE_CSR: &str = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout www.key -out www.csr \
    -subj /CN=www.example.com -addext subjectAltName=DNS:www.example.com";
const COPY_POLICY_MAKE_CSR: &str = "cp \"$REPOSITORY/infra/policy.toml\" my-policy.toml
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout www.key -out www.csr \
    -subj /CN=www.example.com -addext subjectAltName=DNS:www.example.com";
const ISSUE: &str =
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout www.key -out www.csr \
    -subj /CN=www.example.com -addext subjectAltName=DNS:www.example.com
cargo run -q -- local --once www.csr --email you@example.com --out certificate.zip
unzip -o -q certificate.zip";
const MAKE_WEAK_CSR: &str =
    "openssl req -new -newkey rsa:1024 -nodes -keyout weak.key -out weak.csr -subj /CN=www.example.com";
const MAKE_KEYS: &str = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout www.key -out request.csr \
    -subj /CN=www.example.com && cp request.csr www.csr
openssl pkey -in www.key -pubout -out key.pub && openssl x509 -req -in request.csr -key www.key -out certificate.pem";

fn verified(said: &str) -> bool {
    said.contains("certificate.pem: OK")
}

fn accepted(said: &str) -> bool {
    said.contains("\"statusUrl\"")
}

fn in_force(said: &str) -> bool {
    said.contains("is in force")
}

fn any(_: &str) -> bool {
    true
}

/// Three equal digests.
fn digests(said: &str) -> bool {
    let lines: Vec<&str> = said.lines().filter(|line| line.ends_with("  -")).collect();
    lines.len() == 3 && lines.iter().all(|line| *line == lines[0])
}

pub(super) const BLOCKS: &[Block] = &[
    not(
        STANDING,
        "curl -s https://pki",
        "credentials.rs sends the same, with a standing approval that was asked for and approved",
    ),
    not(
        README,
        "cargo run -- local ",
        "every end-to-end test starts a stack so, and this is one of those tests",
    ),
    typed(README, "openssl req -new", "", verified),
    with(
        README,
        "cargo run -q -- requests list",
        "",
        &[("executions 65b8fbb1", "executions {id}")],
        |said| said.contains("you@example.com") && said.contains("SUCCEEDED") && said.contains("Deliver"),
    ),
    with(
        README,
        "openssl s_server",
        "",
        // A shell of its own types each block; the port may be taken here.
        &[("8443", "{port}")],
        |said| {
            said.lines().any(|line| line == "200")
                && said.contains("and on the list since")
                && said.contains("certificate revoked")
        },
    ),
    with(
        README,
        "cargo run -q -- local --once weak.csr",
        MAKE_WEAK_CSR,
        &[("certificate.zip\n", "certificate.zip && exit 1 || [ $? = 1 ]\n")],
        |said| {
            said.contains(
                "weak_key: The RSA key has 1024 bits; at least 2048 are needed. Make one with: openssl",
            )
        },
    ),
    not(
        README,
        "countersign doctor",
        "needs an account with an identity of SES; deployment.rs runs both on the emulator",
    ),
    with(
        API,
        "curl -s https://pki.example.com/requests -H 'Content-Type: application/json' -H 'Idempotency-Key",
        MAKE_CSR,
        &[("https://pki.example.com/", "{portal}")],
        accepted,
    ),
    with(
        API,
        "curl -s https://pki.example.com/requests -H 'Content-Type: application/json' -d",
        ISSUE_AND_MAKE_NEW_CSR,
        &[("https://pki.example.com/", "{portal}"), ("$ID", "{id}"), ("$KEY", "{key}")],
        accepted,
    ),
    not(START, "cargo run -- local\n", "every end-to-end test starts a stack so"),
    typed(START, "openssl req -new", "", any),
    typed(START, "cargo run -- local --once", "", |said| said.contains("saved certificate.zip")),
    typed(START, "unzip -o", "", verified),
    with(START, "cargo run -q -- requests list", "", &[(" ID\n", " {id}\n")], |said| {
        said.contains("every audit trail is complete and unaltered") && said.contains("approver@example.com")
    }),
    with(
        START,
        "cp infra/policy.toml",
        "",
        // There is no terminal to ask on.
        &[("infra/policy.toml", "\"$REPOSITORY/infra/policy.toml\""), ("policy set", "policy set --yes")],
        in_force,
    ),
    not(START, "cargo test", "the tests are what runs this"),
    not(ISSUANCE, "cargo test", "the tests of the package workflow are these"),
    typed(ISSUANCE, "openssl pkey -pubin", MAKE_KEYS, digests),
    with(ISSUANCE, "openssl genrsa", "rm certificate.pem", &[], |said| {
        said.contains("CN=Example Root,DC=example,DC=com is in force until") && verified(said)
    }),
    not(COMMAND, "cargo install", "builds the command once more, with optimisations: minutes"),
    with(COMMAND, "mkdir -p ~/.local", "", &[("~", "home")], |said| said.contains("countersign.1")),
    typed(COMMAND, "countersign certificates expiring", "", any),
    not(COMMAND, "countersign certificate request", "command.rs types it, and the link of the mail"),
    with(OPERATIONS, "aws logs", "", &[("REQUEST-ID", "{id}")], |said| said.contains("\"message\"")),
    with(BACKUP, "countersign export countersign-", "", &[(" --stack NAME", "")], |said| {
        said.contains("SHA-256 ")
    }),
    with(BACKUP, "jq -r", "", &[("FILE", "countersign-*.jsonl")], |said| {
        said.contains("\tdelivered\tyou@example.com")
    }),
    not(BACKUP, "aws s3 sync s3://BUCKET/log/", "log.rs reads the files of the log; this copies them"),
    not(
        BACKUP,
        "aws cloudformation describe-stacks",
        "the tables are younger than the moment; backup.rs restores to the latest one",
    ),
    not(BACKUP, "cargo run -- local --dir", "the_drill_works_as_it_stands types it, with stacks of its own"),
    not(FIRST_HOUR, "export AWS_REGION=eu-central-1 STACK=hou", HOUR),
    not(FIRST_HOUR, "countersign deploy --stack $STACK --mail", HOUR),
    not(FIRST_HOUR, "countersign doctor --stack $STACK; echo ", HOUR),
    not(FIRST_HOUR, "for alarm in ExecutionsFailedAlarm DeadL", HOUR),
    not(FIRST_HOUR, "for call in $(seq 60)", HOUR),
    not(FIRST_HOUR, "# From here on nobody has to confirm", HOUR),
    not(FIRST_HOUR, "deny() { aws iam put-role-policy --role-", HOUR),
    not(FIRST_HOUR, "aws s3 mv s3://$BUCKET/ca-certificate/cu", HOUR),
    not(FIRST_HOUR, "countersign plan --stack $STACK --parame", HOUR),
    not(FIRST_HOUR, "sed \"s|@NGINX_CONF@|$(base64 -w0 infra/p", HOUR),
    not(FIRST_HOUR, "submit nine.hour.internal $ME", HOUR),
    not(FIRST_HOUR, "for table in $(grep -oE '^hour-[A-Za-z]*", HOUR),
    not(FIRST_HOUR, "aws ce get-cost-and-usage --time-period ", HOUR),
    not(
        "docs/operations/alarms.md",
        "aws cloudwatch put-metric-alarm",
        "the emulator has no metrics of API Gateway; .ci/commands holds the arguments",
    ),
    not(CA, "countersign ca init", "the local stack always has a CA; make/tests.rs has the shapes"),
    not(CA, "countersign ca import", "the block in issuance.md makes these files and imports them"),
    typed(CA, "openssl verify", ISSUE, |said| {
        said.matches("certificate.pem: OK").count() == 2
            && said.contains("crlNumber=")
            && said.contains("nextUpdate=")
    }),
    typed(CA, "openssl ocsp", ISSUE, |said| said.contains("certificate.pem: good")),
    with(CA, "countersign ca show", "", &[(" --stack NAME", "")], |said| said.contains("Example Root")),
    with(CA, "countersign ca rotate", "", &[(" --stack NAME", "")], |said| said.contains("To go back:")),
    with(
        CA,
        "aws secretsmanager list-secret-version-ids",
        "version() { aws secretsmanager list-secret-version-ids --secret-id countersign/countersign/ca-key \
         --query \"Versions[?contains(VersionStages, '$1')].VersionId\" --output text; }; declare -f version > functions",
        &[
            (
                "aws secretsmanager list-secret-version-ids",
                ". ./functions; aws secretsmanager list-secret-version-ids",
            ),
            ("countersign/NAME/ca-key", "countersign/countersign/ca-key"),
            ("<the version AWSPREVIOUS>", "\"$(version AWSPREVIOUS)\""),
            ("<the version AWSCURRENT>", "\"$(version AWSCURRENT)\""),
            // The other half is for a key in KMS, of which ca.rs has a stack.
            ("aws kms update-alias", ": aws kms update-alias"),
            ("$(aws kms describe-key", "$(: aws kms describe-key"),
            (" --stack NAME", ""),
        ],
        |said| said.contains("Example Root"),
    ),
    with(
        DEPLOY,
        "cp infra/policy.toml",
        "",
        &[("infra/policy.toml", "\"$REPOSITORY/infra/policy.toml\"")],
        |said| said.contains("server"),
    ),
    not(
        DEPLOY,
        "countersign doctor",
        "needs an account with an identity of SES; deployment.rs runs these on the emulator",
    ),
    not(
        DEPLOY,
        "aws sts get-caller-identity",
        "needs cargo-lambda and an account; `countersign deploy` makes the same calls",
    ),
    with(
        DEPLOY,
        "countersign policy check my-policy.toml\ncountersign policy set",
        "",
        &[(" --stack countersign", " --yes")],
        in_force,
    ),
    not(
        DEPLOY,
        "aws scheduler get-schedule",
        "deployment.rs removes its stack with destroy; .ci/commands runs the jq and checks the calls",
    ),
    not(DEPLOY, "# Each table", "deployment.rs types it for what its stack leaves"),
    not(
        DEPLOY,
        "for alias in",
        "the stack of deployment.rs has its key in Secrets Manager; .ci/commands checks the calls",
    ),
    not(
        NETWORK,
        "# 1. The network",
        "needs a VPC with endpoints and an instance; network.rs and nginx.rs test the parts",
    ),
    not(NETWORK, "for service in", "the emulator knows no zones of endpoints"),
    not(NETWORK, "# An IAM user", "needs an SMTP user of SES; smtp/ tests credentials in a parameter"),
    not(
        NETWORK,
        "aws ssm put-parameter --type String",
        "needs a relay; smtp/ tests an authority in a parameter",
    ),
    with(
        POLICY,
        "countersign policy check my-policy.toml\ncountersign policy set my-policy.toml --stack NAME\n",
        COPY_POLICY,
        &[(" --stack NAME", " --yes")],
        in_force,
    ),
    with(
        POLICY,
        "countersign policy deny-keys blocklist.dat our-keys.txt",
        "head -c 32 /dev/zero > blocklist.dat; sha256sum blocklist.dat > our-keys.txt",
        &[(" --stack NAME", "")],
        |said| said.contains("denied_key_list = "),
    ),
    typed(POLICY, "countersign policy check my-policy.toml --explain", COPY_POLICY_MAKE_CSR, |said| {
        said.contains("names.dns.allow: example.com") && said.contains("Verdict: granted")
    }),
    not(
        "docs/issuance.md",
        "COUNTERSIGN_SEED=7 cargo test",
        "is a test by itself, which runs with the others",
    ),
    typed(TRUST, "sed -n", ISSUE, |said| said.contains("sha256 Fingerprint=")),
    typed(TRUST, "list=$(openssl", "", |said| verified(said) && said.contains("nextUpdate=")),
    with(
        TRUST,
        "curl -sSf -o new.crl",
        "",
        &[(
            "http://ADDRESS/crl/KEY-IDENTIFIER.crl",
            "\"$(openssl x509 -in certificate.pem -noout -ext crlDistributionPoints | sed -n 's/.*URI://p')\"",
        )],
        |said| said.contains("verify OK"),
    ),
    not(TRUST, "root_list=$(openssl", "interop/readme.rs types it; the CA of this stack is a root"),
    not(CA, "countersign ca revoke", "ca.rs revokes an issuing CA; this stack has a root alone"),
    not(PASSKEYS, "countersign people list", "passkeys.rs runs both, with the passkey of a browser"),
    not(
        "docs/console.md",
        "countersign people invite",
        "console.rs runs it, and opens the link in a browser",
    ),
    not(SIGN_IN, "countersign doctor --stack NAME", "needs a provider; sign_ins.rs runs with two"),
    not(SIGN_IN, "aws ssm put-parameter", "sign_ins.rs stores the client secret of its own provider"),
    with(
        TRANSPARENCY,
        "countersign receipt verify",
        ISSUE,
        &[(
            "'ca.example.com/log/5f3a9c01+9cc3fda6+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'",
            "\"$(countersign log show | sed -n 's/^Key  *//p')\"",
        )],
        |said| said.contains("the certificate is the one of the receipt"),
    ),
    with(TRANSPARENCY, "countersign log audit", "", &[(" --stack NAME", "")], |said| {
        said.contains("and continues the earlier one")
    }),
    not(NOTICES, "countersign deploy --parameter StatusEvents", "the local stack is deployed so"),
    not(NOTICES, "countersign webhooks set", RECEIVERS),
    not(NOTICES, "countersign webhooks secret inventory --stack NAME\n", RECEIVERS),
    not(NOTICES, "countersign webhooks secret inventory --drop-former", RECEIVERS),
    not(NOTICES, "aws events put-rule", RECEIVERS),
    not(TRUST, "countersign deploy --parameter TrustStoreArn", NO_CONSUMERS),
    not(TRUST, "aws rolesanywhere import-crl", NO_CONSUMERS),
    not(TRUST, "aws apigateway update-domain-name", NO_CONSUMERS),
    not("docs/performance.md", "benches/tables", "measures for an hour; benches/README.md"),
    not(README, "lego --server", CLIENTS),
    not(ACME, "certbot certonly", CLIENTS),
    not(ACME, "lego ", CLIENTS),
    not(ACME, "dehydrated ", CLIENTS),
    not(ACME, "uacme ", CLIENTS),
    not(ACME, "acme-tiny ", CLIENTS),
    not(ACME, "acmetool ", CLIENTS),
];
