//! The parts of the Lambda Runtime API that a function uses
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;

/// The event and its result.
#[derive(Default)]
pub(super) struct Invocation {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    event: Option<Value>,
    answered: Option<Instant>,
    finished: Option<Result<Instant, String>>,
}

impl Invocation {
    /// Returns this event to the next caller.
    pub(super) fn give(&self, event: &Value) {
        *self.state.lock().unwrap() = State { event: Some(event.clone()), ..State::default() };
    }

    /// Waits until the function asks for another event. Returns the time of its answer, or the error.
    pub(super) fn finished(&self, at_most: Duration) -> Option<Result<Instant, String>> {
        let state = self.state.lock().unwrap();
        let (mut state, _) =
            self.ended.wait_timeout_while(state, at_most, |state| state.finished.is_none()).unwrap();
        state.finished.take()
    }

    fn finish(&self, state: &mut State, how: Result<Instant, String>) {
        state.finished = Some(how);
        self.ended.notify_all();
    }

    pub(super) async fn serve(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        match (method, path.rsplit('/').next()) {
            (Method::GET, Some("next")) => {
                let event = self.next();
                match event {
                    Some(event) => answer(StatusCode::OK, event.to_string()),
                    // As in Lambda, the call waits for the next event; the function is killed meanwhile.
                    None => std::future::pending().await,
                }
            }
            (Method::POST, Some("response")) => {
                let mut state = self.state.lock().unwrap();
                state.answered = Some(Instant::now());
                // A batch response with a failed message means that the message is not finished.
                if body.contains("itemIdentifier") {
                    self.finish(&mut state, Err(format!("it answered {body}")));
                }
                answer(StatusCode::ACCEPTED, String::new())
            }
            _ => {
                self.finish(&mut self.state.lock().unwrap(), Err(format!("{path}: {body}")));
                answer(StatusCode::ACCEPTED, String::new())
            }
        }
    }

    fn next(&self) -> Option<Value> {
        let mut state = self.state.lock().unwrap();
        let event = state.event.take();
        if let (None, Some(at), true) = (&event, state.answered, state.finished.is_none()) {
            self.finish(&mut state, Ok(at));
        }
        event
    }
}

fn answer(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        .header("lambda-runtime-deadline-ms", "4102444800000")
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:000000000000:function:it")
        .header(
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        )
        .body(Full::from(body))
        .unwrap()
}
