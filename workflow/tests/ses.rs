//! The SES v2 adapter on the wire: a server on loopback takes down what the real client sends.

#![allow(clippy::unwrap_used)] // A test may.

use aws_types::sdk_config::SdkConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_parser::{MessageParser, MimeHeaders as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use workflow::aws::{Aws, SesMailer};
use workflow::environment::Environment;
use workflow::ids::RequestId;
use workflow::mail::{Mail, MailAttachment};
use workflow::mail_kind::MailKind;
use workflow::ports::Mailer as _;
use workflow::testing::sdk_at;

/// Answers one HTTP request with `status` and `body`, and gives back what was asked: head and body.
async fn answer(listener: TcpListener, status: &str, body: &str) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    let (head, length) = loop {
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the client went away");
        read.extend_from_slice(&buffer[..count]);
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(read[..end].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            read.drain(..end + 4);
            break (head, length.unwrap_or(0_usize));
        }
    };
    while read.len() < length {
        let count = stream.read(&mut buffer).await.unwrap();
        read.extend_from_slice(&buffer[..count]);
    }
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    (head, read)
}

/// SES on loopback, and how a client gets there.
async fn service() -> (SdkConfig, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sdk = sdk_at(&format!("http://{}", listener.local_addr().unwrap()));
    (sdk, listener)
}

async fn mailer() -> (SesMailer, TcpListener) {
    let (sdk, listener) = service().await;
    (SesMailer::new(&sdk, "Countersign <ca@example.com>".parse().unwrap()), listener)
}

/// The configuration of a worker that mails through SES.
fn configured(more: &[(&str, &str)]) -> Environment {
    let pairs = [("COUNTERSIGN_MAIL_FROM", "ca@example.com"), ("COUNTERSIGN_MAIL_TRANSPORT", "ses")];
    let all = pairs.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment::of(all)
}

fn mail() -> Mail {
    Mail {
        request_id: RequestId::random(),
        kind: MailKind::Issued,
        to: "requester@example.com".parse().unwrap(),
        subject: "Ihr Zertifikat für www.example.com".into(),
        text: "Text mit Umlaut: ü".into(),
        html: "<p>HTML</p>".into(),
        attachments: vec![MailAttachment {
            name: "certificate.zip".into(),
            content_type: "application/zip",
            bytes: b"PK\x05\x06 not really".to_vec(),
        }],
    }
}

#[tokio::test]
async fn a_mail_is_sent_as_raw_mime_to_one_recipient() {
    let (mailer, listener) = mailer().await;
    let mail = mail();
    let (sent, (head, body)) =
        tokio::join!(mailer.send(&mail), answer(listener, "200 OK", r#"{"MessageId":"0100"}"#));
    sent.unwrap();
    assert!(head.starts_with("POST /v2/email/outbound-emails HTTP/1.1"), "{head}");
    let request: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(request["Destination"]["ToAddresses"], serde_json::json!(["requester@example.com"]));
    assert!(request["FromEmailAddress"].as_str().unwrap().contains("ca@example.com"));
    let raw = STANDARD.decode(request["Content"]["Raw"]["Data"].as_str().unwrap()).unwrap();
    let message = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(message.subject(), Some(mail.subject.as_str()));
    assert_eq!(message.body_text(0).unwrap().trim(), mail.text);
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")] {
        assert_eq!(message.header(name).and_then(|header| header.as_text()), Some(value));
    }
    let attachment = message.attachments().next().unwrap();
    assert_eq!(attachment.attachment_name(), Some("certificate.zip"));
    assert_eq!(attachment.contents(), mail.attachments[0].bytes);
}

#[tokio::test]
async fn a_worker_names_its_configuration_set_and_none_where_it_has_none() {
    for (more, wanted) in [
        (vec![("COUNTERSIGN_CONFIGURATION_SET", "countersign")], serde_json::json!("countersign")),
        (vec![], serde_json::Value::Null),
    ] {
        let (sdk, listener) = service().await;
        let aws = Aws::of(configured(&more), sdk);
        let (mailer, mail) = (aws.mailer().unwrap(), mail());
        aws.environment().nothing_else().unwrap();
        let (sent, (_, body)) =
            tokio::join!(mailer.send(&mail), answer(listener, "200 OK", r#"{"MessageId":"0100"}"#));
        sent.unwrap();
        let request: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(request["ConfigurationSetName"], wanted);
    }
}

#[tokio::test]
async fn a_refusal_is_told_by_its_code_and_without_the_mail() {
    let (mailer, listener) = mailer().await;
    let refusal = r#"{"__type":"MessageRejected","message":"Email address is not verified."}"#;
    let mail = mail();
    let (sent, _) = tokio::join!(mailer.send(&mail), answer(listener, "400 Bad Request", refusal));
    let error = sent.unwrap_err().to_string();
    assert_eq!(error, "send the mail: MessageRejected: Email address is not verified.");
}
