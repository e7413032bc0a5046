//! HTTP proxy between a browser and the portal that records every request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};

use crate::tcp_proxy;

/// The running proxy; it ends with the runtime.
pub struct BrowserTraffic {
    address: SocketAddr,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

/// A request, and the status of its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub method: String,
    pub path: String,
    /// The request as recorded: its target, its headers and its body.
    pub octets: Vec<u8>,
    /// 0 until it is answered.
    pub status: u16,
}

impl BrowserTraffic {
    /// Starts a proxy.
    pub async fn record() -> Self {
        let exchanges = Arc::new(Mutex::new(Vec::new()));
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let kept = Arc::clone(&exchanges);
        let address = tcp_proxy::listen(move |stream| {
            let (kept, http) = (Arc::clone(&kept), http.clone());
            async move { tcp_proxy::answer(stream, |request| pass_on(&kept, &http, request)).await }
        })
        .await;
        Self { address, exchanges }
    }

    /// URL for [`Browser::start_through`](crate::Browser::start_through).
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, in order of arrival.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap().clone()
    }
}

async fn pass_on(
    exchanges: &Mutex<Vec<Exchange>>,
    http: &reqwest::Client,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut octets = format!("{}\n{:?}\n", parts.uri, parts.headers).into_bytes();
    octets.extend_from_slice(&body);
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let at = {
        let mut exchanges = exchanges.lock().unwrap();
        exchanges.push(Exchange { method, path, octets, status: 0 });
        exchanges.len() - 1
    };
    let response = tcp_proxy::forward(http, &parts.uri.to_string(), parts.method, parts.headers, body).await;
    let response = response.unwrap_or_else(tcp_proxy::unanswered);
    exchanges.lock().unwrap()[at].status = response.status().as_u16();
    response
}
