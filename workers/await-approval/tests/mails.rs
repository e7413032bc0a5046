//! Mails on what happens while approvers decide: receipts, questions and answers, and the list of what waits.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use await_approval::AwaitApproval;
use workflow::approval::questions::Questions;
use workflow::approval::{BaseUrl, INBOX_LIFETIME, LinkKey};
use workflow::decision::{Decision, ReviewDigest};
use workflow::email::Email;
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::ports::{Approvals as _, Clock as _};
use workflow::request::Status;
use workflow::request::audit::{Actor, Origin};
use workflow::runtime::step::Step as _;
use workflow::store::update_approval;
use workflow::testing::{InMemoryBackend, faults, fixtures};
use workflow::texts::Language;

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

fn approver() -> Email {
    fixtures::approver_set().approvers().remove(0)
}

async fn look(backend: &Arc<InMemoryBackend>, id: RequestId) {
    step(backend).recheck(RecheckMessage::look(id)).await.unwrap();
}

async fn vote(backend: &Arc<InMemoryBackend>, id: RequestId, decision: Decision) {
    let (now, shown) = (backend.now(), ReviewDigest::from_text("shown"));
    let vote = fixtures::vote_input(decision, &shown, Some("As agreed."));
    let voted = update_approval(&**backend, id, |approval| {
        approval.vote(&vote, &shown, &approval.approver_set.clone(), now)
    });
    voted.await.unwrap();
}

async fn ask(backend: &Arc<InMemoryBackend>, id: RequestId, text: &str) {
    questions(backend).ask(id, &approver(), text, &origin()).await.unwrap();
}

fn questions(backend: &Arc<InMemoryBackend>) -> Questions<'_> {
    let backend = &**backend;
    Questions { requests: backend, approvals: backend, approval_queue: backend, clock: backend }
}

fn origin() -> Origin {
    Origin::caller(Actor::approver(&approver()), None)
}

fn kinds(backend: &InMemoryBackend) -> Vec<MailKind> {
    backend.mails().into_iter().map(|mail| mail.kind).collect()
}

#[tokio::test]
async fn whoever_voted_gets_one_receipt_for_any_number_of_rechecks() {
    for decision in Decision::ALL {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::PendingApproval);
        look(&backend, id).await;
        assert_eq!(kinds(&backend), [], "nobody has voted");
        vote(&backend, id, decision).await;
        for _ in 0..3 {
            look(&backend, id).await;
        }
        assert_eq!(kinds(&backend), [MailKind::VoteReceipt { approver: approver() }]);
        let mail = backend.mails().remove(0);
        assert_eq!(mail.to, approver());
        assert!(mail.text.contains("> As agreed.") && !mail.text.contains("/approvals/"), "{}", mail.text);
    }
}

#[tokio::test]
async fn a_question_is_passed_on_to_notify_until_it_is_mailed() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::PendingApproval);
    ask(&backend, id, "Which shop?").await;
    let passed = || {
        let messages = backend.rechecks();
        messages.into_iter().filter(|one| one.mail == Some(MailKind::Question(1))).collect::<Vec<_>>()
    };
    for times in 1..=2 {
        look(&backend, id).await;
        assert_eq!(passed().len(), times);
    }
    assert_eq!(passed()[0].question.as_ref().unwrap().expose(), "Which shop?");
    assert!(!format!("{:?}", passed()).contains("shop"), "no log has the text");
    let now = backend.now();
    let mut row = backend.request(id).unwrap();
    row.mailed(&MailKind::Question(1), now);
    backend.put(row);
    look(&backend, id).await;
    assert_eq!(passed().len(), 2, "it was mailed");
}

#[tokio::test]
async fn an_answer_is_mailed_once_to_who_asked_with_a_link_that_works() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::PendingApproval);
    ask(&backend, id, "Which shop?").await;
    questions(&backend).answer(id, 1, "The new one.", &origin()).await.unwrap();
    look(&backend, id).await;
    look(&backend, id).await;
    assert_eq!(kinds(&backend), [MailKind::Answer { number: 1, approver: approver() }]);
    let mail = backend.mails().remove(0);
    assert!(mail.text.contains("> Which shop?") && mail.text.contains("> The new one."), "{}", mail.text);
    let (_, key) = mail.text.split_once("/approvals/").unwrap();
    let key = LinkKey::parse(key.split_whitespace().next().unwrap()).unwrap();
    assert_eq!(backend.find_link(&key.digest()).await.unwrap().unwrap().request_id, id);
}

#[tokio::test]
async fn an_approver_gets_the_link_to_the_list_at_a_limited_rate_and_nobody_else_does() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::PendingApproval);
    let wanted = async |who: &str| {
        step(&backend).recheck(RecheckMessage::inbox(who.parse().unwrap())).await.unwrap();
        backend.mails().len()
    };
    assert_eq!(wanted("stranger@example.com").await, 0);
    assert_eq!(wanted("requester@example.com").await, 0);
    assert_eq!(wanted("Approver+tag@example.com").await, 1);
    let mail = backend.mails().remove(0);
    assert_eq!(mail.to, approver(), "to the address in the policy");
    let (_, key) = mail.text.split_once("/approvals/mine/").unwrap();
    let key = LinkKey::parse(key.split('/').next().unwrap()).unwrap();
    let inbox = backend.find_inbox(&key.digest()).await.unwrap().unwrap();
    assert_eq!((inbox.approver, inbox.until), (approver(), backend.now() + INBOX_LIFETIME));
    assert_eq!(wanted("approver@example.com").await, 1, "within ten minutes");
    backend.advance(time::Duration::minutes(10));
    assert_eq!(wanted("approver@example.com").await, 2);
    vote(&backend, id, Decision::Approve).await;
    backend.advance(time::Duration::minutes(10));
    assert_eq!(wanted("approver@example.com").await, 2, "nothing waits");
}

#[tokio::test]
async fn it_survives_every_fault() {
    let ask_and_vote = |backend: &Arc<InMemoryBackend>, answered: bool, decision: Option<Decision>| {
        let id = backend.request_at(Status::PendingApproval);
        let now = backend.now();
        let mut approval = backend.approval(id).unwrap();
        approval.question(&approver(), "Which shop?", now).unwrap();
        if answered {
            approval.answer(1, "The new one.", now).unwrap();
        }
        if let Some(decision) = decision {
            let shown = ReviewDigest::from_text("shown");
            let vote = fixtures::vote_input(decision, &shown, Some("As agreed."));
            approval.vote(&vote, &shown, &approval.approver_set.clone(), now).unwrap();
        }
        backend.put_approval(approval, []);
    };
    for (name, answered, decision) in [
        ("a question", false, None),
        ("an answer", true, None),
        ("the receipt of an approval", false, Some(Decision::Approve)),
        ("the receipt of a rejection", false, Some(Decision::Reject)),
    ] {
        faults::fault_sweep(
            name,
            |backend| ask_and_vote(backend, answered, decision),
            |backend| async move {
                step(&backend).recheck(RecheckMessage::look(backend.requests()[0].id())).await
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_link_to_the_list_that_could_not_be_sent_is_sent_later() {
    let backend = InMemoryBackend::new();
    backend.request_at(Status::PendingApproval);
    backend.fail_next("mailer", 1);
    step(&backend).recheck(RecheckMessage::inbox(approver())).await.unwrap_err();
    step(&backend).recheck(RecheckMessage::inbox(approver())).await.unwrap();
    assert_eq!(kinds(&backend), [MailKind::Inbox { approver: approver() }]);
}

#[tokio::test]
async fn the_approvers_are_reminded_once_a_day_because_the_requester_asks() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::PendingApproval);
    let prompts = async || {
        step(&backend).recheck(RecheckMessage::mail(id, MailKind::Prompt)).await.unwrap();
        backend.mails().iter().filter(|mail| mail.kind == MailKind::Prompt).count()
    };
    assert_eq!(prompts().await, 0, "they were asked just now");
    backend.advance(time::Duration::DAY);
    assert_eq!((prompts().await, prompts().await), (1, 1));
    backend.advance(time::Duration::DAY);
    assert_eq!(prompts().await, 2);
    let [one, other] = backend.mails().try_into().unwrap();
    assert!(one.text.contains("/approvals/"), "{}", one.text);
    assert_ne!(one.text, other.text, "each has a link of its own");
    vote(&backend, id, Decision::Approve).await;
    backend.advance(time::Duration::DAY);
    assert_eq!(prompts().await, 2);
}

/// A policy with two approvers, in two languages.
const TWO_LANGUAGES: &str = "[people]\nlanguage = \"ja\"\nlanguages = { \"olivia@example.com\" = \"en\" }\n\
    time_zone = \"Europe/Berlin\"\n[profiles.server]\napprovers = [\"approver@example.com\", \"olivia@example.com\"]\n\
    reminders = [\"2d\"]\nnames.dns.allow = [\"example.com\"]\n";

#[tokio::test]
async fn each_approver_is_asked_reminded_and_answered_in_their_own_language() {
    let backend = InMemoryBackend::new();
    backend.set_policy(TWO_LANGUAGES);
    let id = backend.request_at(Status::PendingApproval);
    let olivia: Email = "olivia@example.com".parse().unwrap();
    let texts = |backend: &InMemoryBackend, wanted: fn(&MailKind) -> bool| {
        let mails = backend.mails().into_iter().filter(|mail| wanted(&mail.kind));
        let mut texts: Vec<(String, String)> =
            mails.map(|mail| (mail.to.to_string(), mail.text.clone())).collect();
        texts.sort_unstable();
        texts
    };
    step(&backend).recheck(RecheckMessage::links(id, 2)).await.unwrap();
    backend.set_now(backend.now() + time::Duration::days(3));
    look(&backend, id).await;
    let asked = texts(&backend, |kind| matches!(kind, MailKind::Approval { .. }));
    let reminded = texts(&backend, |kind| matches!(kind, MailKind::Reminder { .. }));
    for mails in [asked, reminded] {
        let [(to_approver, japanese), (to_olivia, english)] = mails.try_into().unwrap();
        assert_eq!((to_approver, to_olivia), (approver().to_string(), olivia.to_string()));
        assert!(japanese.contains(&Language::Japanese.text("mail-decide-by")), "{japanese}");
        assert!(english.contains(&Language::English.text("mail-decide-by")), "{english}");
        for text in [japanese, english] {
            assert!(
                [" CET", " CEST"].iter().any(|label| text.contains(label)) && !text.contains(" UTC"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn a_receipt_is_in_the_language_of_who_voted() {
    for (languages, language) in [("", Language::Japanese), ("\"@example.com\" = \"en\"", Language::English)]
    {
        let backend = InMemoryBackend::new();
        backend.set_policy(&TWO_LANGUAGES.replace("\"olivia@example.com\" = \"en\"", languages));
        let id = backend.request_at(Status::PendingApproval);
        vote(&backend, id, Decision::Approve).await;
        look(&backend, id).await;
        let mail = backend.mails().remove(0);
        assert!(mail.text.contains(&language.text("mail-voted-approve-heading")), "{}", mail.text);
    }
}
