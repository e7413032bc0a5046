//! The entries of the log against certificates and rows.
//!
//! Invariant: each fault is one line, with the thing that it is about and what to do.

use std::collections::{BTreeMap, BTreeSet};

use pki::certificate::Serial;
use time::{Duration, OffsetDateTime};
use workflow::approval::standing::{StandingApproval, approval_above};
use workflow::ids::RequestId;
use workflow::request::{Request, Status};
use workflow::transparency::LogEntry;

use crate::wording::count;

/// The time within which an approved request is issued, and an issued one is in the log.
const ON_ITS_WAY: Duration = Duration::hours(1);

/// What is compared.
pub(super) struct Records<'a> {
    /// The name of the log.
    pub(super) origin: &'a str,
    /// The entries of the log, in order.
    pub(super) entries: &'a [Vec<u8>],
    /// The SHA-256 of each certificate in the bucket; `None` if it cannot be read.
    pub(super) certificates: &'a BTreeMap<Serial, Option<String>>,
    /// Every row.
    pub(super) rows: &'a [Request],
    /// Every standing approval.
    pub(super) standing: &'a StandingRecords,
    /// The time.
    pub(super) now: OffsetDateTime,
}

/// The table of standing approvals.
#[derive(Debug, Default)]
pub(super) struct StandingRecords {
    /// By id.
    pub(super) approvals: BTreeMap<RequestId, StandingApproval>,
    /// The standing approval and the request of each certificate that was counted.
    pub(super) uses: BTreeSet<(RequestId, RequestId)>,
}

/// The result.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// What does not agree.
    pub(super) faults: Vec<String>,
    /// What is worth a line, and is no fault.
    pub(super) notes: Vec<String>,
}

/// Compares.
pub(super) fn compare(records: &Records<'_>) -> Compared {
    let rows: BTreeMap<RequestId, &Request> = records.rows.iter().map(|row| (row.id(), row)).collect();
    let mut compared = Compared::default();
    let mut leaves: BTreeMap<Serial, usize> = BTreeMap::new();
    for (index, octets) in records.entries.iter().enumerate() {
        let Ok(entry) = LogEntry::from_octets(octets) else {
            compared.faults.push(format!(
                "entry {index} is not of a certificate: somebody wrote into log/ in the bucket; see its access log"
            ));
            continue;
        };
        match leaves.get(&entry.serial) {
            Some(before) => {
                compared.faults.push(format!(
                    "entry {index} is the certificate {}, which is entry {before} too; report it as a bug",
                    entry.serial
                ));
            }
            None => {
                let wrong = leaf(&entry, records, rows.get(&entry.request).copied());
                compared.faults.extend(wrong.into_iter().map(|why| format!("entry {index}: {why}")));
                leaves.insert(entry.serial.clone(), index);
            }
        }
    }
    let begun = records.entries.first().and_then(|octets| LogEntry::from_octets(octets).ok());
    let begun = begun.and_then(|entry| rows.get(&entry.request)?.signed_date());
    without_leaf(records, &leaves, begun, &mut compared);
    for row in records.rows.iter().filter(|row| row.status() == Status::Approved) {
        if row.entered(Status::Approved).is_some_and(|at| records.now - at > ON_ITS_WAY) {
            let id = row.id();
            compared.faults.push(format!(
                "the request {id} is approved, and has no certificate; see countersign executions {id}"
            ));
        }
    }
    compared
}

/// What is wrong with a leaf.
fn leaf(entry: &LogEntry, records: &Records<'_>, row: Option<&Request>) -> Vec<String> {
    let (serial, id) = (&entry.serial, entry.request);
    let mut wrong = Vec::new();
    match records.certificates.get(serial) {
        None => wrong.push(format!(
            "the certificate {serial} is not in the bucket; restore it from an earlier version of the object"
        )),
        Some(found) if found.as_deref() != Some(&entry.certificate) => wrong.push(format!(
            "the certificate {serial} in the bucket was replaced; restore it from an earlier version of the object"
        )),
        Some(_) => {}
    }
    let Some(row) = row else {
        wrong.push(format!(
            "the request {id} of the certificate {serial} has no row; look for it in an export or by point-in-time recovery"
        ));
        return wrong;
    };
    let verify = format!("see countersign audit verify {id}");
    if row.serial() != Some(serial) {
        wrong.push(format!("the request {id} has another certificate than {serial}; {verify}"));
    }
    let standing = row.standing().and_then(|standing| records.standing.approvals.get(&standing));
    let Some(decision) = approval_above(row, standing) else {
        let above = row.standing().map_or(String::new(), |standing| format!(" under {standing}"));
        wrong.push(format!(
            "the request {id} has no approval{above}; {verify}, and revoke the certificate {serial}"
        ));
        return wrong;
    };
    let covered = standing.map_or_else(|| row.approval_digest(), |standing| Some(standing.digest()));
    if decision.digest != entry.approval || covered.as_ref() != Some(&entry.approval) {
        wrong.push(format!("the request {id} has another approval than the leaf names; {verify}"));
    }
    if let Some(standing) = standing {
        wrong.extend(not_under(row, standing, records.standing).into_iter().map(|why| {
            format!("the request {id} {why} {}; {verify}, and revoke the certificate {serial}", standing.id())
        }));
    }
    let evidence = decision.votes.iter().filter_map(|vote| vote.evidence.as_ref());
    if !evidence.map(|evidence| evidence.digest()).eq(entry.evidence.iter().cloned()) {
        wrong.push(format!("the votes of the request {id} have other proofs than the leaf names; {verify}"));
    }
    wrong
}

/// Why a certificate is not one of those under a standing approval.
fn not_under(row: &Request, standing: &StandingApproval, records: &StandingRecords) -> Option<&'static str> {
    match () {
        () if !records.uses.contains(&(standing.id(), row.id())) => {
            Some("was not counted under the standing approval")
        }
        () if row.profile() != standing.profile() || !standing.terms().cover(row.names()) => {
            Some("has a profile or names outside of the standing approval")
        }
        () => None,
    }
}

/// Certificates and rows that should have a leaf.
fn without_leaf(
    records: &Records<'_>,
    leaves: &BTreeMap<Serial, usize>,
    begun: Option<OffsetDateTime>,
    compared: &mut Compared,
) {
    let by_serial: BTreeMap<&Serial, &Request> =
        records.rows.iter().filter_map(|row| Some((row.serial()?, row))).collect();
    let stored = records.certificates.keys();
    let issued = records.rows.iter().filter(|row| row.has_certificate()).filter_map(Request::serial);
    let mut serials: Vec<&Serial> = stored.chain(issued).filter(|one| !leaves.contains_key(*one)).collect();
    serials.sort();
    serials.dedup();
    let (mut before, mut elsewhere, mut never_out, mut under_way) = (0, 0, 0, 0);
    for serial in serials {
        let Some(row) = by_serial.get(serial) else {
            compared.faults.push(format!(
                "the certificate {serial} in the bucket has neither a leaf nor a request: it was not issued here, or its row was removed; revoke it, and see who wrote the object"
            ));
            continue;
        };
        let id = row.id();
        let signed = row.signed_date();
        match row.log() {
            Some(log) if log.origin != records.origin && log.logged_at.is_some() => elsewhere += 1,
            None if signed.is_none_or(|signed| begun.is_none_or(|begun| signed < begun)) && row.is_signed() => {
                before += 1;
            }
            _ if row.status() == Status::Revoked && !row.may_be_handed_out() => never_out += 1,
            _ if !row.is_logged() && signed.is_none_or(|signed| records.now - signed <= ON_ITS_WAY) => {
                under_way += 1;
            }
            _ => compared.faults.push(format!(
                "the certificate {serial} of the request {id} has no leaf; see countersign requests show {id}, and countersign requests retry {id} if it failed"
            )),
        }
    }
    let mut note = |number: usize, what: &str| {
        if number > 0 {
            compared.notes.push(format!("{} {what}", count(number, "certificate")));
        }
    };
    note(before, "from before the log: no leaf, no receipt");
    note(elsewhere, "imported from a stack with a log of its own");
    note(never_out, "revoked before the delivery, and handed out to nobody");
    note(under_way, "on the way into the log");
}

#[cfg(test)]
mod tests;
