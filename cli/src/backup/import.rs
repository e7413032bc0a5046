//! `countersign import`: from a file to a stack that was deployed for it.

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::future::try_join_all;
use pki::crl::RevocationReason;
use pki::issuer::Issuer;
use time::OffsetDateTime;
use workflow::aws::SqsQueue;
use workflow::backup::{ObjectKey, Record, TableRow};
use workflow::certificate::Revocation;
use workflow::message::RecheckMessage;
use workflow::policy::Policy;
use workflow::ports::WorkerQueue as _;
use workflow::request::Request;
use workflow::timestamp::rfc3339;

use super::contents::{ChainCheck, Contents, damaged, open};
use super::target::{ImportTarget, Placed, Write};
use super::{ImportOptions, link_secret};
use crate::error::{CliError, OrFail as _};
use crate::progress::{ProgressStep, say};
use crate::stack::{Stack, whoami};
use crate::wording::count;
use crate::{ca, policy};

/// Number of concurrent writes.
const CONCURRENCY: usize = 32;

/// Checks the export and the stack, then writes.
pub(super) async fn run(options: &ImportOptions) -> Result<(), CliError> {
    let file = options.file.as_path();
    let step = ProgressStep::begin(format!("Checking {}", file.display()));
    let contents = Contents::of(file, options.accept_broken_trails)?;
    let sha256 = &contents.manifest.sha256;
    if let Some(expected) = options.sha256.as_ref().filter(|one| !one.eq_ignore_ascii_case(sha256)) {
        return Err(CliError::new(
            format!("{} has the SHA-256 {sha256}, not {expected}", file.display()),
            "It is another export, or it was altered.",
        ));
    }
    step.done(format!("export of {} of {}", contents.header.stack, contents.header.at));
    if options.sha256.is_none() {
        say(
            "Without --sha256, damage to the file is found, but not an alteration by a person who also changed its manifest.",
        );
    }
    ChainCheck::warning(contents.unverified).into_iter().for_each(say);
    let secret = options.link_secret.as_deref().map(link_secret::read).transpose()?;
    let stack = options.which.find().await?;
    let target = ImportTarget::of(&stack);
    let plan = fits(options, &stack, &target, &contents).await?;

    let step = ProgressStep::begin(format!("Importing {}", file.display()));
    target.begin(sha256, &note(&contents)).await?;
    if let Some(document) = plan.policy {
        policy::put(&stack, document).await?;
    }
    let replaced = match &secret {
        Some(secret) => {
            let replaced = link_secret::put(&stack, secret).await?;
            target.record_link_secret(sha256).await?;
            replaced
        }
        None => false,
    };
    let has_secret = secret.is_some() || target.has_link_secret(sha256).await?;
    let before = pass(file, &target, &step, |record, request| match record {
        Record::Request(row) => Revocation::of(row.value()).map(|revocation| {
            let compromised = revocation.reason == RevocationReason::KeyCompromise;
            let digest = row.value().csr().map(|csr| csr.public_key_digest.clone());
            Write::Revocation(revocation, digest.filter(|_| compromised))
        }),
        Record::Policy(_) => None,
        Record::Object(ObjectKey::IssuerInForce(_), _) if plan.keeps_ca => None,
        record => Some(Write::Before(record, request.cloned().map(Box::new))),
    });
    before.await?;
    ca::complete(&stack).await?;
    let (new, there) = pass(file, &target, &step, |record, _| match record {
        Record::Request(row) => Some(Write::Request(row)),
        _ => None,
    })
    .await?;
    publish_lists(&stack, &contents.issuers).await?;
    step.done(contents.manifest.counts.to_string());
    println!(
        "{} imported, {there} already present, {} in flight.",
        count(new, "request"),
        contents.in_flight
    );
    if contents.in_flight > 0 {
        println!("The next run of housekeeping starts them again.");
    }
    remaining(&stack, has_secret, replaced).await;
    Ok(())
}

/// Decisions about CA and policy of the stack.
struct ImportPlan<'a> {
    /// True if the stack has a CA in force, which stays. It may have the same chain as the CA of the export.
    keeps_ca: bool,
    /// The policy to activate.
    policy: Option<&'a str>,
}

/// Returns the plan of the import, or an error before the first write if the export may not be imported.
async fn fits<'a>(
    options: &ImportOptions,
    stack: &Stack,
    target: &ImportTarget<'_>,
    contents: &'a Contents,
) -> Result<ImportPlan<'a>, CliError> {
    let strangers = target.strangers(&contents.ids).await?;
    // After an interrupted import, the stack may have accepted requests of its own.
    if strangers > 0 && !target.was_begun(&contents.manifest.sha256).await? {
        return Err(CliError::new(
            format!("the stack has {} that the export does not contain", count(strangers, "request")),
            "Nothing was written. Deploy a stack of its own for the import.",
        ));
    }
    let ours = target.issuer().await?;
    let is_other = match (&contents.issuer, &ours) {
        (Some(theirs), Some(ours)) => !is_same_chain(theirs, ours),
        _ => false,
    };
    if is_other && !options.keep_ca {
        return Err(CliError::new(
            "the stack has another CA in force than the export",
            "Nothing was written. Import the CA of the export with: countersign ca import --replace. Or add --keep-ca: the CA of the stack then signs the requests in flight.",
        ));
    }
    let theirs = contents.policy.as_deref();
    let policy = match policy::document(stack).await? {
        None => theirs,
        Some(ours) if theirs.is_none_or(|theirs| theirs == ours) || options.keep_policy => None,
        Some(_) if options.replace_policy => theirs,
        Some(_) => {
            return Err(CliError::new(
                "the stack has another policy in force than the export",
                "Nothing was written. Add --replace-policy for the policy of the export, or --keep-policy for the policy of the stack.",
            ));
        }
    };
    match policy.map(Policy::parse) {
        Some(Ok(policy)) => policy::find_key_list(stack, &policy).await?,
        Some(Err(error)) => {
            return Err(CliError::new(
                format!("the policy of the export cannot be used: {error}"),
                "Nothing was written. Activate another policy with countersign policy set, then add --keep-policy.",
            ));
        }
        None => {}
    }
    Ok(ImportPlan { keeps_ca: ours.is_some(), policy })
}

/// True if two files of the certificate in force have the same chain. The keys of former authorities in them may differ.
fn is_same_chain(one: &str, other: &str) -> bool {
    match (Issuer::from_pem(one), Issuer::from_pem(other)) {
        (Ok(one), Ok(other)) => one.chain_pem() == other.chain_pem(),
        _ => one.trim() == other.trim(),
    }
}

/// Reads the file once and makes the writes of `choose`. Returns the numbers of new and of present items.
async fn pass(
    file: &Path,
    target: &ImportTarget<'_>,
    step: &ProgressStep,
    choose: impl Fn(Record, Option<&TableRow<Request>>) -> Option<Write>,
) -> Result<(usize, usize), CliError> {
    let mut reader = open(file)?;
    let (mut new, mut there, mut read) = (0, 0, 0_u64);
    let mut latest: Option<Box<TableRow<Request>>> = None;
    let mut waiting = Vec::with_capacity(CONCURRENCY);
    loop {
        let record = reader.record().map_err(|error| damaged(file, error))?;
        let end = record.is_none();
        if let Some(record) = record {
            if let Record::Request(row) = &record {
                latest = Some(row.clone());
            }
            // The row of a request precedes its approval.
            let request = match &record {
                Record::Approval(approval) => {
                    latest.as_deref().filter(|row| row.value().id() == approval.value().request_id)
                }
                _ => None,
            };
            waiting.extend(choose(record, request));
            read += 1;
        }
        if waiting.len() >= CONCURRENCY || end {
            for placed in try_join_all(waiting.drain(..).map(|write| target.make(write))).await? {
                *match placed {
                    Placed::New => &mut new,
                    Placed::There => &mut there,
                } += 1;
            }
            step.detail(&format!("{read} records"));
        }
        if end {
            return Ok((new, there));
        }
    }
}

/// Asks sign to publish the lists of all CAs of the export. That of the CA in force exists; former CAs have none here yet.
async fn publish_lists(stack: &Stack, issuers: &BTreeSet<String>) -> Result<(), CliError> {
    let queue = SqsQueue::new(&stack.sdk, &stack.sign_queue);
    for issuer in issuers {
        let message = RecheckMessage::publish_list(issuer.clone());
        queue.recheck(&message).await.or_fail(|| format!("cannot ask sign for the list of {issuer}"), "")?;
    }
    Ok(())
}

/// Record of an import in the bucket.
fn note(contents: &Contents) -> String {
    let (header, manifest) = (&contents.header, &contents.manifest);
    serde_json::json!({
        "stack": header.stack,
        "exportedAt": header.at,
        "importedAt": rfc3339(OffsetDateTime::now_utc()),
        "importedBy": whoami(),
        "counts": manifest.counts,
        "sha256": manifest.sha256,
    })
    .to_string()
}

/// Prints the tasks that remain for the operator.
async fn remaining(stack: &Stack, has_secret: bool, replaced: bool) {
    match ca::trouble(stack).await {
        Ok(None) => {}
        Ok(Some(trouble)) => say(format!("The CA cannot sign yet: {trouble}")),
        Err(failure) => say(format!("Cannot check the CA: {failure}")),
    }
    if replaced {
        say("Running workers use the former link secret until Lambda restarts them.");
    }
    if !has_secret {
        say("Without --link-secret, earlier links of requesters do not work here; /mine mails new ones.");
    }
}
