use std::io::{Cursor, Read};

use pki::crl::RevocationReason;
use pki::testing as test_pki;
use workflow::ids::RequestId;
use workflow::request::RevocationOrder;
use workflow::request::audit::Actor;
use workflow::testing::fixtures::{self, standing_policy, task};
use workflow::testing::{InMemoryBackend, faults};
use workflow::texts::Language;
use workflow::timestamp::rfc3339;
use workflow::transparency::Receipt;
use zip::ZipArchive;

use super::*;

fn step(backend: &Arc<InMemoryBackend>) -> Deliver {
    Deliver {
        requests: backend.clone(),
        standing: backend.clone(),
        certificates: backend.clone(),
        issuers: backend.clone(),
        log_files: backend.clone(),
        log_keys: backend.clone(),
        receipts: backend.clone(),
        policies: backend.clone(),
        links: backend.clone(),
        mailer: backend.clone(),
        base_url: BaseUrl::parse("https://ca.example.com/").unwrap(),
        metrics: backend.clone(),
        clock: backend.clone(),
    }
}

/// Puts an issued request for two names and its certificate into the backend.
fn issue(backend: &InMemoryBackend) -> RequestId {
    let request =
        backend.unsaved_request(&test_pki::csr(&["www.example.com", "api.example.com"]), Status::Issued);
    let pem = backend.certificate_of(&request);
    backend.put_certificate(request.serial().unwrap(), &pem);
    let id = request.id();
    backend.put(request);
    id
}

fn issued() -> (Arc<InMemoryBackend>, RequestId) {
    let backend = InMemoryBackend::new();
    let id = issue(&backend);
    (backend, id)
}

async fn run(backend: &Arc<InMemoryBackend>, id: RequestId) -> Result<Progress<NoOutput>, StepError> {
    step(backend).run(task(id, "Deliver", "the task token", NoInput {})).await
}

fn files(mail: &Mail) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(&mail.attachments[0].bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().unwrap().into_owned(), text)
        })
        .collect()
}

#[tokio::test]
async fn the_certificate_and_its_issuer_are_mailed_once() {
    let (backend, id) = issued();
    let approved = backend.request(id).unwrap().entered(Status::Approved).unwrap();
    backend.set_now(approved + time::Duration::seconds(2));
    for _ in 0..3 {
        assert_eq!(run(&backend, id).await, Ok(Progress::Done(NoOutput {})));
    }
    let counted = [Measure::Ended(RequestOutcome::Delivered), Measure::Delivered(time::Duration::seconds(2))];
    assert_eq!(backend.measures(), counted, "it is counted once");
    let [mail] = backend.mails().try_into().expect("one mail");
    let row = backend.request(id).unwrap();
    assert_eq!((&mail.kind, &mail.to), (&MailKind::Issued, row.email()));
    let names: Vec<&str> = mail.attachments.iter().map(|file| &*file.name).collect();
    assert_eq!(names, ["certificate.zip", "expiry.ics"]);
    let calendar = String::from_utf8(mail.attachments[1].bytes.clone()).unwrap().replace("\r\n ", "");
    assert!(calendar.contains(&format!("UID:{id}@countersign")) && !calendar.contains("key="), "{calendar}");
    assert_eq!(row.status(), Status::Delivered);
    assert_eq!(row.mails()["issued"], rfc3339(backend.now()));
    assert_eq!(row.history().iter().filter(|entry| entry.status == Status::Delivered).count(), 1);

    let files = files(&mail);
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["certificate.pem", "ca.pem", "fullchain.pem", "receipt.json", "README.txt", "README.ja.txt"]
    );
    let mailed = Certificate::from_pem(&files[0].1).unwrap();
    assert_eq!(mailed.pem(), backend.certificates()[&row.serial().unwrap().to_string()]);
    let issuer = pki::issuer::Issuer::from_pem(&files[1].1).unwrap();
    assert_eq!(issuer.key_identifier(), backend.issuer_certificate().key_identifier());
}

/// Puts an issued request under a standing approval and its certificate into the backend.
fn issue_under_standing(backend: &InMemoryBackend) -> RequestId {
    backend.set_policy(&standing_policy());
    let terms = r#"{"kind":"grant","names":[".example.com"],"days":30,"certificates":3}"#;
    let approval = backend.standing_approval(terms);
    let request =
        backend.unsaved_under_at(approval.id(), &test_pki::csr(&["www.example.com"]), Status::Issued);
    let pem = backend.certificate_of(&request);
    backend.put_certificate(request.serial().unwrap(), &pem);
    let id = request.id();
    backend.put(request);
    backend.put_standing(approval);
    id
}

#[tokio::test]
async fn a_certificate_under_a_standing_approval_is_logged_and_mailed_to_nobody() {
    let backend = InMemoryBackend::new();
    let id = issue_under_standing(&backend);
    for _ in 0..2 {
        run(&backend, id).await.unwrap();
    }
    let row = backend.request(id).unwrap();
    assert_eq!((row.status(), row.mails().len(), backend.mails().len()), (Status::Delivered, 0, 0));
    assert!(row.may_be_handed_out());
    assert_eq!(workflow::request::verify_request(&row, &backend.audit(id)), []);
    // The leaf and the receipt are about the approval of the terms.
    let standing = backend.standing(row.standing().unwrap()).unwrap();
    let [entry] = backend.log_entries().try_into().unwrap();
    assert_eq!((entry.request, &entry.approval), (id, &standing.decision().digest));
    let receipt = &backend.receipts()[&row.serial().unwrap().to_string()];
    let keys = backend.stored_log_key().unwrap().verifiers();
    let receipt = Receipt::verify(receipt.as_bytes(), &keys).unwrap().receipt;
    assert_eq!((receipt.request, receipt.approval.standing), (id, row.standing()));
    assert_eq!(receipt.approval.decided, rfc3339(standing.decision().at));
    assert_eq!(receipt.approval.votes.len(), 1);
}

#[tokio::test]
async fn without_its_standing_approval_a_certificate_is_not_logged() {
    let backend = InMemoryBackend::new();
    let id = issue_under_standing(&backend);
    backend.forget_standing(backend.request(id).unwrap().standing().unwrap());
    let said = run(&backend, id).await;
    assert!(matches!(said, Err(StepError::Refused { code: ErrorName::NotApproved, .. })), "{said:?}");
    assert!(backend.log_entries().is_empty() && backend.receipts().is_empty());
}

#[tokio::test]
async fn delivering_under_a_standing_approval_survives_every_fault() {
    faults::fault_sweep(
        "Deliver under a standing approval",
        |backend| _ = issue_under_standing(backend),
        |backend| async move { run(&backend, backend.requests()[0].id()).await.map(drop) },
    )
    .await;
}

/// A CA valid at the time of the backend.
fn ca(backend: &InMemoryBackend, name: &str) -> test_pki::CaMaker {
    let now = backend.now();
    test_pki::CaMaker::new(test_pki::TestKey::EcP256)
        .named(name)
        .valid(now - time::Duration::days(9), now + time::Duration::days(900))
}

#[tokio::test]
async fn a_ca_with_the_same_key_and_a_new_name_leaves_certificates_before_it_valid() {
    let backend = InMemoryBackend::new();
    let before = ca(&backend, "Old Company");
    let renamed = ca(&backend, "New Company").key(before.key_pair()).self_signed();
    backend.rotate_to(&before.self_signed());
    let id = issue(&backend);
    backend.rotate_to(&renamed);
    run(&backend, id).await.unwrap();
    let files = files(&backend.mails().remove(0));
    let issuer = pki::issuer::Issuer::from_pem(&files[1].1).unwrap();
    assert_eq!(issuer.subject(), "CN=Old Company");
    let leaf = Certificate::from_pem(&files[0].1).unwrap();
    assert_eq!(issuer.verify(leaf.der()), Ok(()));
}

/// The mail for an issued request, in a language.
async fn mail_in(language: Language) -> (Mail, impl Fn(&str) -> String) {
    let (backend, id) = issued();
    backend.alter(id, |row| row.language = language);
    run(&backend, id).await.unwrap();
    let mail = backend.mails().remove(0);
    // The id, the serial and the key in the links differ from run to run.
    let key = backend.secret().await.unwrap().status_key(id, LinkGiven::ByMail).expose().to_owned();
    let serial = backend.request(id).unwrap().serial().unwrap().to_string();
    let fixed = move |text: &str| {
        text.replace(&key, "KEY").replace(&id.to_string(), "REQUEST").replace(&serial, "SERIAL")
    };
    (mail, fixed)
}

#[tokio::test]
async fn the_mail_in_words() {
    let (mail, fixed) = mail_in(Language::English).await;
    insta::assert_snapshot!(format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, fixed(&mail.text)));
    insta::assert_snapshot!(fixed(&mail.html));
}

#[tokio::test]
async fn the_mail_in_japanese() {
    let (mail, fixed) = mail_in(Language::Japanese).await;
    insta::assert_snapshot!(format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, fixed(&mail.text)));
}

#[tokio::test]
async fn the_mail_and_its_calendar_file_are_in_the_zone_of_the_policy() {
    let (backend, id) = issued();
    let policy = include_str!("../../../infra/policy.toml");
    backend.set_policy(&policy.replace("[people]", "[people]\ntime_zone = \"Asia/Tokyo\""));
    run(&backend, id).await.unwrap();
    let mail = backend.mails().remove(0);
    let end = backend.request(id).unwrap().not_after().unwrap();
    let wording = backend.policy().wording();
    assert_eq!(wording.time_zone.name(), "Asia/Tokyo");
    assert!(mail.text.contains(&wording.instant_of_week(end)), "{}", mail.text);
    let calendar = mail.attachments.iter().find(|file| file.name == calendar::FILE_NAME).unwrap();
    let calendar = String::from_utf8(calendar.bytes.clone()).unwrap().replace("\r\n ", "");
    assert!(calendar.contains(" JST") && calendar.contains("\r\nDTSTART:"), "{calendar}");
    assert!(calendar.lines().any(|line| line.starts_with("DTSTART:") && line.ends_with('Z')), "{calendar}");
}

#[tokio::test]
async fn a_port_that_fails_once_is_called_again() {
    for port in ["requests", "certificates", "issuers", "log", "log key", "receipts", "links", "mailer"] {
        let (backend, id) = issued();
        let before = backend.request(id);
        backend.fail_next(port, 1);
        assert!(matches!(run(&backend, id).await, Err(StepError::Transient { .. })), "{port}");
        // Only the place in the log that it was about to take.
        let unchanged =
            |row: Option<Request>| row.map(|row| row.altered(|row| (row.log, row.version) = (None, 0)));
        assert_eq!(unchanged(backend.request(id)), unchanged(before), "{port}");
        assert!(backend.mails().is_empty(), "{port}");
        run(&backend, id).await.unwrap();
        assert_eq!(backend.mails().len(), 1, "{port}");
        assert_eq!(backend.request(id).unwrap().status(), Status::Delivered, "{port}");
    }
}

#[tokio::test]
async fn it_survives_every_fault() {
    faults::fault_sweep(
        "Deliver",
        |backend| _ = issue(backend),
        |backend| async move { run(&backend, backend.requests()[0].id()).await.map(drop) },
    )
    .await;
}

/// Issued, and revoked before its delivery.
fn revoke(backend: &InMemoryBackend) -> RequestId {
    let id = issue(backend);
    let mut row = backend.request(id).unwrap();
    let order = RevocationOrder { reason: RevocationReason::KeyCompromise, comment: None };
    let (by, now) = (Actor::requester(row.email()), backend.now());
    row.accept_revocation(&order, &by, "arn:revocation".to_owned(), now).unwrap();
    row.revoked(&backend.latest_issuer().key_identifier(), now).unwrap();
    backend.put(row);
    id
}

#[tokio::test]
async fn a_certificate_that_was_revoked_before_its_delivery_is_in_the_log_and_with_nobody() {
    let backend = InMemoryBackend::new();
    let id = revoke(&backend);
    for _ in 0..2 {
        assert_eq!(run(&backend, id).await, Ok(Progress::Done(NoOutput {})));
    }
    let row = backend.request(id).unwrap();
    assert_eq!((row.status(), row.is_logged()), (Status::Revoked, true));
    assert_eq!(backend.log_entries().len(), 1);
    assert!(backend.mails().is_empty());
    faults::fault_sweep(
        "Deliver, a revoked certificate",
        |backend| _ = revoke(backend),
        |backend| async move { run(&backend, backend.requests()[0].id()).await.map(drop) },
    )
    .await;
}

#[tokio::test]
async fn nothing_is_mailed_before_the_certificate_is_in_the_log() {
    let (backend, id) = issued();
    run(&backend, id).await.unwrap();
    let calls = backend.calls();
    let at = |call: &str| calls.iter().position(|one| one == call).unwrap();
    assert!(
        at("log: create") < at("receipts: store") && at("receipts: store") < at("mailer: send"),
        "{calls:?}"
    );
    let files = files(&backend.mails()[0]);
    let receipt = &files.iter().find(|(name, _)| name == "receipt.json").unwrap().1;
    let keys = backend.stored_log_key().unwrap().verifiers();
    let verified = Receipt::verify(receipt.as_bytes(), &keys).unwrap();
    assert_eq!(verified.is_of(&Certificate::from_pem(&files[0].1).unwrap()), Ok(()));
}

#[tokio::test]
async fn a_mail_that_was_noted_is_not_sent_again() {
    let (backend, id) = issued();
    let mut request = backend.request(id).unwrap();
    request.mailed(&MailKind::Issued, backend.now());
    backend.put(request);
    run(&backend, id).await.unwrap();
    assert!(backend.mails().is_empty());
    assert_eq!(backend.request(id).unwrap().status(), Status::Delivered);
}

#[tokio::test]
async fn only_an_issued_request_is_delivered() {
    for status in Status::ALL {
        if matches!(status, Status::Issued | Status::Revoked) {
            continue;
        }
        let backend = InMemoryBackend::new();
        let id = backend.request_at(status);
        let before = backend.request(id);
        let ended = run(&backend, id).await;
        match status {
            Status::Delivered => assert_eq!(ended, Ok(Progress::Done(NoOutput {}))),
            Status::Unconfirmed | Status::Submitted | Status::PendingApproval | Status::Approved => {
                assert!(
                    matches!(ended, Err(StepError::Refused { code: ErrorName::NotApproved, .. })),
                    "{status}"
                );
            }
            _ => assert!(matches!(ended, Err(StepError::Refused { code: ErrorName::Ended, .. })), "{status}"),
        }
        assert_eq!(backend.request(id), before, "{status}");
        assert!(backend.mails().is_empty(), "{status}");
    }
    let unknown = RequestId::random();
    assert_eq!(run(&InMemoryBackend::new(), unknown).await, Err(StepError::not_found(unknown)));
}

#[tokio::test]
async fn an_archive_that_lags_behind_is_waited_for() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Issued);
    assert!(
        matches!(run(&backend, id).await, Err(StepError::Transient { cause }) if cause.contains("not in the bucket"))
    );
    let (backend, id) = issued();
    backend.without_issuer();
    assert!(
        matches!(run(&backend, id).await, Err(StepError::Transient { cause }) if cause.contains("issuer"))
    );
    assert!(backend.mails().is_empty());
}

#[tokio::test]
async fn another_certificate_than_the_approved_one_is_never_mailed() {
    // The right serial, but the key of another request.
    let (backend, id) = issued();
    let serial = backend.request(id).unwrap().serial().unwrap().clone();
    let other = backend
        .unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Issued)
        .altered(|row| row.serial = Some(serial.clone()));
    backend.put_certificate(&serial, &backend.certificate_of(&other));
    assert!(matches!(run(&backend, id).await, Err(StepError::Refused { code: ErrorName::NotApproved, .. })));
    assert!(backend.mails().is_empty());
    assert_eq!(backend.request(id).unwrap().status(), Status::Issued);
}

#[tokio::test]
async fn what_is_secret_stays_so() {
    let (backend, id) = issued();
    run(&backend, id).await.unwrap();
    let mail = &backend.mails()[0];
    let key = backend.secret().await.unwrap().status_key(id, LinkGiven::ByMail);
    assert!(mail.text.contains(key.expose()) && mail.html.contains(key.expose()));
    assert!(!format!("{mail:?}{}{}", mail.subject, mail.kind).contains(key.expose()));
    let all: String = files(mail).into_iter().map(|(_, text)| text).collect();
    assert!(!all.contains("PRIVATE KEY") && !all.contains(key.expose()));
    assert!(!format!("{all}{}{}", mail.text, mail.html).contains("the task token"));
}

#[tokio::test]
async fn the_requester_is_told_of_a_standing_approval_once() {
    let backend = fixtures::standing_backend();
    let id = backend.grant_at(Status::Issued);
    for _ in 0..3 {
        assert_eq!(run(&backend, id).await, Ok(Progress::Done(NoOutput {})));
    }
    let [mail] = backend.mails().try_into().expect("one mail");
    let row = backend.request(id).unwrap();
    assert_eq!((&mail.kind, &mail.to), (&MailKind::Issued, row.email()));
    assert!(mail.attachments.is_empty() && row.log().is_none() && row.status() == Status::Delivered);
    let start = mail.text.find("?key=").unwrap() + "?key=".len();
    let key: String = mail.text[start..].chars().take_while(|c| !c.is_whitespace()).collect();
    let text = mail.text.replace(&key, "KEY").replace(&id.to_string(), "ID");
    insta::assert_snapshot!(format!("Subject: {}\n\n{text}", mail.subject));
}

#[tokio::test]
async fn telling_of_a_standing_approval_survives_every_fault() {
    faults::fault_sweep(
        "Deliver, terms",
        |backend| {
            backend.set_policy(&standing_policy());
            backend.grant_at(Status::Issued);
        },
        |backend| async move { run(&backend, backend.requests()[0].id()).await.map(drop) },
    )
    .await;
}
