//! Pages of the indexes by status, from a table with many rows.

use serde_json::{Value, json};
use time::macros::datetime;
use workflow::ids::RequestId;
use workflow::ports::Requests as _;
use workflow::request::{Request, Status};
use workflow::store::{CertificateState, EndPart, InventoryPage, inventory_by_end};

use crate::{IDS, row, table};

/// The certificates that end in the last second of a CA.
const MANY: u64 = 10_000;
const END: &str = "2027-01-01T00:00:00Z";
const PAGE: usize = 50;

/// The entry at a place of the index. Of one second, its order is not that of the ids.
fn id_at(place: u64) -> String {
    format!("{:08x}-0000-4000-8000-000000000000", place * 7_919 % 10_007)
}

fn place_of(id: &str) -> u64 {
    (0..MANY).find(|place| id_at(*place) == id).expect("an entry")
}

/// Answers as DynamoDB does: at most `Limit` entries after the start, and where the next page begins.
fn one_second(operation: &str, asked: &Value) -> Value {
    if operation == "batchgetitem" {
        let keys = asked["RequestItems"]["certificates"]["Keys"].as_array().unwrap();
        let rows: Vec<Value> = keys.iter().map(|key| certificate(key["id"]["S"].as_str().unwrap())).collect();
        return json!({ "Responses": { "certificates": rows }, "UnprocessedKeys": {} });
    }
    assert_eq!(asked["IndexName"], "byExpiry");
    if asked["ExpressionAttributeValues"][":status"]["S"] != "delivered" {
        return json!({ "Items": [] });
    }
    let start = asked["ExclusiveStartKey"]["id"]["S"].as_str().map_or(0, |id| place_of(id) + 1);
    let end = MANY.min(start + asked["Limit"].as_u64().unwrap());
    let entry = |place: u64| json!({ "id": { "S": id_at(place) }, "status": { "S": "delivered" }, "notAfter": { "S": END } });
    let mut answer = json!({ "Items": (start..end).map(entry).collect::<Vec<_>>() });
    if end < MANY {
        answer["LastEvaluatedKey"] = entry(end - 1);
    }
    answer
}

/// A row with a certificate.
fn certificate(id: &str) -> Value {
    let mut columns = row(id);
    columns["serial"] = json!({ "S": "4001" });
    columns["notBefore"] = json!({ "S": "2026-11-28T12:00:00Z" });
    columns["notAfter"] = json!({ "S": END });
    columns["signedDate"] = json!({ "S": "2026-11-28T12:00:00Z" });
    columns
}

#[tokio::test]
async fn a_page_reads_no_more_of_one_second_than_it_shows() {
    let (requests, calls) = table(one_second).await;
    let (mut part, mut found) = (EndPart::all(), Vec::new());
    for number in 1..=3 {
        let (state, now) = (Some(CertificateState::Valid), datetime!(2026-12-01 0:00 UTC));
        let page: InventoryPage = inventory_by_end(&requests, &part, state, PAGE, now).await.unwrap();
        assert_eq!(page.rows.len(), PAGE, "page {number}");
        found.extend(page.rows.iter().map(|row| row.id().to_string()));
        part.after = page.next;
        assert!(part.after.as_ref().is_some_and(EndPart::has), "page {number}");
    }
    let each: Vec<String> = (0..3 * PAGE as u64).map(id_at).collect();
    assert_eq!(found, each, "each once, in the order of the index");
    let calls = calls.lock().unwrap();
    let limits: Vec<u64> = calls.iter().filter_map(|(_, asked)| asked["Limit"].as_u64()).collect();
    assert!(limits.iter().all(|limit| *limit == PAGE as u64 + 1), "{limits:?}");
    assert_eq!(calls.len(), 3 * 3, "a page is a query for each of two statuses, and the rows");
}

#[tokio::test]
async fn a_list_by_status_goes_on_after_a_request() {
    let (requests, calls) = table(|_, _| json!({ "Items": [] })).await;
    let backend = workflow::testing::InMemoryBackend::new();
    let after: Request = backend.request(backend.request_at(Status::Failed)).unwrap();
    let after = after.altered(|row| row.id = IDS[0].parse::<RequestId>().unwrap());
    assert_eq!(requests.list_after(Status::PendingApproval, &after, 21).await.unwrap(), []);
    let asked = calls.lock().unwrap().remove(0).1;
    assert_eq!((&asked["IndexName"], &asked["Limit"]), (&json!("byStatus"), &json!(21)));
    let registered = "2026-01-01T12:00:00Z";
    assert_eq!(
        asked["ExclusiveStartKey"],
        json!({ "id": { "S": IDS[0] }, "status": { "S": "pending_approval" }, "registrationDate": { "S": registered } }),
        "in the list that is asked for, also if the request has left it"
    );
}
