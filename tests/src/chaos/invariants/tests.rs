//! Consistent records, and each inconsistency.

use std::io::Write as _;
use std::time::SystemTime;

use serde_json::json;

use super::super::clients::Scenario;
use super::super::machines::{FinishedMachine, FinishedMachines};
use super::revocations::{is_on, shard};
use super::*;
use crate::Asked;

#[test]
fn a_history_goes_forward_or_through_a_retry() {
    assert!(goes_forward(&["submitted", "pending_approval", "approved", "issued", "delivered"]));
    assert!(goes_forward(&["unconfirmed", "submitted", "pending_approval"]));
    assert!(goes_forward(&["submitted", "approved", "issued", "delivered", "revoked"]));
    assert!(goes_forward(&["submitted", "approved", "issued", "revoked"]));
    assert!(goes_forward(&["submitted", "pending_approval", "failed", "pending_approval", "approved"]));
    for wrong in [
        &["pending_approval"][..],
        &["submitted", "approved", "pending_approval"],
        &["submitted", "submitted"],
        &["submitted", "unconfirmed"],
        &["submitted", "rejected", "approved"],
        &["submitted", "rejected", "revoked"],
        &["submitted", "revoked", "delivered"],
    ] {
        assert!(!goes_forward(wrong), "{wrong:?}");
    }
}

const ID: &str = "6f2d3c5e-0f0b-4c8e-9b43-5d1c7f0ea611";

fn certificate_mail() -> Mail {
    let mut certificate = rcgen::CertificateParams::new(vec!["www.example.com".to_owned()]).unwrap();
    certificate.serial_number = Some(vec![0x4f, 0x01].into());
    let pem = certificate.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("certificate.pem", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(pem.as_bytes()).unwrap();
    Mail {
        at: SystemTime::UNIX_EPOCH,
        message_id: format!("{ID}.1@example.com"),
        to: "team@example.com".into(),
        subject: "Your certificate for www.example.com".into(),
        text: String::new(),
        html: String::new(),
        no_answer: [None, None],
        attachments: vec![("certificate.zip".into(), zip.finish().unwrap().into_inner())],
    }
}

/// Audit trail of a delivered request.
fn trail() -> Vec<Value> {
    let mut trail: Vec<Value> = once("delivered").iter().map(|event| json!({ "event": event })).collect();
    for event in trail.iter_mut().filter(|event| ["reserved", "signed"].contains(&text(event, "event"))) {
        event["detail"] = json!("4f01");
    }
    trail.insert(4, json!({ "event": "voted", "actor": "approver:a@example.com" }));
    trail
}

/// Records of one delivered request.
fn observed() -> Invariants {
    let asked = Asked { id: ID.into(), email: "team@example.com".into(), status_url: String::new() };
    let history = ["submitted", "pending_approval", "approved", "issued", "delivered"];
    let row = json!({
        "id": ID, "status": "delivered", "serial": "4f01", "executionAttempt": 1,
        "executionArn": format!("arn:aws:states:x:1:execution:countersign:{ID}"),
        "history": history.map(|status| json!({ "status": status })),
        "log": { "origin": "ca.example.com/log/1", "index": 7, "loggedAt": "2026-11-26T00:00:00Z" },
    });
    Invariants {
        promised: vec![AcceptedRequest { scenario: Scenario::Approved, asked, tried_again: 0 }],
        rows: HashMap::from([(ID.to_owned(), row)]),
        certificates: BTreeMap::from([("4f01".to_owned(), 1)]),
        executions: BTreeMap::from([(ID.to_owned(), "SUCCEEDED".to_owned())]),
        mails: HashMap::from([(ID.to_owned(), vec![certificate_mail(), certificate_mail()])]),
        trails: HashMap::from([(ID.to_owned(), trail())]),
        broken_trails: None,
        broken_log: None,
        revocations: Revocations::default(),
        granted: Granted::default(),
    }
}

/// Records of one request that was revoked after its delivery.
fn revoked() -> Invariants {
    let mut observed = observed();
    observed.promised[0].scenario = Scenario::Revoked;
    let row = observed.rows.get_mut(ID).unwrap();
    row["status"] = json!("revoked");
    row["history"].as_array_mut().unwrap().push(json!({ "status": "revoked" }));
    row["mails"] = json!({ "revoked": "2026-11-26T00:00:00Z" });
    row["revocation"] = json!({
        "reason": "superseded", "listedAt": "2026-11-26T00:00:00Z",
        "executionArn": format!("arn:aws:states:x:1:execution:revocation:{ID}-revoke"),
    });
    observed.executions.insert(format!("{ID}-revoke"), "SUCCEEDED".into());
    let mut told = certificate_mail();
    told.subject = "Revoked: your certificate for www.example.com".into();
    told.message_id = format!("{ID}.2@example.com");
    observed.mails.get_mut(ID).unwrap().push(told);
    let events =
        ["revocation_accepted", "revoked", "revocation_listed"].map(|event| json!({ "event": event }));
    observed.trails.get_mut(ID).unwrap().extend(events);
    let entry = BTreeMap::from([("4f01".to_owned(), "superseded".to_owned())]);
    observed.revocations = Revocations {
        table: entry.clone(),
        list: entry.clone(),
        shards: entry,
        numbers: BTreeMap::from([("crl/00ff.crl".to_owned(), vec![7, 9])]),
    };
    observed
}

#[test]
fn a_revocation_is_complete_and_each_inconsistency_is_found() {
    assert_eq!(revoked().violations(), [""; 0]);
    assert!(revoked().at_rest());
    for missing in ["listedAt", "mails"] {
        let mut observed = revoked();
        let row = observed.rows.get_mut(ID).unwrap();
        if missing == "mails" {
            row["mails"] = json!({})
        } else {
            row["revocation"][missing] = Value::Null
        }
        assert!(!observed.at_rest(), "{missing}");
    }
    type Corrupt = fn(&mut Invariants);
    let corruptions: [(&str, Corrupt); 10] = [
        ("revocations", |observed| observed.revocations.table.clear()),
        ("revocations", |observed| observed.revocations.list.clear()),
        ("revocations", |observed| {
            observed.revocations.list.insert("4f01".into(), "keyCompromise".into());
        }),
        ("revocations", |observed| {
            observed.revocations.list.insert("4f02".into(), "superseded".into());
        }),
        ("revocations", |observed| observed.revocations.shards.clear()),
        ("revocations", |observed| {
            observed.revocations.shards.insert("4f01 crl/00ff-1of3.crl".into(), "superseded".into());
        }),
        ("revocations", |observed| {
            observed.revocations.numbers.insert("crl/00ff.crl".into(), vec![9, 9]);
        }),
        ("executions", |observed| {
            observed.executions.insert(format!("{ID}-revoke"), "FAILED".into());
        }),
        ("mailbox", |observed| observed.mails.get_mut(ID).unwrap().truncate(2)),
        ("audit", |observed| {
            observed.trails.get_mut(ID).unwrap().pop();
        }),
    ];
    for (number, (record, corrupt)) in corruptions.into_iter().enumerate() {
        let mut observed = revoked();
        corrupt(&mut observed);
        let found = observed.violations();
        assert!(found.iter().any(|what| what.starts_with(record)), "corruption {number}: {found:?}");
    }
}

#[test]
fn only_a_request_without_a_decision_by_design_may_wait() {
    let waiting = |part| {
        let mut observed = observed();
        observed.promised[0].scenario = part;
        observed.rows.get_mut(ID).unwrap()["status"] = json!("pending_approval");
        observed.executions.insert(ID.into(), "RUNNING".into());
        observed
    };
    assert!(waiting(Scenario::Waiting).at_rest());
    for scenario in [
        Scenario::Approved,
        Scenario::Rejected,
        Scenario::Contested,
        Scenario::Pair,
        Scenario::Expired,
        Scenario::Revoked,
    ] {
        assert!(!waiting(scenario).at_rest(), "{scenario:?}");
    }
    let mut ended = waiting(Scenario::Waiting);
    ended.executions.insert(ID.into(), "SUCCEEDED".into());
    assert!(!ended.at_rest());
    for status in ["refused", "rejected", "expired"] {
        let mut observed = observed();
        observed.rows.get_mut(ID).unwrap()["status"] = json!(status);
        assert!(!observed.at_rest(), "no mail says {status}");
        observed.rows.get_mut(ID).unwrap()["mails"] = json!({ status: "2026-11-26T00:00:00Z" });
        assert!(observed.at_rest(), "{status}");
    }
}

#[test]
fn consistent_records_pass_and_each_inconsistency_is_found() {
    assert_eq!(observed().violations(), [""; 0]);
    assert!(observed().at_rest());
    type Corrupt = fn(&mut Invariants);
    let corruptions: [(&str, Corrupt); 20] = [
        ("table", |observed| observed.rows.clear()),
        ("table", |observed| observed.rows.get_mut(ID).unwrap()["status"] = json!("approved")),
        ("table", |observed| {
            observed.rows.get_mut(ID).unwrap()["history"] = json!([{ "status": "delivered" }])
        }),
        ("table", |observed| {
            observed.rows.insert("another".into(), json!({ "status": "rejected" }));
        }),
        ("bucket", |observed| observed.certificates.clear()),
        ("bucket", |observed| _ = observed.certificates.insert("4f01".into(), 2)),
        ("bucket", |observed| _ = observed.certificates.insert("4f02".into(), 1)),
        ("executions", |observed| _ = observed.executions.insert(ID.into(), "RUNNING".into())),
        ("executions", |observed| {
            observed.executions.insert(format!("{ID}-r3"), "SUCCEEDED".into());
        }),
        ("mailbox", |observed| observed.mails.get_mut(ID).unwrap().clear()),
        ("mailbox", |observed| observed.mails.get_mut(ID).unwrap()[0].message_id = format!("{ID}.2@x")),
        ("audit", |observed| observed.trails.clear()),
        ("audit", |observed| observed.broken_trails = Some("1 audit trail is broken".into())),
        ("audit", |observed| {
            observed.trails.get_mut(ID).unwrap().push(json!({ "event": "signed", "detail": "4f01" }))
        }),
        ("audit", |observed| observed.trails.get_mut(ID).unwrap()[6]["detail"] = json!("4f02")),
        ("audit", |observed| {
            let trail = observed.trails.get_mut(ID).unwrap();
            let vote = trail[4].clone();
            trail.push(vote);
        }),
        ("audit", |observed| _ = observed.trails.insert("another".into(), Vec::new())),
        ("log", |observed| observed.broken_log = Some("1 fault in the log".into())),
        ("log", |observed| observed.rows.get_mut(ID).unwrap()["log"]["loggedAt"] = Value::Null),
        ("log", |observed| {
            let mut other = observed.promised[0].clone();
            other.asked.id = "another".into();
            observed.rows.insert("another".into(), observed.rows[ID].clone());
            observed.mails.insert("another".into(), Vec::new());
            observed.promised.push(other);
        }),
    ];
    for (number, (record, corrupt)) in corruptions.into_iter().enumerate() {
        let mut observed = observed();
        corrupt(&mut observed);
        let found = observed.violations();
        assert!(found.iter().any(|what| what.starts_with(record)), "corruption {number}: {found:?}");
    }
    let mut observed = observed();
    observed.rows.get_mut(ID).unwrap()["serial"] = json!("4f02");
    assert!(observed.violations().iter().any(|what| what.contains("mailed the certificate")));
}

#[test]
fn each_serial_is_on_one_shard_of_a_number() {
    assert_eq!(shard("crl/00ff.crl"), None);
    assert_eq!(shard("crl/00ff-2of3.crl"), Some((2, 3)));
    // As in decision 0129, and in the tests of the workflow.
    assert!(is_on((2, 8), "01") && is_on((4, 8), "4f010203"));
    assert!(is_on((260, 1_000), "4f0102030405060708090a0b0c0d0e0f10111213"));
    assert!(!is_on((1, 8), "01"));
}

/// Records of one person's request, and of one machine's order.
fn with_a_machine() -> Invariants {
    let mut observed = observed();
    let id = "11111111-2222-4333-8444-555555555555";
    let history = ["submitted", "approved", "issued", "delivered"].map(|status| json!({ "status": status }));
    let row = json!({
        "id": id, "status": "delivered", "serial": "5a01", "grant": "the-grant", "executionAttempt": 1,
        "names": ["www.example.com"],
        "history": history,
    });
    observed.rows.insert(id.into(), row);
    observed
        .rows
        .insert("the-grant".into(), json!({ "id": "the-grant", "kind": "grant", "status": "delivered" }));
    observed.certificates.insert("5a01".into(), 1);
    observed.executions.insert(id.into(), "SUCCEEDED".into());
    let events = ["submitted", "covered", "reserved", "signed", "logged", "delivered"];
    observed.trails.insert(id.into(), events.iter().map(|event| json!({ "event": event })).collect());
    observed.trails.insert("the-grant".into(), Vec::new());
    let machine = FinishedMachine {
        host: "www.example.com".into(),
        orders: vec![("order".into(), ["5a01".to_owned()].into())],
    };
    observed.granted = Granted {
        finished: FinishedMachines { standing: "the-grant".into(), machines: vec![machine] },
        numbers: BTreeMap::from([(id.to_owned(), 1)]),
    };
    observed
}

#[test]
fn the_certificates_of_machines_are_consistent_and_each_inconsistency_is_found() {
    assert_eq!(with_a_machine().violations(), [""; 0]);
    const ORDER: &str = "11111111-2222-4333-8444-555555555555";
    type Corrupt = fn(&mut Invariants);
    let corruptions: [Corrupt; 10] = [
        |observed| observed.granted.numbers.clear(),
        |observed| _ = observed.granted.numbers.insert(ORDER.into(), 2),
        |observed| _ = observed.granted.numbers.insert("another".into(), 2),
        |observed| observed.rows.get_mut(ORDER).unwrap()["names"] = json!(["www.example.org"]),
        |observed| observed.rows.get_mut(ORDER).unwrap()["status"] = json!("approved"),
        |observed| _ = observed.trails.get_mut(ORDER).unwrap().pop(),
        |observed| _ = observed.granted.finished.machines[0].orders[0].1.insert("5a02".into()),
        |observed| {
            let again = observed.granted.finished.machines[0].orders[0].clone();
            observed.granted.finished.machines[0].orders.push(again);
        },
        |observed| observed.granted.finished.machines.clear(),
        |observed| {
            for id in ["extension", "another-extension"] {
                let row = json!({ "id": id, "status": "unconfirmed", "terms": { "extends": "the-grant" } });
                observed.rows.insert(id.into(), row);
            }
        },
    ];
    for (number, corrupt) in corruptions.into_iter().enumerate() {
        let mut observed = with_a_machine();
        corrupt(&mut observed);
        let found = observed.violations();
        assert!(found.iter().any(|violation| violation.starts_with("machines: ")), "{number}: {found:?}");
    }
}
