//! Notices to chats, webhooks and the bus.

use proptest::prelude::*;
use workflow::notices::{ReceiverAddress, ReceiverParameter, SigningSecret, TrailEvent};
use workflow::receiver::{NoticeEvent, NoticeMessage};
use workflow::runtime::lambda::FollowsTrail as _;

use super::*;

const POLICY: &str = r#"
[notices.ops]
kind = "slack"

[notices.team]
kind = "teams"
events = ["pending_approval"]
profiles = ["server"]

[notices.inventory]
kind = "webhook"

[notices.bus]
kind = "eventbridge"
events = ["approved", "pending_approval"]

[profiles.server]
approvers = ["bob@example.com"]
names.dns.allow = ["example.com"]

[profiles.other]
approvers = ["bob@example.com"]
names.dns.allow = ["example.com"]
"#;

const NAMES: [&str; 4] = ["ops", "team", "inventory", "bus"];

fn backend() -> Arc<InMemoryBackend> {
    let backend = InMemoryBackend::new();
    backend.set_policy(&format!("default = \"server\"\n{POLICY}"));
    for name in ["ops", "team", "inventory"] {
        let address = ReceiverAddress::parse(&format!("https://{name}.example.com/xyz"), false).unwrap();
        let mut parameter = ReceiverParameter { address, secrets: Vec::new() };
        if name == "inventory" {
            (0..2).for_each(|_| parameter.rotate(SigningSecret::random().unwrap()));
        }
        backend.put_receiver(name, parameter);
    }
    backend.put(asked());
    backend
}

fn notice(receiver: &str, event: NoticeEvent) -> RecheckMessage {
    let at = datetime!(2026-01-01 12:01 UTC);
    RecheckMessage::notice(id(), NoticeMessage { receiver: receiver.parse().unwrap(), event, number: 3, at })
}

async fn tell(backend: &Arc<InMemoryBackend>, receiver: &str, event: NoticeEvent) -> Result<(), StepError> {
    step(backend).recheck(notice(receiver, event)).await
}

fn event(event: NoticeEvent) -> TrailEvent {
    TrailEvent { request_id: id(), number: 3, event, at: datetime!(2026-01-01 12:01 UTC) }
}

#[tokio::test]
async fn each_event_becomes_a_message_for_each_receiver_that_wants_it() {
    let backend = backend();
    step(&backend)
        .follow(&[event(NoticeEvent::PendingApproval), event(NoticeEvent::Delivered)])
        .await
        .unwrap();
    let messages = NAMES.map(|name| notice(name, NoticeEvent::PendingApproval)).into_iter();
    let delivered = ["inventory"].map(|name| notice(name, NoticeEvent::Delivered));
    let mut expected: Vec<_> = messages.chain(delivered).collect();
    let mut sent = backend.rechecks();
    let key = |message: &RecheckMessage| format!("{message:?}");
    expected.sort_by_key(key);
    sent.sort_by_key(key);
    assert_eq!(sent, expected);
    // As it crosses the queue.
    for message in &sent {
        let body = serde_json::to_string(message).unwrap();
        let read: workflow::runtime::lambda::QueueMessage = serde_json::from_str(&body).unwrap();
        assert_eq!(read.notice, message.notice);
    }
}

/// An import writes the events of the other stack into this trail.
#[tokio::test]
async fn nobody_is_told_of_what_an_import_brings() {
    let backend = backend();
    backend.advance(Duration::days(1) + Duration::minutes(1));
    step(&backend).follow(&[event(NoticeEvent::PendingApproval)]).await.unwrap();
    assert_eq!(backend.rechecks(), []);
}

#[tokio::test]
async fn a_chat_is_posted_to_once_and_the_row_says_so() {
    let backend = backend();
    for _ in 0..2 {
        tell(&backend, "ops", NoticeEvent::PendingApproval).await.unwrap();
    }
    let [call] = &backend.webhook_calls()[..] else { panic!("{:?}", backend.webhook_calls()) };
    assert_eq!(call.url, "https://ops.example.com/xyz");
    assert!(call.headers.is_empty(), "Slack's address is its secret");
    for shown in
        ["www.example.com and 1 more", "alice@example.com", "server", "https://ca.example.com/approvals|"]
    {
        assert!(call.body.contains(shown), "{shown}: {}", call.body);
    }
    assert!(!call.body.contains("Shop"), "no comment");
    let row = backend.request(id()).unwrap();
    assert_eq!(row.mails().keys().collect::<Vec<_>>(), ["posted/3/ops"]);
}

#[tokio::test]
async fn a_webhook_has_the_same_id_and_body_each_time_and_two_signatures() {
    let backend = backend();
    tell(&backend, "inventory", NoticeEvent::PendingApproval).await.unwrap();
    backend.advance(Duration::minutes(5));
    tell(&backend, "inventory", NoticeEvent::PendingApproval).await.unwrap();
    let [first, second] = &backend.webhook_calls()[..] else { panic!("two calls") };
    assert_eq!(
        (first.headers["webhook-id"].as_str(), &first.body),
        (&*format!("msg_{}_3", id()), &second.body)
    );
    assert_eq!(first.headers["webhook-id"], second.headers["webhook-id"]);
    assert_eq!(first.headers["webhook-timestamp"], "1767268800");
    assert_ne!(
        first.headers["webhook-timestamp"], second.headers["webhook-timestamp"],
        "it is the time of the attempt"
    );
    assert_eq!(first.headers["webhook-signature"].split(' ').count(), 2);
    assert_eq!(backend.request(id()).unwrap().mails().len(), 0, "receivers tell repetitions by the id");
}

#[tokio::test]
async fn programs_get_ids_names_and_times_and_no_more() {
    let backend = backend();
    tell(&backend, "bus", NoticeEvent::PendingApproval).await.unwrap();
    let [(event_type, detail)] = &backend.bus_events()[..] else { panic!("one event") };
    assert_eq!(event_type, "request.pending_approval");
    insta::assert_snapshot!(serde_json::to_string_pretty(detail).unwrap());
    tell(&backend, "inventory", NoticeEvent::PendingApproval).await.unwrap();
    assert_eq!(backend.webhook_calls()[0].body, detail.to_string());
}

#[tokio::test]
async fn nobody_is_asked_to_decide_what_is_decided() {
    let backend = backend();
    backend.put(rejected(None));
    for name in ["ops", "team"] {
        tell(&backend, name, NoticeEvent::Reminded).await.unwrap();
        tell(&backend, name, NoticeEvent::PendingApproval).await.unwrap();
    }
    assert_eq!(backend.webhook_calls(), []);
    tell(&backend, "ops", NoticeEvent::Rejected).await.unwrap();
    assert_eq!(backend.webhook_calls().len(), 1);
}

#[tokio::test]
async fn a_receiver_is_told_what_the_policy_in_force_says() {
    let backend = backend();
    tell(&backend, "nobody", NoticeEvent::PendingApproval).await.unwrap();
    tell(&backend, "team", NoticeEvent::Rejected).await.unwrap();
    backend.alter(id(), |row| row.profile = "other".into());
    tell(&backend, "team", NoticeEvent::PendingApproval).await.unwrap();
    assert_eq!(backend.webhook_calls(), []);
    tell(&backend, "ops", NoticeEvent::PendingApproval).await.unwrap();
    assert_eq!(backend.webhook_calls().len(), 1);
}

#[tokio::test]
async fn a_receiver_that_fails_is_left_alone_for_a_while_and_others_are_told() {
    let backend = backend();
    let step = step(&backend);
    let tell = |name: &str| {
        let message = notice(name, NoticeEvent::PendingApproval);
        async { step.recheck(message).await }
    };
    backend.fail_next("webhooks", 1);
    assert!(tell("ops").await.unwrap_err().to_string().contains("ops"));
    let posts = || backend.calls().iter().filter(|call| *call == "webhooks: post").count();
    assert!(tell("ops").await.unwrap_err().to_string().contains("a moment ago"));
    assert_eq!(posts(), 1, "mails in the queue do not wait for it again");
    tell("team").await.unwrap();
    backend.advance(Duration::seconds(30));
    tell("ops").await.unwrap();
    assert_eq!(backend.webhook_calls().len(), 2);
}

#[tokio::test]
async fn what_is_not_set_up_says_what_to_do() {
    let backend = backend();
    let address = ReceiverAddress::parse("https://inventory.example.com/xyz", false).unwrap();
    backend.put_receiver("inventory", ReceiverParameter { address, secrets: Vec::new() });
    let said = tell(&backend, "inventory", NoticeEvent::PendingApproval).await.unwrap_err().to_string();
    assert!(said.contains("countersign webhooks secret inventory"), "{said}");
    let mut unset = step(&backend);
    unset.receivers.parameters = Some(InMemoryBackend::new());
    let said = unset.recheck(notice("ops", NoticeEvent::PendingApproval)).await.unwrap_err().to_string();
    assert!(said.contains("countersign webhooks set ops"), "{said}");
    (unset.receivers.parameters, unset.receivers.bus) = (None, None);
    for name in ["ops", "bus"] {
        let said = unset.recheck(notice(name, NoticeEvent::PendingApproval)).await.unwrap_err().to_string();
        assert!(said.contains("StatusEvents=yes"), "{said}");
    }
}

#[tokio::test]
async fn each_receiver_is_told_whatever_fails() {
    for name in NAMES {
        let prepare = |made: &Arc<InMemoryBackend>| {
            made.set_policy(&format!("default = \"server\"\n{POLICY}"));
            let address = ReceiverAddress::parse("https://a.example.com/xyz", false).unwrap();
            let secrets = vec![SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()];
            made.put_receiver(name, ReceiverParameter { address, secrets });
            made.put(asked());
        };
        let tell = |backend: Arc<InMemoryBackend>| async move {
            tell(&backend, name, NoticeEvent::PendingApproval).await
        };
        faults::fault_sweep(&format!("notify of {name}"), prepare, tell).await;
    }
    let follow = |backend: Arc<InMemoryBackend>| async move {
        step(&backend).follow(&[event(NoticeEvent::PendingApproval)]).await
    };
    faults::fault_sweep("notify of the trail", |made: &Arc<InMemoryBackend>| made.put(asked()), follow).await;
}

proptest! {
    /// A batch of anything is read or refused, and never a panic that would hold up the stream.
    #[test]
    fn no_record_of_the_stream_makes_it_panic(text in "\\PC{0,40}", number in "\\PC{0,8}") {
        let text = |kind: &str| serde_json::json!({ kind: text });
        let row = serde_json::json!({
            "requestId": text("S"), "number": { "N": number }, "event": text("S"), "at": text("S"),
        });
        let batch = serde_json::json!({ "Records": [{ "eventName": "INSERT", "dynamodb": { "NewImage": row } }] });
        prop_assert_eq!(workflow::notices::trail_events(&batch), Some(vec![]));
    }
}
