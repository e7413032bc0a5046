//! HTTP client of the portal.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};

use crate::{Mailbox, PATIENCE, eventually};

/// A request for a certificate.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    pub email: String,
    pub comment: String,
    pub csr: String,
    pub profile: Option<String>,
    pub idempotency_key: Option<String>,
}

impl Submission {
    /// With a random e-mail address.
    pub fn of(csr: &str) -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string();
        Self { email: format!("team-{}@example.com", &id[..12]), csr: csr.to_owned(), ..Self::default() }
    }

    /// Sets the profile.
    pub fn with_profile(self, profile: &str) -> Self {
        Self { profile: Some(profile.to_owned()), ..self }
    }

    /// JSON body of the request.
    pub fn json(&self) -> Value {
        let mut body = json!({ "email": self.email, "comment": self.comment, "csrContent": self.csr });
        if let Some(profile) = &self.profile {
            body["profile"] = json!(profile);
        }
        body
    }
}

/// An accepted request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub id: String,
    pub email: String,
    /// The mailed link if the request had to be confirmed, otherwise the link in the answer.
    pub status_url: String,
}

impl Asked {
    /// The accepted request of an answer.
    pub fn of(answer: &Value, submission: &Submission) -> Self {
        let text =
            |field: &str| answer[field].as_str().unwrap_or_else(|| panic!("{field}: {answer:#}")).to_owned();
        Self { id: text("id"), email: submission.email.clone(), status_url: text("statusUrl") }
    }

    /// With the link of the mail that confirms it.
    pub fn by_mail(self, confirmation: &str) -> Self {
        Self { status_url: confirmation.replace("/confirm?", "?"), ..self }
    }
}

/// A complete HTTP response.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}, {error}: {}", self.status, self.text()))
    }

    /// Value of a header; empty if absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Asserts a problem (RFC 9457) with this status and code, and returns it.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{problem:#}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], json!(status));
        for field in ["type", "title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {problem:#}");
        }
        assert!(problem["findings"].is_array(), "{problem:#}");
        problem
    }

    /// Asserts the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// Client of one stack's portal, for one test: connections belong to the test's runtime.
pub struct Portal {
    http: Client,
    /// Base URL, with a slash at the end.
    pub base: String,
    /// The requesters' mailbox.
    mailbox: Option<Mailbox>,
    /// The base URL of links, if it is another one.
    public: Option<String>,
}

const JSON: &str = "application/json";

impl Portal {
    /// Client for this base URL.
    pub fn new(base: &str) -> Self {
        let http = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self { http, base: base.to_owned(), mailbox: None, public: None }
    }

    /// With the mailbox in which [`Portal::ask`] finds the links that confirm.
    pub fn with_mailbox(self, mailbox: Mailbox) -> Self {
        Self { mailbox: Some(mailbox), ..self }
    }

    /// With links that begin with another base URL, since something is in front of the portal.
    pub fn known_as(self, public: &str) -> Self {
        Self { public: Some(public.to_owned()), ..self }
    }

    fn url(&self, path: &str) -> String {
        let below = self.public.as_ref().and_then(|public| path.strip_prefix(public.as_str()));
        let path = below.unwrap_or(path);
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    /// Sends a request. `path` is a URL, or relative to the base URL.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    /// Like `send`, but returns connection errors.
    ///
    /// # Errors
    /// The connection failed.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method, self.url(path)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(Answer { status, headers, body: answer.bytes().await?.to_vec() })
    }

    /// GET.
    pub async fn get(&self, path: &str, accept: &str) -> Answer {
        self.send(Method::GET, path, &[(ACCEPT.as_str(), accept)], Vec::new()).await
    }

    /// GET of JSON.
    pub async fn json(&self, path: &str) -> Answer {
        self.get(path, JSON).await
    }

    /// POST of JSON, for JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [(ACCEPT.as_str(), JSON), (CONTENT_TYPE.as_str(), JSON)];
        self.send(Method::POST, path, &headers, body.to_string().into_bytes()).await
    }

    /// POST of a form, with the headers of a browser.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            (ACCEPT.as_str(), "text/html,application/xhtml+xml,*/*;q=0.8"),
            (CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, &headers, body.into_bytes()).await
    }

    /// Sends a submission and returns any answer.
    pub async fn submit(&self, submission: &Submission) -> Answer {
        let mut headers = vec![(ACCEPT.as_str(), JSON), (CONTENT_TYPE.as_str(), JSON)];
        headers.extend(submission.idempotency_key.as_deref().map(|key| ("idempotency-key", key)));
        self.send(Method::POST, "requests", &headers, submission.json().to_string().into_bytes()).await
    }

    /// Sends a submission, asserts that it is accepted, and confirms it if need be.
    pub async fn ask(&self, submission: &Submission) -> Asked {
        let answer = self.submit(submission).await.expect(202).json();
        let asked = Asked::of(&answer, submission);
        if answer["status"] == "unconfirmed" { self.confirm(asked).await } else { asked }
    }

    /// Waits for the mail to the requester, and confirms the request by its link.
    pub async fn confirm(&self, asked: Asked) -> Asked {
        let mailbox = self.mailbox.as_ref().expect("a mailbox to confirm from");
        let link = mailbox.confirmation_link(&asked).await;
        self.post(&link, &json!({})).await.expect(200);
        asked.by_mail(&link)
    }

    /// Status of a request.
    pub async fn status(&self, asked: &Asked) -> Value {
        self.json(&asked.status_url).await.expect(200).json()
    }

    /// Waits until the request has this status.
    pub async fn until(&self, asked: &Asked, status: &str) -> Value {
        let mut last = Value::Null;
        let what = format!("request {} to be {status}", asked.id);
        eventually(&what, PATIENCE, async || {
            let now = self.status(asked).await;
            if now["status"] != last["status"] {
                // Printed by the test runner on failure only.
                eprintln!("{}: {}", asked.id, now["status"]);
                last = now.clone();
            }
            let ended = ["refused", "rejected", "withdrawn", "expired", "failed"]
                .iter()
                .any(|end| now["status"] == *end);
            assert!(now["status"] == status || !ended, "{what}: {now:#}");
            (now["status"] == status).then_some(now)
        })
        .await
    }

    /// Votes with the digest of the current review, and returns any answer.
    pub async fn decide(&self, link: &str, decision: &str, reason: &str) -> Answer {
        let review = self.json(link).await.expect(200).json();
        self.decide_about(link, decision, review["digest"].as_str().unwrap(), reason).await
    }

    /// Votes with this digest, and returns any answer.
    pub async fn decide_about(&self, link: &str, decision: &str, digest: &str, reason: &str) -> Answer {
        self.post(link, &json!({ "decision": decision, "digest": digest, "reason": reason })).await
    }
}
