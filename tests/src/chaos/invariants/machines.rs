//! What ACME clients got, and what the records say: one order, one certificate; each counted once, and nothing outside.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Invariants, goes_forward, items, text};
use crate::Stack;
use crate::chaos::machines::{APPROVED, FinishedMachines};

/// The standing approval of the machines.
#[derive(Default)]
pub(in crate::chaos) struct Granted {
    /// What the machines got.
    pub(in crate::chaos) finished: FinishedMachines,
    /// The numbers of counted certificates, by request.
    pub(in crate::chaos) numbers: BTreeMap<String, u64>,
}

impl Granted {
    /// Reads what was counted.
    pub(super) fn read(stack: &Stack, finished: FinishedMachines) -> Self {
        let shown = stack.countersign_json(&["grants", "show", &finished.standing, "--json"]);
        let number =
            |one: &Value| (text(one, "requestId").to_owned(), one["number"].as_u64().unwrap_or_default());
        Self { numbers: items(&shown, "uses").map(number).collect(), finished }
    }

    /// True if the request asked for the standing approval, is under it, or extends it.
    pub(super) fn has(&self, row: &Value) -> bool {
        let standing = self.finished.standing.as_str();
        !standing.is_empty() && (row["id"] == standing || row["grant"] == standing || self.is_extension(row))
    }

    /// True for a request that extends the standing approval: its terms name it.
    fn is_extension(&self, row: &Value) -> bool {
        row["terms"]["extends"] == self.finished.standing.as_str()
    }
}

/// Events that a certificate under a standing approval has exactly once.
const ONCE: [&str; 6] = ["submitted", "covered", "reserved", "signed", "logged", "delivered"];

pub(super) fn check(observed: &Invariants) -> Vec<String> {
    let mut wrong = Vec::new();
    let Granted { finished, numbers } = &observed.granted;
    let standing = finished.standing.as_str();
    let rows: BTreeMap<&str, &Value> = observed
        .rows
        .iter()
        .filter(|(_, row)| !standing.is_empty() && row["grant"] == standing)
        .map(|(id, row)| (id.as_str(), row))
        .collect();
    let hosts: BTreeSet<&str> = finished.machines.iter().map(|machine| machine.host.as_str()).collect();
    for (id, row) in &rows {
        let history: Vec<&str> = items(row, "history").map(|entry| text(entry, "status")).collect();
        if row["status"] != "delivered" || !goes_forward(&history) {
            wrong.push(format!("{id} has the history {history:?}: {row:#}"));
        }
        let names: Vec<&str> = items(row, "names").filter_map(Value::as_str).collect();
        if names.len() != 1 || !hosts.contains(names[0]) {
            wrong.push(format!("{id} is for {names:?}, which no machine ordered"));
        }
        let trail = observed.trails.get(*id).map(Vec::as_slice).unwrap_or_default();
        for event in ONCE {
            let times = trail.iter().filter(|one| one["event"] == event).count();
            if times != 1 {
                wrong.push(format!("{id} has the event {event} {times} times"));
            }
        }
    }
    let extensions = observed.rows.values().filter(|row| observed.granted.is_extension(row)).count();
    if extensions > 1 {
        wrong.push(format!("a name outside was asked for {extensions} times"));
    }
    // Counted before it is signed, and once.
    let counted: BTreeSet<u64> = numbers.values().copied().collect();
    if !counted.iter().copied().eq(1..=rows.len() as u64) || rows.len() > APPROVED as usize {
        wrong.push(format!("{} certificates have the numbers {counted:?}", rows.len()));
    }
    if !numbers.keys().map(String::as_str).eq(rows.keys().copied()) {
        wrong.push(format!("counted are {:?}, and the rows are {:?}", numbers.keys(), rows.keys()));
    }
    let issued: BTreeSet<&str> = rows.values().map(|row| text(row, "serial")).collect();
    let mut had = BTreeSet::new();
    for (order, serials) in finished.machines.iter().flat_map(|machine| &machine.orders) {
        if serials.len() > 1 {
            wrong.push(format!("{order} has the certificates {serials:?}"));
        }
        for serial in serials {
            if !issued.contains(serial.as_str()) || !had.insert(serial) {
                wrong.push(format!(
                    "{order} has the certificate {serial}, which is of no request or of another order"
                ));
            }
        }
    }
    // A request that failed, and was repeated by an operator, has a certificate of which its order does not know.
    let orders: usize = finished.machines.iter().map(|machine| machine.orders.len()).sum();
    if rows.len() > orders {
        wrong.push(format!("{} orders were finalized, and {} certificates made", orders, rows.len()));
    }
    wrong
}
