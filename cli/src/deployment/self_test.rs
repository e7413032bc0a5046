//! `countersign deploy --self-test`: one request through the stack, as a requester would send it.
//!
//! Requester and approver are people: the requester confirms and the approver decides, each from the link in their mail.
//! Without a decision in time, the request is withdrawn and the output says so: everything but signing and delivery has been
//! tried. A request that is not confirmed ends by itself.

use std::time::{Duration, Instant};

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};

use crate::error::{CliError, OrFail as _};
use crate::progress::{ProgressStep, say};

/// Request to send.
#[derive(Debug, clap::Args)]
#[group(id = "self_test_options")]
pub(crate) struct SelfTestOptions {
    /// Send one request for this host through the new stack
    #[arg(long, value_name = "HOST", requires = "requester")]
    pub(super) self_test: Option<String>,
    /// With --self-test: the requester's address, which gets the mails
    #[arg(long, value_name = "ADDRESS", requires = "self_test")]
    pub(super) requester: Option<String>,
    /// With --self-test: minutes to wait for the approver before the request is withdrawn
    #[arg(long, value_name = "MINUTES", default_value_t = 15, requires = "self_test")]
    wait: u64,
}

#[cfg(test)]
impl SelfTestOptions {
    /// Host and requester, or nothing.
    pub(super) fn of(request: Option<(&str, &str)>) -> Self {
        let (self_test, requester) = request.map(|(host, email)| (host.to_owned(), email.to_owned())).unzip();
        Self { self_test, requester, wait: 15 }
    }
}

/// Sends the request of --self-test, if one was given, and follows it to its end.
pub(super) async fn run(options: &SelfTestOptions, portal: &str) -> Result<(), CliError> {
    let (Some(host), Some(requester)) = (&options.self_test, &options.requester) else {
        return Ok(());
    };
    let step = ProgressStep::begin("Sending a request through");
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .build()
        .or_fail(|| "cannot make an HTTP client".into(), "")?;
    let body =
        json!({ "email": requester, "comment": "A self-test of the deployment.", "csrContent": csr(host)? });
    let answer = ask(http.post(format!("{portal}/requests")).json_body(&body)).await?;
    let (Some(id), Some(status_url)) = (answer["id"].as_str(), answer["statusUrl"].as_str()) else {
        let why = answer["detail"].as_str().unwrap_or("the portal gave no id");
        return Err(CliError::new(
            format!("the portal did not accept the request: {why}"),
            "Check that the policy allows this host: countersign policy show.",
        ));
    };
    let begun = Instant::now();
    let (mut withdrawn, mut last) = (false, String::new());
    loop {
        let now = ask(http.get(status_url).header("accept", "application/json")).await?;
        let status = now["status"].as_str().unwrap_or_default().to_owned();
        if status != last {
            say(format!("{id} is {status}"));
            if status == "unconfirmed" {
                say(format!("Now confirm the request, from the link in the mail to {requester}."));
            }
            if status == "pending_approval" {
                say("Now the approver decides, from the link in their mail.");
            }
            last.clone_from(&status);
        }
        match status.as_str() {
            "delivered" => {
                step.done("approved, signed and delivered");
                return Ok(());
            }
            "withdrawn" => {
                step.done(
                    "accepted, sent to the approvers, and withdrawn; without a decision, signing was not tested",
                );
                return Ok(());
            }
            "rejected" => {
                step.done("taken, and rejected by the approver; signing was not tried");
                return Ok(());
            }
            "failed" | "refused" | "expired" => {
                let why = now["reason"].as_str().unwrap_or_default();
                return Err(CliError::new(
                    format!("the request ended as {status}: {why}"),
                    format!("See countersign executions {id}."),
                ));
            }
            _ => {}
        }
        if begun.elapsed() > Duration::from_secs(options.wait * 60) && !withdrawn {
            if status == "unconfirmed" {
                return Err(CliError::new(
                    format!("{id} was not confirmed by the link in the mail to {requester}"),
                    "Check that the mail arrived. The request ends by itself.",
                ));
            }
            ask(http.post(status_url.replace("?key=", "/cancel?key=")).json_body(&json!({}))).await?;
            withdrawn = true;
        }
        if begun.elapsed() > Duration::from_secs((options.wait + 10) * 60) {
            return Err(CliError::new(
                format!("{id} is still {status} after {} minutes", options.wait + 10),
                format!("See countersign executions {id}."),
            ));
        }
        // The portal sends no event; its status link is the only view of a requester.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Returns a new CSR for the host. Its key is discarded.
pub(super) fn csr(host: &str) -> Result<String, CliError> {
    let advice = "Name a host such as self-test.example.com.";
    let mut parameters = CertificateParams::new(vec![host.to_owned()])
        .or_fail(|| format!("{host} is not a host name"), advice)?;
    parameters.distinguished_name.push(DnType::CommonName, host);
    let key = KeyPair::generate().or_fail(|| "cannot make a key".into(), "")?;
    let request = parameters.serialize_request(&key).or_fail(|| "cannot make a CSR".into(), "")?;
    request.pem().or_fail(|| "cannot write the CSR".into(), "")
}

trait JsonBody {
    fn json_body(self, body: &Value) -> Self;
}

impl JsonBody for reqwest::RequestBuilder {
    fn json_body(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .header("accept", "application/json")
            .body(body.to_string())
    }
}

async fn ask(request: reqwest::RequestBuilder) -> Result<Value, CliError> {
    let advice = "Check the portal's address, the output PortalUrl of the stack: its DNS record and networks must lead to the API.";
    let answer = request
        .send()
        .await
        .map_err(reqwest::Error::without_url)
        .or_fail(|| "the portal does not answer".into(), advice)?;
    let bytes = answer
        .bytes()
        .await
        .map_err(reqwest::Error::without_url)
        .or_fail(|| "the portal's answer broke off".into(), advice)?;
    serde_json::from_slice(&bytes).or_fail(|| "the portal's answer is not JSON".into(), advice)
}
