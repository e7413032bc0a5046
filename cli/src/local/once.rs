//! `countersign local --once`: one request from the CSR to the saved certificate, without a browser.
//!
//! It submits over HTTP, confirms by the link in the requester's mail, follows the link in the approver's mail, and
//! downloads from the requester's link.
//! Invariant: it succeeds only if the certificate is saved.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::mailbox::Maildir;
use super::options::LocalOptions;
use super::running::Local;
use super::signals::unless_stopped;
use crate::checkout;
use crate::endpoints::{self, Endpoints};
use crate::error::{CliError, OrFail as _};
use crate::portal_client::{PortalClient, SubmissionAnswer, refusal, text};
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
    let answers = PortalClient::new(&endpoints.portal, true)?.answers(Duration::from_secs(15)).await;
    Ok(answers.then_some(endpoints))
}

async fn drive(endpoints: &Endpoints, body: &Value, out: &Path) -> Result<(), CliError> {
    let portal = PortalClient::new(&endpoints.portal, true)?;
    let drive = Drive { portal, endpoints, stack: Stack::local(endpoints), begun: Instant::now() };
    let request = drive.submit(body).await?;
    let request = drive.confirm(request).await?;
    drive.follow(&request).await?;
    let status = drive.portal.status(&request.link).await?;
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
    portal: PortalClient,
    endpoints: &'a Endpoints,
    stack: Stack,
    begun: Instant,
}

impl Drive<'_> {
    fn seconds(&self) -> f32 {
        self.begun.elapsed().as_secs_f32()
    }

    async fn submit(&self, body: &Value) -> Result<SubmissionAnswer, CliError> {
        let request = self.portal.submit(body).await?;
        println!("{:>6.1} s  submitted as {}", self.seconds(), request.id);
        Ok(request)
    }

    /// Confirms the request by the link in the requester's mail, if the policy requires it.
    async fn confirm(&self, request: SubmissionAnswer) -> Result<SubmissionAnswer, CliError> {
        if request.status != "unconfirmed" {
            return Ok(request);
        }
        let mailbox = Maildir::new(&self.endpoints.mailbox);
        let start = self.portal.confirmation_of(&request.id);
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
        let link = self.portal.confirm(&link).await?;
        println!("{:>6.1} s  confirmed by the link in the mail", self.seconds());
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
        let review = self.portal.read(link).await?;
        let decision = json!({ "decision": "approve", "digest": text(&review, "digest") });
        self.portal.post_to(link, &decision).await?;
        println!("{:>6.1} s  approved by the link in the mail", self.seconds());
        Ok(())
    }

    async fn save(&self, request: &SubmissionAnswer, out: &Path) -> Result<(), CliError> {
        let zip = self.portal.zip(&request.link).await?;
        std::fs::write(out, &zip)
            .or_fail(|| format!("cannot write {}", out.display()), "Choose another --out.")
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
