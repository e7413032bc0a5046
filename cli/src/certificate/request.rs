//! `certificate request`: from no key to a saved certificate in one command.
//!
//! Invariant: the key stays on this machine. The command confirms with the link that the person pastes from the mail, never by
//! itself. If it is stopped, the request goes on: the certificate comes by mail, and the key is in its file.

use std::io::BufRead as _;
use std::path::PathBuf;
use std::time::Duration;

use pki::name::Name;
use serde_json::{Value, json};
use url::Url;
use workflow::approval::BaseUrl;
use workflow::email::Email;

use super::files::KeyFile;
use crate::arguments;
use crate::checkout::{folder, variable};
use crate::endpoints;
use crate::error::CliError;
use crate::portal_client::{PortalClient, SubmissionAnswer, refusal, text};
use crate::progress::{ProgressStep, say};

/// The variable with the address of the portal.
const PORTAL_VARIABLE: &str = "COUNTERSIGN_PORTAL";
/// Interval of asking for the status: the portal tells a program of no change.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// `countersign certificate request`.
#[derive(Debug, clap::Args)]
pub(crate) struct NewCertificateOptions {
    /// Names of the certificate: DNS names and IP addresses
    #[arg(required = true, value_name = "NAME", value_parser = name)]
    names: Vec<Name>,
    /// Your e-mail address: a mail to it asks you to confirm
    #[arg(long, value_name = "ADDRESS", value_parser = arguments::address)]
    email: Email,
    /// Address of the portal [env: COUNTERSIGN_PORTAL] [default: that of the local stack]
    #[arg(long, value_name = "URL")]
    portal: Option<String>,
    /// Profile of the certificate [default: the one of the policy]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Comment for the approvers
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
    /// Folder for key and certificate
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

fn name(text: &str) -> Result<Name, String> {
    text.parse().map_err(|_| "neither a DNS name nor an IP address".to_owned())
}

/// Runs the command.
pub(super) async fn run(options: &NewCertificateOptions) -> Result<(), CliError> {
    let portal = portal(options.portal.clone().or_else(|| variable(PORTAL_VARIABLE))).await?;
    let files = KeyFile::make(&options.folder, &options.names)?;
    let mut body = json!({
        "email": options.email,
        "comment": options.comment,
        "csrContent": files.csr,
    });
    if let Some(profile) = &options.profile {
        body["profile"] = json!(profile);
    }
    // The key is in its file before anybody can ask for a certificate with it.
    let sent = portal.submit(&body).await.inspect_err(|_| files.discard())?;
    say(format!("The key is in {}, and stays there.", files.key.display()));
    say(format!("Your request is {}. If this command is stopped, the certificate comes by mail.", sent.id));
    let (mut link, mut is_mailed) = (sent.link.clone(), false);
    if sent.status == "unconfirmed" {
        say(format!("A mail to {} has a link that confirms it.", options.email));
        if let Some(pasted) = pasted(&portal, &sent, "Paste the link here, or open it and press Enter:")? {
            link = portal.confirm(&pasted).await?;
            is_mailed = true;
        }
    }
    wait(&portal, &link).await?;
    let zip = match portal.zip(&link).await {
        Err(_) if !is_mailed => {
            say("The certificate is behind the link in the mail.");
            let Some(pasted) =
                pasted(&portal, &sent, "Paste the link here, or press Enter to leave it there:")?
            else {
                println!(
                    "The certificate is in the mail to {}; its key is {}.",
                    options.email,
                    files.key.display()
                );
                return Ok(());
            };
            portal.zip(&opening(&pasted)?).await?
        }
        zip => zip?,
    };
    files.save(&zip)?;
    println!(
        "Saved {} with fullchain.pem for servers; its key is {}.",
        files.zip.display(),
        files.key.display()
    );
    Ok(())
}

/// The portal at this address, else that of the local stack.
async fn portal(address: Option<String>) -> Result<PortalClient, CliError> {
    let Some(address) = address else {
        let running = endpoints::running(&folder(None)).await?;
        let running = running.ok_or_else(|| {
            CliError::new("no portal is named, and no local stack runs", "Name the portal with --portal URL.")
        })?;
        return PortalClient::new(&running.portal, true);
    };
    let wrong = |why: String| CliError::new(format!("the address of the portal: {why}"), "See --portal.");
    let base = BaseUrl::parse(&address).map_err(wrong)?;
    let is_local = is_loopback(base.as_str());
    if !is_local && !base.as_str().starts_with("https://") {
        return Err(wrong("links and requests need https, except on this machine".to_owned()));
    }
    PortalClient::new(base.as_str(), is_local)
}

fn is_loopback(base: &str) -> bool {
    let Ok(url) = Url::parse(base) else { return false };
    match url.host() {
        Some(url::Host::Domain(host)) => host == "localhost" || host.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The link of the request that the person pastes; `None` for an empty line. Refuses any other address: a link is sent only to
/// its own portal.
fn pasted(
    portal: &PortalClient,
    sent: &SubmissionAnswer,
    question: &str,
) -> Result<Option<String>, CliError> {
    eprintln!("  {question}");
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
    chosen(&line, portal, &sent.id)
}

fn chosen(line: &str, portal: &PortalClient, id: &str) -> Result<Option<String>, CliError> {
    let line = line.trim();
    let own = [portal.confirmation_of(id), portal.confirmation_of(id).replace("/confirm?", "?")];
    match line {
        "" => Ok(None),
        link if own.iter().any(|start| link.starts_with(start.as_str())) => Ok(Some(link.to_owned())),
        _ => Err(CliError::new(
            format!("this is no link to the request {id}"),
            "The request goes on: open the link of the mail in a browser. The certificate comes by mail.",
        )),
    }
}

/// The link that opens a request, from one that confirms it.
fn opening(link: &str) -> Result<Url, CliError> {
    Url::parse(&link.replace("/confirm?", "?")).map_err(|_| CliError::new("this is no link", ""))
}

/// Waits until the certificate is delivered.
async fn wait(portal: &PortalClient, link: &Url) -> Result<(), CliError> {
    let step = ProgressStep::begin("Waiting for the approvers");
    loop {
        let status: Value = portal.status(link).await?;
        match text(&status, "status") {
            "delivered" => {
                step.done("");
                return Ok(());
            }
            "refused" | "rejected" | "withdrawn" | "expired" | "failed" | "revoked" => {
                return Err(refusal(&status, "the request ended without a certificate"));
            }
            waits => step.detail(&waits.replace('_', " ")),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_of_this_request_at_this_portal_is_used() {
        let portal = PortalClient::new("https://pki.example.com/", false).unwrap();
        let of = |line: &str| chosen(line, &portal, "1-2");
        let link = "https://pki.example.com/requests/1-2/confirm?key=abc";
        assert_eq!(of(&format!(" {link}\n")).unwrap().as_deref(), Some(link));
        assert!(of("https://pki.example.com/requests/1-2?key=abc").unwrap().is_some());
        assert_eq!(of("\n").unwrap(), None);
        for wrong in [
            "https://pki.example.org/requests/1-2/confirm?key=abc",
            "https://pki.example.com/requests/3-4/confirm?key=abc",
            "https://pki.example.com.evil.example/requests/1-2/confirm?key=abc",
            "yes",
        ] {
            let said = of(wrong).unwrap_err().to_string();
            assert!(said.starts_with("this is no link to the request") && !said.contains("key="), "{said}");
        }
        assert_eq!(opening(link).unwrap().as_str(), "https://pki.example.com/requests/1-2?key=abc");
    }

    #[tokio::test]
    async fn a_portal_elsewhere_needs_https() {
        for good in
            ["https://pki.example.com", "http://localhost:8080/", "http://127.0.0.1:8080/", "http://[::1]/"]
        {
            assert!(portal(Some(good.to_owned())).await.is_ok(), "{good}");
        }
        for bad in ["http://pki.example.com/", "ftp://localhost/", "http://127.0.0.1.example.com/", "x"] {
            assert!(portal(Some(bad.to_owned())).await.is_err(), "{bad}");
        }
    }
}
