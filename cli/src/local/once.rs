//! `countersign local --once`: one request from the CSR to the saved certificate, without a browser.
//!
//! It submits over HTTP, confirms by the link in the requester's mail, follows the link in the approver's mail, and
//! downloads from the requester's link.
//! Invariant: it succeeds only if the certificate is saved.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::mailbox::Maildir;
use super::options::LocalOptions;
use super::running::Local;
use super::signals::unless_stopped;
use crate::checkout;
use crate::endpoints::{self, Endpoints};
use crate::error::{CliError, OrFail as _};
use crate::progress::say;
use crate::stack::Stack;
use crate::timeline;
use crate::wording::duration;

/// Limit for one state of the flow; longer than the visibility time-out of the queues (three minutes).
const PATIENCE: Duration = Duration::from_secs(300);

/// Interval of the checks of the Maildir and of the execution, which report no events to this process.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Drives the request on the running stack, or on a stack started for it.
pub(super) async fn run(options: &LocalOptions) -> Result<(), CliError> {
    let (Some(csr), Some(email), Some(out)) = (&options.once.once, &options.once.email, &options.once.out)
    else {
        return Err(CliError::new("--once needs --email and --out", ""));
    };
    let csr = std::fs::read_to_string(csr)
        .or_fail(|| format!("cannot read {}", csr.display()), "Name a CSR in PEM.")?;
    let folder = std::path::absolute(out).ok().and_then(|out| out.parent().map(Path::to_owned));
    if !folder.as_deref().is_some_and(Path::is_dir) {
        return Err(CliError::new(
            format!("{} is in no folder that exists", out.display()),
            "Choose another --out.",
        ));
    }
    let mut body = json!({ "email": email, "comment": options.once.comment, "csrContent": csr });
    if let Some(profile) = &options.once.profile {
        body["profile"] = json!(profile);
    }
    if let Some(endpoints) = answering(&checkout::folder(options.dir.as_deref())).await? {
        say(format!("Using the stack that runs at {}", endpoints.portal));
        return unless_stopped(drive(&endpoints, &body, out)).await;
    }
    let local = Local::start(options).await?;
    let driven = unless_stopped(drive(&local.endpoints, &body, out)).await;
    let stopped = local.stop().await;
    driven.and(stopped)
}

/// Returns the endpoints of the stack in `folder` if its portal answers.
async fn answering(folder: &Path) -> Result<Option<Endpoints>, CliError> {
    let Some(endpoints) = endpoints::running(folder).await? else {
        return Ok(None);
    };
    let health = client()?.get(format!("{}healthz", endpoints.portal)).timeout(Duration::from_secs(15));
    let answered = health.send().await.is_ok_and(|health| health.status().is_success());
    Ok(answered.then_some(endpoints))
}

fn client() -> Result<reqwest::Client, CliError> {
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60));
    builder.build().or_fail(|| "cannot make an HTTP client".into(), "")
}

async fn drive(endpoints: &Endpoints, body: &Value, out: &Path) -> Result<(), CliError> {
    let drive = Drive { http: client()?, endpoints, stack: Stack::local(endpoints), begun: Instant::now() };
    let request = drive.submit(body).await?;
    let request = drive.confirm(request).await?;
    drive.follow(&request).await?;
    let status = drive.status(&request).await?;
    if !matches!(text(&status, "status"), "issued" | "delivered") {
        return Err(refusal(&status, "the request ended without a certificate"));
    }
    drive.save(&request, out).await?;
    println!(
        "{:>6.1} s  saved {} (serial {}, valid until {})",
        drive.seconds(),
        out.display(),
        text(&status, "serial"),
        text(&status, "notAfter")
    );
    Ok(())
}

struct Drive<'a> {
    http: reqwest::Client,
    endpoints: &'a Endpoints,
    stack: Stack,
    begun: Instant,
}

struct SubmissionAnswer {
    id: String,
    status: String,
    /// The requester's link.
    link: Url,
}

impl Drive<'_> {
    fn seconds(&self) -> f32 {
        self.begun.elapsed().as_secs_f32()
    }

    async fn submit(&self, body: &Value) -> Result<SubmissionAnswer, CliError> {
        let answer = self.post(&format!("{}requests", self.endpoints.portal), body).await?;
        if answer.status() != StatusCode::ACCEPTED {
            return Err(refused(answer).await);
        }
        let answer = json(answer).await?;
        let id = text(&answer, "id").to_owned();
        let base =
            Url::parse(&self.endpoints.portal).or_fail(|| "cannot parse the portal's address".into(), "")?;
        let link = base
            .join(text(&answer, "statusUrl"))
            .or_fail(|| "cannot parse the portal's statusUrl".into(), "")?;
        println!("{:>6.1} s  submitted as {id}", self.seconds());
        Ok(SubmissionAnswer { id, status: text(&answer, "status").to_owned(), link })
    }

    /// Confirms the request by the link in the requester's mail, if the policy requires it.
    async fn confirm(&self, request: SubmissionAnswer) -> Result<SubmissionAnswer, CliError> {
        if request.status != "unconfirmed" {
            return Ok(request);
        }
        let mailbox = Maildir::new(&self.endpoints.mailbox);
        let start = format!("{}requests/{}/confirm?", self.endpoints.portal, request.id);
        let begun = Instant::now();
        let link = loop {
            if let Some(link) = links(&mailbox, &request, &start).pop() {
                break link;
            }
            if begun.elapsed() > PATIENCE {
                let log = self.endpoints.mailbox.with_file_name("emulator.log");
                return Err(CliError::new(
                    format!("no mail asks to confirm the request for {}", duration(PATIENCE)),
                    format!("Look at {}.", log.display()),
                ));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        };
        let answer = self.post(&link, &json!({})).await?;
        if !answer.status().is_success() {
            return Err(refused(answer).await);
        }
        println!("{:>6.1} s  confirmed by the link in the mail", self.seconds());
        let link = Url::parse(&link.replace("/confirm?", "?"))
            .or_fail(|| "cannot parse the link in the mail".into(), "")?;
        Ok(SubmissionAnswer { link, ..request })
    }

    /// Prints each state on entry and approves for the approvers, until the execution has ended.
    async fn follow(&self, request: &SubmissionAnswer) -> Result<(), CliError> {
        let arn = self.stack.execution_arn(&request.id);
        let mailbox = Maildir::new(&self.endpoints.mailbox);
        let (mut shown, mut voted) = (0, BTreeSet::new());
        let mut moved = Instant::now();
        loop {
            let execution = timeline::find(&self.stack, &arn).await?;
            let states = execution.as_ref().map(|execution| execution.states.as_slice()).unwrap_or_default();
            for entry in &states[shown.min(states.len())..] {
                println!("{:>6.1} s  {}", self.seconds(), entry.state);
                moved = Instant::now();
            }
            shown = states.len();
            if execution.as_ref().is_some_and(|execution| execution.status != "RUNNING") {
                return Ok(());
            }
            if states.last().is_some_and(|entry| entry.state == "AwaitApproval") {
                let start = format!("{}approvals/", self.endpoints.portal);
                for link in links(&mailbox, request, &start) {
                    if voted.insert(link.clone()) {
                        self.approve(&link).await?;
                        moved = Instant::now();
                    }
                }
            }
            if moved.elapsed() > PATIENCE {
                let state = states.last().map_or("its start", |entry| entry.state.as_str()).to_owned();
                let log = self.endpoints.mailbox.with_file_name("emulator.log");
                return Err(CliError::new(
                    format!("the request has not left {state} for {}", duration(PATIENCE)),
                    format!("Look at {} and at: countersign executions {}.", log.display(), request.id),
                ));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn approve(&self, link: &str) -> Result<(), CliError> {
        let review = self.get(link, "application/json").await?;
        if !review.status().is_success() {
            return Err(refused(review).await);
        }
        let review = json(review).await?;
        let answer =
            self.post(link, &json!({ "decision": "approve", "digest": text(&review, "digest") })).await?;
        if !answer.status().is_success() {
            return Err(refused(answer).await);
        }
        println!("{:>6.1} s  approved by the link in the mail", self.seconds());
        Ok(())
    }

    async fn status(&self, request: &SubmissionAnswer) -> Result<Value, CliError> {
        json(self.get(request.link.as_str(), "application/json").await?).await
    }

    async fn save(&self, request: &SubmissionAnswer, out: &Path) -> Result<(), CliError> {
        let mut url = request.link.clone();
        url.set_path(&format!("{}/certificate.zip", url.path().trim_end_matches('/')));
        let answer = self.get(url.as_str(), "application/zip").await?;
        if !answer.status().is_success() {
            return Err(refused(answer).await);
        }
        let bytes = answer.bytes().await.or_fail(|| "the download was interrupted".into(), "Try again.")?;
        if !bytes.starts_with(b"PK") {
            return Err(CliError::new(
                "the portal did not send a zip file",
                "Look at emulator.log in the stack's folder.",
            ));
        }
        std::fs::write(out, &bytes)
            .or_fail(|| format!("cannot write {}", out.display()), "Choose another --out.")
    }

    async fn get(&self, url: &str, accept: &str) -> Result<Response, CliError> {
        let answer = self.http.get(url).header(ACCEPT, accept).send().await;
        answer
            .map_err(reqwest::Error::without_url)
            .or_fail(|| "the portal does not answer".into(), "Is the stack still running?")
    }

    async fn post(&self, url: &str, body: &Value) -> Result<Response, CliError> {
        let request =
            self.http.post(url).header(ACCEPT, "application/json").header(CONTENT_TYPE, "application/json");
        let answer = request.body(body.to_string()).send().await;
        answer
            .map_err(reqwest::Error::without_url)
            .or_fail(|| "the portal does not answer".into(), "Is the stack still running?")
    }
}

/// The links that begin with `start` in the mails about this request. A Message-ID begins with the id of its request.
fn links(mailbox: &Maildir, request: &SubmissionAnswer, start: &str) -> Vec<String> {
    let mails = mailbox.mails().into_iter().filter(|mail| mail.message_id.starts_with(&request.id));
    mails
        .filter_map(|mail| {
            let from = &mail.text[mail.text.find(start)?..];
            let end =
                from.find(|c: char| c.is_whitespace() || matches!(c, '>' | '"' | ')')).unwrap_or(from.len());
            Some(from[..end].to_owned())
        })
        .collect()
}

async fn json(answer: Response) -> Result<Value, CliError> {
    let bytes = answer
        .bytes()
        .await
        .map_err(reqwest::Error::without_url)
        .or_fail(|| "the portal's answer was interrupted".into(), "")?;
    serde_json::from_slice(&bytes)
        .or_fail(|| "the portal's answer is not JSON".into(), "Look at emulator.log in the stack's folder.")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
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
fn refusal(value: &Value, otherwise: &str) -> CliError {
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
