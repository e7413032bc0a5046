//! SMTP proxy between the workers and the mail catcher that refuses and breaks connections.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::seeded_rng::SeededRng;
use crate::tcp_proxy::{self, port_of};

/// One in this many connections gets a fault.
const ONE_IN: u64 = 7;

/// Fault of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MailToxic {
    /// Closed at once.
    Refused,
    /// Answered with 421.
    Busy,
    /// Cut in the middle of the mail.
    CutInside,
    /// Cut after the mail, before the server's answer.
    CutAfter,
}

const TOXICS: [MailToxic; 4] =
    [MailToxic::Refused, MailToxic::Busy, MailToxic::CutInside, MailToxic::CutAfter];

/// The running proxy; it ends with the runtime.
pub(super) struct SmtpProxy {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    rng: SeededRng,
    folder: PathBuf,
    active: AtomicBool,
    seen: Mutex<(u64, BTreeMap<MailToxic, u64>)>,
}

impl SmtpProxy {
    /// Starts a proxy, inactive at first, to the mail catcher of the stack in `folder`.
    pub(super) async fn start(rng: SeededRng, folder: &Path) -> Self {
        let state = Arc::new(State {
            rng,
            folder: folder.to_owned(),
            active: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let serving = Arc::clone(&state);
        let address = tcp_proxy::listen(move |stream| {
            let state = Arc::clone(&serving);
            async move {
                // Errors are injected.
                let _ = state.connection(stream).await;
            }
        })
        .await;
        Self { address, state }
    }

    /// URL for the parameter SmtpEndpoint.
    pub(super) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.address.port())
    }

    /// Turns faults on or off.
    pub(super) fn activate(&self, active: bool) {
        self.state.active.store(active, Ordering::SeqCst);
    }

    /// Number of connections, and of injected faults by kind.
    pub(super) fn counts(&self) -> (u64, BTreeMap<MailToxic, u64>) {
        self.state.seen.lock().unwrap().clone()
    }
}

impl State {
    fn plan(&self) -> Option<MailToxic> {
        let mut seen = self.seen.lock().unwrap();
        seen.0 += 1;
        let number = seen.0;
        if !self.active.load(Ordering::SeqCst) || self.rng.draw("mail fault", number, ONE_IN) > 0 {
            return None;
        }
        let toxic = TOXICS[self.rng.draw("mail toxic", number, TOXICS.len() as u64) as usize];
        *seen.1.entry(toxic).or_default() += 1;
        Some(toxic)
    }

    async fn connection(&self, mut client: TcpStream) -> std::io::Result<()> {
        let toxic = self.plan();
        match toxic {
            Some(MailToxic::Refused) => return client.set_zero_linger(),
            Some(MailToxic::Busy) => return client.write_all(b"421 too busy, come again\r\n").await,
            _ => {}
        }
        let Some(port) = port_of(&self.folder, "smtp") else { return Ok(()) };
        let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
        let (from_client, mut to_client) = client.split();
        let (from_server, mut to_server) = server.split();
        let (mut from_client, mut from_server) = (BufReader::new(from_client), BufReader::new(from_server));
        let mut sends = true;
        let up = async {
            let mut lines_of_mail = 0;
            let mut line = Vec::new();
            loop {
                line.clear();
                if from_client.read_until(b'\n', &mut line).await? == 0 {
                    return to_server.shutdown().await;
                }
                lines_of_mail += 1;
                // The envelope has about five lines; a mail has dozens.
                if toxic == Some(MailToxic::CutInside) && lines_of_mail > 20 {
                    return Ok(());
                }
                to_server.write_all(&line).await?;
            }
        };
        let down = async {
            let mut line = Vec::new();
            loop {
                line.clear();
                if from_server.read_until(b'\n', &mut line).await? == 0 {
                    return Ok::<(), std::io::Error>(());
                }
                if toxic == Some(MailToxic::CutAfter) && !sends {
                    // The answer after 354 acknowledges the mail.
                    return Ok(());
                }
                sends = !line.starts_with(b"354");
                to_client.write_all(&line).await?;
            }
        };
        tokio::select! {
            result = up => result?,
            result = down => result?,
        }
        Ok(())
    }
}
