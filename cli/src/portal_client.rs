//! The portal over HTTP, as a requester uses it.
//!
//! Invariant: a link is a credential. No error names one, no redirect is followed, and no page learns where a request came from.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use url::Url;
use workflow::ids::RequestId;

use crate::error::{CliError, OrFail as _};

/// Time for one answer.
const TIMEOUT: Duration = Duration::from_secs(60);
/// What to look at if the portal does not behave.
const LOOK: &str = "Is this the address of the portal, and does it run?";

/// A portal.
#[derive(Debug)]
pub(crate) struct PortalClient {
    http: reqwest::Client,
    /// Its base URL, with a slash at the end.
    base: String,
}

/// A request that was sent.
#[derive(Debug)]
pub(crate) struct SubmissionAnswer {
    pub(crate) id: String,
    pub(crate) status: String,
    /// The requester's link.
    pub(crate) link: Url,
}

impl PortalClient {
    /// The portal with this base URL. One on this machine is reached without a proxy.
    pub(crate) fn new(base: &str, is_local: bool) -> Result<Self, CliError> {
        let builder = reqwest::Client::builder().timeout(TIMEOUT).redirect(Policy::none()).referer(false);
        let builder = if is_local { builder.no_proxy() } else { builder };
        let http = builder.build().or_fail(|| "cannot make an HTTP client".into(), "")?;
        Ok(Self { http, base: format!("{}/", base.trim_end_matches('/')) })
    }

    /// True if it answers within this time.
    pub(crate) async fn answers(&self, within: Duration) -> bool {
        let health = self.http.get(format!("{}healthz", self.base)).timeout(within);
        health.send().await.is_ok_and(|health| health.status().is_success())
    }

    /// Sends a request.
    pub(crate) async fn submit(&self, body: &Value) -> Result<SubmissionAnswer, CliError> {
        let answer = self.post(&format!("{}requests", self.base), body).await?;
        if answer.status() != StatusCode::ACCEPTED {
            return Err(refused(answer).await);
        }
        let answer = json(answer).await?;
        let base = Url::parse(&self.base).or_fail(|| "cannot parse the portal's address".into(), "")?;
        let link = base
            .join(text(&answer, "statusUrl"))
            .or_fail(|| "cannot parse the portal's statusUrl".into(), "")?;
        let id: RequestId = text(&answer, "id")
            .parse()
            .or_fail(|| "the portal's answer has no id of a request".into(), LOOK)?;
        Ok(SubmissionAnswer { id: id.to_string(), status: text(&answer, "status").to_owned(), link })
    }

    /// The beginning of the link that confirms a request.
    pub(crate) fn confirmation_of(&self, id: &str) -> String {
        format!("{}requests/{id}/confirm?", self.base)
    }

    /// Confirms a request by the link in the requester's mail, and returns the requester's link of the mail.
    pub(crate) async fn confirm(&self, link: &str) -> Result<Url, CliError> {
        self.post_to(link, &json!({})).await?;
        Url::parse(&link.replace("/confirm?", "?")).or_fail(|| "cannot parse the link in the mail".into(), "")
    }

    /// The status of a request.
    pub(crate) async fn status(&self, link: &Url) -> Result<Value, CliError> {
        json(self.get(link.as_str(), "application/json").await?).await
    }

    /// The zip of a certificate.
    pub(crate) async fn zip(&self, link: &Url) -> Result<Vec<u8>, CliError> {
        let mut url = link.clone();
        url.set_path(&format!("{}/certificate.zip", url.path().trim_end_matches('/')));
        let answer = self.get(url.as_str(), "application/zip").await?;
        let bytes = answer.bytes().await.map_err(reqwest::Error::without_url);
        let bytes = bytes.or_fail(|| "the download was interrupted".into(), "Try again.")?;
        if !bytes.starts_with(b"PK") {
            return Err(CliError::new("the portal did not send a zip file", LOOK));
        }
        Ok(bytes.to_vec())
    }

    /// Reads JSON from a link.
    pub(crate) async fn read(&self, link: &str) -> Result<Value, CliError> {
        json(self.get(link, "application/json").await?).await
    }

    /// Posts to a link. Fails if the portal refuses.
    pub(crate) async fn post_to(&self, link: &str, body: &Value) -> Result<(), CliError> {
        let answer = self.post(link, body).await?;
        if answer.status().is_success() { Ok(()) } else { Err(refused(answer).await) }
    }

    async fn get(&self, url: &str, accept: &str) -> Result<Response, CliError> {
        let answer = self.http.get(url).header(ACCEPT, accept).send().await;
        let answer = answer.map_err(reqwest::Error::without_url);
        let answer = answer.or_fail(|| "the portal does not answer".into(), LOOK)?;
        if answer.status().is_success() { Ok(answer) } else { Err(refused(answer).await) }
    }

    async fn post(&self, url: &str, body: &Value) -> Result<Response, CliError> {
        let request =
            self.http.post(url).header(ACCEPT, "application/json").header(CONTENT_TYPE, "application/json");
        let answer = request.body(body.to_string()).send().await.map_err(reqwest::Error::without_url);
        answer.or_fail(|| "the portal does not answer".into(), LOOK)
    }
}

async fn json(answer: Response) -> Result<Value, CliError> {
    let bytes = answer.bytes().await.map_err(reqwest::Error::without_url);
    let bytes = bytes.or_fail(|| "the portal's answer was interrupted".into(), "")?;
    serde_json::from_slice(&bytes).or_fail(|| "the portal's answer is not JSON".into(), LOOK)
}

/// A field of an answer; empty if it is none or no text.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

async fn refused(answer: Response) -> CliError {
    let status = answer.status();
    match json(answer).await {
        Ok(problem) => refusal(&problem, &format!("the portal answered {status}")),
        Err(failure) => CliError::new(format!("the portal answered {status}; {failure}"), ""),
    }
}

/// Returns the error for a problem (RFC 9457) or a status, with its code and detail; prints its findings.
pub(crate) fn refusal(value: &Value, otherwise: &str) -> CliError {
    let main = ["detail", "reason", "title"]
        .into_iter()
        .map(|field| text(value, field))
        .find(|text| !text.is_empty());
    let code = ["code", "status"]
        .into_iter()
        .map(|field| text(value, field))
        .find(|text| !text.is_empty())
        .unwrap_or("refused");
    let findings = value["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    // The detail repeats a single finding.
    for finding in findings.iter().filter(|_| findings.len() > 1) {
        eprintln!("  {}: {} {}", text(finding, "code"), text(finding, "detail"), text(finding, "advice"));
    }
    CliError::new(format!("{code}: {}", main.unwrap_or(otherwise)), "")
}
