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
    assert!(fault.starts_with("entry 3: the request") && fault.contains("has no approval under"), "{fault}");
    assert!(without(&|case| case.standing.uses.clear()).contains("was not counted"));
    assert!(without(&|case| case.alter(3, |row| row.grant = None)).contains("has no approval;"));
    assert!(
        without(&|case| case.alter(3, |row| row.grant = Some(RequestId::random()))).contains("no approval")
    );
    assert!(
        without(&|case| case.alter(3, |row| row.names = vec!["api.example.com".into()])).contains("outside")
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
