//! The table `grants` on the wire.

use serde_json::{Value, json};
use workflow::approval::standing::{StandingApproval, StandingUse};
use workflow::aws::{DynamoStanding, DynamoStandingEnds};
use workflow::ids::RequestId;
use workflow::ports::{Saved, StandingApprovals as _, StandingEndWriter as _};
use workflow::request::audit::{Actor, Origin};
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

fn text(text: impl ToString) -> Value {
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
async fn a_new_one_is_put_only_if_there_is_none() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let (approval, _) = counted();
    let table = DynamoStanding::new(&sdk, "grants");
    assert_eq!(table.create(&approval).await.unwrap(), Saved::Yes);
    let calls = calls.lock().unwrap();
    let [(put, asked)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(put.as_str(), "putitem");
    assert_eq!(asked["ConditionExpression"], "attribute_not_exists(#key)");
    assert_eq!((&asked["Item"]["item"], &asked["Item"]["id"]), (&text("approval"), &text(approval.id())));
}

#[tokio::test]
async fn an_end_is_one_transaction_that_sets_no_other_column_of_the_standing_approval() {
    let (sdk, calls) = server(|_, _| json!({})).await;
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let id = backend.granted(r#"{"kind":"grant","names":[".web.example.com"],"days":30,"certificates":3}"#);
    let (mut approval, mut request) = (backend.standing(id).unwrap(), backend.request(id).unwrap());
    let now = approval.from();
    approval.end(&Actor::operator("olivia"), "Over.", now);
    request.standing_ended("Over.", now).unwrap();
    let events = request.take_events(&Origin::operator("olivia"));
    let writer = DynamoStandingEnds::new(&sdk, "grants", "certificates", "audit");
    assert_eq!(writer.end(&approval, &request, &events).await.unwrap(), Saved::Yes);
    let calls = calls.lock().unwrap();
    let [(operation, asked)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(operation, "transactwriteitems");
    let [end, row, event] = &asked["TransactItems"].as_array().unwrap()[..] else { panic!("{asked}") };
    let (end, row, event) = (&end["Update"], &row["Update"], &event["Put"]);
    assert_eq!(
        [&end["TableName"], &row["TableName"], &event["TableName"]],
        [&json!("grants"), &json!("certificates"), &json!("audit")]
    );
    assert_eq!(end["Key"], json!({ "id": text(id), "item": text("approval") }));
    assert_eq!(end["ConditionExpression"], "#version = :version");
    let mut names: Vec<&str> = end["ExpressionAttributeNames"]
        .as_object()
        .unwrap()
        .values()
        .map(|name| name.as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["ended", "version", "version"], "a role can be limited to these columns");
    assert_eq!(assigned(end, "ended")["M"]["reason"], text("Over."));
    assert_eq!(row["ConditionExpression"], "#version = :version");
    // The row stays in the sparse index until the last certificates were reported.
    assert_eq!(assigned(row, "untold"), &text("standing"));
    assert_eq!(event["ConditionExpression"], "attribute_not_exists(#key)");
    assert_eq!(event["Item"]["event"], text("grant_ended"));
}

#[tokio::test]
async fn uses_are_read_from_their_partition_page_by_page() {
    fn answer(_: &str, asked: &Value) -> Value {
        let (_, counted) = counted();
        let item = item(&counted, &[]);
        match asked["ExclusiveStartKey"].is_null() {
            true => {
                json!({ "Items": [item], "LastEvaluatedKey": { "id": { "S": "x" }, "item": { "S": "y" } } })
            }
            false => json!({ "Items": [] }),
        }
    }
    let (sdk, calls) = server(answer).await;
    let (table, id) = (DynamoStanding::new(&sdk, "grants"), RequestId::random());
    let page = table.uses(id, None, 10).await.unwrap();
    assert_eq!((page.uses[0].number, page.next.unwrap().to_string().as_str()), (1, IDS[0]));
    let last = table.uses(id, page.next, 10).await.unwrap();
    assert_eq!((last.uses.len(), last.next), (0, None));
    let calls = calls.lock().unwrap();
    for (operation, asked) in calls.iter() {
        assert_eq!((operation.as_str(), &asked["ConsistentRead"]), ("query", &json!(true)));
        assert_eq!(asked["KeyConditionExpression"], "#id = :id AND begins_with(#item, :use)");
        assert_eq!(asked["ExpressionAttributeValues"], json!({ ":id": text(id), ":use": text("use#") }));
        assert_eq!((&asked["Limit"], &asked["FilterExpression"]), (&json!(10), &Value::Null));
    }
    let start = json!({ "id": text(id), "item": text(format!("use#{}", IDS[0])) });
    assert_eq!(calls[1].1["ExclusiveStartKey"], start);
}

#[tokio::test]
async fn all_standing_approvals_are_read_without_their_uses() {
    fn answer(_: &str, _: &Value) -> Value {
        let (approval, _) = counted();
        json!({ "Items": [item(&approval, &[])] })
    }
    let (sdk, calls) = server(answer).await;
    let all = DynamoStanding::new(&sdk, "grants").all().await.unwrap();
    assert_eq!(all.len(), 1);
    let calls = calls.lock().unwrap();
    let [(operation, asked)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((operation.as_str(), &asked["FilterExpression"]), ("scan", &json!("#item = :item")));
    assert_eq!(asked["ExpressionAttributeValues"][":item"], text("approval"));
}

#[tokio::test]
async fn a_writer_that_came_first_is_a_conflict_and_a_fault_is_an_error() {
    fn cancelled(reasons: &[&str]) -> Value {
        let reasons: Vec<Value> = reasons.iter().map(|code| json!({ "Code": code })).collect();
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        json!({ "__type": kind, "CancellationReasons": reasons })
    }
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
}
