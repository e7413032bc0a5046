//! Between the workers and the emulator: forwards everything, and keeps what the workers say, so that a test learns the
//! task tokens that they hold.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The port of a part of the stack in `folder`, once that has chosen it.
pub(crate) fn port_of(folder: &Path, part: &str) -> Option<u16> {
    let ports: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("ports.json")).ok()?).ok()?;
    u16::try_from(ports[part].as_u64()?).ok().filter(|port| *port > 0)
}

/// The running wiretap; it ends with the runtime.
pub struct Wiretap {
    address: SocketAddr,
    tokens: Arc<Mutex<BTreeSet<String>>>,
}

impl Wiretap {
    /// Before the emulator of the stack in `folder`.
    pub async fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let tokens = Arc::new(Mutex::new(BTreeSet::new()));
        let (kept, folder) = (Arc::clone(&tokens), folder.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Some(port) = port_of(&folder, "emulator") else { continue };
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    // A connection that breaks is for the worker to notice.
                    let _ = forward(client, port, &kept).await;
                });
            }
        });
        Self { address, tokens }
    }

    /// For `countersign local --aws-by-way-of`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every task token that a worker has sent so far.
    pub fn tokens(&self) -> BTreeSet<String> {
        self.tokens.lock().unwrap().clone()
    }
}

async fn forward(client: TcpStream, port: u16, tokens: &Mutex<BTreeSet<String>>) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let (mut said, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            let read = from_client.read(&mut chunk).await?;
            if read == 0 {
                return to_server.shutdown().await;
            }
            said.extend_from_slice(&chunk[..read]);
            // What is complete is kept; the end may be the beginning of a token.
            let text = String::from_utf8_lossy(&said);
            let mut pieces = text.split("\"taskToken\":\"");
            pieces.next();
            tokens
                .lock()
                .unwrap()
                .extend(pieces.filter_map(|piece| Some(piece.split_once('"')?.0.to_owned())));
            said.drain(..said.len().saturating_sub(8 * 1024));
            to_server.write_all(&chunk[..read]).await?;
        }
    };
    let down = tokio::io::copy(&mut from_server, &mut to_client);
    tokio::select! {
        result = up => result,
        result = down => result.map(|_| ()),
    }
}
