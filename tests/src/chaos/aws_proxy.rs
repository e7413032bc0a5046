//! Between the workers and AWS: an HTTP proxy that lets a few calls fail, each in one of the ways of [`Toxic`].
//!
//! The seed decides which call gets which fault: the n-th call of an operation. A call that the SDK repeats is one call
//! here, told by its invocation id; some faults go away when it is repeated, others stay until the SDK gives up.

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

/// Longer than the 8 s that a worker waits for an answer (workflow::aws).
const TOO_LONG: Duration = Duration::from_secs(9);
/// Of so many calls, one gets a fault.
const ONE_IN: u64 = 20;

/// What is done to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Toxic {
    /// The connection is reset, and the server never sees the call.
    ResetBefore,
    /// The server does what it was asked, and the connection is reset before it can say so.
    ResetAfter,
    /// The server does what it was asked, and its answer comes after the caller has stopped to wait.
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
    // Rarely: a late answer keeps its whole batch waiting.
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

/// Who called what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The access key id that the call was signed with: each worker has its own.
    pub access_key: String,
    /// Such as `DynamoDB GetItem`.
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
    /// Starts one that stays quiet, before the emulator of the stack in `folder`.
    pub async fn quiet(folder: &Path) -> Self {
        Self::start(SeededRng(0), folder).await
    }

    /// Starts a quiet one, before the emulator of the stack in `folder`.
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

    /// For `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on calls fail, or do not.
    pub(super) fn activate(&self, active: bool) {
        self.state.active.store(active, Ordering::SeqCst);
    }

    /// How often who called what.
    pub fn by_caller(&self) -> BTreeMap<Call, u64> {
        self.state.seen.lock().unwrap().by_caller.clone()
    }

    /// How many calls there were, and how often each fault was put in.
    pub(super) fn counts(&self) -> (u64, BTreeMap<Toxic, u64>) {
        let seen = self.state.seen.lock().unwrap();
        (seen.calls, seen.faults.clone())
    }
}

async fn serve(state: Arc<State>, stream: TcpStream) {
    // A second handle to the same socket, by which the connection can be reset while hyper holds the first.
    let Ok(stream) = stream.into_std() else { return };
    let Ok(twin) = stream.try_clone().and_then(TcpStream::from_std) else { return };
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let twin = &twin;
    let answer = service_fn(|request: Request<Incoming>| {
        let state = Arc::clone(&state);
        async move { state.answer(request, twin).await }
    });
    // Ends with an error where a fault resets the connection.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

/// The connection is to be reset.
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
            // Closed without a word to the other side: RST instead of FIN.
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

    /// The fault of this call, if it gets one.
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
        // Three late answers would take up the whole time that a worker has: once is enough.
        let stays = toxic != Toxic::Late && self.rng.draw(&occasion("stays"), number, 5) < 2;
        Plan { toxic: Some(toxic), stays }
    }

    async fn forward(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Reset> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Reset)?.to_bytes();
        self.emulator.call(parts, body).await.ok_or(Reset)
    }
}

/// An error as the services write it: JSON for most, XML for S3, each with the code where the SDK looks for it.
fn error(status: u16, code: &str) -> Response<Full<Bytes>> {
    let body = format!(r#"{{"__type":"{code}","message":"told to fail"}}"#);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let headers = response.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.1".parse().unwrap());
    headers.insert("x-amzn-errortype", code.parse().unwrap());
    response
}
