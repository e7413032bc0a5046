//! `log audit`: the log against its checkpoint, an earlier checkpoint, the bucket and the rows. Reads only.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::StreamExt as _;
use pki::certificate::{Certificate, Serial};
use pki::tlog::{Checkpoint, consistency_proof, verify_consistency};
use serde_json::json;
use time::OffsetDateTime;
use workflow::request::Request;
use workflow::store::object_key::{CERTIFICATES, ObjectKey};

use super::compare::{Compared, Records, StandingRecords, compare};
use super::keys::{find, no_log};
use super::read::{self, ReadLog};
use crate::backup::ExportSource;
use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, OutputOptions};
use crate::request_rows;
use crate::stack::Stack;
use crate::wording::count;

/// Number of certificates read at once.
const CONCURRENCY: usize = 16;

/// A checkpoint that was kept outside of the stack.
pub(super) struct EarlierCheckpoint {
    file: String,
    note: String,
}

impl EarlierCheckpoint {
    /// Reads the file.
    pub(super) fn read(file: &Path) -> Result<Self, CliError> {
        let advice = "Keep one with: countersign log show --checkpoint > FILE";
        let note =
            std::fs::read_to_string(file).or_fail(|| format!("cannot read {}", file.display()), advice)?;
        Ok(Self { file: file.display().to_string(), note })
    }
}

/// Runs the command; fails if something does not agree.
pub(super) async fn run(
    stack: &Stack,
    since: Option<EarlierCheckpoint>,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let key = find(stack).await?.ok_or_else(no_log)?;
    // Rows and certificates that come after the log was read are newer than it, so they are read before.
    let rows = request_rows::scan(stack).await?;
    // After the rows: the standing approval of each is older than it.
    let standing = standing(stack).await?;
    let certificates = certificates(stack).await?;
    let (_, checkpoint) = read::checkpoint(stack, &key).await?.ok_or_else(no_log)?;
    let log = read::log(stack, checkpoint).await?;
    let mut faults = log.faults.clone();
    for (id, row) in &rows {
        if let Err(why) = row {
            faults.push(format!("the row of {id} cannot be read: {why}; see countersign audit verify {id}"));
        }
    }
    if let Some(since) = &since {
        let earlier = Checkpoint::open(&since.note, &key.verifiers()).or_fail(
            || format!("{} is refused", since.file),
            "It must be a checkpoint of this log: countersign log show --checkpoint > FILE",
        )?;
        faults.extend(not_continued(&log, &earlier));
    }
    let rows: Vec<Request> = rows.into_iter().filter_map(|(_, row)| row.ok()).collect();
    let records = Records {
        origin: key.origin(),
        entries: &log.entries,
        certificates: &certificates,
        rows: &rows,
        standing: &standing,
        now: OffsetDateTime::now_utc(),
    };
    // Without entries all certificates would lack a leaf.
    let compared = if log.faults.is_empty() { compare(&records) } else { Compared::default() };
    faults.extend(compared.faults.iter().cloned());
    let mut lines = faults.clone();
    lines.extend(compared.notes.iter().map(ToString::to_string));
    if faults.is_empty() {
        lines.push(format!(
            "{}, each with its certificate, its request and its approval; the checkpoint covers them{}.",
            count(log.entries.len(), "entry").replace("entrys", "entries"),
            if since.is_some() { ", and continues the earlier one" } else { "" }
        ));
    }
    let found = |kind: &'static str| move |text: &String| vec![Cell::text(kind), Cell::text(text.as_str())];
    let cells = faults.iter().map(found("fault")).chain(compared.notes.iter().map(found("note")));
    let document = Document::new().line(lines.join("\n"));
    let document = document.spreadsheet(&["KIND", "FOUND"], cells.collect());
    let value = json!({
        "log": key.origin(),
        "entries": log.entries.len(),
        "faults": faults,
        "notes": compared.notes,
    });
    output.print(&document, &value)?;
    if !faults.is_empty() {
        return Err(CliError::new(
            format!("{} in the log {}", count(faults.len(), "fault"), key.origin()),
            "docs/transparency.md says what each means.",
        ));
    }
    Ok(())
}

/// What shows that the log does not begin with the log of an earlier checkpoint.
fn not_continued(log: &ReadLog, earlier: &Checkpoint) -> Option<String> {
    let size = log.checkpoint.size;
    if earlier.size > size {
        return Some(format!(
            "the log has {size} entries, and the earlier checkpoint {}: the log was set back",
            earlier.size
        ));
    }
    let proof = match earlier.size {
        0 => Ok(Vec::new()),
        first => consistency_proof(first, size, &mut |subtree| log.tiles.subtree(subtree, size)),
    };
    let present = (size, &log.checkpoint.root);
    let continued =
        proof.is_ok_and(|proof| verify_consistency((earlier.size, &earlier.root), present, &proof));
    (!continued).then(|| {
        format!(
            "the first {} entries are not those of the earlier checkpoint: the log was rewritten. Keep both checkpoints: together they prove it",
            earlier.size
        )
    })
}

/// Every standing approval, and the certificates that were counted under it.
async fn standing(stack: &Stack) -> Result<StandingRecords, CliError> {
    let source = ExportSource::of(stack);
    let mut records = StandingRecords::default();
    source
        .standing_approvals(|row| {
            records.approvals.insert(row.value().id(), row.value().clone());
            Ok(())
        })
        .await?;
    source
        .standing_uses(|row| {
            records.uses.insert((row.value().standing, row.value().request_id));
            Ok(())
        })
        .await?;
    Ok(records)
}

/// The SHA-256 of every certificate in the bucket; `None` for an object that is none.
async fn certificates(stack: &Stack) -> Result<BTreeMap<Serial, Option<String>>, CliError> {
    let listing = stack.s3().list_objects_v2().bucket(&stack.bucket).prefix(CERTIFICATES);
    let (mut pages, mut serials) = (listing.into_paginator().send(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.or_fail(|| format!("cannot list the bucket {}", stack.bucket), "")?;
        let keys = page.contents().iter().filter_map(|object| object.key()?.parse().ok());
        serials.extend(keys.filter_map(|key| match key {
            ObjectKey::Certificate(serial) => Some(serial),
            _ => None,
        }));
    }
    let mut found = futures_util::stream::iter(serials)
        .map(|serial| async move {
            let pem = stack.object(&ObjectKey::Certificate(serial.clone()).to_string()).await?;
            let certificate = pem.and_then(|pem| Certificate::from_pem(&pem).ok());
            let certificate = certificate.filter(|certificate| *certificate.serial() == serial);
            Ok::<_, CliError>((serial, certificate.map(|certificate| certificate.fingerprint())))
        })
        .buffered(CONCURRENCY);
    let mut certificates = BTreeMap::new();
    while let Some(one) = found.next().await {
        let (serial, fingerprint) = one?;
        certificates.insert(serial, fingerprint);
    }
    Ok(certificates)
}
