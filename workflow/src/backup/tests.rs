use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::*;
use crate::approval::{Approval, Link, LinkKey};
use crate::ids::IssuerId;
use crate::ids::RequestId;
use crate::message::TaskToken;
use crate::ports::CertificateListing;
use crate::request::Status;
use crate::testing::InMemoryBackend;
use crate::testing::fixtures::{approver, standing_policy};
use crate::testing::passkeys::PasskeyHolder;
use crate::testing::sign_in::TestProvider;

fn columns(value: &impl Serialize) -> RowColumns {
    match serde_json::to_value(value).unwrap() {
        Value::Object(columns) => columns,
        other => panic!("{other}"),
    }
}

fn keyed(value: &impl Serialize, key: String) -> RowColumns {
    let mut columns = columns(value);
    columns.insert("key".into(), key.into());
    columns
}

fn approval(approval: &Approval) -> Record {
    let columns = keyed(approval, format!("request#{}", approval.request_id));
    Record::Approval(Box::new(TableRow::without_tokens(columns).unwrap()))
}

fn group(backend: &InMemoryBackend, id: RequestId) -> Vec<Record> {
    let mut row = columns(&backend.request(id).unwrap());
    row.insert("aColumnOfTheFuture".into(), json!({"list": [1, true, "x", null]}));
    let mut records: Vec<Record> = backend
        .audit(id)
        .iter()
        .map(|event| Record::Event(TableRow::read(columns(event)).unwrap()))
        .collect();
    records.push(Record::Request(Box::new(TableRow::read(row).unwrap())));
    records.extend(backend.approval(id).as_ref().map(approval));
    records
}

/// A stack with requests in several states, and at least one record of each kind.
fn stack() -> (Arc<InMemoryBackend>, Vec<Record>) {
    let backend = InMemoryBackend::new();
    let mut records = vec![Record::Policy(include_str!("../../../infra/policy.toml").into())];
    for status in [Status::Submitted, Status::PendingApproval, Status::Rejected, Status::Delivered] {
        let id = backend.request_at(status);
        records.extend(group(&backend, id));
        let key = LinkKey::random().unwrap();
        let link = Link {
            digest: key.digest(),
            request_id: id,
            approver: approver(),
            generation: 1,
            created_at: backend.request(id).unwrap().registration_date(),
        };
        let key = format!("link#{}", link.digest.as_str());
        records.push(Record::Link(TableRow::read(keyed(&link, key)).unwrap()));
        let names = ["www.example.com".to_owned()];
        let end = backend.request(id).unwrap().registration_date();
        let requester = backend.request(id).unwrap().email().clone();
        let listing = CertificateListing {
            names: &names,
            not_after: end,
            id,
            requester: &requester,
            profile: "server",
            issuer: Some("ab12"),
        };
        let of_request = NameRow::of_request(&names, id);
        let of_certificate = NameRow::of_certificate(&names, end, id);
        for name in [of_request, of_certificate, NameRow::of_lists(&listing)].concat() {
            records.push(Record::Name(TableRow::read(columns(&name)).unwrap()));
        }
    }
    let passkey = PasskeyHolder::new("approver@example.com").passkey(OffsetDateTime::UNIX_EPOCH);
    let mut row = columns(&passkey);
    row.insert("item".into(), format!("passkey#{}", passkey.credential_id).into());
    records.push(Record::Passkey(TableRow::read(row).unwrap()));
    let key = TestProvider::default().row(OffsetDateTime::UNIX_EPOCH, OffsetDateTime::UNIX_EPOCH);
    let mut row = columns(&key);
    row.insert("person".into(), format!("provider#{}", key.issuer).into());
    row.insert("item".into(), format!("key#{}", key.thumbprint().unwrap()).into());
    records.push(Record::ProviderKey(TableRow::read(row).unwrap()));
    records.extend(grants());
    let pem = backend.issuer_certificate().chain_pem();
    let keys = [
        ObjectKey::IssuerInForce(IssuerId::DEFAULT),
        ObjectKey::Issuer(backend.issuer_certificate().key_identifier()),
    ];
    records.extend(keys.map(|key| Record::Object(key, pem.to_owned())));
    (backend, records)
}

/// A standing approval, with one certificate that was counted under it.
fn grants() -> [Record; 2] {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let terms = r#"{"kind":"grant","names":[".web.example.com"],"days":30,"certificates":3}"#;
    let mut approval = backend.standing_approval(terms);
    let at = approval.from();
    let counted = approval.count(RequestId::random(), &backend.policy(), at).unwrap();
    let keyed = |mut columns: RowColumns, item: String| {
        columns.insert("item".into(), item.into());
        columns
    };
    let of_use = keyed(columns(&counted), format!("use#{}", counted.request_id));
    let approval = keyed(columns(&approval), "approval".into());
    [
        Record::StandingUse(TableRow::read(of_use).unwrap()),
        Record::Standing(Box::new(TableRow::read(approval).unwrap())),
    ]
}

fn header() -> Header {
    Header {
        format: FORMAT,
        stack: "countersign".into(),
        at: "2026-01-01T12:00:00Z".into(),
        made_by: "0.1.0".into(),
    }
}

fn written(records: &[Record]) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), &header()).unwrap();
    records.iter().for_each(|record| writer.put(record).unwrap());
    writer.finish().unwrap().0
}

fn read(bytes: &[u8]) -> Result<Vec<Record>, ExportError> {
    let mut reader = Reader::open(bytes)?;
    let mut records = Vec::new();
    while let Some(record) = reader.record()? {
        records.push(record);
    }
    assert!(reader.manifest().is_some());
    Ok(records)
}

fn said(bytes: &[u8]) -> String {
    let said = read(bytes).unwrap_err().to_string();
    assert!(!said.contains('\n') && said.len() < 300, "{said}");
    said
}

static WRITTEN: LazyLock<Vec<u8>> = LazyLock::new(|| written(&stack().1));

#[test]
fn what_was_written_is_read_with_columns_of_the_future() {
    let (_, records) = stack();
    let bytes = written(&records);
    assert_eq!(read(&bytes).unwrap(), records);
    assert!(String::from_utf8_lossy(&bytes).contains("aColumnOfTheFuture"));
    let mut reader = Reader::open(bytes.as_slice()).unwrap();
    assert_eq!(reader.header(), &header());
    while reader.record().unwrap().is_some() {}
    let counts = reader.manifest().unwrap().counts;
    assert_eq!((counts.requests, counts.approvals, counts.links, counts.objects), (4, 3, 4, 2), "{counts}");
    assert_eq!(reader.broken(), []);
    assert_eq!(reader.record().unwrap(), None, "the end stays the end");
    assert_eq!(read(&written(&[])).unwrap(), [], "an empty stack has an export too");
}

#[test]
fn a_renewal_travels_with_the_request_that_it_replaces_and_its_approval_holds() {
    let backend = InMemoryBackend::new();
    let old = backend.request_at(Status::Delivered);
    let csr = pki::testing::csr(&["www.example.com"]);
    let renewal = backend.renewal_at(&csr, Status::Delivered, old);
    let records = [group(&backend, old), group(&backend, renewal.id())].concat();
    let mut found = Vec::new();
    for record in read(&written(&records)).unwrap() {
        if let Record::Request(row) = record {
            found.push(row.value().clone());
        }
    }
    let row = found.iter().find(|row| row.id() == renewal.id()).unwrap();
    assert_eq!((row.replaces(), row.is_superseding()), (Some(old), true));
    assert_eq!(crate::request::verify_request(row, &backend.audit(row.id())), []);
}

#[test]
fn a_foreign_a_newer_and_a_cut_file_are_told_apart() {
    let bytes = &*WRITTEN;
    for foreign in ["", "x", "{}\n", "[]\n", "\n", "{\"format\":\"1\"}\n", "{\"format\":1}\n"] {
        assert!(read(foreign.as_bytes()).is_err(), "{foreign}");
    }
    assert_eq!(said(b"PK\n"), "it is not an export of Countersign");
    let newer = String::from_utf8_lossy(bytes).replacen("\"format\":1", "\"format\":2", 1);
    assert!(said(newer.as_bytes()).starts_with("it has format 2"));
    let last = bytes[..bytes.len() - 1].iter().rposition(|b| *b == b'\n').unwrap();
    assert!(said(&bytes[..=last]).contains("was cut off"));
    let mut longer = bytes.clone();
    longer.extend_from_slice(b"{}\n");
    assert!(said(&longer).contains("something follows"));
    let endless = [b"{\"format\":1}".repeat(LONGEST_LINE / 10)].concat();
    assert_eq!(said(&endless), "it is not an export of Countersign");
}

#[test]
fn a_line_taken_out_put_in_or_moved_is_noticed() {
    let lines: Vec<&[u8]> = WRITTEN.split_inclusive(|b| *b == b'\n').collect();
    for at in 1..lines.len() - 1 {
        let mut less = lines.clone();
        let line = less.remove(at);
        assert!(read(&less.concat()).is_err(), "without line {}", at + 1);
        less.insert(1, line);
        assert!(at == 1 || read(&less.concat()).is_err(), "with line {} first", at + 1);
        less.insert(at, line);
        assert!(read(&less.concat()).is_err(), "with line {} twice", at + 1);
    }
}

#[test]
fn a_private_key_and_a_task_token_are_in_no_export() {
    let (backend, mut records) = stack();
    let pem = pki::testing::root().key_pem;
    let mut writer = Writer::begin(Vec::new(), &header()).unwrap();
    let refused = writer
        .put(&Record::Object(ObjectKey::IssuerInForce(IssuerId::DEFAULT), pem.clone()))
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "the object ca-certificate/current.pem contains a private key, which an export must not contain"
    );
    let line = json!({"kind": "object", "key": "ca-certificate/current.pem", "text": pem});
    let header = serde_json::to_string(&header()).unwrap();
    assert!(said(format!("{header}\n{line}\n").as_bytes()).contains("private key"));

    let mut standing = backend.approval(backend.request_at(Status::PendingApproval)).unwrap();
    standing.keep(&TaskToken::new("bearer-one"));
    standing.keep(&TaskToken::new("bearer-two"));
    records.push(approval(&standing));
    assert!(!String::from_utf8(written(&records)).unwrap().contains("bearer"));
    let row = keyed(&standing, format!("request#{}", standing.request_id));
    let line = json!({"kind": "approval", "row": row});
    let why = said(format!("{header}\n{line}\n").as_bytes());
    assert!(why.contains("contains a task token") && !why.contains("bearer"), "{why}");
}

#[test]
fn a_trail_that_was_altered_is_told_and_one_without_its_row_refused() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Delivered);
    let mut records = group(&backend, id);
    let Record::Event(event) = &records[1] else { panic!() };
    let mut altered = event.columns().clone();
    altered.insert("actor".into(), "operator:unknown".into());
    records[1] = Record::Event(TableRow::read(altered).unwrap());
    let bytes = written(&records);
    let mut reader = Reader::open(bytes.as_slice()).unwrap();
    while reader.record().unwrap().is_some() {}
    let [broken] = reader.broken() else { panic!() };
    assert_eq!(broken.request_id, id);
    assert!(broken.wrong[0].to_string().contains("event 2 was altered"));

    let other = group(&backend, backend.request_at(Status::Submitted));
    let stray = [&records[..3], &other[..]].concat();
    assert!(said(&written(&stray)).contains(&format!("the events of {id} are not followed by its row")));
    assert!(said(&written(&records[..3])).contains("not followed by its row"));
}

#[test]
fn an_approval_is_found_by_its_own_key_only() {
    let backend = InMemoryBackend::new();
    let standing = backend.approval(backend.request_at(Status::PendingApproval)).unwrap();
    let row = keyed(&standing, format!("request#{}", RequestId::random()));
    let header = serde_json::to_string(&header()).unwrap();
    let line = json!({"kind": "approval", "row": row});
    assert!(said(format!("{header}\n{line}\n").as_bytes()).contains("its key does not fit"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn wherever_it_is_cut_it_is_noticed(at in any::<prop::sample::Index>()) {
        prop_assert!(read(&WRITTEN[..at.index(WRITTEN.len())]).is_err());
    }

    #[test]
    fn any_altered_byte_is_noticed(at in any::<prop::sample::Index>(), by in 1..=255_u8) {
        let mut bytes = WRITTEN.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        let error = read(&bytes).unwrap_err().to_string();
        prop_assert!(!error.contains('\n'), "{}", error);
    }

    #[test]
    fn no_bytes_at_all_stop_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let header = serde_json::to_string(&header()).unwrap();
        let behind = [header.as_bytes(), b"\n", &bytes].concat();
        prop_assert!(read(&bytes).is_err());
        prop_assert!(read(&behind).is_err());
    }
}

#[test]
fn a_passkey_under_the_key_of_another_is_refused() {
    let mut record = stack().1.into_iter().find(|record| matches!(record, Record::Passkey(_))).unwrap();
    if let Record::Passkey(row) = &mut record {
        let mut columns = row.columns().clone();
        columns.insert("item".into(), "passkey#AAAA".into());
        *row = TableRow::read(columns).unwrap();
    }
    assert!(said(&written(&[record])).contains("its key does not fit its value"));
}

#[test]
fn a_key_under_another_issuer_or_thumbprint_is_refused() {
    for (column, value) in
        [("person", "provider#https://id.example.org"), ("item", "key#AAAA"), ("jwk", "{}")]
    {
        let mut record =
            stack().1.into_iter().find(|record| matches!(record, Record::ProviderKey(_))).unwrap();
        if let Record::ProviderKey(row) = &mut record {
            let mut columns = row.columns().clone();
            columns.insert(column.into(), value.into());
            *row = TableRow::read(columns).unwrap();
        }
        let said = said(&written(&[record]));
        assert!(said.contains("fit its value") || said.contains("is damaged"), "{column}: {said}");
    }
}

#[test]
fn an_export_without_passkeys_reads_as_those_of_earlier_versions() {
    let mut records = stack().1;
    records.retain(|record| !matches!(record, Record::Passkey(_)));
    let bytes = written(&records);
    assert!(!String::from_utf8(bytes.clone()).unwrap().contains("passkey"));
    assert_eq!(read(&bytes).unwrap(), records);
}

#[test]
fn a_standing_approval_or_a_use_under_another_key_is_refused() {
    for (at, item) in
        [(0, "approval".to_owned()), (0, format!("use#{}", RequestId::random())), (1, "use#1".into())]
    {
        let mut record = grants()[at].clone();
        match &mut record {
            Record::StandingUse(row) => *row = TableRow::read(rekeyed(row.columns(), &item)).unwrap(),
            Record::Standing(row) => **row = TableRow::read(rekeyed(row.columns(), &item)).unwrap(),
            other => panic!("{other:?}"),
        }
        assert!(said(&written(&[record])).contains("its key does not fit its value"), "{item}");
    }
}

fn rekeyed(columns: &RowColumns, item: &str) -> RowColumns {
    let mut columns = columns.clone();
    columns.insert("item".into(), item.into());
    columns
}
