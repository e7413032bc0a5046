//! SMTP proxy in front of the mail catcher that requires AUTH (RFC 4954), rejects the first attempt, and then forwards.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::tcp_proxy::{self, port_of};

/// The running proxy; it ends with the runtime.
pub struct SmtpAuthProxy {
    address: SocketAddr,
    /// Number of attempts with the right password.
    asked: Arc<AtomicUsize>,
}

impl SmtpAuthProxy {
    /// User name.
    pub const USER: &str = "mailer";
    /// Password of the user.
    pub const PASSWORD: &str = "correcthorsebatterystaple42";
    /// SASL PLAIN message (RFC 4616): `\0mailer\0correcthorsebatterystaple42` in base64.
    pub const SAID: &str = "AG1haWxlcgBjb3JyZWN0aG9yc2ViYXR0ZXJ5c3RhcGxlNDI=";

    /// Starts a proxy to the mail catcher of the stack in `folder`.
    pub async fn start(folder: &Path) -> Self {
        let (asked, folder) = (Arc::new(AtomicUsize::new(0)), folder.to_owned());
        let counter = Arc::clone(&asked);
        let address = tcp_proxy::listen(move |client| {
            let (counter, port) = (Arc::clone(&counter), port_of(&folder, "smtp"));
            async move {
                if let Some(port) = port {
                    let _ = connection(client, port, &counter).await;
                }
            }
        })
        .await;
        Self { address, asked }
    }

    /// URL for `countersign local --smtp-by-way-of`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Value of the parameter `SmtpCredentials`.
    pub fn credentials() -> String {
        serde_json::json!({ "username": Self::USER, "password": Self::PASSWORD }).to_string()
    }

    /// Number of attempts with the right password, the rejected one included.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn connection(client: TcpStream, port: u16, asked: &AtomicUsize) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port)).await?;
    let (from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let (mut from_client, mut from_server) = (BufReader::new(from_client), BufReader::new(from_server));
    let (mut line, mut allowed) = (String::new(), false);
    // The greeting.
    from_server.read_line(&mut line).await?;
    to_client.write_all(line.as_bytes()).await?;
    while !allowed {
        line.clear();
        if from_client.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        match line.trim_end().split_once(' ') {
            Some(("AUTH", said)) if said == format!("PLAIN {}", SmtpAuthProxy::SAID) => {
                allowed = asked.fetch_add(1, Ordering::SeqCst) > 0;
                let answer = if allowed {
                    "235 2.7.0 authenticated"
                } else {
                    "454 4.7.0 temporary authentication failure"
                };
                to_client.write_all(format!("{answer}\r\n").as_bytes()).await?;
            }
            Some(("EHLO", _)) => {
                to_server.write_all(line.as_bytes()).await?;
                loop {
                    line.clear();
                    from_server.read_line(&mut line).await?;
                    if line.starts_with("250 ") {
                        to_client.write_all(b"250-AUTH PLAIN\r\n").await?;
                    }
                    to_client.write_all(line.as_bytes()).await?;
                    if !line.starts_with("250-") {
                        break;
                    }
                }
            }
            _ if line.trim_end() == "QUIT" => return to_client.write_all(b"221 bye\r\n").await,
            _ => to_client.write_all(b"530 5.7.0 authentication required\r\n").await?,
        }
    }
    let up = tokio::io::copy(&mut from_client, &mut to_server);
    let down = tokio::io::copy(&mut from_server, &mut to_client);
    tokio::select! {
        result = up => result.map(|_| ()),
        result = down => result.map(|_| ()),
    }
}
