use std::io::{Cursor, Read};

use futures_util::FutureExt;
use pki::certificate::Template;
use pki::certificate::lint;
use pki::csr::Csr;
use pki::testing as test_pki;
use workflow::ids::RequestId;
use workflow::ports::CaKey;
use workflow::testing::journey::task;
use workflow::testing::{World, faults};
use workflow::texts::Language;
use workflow::timestamp::rfc3339;
use zip::ZipArchive;

use super::*;

fn step(world: &Arc<World>) -> Deliver {
    Deliver {
        requests: world.clone(),
        archive: world.clone(),
        links: world.clone(),
        mailer: world.clone(),
        base_url: BaseUrl::parse("https://ca.example.com/").unwrap(),
        metrics: world.clone(),
        clock: world.clone(),
    }
}

/// The certificate of a request, made from its row as Sign makes it.
async fn certificate(world: &World, request: &Request) -> String {
    let policy = world.policy();
    let csr = Csr::read(request.csr_content()).unwrap();
    let profile = policy.profile(Some(request.profile())).unwrap();
    let grant = policy.judge(&csr, profile, request.email().as_str()).grant.unwrap();
    let contents = grant.contents();
    let signer = world.signer(world.issuer_certificate().spki_der()).await.unwrap();
    let tbs = Template {
        csr: &csr,
        contents: &contents,
        issuer: world.issuer_certificate(),
        algorithm: signer.algorithm(),
        serial: request.serial().unwrap(),
        validity: &request.validity().unwrap(),
        publication: policy.publication(),
    }
    .build()
    .unwrap();
    let linted = lint(tbs, world.issuer_certificate(), &csr, &contents).unwrap();
    pki::certificate::issue(&*signer, linted).await.unwrap().pem()
}

/// Puts an issued request for two names and its certificate into the world.
fn issue(world: &World) -> RequestId {
    let request = world.journey(&test_pki::csr(&["www.example.com", "api.example.com"]), Status::Issued);
    // Nothing in memory ever waits.
    let pem = certificate(world, &request).now_or_never().unwrap();
    world.put_certificate(request.serial().unwrap(), &pem);
    let id = request.id();
    world.put(request);
    id
}

fn issued() -> (Arc<World>, RequestId) {
    let world = World::new();
    let id = issue(&world);
    (world, id)
}

async fn run(world: &Arc<World>, id: RequestId) -> Result<Progress<NoOutput>, StepError> {
    step(world).run(task(id, "Deliver", "the task token", NoInput {})).await
}

fn files(mail: &Mail) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(&mail.attachment.as_ref().unwrap().bytes)).unwrap();
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
    let (world, id) = issued();
    let approved = world.request(id).unwrap().entered(Status::Approved).unwrap();
    world.set_now(approved + time::Duration::seconds(2));
    for _ in 0..3 {
        assert_eq!(run(&world, id).await, Ok(Progress::Done(NoOutput {})));
    }
    let counted = [Measure::Ended(Outcome::Delivered), Measure::Delivered(time::Duration::seconds(2))];
    assert_eq!(world.measures(), counted, "it is counted once");
    let [mail] = world.mails().try_into().expect("one mail");
    let row = world.request(id).unwrap();
    assert_eq!((&mail.kind, &mail.to), (&MailKind::Issued, row.email()));
    assert_eq!(row.status(), Status::Delivered);
    assert_eq!(row.mails()["issued"], rfc3339(world.now()));
    assert_eq!(row.history().iter().filter(|entry| entry.status == Status::Delivered).count(), 1);

    let files = files(&mail);
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["certificate.pem", "ca.pem", "fullchain.pem", "README.txt"]);
    let mailed = Certificate::from_pem(&files[0].1).unwrap();
    assert_eq!(mailed.pem(), world.certificates()[&row.serial().unwrap().to_string()]);
    let issuer = pki::issuer::Issuer::from_pem(&files[1].1).unwrap();
    assert_eq!(issuer.key_identifier(), world.issuer_certificate().key_identifier());
}

/// The mail that an issued request brings, in a language.
async fn mail_in(language: Language) -> (Mail, impl Fn(&str) -> String) {
    let (world, id) = issued();
    world.alter(id, |row| row.language = language);
    run(&world, id).await.unwrap();
    let mail = world.mails().remove(0);
    // The id, the serial and the key in the links differ from run to run.
    let key = world.secret().await.unwrap().status_key(id).expose().to_owned();
    let serial = world.request(id).unwrap().serial().unwrap().to_string();
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
async fn whatever_does_not_answer_is_asked_again() {
    for port in ["requests", "archive", "links", "mailer"] {
        let (world, id) = issued();
        let before = world.request(id);
        world.fail_next(port, 1);
        assert!(matches!(run(&world, id).await, Err(StepError::Transient { .. })), "{port}");
        assert_eq!(world.request(id), before, "{port}");
        assert!(world.mails().is_empty(), "{port}");
        run(&world, id).await.unwrap();
        assert_eq!(world.mails().len(), 1, "{port}");
        assert_eq!(world.request(id).unwrap().status(), Status::Delivered, "{port}");
    }
}

#[tokio::test]
async fn it_survives_every_fault() {
    faults::survive(
        "Deliver",
        |world| _ = issue(world),
        |world| async move { run(&world, world.requests()[0].id()).await.map(drop) },
    )
    .await;
}

#[tokio::test]
async fn a_mail_that_was_noted_is_not_sent_again() {
    let (world, id) = issued();
    let mut request = world.request(id).unwrap();
    request.mailed(&MailKind::Issued, world.now());
    world.put(request);
    run(&world, id).await.unwrap();
    assert!(world.mails().is_empty());
    assert_eq!(world.request(id).unwrap().status(), Status::Delivered);
}

#[tokio::test]
async fn only_an_issued_request_is_delivered() {
    for status in Status::ALL {
        if matches!(status, Status::Issued | Status::Revoked) {
            continue;
        }
        let world = World::new();
        let id = world.request_at(status);
        let before = world.request(id);
        let ended = run(&world, id).await;
        match status {
            Status::Delivered => assert_eq!(ended, Ok(Progress::Done(NoOutput {}))),
            Status::Submitted | Status::PendingApproval | Status::Approved => {
                assert!(
                    matches!(ended, Err(StepError::Refused { code: ErrorName::NotApproved, .. })),
                    "{status}"
                );
            }
            _ => assert!(matches!(ended, Err(StepError::Refused { code: ErrorName::Ended, .. })), "{status}"),
        }
        assert_eq!(world.request(id), before, "{status}");
        assert!(world.mails().is_empty(), "{status}");
    }
    let nobody = RequestId::random();
    assert_eq!(run(&World::new(), nobody).await, Err(StepError::not_found(nobody)));
}

#[tokio::test]
async fn an_archive_that_lags_behind_is_waited_for() {
    let world = World::new();
    let id = world.request_at(Status::Issued);
    assert!(
        matches!(run(&world, id).await, Err(StepError::Transient { cause }) if cause.contains("not in the archive"))
    );
    let (world, id) = issued();
    world.without_issuer();
    assert!(matches!(run(&world, id).await, Err(StepError::Transient { cause }) if cause.contains("issuer")));
    assert!(world.mails().is_empty());
}

#[tokio::test]
async fn another_certificate_than_the_approved_one_is_never_mailed() {
    // The right serial on the key of somebody else's request.
    let (world, id) = issued();
    let serial = world.request(id).unwrap().serial().unwrap().clone();
    let other = world
        .journey(&test_pki::csr(&["www.example.com"]), Status::Issued)
        .altered(|row| row.serial = Some(serial.clone()));
    world.put_certificate(&serial, &certificate(&world, &other).await);
    assert!(matches!(run(&world, id).await, Err(StepError::Refused { code: ErrorName::NotApproved, .. })));
    assert!(world.mails().is_empty());
    assert_eq!(world.request(id).unwrap().status(), Status::Issued);
}

#[tokio::test]
async fn what_is_secret_stays_so() {
    let (world, id) = issued();
    run(&world, id).await.unwrap();
    let mail = &world.mails()[0];
    let key = world.secret().await.unwrap().status_key(id);
    assert!(mail.text.contains(key.expose()) && mail.html.contains(key.expose()));
    assert!(!format!("{mail:?}{}{}", mail.subject, mail.kind).contains(key.expose()));
    let all: String = files(mail).into_iter().map(|(_, text)| text).collect();
    assert!(!all.contains("PRIVATE KEY") && !all.contains(key.expose()));
    assert!(!format!("{all}{}{}", mail.text, mail.html).contains("the task token"));
}
