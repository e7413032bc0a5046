//! Common parts of the proxies between the workers and the stack: listener, HTTP server, forwarding to the emulator.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// Headers of one connection, which are not forwarded. Host is forwarded: the caller's signature covers it.
const OF_A_CONNECTION: [&str; 3] = ["content-length", "transfer-encoding", "connection"];

/// Port of a part of the stack in `folder`, if already chosen.
pub fn port_of(folder: &Path, part: &str) -> Option<u16> {
    let ports: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("ports.json")).ok()?).ok()?;
    u16::try_from(ports[part].as_u64()?).ok().filter(|port| *port > 0)
}

/// Listens on a free loopback port until the runtime ends, and returns the address. Connection errors are ignored.
pub async fn listen<F: Future<Output = ()> + Send + 'static>(
    connection: impl Fn(TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream));
            }
        }
    });
    address
}

/// Answers the requests of one connection.
pub async fn answer<F: Future<Output = Response<Full<Bytes>>>>(
    stream: TcpStream,
    answer: impl Fn(Request<Incoming>) -> F,
) {
    let service = service_fn(|request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The emulator of a stack.
pub struct Emulator {
    folder: PathBuf,
    http: reqwest::Client,
}

impl Emulator {
    /// Emulator of the stack in `folder`, which may start later.
    pub fn of(folder: &Path) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { folder: folder.to_owned(), http }
    }

    /// Forwards a call. Returns `None` if there is no answer.
    pub async fn call(&self, parts: Parts, body: Bytes) -> Option<Response<Full<Bytes>>> {
        let port = port_of(&self.folder, "emulator")?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("http://127.0.0.1:{port}{path}");
        forward(&self.http, &url, parts.method, parts.headers, body).await
    }
}

/// Sends a request on. Returns `None` if there is no answer.
///
/// The length is sent where the caller sent one, also of an empty body: an SDK signs it.
pub async fn forward(
    http: &reqwest::Client,
    url: &str,
    method: Method,
    mut headers: HeaderMap,
    body: Bytes,
) -> Option<Response<Full<Bytes>>> {
    let had_length = headers.contains_key(CONTENT_LENGTH);
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
    if had_length {
        headers.insert(CONTENT_LENGTH, body.len().into());
    }
    let answer = http.request(method, url).headers(headers).body(body).send().await.ok()?;
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if !OF_A_CONNECTION.contains(&name.as_str()) {
            response = response.header(name, value);
        }
    }
    response.body(Full::new(answer.bytes().await.ok()?)).ok()
}

/// Response for a request without an answer.
pub fn unanswered() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = hyper::StatusCode::BAD_GATEWAY;
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// A PUT without a body, as of the marker of a compromised key: without its length, the signature is wrong.
    #[tokio::test]
    async fn the_length_of_an_empty_body_is_forwarded_where_there_was_one() {
        let address = listen(|stream| {
            answer(stream, |request| async move {
                let length = request.headers().get(CONTENT_LENGTH).map(|value| value.to_str().unwrap());
                Response::new(Full::new(Bytes::from(length.unwrap_or("none").to_owned())))
            })
        })
        .await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        for (method, sent, expected) in
            [(Method::PUT, Some("0"), "0"), (Method::PUT, Some("3"), "3"), (Method::GET, None, "none")]
        {
            let length = sent.map(|length| (CONTENT_LENGTH, length.parse().unwrap()));
            let body = Bytes::from("x".repeat(sent.unwrap_or("0").parse().unwrap()));
            let headers = length.into_iter().collect();
            let response = forward(&http, &format!("http://{address}/"), method.clone(), headers, body).await;
            let said = response.unwrap().into_body().collect().await.unwrap().to_bytes();
            assert_eq!(said, expected, "{method} with {sent:?}");
        }
    }
}
