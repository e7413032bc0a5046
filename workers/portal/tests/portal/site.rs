//! The portal with an in-memory backend, and a small HTTP client for the tests.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use pki::testing as test_pki;
use portal::Portal;
use serde_json::Value;
use tower::ServiceExt;
use workflow::approval::BaseUrl;
use workflow::approval::{Link, LinkGiven, LinkKey};
use workflow::decision::ReviewDigest;
use workflow::ids::RequestId;
use workflow::ports::{Clock, LinkSecrets};
use workflow::request::{Request as Row, Status};
use workflow::testing::InMemoryBackend;
use workflow::testing::fixtures::approver;
use workflow::texts::Language;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

pub(crate) struct Site {
    pub(crate) backend: Arc<InMemoryBackend>,
    pub(crate) router: Router,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Asserts a problem of this status and code; returns its document.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("urn:countersign:problem:{code}"));
        assert!(!problem["title"].as_str().unwrap().is_empty());
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        assert!(problem["findings"].is_array());
        problem
    }

    /// Asserts a page of this status; returns its text.
    #[track_caller]
    pub(crate) fn is_page(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        self.text()
    }
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::at("https://pki.example.com/")
    }

    pub(crate) fn at(base_url: &str) -> Self {
        let backend = InMemoryBackend::new();
        backend.trust_requesters();
        Self::over(backend, base_url)
    }

    /// A site whose requesters prove their addresses by a mailed link, as by default.
    pub(crate) fn with_confirmation() -> Self {
        Self::over(InMemoryBackend::new(), "https://pki.example.com/")
    }

    /// An independent site with a copy of the current data.
    pub(crate) fn copy(&self) -> Self {
        Self::over(self.backend.copy(), "https://pki.example.com/")
    }

    /// A site over this backend.
    pub(crate) fn over(backend: Arc<InMemoryBackend>, base_url: &str) -> Self {
        let portal = Portal {
            requests: backend.clone(),
            names: backend.clone(),
            standing: backend.clone(),
            approvals: backend.clone(),
            certificates: backend.clone(),
            issuers: backend.clone(),
            receipts: backend.clone(),
            trails: backend.clone(),
            lists: backend.clone(),
            history: backend.clone(),
            policies: backend.clone(),
            links: backend.clone(),
            base_url: BaseUrl::parse(base_url).unwrap(),
            revocation_executions: backend.clone(),
            executions: backend.clone(),
            approval_queue: backend.clone(),
            notify_queue: backend.clone(),
            sign_queue: backend.clone(),
            people: backend.clone(),
            provider: backend.clone(),
            metrics: backend.clone(),
            clock: backend.clone(),
        };
        Self { backend, router: portal.router() }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// The current review digest of a request.
    pub(crate) fn shown(&self, id: RequestId) -> String {
        let request = self.backend.request(id).unwrap();
        let (grant, findings) = match request.evaluate(&self.backend.policy(), None, None) {
            Ok(evaluated) => (Some(evaluated.grant), evaluated.findings),
            Err(refusal) => (None, refusal.0),
        };
        let binds = self.backend.approval(id).unwrap().digest;
        ReviewDigest::of(&binds, grant.as_ref(), &findings, None).to_string()
    }

    /// GET as a program.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], Body::empty()).await
    }

    /// GET as a browser.
    pub(crate) async fn browse(&self, path: &str) -> Answer {
        self.browse_in(Language::English, path).await
    }

    /// GET as a browser in this language.
    pub(crate) async fn browse_in(&self, language: Language, path: &str) -> Answer {
        let headers = [("accept", BROWSER), ("accept-language", language.code())];
        self.call("GET", path, &headers, Body::empty()).await
    }

    /// POST of JSON as a program.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// POST of a form as a browser.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.submit_in(Language::English, path, fields).await
    }

    /// POST of a form as a browser in this language.
    pub(crate) async fn submit_in(&self, language: Language, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", FORM), ("accept", BROWSER), ("accept-language", language.code())];
        self.call("POST", path, &headers, body).await
    }

    /// Creates a request of this status; returns it and the path of its status page.
    pub(crate) async fn request_at(&self, status: Status) -> (Row, String) {
        let id = self.backend.request_at(status);
        (self.backend.request(id).unwrap(), self.status_path(id, LinkGiven::InAnswer).await)
    }

    /// The path of a request's status page.
    pub(crate) async fn status_path(&self, id: RequestId, given: LinkGiven) -> String {
        let key = self.backend.secret().await.unwrap().status_key(id, given);
        format!("/requests/{id}?key={}", key.expose())
    }

    /// Creates a link to a request for its approver; returns its path.
    pub(crate) fn link(&self, id: RequestId) -> String {
        self.link_of(id, approver().as_str())
    }

    pub(crate) fn link_of(&self, id: RequestId, who: &str) -> String {
        let key = LinkKey::random().unwrap();
        let link = Link {
            generation: self.backend.approval(id).map_or(1, |approval| approval.generation),
            digest: key.digest(),
            request_id: id,
            approver: who.parse().unwrap(),
            created_at: self.backend.now(),
        };
        self.backend.put_approval(self.backend.approval(id).unwrap(), [link]);
        format!("/approvals/{}", key.expose())
    }

    /// Creates a pending request and a link to it; returns its id and the path of the link.
    pub(crate) fn pending(&self) -> (RequestId, String) {
        let id = self.backend.request_at(Status::PendingApproval);
        (id, self.link(id))
    }
}

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// A valid submission with one field changed.
pub(crate) fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut body = good();
    body[field] = value.into();
    body
}

/// A valid submission.
pub(crate) fn good() -> Value {
    serde_json::json!({
        "email": "requester@example.com",
        "comment": "For the web shop.",
        "csrContent": test_pki::csr(&["www.example.com"]),
        "profile": "server",
    })
}
