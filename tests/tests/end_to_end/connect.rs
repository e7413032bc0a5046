//! `countersign connect` and its AWS calls. The emulator has no sessions: a wrapper of `aws` records that call and
//! forwards all others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use end_to_end::{Stack, binary, free_port, repository};

struct Operator {
    stack: &'static Stack,
    folder: PathBuf,
}

impl Operator {
    /// Operator whose `aws ssm start-session` runs `ending`, a line of shell.
    fn new(stack: &'static Stack, name: &str, ending: &str) -> Self {
        let folder = Stack::folder(name);
        let real = repository().join(".local/venv/bin/python");
        let script = format!(
            "#!/bin/sh\nif [ \"$1 $2\" = 'ssm start-session' ]; then\n  printf '%s\\n' \"$@\" > {}/session\n  {ending}\nfi\nexec {} -m awscli \"$@\"\n",
            folder.display(),
            real.display()
        );
        let aws = folder.join("aws");
        fs::write(&aws, script).unwrap();
        fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
        Self { stack, folder }
    }

    fn network(&self, name: &str, template: &str) {
        let file = self.folder.join("network.yaml");
        fs::write(&file, template).unwrap();
        let body = format!("file://{}", file.display());
        self.stack.aws(&["cloudformation", "create-stack", "--stack-name", name, "--template-body", &body]);
        self.stack.aws(&["cloudformation", "wait", "stack-create-complete", "--stack-name", name]);
    }

    fn connect(&self, network: &str, port: u16) -> Output {
        let path = format!("{}:{}", self.folder.display(), std::env::var("PATH").unwrap_or_default());
        Command::new(binary())
            .args(["connect", "--network", network, "--port", &port.to_string()])
            .args(["--endpoint-url", self.stack.endpoint("awsEndpoint"), "--region", "us-east-1"])
            .env("PATH", path)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

const NETWORK: &str =
    "Resources: { Q: { Type: 'AWS::SQS::Queue' } }\nOutputs:\n  ProxyPort: { Value: '8080' }\n";

#[tokio::test]
async fn a_session_forwards_one_port_to_the_proxy() {
    let stack = Stack::shared().await;
    let operator = Operator::new(stack, "connect", "exit 0");
    operator.network("connected", &format!("{NETWORK}  ProxyInstance: {{ Value: i-0123456789abcdef0 }}\n"));
    let port = free_port();
    let output = operator.connect("connected", port);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("http://localhost:{port}/\n"));
    let session = fs::read_to_string(operator.folder.join("session")).unwrap();
    let expected = [
        "ssm",
        "start-session",
        "--target",
        "i-0123456789abcdef0",
        "--document-name",
        "AWS-StartPortForwardingSession",
        "--parameters",
        &format!(r#"{{"localPortNumber":["{port}"],"portNumber":["8080"]}}"#),
    ];
    assert_eq!(session.lines().take(expected.len()).collect::<Vec<_>>(), expected);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = operator.connect("connected", taken.local_addr().unwrap().port());
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not free"));
}

#[tokio::test]
async fn why_there_is_no_session_is_told_in_one_line() {
    let stack = Stack::shared().await;
    let plugin =
        Operator::new(stack, "connect-plugin", "echo 'SessionManagerPlugin is not found.' >&2; exit 255");
    plugin.network("no-proxy", NETWORK);
    plugin.network("no-plugin", &format!("{NETWORK}  ProxyInstance: {{ Value: i-0123456789abcdef0 }}\n"));
    for (network, expected) in [
        ("nowhere", "there is no stack nowhere"),
        ("no-proxy", "has no proxy yet"),
        ("no-plugin", "plugin of the AWS command line is missing"),
    ] {
        let output = plugin.connect(network, free_port());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{told}");
        assert!(told.lines().last().unwrap().contains(expected), "{told}");
    }
}
