//! Requests of standing approvals, against the backend in memory.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use await_approval::AwaitApproval;
use time::Duration;
use workflow::approval::BaseUrl;
use workflow::decision::{Decision, ReviewDigest};
use workflow::message::RecheckMessage;
use workflow::ports::Clock as _;
use workflow::request::Status;
use workflow::request::audit::EventKind;
use workflow::runtime::step::{NoInput, Progress, Step};
use workflow::store::update_approval;
use workflow::testing::fixtures::{self, standing_backend};
use workflow::testing::{InMemoryBackend, faults};

fn step(backend: &Arc<InMemoryBackend>) -> AwaitApproval {
    AwaitApproval {
        requests: backend.clone(),
        names: backend.clone(),
        approvals: backend.clone(),
        policies: backend.clone(),
        issuers: backend.clone(),
        tasks: backend.clone(),
        notify_queue: backend.clone(),
        mailer: backend.clone(),
        base_url: BaseUrl::parse("https://ca.example.com").unwrap(),
        metrics: backend.clone(),
        clock: backend.clone(),
    }
}

/// A backend whose mails to approvers are in this language.
fn in_language(language: &str) -> Arc<InMemoryBackend> {
    let backend = standing_backend();
    let policy = fixtures::standing_policy();
    backend.set_policy(&policy.replace("[people]\n", &format!("[people]\nlanguage = \"{language}\"\n")));
    backend
}

#[tokio::test]
async fn the_approvers_are_asked_and_reminded_about_the_terms() {
    for language in ["en", "ja"] {
        let backend = in_language(language);
        let id = backend.grant_at(Status::Submitted);
        for _ in 0..2 {
            let asked = step(&backend).run(fixtures::task(id, "AwaitApproval", "t", NoInput {})).await;
            assert_eq!(asked, Ok(Progress::Waiting));
        }
        let row = backend.request(id).unwrap();
        assert_eq!(row.status(), Status::PendingApproval);
        let asked = backend.audit(id).into_iter().find(|event| event.event == EventKind::Asked).unwrap();
        assert_eq!(asked.digest.as_deref(), row.approval_digest().as_ref().map(|digest| digest.as_str()));
        let [mail] = backend.mails().try_into().expect("one mail");
        backend.set_now(backend.now() + Duration::days(3));
        step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
        let reminder = backend.mails().pop().unwrap();
        for (name, mail) in [("ask", &mail), ("remind", &reminder)] {
            let start = mail.text.find("/approvals/").unwrap() + "/approvals/".len();
            let key: String = mail.text[start..].chars().take_while(|c| !c.is_whitespace()).collect();
            let text = mail.text.replace(&key, "KEY").replace(&id.to_string(), "ID");
            insta::assert_snapshot!(
                format!("terms_{name}_{language}"),
                format!("Subject: {}\n\n{text}", mail.subject)
            );
        }
    }
}

#[tokio::test]
async fn a_receipt_says_which_names_were_decided_about() {
    for language in ["en", "ja"] {
        for decision in Decision::ALL {
            let backend = in_language(language);
            let id = backend.grant_at(Status::PendingApproval);
            let (now, shown) = (backend.now(), ReviewDigest::from_text("shown"));
            let vote = fixtures::vote_input(decision, &shown, None);
            let voted = update_approval(&*backend, id, |approval| {
                approval.vote(&vote, &shown, &approval.approver_set.clone(), now)
            });
            voted.await.unwrap();
            step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
            let [mail] = backend.mails().try_into().expect("one mail");
            let text = mail.text.replace(&id.to_string(), "ID");
            insta::assert_snapshot!(
                format!("terms_voted_{}_{language}", decision.as_str()),
                format!("Subject: {}\n\n{text}", mail.subject)
            );
        }
    }
}

#[tokio::test]
async fn it_survives_every_fault() {
    faults::fault_sweep(
        "AwaitApproval, terms",
        |backend| {
            backend.set_policy(&fixtures::standing_policy());
            backend.grant_at(Status::Submitted);
        },
        |backend| async move {
            let id = backend.requests()[0].id();
            step(&backend).run(fixtures::task(id, "AwaitApproval", "t", NoInput {})).await.map(drop)
        },
    )
    .await;
}
