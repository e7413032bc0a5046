//! `countersign audit verify`: each trail against itself and its row, on request against the certificate and an export.
//!
//! Both tables are scanned while requests are under way, so what does not agree at first is read again, row and trail of
//! one moment, before it is called broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use futures_util::StreamExt as _;
use pki::certificate::Certificate;
use serde_json::{Value, json};
use workflow::aws::DynamoStanding;
use workflow::backup::ObjectKey;
use workflow::ids::RequestId;
use workflow::ports::StandingApprovals as _;
use workflow::request::audit::{AuditError, ChainHead, Event};
use workflow::request::{Request, recorded_certificate, verify_request};

use super::earlier::continues;
use super::read::{Snapshot, snapshot, trail, trails};
use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, OutputOptions};
use crate::request_rows;
use crate::stack::Stack;
use crate::wording::{broken_trails, count};

/// Number of certificates read at once.
const CONCURRENCY: usize = 16;

/// The trails that were checked.
#[derive(Default)]
struct AuditReport {
    events: usize,
    requests: BTreeSet<RequestId>,
    broken: BTreeSet<RequestId>,
    defects: Vec<(RequestId, String)>,
}

impl AuditReport {
    fn defect(&mut self, id: RequestId, defect: impl Display) {
        self.defects.push((id, defect.to_string()));
        self.broken.insert(id);
    }

    /// One line for each defect, or that there is none.
    fn document(&self) -> Document {
        let lines: Vec<String> = self.defects.iter().map(|(id, defect)| format!("{id}: {defect}")).collect();
        let said = match lines.as_slice() {
            [] => format!(
                "{} of {}: every audit trail is complete and unaltered, and every row agrees with its trail.",
                count(self.events, "event"),
                count(self.requests.len(), "request")
            ),
            lines => lines.join("\n"),
        };
        let cells = self.defects.iter().map(|(id, defect)| vec![Cell::id(*id), Cell::text(defect.as_str())]);
        Document::new().line(said).spreadsheet(&["REQUEST", "DEFECT"], cells.collect())
    }

    fn value(&self) -> Value {
        let defect = |(id, defect): &(RequestId, String)| json!({ "request": id, "defect": defect });
        json!({
            "events": self.events,
            "requests": self.requests.len(),
            "defects": self.defects.iter().map(defect).collect::<Vec<_>>(),
        })
    }
}

/// Runs the command; fails if a trail is broken.
pub(super) async fn run(
    stack: &Stack,
    id: Option<RequestId>,
    certificates: bool,
    earlier: Option<BTreeMap<RequestId, ChainHead>>,
    output: &OutputOptions,
) -> Result<(), CliError> {
    let mut report = AuditReport::default();
    let mut whole: Vec<(Request, Vec<Event>)> = Vec::new();
    let mut doubtful: BTreeSet<RequestId> = id.into_iter().collect();
    let id_given = id.is_some();
    if !id_given {
        let mut trails = trails(stack).await?;
        for (id, row) in request_rows::scan(stack).await? {
            let trail = trails.remove(&id).unwrap_or_default();
            match row {
                Ok(row) if trail.unreadable.is_none() && verify_request(&row, &trail.events).is_empty() => {
                    whole.push((row, trail.events));
                }
                _ => _ = doubtful.insert(id),
            }
        }
        doubtful.extend(trails.into_keys());
    }
    for id in doubtful {
        let Snapshot { row, trail } = snapshot(stack, id).await?;
        let events = trail.events.len();
        trail.unreadable.iter().for_each(|why| report.defect(id, why));
        match row {
            Some(Ok(row)) => {
                let defects = verify_request(&row, &trail.events);
                defects.iter().for_each(|defect| report.defect(id, defect));
                whole.push((row, trail.events));
            }
            Some(Err(why)) => report.defect(id, format!("its row cannot be read: {why}")),
            None if events > 0 => {
                report.defect(id, format!("{events} events of a request without a row: the row was removed"));
            }
            None if id_given && !earlier.as_ref().is_some_and(|earlier| earlier.contains_key(&id)) => {
                return Err(request_rows::missing(id));
            }
            // Only an export shows that it ever was here.
            None => {}
        }
    }
    for (row, events) in &whole {
        report.events += events.len();
        report.requests.insert(row.id());
    }
    if let Some(earlier) = &earlier {
        let today: BTreeMap<RequestId, &Vec<Event>> =
            whole.iter().map(|(row, events)| (row.id(), events)).collect();
        for (known, head) in earlier.iter().filter(|(known, _)| id.is_none_or(|id| id == **known)) {
            match today.get(known) {
                Some(events) => continues(head, events).iter().for_each(|it| report.defect(*known, it)),
                None if report.broken.contains(known) => {}
                None => report.defect(*known, AuditError::Gone),
            }
        }
    }
    if certificates || id_given {
        let mut checks = futures_util::stream::iter(&whole)
            .map(|(row, events)| async move { (row.id(), certificate(stack, row, events).await) })
            .buffered(CONCURRENCY);
        while let Some((id, defect)) = checks.next().await {
            defect?.iter().for_each(|defect| report.defect(id, defect));
        }
    }
    for (row, events) in whole.iter().filter(|(row, _)| row.is_granted()) {
        standing_end(stack, row.id(), events).await?.iter().for_each(|it| report.defect(row.id(), it));
    }
    output.print(&report.document(), &report.value())?;
    if !report.broken.is_empty() {
        let advice = "Compare with an earlier export, and with point-in-time recovery of both tables.";
        return Err(CliError::new(broken_trails(report.broken.len()), advice));
    }
    Ok(())
}

/// Compares the end of a standing approval with the trail of its request.
async fn standing_end(
    stack: &Stack,
    id: RequestId,
    events: &[Event],
) -> Result<Option<AuditError>, CliError> {
    let table = DynamoStanding::new(&stack.sdk, &stack.grants_table);
    let found = table.find(id).await;
    let Some(approval) = found.or_fail(|| format!("cannot read the table {}", stack.grants_table), "")?
    else {
        return Ok(Some(AuditError::NoStanding));
    };
    // It may have been ended since the trail was read; both are written together.
    let agrees = approval.end_agrees_with(events)
        || (approval.ended().is_some() && approval.end_agrees_with(&trail(stack, id).await?.events));
    Ok((!agrees).then_some(AuditError::Row("ended, in the table grants,")))
}

/// Compares the certificate in the bucket with the trail. A request without a certificate has nothing to compare.
async fn certificate(stack: &Stack, row: &Request, events: &[Event]) -> Result<Option<AuditError>, CliError> {
    let (Some(recorded), Some(serial)) = (recorded_certificate(events), row.serial()) else {
        return Ok(None);
    };
    let pem = stack.object(&ObjectKey::Certificate(serial.clone()).to_string()).await?;
    let stored = pem.and_then(|pem| Certificate::from_pem(&pem).ok());
    let same = stored.is_some_and(|certificate| {
        certificate.fingerprint() == recorded && row.validity() == Some(certificate.validity())
    });
    Ok((!same).then(|| AuditError::Certificate(serial.to_string())))
}
