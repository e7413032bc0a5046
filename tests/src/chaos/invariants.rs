//! The final accounting: what the requesters were promised, the table, the bucket, the executions, the mailbox and the audit
//! trail are held against each other.
//!
//! [`CHECKS`] has one function for each book; whoever keeps another one adds it to [`Invariants`] and adds a function.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::mail_watcher::MailWatcher;
use super::players::Played;
use crate::{Mail, Stack, files_in_zip};

/// Everything that is written down somewhere.
pub(super) struct Invariants {
    /// What was promised.
    pub(super) promised: Vec<Played>,
    /// The rows, by id.
    pub(super) rows: HashMap<String, Value>,
    /// How often each object below `signed-certificate/` was written, by serial.
    pub(super) certificates: BTreeMap<String, usize>,
    /// Status by name of every execution.
    pub(super) executions: BTreeMap<String, String>,
    /// The mails, by request.
    pub(super) mails: HashMap<String, Vec<Mail>>,
    /// The audit trail of each request.
    pub(super) trails: HashMap<String, Vec<Value>>,
    /// What `countersign audit verify` says against them.
    pub(super) broken_trails: Option<String>,
}

/// One book held against the others; says what does not agree.
pub(super) type Check = fn(&Invariants) -> Vec<String>;

/// All of them.
pub(super) const CHECKS: [(&str, Check); 5] = [
    ("table", table),
    ("bucket", bucket),
    ("executions", executions),
    ("mailbox", mailbox),
    ("audit", audit),
];

fn items<'a>(answer: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    answer[list].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// Status by name of every execution.
pub(super) fn all_executions(stack: &Stack) -> BTreeMap<String, String> {
    let machine = stack.endpoint("stateMachineArn");
    let answer = stack.aws_json(&["stepfunctions", "list-executions", "--state-machine-arn", machine]);
    items(&answer, "executions").map(|one| (text(one, "name").into(), text(one, "status").into())).collect()
}

/// Every row.
pub(super) fn all_rows(stack: &Stack) -> HashMap<String, Value> {
    let rows = stack.countersign_json(&["requests", "list", "--limit", "1000000", "--json"]);
    rows.as_array().into_iter().flatten().map(|row| (text(row, "id").to_owned(), row.clone())).collect()
}

/// Every audit trail, and what is wrong with them.
fn all_trails(stack: &Stack) -> (HashMap<String, Vec<Value>>, Option<String>) {
    let exported = stack.countersign(&["audit", "export"]);
    let mut trails = HashMap::<String, Vec<Value>>::new();
    for line in String::from_utf8_lossy(&exported.stdout).lines() {
        let event: Value = serde_json::from_str(line).expect("an event a line");
        trails.entry(text(&event, "requestId").to_owned()).or_default().push(event);
    }
    let verified = stack.countersign(&["audit", "verify"]);
    let said =
        || String::from_utf8_lossy(&[verified.stdout.as_slice(), &verified.stderr].concat()).into_owned();
    (trails, (!verified.status.success()).then(said))
}

impl Invariants {
    /// As they are now.
    pub(super) fn read(stack: &Stack, mails: &MailWatcher, promised: Vec<Played>) -> Self {
        mails.look();
        let mails = promised.iter().map(|one| (one.asked.id.clone(), mails.about(&one.asked.id))).collect();
        let listing = ["s3api", "list-object-versions", "--prefix", "signed-certificate/", "--bucket"];
        let listing = stack.aws_json(&[&listing[..], &[stack.endpoint("bucket")]].concat());
        let mut certificates = BTreeMap::new();
        for version in items(&listing, "Versions") {
            let serial = text(version, "Key").split('/').nth(1).unwrap_or_default().to_owned();
            *certificates.entry(serial).or_default() += 1;
        }
        let (trails, broken_trails) = all_trails(stack);
        let (rows, executions) = (all_rows(stack), all_executions(stack));
        Self { promised, rows, certificates, executions, mails, trails, broken_trails }
    }

    /// Whether nothing is under way but what rightly waits.
    pub(super) fn at_rest(&self) -> bool {
        let running = self.executions.values().filter(|status| *status == "RUNNING").count();
        under_way(&self.promised, &self.rows) == 0 && running == self.count("pending_approval")
    }

    /// Whatever does not agree, each with the name of its book.
    pub(super) fn violations(&self) -> Vec<String> {
        CHECKS
            .iter()
            .flat_map(|(book, check)| check(self).into_iter().map(move |what| format!("{book}: {what}")))
            .collect()
    }

    fn row(&self, one: &Played) -> &Value {
        self.rows.get(&one.asked.id).unwrap_or(&Value::Null)
    }

    /// The state of the last execution of a row.
    fn execution_of(&self, row: &Value) -> &str {
        let name = text(row, "executionArn").rsplit(':').next().unwrap_or_default();
        self.executions.get(name).map_or("missing", String::as_str)
    }

    /// How many rows have this status.
    pub(super) fn count(&self, status: &str) -> usize {
        self.rows.values().filter(|row| row["status"] == status).count()
    }
}

/// Whether the flow has nothing more to do (DESIGN.md section 3).
pub(super) fn is_terminal(status: &str) -> bool {
    !["submitted", "pending_approval", "approved", "issued"].contains(&status)
}

/// How many requests something has to happen to: what nobody decides on and is not due waits rightly, and what ended without
/// a certificate is at rest once its requester was told.
pub(super) fn under_way(promised: &[Played], rows: &HashMap<String, Value>) -> usize {
    let rests = |one: &&Played| {
        let row = rows.get(&one.asked.id).unwrap_or(&Value::Null);
        let status = text(row, "status");
        match status {
            "refused" | "rejected" | "expired" => !row["mails"][status].is_null(),
            "pending_approval" => one.part.ends().contains(&status),
            _ => is_terminal(status),
        }
    };
    promised.len() - promised.iter().filter(rests).count()
}

fn table(observed: &Invariants) -> Vec<String> {
    let mut wrong = Vec::new();
    if observed.rows.len() != observed.promised.len() {
        wrong.push(format!(
            "{} requests were accepted, {} have a row",
            observed.promised.len(),
            observed.rows.len()
        ));
    }
    for one in &observed.promised {
        let row = observed.row(one);
        let status = text(row, "status");
        if !one.part.ends().contains(&status) {
            wrong.push(format!("{} of the part {:?} is {status}: {row:#}", one.asked.id, one.part));
        }
        let history: Vec<&str> = items(row, "history").map(|entry| text(entry, "status")).collect();
        if history.last() != Some(&status) || !goes_forward(&history) {
            wrong.push(format!("{} went {history:?} and is {status}", one.asked.id));
        }
    }
    wrong
}

/// Whether every step leads on; after a failure an operator may have set the request going again.
fn goes_forward(history: &[&str]) -> bool {
    const ORDER: [&str; 9] = [
        "submitted",
        "pending_approval",
        "approved",
        "issued",
        "delivered",
        "refused",
        "rejected",
        "expired",
        "failed",
    ];
    let rank = |status: &str| ORDER.iter().position(|one| *one == status);
    history.first() == Some(&"submitted")
        && history
            .windows(2)
            .all(|step| step[0] == "failed" || (!is_terminal(step[0]) && rank(step[0]) < rank(step[1])))
}

fn bucket(observed: &Invariants) -> Vec<String> {
    let mut wrong = Vec::new();
    let issued = |row: &&Value| ["issued", "delivered"].contains(&text(row, "status"));
    let serials: Vec<&str> = observed.rows.values().filter(issued).map(|row| text(row, "serial")).collect();
    let different: BTreeSet<&str> = serials.iter().copied().collect();
    if different.len() != serials.len() || different.contains("") {
        wrong.push(format!("{} issued requests have {} serials", serials.len(), different.len()));
    }
    let stored: BTreeSet<&str> = observed.certificates.keys().map(String::as_str).collect();
    for serial in different.symmetric_difference(&stored) {
        wrong.push(format!("{serial} is in the table or in the bucket only"));
    }
    for (serial, times) in observed.certificates.iter().filter(|(_, times)| **times != 1) {
        wrong.push(format!("the certificate {serial} was written {times} times"));
    }
    wrong
}

fn executions(observed: &Invariants) -> Vec<String> {
    let mut wrong = Vec::new();
    for one in &observed.promised {
        let row = observed.row(one);
        let name = text(row, "executionArn").rsplit(':').next().unwrap_or_default();
        let state = observed.execution_of(row);
        // What a stopped execution had sent to a queue is still worked on, and may be what ends the request and tells of it.
        let right: &[&str] =
            if row["status"] == "pending_approval" { &["RUNNING"] } else { &["SUCCEEDED", "ABORTED"] };
        if !right.contains(&state) {
            wrong.push(format!("{} is {}, its execution {name} is {state}", one.asked.id, row["status"]));
        }
        // The row is written before its first execution is started, which may never come about; and housekeeping starts
        // one before it notes it, which a request that ends in between does not show. None comes out of order.
        let noted = row["executionAttempt"].as_u64().unwrap_or_default();
        let most = noted + u64::from(is_terminal(text(row, "status")));
        for name in observed.executions.keys().filter(|name| name.starts_with(&one.asked.id)) {
            let attempt = name.rsplit_once("-r").and_then(|(_, number)| number.parse().ok()).unwrap_or(1);
            if attempt > most {
                wrong.push(format!("{} notes {noted} executions and has {name}", one.asked.id));
            }
        }
    }
    let ours: HashSet<&str> = observed.promised.iter().map(|one| one.asked.id.as_str()).collect();
    for name in observed.executions.keys().filter(|name| !name.get(..36).is_some_and(|id| ours.contains(id)))
    {
        wrong.push(format!("nobody asked for the execution {name}"));
    }
    wrong
}

/// The mail of each outcome, by its subject.
const OUTCOMES: [(&str, &str); 3] =
    [("delivered", "Your certificate"), ("rejected", "was rejected"), ("expired", "Nobody decided")];

fn mailbox(observed: &Invariants) -> Vec<String> {
    let mut wrong = Vec::new();
    for one in &observed.promised {
        let (id, row) = (&one.asked.id, observed.row(one));
        let mails = &observed.mails[id];
        let got = |subject: &'static str| {
            let to = &one.asked.email;
            mails.iter().filter(move |mail| mail.to == *to && mail.subject.contains(subject))
        };
        for (status, subject) in OUTCOMES {
            let is = row["status"] == status;
            if is != (got(subject).count() > 0) {
                wrong.push(format!(
                    "{id} is {}, and has {} mails \"{subject}\"",
                    row["status"],
                    got(subject).count()
                ));
            }
        }
        // Sent twice, a mail is the same mail.
        let ids: HashSet<&str> = mails.iter().map(|mail| mail.message_id.as_str()).collect();
        let kinds: HashSet<_> = mails.iter().map(|mail| (&mail.to, &mail.subject)).collect();
        if ids.len() != kinds.len() {
            wrong.push(format!("{id}: {} Message-IDs for {kinds:?}", ids.len()));
        }
        for mail in got("Your certificate") {
            match serial_in(mail) {
                Some(serial) if serial == text(row, "serial") => {}
                other => wrong.push(format!("{id}: mailed the certificate {other:?}, not {}", row["serial"])),
            }
        }
    }
    wrong
}

/// The serial of the certificate that a mail brings, as the table writes it.
fn serial_in(mail: &Mail) -> Option<String> {
    let (_, zip) = mail.attachments.first()?;
    let (_, pem) = files_in_zip(zip).into_iter().find(|(name, _)| name == "certificate.pem")?;
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).ok()?;
    let serial = pem.parse_x509().ok()?.tbs_certificate.raw_serial_as_string().replace(':', "");
    Some(serial)
}

/// The events that happen once to a request of this status, and to no other.
fn once(status: &str) -> &'static [&'static str] {
    match status {
        "delivered" => &["submitted", "stored", "asked", "decided", "reserved", "signed", "delivered"],
        "rejected" => &["submitted", "stored", "asked", "decided", "rejected"],
        "expired" => &["submitted", "stored", "asked", "decided", "expired"],
        _ => &["submitted", "stored", "asked"],
    }
}

fn audit(observed: &Invariants) -> Vec<String> {
    let mut wrong: Vec<String> = observed.broken_trails.iter().cloned().collect();
    let ours: HashSet<&str> = observed.promised.iter().map(|one| one.asked.id.as_str()).collect();
    wrong.extend(
        observed
            .trails
            .keys()
            .filter(|id| !ours.contains(id.as_str()))
            .map(|id| format!("events of {id}, who is nobody")),
    );
    for one in &observed.promised {
        let (id, row) = (&one.asked.id, observed.row(one));
        let trail = observed.trails.get(id).map(Vec::as_slice).unwrap_or_default();
        let happened = |event: &str| trail.iter().filter(|one| one["event"] == event).count();
        for event in once("delivered").iter().chain(&["rejected", "expired"]) {
            let times = happened(event);
            if times != usize::from(once(text(row, "status")).contains(event)) {
                wrong.push(format!("{id} is {}, and was {event} {times} times", row["status"]));
            }
        }
        for event in trail.iter().filter(|one| ["reserved", "signed"].contains(&text(one, "event"))) {
            if event["detail"] != row["serial"] {
                wrong.push(format!("{id} has the serial {}, and {event}", row["serial"]));
            }
        }
        let voters: Vec<&str> =
            trail.iter().filter(|one| one["event"] == "voted").map(|one| text(one, "actor")).collect();
        let different: HashSet<&str> = voters.iter().copied().collect();
        if different.len() != voters.len() {
            wrong.push(format!("{id}: somebody voted twice: {voters:?}"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests;
