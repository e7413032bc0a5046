//! HTTP proxy between the workers and the emulator that records the task tokens in the workers' calls.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};

use crate::tcp_proxy::{self, Emulator};

/// The running proxy; it ends with the runtime.
pub struct RecordingProxy {
    address: SocketAddr,
    tokens: Arc<Mutex<BTreeSet<String>>>,
}

impl RecordingProxy {
    /// Starts a proxy to the emulator of the stack in `folder`.
    pub async fn start(folder: &Path) -> Self {
        let (tokens, emulator) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(Emulator::of(folder)));
        let kept = Arc::clone(&tokens);
        let address = tcp_proxy::listen(move |stream| {
            let (kept, emulator) = (Arc::clone(&kept), Arc::clone(&emulator));
            async move { tcp_proxy::answer(stream, |request| record(&kept, &emulator, request)).await }
        })
        .await;
        Self { address, tokens }
    }

    /// URL for `countersign local --aws-by-way-of`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every task token that a worker has sent.
    pub fn tokens(&self) -> BTreeSet<String> {
        self.tokens.lock().unwrap().clone()
    }
}

async fn record(
    tokens: &Mutex<BTreeSet<String>>,
    emulator: &Emulator,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let said = text.split("\"taskToken\":\"").skip(1);
    tokens.lock().unwrap().extend(said.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    emulator.call(parts, body.clone()).await.unwrap_or_else(tcp_proxy::unanswered)
}
