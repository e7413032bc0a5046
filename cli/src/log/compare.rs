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
    let issued = records.rows.iter().filter(|row| row.status().has_certificate()).filter_map(Request::serial);
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
mod tests {
    use std::sync::Arc;

    use pki::certificate::Certificate;
    use workflow::ports::Clock as _;
    use workflow::request::LogRecord;
    use workflow::testing::InMemoryBackend;
    use workflow::testing::fixtures::standing_policy;

    use super::*;

    const ORIGIN: &str = "ca.example.com/log/1";

    /// Records that a test alters.
    struct Case {
        backend: Arc<InMemoryBackend>,
        entries: Vec<Vec<u8>>,
        certificates: BTreeMap<Serial, Option<String>>,
        rows: Vec<Request>,
        standing: StandingRecords,
    }

    /// Three certificates in the log.
    fn case() -> Case {
        let backend = InMemoryBackend::new();
        let mut case = Case {
            backend,
            entries: Vec::new(),
            certificates: BTreeMap::new(),
            rows: Vec::new(),
            standing: StandingRecords::default(),
        };
        for index in 0..3 {
            let id = case.backend.request_with_certificate(Status::Delivered);
            case.log(id, index);
        }
        case
    }

    /// Like [`case`], with a fourth certificate under a standing approval.
    fn case_under_standing() -> Case {
        let mut case = case();
        case.backend.set_policy(&standing_policy());
        let terms = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":3}"#;
        let mut approval = case.backend.standing_approval(terms);
        let csr = pki::testing::csr(&["www.example.com"]);
        let row = case.backend.unsaved_under_at(approval.id(), &csr, Status::Delivered);
        let id = row.id();
        approval.count(id, &case.backend.policy(), case.backend.now()).unwrap();
        case.standing.uses.insert((approval.id(), id));
        case.standing.approvals.insert(approval.id(), approval);
        let pem = case.backend.certificate_of(&row);
        case.backend.put_certificate(row.serial().unwrap(), &pem);
        case.backend.put(row);
        case.log(id, 3);
        case
    }

    impl Case {
        /// A row and its certificate.
        fn add(&mut self, id: RequestId) {
            let row = self.backend.request(id).unwrap();
            let pem = &self.backend.certificates()[&row.serial().unwrap().to_string()];
            let fingerprint = Certificate::from_pem(pem).unwrap().fingerprint();
            self.certificates.insert(row.serial().unwrap().clone(), Some(fingerprint));
            self.rows.push(row);
        }

        /// A row, its certificate, and its leaf.
        fn log(&mut self, id: RequestId, index: u64) {
            self.backend.alter(id, |row| {
                row.log = Some(LogRecord { logged_at: row.signed_date, ..LogRecord::chosen(ORIGIN, index) });
            });
            self.add(id);
            let row = self.rows.last().unwrap();
            let pem = &self.backend.certificates()[&row.serial().unwrap().to_string()];
            let standing = row.standing().map(|standing| &self.standing.approvals[&standing]);
            let decision = approval_above(row, standing).unwrap();
            let entry = LogEntry::of(row, decision, &Certificate::from_pem(pem).unwrap()).unwrap();
            self.entries.push(entry.to_string().into_bytes());
        }

        fn serial(&self, index: usize) -> Serial {
            self.rows[index].serial().unwrap().clone()
        }

        fn alter(&mut self, index: usize, alter: impl FnOnce(&mut workflow::request::Columns)) {
            self.rows[index] = self.rows[index].clone().altered(alter);
        }

        fn compared(&self, later: Duration) -> Compared {
            let Self { entries, certificates, rows, standing, .. } = self;
            let now = self.backend.now() + later;
            compare(&Records { origin: ORIGIN, entries, certificates, rows, standing, now })
        }

        /// The only fault.
        fn fault(&self) -> String {
            let mut compared = self.compared(Duration::hours(2));
            assert_eq!(compared.faults.len(), 1, "{compared:?}");
            compared.faults.remove(0)
        }
    }

    #[test]
    fn a_log_that_agrees_has_no_fault() {
        assert_eq!(case().compared(Duration::days(9)), Compared::default());
    }

    #[test]
    fn a_leaf_without_its_certificate_is_found() {
        let mut case = case();
        let serial = case.serial(1);
        case.certificates.remove(&serial);
        assert!(case.fault().starts_with(&format!("entry 1: the certificate {serial} is not in the bucket")));
        case.certificates.insert(serial.clone(), Some("0".repeat(64)));
        assert!(case.fault().contains("was replaced"));
        case.certificates.insert(serial, None);
        assert!(case.fault().contains("was replaced"));
    }

    #[test]
    fn a_leaf_without_its_row_or_approval_is_found() {
        let mut case = case();
        case.alter(1, |row| row.decision = None);
        assert!(case.fault().contains("has no approval"), "{}", case.fault());
        let mut case = self::case();
        case.alter(1, |row| row.profile = "client".into());
        assert!(case.fault().contains("another approval"));
        let mut case = self::case();
        let serial = case.serial(2);
        case.alter(1, |row| row.serial = Some(serial));
        assert!(case.compared(Duration::ZERO).faults.iter().any(|it| it.contains("another certificate")));
        case.rows.remove(1);
        assert!(case.fault().contains("has no row"));
    }

    #[test]
    fn a_leaf_under_a_standing_approval_agrees_with_that_one_alone() {
        assert_eq!(case_under_standing().compared(Duration::days(9)), Compared::default());
        let without = |alter: &dyn Fn(&mut Case)| {
            let mut case = case_under_standing();
            alter(&mut case);
            case.fault()
        };
        let fault = without(&|case| case.standing.approvals.clear());
        assert!(
            fault.starts_with("entry 3: the request") && fault.contains("has no approval under"),
            "{fault}"
        );
        assert!(without(&|case| case.standing.uses.clear()).contains("was not counted"));
        assert!(without(&|case| case.alter(3, |row| row.grant = None)).contains("has no approval;"));
        assert!(
            without(&|case| case.alter(3, |row| row.grant = Some(RequestId::random())))
                .contains("no approval")
        );
        assert!(
            without(&|case| case.alter(3, |row| row.names = vec!["api.example.com".into()]))
                .contains("outside")
        );
        // A certificate with an approval of its own is not one of a standing approval, nor the reverse.
        let fault = without(&|case| {
            let standing = *case.standing.approvals.keys().next().unwrap();
            let id = case.rows[1].id();
            case.standing.uses.insert((standing, id));
            case.alter(1, |row| row.grant = Some(standing));
        });
        assert!(fault.contains("another approval than the leaf names"), "{fault}");
        let fault = without(&|case| {
            let (id, approval) = case.standing.approvals.pop_first().unwrap();
            let rejected = approval.altered(|row| row["decision"]["outcome"] = "rejected".into());
            case.standing.approvals.insert(id, rejected);
        });
        assert!(fault.contains("has no approval under"), "{fault}");
        let fault = without(&|case| {
            let (id, approval) = case.standing.approvals.pop_first().unwrap();
            let widened = approval.altered(|row| row["terms"]["certificates"] = 500.into());
            case.standing.approvals.insert(id, widened);
        });
        assert!(fault.contains("another approval than the leaf names"), "{fault}");
    }

    #[test]
    fn an_entry_that_is_none_and_one_that_is_there_twice_are_found() {
        let mut case = case();
        case.entries.push(case.entries[1].clone());
        assert!(case.fault().starts_with("entry 3 is the certificate"));
        case.entries[3] = b"x".to_vec();
        assert!(case.fault().starts_with("entry 3 is not of a certificate"));
    }

    #[test]
    fn a_certificate_without_a_leaf_is_found() {
        let mut case = case();
        case.entries.remove(1);
        assert!(case.fault().contains("has no leaf"), "{}", case.fault());
        // Neither leaf nor row.
        case.rows.remove(1);
        assert!(case.fault().contains("neither a leaf nor a request"));
    }

    #[test]
    fn what_is_on_its_way_is_no_fault_for_an_hour() {
        let mut case = case();
        case.backend.advance(Duration::seconds(1));
        let id = case.backend.request_with_certificate(Status::Issued);
        case.add(id);
        let approved = case.backend.request(case.backend.request_at(Status::Approved)).unwrap();
        case.rows.push(approved);
        let compared = case.compared(Duration::minutes(59));
        assert_eq!(compared.faults, Vec::<String>::new());
        assert_eq!(compared.notes, ["1 certificate on the way into the log"]);
        let late = case.compared(Duration::minutes(61)).faults;
        assert_eq!(late.len(), 2, "{late:?}");
        assert!(late[0].contains("has no leaf") && late[1].contains("is approved, and has no certificate"));
    }

    #[test]
    fn certificates_from_before_the_log_and_of_other_logs_are_counted() {
        let mut case = case();
        for index in [0, 1] {
            let id = case.backend.request_with_certificate(Status::Delivered);
            case.backend.alter(id, |row| match index {
                0 => row.signed_date = row.signed_date.map(|at| at - Duration::DAY),
                _ => {
                    let logged_at = row.signed_date;
                    row.log = Some(LogRecord { logged_at, ..LogRecord::chosen("other/log/1", 7) });
                }
            });
            case.add(id);
        }
        let compared = case.compared(Duration::days(9));
        assert_eq!(compared.faults, Vec::<String>::new());
        assert_eq!(
            compared.notes,
            [
                "1 certificate from before the log: no leaf, no receipt",
                "1 certificate imported from a stack with a log of its own"
            ]
        );
    }
}
