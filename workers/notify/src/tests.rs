use time::macros::datetime;
use workflow::decision::{ApprovalDigest, Decision, DecisionRecord, Outcome, Vote};
use workflow::finding::{Code, Finding};
use workflow::grant::CsrSummary;
use workflow::ids::RequestId;
use workflow::mail::Mail;
use workflow::message::TaskToken;
use workflow::request::{CONFIRMATION_PERIOD, Ending, RequestContent, Status, Submission};
use workflow::testing::{FaultPoint, InMemoryBackend, faults};
use workflow::texts::{Language, Wording};

use super::*;

mod confirmation;
mod expiry;
mod overview;
mod question;
mod receivers;
mod revocation;
mod standing_news;
mod statement;

fn id() -> RequestId {
    "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap()
}

fn step(backend: &Arc<InMemoryBackend>) -> Notify {
    Notify {
        requests: backend.clone(),
        standing: backend.clone(),
        names: backend.clone(),
        policies: backend.clone(),
        links: backend.clone(),
        operators: backend.clone(),
        mailer: backend.clone(),
        codes: backend.clone(),
        receivers: Receivers {
            queue: backend.clone(),
            parameters: Some(backend.clone()),
            caller: backend.clone(),
            bus: Some(backend.clone()),
            failures: Failures::default(),
        },
        base_url: BaseUrl::parse("https://ca.example.com/").unwrap(),
        clock: backend.clone(),
    }
}

fn task(state: &str) -> Task<NotifyState, NotifyInput> {
    Task {
        request_id: id(),
        state: state.parse().unwrap(),
        execution: format!("arn:aws:states:eu-central-1:000000000000:execution:countersign:{}", id()),
        token: TaskToken::new("the task token"),
        input: NotifyInput::default(),
    }
}

fn failure() -> Task<NotifyState, NotifyInput> {
    let mut task = task("NotifyFailed");
    task.input.error = Some("Step.Exhausted".into());
    task.input.cause = Some("after 5 attempts: sign the certificate:\n the signer did not answer".into());
    task
}

fn submitted() -> Request {
    let submission = Submission {
        email: "alice@example.com".parse().unwrap(),
        language: Language::English,
        comment: "Für den neuen Shop.\n\nThe old one ends on <Friday>.".into(),
        content: RequestContent::certificate("the body of the CSR".into(), None, None),
        profile: "server".into(),
        policy_version: "1".into(),
    };
    Request::submitted(id(), submission, "arn".into(), datetime!(2026-01-01 12:00 UTC))
}

fn read() -> Request {
    let mut request = submitted();
    request.record_csr(
        CsrSummary {
            csr_digest: "c".repeat(64),
            subject: "CN=www.example.com".into(),
            names: vec!["www.example.com".into(), "xn--bcher-kva.example.com".into()],
            public_key_digest: "d".repeat(64),
            key: "EC P-256".into(),
        },
        None,
        "1",
        request.registration_date(),
    );
    request
}

fn asked() -> Request {
    let mut request = read();
    request.ask_approvers(datetime!(2026-01-08 12:00 UTC), datetime!(2026-01-01 12:01 UTC)).unwrap();
    request
}

/// A row that its requester has yet to confirm.
fn unconfirmed(language: Language) -> Request {
    read().altered(|row| {
        row.status = Status::Unconfirmed;
        row.history[0].status = Status::Unconfirmed;
        row.language = language;
    })
}

fn ended(mut request: Request, status: Status, reason: &str) -> Request {
    let ending = Ending { status, reason: reason.into(), code: None, findings: Vec::new() };
    let over = request.expires_at().filter(|_| status == Status::Expired);
    request.end(ending, over.unwrap_or(datetime!(2026-01-02 12:00 UTC))).unwrap();
    request
}

fn refused() -> Request {
    let mut request = submitted();
    let findings = vec![
        Finding::refused(
            Code::WeakKey,
            "The RSA key has 1024 bits; at least 2048 are needed.",
            "Make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
        ),
        Finding::refused(
            Code::NameNotAllowed,
            "\"evil.example\" is not a name of this profile.",
            "Ask for a name below example.com.",
        ),
        Finding::ignored(
            Code::ForbiddenExtension,
            "The CSR asks for nsCertType.",
            "A certificate comes without it.",
        ),
    ];
    let ending = Ending {
        status: Status::Refused,
        reason: findings[0].detail.clone(),
        code: Some(Code::WeakKey),
        findings,
    };
    request.end(ending, datetime!(2026-01-01 12:00 UTC)).unwrap();
    request
}

fn rejected(reason: Option<&str>) -> Request {
    let mut request = asked();
    let at = datetime!(2026-01-02 12:00 UTC);
    let vote = Vote {
        approver: "bob@example.com".parse().unwrap(),
        decision: Decision::Reject,
        reason: reason.map(str::to_owned),
        at,
        stands_in_for: Vec::new(),
        oidc_groups: Vec::new(),
        evidence: None,
    };
    let digest = ApprovalDigest::from_text("d");
    let decision =
        DecisionRecord { outcome: Outcome::Rejected, digest, votes: vec![vote], withdrawn: false, at };
    request.record_decision(decision, at).unwrap();
    ended(request, Status::Rejected, reason.unwrap_or("The approver gave no reason."))
}

fn decided_as_withdrawn() -> Request {
    let mut request = asked();
    let at = datetime!(2026-01-02 12:00 UTC);
    let digest = ApprovalDigest::from_text("d");
    let decision = DecisionRecord { outcome: Outcome::Rejected, digest, votes: vec![], withdrawn: true, at };
    request.record_decision(decision, at).unwrap();
    request
}

fn expired() -> Request {
    ended(asked(), Status::Expired, "No decision was made in time.")
}

fn failed() -> Request {
    ended(asked(), Status::Failed, "Something went wrong on our side.")
}

/// A row of this status, as stored.
fn of(status: Status) -> Request {
    match status {
        Status::Unconfirmed => read().altered(|row| row.status = status),
        Status::Submitted => read(),
        Status::PendingApproval => asked(),
        Status::Refused => refused(),
        Status::Rejected => rejected(Some("Wrong team.")),
        Status::Withdrawn => ended(decided_as_withdrawn(), Status::Withdrawn, "You withdrew the request."),
        Status::Expired => expired(),
        Status::Failed => failed(),
        Status::Approved | Status::Issued | Status::Delivered | Status::Revoked => {
            asked().altered(|row| row.status = status)
        }
    }
}

async fn mail(state: &str, request: Request) -> Mail {
    let backend = InMemoryBackend::new();
    backend.put(request);
    step(&backend).run(task(state)).await.unwrap();
    let [mail] = backend.mails().try_into().expect("one mail");
    // Snapshots contain no key.
    let key = backend.secret().await.unwrap().status_key(id(), LinkGiven::ByMail);
    Mail {
        text: mail.text.replace(key.expose(), "KEY"),
        html: mail.html.replace(key.expose(), "KEY"),
        ..mail
    }
}

fn shown(mail: &Mail) -> String {
    format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.text)
}

macro_rules! snapshot_of_both_parts {
    ($test:ident, $state:literal, $request:expr) => {
        #[tokio::test]
        async fn $test() {
            let mail = mail($state, $request).await;
            insta::assert_snapshot!(concat!(stringify!($test), ".txt"), shown(&mail));
            insta::assert_snapshot!(concat!(stringify!($test), ".html"), mail.html);
        }
    };
}

snapshot_of_both_parts!(the_receipt, "NotifyReceived", read());
snapshot_of_both_parts!(the_receipt_when_the_limit_is_known, "NotifyReceived", asked());
snapshot_of_both_parts!(the_refusal, "NotifyRefused", refused());
snapshot_of_both_parts!(
    the_rejection,
    "NotifyRejected",
    rejected(Some("Wrong team.\nPlease ask & <b>wait</b>."))
);
snapshot_of_both_parts!(the_rejection_without_a_reason, "NotifyRejected", rejected(None));
snapshot_of_both_parts!(the_expiry, "NotifyExpired", expired());
snapshot_of_both_parts!(the_failure, "NotifyFailed", failed());

#[tokio::test]
async fn every_mail_in_japanese() {
    for (name, state, request) in [
        ("received", "NotifyReceived", asked()),
        ("refused", "NotifyRefused", refused()),
        ("rejected", "NotifyRejected", rejected(Some("Wrong team."))),
        ("rejected_without_a_reason", "NotifyRejected", rejected(None)),
        ("expired", "NotifyExpired", expired()),
        ("failed", "NotifyFailed", failed()),
    ] {
        let mail = mail(state, request.altered(|row| row.language = Language::Japanese)).await;
        insta::assert_snapshot!(format!("in_japanese_{name}"), shown(&mail));
        assert!(mail.html.contains("<html lang=\"ja\">"));
    }
}

#[tokio::test]
async fn a_refusal_whose_findings_are_gone_says_its_reason() {
    let reason = "The policy in force when the request was checked did not allow it. Please ask again.";
    let mail = mail("NotifyRefused", ended(submitted(), Status::Refused, reason)).await;
    insta::assert_snapshot!(shown(&mail));
}

#[tokio::test]
async fn every_mail_goes_out_once_and_is_noted() {
    for (state, status, occasion) in [
        ("NotifyReceived", Status::Submitted, "received"),
        ("NotifyRefused", Status::Refused, "refused"),
        ("NotifyRejected", Status::Rejected, "rejected"),
        ("NotifyRejected", Status::Withdrawn, "withdrawn"),
        ("NotifyExpired", Status::Expired, "expired"),
        ("NotifyFailed", Status::Failed, "failed"),
    ] {
        let backend = InMemoryBackend::new();
        backend.put(of(status));
        for _ in 0..3 {
            assert_eq!(step(&backend).run(task(state)).await, Ok(Progress::Done(NoOutput {})));
        }
        assert_eq!(backend.mails().iter().map(|mail| mail.kind.to_string()).collect::<Vec<_>>(), [occasion]);
        let row = backend.request(id()).unwrap();
        assert!(row.was_mailed(&occasion.parse().unwrap()));
        assert_eq!(row.status(), status);
        assert_eq!(backend.told().len(), usize::from(state == "NotifyFailed"));
    }
}

#[tokio::test]
async fn the_row_decides_what_is_said() {
    use Status::*;
    // The mail of each state for a row of each status; `Err` if there is none and the state is refused.
    let expected = |state: &str, status: Status| match (state, status) {
        ("NotifyReceived", Submitted | PendingApproval) => Ok(Some("received")),
        ("NotifyReceived", _) => Ok(None),
        // A row without a revocation.
        ("NotifyRevoked", _) => Err(ErrorName::BadMessage),
        (_, Refused) => Ok(Some("refused")),
        (_, Rejected) => Ok(Some("rejected")),
        (_, Withdrawn) => Ok(Some("withdrawn")),
        (_, Expired) => Ok(Some("expired")),
        (_, Failed) => Ok(Some("failed")),
        (_, Delivered | Revoked) => Ok(None),
        ("NotifyFailed", _) => Ok(Some("failed")),
        (_, Unconfirmed | Submitted | PendingApproval | Approved | Issued) => Err(ErrorName::BadMessage),
    };
    for state in NotifyState::ALL.map(NotifyState::as_str) {
        for status in Status::ALL {
            let backend = InMemoryBackend::new();
            backend.put(of(status));
            let ended = step(&backend).run(task(state)).await.map_err(|fault| match fault {
                StepError::Refused { code, .. } => code,
                StepError::Transient { cause } => panic!("{state} of {status}: {cause}"),
            });
            let mails: Vec<_> = backend.mails().iter().map(|mail| mail.kind.to_string()).collect();
            match expected(state, status) {
                Ok(occasion) => {
                    assert!(ended.is_ok(), "{state} of {status}");
                    assert_eq!(mails, Vec::from_iter(occasion.map(str::to_owned)), "{state} of {status}");
                }
                Err(code) => {
                    assert_eq!(ended, Err(code), "{state} of {status}");
                    assert!(mails.is_empty());
                }
            }
        }
    }
}

#[tokio::test]
async fn a_port_that_fails_once_is_called_again() {
    for port in ["requests", "links", "mailer"] {
        let backend = InMemoryBackend::new();
        backend.put(asked());
        let before = backend.request(id());
        backend.fail_next(port, 1);
        assert!(
            matches!(step(&backend).run(task("NotifyReceived")).await, Err(StepError::Transient { .. })),
            "{port}"
        );
        assert_eq!(backend.request(id()), before, "{port}");
        assert!(backend.mails().is_empty(), "{port}");
        step(&backend).run(task("NotifyReceived")).await.unwrap();
        assert_eq!(backend.mails().len(), 1, "{port}");
    }
}

#[tokio::test]
async fn it_survives_every_fault() {
    for (state, status) in [
        ("NotifyReceived", Status::Submitted),
        ("NotifyRefused", Status::Refused),
        ("NotifyRejected", Status::Rejected),
        ("NotifyExpired", Status::Expired),
        ("NotifyFailed", Status::Failed),
    ] {
        faults::fault_sweep(
            state,
            |backend| backend.put(of(status)),
            |backend| async move { step(&backend).run(task(state)).await.map(drop) },
        )
        .await;
    }
}

#[tokio::test]
async fn the_operators_are_told_what_to_look_at() {
    let backend = InMemoryBackend::new();
    backend.put(failed());
    step(&backend).run(failure()).await.unwrap();
    let [(subject, text)] = backend.told().try_into().expect("told once");
    assert!(subject.is_ascii() && subject.len() <= 100);
    assert!(backend.request(id()).unwrap().has_notified_operators());
    insta::assert_snapshot!(format!("Subject: {subject}\n\n{text}"));
}

#[tokio::test]
async fn the_operators_hear_of_a_request_that_has_no_row() {
    let backend = InMemoryBackend::new();
    step(&backend).run(failure()).await.unwrap();
    assert!(backend.mails().is_empty());
    assert!(backend.told()[0].1.contains("no row in the table"));
    for state in ["NotifyReceived", "NotifyRefused", "NotifyRejected", "NotifyExpired"] {
        assert_eq!(step(&backend).run(task(state)).await, Err(StepError::not_found(id())));
    }
}

#[tokio::test]
async fn operators_and_requester_do_not_wait_for_each_other() {
    for (port, told, mailed) in [("mailer", 1, 0), ("operators", 0, 1)] {
        let backend = InMemoryBackend::new();
        backend.put(failed());
        backend.fail_next(port, 1);
        assert!(matches!(step(&backend).run(failure()).await, Err(StepError::Transient { .. })));
        assert_eq!((backend.told().len(), backend.mails().len()), (told, mailed), "{port}");
        step(&backend).run(failure()).await.unwrap();
        assert_eq!((backend.told().len(), backend.mails().len()), (1, 1), "{port}");
    }
}

#[tokio::test]
async fn an_alert_of_any_cause_stays_short_and_on_its_lines() {
    let backend = InMemoryBackend::new();
    let mut task = failure();
    task.input.cause = Some(format!("{}\nRequest:   another\r\n", "é ".repeat(5_000)));
    step(&backend).run(task).await.unwrap();
    let (_, text) = &backend.told()[0];
    assert!(text.len() < 6_000);
    assert_eq!(text.lines().filter(|line| line.starts_with("Request:")).count(), 1);
}

#[tokio::test]
async fn what_is_secret_stays_so() {
    for status in Status::ALL {
        let backend = InMemoryBackend::new();
        backend.put(of(status));
        step(&backend).run(failure()).await.unwrap();
        let secret = backend.secret().await.unwrap().status_key(id(), LinkGiven::ByMail);
        let mut mailed = String::new();
        for mail in backend.mails() {
            assert!(mail.text.contains(secret.expose()) && mail.html.contains(secret.expose()));
            assert!(!format!("{mail:?}{}{}", mail.subject, mail.kind).contains(secret.expose()));
            mailed.push_str(&format!("{}{}", mail.text, mail.html));
        }
        for (subject, text) in backend.told() {
            for private in [secret.expose(), "alice@", "https://"] {
                assert!(!subject.contains(private) && !text.contains(private), "{private}");
            }
            mailed.push_str(&text);
        }
        for private in ["the task token", "the body of the CSR", "bob@example.com"] {
            assert!(!mailed.contains(private), "{status}: {private}");
        }
    }
}

#[test]
fn the_input_is_read_from_every_message_of_the_state_machine() {
    let read = |text: &str| serde_json::from_str::<NotifyInput>(text).unwrap();
    assert_eq!(read(r#"{"requestId": "x", "more": [1]}"#).error, None);
    assert_eq!(
        read(r#"{"error": "States.Timeout", "cause": null}"#).error.as_deref(),
        Some("States.Timeout")
    );
}

#[tokio::test]
async fn the_requester_hears_once_that_the_request_waits_and_not_after_the_decision() {
    let backend = InMemoryBackend::new();
    backend.put(asked());
    for _ in 0..2 {
        step(&backend).recheck(RecheckMessage::mail(id(), MailKind::Waiting(1))).await.unwrap();
    }
    let [mail] = &backend.mails()[..] else { panic!("one mail") };
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", mail.subject, mail.text));
    backend.put(rejected(None));
    step(&backend).recheck(RecheckMessage::mail(id(), MailKind::Waiting(2))).await.unwrap();
    assert_eq!(backend.mails().len(), 1);
}

#[tokio::test]
async fn other_mails_are_not_sent_on_demand() {
    let backend = InMemoryBackend::new();
    backend.put(asked());
    for message in [RecheckMessage::look(id()), RecheckMessage::mail(id(), MailKind::Issued)] {
        assert!(matches!(step(&backend).recheck(message).await, Err(StepError::Refused { .. })));
    }
    assert!(backend.mails().is_empty());
}

#[test]
fn a_withdrawal_is_not_mailed_as_a_rejection() {
    let links = RequesterLinks {
        status: "https://ca.example.com/requests/x".to_owned(),
        again: "https://ca.example.com/?again=x".to_owned(),
    };
    // A row of version 0.1.0 has the status of a rejection.
    let of_a_row = |status| {
        let request = decided_as_withdrawn().altered(|row| row.status = status);
        let notice = Notice::of_ending(status).unwrap().unwrap();
        notice.content(Wording::utc(request.language()), &request, &links).to(
            request.id(),
            &notice.kind(),
            request.email(),
        )
    };
    let mail = of_a_row(Status::Withdrawn);
    assert_eq!(mail.text, of_a_row(Status::Rejected).text);
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", mail.subject, mail.text));
}
