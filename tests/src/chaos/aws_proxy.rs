//! HTTP proxy between the workers and the emulator that makes a few calls fail, each with a [`Toxic`].
//!
//! The seed chooses the fault of the n-th call of an operation. Retries by the SDK share an invocation id and count
//! as one call: some faults end with the first retry, others stay until the SDK gives up.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::seeded_rng::SeededRng;
use crate::tcp_proxy::{self, Emulator};

/// Delay of a late answer: longer than the workers' time-out of 8 s (workflow::aws).
const TOO_LONG: Duration = Duration::from_secs(9);
/// One in this many calls gets a fault.
const ONE_IN: u64 = 20;

/// Fault of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Toxic {
    /// Connection reset before the server sees the call.
    ResetBefore,
    /// Connection reset after the server carried out the call.
    ResetAfter,
    /// Call carried out, answered after the caller's time-out.
    Late,
    /// 500, not carried out.
    InternalError,
    /// 503, not carried out.
    Unavailable,
    /// Throttled, not carried out.
    Throttled,
}

const TOXICS: [Toxic; 15] = [
    Toxic::ResetBefore,
    Toxic::ResetBefore,
    Toxic::ResetBefore,
    Toxic::ResetAfter,
    Toxic::ResetAfter,
    Toxic::ResetAfter,
    Toxic::ResetAfter,
    // Rare: a late answer delays its whole batch.
    Toxic::Late,
    Toxic::InternalError,
    Toxic::InternalError,
    Toxic::InternalError,
    Toxic::Unavailable,
    Toxic::Unavailable,
    Toxic::Throttled,
    Toxic::Throttled,
];

/// The fault of one call.
#[derive(Clone, Copy)]
struct Plan {
    toxic: Option<Toxic>,
    stays: bool,
}

/// The running proxy; it ends with the runtime.
pub struct AwsProxy {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    rng: SeededRng,
    emulator: Emulator,
    active: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    calls: u64,
    by_operation: HashMap<String, u64>,
    plans: HashMap<String, Plan>,
    faults: BTreeMap<Toxic, u64>,
    by_caller: BTreeMap<Call, u64>,
}

/// Caller and operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// Access key id of the signature, one per worker.
    pub access_key: String,
    /// Service and operation, such as `DynamoDB GetItem`.
    pub operation: String,
}

impl Call {
    fn of(request: &Request<Incoming>) -> Self {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        // Credential=<access key id>/<date>/<region>/<service>/aws4_request
        let credential =
            header("authorization").and_then(|text| text.split_once("Credential=")).map(|(_, rest)| rest);
        let mut scope = credential.unwrap_or_default().split('/');
        let (access_key, service) = (scope.next().unwrap_or_default(), scope.nth(2).unwrap_or_default());
        let operation = header("x-amz-target").and_then(|target| target.rsplit('.').next());
        Self {
            access_key: access_key.to_owned(),
            operation: format!("{service} {}", operation.unwrap_or(request.method().as_str())),
        }
    }
}

impl AwsProxy {
    /// Starts a proxy without faults to the emulator of the stack in `folder`.
    pub async fn quiet(folder: &Path) -> Self {
        Self::start(SeededRng(0), folder).await
    }

    /// Starts a proxy, inactive at first, to the emulator of the stack in `folder`.
    pub(super) async fn start(rng: SeededRng, folder: &Path) -> Self {
        let state = Arc::new(State {
            rng,
            emulator: Emulator::of(folder),
            active: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let serving = Arc::clone(&state);
        let address = tcp_proxy::listen(move |stream| serve(Arc::clone(&serving), stream)).await;
        Self { address, state }
    }

    /// URL for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Turns faults on or off.
    pub(super) fn activate(&self, active: bool) {
        self.state.active.store(active, Ordering::SeqCst);
    }

    /// Number of calls by caller and operation.
    pub fn by_caller(&self) -> BTreeMap<Call, u64> {
        self.state.seen.lock().unwrap().by_caller.clone()
    }

    /// Number of calls, and of injected faults by kind.
    pub(super) fn counts(&self) -> (u64, BTreeMap<Toxic, u64>) {
        let seen = self.state.seen.lock().unwrap();
        (seen.calls, seen.faults.clone())
    }
}

async fn serve(state: Arc<State>, stream: TcpStream) {
    // Second handle to the socket, to reset the connection while hyper holds the first.
    let Ok(stream) = stream.into_std() else { return };
    let Ok(twin) = stream.try_clone().and_then(TcpStream::from_std) else { return };
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let twin = &twin;
    let answer = service_fn(|request: Request<Incoming>| {
        let state = Arc::clone(&state);
        async move { state.answer(request, twin).await }
    });
    // Returns an error if a fault resets the connection.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

/// Requests a reset of the connection.
#[derive(Debug)]
struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("reset")
    }
}

impl std::error::Error for Reset {}

impl From<Infallible> for Reset {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl State {
    async fn answer(
        &self,
        request: Request<Incoming>,
        socket: &TcpStream,
    ) -> Result<Response<Full<Bytes>>, Reset> {
        let toxic = self.plan(&request);
        let reset = || {
            // Sends RST instead of FIN on close.
            let _ = socket.set_zero_linger();
            Err(Reset)
        };
        match toxic {
            Some(Toxic::ResetBefore) => return reset(),
            Some(Toxic::InternalError) => return Ok(error(500, "InternalServerError")),
            Some(Toxic::Unavailable) => return Ok(error(503, "ServiceUnavailable")),
            Some(Toxic::Throttled) => return Ok(error(400, "ThrottlingException")),
            _ => {}
        }
        let answer = self.forward(request).await;
        match toxic {
            Some(Toxic::ResetAfter) => reset(),
            Some(Toxic::Late) => {
                tokio::time::sleep(TOO_LONG).await;
                answer
            }
            _ => answer,
        }
    }

    /// Chooses the fault of a call, if any.
    fn plan(&self, request: &Request<Incoming>) -> Option<Toxic> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let operation = match header("x-amz-target") {
            Some(target) => target.to_owned(),
            None => format!("S3 {}", request.method()),
        };
        let mut seen = self.seen.lock().unwrap();
        seen.calls += 1;
        *seen.by_caller.entry(Call::of(request)).or_default() += 1;
        if !self.active.load(Ordering::SeqCst) {
            return None;
        }
        let invocation = header("amz-sdk-invocation-id").unwrap_or_default().to_owned();
        let (plan, first) = match seen.plans.get(&invocation) {
            Some(plan) => (*plan, false),
            None => {
                let number = seen.by_operation.entry(operation.clone()).or_default();
                *number += 1;
                let plan = self.draw(&operation, *number);
                seen.plans.insert(invocation, plan);
                (plan, true)
            }
        };
        let toxic = plan.toxic.filter(|_| first || plan.stays)?;
        *seen.faults.entry(toxic).or_default() += 1;
        Some(toxic)
    }

    fn draw(&self, operation: &str, number: u64) -> Plan {
        let occasion = |what: &str| format!("{operation} {what}");
        if self.rng.draw(&occasion("fault"), number, ONE_IN) > 0 {
            return Plan { toxic: None, stays: false };
        }
        let toxic = TOXICS[self.rng.draw(&occasion("toxic"), number, TOXICS.len() as u64) as usize];
        // Three late answers would exceed the worker's time-out.
        let stays = toxic != Toxic::Late && self.rng.draw(&occasion("stays"), number, 5) < 2;
        Plan { toxic: Some(toxic), stays }
    }

    async fn forward(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Reset> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Reset)?.to_bytes();
        self.emulator.call(parts, body).await.ok_or(Reset)
    }
}

/// An AWS error response, with the code in body and header.
fn error(status: u16, code: &str) -> Response<Full<Bytes>> {
    let body = format!(r#"{{"__type":"{code}","message":"injected fault"}}"#);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let headers = response.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.1".parse().unwrap());
    headers.insert("x-amzn-errortype", code.parse().unwrap());
    response
}
