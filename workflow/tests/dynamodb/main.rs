//! The adapters of tables on the wire: a server on loopback plays DynamoDB.

#![allow(clippy::unwrap_used)] // A test may.

mod acme;
mod lists;
mod pages;
mod standing;

use std::sync::{Arc, Mutex};

use aws_types::sdk_config::SdkConfig;
use pki::csr::Csr;
use pki::testing::{TestKey, csr, csr_with};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use workflow::aws::{DynamoNames, DynamoRequests};
use workflow::ids::RequestId;
use workflow::ports::{
    EndingCertificate, ListedRequest, NameEntry, NameIndex as _, NameRow, Requests as _, Saved,
};
use workflow::request::audit::{Actor, Origin};
use workflow::request::intake::NewRequest;
use workflow::request::{Request, Status};
use workflow::requester::Requester;
use workflow::testing::{InMemoryBackend, sdk_at};
use workflow::texts::Language;

type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// The answer to a call: operation and body.
type Answer = fn(&str, &Value) -> Value;

/// A table of requests whose calls are answered by `answer`, and the calls so far: operation and body.
async fn table(answer: Answer) -> (DynamoRequests, Calls) {
    let (sdk, calls) = server(answer).await;
    (DynamoRequests::new(&sdk, "certificates", "audit"), calls)
}

async fn server(answer: Answer) -> (SdkConfig, Calls) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sdk = sdk_at(&format!("http://{}", listener.local_addr().unwrap()));
    let calls = Calls::default();
    let seen = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answer, Arc::clone(&seen)));
        }
    });
    (sdk, calls)
}

/// Answers one call.
async fn serve(mut stream: TcpStream, answer: Answer, calls: Calls) {
    let mut read = Vec::new();
    let (head, body) = loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.unwrap();
        if count == 0 {
            return; // A connection that the client opened ahead and did not need.
        }
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str::<Value>(body)
        {
            break (head.to_lowercase(), body);
        }
    };
    let operation = head.split_once("x-amz-target: dynamodb_20120810.").unwrap().1;
    let operation = operation.lines().next().unwrap().to_owned();
    let answer = answer(&operation, &body).to_string();
    calls.lock().unwrap().push((operation, body));
    // DynamoDB names an error in its answer.
    let status = if answer.contains("__type") { "400 Bad Request" } else { "200 OK" };
    let head = "content-type: application/x-amz-json-1.0\r\nconnection: close\r\ncontent-length:";
    let answer = format!("HTTP/1.1 {status}\r\n{head} {}\r\n\r\n{answer}", answer.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
}

/// What the index by person has of somebody with ten thousand requests that were withdrawn, or never confirmed, and a few
/// that wait.
fn entries_of(person: &str) -> usize {
    match person {
        "someone@example.com" => 10_000,
        "undecided:someone@example.com" => 3,
        _ => 0,
    }
}

/// Counts as DynamoDB does: reads `Limit` entries, but at most a page, and counts those that it read.
fn counting(_: &str, asked: &Value) -> Value {
    const PAGE: usize = 6_000;
    assert_eq!((&asked["IndexName"], &asked["Select"]), (&json!("byPerson"), &json!("COUNT")));
    assert!(
        asked.get("FilterExpression").is_none(),
        "a filter leaves out what is read and paid for: {asked}"
    );
    let person = asked["ExpressionAttributeValues"][":person"]["S"].as_str().unwrap();
    let begin = asked["ExclusiveStartKey"]["id"]["S"].as_str().map_or(0, |at| at.parse().unwrap());
    let limit = usize::try_from(asked["Limit"].as_u64().unwrap()).unwrap();
    let end = entries_of(person).min(begin + limit.min(PAGE));
    let mut answer = json!({ "Count": end - begin, "ScannedCount": end - begin });
    if end - begin == limit.min(PAGE) {
        let text = |text: &str| json!({ "S": text });
        answer["LastEvaluatedKey"] =
            json!({ "id": text(&end.to_string()), "person": text(person), "registrationDate": text("d") });
    }
    answer
}

/// The entries that a table read so far, by the counts of [`counting`].
fn read(calls: &Calls) -> usize {
    let calls = calls.lock().unwrap();
    calls
        .iter()
        .map(|(operation, asked)| counting(operation, asked)["ScannedCount"].as_u64().unwrap() as usize)
        .sum()
}

#[tokio::test]
async fn a_count_of_undecided_requests_reads_no_others() {
    let email = "Someone+else@Example.com".parse().unwrap();
    let (requests, calls) = table(counting).await;
    assert_eq!(requests.undecided_of(&email, OffsetDateTime::UNIX_EPOCH, 200).await.unwrap(), 3);
    assert_eq!(read(&calls), 3);
    assert_eq!(calls.lock().unwrap().len(), 1);
    let nobody = "nobody@example.com".parse().unwrap();
    assert_eq!(requests.undecided_of(&nobody, OffsetDateTime::UNIX_EPOCH, 200).await.unwrap(), 0);
}

#[tokio::test]
async fn a_count_of_an_hour_reads_as_many_requests_as_the_limit() {
    let email = "someone@example.com".parse().unwrap();
    let (requests, calls) = table(counting).await;
    let counted = requests.registered_by(&email, OffsetDateTime::UNIX_EPOCH, 60).await.unwrap();
    assert_eq!((counted, read(&calls)), (63, 63), "at least 60: enough is enough");
    // A limit above a page of the index is reached as well.
    let (requests, calls) = table(counting).await;
    let counted = requests.registered_by(&email, OffsetDateTime::UNIX_EPOCH, 8_000).await.unwrap();
    assert!(counted >= 8_000 && read(&calls) <= 2 * 8_000, "{counted} {}", read(&calls));
}

/// A put of a row, as the table got it.
async fn put(request: &Request) -> Value {
    let (requests, calls) = table(|_, _| json!({})).await;
    assert_eq!(requests.create(request, &[]).await.unwrap(), Saved::Yes);
    calls.lock().unwrap().remove(0).1["Item"].take()
}

#[tokio::test]
async fn a_row_is_counted_by_its_person_and_apart_while_it_waits() {
    let backend = InMemoryBackend::new();
    for (status, person) in [
        (Status::Unconfirmed, "requester@example.com"),
        (Status::Submitted, "undecided:requester@example.com"),
        (Status::PendingApproval, "undecided:requester@example.com"),
        (Status::Approved, "requester@example.com"),
        (Status::Rejected, "requester@example.com"),
    ] {
        let row = backend.unsaved_request(&csr(&["www.example.com"]), status);
        let row = row.altered(|row| row.email = "Requester+x@example.com".parse().unwrap());
        let item = put(&row).await;
        assert_eq!(item["person"]["S"], person, "{status}");
        assert_eq!(item["email"]["S"], "Requester+x@example.com", "{status}");
    }
}

/// Its number is the limit of what a standing approval covers; the limits of people count other requests.
#[tokio::test]
async fn a_row_under_a_standing_approval_is_counted_for_no_person() {
    let backend = InMemoryBackend::new();
    for status in [Status::Submitted, Status::Approved, Status::Delivered] {
        let row = backend.unsaved_under_at(RequestId::random(), &csr(&["www.example.com"]), status);
        let item = put(&row).await;
        assert_eq!((&item["person"], item["grant"]["S"].is_string()), (&Value::Null, true), "{status}");
    }
}

/// The size of an item as DynamoDB counts it, of texts, numbers, lists and maps.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn size(value: &Value) -> usize {
    let of_map =
        |map: &Map<String, Value>| map.iter().map(|(name, value)| name.len() + size(value)).sum::<usize>();
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => text.len(),
        ("N", Value::String(digits)) => digits.len() / 2 + 2,
        ("L", Value::Array(all)) => 3 + all.iter().map(|one| 1 + size(one)).sum::<usize>(),
        ("M", Value::Object(map)) => 3 + map.len() + of_map(map),
        _ => 1,
    }
}

fn item_size(item: &Value) -> usize {
    item.as_object().unwrap().iter().map(|(name, value)| name.len() + size(value)).sum()
}

#[tokio::test]
async fn a_new_row_with_the_largest_csr_is_below_16_kb() {
    let backend = InMemoryBackend::new();
    let policy = include_str!("../../../infra/policy.toml").replace("max_names = 100", "max_names = 250");
    backend.set_policy(&policy);
    let names: Vec<String> =
        (0..250).map(|number| format!("host-{number:03}-{}.example.com", "x".repeat(5))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let new = NewRequest {
        requester: Ok(Requester::Person("requester@example.com".parse().unwrap())),
        comment: "x".repeat(2_000),
        csr_text: csr_with(TestKey::Rsa4096, "", &names[..]),
        profile: None,
        replaces: None,
        standing: None,
        language: Language::English,
        idempotency_key: None,
    };
    let checked = new.check(&backend.policy(), None).unwrap();
    let base_url = workflow::testing::passkeys::base_url();
    let intake = backend.intake(&base_url);
    let by = Origin::caller(Actor::requester(checked.email()), Some("192.0.2.1".to_owned()));
    let stored = intake.submit(checked, &backend.policy(), &by).await.unwrap().request;
    let bytes = Csr::read(stored.csr_content().unwrap()).unwrap().der().len();
    assert!(bytes > 8_000, "nearly the largest CSR: {bytes}");
    let size = item_size(&put(&stored).await);
    println!("a CSR of {bytes} bytes makes a row of {size} bytes");
    assert!(size < 16_000, "{size}");
}

#[tokio::test]
async fn a_name_is_looked_up_from_its_certificates_on() {
    let entries = |_: &str, _: &Value| {
        let entry = |entry: &str| json!({ "name": { "S": "www.example.com" }, "requestId": { "S": entry } });
        let certificate = format!("issued/2027-01-01T00:00:00Z/{}", IDS[1]);
        json!({ "Items": [entry("of a newer version"), entry(&certificate), entry(IDS[0])] })
    };
    let (sdk, calls) = server(entries).await;
    let [first, second] = IDS.map(|id| id.parse().unwrap());
    let end = time::macros::datetime!(2027-01-01 0:00 UTC);
    let found = DynamoNames::new(&sdk, "names").of("www.example.com", 100).await.unwrap();
    assert_eq!(found, [NameEntry::Certificate(end, second), NameEntry::Request(first)]);
    let asked = calls.lock().unwrap().remove(0).1;
    assert_eq!((&asked["ScanIndexForward"], &asked["Limit"]), (&json!(false), &json!(100)));
}

#[tokio::test]
async fn the_names_of_a_certificate_are_written_in_batches() {
    let (sdk, calls) = server(|_, _| json!({ "UnprocessedItems": {} })).await;
    let names: Vec<String> = (0..20).map(|number| format!("host-{number}.example.com")).collect();
    let (end, id) = (time::macros::datetime!(2027-01-01 0:00 UTC), IDS[0].parse().unwrap());
    let rows = NameRow::of_certificate(&names, end, id);
    DynamoNames::new(&sdk, "names").enter(&rows).await.unwrap();
    let calls = calls.lock().unwrap();
    let written: Vec<&Value> =
        calls.iter().flat_map(|(_, asked)| asked["RequestItems"]["names"].as_array().unwrap()).collect();
    assert_eq!((calls.len(), written.len()), (2, 40));
    let item = &written[0]["PutRequest"]["Item"];
    let entry = format!("issued/2027-01-01T00:00:00Z/{id}");
    assert_eq!(*item, json!({ "name": { "S": "host-0.example.com" }, "requestId": { "S": entry } }));
}

const IDS: [&str; 2] = ["018f3f5e-0000-7000-8000-000000000001", "018f3f5e-0000-7000-8000-000000000002"];

/// The entries hold what the template projects, and nothing else.
#[tokio::test]
async fn a_list_by_status_reads_the_index_and_no_rows() {
    let projected = |_: &str, _: &Value| {
        let entry = |id: &str| {
            json!({
                "id": { "S": id }, "status": { "S": "pending_approval" },
                "registrationDate": { "S": "2026-11-28T12:00:00Z" }, "executionArn": { "S": "arn" },
            })
        };
        let mut entries = IDS.map(entry);
        entries[1]["expiresAt"] = json!({ "S": "2026-12-05T12:00:00Z" });
        json!({ "Items": entries })
    };
    let (requests, calls) = table(projected).await;
    let listed = requests.list(Status::PendingApproval, 10).await.unwrap();
    let second = ListedRequest {
        id: IDS[1].parse::<RequestId>().unwrap(),
        status: Status::PendingApproval,
        execution_arn: "arn".into(),
        expires_at: Some(time::macros::datetime!(2026-12-05 12:00 UTC)),
    };
    assert_eq!((listed.len(), listed[0].expires_at, &listed[1]), (2, None, &second));
    assert_eq!(calls.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_list_of_an_address_has_the_order_of_the_index() {
    let answer = |operation: &str, asked: &Value| {
        if operation == "query" {
            let entry = |id: &str| json!({ "id": { "S": id }, "status": { "S": "delivered" } });
            return json!({ "Items": IDS.map(entry) });
        }
        // BatchGetItem answers in any order.
        let keys = asked["RequestItems"]["certificates"]["Keys"].as_array().unwrap();
        let rows: Vec<Value> = keys.iter().rev().map(|key| row(key["id"]["S"].as_str().unwrap())).collect();
        json!({ "Responses": { "certificates": rows }, "UnprocessedKeys": {} })
    };
    let (requests, calls) = table(answer).await;
    let rows = requests.of_requester(&"someone@example.com".parse().unwrap(), 200).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id().to_string()).collect::<Vec<_>>(), IDS);
    let operations: Vec<String> =
        calls.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect();
    assert_eq!(operations, ["query", "batchgetitem"]);
}

#[tokio::test]
async fn the_first_confirmed_request_of_an_address_is_looked_up_in_the_index_alone() {
    let none = |_: &str, _: &Value| json!({ "Items": [], "Count": 0 });
    let some = |_: &str, _: &Value| json!({ "Items": IDS.map(|id| json!({ "id": { "S": id } })) });
    let email = "someone@example.com".parse().unwrap();
    let (requests, _) = table(none).await;
    assert_eq!(requests.first_confirmed_of(&email).await.unwrap(), None);
    let (requests, calls) = table(some).await;
    assert_eq!(requests.first_confirmed_of(&email).await.unwrap().unwrap().to_string(), IDS[0]);
    let calls = calls.lock().unwrap();
    let [(operation, asked)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((operation.as_str(), &asked["IndexName"]), ("query", &json!("byEmail")));
    assert_eq!(asked["FilterExpression"], "#status <> :unconfirmed");
    assert_eq!(asked["ExpressionAttributeValues"][":unconfirmed"]["S"], "unconfirmed");
    assert_eq!(asked["ScanIndexForward"], Value::Null, "oldest first");
}

/// The columns that every row has.
fn row(id: &str) -> Value {
    let text = |text: &str| json!({ "S": text });
    let at = || json!({ "S": "2026-11-28T12:00:00Z" });
    json!({
        "id": text(id), "version": { "N": "1" }, "status": text("delivered"), "email": text("someone@example.com"),
        "comment": text(""), "csrContent": text("csr"), "profile": text("server"), "registrationDate": at(),
        "policyVersion": text("1"), "executionArn": text("arn"), "executionAttempt": { "N": "1" },
        "executionStarted": at(), "history": { "L": [] },
    })
}

const ENDING: &str = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d";
const OF_ANOTHER: &str = "6c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d";

/// Two delivered certificates that end, one of them of the address.
fn of_indexes(operation: &str, asked: &Value) -> Value {
    assert_eq!(operation, "query");
    let end = |id, not_after| json!({ "id": { "S": id }, "status": { "S": "delivered" }, "notAfter": { "S": not_after } });
    let status = asked["ExpressionAttributeValues"][":status"]["S"].as_str();
    match (asked["IndexName"].as_str().unwrap(), status) {
        ("byEmail", None) => {
            json!({ "Items": [{ "id": { "S": ENDING } }, { "id": { "S": RequestId::random().to_string() } }] })
        }
        ("byExpiry", Some("delivered")) => {
            json!({ "Items": [end(OF_ANOTHER, "2027-01-02T00:00:00Z"), end(ENDING, "2027-01-03T00:00:00Z")] })
        }
        ("byExpiry", Some("issued")) => json!({ "Items": [] }),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn certificates_that_end_are_found_by_indexes_and_without_rows() {
    let (requests, calls) = table(of_indexes).await;
    let from = time::macros::datetime!(2027-01-01 0:00 UTC);
    let until = time::macros::datetime!(2027-01-31 0:00 UTC);
    let end = |id: &str, day| EndingCertificate {
        id: id.parse().unwrap(),
        not_after: from + time::Duration::days(day),
    };
    let all = requests.ending(Status::Delivered, from, until, 10).await.unwrap();
    assert_eq!(all, [end(OF_ANOTHER, 1), end(ENDING, 2)]);
    let (_, asked) = calls.lock().unwrap()[0].clone();
    assert_eq!(asked["KeyConditionExpression"], "#status = :status AND #end BETWEEN :from AND :until");
    let value = |name: &str| asked["ExpressionAttributeValues"][name]["S"].clone();
    assert_eq!([value(":from"), value(":until")], ["2027-01-01T00:00:00Z", "2027-01-31T00:00:00Z"]);
    assert!(asked.get("FilterExpression").is_none(), "{asked}");
    let email = "alice@example.com".parse().unwrap();
    assert_eq!(requests.ending_of(&email, from, until).await.unwrap(), [end(ENDING, 2)]);
    let calls = calls.lock().unwrap();
    assert!(calls.iter().all(|(operation, _)| operation == "query"), "no row is read");
}
