use pki::testing::{CsrMaker, TestKey};

use super::*;
use crate::request::Status;
use crate::request::intake::tests::{csr, new_request};
use crate::standing::StandingTerms;
use crate::testing::InMemoryBackend;

fn checked(backend: &InMemoryBackend, csr_text: &str) -> CheckedRequest {
    new_request("key", "", csr_text).check(&backend.policy(), None).unwrap()
}

#[test]
fn what_stands_around_a_csr_is_not_stored() {
    let backend = InMemoryBackend::new();
    let csr = csr();
    let text = format!("{}\n{}Bye.", "Text. ".repeat(5_000), csr.replace('\n', "\r\n"));
    let one_line = csr.replace("REQUEST-----\n", "REQUEST-----").replace("\n-----END", "-----END");
    for text in [&csr, &text, &one_line, &csr.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")] {
        let RequestContent::Certificate(stored) = checked(&backend, text).submission.content else {
            panic!("a CSR asks for a certificate")
        };
        assert_eq!(stored.csr_content, csr);
    }
    let lines: Vec<&str> = csr.lines().collect();
    assert!(lines[1..lines.len() - 2].iter().all(|line| line.len() == 64), "{csr}");
    assert_eq!(lines[0], "-----BEGIN CERTIFICATE REQUEST-----");
}

#[test]
fn a_row_with_the_text_as_it_came_is_repeated_by_the_same_csr() {
    let backend = InMemoryBackend::new();
    let csr = csr();
    let text = format!("Here it is:\r\n{}", csr.replace('\n', "\r\n"));
    let request = checked(&backend, &text);
    let mut of_earlier_version = request.submission.clone();
    of_earlier_version.content = RequestContent::certificate(text.clone(), None, None);
    let arn = "arn:aws:states:eu-central-1:000000000000:execution:countersign:1".to_owned();
    let stored = |submission| {
        Request::submitted(RequestId::random(), submission, arn.clone(), OffsetDateTime::UNIX_EPOCH)
    };
    assert!(request.is_replay_of(&stored(of_earlier_version.clone())));
    assert!(request.is_replay_of(&stored(request.submission.clone())));
    assert!(!checked(&backend, &self::csr()).is_replay_of(&stored(of_earlier_version)));
    // The second id depends on the text as it came, like in earlier versions.
    let links = LinkSecret::new(&"test link secret ".repeat(4)).unwrap();
    let mut contents = FramedHash::new("countersign submission 1");
    contents.field("").field(&text).field("server");
    let email = "requester@example.com".parse().unwrap();
    assert_eq!(request.other_id(&links), Some(links.request_id(&email, "key", Some(&contents.finish()))));
}

#[test]
fn a_standing_approval_is_repeated_by_the_same_terms_alone() {
    let terms = |days: u32| {
        let text =
            format!(r#"{{"kind":"grant","names":["www.example.com"],"days":{days},"certificates":1}}"#);
        RequestContent::Standing(StandingTerms::read(&text).unwrap())
    };
    let backend = InMemoryBackend::new();
    let checked = checked(&backend, &csr());
    let stored = |content| {
        let submission = Submission { content, ..checked.submission.clone() };
        Request::submitted(RequestId::random(), submission, "arn".into(), OffsetDateTime::UNIX_EPOCH)
    };
    assert!(!checked.is_replay_of(&stored(terms(30))), "other contents under the same key");
    let submission = Submission { content: terms(30), ..checked.submission.clone() };
    let of_terms = CheckedRequest { submission, ..checked.clone() };
    assert!(of_terms.is_replay_of(&stored(terms(30))));
    assert!(!of_terms.is_replay_of(&stored(terms(31))));
}

/// A request for `count` names of `length` characters.
fn with_names(key: TestKey, count: usize, length: usize) -> String {
    let host =
        |number: usize| format!("{number:0>width$}.example.com", width = length - ".example.com".len());
    let names: Vec<String> = (0..count).map(host).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    CsrMaker::new(key).names(&names).pem()
}

#[test]
fn the_most_names_and_the_largest_key_pass_and_larger_ones_are_told_the_bound() {
    let policy =
        include_str!("../../../../../infra/policy.toml").replace("max_names = 100", "max_names = 250");
    let backend = InMemoryBackend::new();
    backend.set_policy(&policy);
    for (count, length) in [(250, 25), (100, 63)] {
        let text = with_names(TestKey::Rsa4096, count, length);
        assert_eq!(
            preview(&backend.policy(), None, None, &text, None, None).unwrap().grant.names.len(),
            count
        );
    }
    let text = with_names(TestKey::EcP256, 250, 40);
    let bytes = Csr::read(&text).unwrap().der().len();
    for errors in [
        preview(&backend.policy(), None, None, &text, None, None).unwrap_err(),
        new_request("key", "", &text).check(&backend.policy(), None).unwrap_err(),
    ] {
        assert_eq!(errors.len(), 1);
        let finding = &errors[0].finding;
        assert_eq!((errors[0].input, finding.code), (SubmissionPart::Csr, Code::TooLarge));
        assert_eq!(finding.detail, format!("The request is {bytes} bytes long; the limit is 8192."));
        assert_eq!(finding.advice, "Put fewer names into one request.");
    }
    // A row that an earlier version stored is evaluated as before.
    let row = backend.unsaved_request(&text, Status::Submitted);
    assert!(row.evaluate(&backend.policy(), None, None).is_ok());
}

#[test]
fn every_part_that_is_wrong_is_named_at_once() {
    let backend = InMemoryBackend::new();
    let new = NewRequest {
        requester: Err("unknown".parse::<Email>().unwrap_err()),
        comment: "\u{7}".into(),
        csr_text: "hello".into(),
        profile: Some("unknown".into()),
        replaces: None,
        standing: None,
        language: Language::English,
        idempotency_key: Some("a b".into()),
    };
    let errors = new.check(&backend.policy(), None).unwrap_err();
    let named: Vec<_> = errors.iter().map(|error| (error.input, error.finding.code)).collect();
    assert_eq!(
        named,
        [
            (SubmissionPart::Requester, Code::BadEmail),
            (SubmissionPart::Comment, Code::BadRequest),
            (SubmissionPart::IdempotencyKey, Code::BadRequest),
            (SubmissionPart::Csr, Code::NotACsr),
            (SubmissionPart::Profile, Code::UnknownProfile),
        ]
    );
}

#[test]
fn a_requester_who_would_be_the_only_approver_is_told() {
    let backend = InMemoryBackend::new();
    let approver = Requester::Person("Approver@example.com".parse().unwrap());
    let new = NewRequest { requester: Ok(approver), ..new_request("key", "", &csr()) };
    let errors = new.check(&backend.policy(), None).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].input, SubmissionPart::Profile);
}

#[test]
fn a_preview_needs_no_requester_and_an_empty_text_is_missing() {
    let policy = InMemoryBackend::new().policy();
    let granted = preview(&policy, None, None, &csr(), Some("server"), None).unwrap();
    assert_eq!(granted.grant.names, ["www.example.com"]);
    assert_eq!(granted.profile, "server");
    let errors = preview(&policy, None, None, "", None, None).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!((errors[0].input, errors[0].finding.code), (SubmissionPart::Csr, Code::MissingField));
}
