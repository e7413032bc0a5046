use super::*;
use crate::request::Submission;
use crate::testing::InMemoryBackend;
use pki::testing as test_pki;

fn contradiction(status: Status, alter: impl FnOnce(&mut Columns)) -> Option<ColumnsError> {
    let row = InMemoryBackend::new().unsaved_request(&test_pki::csr(&["www.example.com"]), status);
    let mut columns = Columns::from(row);
    alter(&mut columns);
    Request::try_from(columns).err()
}

#[test]
fn columns_that_contradict_each_other_are_errors() {
    use ColumnsError::{PartialCsr, PartialEnding, PartialReservation};
    assert_eq!(contradiction(Status::Issued, |_| ()), None);
    assert_eq!(contradiction(Status::Issued, |row| row.key = None), Some(PartialCsr));
    assert_eq!(
        contradiction(Status::Submitted, |row| row.names.push("a.example.com".into())),
        Some(PartialCsr)
    );
    assert_eq!(contradiction(Status::Issued, |row| row.not_after = None), Some(PartialReservation));
    assert_eq!(contradiction(Status::Issued, |row| row.serial = None), Some(PartialReservation));
    assert_eq!(contradiction(Status::Approved, |row| row.code = Some(Code::BadName)), Some(PartialEnding));
}

/// The columns of a request of a standing approval.
fn of_grant() -> Columns {
    let text = r#"{"kind":"grant","names":[".web.example.com"],"days":90,"certificates":500}"#;
    let now = time::macros::datetime!(2026-01-01 12:00 UTC);
    let submission = Submission {
        email: "requester@example.com".parse().unwrap(),
        language: Language::English,
        comment: String::new(),
        content: RequestContent::Standing(StandingTerms::read(text).unwrap()),
        profile: "server".into(),
        policy_version: "1".into(),
    };
    Columns::from(Request::submitted(RequestId::random(), submission, "arn".into(), now))
}

#[test]
fn a_request_of_a_standing_approval_has_the_columns_of_its_kind_and_no_others() {
    let row = serde_json::to_value(Request::try_from(of_grant()).unwrap()).unwrap();
    assert_eq!((&row["kind"], &row["terms"]["days"]), (&"grant".into(), &90.into()));
    for of_certificate in ["csrContent", "replaces", "grant", "checkedKey", "csrDigest"] {
        assert!(row.get(of_certificate).is_none(), "{of_certificate}: {row}");
    }
    let read: Request = serde_json::from_value(row).unwrap();
    assert_eq!((read.kind(), read.terms().unwrap().certificates()), (RequestKind::Grant, 500));
    let id = RequestId::random();
    let wrong: [fn(&mut Columns, RequestId); 6] = [
        |row, _| row.kind = RequestKind::Certificate,
        |row, _| row.csr_content = Some("the CSR".into()),
        |row, _| row.terms = None,
        |row, id| row.replaces = Some(id),
        |row, id| row.grant = Some(id),
        |row, _| row.log = Some(LogRecord::chosen("log", 1)),
    ];
    for alter in wrong {
        let mut columns = of_grant();
        alter(&mut columns, id);
        let kind = columns.kind;
        assert_eq!(Request::try_from(columns).err(), Some(ColumnsError::OtherKind(kind)));
    }
}

#[test]
fn a_request_of_a_certificate_has_no_terms_and_no_kind_in_its_row() {
    use ColumnsError::OtherKind;
    let terms = of_grant().terms;
    let other = Some(OtherKind(RequestKind::Certificate));
    assert_eq!(contradiction(Status::Issued, |row| row.terms = terms), other);
    assert_eq!(contradiction(Status::Issued, |row| row.csr_content = None), other);
    let grant = Some(OtherKind(RequestKind::Grant));
    assert_eq!(contradiction(Status::Issued, |row| row.kind = RequestKind::Grant), grant);
    let row = InMemoryBackend::new().unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Issued);
    let row = serde_json::to_value(row).unwrap();
    assert!(["kind", "terms", "grant"].iter().all(|column| row.get(column).is_none()), "{row}");
}
