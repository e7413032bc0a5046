//! Invariants at the end of a run: accepted requests, table, bucket, executions, mailbox and audit trail agree.
//!
//! Invariant: [`CHECKS`] has one function for each record in [`Invariants`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::clients::{AcceptedRequest, Scenario};
use super::machines::FinishedMachines;
use super::mail_watcher::MailWatcher;
use crate::{Mail, Stack, files_in_zip};

mod machines;
mod revocations;

use machines::Granted;
use revocations::Revocations;

/// Every record of a run that the checks compare.
pub(super) struct Invariants {
    /// Accepted requests.
    pub(super) promised: Vec<AcceptedRequest>,
    /// Rows by id.
    pub(super) rows: HashMap<String, Value>,
    /// Number of versions of each object below `signed-certificate/`, by serial.
    pub(super) certificates: BTreeMap<String, usize>,
    /// Status of every execution, by name.
    pub(super) executions: BTreeMap<String, String>,
    /// Mails by request.
    pub(super) mails: HashMap<String, Vec<Mail>>,
    /// Audit trails by request.
    pub(super) trails: HashMap<String, Vec<Value>>,
    /// Output of `countersign audit verify`, if it fails.
    pub(super) broken_trails: Option<String>,
    /// Output of `countersign log audit`, if it fails.
    pub(super) broken_log: Option<String>,
    /// What is published about revoked certificates.
    pub(super) revocations: Revocations,
    /// The certificates of machines.
    pub(super) granted: Granted,
}

/// Compares one record with the others and returns the violations.
pub(super) type Check = fn(&Invariants) -> Vec<String>;

/// Every check with the name of its record.
pub(super) const CHECKS: [(&str, Check); 8] = [
    ("table", table),
    ("bucket", bucket),
    ("executions", executions),
    ("mailbox", mailbox),
    ("audit", audit),
    ("log", log),
    ("revocations", revocations::check),
    ("machines", machines::check),
];

fn items<'a>(answer: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    answer[list].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// Status of every execution, by name.
pub(super) fn all_executions(stack: &Stack) -> BTreeMap<String, String> {
    let of_machine = |machine| {
        let machine = stack.endpoint(machine);
        let answer = stack.aws_json(&["stepfunctions", "list-executions", "--state-machine-arn", machine]);
        items(&answer, "executions")
            .map(|one| (text(one, "name").into(), text(one, "status").into()))
            .collect::<Vec<_>>()
    };
    ["stateMachineArn", "revocationStateMachineArn"].into_iter().flat_map(of_machine).collect()
}

/// Every row.
pub(super) fn all_rows(stack: &Stack) -> HashMap<String, Value> {
    let rows = stack.countersign_json(&["requests", "list", "--limit", "1000000", "--json"]);
    rows.as_array().into_iter().flatten().map(|row| (text(row, "id").to_owned(), row.clone())).collect()
}

/// Every audit trail, and the output of a failed verification.
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
    /// Reads the records.
    pub(super) fn read(
        stack: &Stack,
        mails: &MailWatcher,
        promised: Vec<AcceptedRequest>,
        finished: FinishedMachines,
    ) -> Self {
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
        let revocations = Revocations::read(stack, &rows);
        let audited = stack.countersign(&["log", "audit"]);
        let said = String::from_utf8_lossy(&[audited.stdout, audited.stderr].concat()).into_owned();
        let broken_log = (!audited.status.success()).then_some(said);
        Self {
            promised,
            rows,
            certificates,
            executions,
            mails,
            trails,
            broken_trails,
            broken_log,
            revocations,
            granted: Granted::read(stack, finished),
        }
    }

    /// The ids of the requests that people made, and of the one behind the standing approval or under it.
    fn known(&self) -> HashSet<&str> {
        let of_machines =
            self.rows.iter().filter(|(_, row)| self.granted.has(row)).map(|(id, _)| id.as_str());
        self.promised.iter().map(|one| one.asked.id.as_str()).chain(of_machines).collect()
    }

    /// True if no request is in flight except those that wait for a decision.
    pub(super) fn at_rest(&self) -> bool {
        let running = self.executions.values().filter(|status| *status == "RUNNING").count();
        under_way(&self.promised, &self.rows) == 0 && running == self.count("pending_approval")
    }

    /// All violations, each with the name of its record.
    pub(super) fn violations(&self) -> Vec<String> {
        CHECKS
            .iter()
            .flat_map(|(record, check)| check(self).into_iter().map(move |what| format!("{record}: {what}")))
            .collect()
    }

    fn row(&self, one: &AcceptedRequest) -> &Value {
        self.rows.get(&one.asked.id).unwrap_or(&Value::Null)
    }

    /// Status of the last execution of a row.
    fn execution_of(&self, row: &Value) -> &str {
        let name = text(row, "executionArn").rsplit(':').next().unwrap_or_default();
        self.executions.get(name).map_or("missing", String::as_str)
    }

    /// Number of rows with this status.
    pub(super) fn count(&self, status: &str) -> usize {
        self.rows.values().filter(|row| row["status"] == status).count()
    }
}

/// True if the status is final.
pub(super) fn is_terminal(status: &str) -> bool {
    !["unconfirmed", "submitted", "pending_approval", "approved", "issued"].contains(&status)
}

/// Number of requests in flight. Not counted: requests that wait for a decision by design, and requests that ended
/// without a certificate and whose requester was notified.
pub(super) fn under_way(promised: &[AcceptedRequest], rows: &HashMap<String, Value>) -> usize {
    let rests = |one: &&AcceptedRequest| {
        let row = rows.get(&one.asked.id).unwrap_or(&Value::Null);
        let status = text(row, "status");
        match status {
            "refused" | "rejected" | "expired" => !row["mails"][status].is_null(),
            "pending_approval" => one.scenario.ends().contains(&status),
            "delivered" | "revoked" if one.scenario == Scenario::Revoked => {
                !row["revocation"]["listedAt"].is_null() && !row["mails"]["revoked"].is_null()
            }
            _ => is_terminal(status),
        }
    };
    promised.len() - promised.iter().filter(rests).count()
}

fn table(observed: &Invariants) -> Vec<String> {
    let mut wrong = Vec::new();
    let of_people = observed.rows.values().filter(|row| !observed.granted.has(row)).count();
    if of_people != observed.promised.len() {
        wrong.push(format!("{} requests were accepted, {of_people} have a row", observed.promised.len()));
    }
    for one in &observed.promised {
        let row = observed.row(one);
        let status = text(row, "status");
        if !one.scenario.ends().contains(&status) {
            wrong.push(format!("{} of the scenario {:?} is {status}: {row:#}", one.asked.id, one.scenario));
        }
        let history: Vec<&str> = items(row, "history").map(|entry| text(entry, "status")).collect();
        if history.last() != Some(&status) || !goes_forward(&history) {
            wrong.push(format!("{} has the history {history:?} and the status {status}", one.asked.id));
        }
    }
    wrong
}

/// True if every status follows from the one before; an operator may retry after `failed`.
fn goes_forward(history: &[&str]) -> bool {
    const ORDER: [&str; 11] = [
        "unconfirmed",
        "submitted",
        "pending_approval",
        "approved",
        "issued",
        "delivered",
        "refused",
        "rejected",
        "expired",
        "failed",
        "revoked",
    ];
    let rank = |status: &str| ORDER.iter().position(|one| *one == status);
    matches!(history.first(), Some(&("unconfirmed" | "submitted")))
        && history.windows(2).all(|step| {
            let goes_on = !is_terminal(step[0]) || step == ["delivered", "revoked"];
            step[0] == "failed" || (goes_on && rank(step[0]) < rank(step[1]))
        })
}

fn bucket(observed: &Invariants) -> Vec<String> {
    let mut wrong = Vec::new();
    let issued = |row: &&Value| {
        row["kind"] != "grant" && ["issued", "delivered", "revoked"].contains(&text(row, "status"))
    };
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
        // Messages of a stopped execution are still processed, and may end the request and send its mails.
        let right: &[&str] =
            if row["status"] == "pending_approval" { &["RUNNING"] } else { &["SUCCEEDED", "ABORTED"] };
        if !right.contains(&state) {
            wrong.push(format!("{} is {}, its execution {name} is {state}", one.asked.id, row["status"]));
        }
        // The row is written before its first execution starts, which may fail. Housekeeping starts an execution
        // before it writes the attempt, which is missing if the request ends in between. Attempts are never out of
        // order.
        let noted = row["executionAttempt"].as_u64().unwrap_or_default();
        let most = noted + u64::from(is_terminal(text(row, "status")));
        let of_request = |name: &&String| name.starts_with(&one.asked.id) && !is_of_revocation(name);
        for name in observed.executions.keys().filter(of_request) {
            let attempt = name.rsplit_once("-r").and_then(|(_, number)| number.parse().ok()).unwrap_or(1);
            if attempt > most {
                wrong.push(format!(
                    "{} has {noted} recorded executions and the execution {name}",
                    one.asked.id
                ));
            }
        }
    }
    for one in &observed.promised {
        let revocation = &observed.row(one)["revocation"];
        let name = text(revocation, "executionArn").rsplit(':').next().unwrap_or_default();
        let state = observed.executions.get(name).map_or("missing", String::as_str);
        if !revocation.is_null() && !["SUCCEEDED", "ABORTED"].contains(&state) {
            wrong.push(format!("the revocation of {} is {state}: {name}", one.asked.id));
        }
    }
    let ours = observed.known();
    for name in observed.executions.keys().filter(|name| !name.get(..36).is_some_and(|id| ours.contains(id)))
    {
        wrong.push(format!("the execution {name} belongs to no accepted request"));
    }
    wrong
}

/// True if the execution is of a revocation.
fn is_of_revocation(name: &str) -> bool {
    name.contains("-revoke")
}

/// Subject of the mail of each outcome.
const OUTCOMES: [(&str, &str); 4] = [
    ("delivered", "Your certificate"),
    ("rejected", "was rejected"),
    ("expired", "has expired"),
    ("revoked", "Revoked: "),
];

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
            // A certificate that was revoked at once may have been mailed or not.
            let may_be = status == "delivered" && row["status"] == "revoked";
            if !may_be && is != (got(subject).count() > 0) {
                wrong.push(format!(
                    "{id} is {}, and has {} mails \"{subject}\"",
                    row["status"],
                    got(subject).count()
                ));
            }
        }
        // A mail sent twice has the same Message-ID.
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

/// Serial of the certificate attached to a mail, in the notation of the table.
fn serial_in(mail: &Mail) -> Option<String> {
    let (_, zip) = mail.attachments.first()?;
    let (_, pem) = files_in_zip(zip).into_iter().find(|(name, _)| name == "certificate.pem")?;
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).ok()?;
    let serial = pem.parse_x509().ok()?.tbs_certificate.raw_serial_as_string().replace(':', "");
    Some(serial)
}

/// Each certificate is one leaf of the log. `log audit` compares leaves, certificates and rows; here are the rows alone.
fn log(observed: &Invariants) -> Vec<String> {
    let mut wrong: Vec<String> = observed.broken_log.iter().cloned().collect();
    let mut places = HashMap::new();
    for one in &observed.promised {
        let (id, row) = (&one.asked.id, observed.row(one));
        if !["delivered", "revoked"].contains(&text(row, "status")) {
            continue;
        }
        let log = &row["log"];
        let is_out = items(row, "history").any(|entry| entry["status"] == "delivered");
        if log["loggedAt"].is_null() {
            if !is_out {
                continue;
            }
            wrong.push(format!("{id} is {}, and not in the log: {log}", row["status"]));
        }
        if let Some(other) = places.insert(log["index"].to_string(), id) {
            wrong.push(format!("{id} and {other} have the same place in the log: {log}"));
        }
    }
    wrong
}

/// Events that a request of this status has exactly once.
fn once(status: &str) -> &'static [&'static str] {
    match status {
        "delivered" => &[
            "submitted",
            "confirmed",
            "stored",
            "asked",
            "decided",
            "reserved",
            "signed",
            "logged",
            "delivered",
        ],
        "revoked" => &[
            "submitted",
            "confirmed",
            "stored",
            "asked",
            "decided",
            "reserved",
            "signed",
            "revocation_accepted",
            "revoked",
            "revocation_listed",
        ],
        "rejected" => &["submitted", "confirmed", "stored", "asked", "decided", "rejected"],
        "expired" => &["submitted", "confirmed", "stored", "asked", "decided", "expired"],
        _ => &["submitted", "confirmed", "stored", "asked"],
    }
}

fn audit(observed: &Invariants) -> Vec<String> {
    let mut wrong: Vec<String> = observed.broken_trails.iter().cloned().collect();
    let ours = observed.known();
    wrong.extend(
        observed
            .trails
            .keys()
            .filter(|id| !ours.contains(id.as_str()))
            .map(|id| format!("events of {id}, which is no accepted request")),
    );
    for one in &observed.promised {
        let (id, row) = (&one.asked.id, observed.row(one));
        let trail = observed.trails.get(id).map(Vec::as_slice).unwrap_or_default();
        let happened = |event: &str| trail.iter().filter(|one| one["event"] == event).count();
        let revocation = ["revocation_accepted", "revoked", "revocation_listed"];
        for event in once("delivered").iter().chain(&["rejected", "expired"]).chain(&revocation) {
            let times = happened(event);
            // Revoked before its delivery, a certificate is handed out to nobody; it is in the log if Deliver saw it.
            if ["logged", "delivered"].contains(event) && row["status"] == "revoked" && times <= 1 {
                continue;
            }
            if times != usize::from(once(text(row, "status")).contains(event)) {
                wrong.push(format!("{id} is {}, and has the event {event} {times} times", row["status"]));
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
            wrong.push(format!("{id}: an approver voted twice: {voters:?}"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests;
