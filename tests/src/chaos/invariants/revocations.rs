//! What is recorded and published about revoked certificates.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{Invariants, items, text};
use crate::Stack;

/// Revoked certificates, by the table and by the lists.
#[derive(Default)]
pub(in crate::chaos) struct Revocations {
    /// Reasons in the table `revocations`, by serial.
    pub(in crate::chaos) table: BTreeMap<String, String>,
    /// Reasons in the published whole list, by serial.
    pub(in crate::chaos) list: BTreeMap<String, String>,
    /// Reasons in the published shards, each serial in its shard.
    pub(in crate::chaos) shards: BTreeMap<String, String>,
    /// The numbers of all lists that were published, for each file in this order.
    pub(in crate::chaos) numbers: BTreeMap<String, Vec<u64>>,
}

impl Revocations {
    /// The published revocations. Every issuer of a run is the one in force.
    pub(super) fn read(stack: &Stack, rows: &HashMap<String, Value>) -> Self {
        let scan = ["dynamodb", "scan", "--table-name", stack.endpoint("revocationsTable")];
        let scan = stack.aws_json(&scan);
        let of = |row: &Value, column: &str| row[column]["S"].as_str().unwrap_or_default().to_owned();
        let table = items(&scan, "Items").map(|row| (of(row, "serial"), of(row, "reason"))).collect();
        let bucket = stack.endpoint("bucket");
        let versions =
            stack.aws_json(&["s3api", "list-object-versions", "--prefix", "crl/", "--bucket", bucket]);
        let lists = items(&versions, "Versions").filter(|version| text(version, "Key").ends_with(".crl"));
        // The newest comes first.
        let mut lists: Vec<&Value> = lists.collect();
        lists.reverse();
        let read = |version: &&Value| {
            let file = stack.path().join("tmp/list.crl").display().to_string();
            let get = ["s3api", "get-object", "--bucket", bucket, "--key", text(version, "Key")];
            stack.aws(&[&get[..], &["--version-id", text(version, "VersionId"), &file]].concat());
            pki::crl::Crl::from_der(std::fs::read(file).expect("a file")).expect("a list")
        };
        let mut numbers = BTreeMap::<String, Vec<u64>>::new();
        let mut newest = BTreeMap::<String, pki::crl::Crl>::new();
        for version in &lists {
            let (key, list) = (text(version, "Key").to_owned(), read(version));
            numbers.entry(key.clone()).or_default().push(list.number());
            newest.insert(key, list);
        }
        let mut revocations = Revocations { table, numbers, ..Revocations::default() };
        let serials = rows.values().map(|row| text(row, "serial")).filter(|serial| !serial.is_empty());
        for serial in serials {
            for (key, list) in &newest {
                let reason = list.reason_of(&serial.parse().expect("a serial")).expect("entries");
                let entry = reason.map(|reason| (serial.to_owned(), reason.to_string()));
                match shard(key) {
                    None => revocations.list.extend(entry),
                    Some(shard) if is_on(shard, serial) => revocations.shards.extend(entry),
                    // One that is on a shard of others is found as a difference.
                    Some(_) => {
                        revocations.shards.extend(entry.map(|(serial, why)| (format!("{serial} {key}"), why)))
                    }
                }
            }
        }
        revocations
    }
}

/// Number and count of a shard: `crl/<issuer>-<number>of<count>.crl`.
pub(super) fn shard(key: &str) -> Option<(u64, u64)> {
    let (_, shard) = key.strip_suffix(".crl")?.split_once('-')?;
    let (number, of) = shard.split_once("of")?;
    Some((number.parse().ok()?, of.parse().ok()?))
}

/// True if a serial, in hex, falls to this shard by its last 64 bits.
pub(super) fn is_on((number, of): (u64, u64), serial: &str) -> bool {
    let low = &serial[serial.len().saturating_sub(16)..];
    u64::from_str_radix(low, 16).expect("hex") % of + 1 == number
}

/// The table, the whole list and the shards agree with the rows, and the numbers of each list grow.
pub(super) fn check(observed: &Invariants) -> Vec<String> {
    let mut wrong = Vec::new();
    let Revocations { table, list, shards, numbers } = &observed.revocations;
    let revoked = observed.rows.values().filter(|row| row["status"] == "revoked");
    let rows: BTreeMap<String, String> = revoked
        .map(|row| (text(row, "serial").to_owned(), text(&row["revocation"], "reason").to_owned()))
        .collect();
    for (what, found) in [("the table", table), ("the list", list), ("the shards", shards)] {
        if *found != rows {
            wrong.push(format!("{what} has {found:?}, the rows {rows:?}"));
        }
    }
    for (key, numbers) in numbers {
        if !numbers.is_sorted_by(|one, other| one < other) {
            wrong.push(format!("the numbers of {key} go back: {numbers:?}"));
        }
    }
    wrong
}
