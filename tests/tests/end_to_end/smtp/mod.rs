//! Mail by SMTP with STARTTLS and AUTH, as in a private network, against a server on the loopback interface.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use end_to_end::{ChildGuard, PATIENCE, Stack, certificate_for, eventually, free_port, repository};
use serde_json::Value;
use workflow::aws::{Aws, SmtpCredentials, SmtpMailer, SmtpSecret, SmtpTrust, SsmSmtpSecret};
use workflow::environment::Environment;
use workflow::ids::RequestId;
use workflow::mail::Mail;
use workflow::ports::{Mailer, PortError};
use workflow::testing::sdk_at;

const PASSWORD: &str = "right-one";

/// A relay with a certificate of its own CA.
struct Relay {
    _process: ChildGuard,
    log: PathBuf,
    port: u16,
    authority: String,
}

impl Relay {
    /// Starts a relay with a certificate for `host`.
    async fn start(name: &str, host: &str) -> Self {
        // The stack installs the virtual environment of the server.
        Stack::shared().await;
        let folder = Stack::folder(name);
        let (authority, certificate, key) = certificate_for(host);
        let (file, key_file) = (folder.join("certificate.pem"), folder.join("key.pem"));
        fs::write(&file, certificate).unwrap();
        fs::write(&key_file, key).unwrap();
        let port = free_port();
        let (file, key_file, port_text) =
            (file.display().to_string(), key_file.display().to_string(), port.to_string());
        let log = folder.join("relay.log");
        let script = include_str!("server.py");
        let python = repository().join(".local/venv/bin/python");
        let process =
            ChildGuard::start(&python, &["-c", script, &file, &key_file, &port_text, PASSWORD], &log);
        let relay = Self { _process: process, log, port, authority };
        eventually("the relay to listen", PATIENCE, async || {
            relay.events().iter().any(|event| event["event"] == "ready").then_some(())
        })
        .await;
        relay
    }

    fn events(&self) -> Vec<Value> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn mails(&self) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == "mail").collect()
    }

    fn url(&self) -> String {
        format!("smtp://localhost:{}?tls=required", self.port)
    }

    /// A mailer that does not know the relay's authority.
    fn stranger(&self) -> SmtpMailer {
        SmtpMailer::new(&self.url(), "ca@example.com".parse().unwrap()).unwrap()
    }

    fn mailer(&self) -> SmtpMailer {
        self.stranger().with_trust(Arc::new(Authority(self.authority.clone())))
    }
}

/// A certificate to trust.
struct Authority(String);

#[async_trait]
impl SmtpTrust for Authority {
    async fn pem(&self) -> Result<String, PortError> {
        Ok(self.0.clone())
    }
}

/// A parameter with a changeable value.
#[derive(Default)]
struct Parameter {
    password: Mutex<String>,
    reads: Mutex<u32>,
}

#[async_trait]
impl SmtpSecret for Parameter {
    async fn credentials(&self) -> Result<SmtpCredentials, PortError> {
        *self.reads.lock().unwrap() += 1;
        let password = self.password.lock().unwrap().clone();
        let text = serde_json::json!({ "username": "relay-user", "password": password }).to_string();
        Ok(SmtpCredentials::parse(&text).unwrap())
    }
}

fn parameter(password: &str) -> Arc<Parameter> {
    Arc::new(Parameter { password: Mutex::new(password.into()), reads: Mutex::default() })
}

fn mail() -> Mail {
    Mail {
        request_id: RequestId::random(),
        kind: workflow::mail_kind::MailKind::Issued,
        to: "team@example.com".parse().unwrap(),
        subject: "Your certificate".into(),
        text: "It is attached.".into(),
        html: "<p>It is attached.</p>".into(),
        attachments: Vec::new(),
    }
}

#[tokio::test]
async fn mail_goes_out_under_tls_as_a_user() {
    let relay = Relay::start("relay", "localhost").await;
    let secret = parameter(PASSWORD);
    let mailer = relay.mailer().with_secret(secret.clone());
    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();
    let mails = relay.mails();
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        assert_eq!((&mail["tls"], &mail["to"][0]), (&Value::Bool(true), &Value::from("team@example.com")));
        assert!(mail["text"].as_str().unwrap().contains("It is attached."));
    }
    assert_eq!(*secret.reads.lock().unwrap(), 1, "the parameter is read once");
}

#[tokio::test]
async fn the_user_comes_from_an_encrypted_parameter() {
    let (stack, relay) = (Stack::shared().await, Relay::start("relay-parameter", "localhost").await);
    let put = |value: &str| {
        let name = ["ssm", "put-parameter", "--name", "/countersign/smtp", "--type", "SecureString"];
        stack.aws(&[&name[..], &["--overwrite", "--value", value]].concat());
    };
    let secret = Arc::new(SsmSmtpSecret::new(&sdk_at(stack.endpoint("awsEndpoint")), "/countersign/smtp"));
    let mailer = relay.mailer().with_secret(secret);
    put("relay-user:right-one");
    let error = mailer.send(&mail()).await.unwrap_err().to_string();
    assert!(error.contains("/countersign/smtp: it is not"), "{error}");
    assert!(!error.contains("right-one"), "{error}");
    put(&serde_json::json!({ "username": "relay-user", "password": PASSWORD }).to_string());
    mailer.send(&mail()).await.unwrap();
    assert_eq!(relay.mails().len(), 1);
}

/// A relay whose certificate is of a private authority, by the variables of a worker and nothing else.
#[tokio::test]
async fn a_worker_trusts_the_authority_in_its_parameter_and_finds_a_new_one_without_a_restart() {
    let (stack, relay) = (Stack::shared().await, Relay::start("relay-trust", "localhost").await);
    let put = |name: &str, kind: &str, value: &str| {
        let put = ["ssm", "put-parameter", "--overwrite", "--name", name, "--type", kind, "--value", value];
        stack.aws(&put);
    };
    let credentials = serde_json::json!({ "username": "relay-user", "password": PASSWORD }).to_string();
    put("/countersign/trust-smtp", "SecureString", &credentials);
    let variables = [
        ("MAIL_FROM", "ca@example.com".to_owned()),
        ("MAIL_TRANSPORT", "smtp".to_owned()),
        ("SMTP_ENDPOINT", relay.url()),
        ("SMTP_CREDENTIALS", "/countersign/trust-smtp".to_owned()),
        ("SMTP_TRUST", "/countersign/trust".to_owned()),
    ];
    let variables = variables.map(|(name, value)| (format!("COUNTERSIGN_{name}"), value));
    let aws = Aws::of(Environment::of(variables), sdk_at(stack.endpoint("awsEndpoint")));
    let mailer: Arc<dyn Mailer> = aws.mailer().unwrap();
    aws.environment().nothing_else().unwrap();

    put("/countersign/trust", "String", "no certificate");
    let error = mailer.send(&mail()).await.unwrap_err().to_string();
    assert!(error.contains("there is no certificate in PEM"), "{error}");
    put("/countersign/trust", "String", &certificate_for("localhost").0);
    let error = mailer.send(&mail()).await.unwrap_err().to_string();
    assert!(error.to_lowercase().contains("certificate"), "{error}");
    assert!(relay.mails().is_empty());
    put("/countersign/trust", "String", &relay.authority);
    mailer.send(&mail()).await.unwrap();
    assert_eq!(relay.mails().len(), 1);
}

#[tokio::test]
async fn a_wrong_password_is_told_and_the_right_one_is_found_without_a_restart() {
    let relay = Relay::start("relay-password", "localhost").await;
    let secret = parameter("wrong-one");
    let mailer = relay.mailer().with_secret(secret.clone());
    let error = mailer.send(&mail()).await.unwrap_err().to_string();
    assert!(error.contains("535"), "{error}");
    assert!(!error.contains("wrong-one"), "{error}");
    assert!(relay.mails().is_empty());
    *secret.password.lock().unwrap() = PASSWORD.into();
    mailer.send(&mail()).await.unwrap();
    assert_eq!(relay.mails().len(), 1);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_neither_password_nor_mail() {
    let stranger = Relay::start("relay-stranger", "localhost").await;
    let unknown_authority = stranger.stranger().with_secret(parameter(PASSWORD));
    let other = Relay::start("relay-other", "mail.example.com").await;
    let other_name = other.mailer().with_secret(parameter(PASSWORD));
    for (relay, mailer) in [(&stranger, unknown_authority), (&other, other_name)] {
        let error = mailer.send(&mail()).await.unwrap_err().to_string();
        assert!(error.to_lowercase().contains("certificate"), "{error}");
        assert!(relay.events().iter().all(|event| event["event"] == "ready"), "{:?}", relay.events());
    }
}
