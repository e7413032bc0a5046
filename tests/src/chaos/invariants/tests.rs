//! Books that agree, and each lie in them.

use std::io::Write as _;
use std::time::SystemTime;

use serde_json::json;

use super::super::players::Part;
use super::*;
use crate::Asked;

#[test]
fn a_history_goes_forward_or_through_a_retry() {
    assert!(goes_forward(&["submitted", "pending_approval", "approved", "issued", "delivered"]));
    assert!(goes_forward(&["submitted", "pending_approval", "failed", "pending_approval", "approved"]));
    for wrong in [
        &["pending_approval"][..],
        &["submitted", "approved", "pending_approval"],
        &["submitted", "submitted"],
        &["submitted", "rejected", "approved"],
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
        attachments: vec![("certificate.zip".into(), zip.finish().unwrap().into_inner())],
    }
}

/// What happened to it.
fn trail() -> Vec<Value> {
    let mut trail: Vec<Value> = once("delivered").iter().map(|event| json!({ "event": event })).collect();
    for event in &mut trail[4..6] {
        event["detail"] = json!("4f01");
    }
    trail.insert(3, json!({ "event": "voted", "actor": "approver:a@example.com" }));
    trail
}

/// The books of one request that was delivered.
fn books() -> Books {
    let asked = Asked { id: ID.into(), email: "team@example.com".into(), status_url: String::new() };
    let history = ["submitted", "pending_approval", "approved", "issued", "delivered"];
    let row = json!({
        "id": ID, "status": "delivered", "serial": "4f01", "executionAttempt": 1,
        "executionArn": format!("arn:aws:states:x:1:execution:countersign:{ID}"),
        "history": history.map(|status| json!({ "status": status })),
    });
    Books {
        promised: vec![Played { part: Part::Approved, asked, tried_again: 0 }],
        rows: HashMap::from([(ID.to_owned(), row)]),
        certificates: BTreeMap::from([("4f01".to_owned(), 1)]),
        executions: BTreeMap::from([(ID.to_owned(), "SUCCEEDED".to_owned())]),
        mails: HashMap::from([(ID.to_owned(), vec![certificate_mail(), certificate_mail()])]),
        trails: HashMap::from([(ID.to_owned(), trail())]),
        broken_trails: None,
    }
}

#[test]
fn only_what_nobody_decides_on_rests_while_it_waits() {
    let waiting = |part| {
        let mut books = books();
        books.promised[0].part = part;
        books.rows.get_mut(ID).unwrap()["status"] = json!("pending_approval");
        books.executions.insert(ID.into(), "RUNNING".into());
        books
    };
    assert!(waiting(Part::Waiting).at_rest());
    for part in [Part::Approved, Part::Rejected, Part::Contested, Part::Pair, Part::Expired] {
        assert!(!waiting(part).at_rest(), "{part:?}");
    }
    let mut ended = waiting(Part::Waiting);
    ended.executions.insert(ID.into(), "SUCCEEDED".into());
    assert!(!ended.at_rest());
    for status in ["refused", "rejected", "expired"] {
        let mut books = books();
        books.rows.get_mut(ID).unwrap()["status"] = json!(status);
        assert!(!books.at_rest(), "nobody was told that it was {status}");
        books.rows.get_mut(ID).unwrap()["mails"] = json!({ status: "2026-11-26T00:00:00Z" });
        assert!(books.at_rest(), "{status}");
    }
}

#[test]
fn books_that_agree_are_in_order_and_each_lie_is_found() {
    assert_eq!(books().disagreements(), [""; 0]);
    assert!(books().at_rest());
    type Lie = fn(&mut Books);
    let lies: [(&str, Lie); 17] = [
        ("table", |books| books.rows.clear()),
        ("table", |books| books.rows.get_mut(ID).unwrap()["status"] = json!("approved")),
        ("table", |books| books.rows.get_mut(ID).unwrap()["history"] = json!([{ "status": "delivered" }])),
        ("table", |books| {
            books.rows.insert("another".into(), json!({ "status": "rejected" }));
        }),
        ("bucket", |books| books.certificates.clear()),
        ("bucket", |books| _ = books.certificates.insert("4f01".into(), 2)),
        ("bucket", |books| _ = books.certificates.insert("4f02".into(), 1)),
        ("executions", |books| _ = books.executions.insert(ID.into(), "RUNNING".into())),
        ("executions", |books| {
            books.executions.insert(format!("{ID}-r3"), "SUCCEEDED".into());
        }),
        ("mailbox", |books| books.mails.get_mut(ID).unwrap().clear()),
        ("mailbox", |books| books.mails.get_mut(ID).unwrap()[0].message_id = format!("{ID}.2@x")),
        ("audit", |books| books.trails.clear()),
        ("audit", |books| books.broken_trails = Some("1 audit trails are broken".into())),
        ("audit", |books| {
            books.trails.get_mut(ID).unwrap().push(json!({ "event": "signed", "detail": "4f01" }))
        }),
        ("audit", |books| books.trails.get_mut(ID).unwrap()[5]["detail"] = json!("4f02")),
        ("audit", |books| {
            let trail = books.trails.get_mut(ID).unwrap();
            let vote = trail[3].clone();
            trail.push(vote);
        }),
        ("audit", |books| _ = books.trails.insert("another".into(), Vec::new())),
    ];
    for (number, (book, lie)) in lies.into_iter().enumerate() {
        let mut books = books();
        lie(&mut books);
        let found = books.disagreements();
        assert!(found.iter().any(|what| what.starts_with(book)), "lie {number}: {found:?}");
    }
    let mut books = books();
    books.rows.get_mut(ID).unwrap()["serial"] = json!("4f02");
    assert!(books.disagreements().iter().any(|what| what.contains("mailed the certificate")));
}
