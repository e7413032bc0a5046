//! A server of answers over plain http, at the addresses in the certificates: `http://127.0.0.1:PORT/NUMBER`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::ocsp::{CertStatus, OcspRequest, SingleStatus};
use time::{Duration, OffsetDateTime};
use workflow::certificate::Responder;
use workflow::ocsp::OcspService;

/// Whoever answers at an address.
pub(super) enum Answerer {
    Service(Box<OcspService>),
    /// Says good of everything.
    Forged(Box<Responder>),
}

pub(super) struct Server {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    answerers: tokio::sync::RwLock<Vec<Answerer>>,
    questions: Mutex<BTreeMap<String, usize>>,
}

impl Server {
    pub(super) fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::<State>::default());
        let own = Arc::clone(&state);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            for stream in listener.incoming() {
                // A client that goes away is no failure of the test.
                let _ = serve(&runtime, &own, stream.unwrap());
            }
        });
        Server { port, state }
    }

    pub(super) fn url(&self, answerer: usize) -> String {
        format!("http://127.0.0.1:{}/{answerer}", self.port)
    }

    /// The number of the answerer that is added next.
    pub(super) fn next(&self) -> usize {
        self.state.answerers.try_read().unwrap().len()
    }

    /// Adds answerers, and returns the number of the first one.
    pub(super) fn add(&self, answerers: Vec<Answerer>) -> usize {
        let mut all = self.state.answerers.try_write().unwrap();
        let first = all.len();
        all.extend(answerers);
        first
    }

    /// The questions since the last time, by method.
    pub(super) fn take_questions(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.state.questions.lock().unwrap())
    }

    pub(super) async fn answer(&self, answerer: usize, request: &[u8]) -> Vec<u8> {
        self.state.answer(answerer, request).await
    }
}

impl State {
    async fn answer(&self, answerer: usize, request: &[u8]) -> Vec<u8> {
        match &self.answerers.read().await[answerer] {
            Answerer::Service(service) => service.answer(request).await.der,
            Answerer::Forged(responder) => {
                let request = OcspRequest::from_der(request).unwrap();
                let now = OffsetDateTime::now_utc();
                let statuses: Vec<SingleStatus<'_>> = request
                    .certificates()
                    .iter()
                    .map(|certificate| SingleStatus {
                        certificate,
                        status: CertStatus::Good,
                        this_update: now,
                        next_update: now + Duration::hours(1),
                    })
                    .collect();
                responder.signing().answer(&statuses, request.nonce(), now).await.unwrap()
            }
        }
    }
}

fn serve(runtime: &tokio::runtime::Runtime, state: &State, mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut request = vec![0; length];
    reader.read_exact(&mut request)?;
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut parts = path.trim_start_matches('/').splitn(2, '/');
    let answerer = parts.next().unwrap_or_default().parse().unwrap();
    if method == "GET" {
        let text = parts.next().unwrap_or_default();
        let text = text.replace("%2F", "/").replace("%2B", "+").replace("%3D", "=");
        request = STANDARD.decode(text).unwrap();
    }
    *state.questions.lock().unwrap().entry(method.to_owned()).or_default() += 1;
    let answer = runtime.block_on(state.answer(answerer, &request));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(&[head.as_bytes(), &answer].concat())
}
