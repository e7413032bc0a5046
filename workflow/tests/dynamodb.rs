//! The adapter of the table of requests on the wire: a server on loopback plays DynamoDB.

#![allow(clippy::unwrap_used)] // A test may.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::region::Region;
use aws_types::sdk_config::SdkConfig;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use workflow::aws::DynamoRequests;
use workflow::ids::RequestId;
use workflow::ports::{ListedRequest, Requests as _};
use workflow::request::Status;

type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// A table whose calls are answered by `answer`, and the calls so far: operation and body.
async fn table(answer: fn(&str, &Value) -> Value) -> (DynamoRequests, Calls) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "id", "secret", None, None, "test",
        )))
        .region(Region::new("eu-central-1"))
        .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let calls = Calls::default();
    let seen = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream, answer, &seen).await;
        }
    });
    (DynamoRequests::new(&sdk, "certificates", "audit"), calls)
}

/// Answers one call.
async fn serve(mut stream: TcpStream, answer: fn(&str, &Value) -> Value, calls: &Calls) {
    let mut read = Vec::new();
    let (head, body) = loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the client went away");
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
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\ncontent-length:";
    stream.write_all(format!("{head} {}\r\n\r\n{answer}", answer.len()).as_bytes()).await.unwrap();
}

/// The index of an address with a hundred thousand requests has pages without an end.
#[tokio::test]
async fn a_count_of_undecided_requests_reads_two_pages_at_most() {
    let endless = |_: &str, _: &Value| {
        let next = json!({ "id": { "S": "i" }, "email": { "S": "e" }, "registrationDate": { "S": "d" } });
        json!({ "Count": 30, "ScannedCount": 5_000, "LastEvaluatedKey": next })
    };
    let (requests, calls) = table(endless).await;
    let email = "someone@example.com".parse().unwrap();
    let count = |enough| requests.undecided_of(&email, OffsetDateTime::UNIX_EPOCH, enough);
    assert_eq!(count(200).await.unwrap(), 60);
    assert_eq!(calls.lock().unwrap().len(), 2);
    assert_eq!(calls.lock().unwrap()[0].1["Select"], "COUNT");
    assert_eq!(calls.lock().unwrap()[0].1["ScanIndexForward"], false);
    assert_eq!(count(30).await.unwrap(), 30, "enough is enough");
    assert_eq!(calls.lock().unwrap().len(), 3);
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
