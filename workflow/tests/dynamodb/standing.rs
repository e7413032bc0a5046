//! The table `grants` on the wire.

use serde_json::{Value, json};
use workflow::approval::standing::{StandingApproval, StandingUse};
use workflow::aws::DynamoStanding;
use workflow::ids::RequestId;
use workflow::ports::{Saved, StandingApprovals as _};
use workflow::request::audit::Actor;
use workflow::testing::InMemoryBackend;
use workflow::testing::fixtures::standing_policy;
use workflow::testing::item::item;

use super::{Answer, IDS, server};

/// A standing approval of which one certificate was counted, and its use.
fn counted() -> (StandingApproval, StandingUse) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let terms = r#"{"kind":"grant","names":[".web.example.com"],"days":30,"certificates":3}"#;
    let mut approval = backend.standing_approval(terms);
    let at = approval.from();
    let counted = approval.count(IDS[0].parse().unwrap(), &backend.policy(), at).unwrap();
    (approval, counted)
}

pub(super) fn text(text: impl ToString) -> Value {
    json!({ "S": text.to_string() })
}

/// The value of each column that an update sets.
fn assigned<'a>(update: &'a Value, column: &str) -> &'a Value {
    let names = update["ExpressionAttributeNames"].as_object().unwrap();
    let alias = names.iter().find(|(alias, name)| alias.starts_with("#c") && *name == column).unwrap().0;
    &update["ExpressionAttributeValues"][alias.replace('#', ":")]
}

#[tokio::test]
async fn a_use_is_counted_in_one_transaction_with_the_number() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let (approval, counted) = counted();
    let table = DynamoStanding::new(&sdk, "grants");
    assert_eq!(table.count(&approval, &counted).await.unwrap(), Saved::Yes);
    let calls = calls.lock().unwrap();
    let [(operation, asked)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(operation, "transactwriteitems");
    let [update, put] = &asked["TransactItems"].as_array().unwrap()[..] else { panic!("{asked}") };
    let (update, put) = (&update["Update"], &put["Put"]);
    assert_eq!(update["Key"], json!({ "id": text(approval.id()), "item": text("approval") }));
    assert_eq!(update["ConditionExpression"], "#version = :version");
    assert_eq!(update["ExpressionAttributeValues"][":version"], json!({ "N": "1" }));
    assert_eq!(
        [assigned(update, "used"), assigned(update, "version")],
        [&json!({ "N": "1" }), &json!({ "N": "2" })]
    );
    assert_eq!(put["ConditionExpression"], "attribute_not_exists(#key)");
    let at = workflow::timestamp::rfc3339(counted.at);
    let row = json!({
        "id": text(approval.id()), "item": text(format!("use#{}", IDS[0])), "requestId": text(IDS[0]),
        "number": { "N": "1" }, "at": text(at),
    });
    assert_eq!((&put["TableName"], &put["Item"]), (&json!("grants"), &row));
}

#[tokio::test]
async fn what_was_written_is_read_back_consistently() {
    fn answer(_: &str, asked: &Value) -> Value {
        let (mut approval, counted) = counted();
        approval.end(&Actor::operator("olivia"), "Over.", counted.at);
        let row = match asked["Key"]["item"]["S"].as_str().unwrap() {
            "approval" => item(&approval, &[]),
            _ => item(&counted, &[]),
        };
        json!({ "Item": row })
    }
    let (sdk, calls) = server(answer).await;
    let (table, id) = (DynamoStanding::new(&sdk, "grants"), RequestId::random());
    let approval = table.find(id).await.unwrap().unwrap();
    assert_eq!((approval.used(), approval.ended().unwrap().reason.as_str()), (1, "Over."));
    let counted = table.find_use(id, IDS[0].parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((counted.number, counted.request_id.to_string().as_str()), (1, IDS[0]));
    for (operation, asked) in calls.lock().unwrap().iter() {
        assert_eq!((operation.as_str(), &asked["ConsistentRead"]), ("getitem", &json!(true)));
        assert_eq!(asked["Key"]["id"], text(id));
    }
}

#[tokio::test]
async fn a_new_one_is_put_only_if_there_is_none_and_an_end_is_conditional() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let (approval, _) = counted();
    let table = DynamoStanding::new(&sdk, "grants");
    assert_eq!(table.create(&approval).await.unwrap(), Saved::Yes);
    assert_eq!(table.save(&approval).await.unwrap(), Saved::Yes);
    let calls = calls.lock().unwrap();
    let [(put, put_asked), (update, update_asked)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((put.as_str(), update.as_str()), ("putitem", "updateitem"));
    assert_eq!(put_asked["ConditionExpression"], "attribute_not_exists(#key)");
    assert_eq!(
        (&put_asked["Item"]["item"], &put_asked["Item"]["id"]),
        (&text("approval"), &text(approval.id()))
    );
    assert_eq!(update_asked["ConditionExpression"], "#version = :version");
    assert_eq!(update_asked["Key"], json!({ "id": text(approval.id()), "item": text("approval") }));
}

/// The answer to a transaction that was cancelled for these reasons.
pub(super) fn cancelled(reasons: &[&str]) -> Value {
    let reasons: Vec<Value> = reasons.iter().map(|code| json!({ "Code": code })).collect();
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    json!({ "__type": kind, "CancellationReasons": reasons })
}

#[tokio::test]
async fn a_writer_that_came_first_is_a_conflict_and_a_fault_is_an_error() {
    let (approval, counted) = counted();
    let answers: [(Answer, Option<Saved>); 4] = [
        (|_, _| cancelled(&["ConditionalCheckFailed", "None"]), Some(Saved::Conflict)),
        (|_, _| cancelled(&["None", "ConditionalCheckFailed"]), Some(Saved::Conflict)),
        (|_, _| cancelled(&["TransactionConflict", "None"]), Some(Saved::Conflict)),
        (|_, _| cancelled(&["None", "ValidationError"]), None),
    ];
    for (answer, expected) in answers {
        let (sdk, _) = server(answer).await;
        let said = DynamoStanding::new(&sdk, "grants").count(&approval, &counted).await;
        assert_eq!(said.ok(), expected);
    }
    let failed = |_: &str, _: &Value| json!({ "__type": "ConditionalCheckFailedException" });
    let (sdk, _) = server(failed).await;
    let table = DynamoStanding::new(&sdk, "grants");
    assert_eq!(table.create(&approval).await.unwrap(), Saved::Conflict);
    assert_eq!(table.save(&approval).await.unwrap(), Saved::Conflict);
}
